/// Products, powers and comparisons as on paper.

extension SyntaxPrinter {
  /// Whether it is a chain of products of which the sign in front may be drawn: `-(2x)` is `-2x`.
  func isFormulaProduct(_ id: NodeID) -> Bool {
    guard style != .source, case .infix(let op, _, _) = tree[id] else { return false }
    guard op == .multiply || op == .juxtapose || op == .divide else { return false }
    var current = id
    while case .infix(let op, let left, _) = tree[current],
      op == .multiply || op == .juxtapose || op == .divide
    { current = left }
    return level(current) >= .power
  }

  func isProduct(_ id: NodeID) -> Bool {
    if case .infix(let op, _, _) = tree[id] { return op == .multiply || op == .juxtapose }
    return false
  }

  /// One step of a chain of products: the factor after it stands beside the last one, or a sign
  /// parts them. A product in a product loses its brackets.
  func formulaProduct(
    _ op: InfixOperator, _ left: NodeID, _ right: NodeID, _ inBrackets: Bool
  ) -> [Piece] {
    guard op == .multiply || op == .juxtapose else {
      return [
        .node(left, .product, inBrackets: inBrackets), .text(op.rawValue),
        .node(right, .sign, inBrackets: inBrackets),
      ]
    }
    var result: [Piece] = [.node(left, .product, inBrackets: inBrackets)]
    var last = left
    for factor in factors(of: right) {
      switch endsWithDivision(last) ? nil : juxtaposition(last, factor) {
      case .touching: break
      case .spaced where !inBrackets: result.append(.text(" "))
      default: result.append(.text("·"))
      }
      result.append(.node(factor, .power, inBrackets: inBrackets))
      last = factor
    }
    return result
  }

  /// The factors of a product, which itself is a factor.
  func factors(of id: NodeID) -> [NodeID] {
    var result: [NodeID] = []
    var waiting = [id]
    while let current = waiting.popLast() {
      if case .infix(let op, let left, let right) = tree[current],
        op == .multiply || op == .juxtapose
      {
        waiting += [right, left]
      } else {
        result.append(current)
      }
    }
    return result
  }

  /// After `/` a product needs its sign: `a/b·c`.
  private func endsWithDivision(_ id: NodeID) -> Bool {
    if case .infix(let op, _, _) = tree[id] {
      switch op {
      case .divide, .solve, .elementDivide, .elementMultiply: return true
      default: return false
      }
    }
    if case .prefix(.minus, let operand) = tree[id], isFormulaProduct(operand) {
      return endsWithDivision(operand)
    }
    return false
  }

  /// The whole exponent of a power as superscript characters.
  func superscript(_ id: NodeID) -> String? {
    guard style != .source, case .infix(.power, let base, let exponent) = tree[id] else {
      return nil
    }
    if case .name(let name) = tree[base], Words.powerless.contains(name) { return nil }
    switch tree[exponent] {
    case .number(_, let spelling): return superscript(digits: spelling)
    case .prefix(.minus, let inner):
      guard case .number(_, let spelling) = tree[inner] else { return nil }
      return superscript(digits: spelling).map { "⁻" + $0 }
    default: return nil
    }
  }

  private static let superscripts: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]

  private func superscript(digits: String) -> String? {
    var result = ""
    for byte in digits.utf8 {
      guard (48...57).contains(byte) else { return nil }
      result.append(Self.superscripts[Int(byte) - 48])
    }
    return result.isEmpty ? nil : result
  }

  func spelling(_ comparison: ComparisonOperator) -> String {
    guard style == .formula else { return comparison.rawValue }
    return switch comparison {
    case .lessOrEqual: "≤"
    case .greaterOrEqual: "≥"
    case .notEqual: "≠"
    default: comparison.rawValue
    }
  }
}
