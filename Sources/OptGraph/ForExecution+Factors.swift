/// Known factors in products and sums move outwards, where they meet and become one.

extension ForExecution {
  /// The node with its known factors further out, if that leaves less to compute.
  func rewriteFactors(_ node: Node, _ function: FunctionID) -> Expression? {
    let a = moved(node.a).beforeRepeating
    switch function {
    case .negate:
      // Who reads the product again shares it.
      return !usesOnce(node.a) && a.knownFactor != nil ? target.apply(.negate, a) : nil
    case .multiply:
      let b = moved(node.b).beforeRepeating
      if a.constant == -1, b.constant == nil { return opposite(b, isShared: !usesOnce(node.b)) }
      if b.constant == -1, a.constant == nil { return opposite(a, isShared: !usesOnce(node.a)) }
      guard a.constant == nil, b.constant == nil else { return nil }
      if usesOnce(node.a), let (factor, rest) = a.knownFactor, Self.isModerate(factor) {
        return target.binary(
          .multiply, target.number(factor), target.binary(.multiply, rest, b))
      }
      if usesOnce(node.b), let (factor, rest) = b.knownFactor, Self.isModerate(factor) {
        return target.binary(
          .multiply, target.number(factor), target.binary(.multiply, a, rest))
      }
    case .add, .subtract:
      guard node.a != node.b, usesOnce(node.a), usesOnce(node.b) else { return nil }
      let b = moved(node.b).beforeRepeating
      guard let (left, x) = a.knownFactor, let (right, y) = b.knownFactor, left != 0,
        left.magnitude == right.magnitude, Self.isModerate(left)
      else { return nil }
      let adds = (left == right) == (function == .add)
      return target.binary(
        .multiply, target.number(left), target.binary(adds ? .add : .subtract, x, y))
    default: break
    }
    return nil
  }

  /// The known factor of an array of which only a sum is wanted, and the rest; 1 if there is none.
  func outerFactor(_ index: Int32, _ moved: Expression) -> (factor: Double, rest: Expression) {
    guard usesOnce(index) else { return (1, moved) }
    let node = moved.node
    if node.isApply(.negate) { return (-1, Expression(graph: target, index: node.a)) }
    guard let (factor, rest) = moved.knownFactor, rest.shape == moved.shape,
      Self.isModerate(factor)
    else { return (1, moved) }
    return (factor, rest)
  }

  private func opposite(_ x: Expression, isShared: Bool) -> Expression {
    isShared && x.knownFactor != nil ? target.apply(.negate, x) : target.unary(.negate, x)
  }

  /// Whether another order of products with it overflows where the first one does, but for the last
  /// few powers of two.
  private static func isModerate(_ factor: Double) -> Bool {
    factor.magnitude > 1e-6 && factor.magnitude < 1e6
  }
}

extension Expression {
  /// c and x, if this is c·x with a known number c.
  fileprivate var knownFactor: (factor: Double, rest: Expression)? {
    let n = node
    guard n.isApply(.multiply) else { return nil }
    let (a, b) = (
      Expression(graph: graph, index: n.a), Expression(graph: graph, index: n.b)
    )
    if let factor = a.constant { return (factor, b) }
    if let factor = b.constant { return (factor, a) }
    return nil
  }
}
