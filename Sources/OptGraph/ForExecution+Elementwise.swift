/// Elementwise rewrites of the pass for execution.

extension Graph {
  func unary(_ function: FunctionID, _ x: Expression) -> Expression {
    let inner = x.node
    switch function {
    case .negate where inner.isApply(.subtract): return operand(inner.b) - operand(inner.a)
    case .negate where inner.isApply(.multiply):
      if let known = operand(inner.a).constant { return number(-known) * operand(inner.b) }
      if let known = operand(inner.b).constant { return number(-known) * operand(inner.a) }
    case .not where inner.isApply(.not):
      let mask = operand(inner.a)
      if mask.givesMask { return mask }
    default: break
    }
    return apply(function, x)
  }

  func binary(_ function: FunctionID, _ a: Expression, _ b: Expression) -> Expression {
    let (x, y) = (a.constant, b.constant)
    if x != nil && y != nil { return apply(function, a, b) }
    let (left, right) = (a.node, b.node)
    switch function {
    case .add:
      if x == 0 { return b }
      if y == 0 { return a }
      if right.isApply(.negate) { return binary(.subtract, a, operand(right.a)) }
      if left.isApply(.negate) { return binary(.subtract, b, operand(left.a)) }
      if a == b { return binary(.multiply, number(2), a) }
    case .subtract:
      if y == 0 { return a }
      if x == 0 { return unary(.negate, b) }
      if right.isApply(.negate) { return binary(.add, a, operand(right.a)) }
      if let y, y < 0 { return binary(.add, a, number(-y)) }
      if left.isApply(.negate) { return unary(.negate, binary(.add, operand(left.a), b)) }
    case .multiply:
      if left.isApply(.negate) && right.isApply(.negate) {
        return operand(left.a) * operand(right.a)
      }
      if let x, right.isApply(.negate) { return binary(.multiply, number(-x), operand(right.a)) }
      if let y, left.isApply(.negate) { return binary(.multiply, number(-y), operand(left.a)) }
      if left.isApply(.negate) { return unary(.negate, binary(.multiply, operand(left.a), b)) }
      if right.isApply(.negate) { return unary(.negate, binary(.multiply, a, operand(right.a))) }
      if let x, let merged = scaled(x, right) { return merged }
      if let y, let merged = scaled(y, left) { return merged }
    case .divide:
      if let y, let inverse = exactInverse(y) { return binary(.multiply, number(inverse), a) }
      if left.isApply(.negate) && right.isApply(.negate) {
        return operand(left.a) / operand(right.a)
      }
      if left.isApply(.negate) { return unary(.negate, binary(.divide, operand(left.a), b)) }
    case .power:
      if let y { return powered(a, y) }
    case .notEqual:
      if y == 0 && a.givesMask { return a }
    case .and, .or:
      if a == b && a.givesMask { return a }
    default: break
    }
    return apply(function, a, b)
  }

  /// c₁ (c₂ z) as (c₁c₂) z, where the product of the numbers is exact enough to be normal.
  private func scaled(_ factor: Double, _ node: Node) -> Expression? {
    guard node.isApply(.multiply) else { return nil }
    let (a, b) = (operand(node.a), operand(node.b))
    for (known, other) in [(a, b), (b, a)] {
      if let number = known.constant, (number * factor).isNormal, number.isNormal {
        return self.number(number * factor) * other
      }
    }
    return nil
  }

  /// 1/y for powers of two, where a product gives the same bits as the division.
  private func exactInverse(_ y: Double) -> Double? {
    guard y.isNormal, y.significand == 1, (1 / y).isNormal else { return nil }
    return 1 / y
  }

  /// Whole powers as the product that the table's row multiplies, halves as roots.
  private func powered(_ x: Expression, _ exponent: Double) -> Expression {
    if exponent == 0.5 { return x.apply(.sqrt) }
    if exponent == -0.5 { return 1 / x.apply(.sqrt) }
    guard let count = ElementaryFunctions.chainLength(exponent), count != 0 else {
      return x.apply(.power, number(exponent))
    }
    let product = ElementaryFunctions.chain(x, count < 0 ? -count : count) { $0 * $1 }
    return count < 0 ? 1 / product : product
  }

  func choice(_ condition: Expression, _ a: Expression, _ b: Expression) -> Expression {
    if condition.constant != nil || a == b { return select(condition, a, b) }
    let node = condition.node
    if node.isApply(.not) { return choice(operand(node.a), b, a) }
    if a.constant == 1, b.constant == 0, condition.givesMask { return condition }
    if a.constant == 0, b.constant == 1, condition.givesMask { return condition.apply(.not) }
    var (taken, other) = (a, b)
    if a.node.operation == .select, a.node.a == condition.index { taken = operand(a.node.b) }
    if b.node.operation == .select, b.node.a == condition.index { other = operand(b.node.c) }
    return select(condition, taken, other)
  }

  private func operand(_ index: Int32) -> Expression { Expression(graph: self, index: index) }
}

extension Node {
  /// Whether it is an elementwise `function`.
  package func isApply(_ function: FunctionID) -> Bool {
    operation == .apply && payload == Int32(truncatingIfNeeded: function.index)
  }
}

extension Expression {
  /// Whether the value is 0 or 1 by construction: a comparison or logic.
  package var givesMask: Bool {
    let n = node
    return n.operation == .apply && n.payload >= Int32(FunctionID.less.index)
      && n.payload <= Int32(FunctionID.not.index)
  }
}
