/// What `explain gradient of E at …` and `explain engine E at …` have in common: a cost at a point.
import OptSyntax

/// The subject of such a sentence as a function of what the point names.
struct CostAtPoint {
  let cost: Code
  let bindings: [BindingCode]
  /// Of the subject.
  let span: SourceSpan
}

/// A point of known numbers.
struct KnownPoint {
  let leaves: [Leaf]
  let templates: [Template]
  /// Leaf by leaf.
  let numbers: [[Double]]
}

extension Compiler {
  /// `what` is how the sentence begins, `reason` why it needs a point.
  func costAtPoint(
    _ sentence: Sentence, _ id: NodeID, _ what: String, reason: String = ""
  ) throws -> CostAtPoint {
    try refuseClauses(sentence, except: [.at])
    let subject = sentence.subjects[0]
    guard let at = sentence.clause(.at) else {
      throw Diagnostic(
        .error, "`\(what)` needs a point\(reason)", at: span(id),
        help: "write `\(what) … at x = 1`")
    }
    let bindings = try self.bindings(at, [subject])
    let parameters = bindings.map { Parameter(name: $0.name, span: $0.span) }
    let cost = closure(
      try function(name: nil, parameters: parameters, body: subject, at: span(subject)))
    return CostAtPoint(cost: cost, bindings: bindings, span: span(subject))
  }
}

extension Machine {
  /// The numbers of a point; an error where some of them are not known.
  func knownPoint(
    _ bindings: [BindingCode], _ frame: Frame, _ what: String, _ span: SourceSpan
  ) throws -> KnownPoint {
    let points = try bindings.map { try $0.value(frame) }
    var leaves: [Leaf] = []
    let templates = zip(bindings, points).map { Template.of($1, named: $0.name, &leaves) }
    let numbers = zip(templates, points).flatMap { template, value in
      (template.leaves(of: value) ?? []).compactMap(\.numbers)
    }
    guard !numbers.isEmpty, numbers.count == leaves.count else {
      throw Diagnostic(.error, "the point of `\(what)` must be known numbers", at: span)
    }
    return KnownPoint(leaves: leaves, templates: templates, numbers: numbers)
  }
}
