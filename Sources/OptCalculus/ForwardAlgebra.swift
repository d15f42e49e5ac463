/// Forward rules of products, linear systems and factorisations; sources as for the reverse rules.
import OptGraph

extension ForwardSweep {
  func pushProduct(_ node: Node) -> Expression? {
    let (a, b) = (expression(node.a), expression(node.b))
    let (flipA, flipB) = (node.payload & 1 != 0, node.payload & 2 != 0)
    let left = tangent(node.a).map {
      $0.wide(rows: a.shape.rows, columns: a.shape.columns)
        .product(b, transposeLeft: flipA, transposeRight: flipB)
    }
    let right = tangent(node.b).map {
      a.product(
        $0.wide(rows: b.shape.rows, columns: b.shape.columns), transposeLeft: flipA,
        transposeRight: flipB)
    }
    guard let left else { return right }
    return right.map { left + $0 } ?? left
  }

  /// M⁺(ḃ - Ṁx) + M⁺M⁺ᵀṀᵀ(b - Mx) + (I - M⁺M)ṀᵀM⁺ᵀx with M = A or Aᵀ; the second term is 0
  /// unless M is tall, the third unless it is wide.
  func pushSolve(_ index: Int32, _ node: Node) -> Expression? {
    let flip = node.payload & 1 != 0
    let factor = expression(node.a)
    let b = expression(node.b)
    let x = expression(index)
    let right = tangent(node.b)?.wide(rows: b.shape.rows, columns: b.shape.columns)
    guard var change = tangent(node.a) else {
      return right.map { factor.solve($0, transposed: flip) }
    }
    let s = factor.shape
    change = change.wide(rows: s.rows, columns: s.columns)
    let kind = Factorization(rawValue: factor.node.payload) ?? .lu
    if kind == .cholesky { change = change.symmetricFromLower() }
    let moved = change.product(x, transposeLeft: flip)
    var result = factor.solve(right.map { $0 - moved } ?? -moved, transposed: flip)
    guard kind == .qr, s.rows != s.columns else { return result }
    let matrix = expression(factor.node.a)
    let isTall = flip ? s.columns > s.rows : s.rows > s.columns
    if isTall {
      let rest = b - matrix.product(x, transposeLeft: flip)
      let v = change.product(rest, transposeLeft: !flip)
      result =
        result + factor.solve(factor.solve(v, transposed: !flip), transposed: flip)
    } else {
      let w = factor.solve(x, transposed: !flip)
      let v = change.product(w, transposeLeft: !flip)
      result =
        result + v - factor.solve(matrix.product(v, transposeLeft: flip), transposed: flip)
    }
    return result
  }

  func pushPart(_ index: Int32, _ node: Node) -> Expression? {
    let factor = expression(node.a)
    let s = factor.shape
    guard let change = tangent(node.a)?.wide(rows: s.rows, columns: s.columns) else { return nil }
    let result = expression(index)
    switch (Factorization(rawValue: factor.node.payload) ?? .lu, node.payload) {
    case (.lu, 0):
      return Refusal.zeroDeterminant.refuse(
        where: result.apply(.equal, graph.number(0)),
        result * (factor.inverseTransposed() * change).reduceElements(.sum))
    case (.lu, 1): return (factor.inverseTransposed() * change).reduceElements(.sum)
    case (.lu, _): return nil
    case (.cholesky, 0):
      let solver = result.factor(.lu)
      let half = solver.solve(change.symmetricFromLower())
      let inner = solver.solve(half.transposed)
      return result.product(inner.lower(diagonal: 0.5))
    case (.cholesky, _):
      return (factor.inverseTransposed() * change.symmetricFromLower()).reduceElements(.sum)
    case (.qr, let part): return pushOrthogonal(factor, change, part == 0)
    case (.symmetricEigen, 0):
      let vectors = factor.part(1)
      let inner = vectors.product(
        change.symmetricFromLower().product(vectors), transposeLeft: true)
      return Refusal.repeatedEigenvalue.refuse(
        where: result.repeated().apply(.and, inner.significant(than: inner)).any(),
        inner.diagonal())
    case (.symmetricEigen, _):
      let inner = result.product(
        change.symmetricFromLower().product(result), transposeLeft: true)
      return result.product(inner * factor.eigenvalueGaps())
    case (.svd, 0):
      return pushSingularValues(factor, change)
    case (.svd, let side): return pushSingularVectors(factor, change, isLeft: side == 1)
    }
  }

  /// The diagonal of P = UᵀȦV, where values are simple and not 0.
  private func pushSingularValues(_ factor: Expression, _ change: Expression) -> Expression {
    let values = factor.part(0)
    let moved = change.product(factor.part(2))
    let inner = factor.part(1).product(moved, transposeLeft: true)
    let mixed = inner + inner.transposed
    let distinct = Refusal.repeatedSingularValue.refuse(
      where: values.repeated().apply(.and, mixed.significant(than: inner)).any(), inner.diagonal())
    return Refusal.zeroSingularValue.refuse(
      where: values.transposed.vanishing().apply(.and, moved.significant(than: moved)).any(),
      distinct)
  }

  /// With P = UᵀȦV: U̇ = U (F∘(PS + SPᵀ)) + (I - UUᵀ)ȦVS⁻¹, V̇ the same of the transpose.
  private func pushSingularVectors(
    _ factor: Expression, _ change: Expression, isLeft: Bool
  ) -> Expression {
    let s = factor.shape
    let (own, other) = (factor.part(isLeft ? 1 : 2), factor.part(isLeft ? 2 : 1))
    let scale = factor.part(0).transposed
    let moved = change.product(other, transposeLeft: !isLeft)
    let p = own.product(moved, transposeLeft: true)
    let scaled = p * scale
    let result = own.product((scaled + scaled.transposed) * factor.singularValueGaps())
    let isTall = isLeft ? s.rows > s.columns : s.columns > s.rows
    let all = [Bool](repeating: true, count: Int(scale.shape.columns))
    return isTall
      ? result + (moved - own.product(p)).dividedBySingularValues(scale, all) : result
  }

  /// With C = Qᵀ Ȧ R⁻¹ of the leading square part and Ω its skew part from below the diagonal:
  /// Q̇ = QΩ + (I - QQᵀ)ȦR⁻¹, Ṙ = (C - Ω)R, and Q̇ᵀA + QᵀȦ for columns beyond the square.
  private func pushOrthogonal(
    _ factor: Expression, _ change: Expression, _ wantsQ: Bool
  ) -> Expression {
    let s = factor.shape
    let k = min(s.rows, s.columns)
    let (q, r) = (factor.part(0), factor.part(1))
    let square = r.columns(0, k)
    let solved = square.factor(.lu)
      .solve(change.columns(0, k).transposed, transposed: true).transposed
    let scaled = Refusal.dependentColumns.refuse(
      where: square.diagonal().apply(.abs).vanishing().any(), solved)
    let c = q.product(scaled, transposeLeft: true)
    let below = c.strictlyLower()
    let skew = below - below.transposed
    if !wantsQ && s.columns <= k { return (c - skew).product(r) }
    let turned = q.product(skew)
    let moved = s.rows > k ? turned + scaled - q.product(c) : turned
    if wantsQ { return moved }
    let matrix = expression(factor.node.a)
    let rest =
      moved.product(matrix.columns(k, s.columns), transposeLeft: true)
      + q.product(change.columns(k, s.columns), transposeLeft: true)
    return (c - skew).product(r.columns(0, k)).besideColumns(rest)
  }
}
