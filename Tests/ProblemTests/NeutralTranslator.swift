/// Rewrites the plain notation of the problem collections as text of the language.
import OptSyntax

/// Translates the formulas of one problem.
struct NeutralTranslator {
  /// Definitions of the problem that take indices: `T[i, j]` becomes a call.
  private let functions: Set<String>

  /// A definition of a problem: a name, its indices, and a formula that may use the name itself.
  struct Definition: Decodable {
    var name: String
    var index: [String]?
    var expr: String
  }

  init(definitions: [Definition] = []) {
    functions = Set(definitions.filter { $0.index != nil }.map(\.name))
  }

  /// A formula in the language.
  func translate(_ text: String) throws -> String { print(try NeutralFormula.parse(text)) }

  /// A function of the language that computes `formula`.
  func function(
    _ name: String, of variables: [String], definitions: [Definition] = [], formula: String
  ) throws -> String {
    let head = "\(name)(\(variables.map(safe).joined(separator: ", "))) = "
    if definitions.isEmpty { return head + (try translate(formula)) }
    let lines = try definitions.map { definition in
      let indices = definition.index.map { "(\($0.map(safe).joined(separator: ", ")))" } ?? ""
      return "  \(safe(definition.name))\(indices) = \(try translate(definition.expr))"
    }
    return ([head + "{"] + lines + ["  " + (try translate(formula)), "}"]).joined(separator: "\n")
  }

  /// A name that is not a reserved word.
  func safe(_ name: String) -> String { Words.all.contains(name) ? name + "_" : name }

  // MARK: Printing

  /// How tightly operators bind; operands that bind less stand in brackets.
  private enum Level: Int {
    case any, comparison, sum, product, atom
  }

  private func print(_ formula: NeutralFormula, _ least: Level = .any) -> String {
    let (text, level) = parts(formula)
    return level.rawValue < least.rawValue ? "(\(text))" : text
  }

  private func parts(_ formula: NeutralFormula) -> (String, Level) {
    switch formula {
    case .number(let text): return (text, .atom)
    case .name(let name): return (safe(name), .atom)
    case .index(let name, let indices):
      let inside = indices.map { print($0) }.joined(separator: ", ")
      return (
        functions.contains(name) ? "\(safe(name))(\(inside))" : "\(safe(name))[\(inside)]", .atom
      )
    case .negative(let inner): return ("-" + print(inner, .atom), .sum)
    case .comparison(let sign, let left, let right):
      return ("\(print(left, .sum)) \(sign) \(print(right, .sum))", .comparison)
    case .infix("^", let base, let exponent):
      return ("\(print(base, .atom))^\(print(exponent, .atom))", .product)
    case .infix(let sign, let left, let right):
      let isSum = sign == "+" || sign == "-"
      let text =
        isSum
        ? "\(print(left, .sum)) \(sign) \(print(right, .product))"
        : "\(print(left, .product))\(sign)\(print(right, isSum ? .product : .atom))"
      return (text, isSum ? .sum : .product)
    case .call(let name, let arguments): return call(name, arguments)
    }
  }

  private func call(_ name: String, _ arguments: [NeutralFormula]) -> (String, Level) {
    switch (name, arguments.count) {
    case ("sum", 4), ("prod", 4), ("maxof", 4), ("minof", 4):
      let reduction = name.hasSuffix("of") ? String(name.dropLast(2)) : name
      let range = "\(print(arguments[1], .sum)):\(print(arguments[2], .sum))"
      let body = print(arguments[3], .sum)
      return ("\(reduction)(\(body) for \(print(arguments[0])) in \(range))", .atom)
    case ("if", 3):
      let text = "if \(print(arguments[0])) then \(print(arguments[1])) else \(print(arguments[2]))"
      return ("(\(text))", .atom)
    case ("and", _), ("or", _):
      let sides = arguments.map { print($0, .comparison) }
      return ("(" + sides.joined(separator: " \(name) ") + ")", .atom)
    case ("not", 1): return ("(not \(print(arguments[0], .comparison)))", .atom)
    case ("pow", 2):
      return ("\(print(arguments[0], .atom))^\(print(arguments[1], .atom))", .product)
    default: return ("\(name)(\(arguments.map { print($0) }.joined(separator: ", ")))", .atom)
    }
  }
}
