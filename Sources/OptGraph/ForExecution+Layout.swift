/// Rewrites of views in the pass for execution, and folding of known arrays.
import OptNumerics

extension ForExecution {
  func rewriteView(_ index: Int32, _ node: Node) -> Expression {
    let shape = source.shape(of: index)
    var map = source.maps[Int(node.payload)]
    if let loop = loops[node.a] {
      // Its parts lie elsewhere now.
      map.offset += loop.shift(map.reach(shape).low)
      return moved(node.a).view(map, shape)
    }
    // A transposed product that nothing else reads is the product of the transposes.
    let inner = source.nodes[Int(node.a)]
    if inner.operation == .product && usesOnce(node.a) {
      let product = source.shape(of: node.a)
      let turned = product.with(rows: Int(product.columns), columns: Int(product.rows))
      if shape == turned, map == Self.transposition(of: product) {
        let made = moved(node.a)
        let n = made.node
        if n.operation == .product {
          let (a, b) = (
            Expression(graph: target, index: n.a), Expression(graph: target, index: n.b)
          )
          return b.product(
            a, transposeLeft: n.payload & 2 == 0, transposeRight: n.payload & 1 == 0)
        }
      }
    }
    return whole(node.a).viewThrough(map, shape)
  }

  static func transposition(of shape: Shape) -> StridedMap {
    var strides = shape.strides
    strides.swapAt(strides.count - 1, strides.count - 2)
    return StridedMap(strides: strides)
  }
}

extension Expression {
  /// A view, of what this is a view of if the two maps make one.
  func viewThrough(_ map: StridedMap, _ shape: Shape) -> Expression {
    let n = node
    guard n.operation == .view,
      let joined = graph.maps[Int(n.payload)].composed(
        over: self.shape, with: map, for: shape)
    else { return view(map, shape) }
    return Expression(graph: graph, index: n.a).view(joined, shape)
  }

  /// If this only repeats a smaller value: that value.
  package var beforeRepeating: Expression {
    let n = node
    guard n.operation == .view else { return self }
    let inner = Expression(graph: graph, index: n.a)
    let map = graph.maps[Int(n.payload)]
    let (mine, small) = (shape, inner.shape)
    guard map.offset == 0, small.lanes.count <= mine.lanes.count else { return self }
    let sizes = small.dimensions(levels: mine.lanes.count)
    let large = mine.dimensions
    var step = 1
    for k in stride(from: sizes.count - 1, through: 0, by: -1) {
      let expected = sizes[k] == 1 ? 0 : step
      if large[k] != 1 && map.strides[k] != expected { return self }
      if sizes[k] != 1 && sizes[k] != large[k] { return self }
      step *= sizes[k]
    }
    return inner
  }

  /// If this transposes the matrix of each lane: that matrix.
  var beforeTransposing: Expression? {
    let n = node
    guard n.operation == .view else { return nil }
    let inner = Expression(graph: graph, index: n.a)
    let s = inner.shape
    guard shape == s.with(rows: Int(s.columns), columns: Int(s.rows)),
      graph.maps[Int(n.payload)] == ForExecution.transposition(of: s)
    else { return nil }
    return inner
  }

  /// Elementwise nodes, views and sums of known arrays become known arrays, up to 4096 elements.
  func folded() -> Expression {
    let n = node
    let s = shape
    guard s.count <= 4096, s.count > 0 else { return self }
    let operands = graph.operands(of: index)
    guard !operands.isEmpty, operands.contains(where: { graph.nodes[Int($0)].operation == .array })
    else { return self }
    for operand in operands {
      let operation = graph.nodes[Int(operand)].operation
      if operation != .array && operation != .number { return self }
    }
    guard let values = graph.knownValues(n, s) else { return self }
    if let first = values.first, !values.contains(where: { $0.bitPattern != first.bitPattern }) {
      return graph.number(first).broadcast(to: s)
    }
    return graph.array(Buffer(values), s)
  }
}

extension Graph {
  /// The elements of an operand, as a node of `shape` sees them.
  private func known(_ index: Int32, _ shape: Shape) -> [Double] {
    let node = nodes[Int(index)]
    if node.operation == .number {
      return [Double](repeating: numbers[Int(node.payload)], count: shape.count)
    }
    let buffer = arrays[Int(node.payload)]
    let own = self.shape(of: index)
    if own == shape { return Array(buffer.elements) }
    var strides = own.strides
    let sizes = own.dimensions
    for k in sizes.indices where sizes[k] == 1 { strides[k] = 0 }
    let missing = shape.lanes.count - own.lanes.count
    strides.insert(contentsOf: [Int](repeating: 0, count: missing), at: own.lanes.count)
    var result: [Double] = []
    StridedMap(strides: strides).forEachOffset(in: shape) { result.append(buffer[$0]) }
    return result
  }

  fileprivate func knownValues(_ node: Node, _ shape: Shape) -> [Double]? {
    switch node.operation {
    case .apply:
      let a = known(node.a, shape)
      switch FunctionID(index: Int(node.payload)).row.evaluate {
      case .unary(let f): return a.map { f($0) }
      case .binary(let f): return zip(a, known(node.b, shape)).map { f($0, $1) }
      case .ternary: return nil
      }
    case .select:
      let (a, b) = (known(node.b, shape), known(node.c, shape))
      return known(node.a, shape).enumerated().map { $1 != 0 ? a[$0] : b[$0] }
    case .view:
      let buffer = arrays[Int(nodes[Int(node.a)].payload)]
      var result: [Double] = []
      maps[Int(node.payload)].forEachOffset(in: shape) { offset in
        result.append(offset >= 0 && offset < buffer.count ? buffer[offset] : .nan)
      }
      return result
    default: return nil
    }
  }
}

extension StridedMap {
  /// Calls `visit` with the offset of each element of `shape`, in memory order.
  package func forEachOffset(in shape: Shape, _ visit: (Int) -> Void) {
    let sizes = shape.dimensions
    guard !sizes.contains(0) else { return }
    var position = [Int](repeating: 0, count: sizes.count)
    var current = offset
    while true {
      visit(current)
      var k = sizes.count - 1
      while k >= 0 {
        position[k] += 1
        current += strides[k]
        if position[k] < sizes[k] { break }
        current -= strides[k] * sizes[k]
        position[k] = 0
        k -= 1
      }
      if k < 0 { return }
    }
  }

  /// The map that reads through this map's view (of `middle`'s shape) with `outer`, if there is one
  /// with constant strides.
  func composed(over middle: Shape, with outer: StridedMap, for shape: Shape) -> StridedMap? {
    if isContiguous(for: middle) {
      return StridedMap(offset: offset + outer.offset, strides: outer.strides)
    }
    // Steps of the outer map in digits along the middle's dimensions; no digit may carry.
    let natural = middle.strides
    let sizes = middle.dimensions
    let steps = shape.dimensions
    guard !steps.contains(0), !sizes.contains(0) else { return nil }
    var low = natural.map { _ in 0 }
    var high = low
    func digits(_ step: Int) -> [Int] {
      var rest = step
      return natural.map { unit in
        let digit = rest / unit
        rest -= digit * unit
        return digit
      }
    }
    let start = digits(outer.offset)
    var result = StridedMap(offset: offset, strides: [])
    for k in natural.indices {
      result.offset += start[k] * strides[k]
      low[k] = start[k]
      high[k] = start[k]
    }
    for (k, step) in outer.strides.enumerated() {
      guard steps[k] != 1 else {
        result.strides.append(0)
        continue
      }
      let moves = digits(step)
      var total = 0
      for d in moves.indices {
        let reach = moves[d] * (steps[k] - 1)
        low[d] += min(reach, 0)
        high[d] += max(reach, 0)
        total += moves[d] * strides[d]
      }
      result.strides.append(total)
    }
    for d in sizes.indices where low[d] < 0 || high[d] >= sizes[d] { return nil }
    return result
  }
}
