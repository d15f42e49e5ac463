/// Derivations of vectors and matrices, of sums over turns, and of factorisations.
import OptGraph

extension DerivationBuilder {
  /// Forms that people know by a name of their own.
  mutating func special(_ e: Expression) -> Draft? {
    if let inner = squared(e), depends(inner) {
      let part = derive(inner)
      let change = derivative(part).broadcast(to: inner.shape)
      return Draft(
        rule: .squaredNorm, operands: [inner], parts: [part],
        combination: isColumn(inner)
          ? 2 * inner.product(change, transposeLeft: true)
          : 2 * (inner * change).reduceElements(.sum))
    }
    if let inner = Expression.normed(e), depends(inner) {
      let part = derive(inner)
      let change = derivative(part).broadcast(to: inner.shape)
      return Draft(
        rule: .norm, operands: [inner], parts: [part],
        combination: (isColumn(inner)
          ? inner.product(change, transposeLeft: true)
          : (inner * change).reduceElements(.sum)) / e)
    }
    if let (matrix, inner) = quadraticForm(e), !depends(matrix), depends(inner) {
      let part = derive(inner)
      let change = derivative(part).broadcast(to: inner.shape)
      return Draft(
        rule: .quadraticForm(matrix), operands: [inner], parts: [part],
        combination: inner.product(matrix + matrix.transposed, transposeLeft: true)
          .product(change))
    }
    return nil
  }

  private func isColumn(_ e: Expression) -> Bool {
    e.shape.columns == 1 && e.shape.lanes.isEmpty
  }

  /// `u` if `e` is the sum of the squares of its elements: `norm(u)^2`, `u'*u`, `sum(u.^2)`.
  private func squared(_ e: Expression) -> Expression? {
    let node = e.node
    if node.isApply(.power), at(node.b).constant == 2 { return Expression.normed(at(node.a)) }
    if node.operation == .product, let (left, right) = scalarProduct(e), left == right {
      return left
    }
    return e.sumOfSquares
  }

  /// `u` and `v` if `e` is uᵀv of columns.
  private func scalarProduct(_ e: Expression) -> (Expression, Expression)? {
    let node = e.node
    let (left, right) = (at(node.a), at(node.b))
    guard e.shape.isScalar, right.shape.lanes.isEmpty, right.shape.columns == 1,
      right.shape.rows > 1
    else { return nil }
    if node.payload == 1 { return (left, right) }
    guard node.payload == 0, let turned = untransposed(left) else { return nil }
    return (turned, right)
  }

  /// What a row is the transpose of.
  private func untransposed(_ row: Expression) -> Expression? {
    let node = row.node
    guard node.operation == .view else { return nil }
    let inner = at(node.a)
    return inner.shape.columns == 1 && inner.transposed == row ? inner : nil
  }

  /// `A` and `u` if `e` is uᵀAu.
  private func quadraticForm(_ e: Expression) -> (matrix: Expression, inner: Expression)? {
    let node = e.node
    guard node.operation == .product, e.shape.isScalar else { return nil }
    let (left, right) = (at(node.a), at(node.b))
    guard isColumn(right), right.shape.rows > 1 else { return nil }
    // (uᵀA)u
    if node.payload == 0, left.node.operation == .product, !isCall(left) {
      let (row, matrix) = (at(left.node.a), at(left.node.b))
      if left.node.payload == 1, row == right { return (matrix, right) }
      if left.node.payload == 0, untransposed(row) == right { return (matrix, right) }
    }
    // uᵀ(Au)
    if right.node.operation == .product, right.node.payload == 0, !isCall(right) {
      let (matrix, inner) = (at(right.node.a), at(right.node.b))
      if node.payload == 1, left == inner { return (matrix, inner) }
      if node.payload == 0, untransposed(left) == inner { return (matrix, inner) }
    }
    return nil
  }

  /// Everything else: the rule's name, and one forward step.
  mutating func structural(_ e: Expression) -> Draft {
    let node = e.node
    var operands = graph.operands(of: e.index).map(at)
    let rule: DerivationRule
    switch node.operation {
    case .view, .assemble, .gather, .scatter: rule = .rearrangement
    case .reduce:
      switch graph.reductions[Int(node.payload)].kind {
      case .sum: rule = .termByTerm
      case .product: rule = .productOfAll
      case .maximum, .minimum: rule = .extreme
      case .argMaximum, .argMinimum: rule = .stepwise
      }
    case .scan: rule = .termByTerm
    case .product: rule = .matrixProduct
    case .solve:
      operands[0] = at(operands[0].node.a)
      rule = .linearSystem
    case .part:
      let factor = operands[0]
      operands = [at(factor.node.a)]
      let kind = Factorization(rawValue: factor.node.payload) ?? .lu
      // The sign of a determinant.
      rule =
        kind == .lu && node.payload == 2
        ? .stepwise : .factorization(kind, part: Int(node.payload))
    case .factor, .number, .array, .input, .apply, .select, .random, .surrogate, .host, .loop:
      rule = .atOnce
    case .order: rule = .stepwise
    }
    if case .stepwise = rule { return Draft(rule: rule, combination: graph.number(0)) }
    // The pieces of a long vector are differentiated in one go.
    guard operands.count <= Derivation.widest else {
      return Draft(
        rule: .atOnce,
        combination: pushforward([e], along: [(variable, tangent: tangent)])[0])
    }
    var seen: Set<Int32> = []
    let moving = operands.filter { depends($0) && seen.insert($0.index).inserted }
    let parts = moving.map { derive($0) }
    return Draft(
      rule: rule, operands: operands, parts: parts,
      combination: change(of: e, along: Array(zip(moving, parts))))
  }
}

extension Expression {
  /// `u` if this is the sum of the squares of the elements of an array `u` without lanes.
  package var sumOfSquares: Expression? {
    let n = node
    guard n.operation == .reduce, graph.reductions[Int(n.payload)].kind == .sum, shape.isScalar
    else { return nil }
    let inner = graph.nodes[Int(n.a)]
    let u = Expression(graph: graph, index: inner.a)
    guard u.index >= 0, u.shape.lanes.isEmpty, u.shape == graph.shape(of: n.a) else { return nil }
    if inner.isApply(.multiply) { return inner.a == inner.b ? u : nil }
    guard inner.isApply(.power),
      Expression(graph: graph, index: inner.b).constant == 2
    else { return nil }
    return u
  }

  /// `u` if `e` is the Euclidean norm of an array `u`.
  package static func normed(_ e: Expression) -> Expression? {
    let n = e.node
    guard n.isApply(.sqrt) else { return nil }
    return Expression(graph: e.graph, index: n.a).sumOfSquares
  }
}
