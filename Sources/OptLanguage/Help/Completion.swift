/// What could stand at the end of an unfinished text.
import OptLibrary
import OptSolvers
import OptSyntax

/// The words that may replace the unfinished last word of a text.
struct Completion {
  private let context: CompletionContext
  private let machine: Machine
  /// Where the unfinished word begins, in characters.
  var start: Int { context.start }

  init(_ text: String, _ machine: Machine) {
    context = CompletionContext(text)
    self.machine = machine
  }

  /// The candidates, the most likely kinds first.
  func candidates() -> [NameInfo] {
    if context.isInText { return [] }
    if let owner = context.owner { return matching(fields(of: owner)) }
    if context.previous == "." { return [] }
    var all: [NameInfo] = []
    switch context.previous {
    case "use":
      return matching(
        Library.modules().map { module in
          NameInfo(name: module.name, kind: .keyword, summary: "module of the library")
        })
    case "help":
      return matching(
        machine.allNames()
          + HelpTopic.all.flatMap { topic in
            topic.names.map { NameInfo(name: $0, kind: .keyword, summary: topic.summary) }
          })
    case "for": return []
    default: break
    }
    all += parameters()
    all += clauseWords()
    if afterOperand { return matching(all) }
    let bound = clauseNames()
    // Where a variable or a method is to be named, nothing else makes sense.
    if context.isBinding || context.previous == "using", case let found = matching(bound),
      !found.isEmpty
    {
      return found
    }
    all += bound
    if isStart || !context.word.isEmpty { all += names() } else { all += machine.userNames() }
    return matching(all)
  }

  /// Those that begin with the unfinished word, each once; if none does, those that would if large
  /// and small letters were the same.
  private func matching(_ all: [NameInfo]) -> [NameInfo] {
    var seen: Set<String> = []
    let word = context.word
    let found = all.filter { $0.name.hasPrefix(word) && seen.insert($0.name).inserted }
    if !found.isEmpty || word.isEmpty { return found }
    let small = word.lowercased()
    return all.filter {
      $0.name.lowercased().hasPrefix(small) && seen.insert($0.name).inserted
    }
  }

  // MARK: Places

  /// Whether a statement, or an expression that may be a sentence, begins here.
  private var isStart: Bool {
    ["", "=", "(", "[", "{", ">", "then", "else", "return"].contains(context.previous)
      && (context.clause == nil || context.previous == "(")
  }

  /// Whether an expression ended before the word: only clauses and operators can follow.
  private var afterOperand: Bool {
    guard let last = context.previous.last, context.start > 0 else { return false }
    if Words.all.contains(context.previous) {
      return ["true", "false", "nothing", "end"].contains(context.previous)
    }
    // A juxtaposed factor may follow too, but only when its first letter is there.
    return context.word.isEmpty && (CompletionContext.isNamePart(last) || ")]}'\"".contains(last))
  }

  private func words(_ list: [String]) -> [NameInfo] {
    list.map { NameInfo(name: $0, kind: .keyword, summary: HelpTopic.find($0)?.summary ?? "") }
  }

  private func names() -> [NameInfo] {
    let all = machine.allNames()
    let user = machine.userNames()
    let allowed = all.filter { info in
      if Words.verbs.contains(info.name) { return isStart }
      if Words.clauses.contains(info.name) { return false }
      if Self.statementWords.contains(info.name) { return context.previous.isEmpty || isStart }
      return true
    }
    if context.word.isEmpty { return user + words(Words.verbs.sorted()) }
    return user + allowed
  }

  private static let statementWords: Set<String> = [
    "for", "while", "break", "continue", "return", "use", "help",
  ]

  // MARK: Fields

  private func fields(of owner: String) -> [NameInfo] {
    let parts = owner.split(separator: ".").map(String.init)
    guard let first = parts.first, let cell = machine.user.existing(first), cell.isSet else {
      return []
    }
    var value = cell.value.pointee
    for part in parts.dropFirst() {
      guard case .record(let record) = value, let inner = record[part] else { return [] }
      value = inner
    }
    switch value {
    case .record(let record):
      return zip(record.names, record.values).map { machine.info($0, $1, .field) }
    case .table(let table):
      return zip(table.names, table.columns).map { name, column in
        let kind = if case .numbers = column { "numbers" } else { "texts" }
        return NameInfo(name: name, kind: .field, summary: "column of \(kind)")
      }
    default: return []
    }
  }

  // MARK: Calls

  /// `axis = ` and the like, where an argument may begin.
  private func parameters() -> [NameInfo] {
    guard let bracket = context.brackets.last, bracket.sign == "(", !bracket.callee.isEmpty,
      context.previous == "(" || context.previous == ","
    else { return [] }
    return parameters(of: bracket.callee).filter { parameter in
      !bracket.given.contains(String(parameter.name.dropLast(3)))
    }
  }

  private func parameters(of callee: String) -> [NameInfo] {
    func list(_ names: [String], _ summaries: [String]) -> [NameInfo] {
      zip(names, summaries).map { NameInfo(name: $0 + " = ", kind: .field, summary: $1) }
    }
    if let cell = machine.user.existing(callee), cell.isSet {
      guard case .function(let function) = cell.value.pointee else { return [] }
      let names = function.parameterNames
      return list(names, names.map { _ in "argument of \(callee)" })
    }
    if let entry = CatalogueEntries.named(callee) {
      return list(entry.options.map(\.name), entry.options.map(\.doc))
    }
    if let function = Builtins.functions[callee], case .builtin(let builtin) = function.kind {
      return list(
        builtin.parameters.map(\.name),
        builtin.parameters.map { $0.fallback.map { "usually \($0)" } ?? "argument of \(callee)" })
    }
    if let entry = LibraryEntry.find(callee) {
      return list(entry.parameters, entry.parameters.map { _ in "argument of \(callee)" })
    }
    return []
  }

  // MARK: Clauses

  private func clauseNames() -> [NameInfo] {
    switch context.clause {
    case "using":
      let own = machine.userNames().filter { $0.kind == .method }
      return own + NameSummaries.methods.sorted { $0.name < $1.name }
    case "from", "at", "by", "over":
      return context.isBinding ? subjectNames() : []
    case "until":
      guard context.previous == "until" || context.previous == "," else { return [] }
      return StopWords.all.map { NameInfo(name: $0.name, kind: .keyword, summary: $0.summary) }
    default: return []
    }
  }

  /// The names of the sentence's expression that are no functions.
  private func subjectNames() -> [NameInfo] {
    var seen: Set<String> = []
    return context.subject.filter { name in
      guard Builtins.functions[name] == nil, Builtins.constants[name] == nil,
        LibraryEntry.find(name) == nil, name.first?.isNumber != true,
        seen.insert(name).inserted
      else { return false }
      guard let cell = machine.user.existing(name), cell.isSet else { return true }
      if case .function = cell.value.pointee { return false }
      return true
    }.map { NameInfo(name: $0, kind: .variable, summary: "variable of the expression") }
  }

  /// The words that may follow in the open sentence.
  private func clauseWords() -> [NameInfo] {
    guard let verb = context.verb, CompletionContext.isOperandEnd(context.previous) else {
      return []
    }
    return words(Self.clauses[verb] ?? ["at", "by", "over", "with"])
  }

  private static let clauses: [String: [String]] = {
    let minimise = ["from", "subject to", "using", "until", "over", "resume"]
    return [
      "minimize": minimise, "maximize": minimise,
      "fit": ["to", "from", "with", "subject to", "using", "until"],
      "solve": ["from", "until"], "check": ["at", "against"], "differentiate": ["by"],
      "collect": ["by"], "substitute": ["with"], "taylor": ["by", "at", "to"],
      "explain": ["of", "at", "by"], "plot": ["over", "with"], "contour": ["over", "with"],
      "surface": ["over", "with"], "simplify": [], "expand": [], "factor": [], "show": [],
      "tex": [], "histogram": [], "diagnose": [], "compare": [], "scatter": ["over", "with"],
    ]
  }()
}

extension CompletionContext {
  /// Whether the word names a variable of the open sentence.
  var isBinding: Bool {
    guard let clause, ["from", "at", "by", "over"].contains(clause) else { return false }
    return previous == clause || previous == ","
  }

  /// Whether an expression may end with this word or sign.
  static func isOperandEnd(_ previous: String) -> Bool {
    guard let last = previous.last, !Words.verbs.contains(previous),
      !Words.clauses.contains(previous)
    else { return false }
    return isNamePart(last) || ")]}'\"²³".contains(last)
  }
}

/// The words of `until`.
enum StopWords {
  /// Each with what it means.
  static let all: [(name: String, summary: String)] = [
    ("steps", "number of steps"), ("gradient", "norm of the gradient, as in gradient < 1e-8"),
    ("value", "value of the cost, as in value < 1e-6"),
    ("change", "change of the value in a step, as in change < 1e-12"),
    ("seconds", "time"), ("epochs", "passes over the data"),
    ("evaluations", "number of evaluations of the cost"),
    ("checkpoint", "file that the run is saved in, for `resume`"),
  ]
}
