/// Steps for products, factorisations and what is made of them, lane by lane.
import OptGraph
import OptNumerics

extension Emitter {
  func emitMatrices(_ n: Node, _ shape: Shape, _ out: Place) {
    switch n.operation {
    case .product: emitProduct(n, shape, out)
    case .factor:
      let kind = LinearAlgebra.Kind(rawValue: n.payload) ?? .lu
      let (rows, columns) = (Int(shape.rows), Int(shape.columns))
      scratch = max(scratch, LinearAlgebra.scratchSize(kind, rows, columns, right: 0))
      steps.append(
        .factor(
          MatrixStep(
            a: location(n.a), b: out, out: out, kind: kind, m: rows, k: 0, n: columns, flags: 0,
            count: shape.laneCount, lanes: -1)))
    case .part, .solve: emitUse(n, shape, out)
    default: break
    }
  }

  private func emitProduct(_ n: Node, _ shape: Shape, _ out: Place) {
    let (left, right) = (plan.shape(n.a), plan.shape(n.b))
    let flip = n.payload & 1 != 0
    var step = MatrixStep(
      a: location(n.a), b: location(n.b), out: out, m: Int(shape.rows),
      k: Int(flip ? left.rows : left.columns), n: Int(shape.columns), flags: n.payload,
      count: shape.laneCount, lanes: -1)
    if step.count > 1 {
      if plan.options.merges, right.laneCount == 1, left.laneCount == step.count, !flip {
        // One matrix for all lanes: the lanes are rows of one product.
        step.m *= step.count
        step.count = 1
      } else if plan.options.merges, left.laneCount == 1, right.laneCount == step.count,
        step.n == 1
      {
        // One matrix times a column for each lane: the columns are rows of one product.
        step = MatrixStep(
          a: step.b, b: step.a, out: out, m: step.count, k: step.k, n: step.m,
          flags: (flip ? 0 : 2) | (n.payload & Graph.isTriangular), count: 1, lanes: -1)
      } else {
        step.lanes = lanes(shape, (left, left.elements), (right, right.elements))
      }
    }
    steps.append(.product(step))
  }

  private func emitUse(_ n: Node, _ shape: Shape, _ out: Place) {
    let matrix = plan.shape(n.a)
    let kind = LinearAlgebra.Kind(rawValue: plan.nodes[Int(n.a)].payload) ?? .lu
    let (rows, columns) = (Int(matrix.rows), Int(matrix.columns))
    let size = LinearAlgebra.stateSize(kind, rows, columns)
    let isPart = n.operation == .part
    let right = isPart ? matrix.with(rows: 1, columns: 1) : plan.shape(n.b)
    let wide = isPart ? 0 : Int(shape.columns)
    scratch = max(scratch, LinearAlgebra.scratchSize(kind, rows, columns, right: wide))
    var step = MatrixStep(
      a: location(n.a), b: isPart ? out : location(n.b), out: out, kind: kind, m: rows, k: wide,
      n: columns, flags: n.payload, count: shape.laneCount, lanes: -1)
    if step.count > 1 {
      step.lanes = lanes(shape, (matrix, size), (right, isPart ? 0 : right.elements))
    }
    steps.append(isPart ? .part(step) : .solve(step))
  }

  /// Where the two operands of each lane begin.
  private func lanes(
    _ shape: Shape, _ a: (shape: Shape, size: Int), _ b: (shape: Shape, size: Int)
  ) -> Int32 {
    let all = shape.with(rows: 1, columns: 1)
    func offsets(_ operand: (shape: Shape, size: Int)) -> [Int] {
      var result: [Int] = []
      let map = StridedMap.broadcasting(operand.shape.with(rows: 1, columns: 1), to: all)
      map.forEachOffset(in: all) { result.append($0 * operand.size) }
      return result
    }
    let table = zip(offsets(a), offsets(b)).flatMap { [$0, $1] }
    laneTables.append(memory.keep(table))
    return Int32(clamping: laneTables.count - 1)
  }
}
