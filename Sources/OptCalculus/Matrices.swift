/// Small matrix helpers that the rules of linear algebra share. All work lane by lane.
import OptGraph
import OptNumerics

extension Graph {
  /// A known n×n matrix.
  func known(_ n: Int32, _ element: (Int, Int) -> Double) -> Expression {
    let n = Int(n)
    let buffer = Buffer(uninitialized: n * n)
    for i in 0..<n {
      for j in 0..<n { buffer[i * n + j] = element(i, j) }
    }
    return array(buffer, Shape(rows: n, columns: n))
  }
}

extension Expression {
  /// The lower triangle with the diagonal, or with half of it.
  func lower(diagonal: Double = 1) -> Expression {
    self * graph.triangle(shape.rows, below: 1, diagonal: diagonal, above: 0)
  }

  func strictlyLower() -> Expression { lower(diagonal: 0) }

  func upper() -> Expression {
    self * graph.triangle(shape.rows, below: 0, diagonal: 1, above: 1)
  }

  /// The adjoint of a matrix of which only the lower triangle is read, from the adjoint `self` of
  /// the symmetric matrix that it stands for.
  func onLowerTriangle() -> Expression { (self + transposed).lower(diagonal: 0.5) }

  /// The symmetric matrix that the lower triangle stands for.
  func symmetricFromLower() -> Expression { lower() + strictlyLower().transposed }

  /// The diagonal as a column.
  func diagonal() -> Expression {
    let s = shape
    let n = min(s.rows, s.columns)
    var strides = s.strides
    strides[strides.count - 2] += strides[strides.count - 1]
    strides[strides.count - 1] = 0
    return view(StridedMap(strides: strides), s.with(rows: Int(n), columns: 1))
  }

  /// Columns `from` up to `to`.
  func columns(_ from: Int32, _ to: Int32) -> Expression {
    slice(shape.lanes.count + 1, levels: shape.lanes.count, from: Int(from), count: Int(to - from))
  }

  /// This matrix and columns right of it.
  func besideColumns(_ right: Expression) -> Expression {
    let lanes = shape.withLanes(of: right.shape)
    let a = broadcast(to: lanes)
    let b = right.broadcast(to: right.shape.withLanes(of: shape))
    let target = lanes.with(rows: Int(lanes.rows), columns: Int(lanes.columns + b.shape.columns))
    let strides = target.strides
    return graph.assemble(
      target, adds: false,
      [
        (a, StridedMap(strides: strides)),
        (b, StridedMap(offset: Int(lanes.columns), strides: strides)),
      ])
  }

  /// The adjoint of columns `from…` of a matrix of `width` columns.
  func placedInColumns(from: Int32, width: Int32) -> Expression {
    let target = shape.with(rows: Int(shape.rows), columns: Int(width))
    return graph.assemble(
      target, adds: true, [(self, StridedMap(offset: Int(from), strides: target.strides))])
  }

  /// Σ selfᵀ · right over the lanes of `node` that `target` lacks. If `target` has no lanes at all
  /// they are stacked as rows, so that one product does it.
  func contracted(_ right: Expression, over node: Shape, to target: Shape) -> Expression {
    let full = target.withLanes(of: node)
    guard target.laneCount == 1, full.laneCount > 1 else {
      return product(right, transposeLeft: true).summed(from: full, to: target)
    }
    let (mine, theirs) = (shape, right.shape)
    let result: Expression
    let met: Int
    if mine.laneCount > 1 && theirs.laneCount > 1 {
      let a = stackedLanes(with: theirs)
      let b = right.stackedLanes(with: mine)
      met = Int(a.shape.rows) / max(Int(mine.rows), 1)
      result = a.product(b, transposeLeft: true)
    } else {
      met = max(mine.laneCount, theirs.laneCount)
      let a = reduce(.sum, Array(0..<mine.lanes.count))
      let b = right.reduce(.sum, Array(0..<theirs.lanes.count))
      result = a.product(b, transposeLeft: true)
    }
    let repeats = full.laneCount / max(met, 1)
    return repeats == 1 ? result : Double(repeats) * result
  }

  /// The matrices of all lanes below each other.
  private func stackedLanes(with other: Shape) -> Expression {
    let full = broadcast(to: shape.withLanes(of: other))
    let s = full.shape
    let target = Shape(rows: s.laneCount * Int(s.rows), columns: Int(s.columns))
    return full.view(StridedMap(strides: target.strides), target)
  }
}
