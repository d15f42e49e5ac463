/// Reductions, products, factorisations and the like, node by node.
import OptGraph
import OptNumerics

extension Interpreter {
  func structural(_ node: Node, _ shape: Shape) -> Buffer {
    let result = Buffer(count: shape.count)
    switch node.operation {
    case .gather:
      let (source, offsets) = (value(node.a), value(node.b))
      for k in 0..<min(result.count, offsets.count) {
        let at = offsets[k]
        result[k] = at > -1 && at < Double(source.count) ? source[Int(at)] : .nan
      }
    case .scatter:
      let (source, offsets) = (value(node.a), value(node.b))
      for k in 0..<min(source.count, offsets.count) {
        let at = offsets[k]
        if at > -1 && at < Double(result.count) { result[Int(at)] += source[k] }
      }
    case .reduce: reduce(node, into: result)
    case .scan: scan(node, into: result)
    case .order: order(node, into: result)
    case .random:
      let draw = graph.draws[Int(node.payload)]
      Random.fill(
        draw.kind == .normal ? .normal : .uniform, key: Random.key(scalar(node.a)),
        draw: UInt64(bitPattern: Int64(draw.number)), into: result.pointer, count: result.count)
    case .product, .factor, .solve, .part: return matrices(node, shape)
    case .surrogate: return spread(node.a, shape)
    case .host:
      let (parameters, start) = (value(node.a), value(node.b))
      withExtendedLifetime((parameters, start)) {
        graph.hosts[Int(node.payload)].evaluate(
          parameters.pointer, from: start.pointer, into: result.pointer)
      }
    default: break
    }
    return result
  }

  private func reduce(_ node: Node, into result: Buffer) {
    let reduction = graph.reductions[Int(node.payload)]
    let shape = graph.shape(of: node.a)
    let order = FoldOrder(reduction.dimensions, shape)
    let source = value(node.a)
    let sorted: Buffer
    if order.isInPlace {
      sorted = source
    } else {
      sorted = Buffer(uninitialized: source.count)
      var k = 0
      order.map.forEachOffset(in: order.shape) {
        sorted[k] = source[$0]
        k += 1
      }
    }
    let scratch = Buffer(uninitialized: order.inner)
    guard order.outer * order.inner == result.count else { return }
    Folding.reduce(
      Folding.Kind(rawValue: reduction.kind.rawValue) ?? .sum, sorted.pointer, outer: order.outer,
      length: order.length, inner: order.inner, into: result.pointer, scratch: scratch.pointer)
  }

  private func scan(_ node: Node, into result: Buffer) {
    let scan = graph.scans[Int(node.payload)]
    let shape = graph.shape(of: node.a)
    let source = value(node.a)
    let step = shape.strides[scan.dimension]
    let size = shape.dimensions[scan.dimension]
    for k in 0..<result.count {
      let i = scan.reversed ? result.count - 1 - k : k
      let position = i / step % size
      result[i] = source[i]
      if scan.reversed ? position < size - 1 : position > 0 {
        result[i] = result[scan.reversed ? i + step : i - step] + source[i]
      }
    }
  }

  private func order(_ node: Node, into result: Buffer) {
    let shape = graph.shape(of: node.a)
    let source = value(node.a)
    let elements = shape.elements
    guard elements > 0 else { return }
    for lane in 0..<shape.laneCount {
      let base = lane * elements
      let sorted = (0..<elements).sorted { i, j in
        let (a, b) = (source[base + i], source[base + j])
        if a < b || (b.isNaN && !a.isNaN) { return true }
        if b < a || (a.isNaN && !b.isNaN) { return false }
        return i < j
      }
      for (k, place) in sorted.enumerated() { result[base + k] = Double(place) }
    }
  }

  /// Lane by lane.
  private func matrices(_ node: Node, _ shape: Shape) -> Buffer {
    let left = graph.shape(of: node.a)
    let (m, n) = (Int(left.rows), Int(left.columns))
    let lanes = shape.laneCount
    if node.operation == .factor {
      let kind = LinearAlgebra.Kind(rawValue: node.payload) ?? .lu
      let size = LinearAlgebra.stateSize(kind, m, n)
      let scratch = Buffer(uninitialized: LinearAlgebra.scratchSize(kind, m, n, right: 0))
      let result = Buffer(count: size * lanes)
      let source = value(node.a)
      for lane in 0..<lanes {
        LinearAlgebra.factor(
          kind, source.pointer + lane * m * n, m, n, into: result.pointer + lane * size,
          scratch: scratch.pointer)
      }
      return result
    }
    let result = Buffer(count: shape.count)
    if node.operation == .product {
      let right = graph.shape(of: node.b)
      let a = spread(node.a, shape.with(rows: m, columns: n))
      let b = spread(node.b, shape.with(rows: Int(right.rows), columns: Int(right.columns)))
      let flip = node.payload & 1 != 0
      for lane in 0..<lanes {
        LinearAlgebra.product(
          a.pointer + lane * m * n, b.pointer + lane * right.elements, flip ? n : m,
          flip ? m : n, Int(shape.columns), transposeLeft: flip,
          transposeRight: node.payload & 2 != 0, into: result.pointer + lane * shape.elements)
      }
      return result
    }
    guard let states = state(node.a) else { return result }
    let kind = LinearAlgebra.Kind(rawValue: graph.nodes[Int(node.a)].payload) ?? .lu
    let size = LinearAlgebra.stateSize(kind, m, n)
    let places = StridedMap.broadcasting(
      left.with(rows: 1, columns: 1), to: shape.with(rows: 1, columns: 1))
    var offsets: [Int] = []
    places.forEachOffset(in: shape.with(rows: 1, columns: 1)) { offsets.append($0 * size) }
    if node.operation == .part {
      for lane in 0..<lanes {
        LinearAlgebra.part(
          kind, Int(node.payload), of: states.pointer + offsets[lane], m, n,
          into: result.pointer + lane * shape.elements)
      }
      return result
    }
    let right = graph.shape(of: node.b)
    let b = spread(node.b, shape.with(rows: Int(right.rows), columns: Int(right.columns)))
    let columns = Int(shape.columns)
    let scratch = Buffer(uninitialized: LinearAlgebra.scratchSize(kind, m, n, right: columns))
    for lane in 0..<lanes {
      LinearAlgebra.solve(
        kind, states.pointer + offsets[lane], m, n, transposed: node.payload & 1 != 0,
        b.pointer + lane * right.elements, right: columns,
        into: result.pointer + lane * shape.elements, scratch: scratch.pointer)
    }
    return result
  }
}

extension Random {
  /// A key given as a number: whole numbers up to 2⁵³ are told apart.
  package static func key(_ value: Double) -> UInt64 {
    value.magnitude < 0x1p62 ? UInt64(bitPattern: Int64(value)) : value.bitPattern
  }
}
