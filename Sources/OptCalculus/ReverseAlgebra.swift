/// Reverse rules of matrix products and solutions of linear systems.
///
/// Sources: M. B. Giles, "Collected matrix derivative results for forward and reverse mode
/// algorithmic differentiation", 2008; G. H. Golub and V. Pereyra, "The differentiation of
/// pseudo-inverses", SIAM J. Numer. Anal. 10 (1973).
import OptGraph
import OptNumerics

extension ReverseSweep {
  mutating func pullProduct(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    let shape = graph.shape(of: index)
    let value = adjoint.value.wide(rows: shape.rows, columns: shape.columns)
    let (a, b) = (expression(node.a), expression(node.b))
    let (flipA, flipB) = (node.payload & 1 != 0, node.payload & 2 != 0)
    let rows = adjoint.predicate.map { $0.foldedAlive(rows: false, columns: true) }
    let columns = adjoint.predicate.map { $0.foldedAlive(rows: true, columns: false) }
    if wants(node.a) {
      let right =
        columns == nil || b.isFinite ? b : masked(b, columns.map { flipB ? $0.transposed : $0 })
      let full = a.shape.withLanes(of: shape)
      let part: Expression
      if a.shape.laneCount == 1 && full.laneCount > 1 {
        let straight = value.transposed.contracted(
          flipB ? right : right.transposed, over: shape,
          to: flipA ? a.shape.with(rows: Int(a.shape.columns), columns: Int(a.shape.rows)) : a.shape
        )
        part = flipA ? straight.transposed : straight
      } else {
        let whole =
          flipA
          ? right.product(value, transposeLeft: flipB, transposeRight: true)
          : value.product(right, transposeRight: !flipB)
        part = whole.summed(from: full, to: a.shape)
      }
      let alive = rows.map { flipA ? $0.transposed : $0 }
      adjoints.add(part, to: node.a, where: alive?.anyAlive(from: full, to: a.shape))
    }
    if wants(node.b) {
      let left = rows == nil || a.isFinite ? a : masked(a, rows.map { flipA ? $0.transposed : $0 })
      let full = b.shape.withLanes(of: shape)
      let part: Expression
      if b.shape.laneCount == 1 && full.laneCount > 1 {
        let upright = flipA ? left.transposed : left
        part =
          flipB
          ? value.contracted(upright, over: shape, to: b.shape)
          : upright.contracted(value, over: shape, to: b.shape)
      } else {
        let whole =
          flipB
          ? value.product(left, transposeLeft: true, transposeRight: flipA)
          : left.product(value, transposeLeft: !flipA)
        part = whole.summed(from: full, to: b.shape)
      }
      let alive = columns.map { flipB ? $0.transposed : $0 }
      adjoints.add(part, to: node.b, where: alive?.anyAlive(from: full, to: b.shape))
    }
  }

  mutating func pullSolve(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    let shape = graph.shape(of: index)
    let value = adjoint.value.wide(rows: shape.rows, columns: shape.columns)
    let lanes = adjoint.predicate?.foldedAlive(rows: true, columns: true)
    let factor = expression(node.a)
    let right = expression(node.b)
    let x = expression(index)
    let flip = node.payload & 1 != 0
    // Dead lanes may hold anything: hide it before lanes are added up.
    let u = masked(factor.solve(value, transposed: !flip), lanes)
    if wants(node.b) {
      let full = right.shape.withLanes(of: shape)
      adjoints.add(
        u.summed(from: full, to: right.shape), to: node.b,
        where: lanes?.anyAlive(from: full, to: right.shape))
    }
    guard wants(node.a) else { return }
    let target = factor.shape
    let full = target.withLanes(of: shape)
    let solution = masked(x, lanes)
    // M = A or Aᵀ; its adjoint is -u xᵀ, and for A turned around.
    var part = -outer(u, solution, flip, shape, target)
    let rows = flip ? target.columns : target.rows
    let columns = flip ? target.rows : target.columns
    switch Factorization(rawValue: factor.node.payload) ?? .lu {
    case .cholesky: part = part.onLowerTriangle()
    case .qr where rows > columns:
      let matrix = expression(factor.node.a)
      let rest = masked(right - matrix.product(x, transposeLeft: flip), lanes)
      let z = masked(factor.solve(u, transposed: flip), lanes)
      part = part + outer(rest, z, flip, shape, target)
    case .qr where rows < columns:
      let matrix = expression(factor.node.a)
      let w = masked(factor.solve(x, transposed: !flip), lanes)
      let seen = factor.solve(matrix.product(value, transposeLeft: flip), transposed: flip)
      part = part + outer(w, masked(value - seen, lanes), flip, shape, target)
    default: break
    }
    adjoints.add(part, to: node.a, where: lanes?.anyAlive(from: full, to: target))
  }

  /// a bᵀ, or its transpose, summed over lanes that `target` lacks.
  private func outer(
    _ a: Expression, _ b: Expression, _ flip: Bool, _ node: Shape, _ target: Shape
  ) -> Expression {
    let (left, right) = flip ? (b, a) : (a, b)
    let full = target.withLanes(of: node)
    if target.laneCount == 1 && full.laneCount > 1 {
      return left.transposed.contracted(right.transposed, over: node, to: target)
    }
    return left.product(right, transposeRight: true).summed(from: full, to: target)
  }
}

extension Expression {
  /// Whether this is a known array without NaN and infinities: it has nothing to hide.
  fileprivate var isFinite: Bool {
    guard node.operation == .array else { return false }
    return graph.arrays[Int(node.payload)].isFinite
  }

  /// Of a predicate: whether anything in the row, the column or the whole lane is alive.
  func foldedAlive(rows: Bool, columns: Bool) -> Expression {
    let levels = shape.lanes.count
    var folded: [Int] = []
    if rows { folded.append(levels) }
    if columns { folded.append(levels + 1) }
    return reduce(.maximum, folded)
  }
}
