/// `explain differentiate …`, `explain gradient of …` and `explain engine …`: how a result comes
/// about.
import OptSyntax

extension Sentences {
  static let explain = SentenceForm(
    verb: .explain,
    usage: "explain differentiate E by x   or   explain gradient of E at x = …"
      + "   or   explain engine f at x = …",
    summary:
      "Shows how a derivative comes about, rule by rule or value by value, and what is computed.",
    example: "explain differentiate x^2 sin(x) by x"
  ) { compiler, sentence, id in try compiler.explain(sentence, id) }
}

extension Compiler {
  /// What can be explained, for errors.
  private static let choices =
    "write `explain differentiate E by x`, `explain gradient of E at x = 1` or "
    + "`explain engine E at x = 1`"

  fileprivate func explain(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    let subject = sentence.subjects[0]
    switch sentence.aspect {
    case "gradient":
      if case .sentence(let inner) = tree[subject] {
        throw fail(
          "`explain gradient of` takes an expression, found `\(inner.verb.rawValue)`", subject,
          help: "write `explain gradient of E at x = 1`")
      }
      return try explainGradient(sentence, id)
    case "engine":
      return try explainEngine(sentence, id)
    case let other?:
      throw fail("`explain` does not know `\(other) of`", id, help: Self.choices)
    case nil: break
    }
    guard case .sentence(let inner) = tree[subject] else {
      throw fail(
        "`explain` takes `differentiate …`, `gradient of …` or `engine …`", subject,
        help: Self.choices)
    }
    guard inner.verb == .differentiate else {
      throw fail(
        "`explain \(inner.verb.rawValue)` is not available", subject, help: Self.choices)
    }
    return try explainDerivative(inner, subject)
  }
}
