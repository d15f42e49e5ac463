/// Steps for nodes that are neither scalar code nor elementwise.
import CKernels
import OptGraph
import OptNumerics

extension Emitter {
  func emitHeavy(_ index: Int32) {
    let n = plan.nodes[Int(index)]
    let shape = plan.shape(index)
    let out = location(index)
    switch n.operation {
    case .view, .surrogate: emitView(n, shape, out)
    case .assemble: emitAssemble(index, n, shape, out)
    case .gather:
      steps.append(
        .gather(
          location(n.a), size: plan.shape(n.a).count, indices: location(n.b), to: out,
          count: shape.count))
    case .scatter:
      steps.append(.clear(out, count: shape.count))
      let repeats = plan.isScalar(n.a)
      let count = plan.shape(n.b).count
      guard repeats || plan.shape(n.a).count >= count else { return }
      steps.append(
        .scatter(
          location(n.a), step: repeats ? 0 : 1, indices: location(n.b), to: out,
          size: shape.count, count: count, adds: true))
    case .reduce: emitReduce(n, shape, out)
    case .scan:
      let scan = plan.graph.scans[Int(n.payload)]
      let sizes = plan.shape(n.a).dimensions
      let (outer, inner) = Self.around(scan.dimension, sizes)
      steps.append(
        .scan(
          location(n.a), outer: outer, length: sizes[scan.dimension], inner: inner,
          reversed: scan.reversed, to: out))
    case .order:
      scratch = max(scratch, 2 * shape.elements)
      steps.append(
        .order(location(n.a), elements: shape.elements, lanes: shape.laneCount, to: out))
    case .random:
      let draw = plan.graph.draws[Int(n.payload)]
      steps.append(
        .random(
          draw.kind == .normal ? .normal : .uniform, key: location(n.a),
          draw: UInt64(bitPattern: Int64(draw.number)), to: out, count: shape.count))
    case .host: steps.append(.host(n.payload, location(n.a), from: location(n.b), to: out))
    case .loop: emitLoop(LoopNode(plan.graph, index), out)
    default: emitMatrices(n, shape, out)
    }
  }

  /// Loops of one body that follow each other and read the same memory, which is not that of a loop,
  /// run together: nothing that one of them still reads is given to another for its results.
  private func emitLoop(_ node: LoopNode, _ out: Place) {
    let loop = node.loop
    let known = loopBodies[ObjectIdentifier(loop)]
    let body = known ?? Program(loop.body, outputs: loop.roots, options: plan.options)
    loopBodies[ObjectIdentifier(loop)] = body
    loops.append(LoopPlan(node, body, out) { location($0) })
    let operands = node.initial + node.sequences + node.invariants
    let owners = Set(operands.map { plan.owner($0.index) })
    let isAlone = owners != loopOwners || owners.contains { plan.nodes[Int($0)].operation == .loop }
    loopOwners = owners
    if known != nil, !isAlone, case .loop(let first)? = steps.last, loops[first].body === body,
      first + loops[first].companions + 2 == loops.count
    {
      loops[first].companions += 1
    } else {
      steps.append(.loop(loops.count - 1))
    }
  }

  static func around(_ dimension: Int, _ sizes: [Int]) -> (outer: Int, inner: Int) {
    (
      sizes[..<dimension].reduce(1, *),
      sizes[(dimension + 1)...].reduce(1, *)
    )
  }

  private func emitView(_ n: Node, _ shape: Shape, _ out: Place) {
    guard shape.count > 0 else { return }
    let map = plan.graph.maps[Int(n.payload)]
    let size = plan.shape(n.a).count
    var source = location(n.a)
    guard map.stays(in: size, for: shape) else {
      steps.append(
        .gather(source, size: size, indices: table(map, shape), to: out, count: shape.count))
      return
    }
    source.offset += map.offset
    let walk = Walk(strides: map.strides, of: shape, in: shape)
    emitRead(walk, source, out, shape.count, map, shape)
  }

  private func emitRead(
    _ walk: Walk, _ source: Place, _ out: Place, _ count: Int, _ map: StridedMap, _ shape: Shape
  ) {
    guard walk.sizes.count <= Int(CK_DIMENSIONS) else {
      let from = Place(base: source.base, offset: source.offset - map.offset)
      steps.append(
        .gather(from, size: Int.max, indices: table(map, shape), to: out, count: count))
      return
    }
    steps.append(.read(from: source, map: addMap(walk, source), to: out, count: count))
  }

  /// The offsets of a map as a known array, for what has no fast path.
  func table(_ map: StridedMap, _ shape: Shape) -> Place {
    var offsets: [Double] = []
    offsets.reserveCapacity(shape.count)
    map.forEachOffset(in: shape) { offsets.append(Double($0)) }
    return place(of: offsets)
  }

  private func emitReduce(_ n: Node, _ shape: Shape, _ out: Place) {
    let reduction = plan.graph.reductions[Int(n.payload)]
    let source = plan.shape(n.a)
    let order = FoldOrder(reduction.dimensions, source)
    guard shape.count > 0 else { return }
    var from = location(n.a)
    var temporary: Int?
    if !order.isInPlace, source.count > 0 {
      let start = arena.take(source.count)
      temporary = start
      let sorted = Place(base: 0, offset: start)
      let walk = Walk(strides: order.map.strides, of: order.shape, in: order.shape)
      emitRead(walk, from, sorted, source.count, order.map, order.shape)
      from = sorted
    }
    scratch = max(scratch, order.inner)
    steps.append(
      .reduce(
        Folding.Kind(rawValue: reduction.kind.rawValue) ?? .sum, from, outer: order.outer,
        length: order.length, inner: order.inner, to: out))
    if let temporary { arena.give(temporary, source.count) }
  }
}
