/// The text of an optimization problem of a collection in the language.

/// A constraint of a problem: left side, `le`, `ge` or `eq`, right side.
struct NeutralConstraint: Decodable, Sendable {
  var lhs: String
  var type: String
  var rhs: Constant
}

/// A problem with constants, data and definitions that its objective and constraints use.
protocol NeutralProblem {
  var variable: String { get }
  var objective: String { get }
  var constants: [String: Constant]? { get }
  var data: [String: Numbers]? { get }
  var definitions: [NeutralTranslator.Definition]? { get }
  var constraints: [NeutralConstraint]? { get }
}

extension NeutralProblem {
  /// The text that defines constants, data, the objective `f` and the left sides of the constraints
  /// `c1`, `c2`, ….
  func program() throws -> String {
    let translator = NeutralTranslator(definitions: definitions ?? [])
    var lines: [String] = []
    for (name, value) in (constants ?? [:]).sorted(by: { $0.key < $1.key }) {
      lines.append("\(translator.safe(name)) = \(try translator.translate(value.text))")
    }
    for (name, value) in (data ?? [:]).sorted(by: { $0.key < $1.key }) {
      lines.append("\(translator.safe(name)) = \(value.text)")
    }
    let left = (constraints ?? []).enumerated().map { ("c\($0 + 1)", $1.lhs) }
    for (name, formula) in [("f", objective)] + left {
      lines.append(
        try translator.function(
          name, of: [variable], definitions: definitions ?? [], formula: formula))
    }
    return lines.joined(separator: "\n")
  }

  /// The constraints as the clause `subject to` writes them.
  var comparisons: [String] {
    let signs = ["le": "<=", "ge": ">=", "eq": "=="]
    return (constraints ?? []).enumerated().map { k, constraint in
      "c\(k + 1)(\(variable)) \(signs[constraint.type] ?? "==") \(constraint.rhs.text)"
    }
  }
}
