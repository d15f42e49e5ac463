/// Forward rules of the nodes that move elements.
///
/// A tangent may have further lanes, one per direction. Maps of strides count in the memory of the
/// original operand, so these lanes are brought to the outside first, where they are one more
/// dimension of a constant stride.
import OptGraph
import OptNumerics

/// The lanes that a tangent has beyond those of its node, by level.
struct ExtraLanes {
  var levels: [Int]
  var sizes: [Int]

  init(of tangent: Shape, beyond node: Shape) {
    levels = []
    sizes = []
    for (level, size) in tangent.lanes.enumerated() where size != 1 {
      if level < node.lanes.count && node.lanes[level] != 1 { continue }
      levels.append(level)
      sizes.append(Int(size))
    }
  }

  var isEmpty: Bool { levels.isEmpty }

  /// Strides of these lanes when each step is a whole array of `count` elements.
  func strides(count: Int) -> [Int] {
    var result = [Int](repeating: count, count: sizes.count)
    for k in stride(from: sizes.count - 2, through: 0, by: -1) {
      result[k] = result[k + 1] * sizes[k + 1]
    }
    return result
  }

  /// `node` with these lanes.
  func shape(over node: Shape) -> Shape {
    var sizes = node.dimensions(levels: max(node.lanes.count, (levels.last ?? -1) + 1))
    for (level, size) in zip(levels, self.sizes) { sizes[level] = size }
    return Shape(dimensions: sizes)
  }

  /// The strides of `shape(over: node)`, given those of `node` itself.
  func strides(_ inner: [Int], of node: Shape, count: Int) -> [Int] {
    let total = shape(over: node).lanes.count
    let lanes = inner.count - 2
    var result = (0..<total).map { $0 < lanes ? inner[$0] : 0 }
    for (level, step) in zip(levels, strides(count: count)) where level < total {
      result[level] = step
    }
    return result + inner.suffix(2)
  }

  /// The shape with these lanes outermost in memory.
  func outside(_ node: Shape) -> Shape {
    Shape(dimensions: sizes + node.dimensions)
  }
}

extension Expression {
  /// A tangent of all elements of `node`, with the extra lanes brought outside.
  func bringingOutside(_ extra: ExtraLanes, of node: Shape) -> Expression {
    if node.laneCount == 1 { return self }
    let mine = shape
    let strides = mine.strides
    var order = extra.levels.map { strides[$0] }
    for level in 0..<node.lanes.count {
      order.append(node.lanes[level] == 1 || level >= mine.lanes.count ? 0 : strides[level])
    }
    return view(StridedMap(strides: order + strides.suffix(2)), extra.outside(node))
  }

  /// The opposite of `bringingOutside`.
  func bringingInside(_ extra: ExtraLanes, of node: Shape) -> Expression {
    let target = extra.shape(over: node)
    return view(
      StridedMap(strides: extra.strides(node.strides, of: node, count: node.count)), target)
  }
}

extension ForwardSweep {
  func pushView(_ index: Int32, _ node: Node) -> Expression? {
    guard let tangent = full(node.a) else { return nil }
    let source = graph.shape(of: node.a)
    let target = graph.shape(of: index)
    let map = graph.maps[Int(node.payload)]
    let extra = ExtraLanes(of: tangent.shape, beyond: source)
    if extra.isEmpty { return tangent.view(map, target) }
    let strides = extra.strides(map.strides, of: target, count: source.count)
    return tangent.bringingOutside(extra, of: source)
      .view(StridedMap(offset: map.offset, strides: strides), extra.shape(over: target))
  }

  func pushAssemble(_ index: Int32, _ node: Node) -> Expression? {
    let target = graph.shape(of: index)
    let assembly = graph.assemblies[Int(node.payload)]
    let tangents = assembly.pieces.map { full($0.node) }
    var lanes = Shape.scalar
    for (piece, tangent) in zip(assembly.pieces, tangents) {
      guard let tangent else { continue }
      let extra = ExtraLanes(of: tangent.shape, beyond: graph.shape(of: piece.node))
      lanes = lanes.withLanes(of: extra.shape(over: .scalar))
    }
    let extra = ExtraLanes(of: lanes, beyond: .scalar)
    var pieces: [(expression: Expression, map: StridedMap)] = []
    for (piece, tangent) in zip(assembly.pieces, tangents) {
      let shape = graph.shape(of: piece.node)
      guard tangent != nil || !assembly.adds else { continue }
      let whole = (tangent ?? graph.number(0)).broadcast(to: extra.shape(over: shape))
      let strides = extra.strides(piece.map.strides, of: shape, count: target.count)
      pieces.append((whole, StridedMap(offset: piece.map.offset, strides: strides)))
    }
    if extra.isEmpty { return graph.assemble(target, adds: assembly.adds, pieces) }
    return graph.assemble(extra.outside(target), adds: assembly.adds, pieces)
      .bringingInside(extra, of: target)
  }

  func pushGather(_ node: Node) -> Expression? {
    guard let tangent = full(node.a) else { return nil }
    let source = graph.shape(of: node.a)
    let extra = ExtraLanes(of: tangent.shape, beyond: source)
    let offsets = expression(node.b)
    if extra.isEmpty { return tangent.gather(offsets) }
    return tangent.bringingOutside(extra, of: source)
      .gather(offsets + steps(extra, source.count))
  }

  func pushScatter(_ index: Int32, _ node: Node) -> Expression? {
    guard let tangent = full(node.a) else { return nil }
    let source = graph.shape(of: node.a)
    let target = graph.shape(of: index)
    let extra = ExtraLanes(of: tangent.shape, beyond: source)
    let offsets = expression(node.b)
    if extra.isEmpty { return tangent.scatter(offsets, into: target) }
    return tangent.scatter(offsets + steps(extra, target.count), into: extra.outside(target))
      .bringingInside(extra, of: target)
  }

  /// For every extra lane, how many elements to skip.
  private func steps(_ extra: ExtraLanes, _ count: Int) -> Expression {
    let shape = extra.shape(over: .scalar)
    let buffer = Buffer(uninitialized: shape.count)
    for k in 0..<shape.count { buffer[k] = Double(k * count) }
    return graph.array(buffer, shape)
  }
}
