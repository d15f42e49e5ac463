/// Sentences: which verbs there are, what each is for, and how it becomes code.
import OptSyntax

/// One verb of the language.
struct SentenceForm: Sendable {
  let verb: Verb
  /// How it is written.
  let usage: String
  let summary: String
  /// A sentence that runs.
  let example: String
  let compile: @Sendable (Compiler, Sentence, NodeID) throws -> Code
}

enum Sentences {
  /// The verbs that are there; others say "not available yet".
  static let forms: [SentenceForm] = [
    minimize, maximize, fit, solve, check, differentiate, simplify, expand, factor, collect,
    substitute,
    taylor, show, tex, explain,
  ]

  static func form(_ verb: Verb) -> SentenceForm? { forms.first { $0.verb == verb } }
}

extension Compiler {
  func sentence(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    if let form = Sentences.form(sentence.verb) { return try form.compile(self, sentence, id) }
    let here = sentence.verbSpan
    return { _ in
      throw Diagnostic(.error, "`\(sentence.verb.rawValue)` is not available yet", at: here)
    }
  }

  /// A sentence with a clause that belongs to later work: an error when it is run.
  func notYet(_ clause: Clause) -> Code {
    { _ in
      throw Diagnostic(
        .error, "the clause `\(clause.word.rawValue)` is not available yet", at: clause.span)
    }
  }

  /// Refuses clauses that a verb does not have.
  func refuseClauses(_ sentence: Sentence, except allowed: Set<ClauseWord>) throws {
    for clause in sentence.clauses where !allowed.contains(clause.word) {
      let words = allowed.map { "`\($0.rawValue)`" }.sorted().joined(separator: ", ")
      throw Diagnostic(
        .error, "`\(sentence.verb.rawValue)` has no clause `\(clause.word.rawValue)`",
        at: clause.span, help: words.isEmpty ? "it has no clauses" : "it has: \(words)")
    }
  }

  /// The variables that `from` or `at` binds.
  func bindings(_ clause: Clause, _ subjects: [NodeID]) throws -> [BindingCode] {
    var result: [BindingCode] = []
    for item in clause.items {
      let binding: BindingCode
      switch item {
      case .binding(let name, let value, let span):
        binding = BindingCode(
          name: name, code: try expression(value), span: span, valueSpan: self.span(value))
      case .draw(let name, let value, let span):
        // A distribution is a call that draws: one start, one draw.
        binding = BindingCode(
          name: name, code: try expression(value), span: span, valueSpan: self.span(value),
          isDraw: true)
      case .membership(let name, _, let span):
        throw Diagnostic(
          .error, "`\(clause.word.rawValue)` gives variables values", at: span,
          help: "write `\(name) = …`")
      case .expression(let id):
        if case .name(let name) = tree[id] {
          throw fail(
            "`\(name)` needs a value here", id, help: "write `\(clause.word.rawValue) \(name) = …`")
        }
        throw fail("`\(clause.word.rawValue)` wants `name = value`", id)
      }
      if result.contains(where: { $0.name == binding.name }) {
        throw Diagnostic(.error, "`\(binding.name)` is given twice", at: binding.span)
      }
      // A bare name is a function that was not called: the error for that says more.
      let isBareName = subjects.count == 1 && tree.isName(subjects[0])
      guard
        subjects.isEmpty || isBareName
          || subjects.contains(where: { tree.mentions(binding.name, in: $0) })
      else {
        throw Diagnostic(
          .error, "`\(binding.name)` does not occur in the expression", at: binding.span,
          help: "the variables of a sentence are the names in its expression")
      }
      result.append(binding)
    }
    return result
  }
}

/// One variable of a sentence with its value.
struct BindingCode {
  let name: String
  let code: Code
  let span: SourceSpan
  let valueSpan: SourceSpan
  /// Written with `~`: every evaluation draws anew.
  var isDraw = false

  /// The value, which must be numbers or a structure of numbers.
  func value(_ frame: Frame) throws -> Value {
    let value = try code(frame)
    guard value.isDifferentiable else {
      throw Diagnostic(
        .error, "`\(name)` must be numbers, found \(value.kindDescription)", at: valueSpan)
    }
    return value
  }
}

extension SyntaxTree {
  func isName(_ id: NodeID) -> Bool {
    if case .name = self[id] { return true }
    return false
  }

  /// Whether a name is read somewhere below a node, functions and sentences included. Walks without
  /// recursion.
  func mentions(_ name: String, in root: NodeID) -> Bool {
    var pending = [root]
    while let id = pending.popLast() {
      if case .name(let other) = self[id], other == name { return true }
      pending.append(contentsOf: below(id))
    }
    return false
  }

  /// All nodes directly below a node.
  func below(_ id: NodeID) -> [NodeID] {
    switch self[id] {
    case .lambda(let parameters, let body): return parameters.compactMap(\.fallback) + [body]
    case .definition(let d): return d.parameters.compactMap(\.fallback) + [d.body]
    case .comprehension(let body, let generators, _):
      return [body] + generators.flatMap { [$0.source] + ($0.condition.map { [$0] } ?? []) }
    case .sentence(let sentence):
      return sentence.subjects
        + sentence.clauses.flatMap { clause in
          clause.items.map { item in
            switch item {
            case .expression(let id), .binding(_, let id, _), .draw(_, let id, _),
              .membership(_, let id, _):
              return id
            }
          }
        }
    case .assignment(let target, let value): return [target, value]
    default: return inner(of: id)
    }
  }
}
