/// Reverse rules of reductions and running sums.
import OptGraph
import OptNumerics

extension ReverseSweep {
  mutating func pullReduce(_ node: Node, _ adjoint: Masked) {
    guard wants(node.a) else { return }
    let reduction = graph.reductions[Int(node.payload)]
    let x = expression(node.a)
    switch reduction.kind {
    case .sum:
      adjoints.add(adjoint.value, to: node.a, where: adjoint.predicate)
    case .maximum, .minimum:
      let mask = x.firstExtreme(reduction)
      adjoints.add(
        graph.select(mask, adjoint.value, graph.number(0)), to: node.a,
        where: adjoint.predicate.map { $0.apply(.and, mask) } ?? mask)
    case .product:
      let tree = x.productTree(reduction.dimensions)
      let seed = adjoint.value.broadcast(to: tree.shape)
      let part = pullback([(tree, seed: seed)], to: [x])[0]
      adjoints.add(masked(part, adjoint.predicate), to: node.a, where: adjoint.predicate)
    case .argMaximum, .argMinimum: break
    }
  }

  mutating func pullScan(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    guard wants(node.a) else { return }
    let shape = graph.shape(of: index)
    let scan = graph.scans[Int(node.payload)]
    adjoints.add(
      adjoint.value.broadcast(to: shape).scan(scan.dimension, reversed: !scan.reversed),
      to: node.a,
      where: adjoint.predicate?.broadcast(to: shape)
        .scan(scan.dimension, reversed: !scan.reversed))
  }
}

extension Expression {
  /// 1 at the element that a maximum or minimum takes its value from, the first one of a tie.
  func firstExtreme(_ reduction: Reduction) -> Expression {
    let place = reduce(
      reduction.kind == .maximum ? .argMaximum : .argMinimum, reduction.dimensions)
    var sizes = shape.dimensions
    for k in 0..<sizes.count where !reduction.dimensions.contains(k) { sizes[k] = 1 }
    let positions = Shape(dimensions: sizes)
    let buffer = Buffer(uninitialized: positions.count)
    for k in 0..<positions.count { buffer[k] = Double(k + 1) }
    return graph.array(buffer, positions).apply(.equal, place)
  }

  /// The product over `dimensions` as elementwise products of halves: about two nodes for every
  /// doubling of the length, and right in every order of derivative when factors are 0.
  func productTree(_ dimensions: [Int]) -> Expression {
    // Lanes that become 1 may be trimmed; positions count from the lanes at the start.
    let levels = shape.lanes.count
    var result = self
    for dimension in dimensions {
      var odd: Expression?
      var size = result.shape.dimensions(levels: levels)[dimension]
      while size > 1 {
        let half = size / 2
        if size % 2 == 1 {
          let last = result.slice(dimension, levels: levels, from: size - 1, count: 1)
          odd = odd.map { $0 * last } ?? last
        }
        result =
          result.slice(dimension, levels: levels, from: 0, count: half)
          * result.slice(dimension, levels: levels, from: half, count: half)
        size = half
      }
      if let odd { result = result * odd }
    }
    return result
  }
}
