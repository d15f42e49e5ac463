/// Reverse rules of the nodes that move elements: view ↔ assemble, gather ↔ scatter.
import OptGraph
import OptNumerics

extension ReverseSweep {
  mutating func pullView(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    guard wants(node.a) else { return }
    let target = graph.shape(of: node.a)
    let shape = graph.shape(of: index)
    let map = graph.maps[Int(node.payload)]
    // Dimensions that repeat elements are added up first.
    var sizes = shape.dimensions
    for k in 0..<sizes.count where map.strides[k] == 0 { sizes[k] = 1 }
    let levels = shape.lanes.count
    let folded = Shape(dimensions: sizes)
    // Trailing lanes of size 1 are left out of a shape.
    var strides = Array(map.strides[..<folded.lanes.count])
    strides += map.strides[levels...]
    let trimmed = StridedMap(offset: map.offset, strides: strides)
    let value = adjoint.value.summed(from: shape, to: folded)
    let alive = adjoint.predicate?.anyAlive(from: shape, to: folded)
    if let inverse = trimmed.inverse(from: folded, to: target) {
      adjoints.add(
        value.through(inverse, folded, target), to: node.a,
        where: alive?.through(inverse, folded, target))
    } else {
      adjoints.add(
        piece: value.broadcast(to: folded), at: trimmed, to: node.a, where: alive)
    }
  }

  mutating func pullAssemble(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    let shape = graph.shape(of: index)
    let assembly = graph.assemblies[Int(node.payload)]
    let value = adjoint.value.broadcast(to: shape)
    let alive = adjoint.predicate?.broadcast(to: shape)
    let owners = assembly.adds ? nil : Owners(assembly, shape, graph)
    for (k, piece) in assembly.pieces.enumerated() where wants(piece.node) {
      let target = graph.shape(of: piece.node)
      var part = value.view(piece.map, target)
      if let owners {
        switch owners.survival(of: k, target) {
        case .all: break
        case .none: continue
        case .some(let mask):
          part = graph.select(graph.array(mask, target), part, graph.number(0))
        }
      }
      adjoints.add(part, to: piece.node, where: alive?.view(piece.map, target))
    }
  }

  mutating func pullGather(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    guard wants(node.a) else { return }
    let offsets = expression(node.b)
    let value = adjoint.value.broadcast(to: graph.shape(of: index))
    if let known = offsets.constant, known >= 0, known < Double(graph.shape(of: node.a).count) {
      adjoints.add(
        piece: value, at: StridedMap(offset: Int(known), strides: [0, 0]), to: node.a,
        where: adjoint.predicate)
    } else {
      adjoints.add(scattered: value, at: offsets, to: node.a, where: adjoint.predicate)
    }
  }

  mutating func pullScatter(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    guard wants(node.a) else { return }
    let shape = graph.shape(of: index)
    let offsets = expression(node.b)
    adjoints.add(
      adjoint.value.broadcast(to: shape).gather(offsets), to: node.a,
      where: adjoint.predicate?.broadcast(to: shape).gather(offsets))
  }
}

/// Which piece of an overwriting `assemble` each element comes from.
private struct Owners {
  enum Survival { case all, none, some(Buffer) }
  private var owner: [Int32]
  private let assembly: Assembly

  init(_ assembly: Assembly, _ shape: Shape, _ graph: Graph) {
    self.assembly = assembly
    owner = [Int32](repeating: -1, count: shape.count)
    for (k, piece) in assembly.pieces.enumerated() {
      piece.map.forEachOffset(in: graph.shape(of: piece.node)) { offset in
        if owner.indices.contains(offset) { owner[offset] = Int32(clamping: k) }
      }
    }
  }

  /// Which elements of piece `k` were not overwritten by later ones.
  func survival(of k: Int, _ shape: Shape) -> Survival {
    var mask: [Double] = []
    mask.reserveCapacity(shape.count)
    var alive = 0
    assembly.pieces[k].map.forEachOffset(in: shape) { offset in
      let mine = owner.indices.contains(offset) && Int(owner[offset]) == k
      mask.append(mine ? 1 : 0)
      if mine { alive += 1 }
    }
    return alive == mask.count ? .all : alive == 0 ? .none : .some(Buffer(mask))
  }
}

extension StridedMap {
  /// If this map takes the elements of `shape` one to one onto all of `target`: how to go back.
  func inverse(from shape: Shape, to target: Shape) -> Inverse? {
    guard offset == 0, shape.count == target.count else { return nil }
    if isContiguous(for: shape) { return .reshape }
    let sizes = shape.dimensions
    let targetSizes = target.dimensions
    let targetStrides = target.strides
    var order = [Int](repeating: -1, count: targetSizes.count)
    for j in 0..<targetSizes.count where targetSizes[j] != 1 {
      for k in 0..<sizes.count where sizes[k] == targetSizes[j] && strides[k] == targetStrides[j] {
        order[j] = k
      }
      if order[j] < 0 { return nil }
    }
    return .permute(order)
  }

  enum Inverse {
    /// The same memory with another shape.
    case reshape
    /// Dimension `j` of the target is dimension `order[j]` of the source; -1: of size 1.
    case permute([Int])
  }
}

extension Expression {
  /// Applies the inverse of a view; `self` broadcasts to `shape`, the result to `target`.
  func through(_ inverse: StridedMap.Inverse, _ shape: Shape, _ target: Shape) -> Expression {
    if self.shape.isScalar { return self }
    switch inverse {
    case .reshape:
      return broadcast(to: shape).view(StridedMap(strides: target.strides), target)
    case .permute(let order):
      let whole = broadcast(to: shape)
      let strides = shape.strides
      return whole.view(StridedMap(strides: order.map { $0 < 0 ? 0 : strides[$0] }), target)
    }
  }
}
