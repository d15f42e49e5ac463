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
  private func table(_ map: StridedMap, _ shape: Shape) -> Place {
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

  private func emitAssemble(_ index: Int32, _ n: Node, _ shape: Shape, _ out: Place) {
    guard shape.count > 0 else { return }
    let assembly = plan.graph.assemblies[Int(n.payload)]
    let done = plan.accumulated[index]
    let cover = Cover(assembly.pieces, shape.count) { plan.shape($0) }
    if done == nil, !plan.hasEmbedded[Int(index)] { clearGaps(index, shape.count) }
    let adds = assembly.adds && !cover.isDisjoint
    var from = code.count
    for (number, piece) in assembly.pieces.enumerated() {
      let own = plan.shape(piece.node)
      let isEmbedded =
        plan.parent[Int(piece.node)] == index
        && plan.parentOffset[Int(piece.node)] == piece.map.offset
      let isDone = isEmbedded || done?.contains(number) == true
      guard own.count > 0, !isDone else { continue }
      let inside = piece.map.stays(in: shape.count, for: own)
      let target = out.offset + (inside ? piece.map.offset : 0)
      if own.count == 1, inside, target <= Int(Int32.max) {
        code += [
          Int32(adds ? CK_INCREASE : CK_STORE), 1, Int32(truncatingIfNeeded: target),
          scalarPlace(piece.node),
        ]
        continue
      }
      addStores(from)
      from = code.count
      let source = location(piece.node)
      let step: Int32 = own.count == 1 ? 0 : 1
      let walk = Walk(strides: piece.map.strides, of: own, in: own)
      if inside, walk.sizes.count <= Int(CK_DIMENSIONS) {
        let base = Place(base: out.base, offset: target)
        steps.append(
          .write(
            base, map: addMap(walk, base), from: source, step: step, count: own.count,
            adds: adds))
      } else {
        steps.append(
          .scatter(
            source, step: step, indices: table(piece.map, own), to: out, size: shape.count,
            count: own.count, adds: adds))
      }
    }
    addStores(from)
  }

  /// Zeros where no piece of an assembled array will be.
  func clearGaps(_ index: Int32, _ count: Int) {
    let assembly = plan.graph.assemblies[Int(plan.nodes[Int(index)].payload)]
    let cover = Cover(assembly.pieces, count) { plan.shape($0) }
    if !cover.isWhole { steps.append(.clear(location(index), count: count)) }
  }

  /// Merges stores of one kind since `from` into runs.
  private func addStores(_ from: Int) {
    guard code.count > from else { return }
    var merged: [Int32] = []
    var header = -1
    for k in stride(from: from, to: code.count, by: 4) {
      if header >= 0, merged[header] == code[k] {
        merged[header + 1] += 1
      } else {
        header = merged.count
        merged += [code[k], 1]
      }
      merged += [code[k + 2], code[k + 3]]
    }
    code.replaceSubrange(from..., with: merged)
    addTape(from: from)
  }
}

/// Whether pieces that lie in order overlap, and whether they leave gaps.
struct Cover {
  var isDisjoint = true
  var isWhole = false

  init(_ pieces: [Assembly.Piece], _ count: Int, _ shape: (Int32) -> Shape) {
    var ranges: [(start: Int, end: Int)] = []
    ranges.reserveCapacity(pieces.count)
    for piece in pieces {
      let own = shape(piece.node)
      if own.count == 0 { continue }
      guard piece.map.isContiguous(for: own), piece.map.stays(in: count, for: own) else {
        isDisjoint = false
        return
      }
      ranges.append((piece.map.offset, piece.map.offset + own.count))
    }
    ranges.sort { $0.start < $1.start }
    var end = 0
    var gaps = false
    for range in ranges {
      if range.start < end { isDisjoint = false }
      if range.start > end { gaps = true }
      end = max(end, range.end)
    }
    isWhole = isDisjoint && !gaps && end == count
  }
}
