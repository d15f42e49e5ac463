/// Reverse rules of the parts of factorisations.
///
/// Every rule gives the adjoint of the factored matrix. Where only the lower triangle is read, it
/// lies on the lower triangle, so that it is what finite differences of single elements give.
/// Sources: I. Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527;
/// M. Seeger and others, "Auto-differentiating linear algebra", arXiv:1710.08717; J. R. Magnus,
/// "On differentiating eigenvalues and eigenvectors", Econometric Theory 1 (1985); J. Townsend,
/// "Differentiating the singular value decomposition", 2016.
import OptGraph

extension ReverseSweep {
  mutating func pullPart(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    guard wants(node.a) else { return }
    let shape = graph.shape(of: index)
    let value = adjoint.value.wide(rows: shape.rows, columns: shape.columns)
    let factor = expression(node.a)
    let result = expression(index)
    let part: Expression?
    switch (Factorization(rawValue: factor.node.payload) ?? .lu, node.payload) {
    case (.lu, 0):
      part = Refusal.zeroDeterminant.refuse(
        where: result.apply(.equal, graph.number(0)),
        value * result * factor.inverseTransposed())
    case (.lu, 1): part = value * factor.inverseTransposed()
    case (.lu, _): part = nil
    case (.cholesky, 0): part = pullCholesky(result, value)
    case (.cholesky, _): part = (value * factor.inverseTransposed()).onLowerTriangle()
    case (.qr, 0): part = pullOrthogonal(factor, value)
    case (.qr, _): part = pullTriangular(factor, value)
    case (.symmetricEigen, 0):
      let vectors = factor.part(1)
      let whole = (vectors * value.transposed).product(vectors, transposeRight: true)
        .onLowerTriangle()
      part = Refusal.repeatedEigenvalue.refuse(
        where: result.repeated().apply(.and, value.differences().significant(than: value)).any(),
        whole)
    case (.symmetricEigen, _):
      let inner =
        result.product(value, transposeLeft: true)
        * factor.eigenvalueGaps(value.columnsThatMatter())
      part = result.product(inner).product(result, transposeRight: true).onLowerTriangle()
    case (.svd, 0):
      let whole = (factor.part(1) * value.transposed)
        .product(factor.part(2), transposeRight: true)
      let distinct = Refusal.repeatedSingularValue.refuse(
        where: result.repeated().apply(.and, value.differences().significant(than: value)).any(),
        whole)
      part = Refusal.zeroSingularValue.refuse(
        where: result.vanishing().apply(.and, value.significant(than: value)).any(), distinct)
    case (.svd, let side): part = pullSingularVectors(factor, value, isLeft: side == 1)
    }
    guard let part else { return }
    let lanes = adjoint.predicate?.foldedAlive(rows: true, columns: true)
    adjoints.add(masked(part, lanes), to: node.a, where: lanes)
  }

  /// Of `U`: [U (F∘(UᵀŪ - ŪᵀU)) S + (I - UUᵀ)ŪS⁻¹] Vᵀ, of `V` the same of the transpose.
  private func pullSingularVectors(
    _ factor: Expression, _ value: Expression, isLeft: Bool
  ) -> Expression {
    let s = factor.shape
    let (own, other) = (factor.part(isLeft ? 1 : 2), factor.part(isLeft ? 2 : 1))
    let scale = factor.part(0).transposed
    let turn = own.product(value, transposeLeft: true)
    let matters = value.columnsThatMatter()
    var inner = own.product(
      (turn - turn.transposed) * factor.singularValueGaps(matters) * scale)
    if isLeft ? s.rows > s.columns : s.columns > s.rows {
      inner = inner + (value - own.product(turn)).dividedBySingularValues(scale, matters)
    }
    return isLeft
      ? inner.product(other, transposeRight: true) : other.product(inner, transposeRight: true)
  }

  /// L⁻ᵀ Φ(Lᵀ L̄) L⁻¹ with Φ the lower triangle with half the diagonal.
  private func pullCholesky(_ l: Expression, _ value: Expression) -> Expression {
    let phi = l.product(value.lower(), transposeLeft: true).lower(diagonal: 0.5)
    let solver = l.factor(.lu)
    let right = solver.solve(phi.transposed, transposed: true).transposed
    let both = solver.solve(right, transposed: true)
    return (0.5 * (both + both.transposed)).onLowerTriangle()
  }

  /// Of `Q`. For wide matrices the columns beyond the square part have no influence.
  private func pullOrthogonal(_ factor: Expression, _ value: Expression) -> Expression {
    let q = factor.part(0)
    let m = -value.product(q, transposeLeft: true)
    return pullSquare(factor, value, m)
  }

  /// Of `R`, whose columns beyond the square part are Qᵀ times those of the matrix.
  private func pullTriangular(_ factor: Expression, _ value: Expression) -> Expression {
    let s = factor.shape
    let k = min(s.rows, s.columns)
    let (q, r) = (factor.part(0), factor.part(1))
    let square = value.columns(0, k).upper()
    var m = r.columns(0, k).product(square, transposeRight: true)
    if s.columns <= k { return pullSquare(factor, nil, m) }
    let rest = value.columns(k, s.columns)
    let matrix = expression(factor.node.a)
    let turned = matrix.columns(k, s.columns).product(rest, transposeRight: true)
    m = m - turned.product(q, transposeLeft: true)
    let beyond = q.product(rest)
    return pullSquare(factor, turned, m) + beyond.placedInColumns(from: k, width: s.columns)
  }

  /// (Q̄ + Q copyltu(M)) R⁻ᵀ for the leading square part of `R`.
  private func pullSquare(
    _ factor: Expression, _ seed: Expression?, _ m: Expression
  ) -> Expression {
    let s = factor.shape
    let k = min(s.rows, s.columns)
    let turned = factor.part(0).product(m.symmetricFromLower())
    let total = seed.map { $0 + turned } ?? turned
    let square = factor.part(1).columns(0, k)
    let solved = square.factor(.lu).solve(total.transposed).transposed
    let result = Refusal.dependentColumns.refuse(
      where: square.diagonal().apply(.abs).vanishing().any(), solved)
    return s.columns > k ? result.placedInColumns(from: 0, width: s.columns) : result
  }
}

extension Expression {
  /// Of a factor node: the transposed inverse of its matrix.
  func inverseTransposed() -> Expression {
    solve(graph.identity(shape.rows), transposed: true)
  }

  /// Of a symmetric eigen node: 1/(λⱼ - λᵢ), and 0 on the diagonal.
  func eigenvalueGaps(_ matters: [Bool]? = nil) -> Expression {
    let values = part(0)
    return values.inverseGaps(
      values.transposed - values, matters ?? Array(repeating: true, count: Int(shape.rows)),
      .repeatedEigenvector)
  }

  /// Of an svd node: 1/(sⱼ² - sᵢ²), and 0 on the diagonal.
  func singularValueGaps(_ matters: [Bool]? = nil) -> Expression {
    let values = part(0)
    return values.inverseGaps(
      (values.transposed - values) * (values.transposed + values),
      matters ?? Array(repeating: true, count: Int(values.shape.rows)), .repeatedSingularVector)
  }
}
