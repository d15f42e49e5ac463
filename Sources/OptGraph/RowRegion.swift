/// Finding what can be done block by block.

/// The nodes between data and sums over their rows.
struct RowRegion {
  enum Kind { case outside, data, row, closing }

  /// Fewer rows, or fewer numbers in the matrix that is read again, stay in cache anyway.
  private static let leastRows = 512
  private static let leastCount = 65_536

  let graph: Graph
  let rows: Int
  private(set) var kinds: [Kind]
  private(set) var isNeeded: [Bool]
  /// Whether a node depends on a sum over rows.
  private var isAfter: [Bool]
  private(set) var closings: [Int32] = []

  /// Columns of all data together.
  var columns: Int {
    kinds.indices.reduce(0) { sum, k in
      isNeeded[k] && kinds[k] == .data ? sum + Int(graph.shape(of: Int32(k)).columns) : sum
    }
  }

  /// Elements of all sums over rows together.
  var sumCount: Int { closings.reduce(0) { $0 + graph.shape(of: $1).count } }

  /// Nil unless there are products over the rows of large data, and what they need serves them alone.
  init?(_ graph: Graph, _ roots: [Expression]) {
    let live = graph.reachable(from: roots.map(\.index))
    var rows: Int32 = 0
    for k in live.indices where live[k] {
      let node = graph.nodes[k]
      guard node.operation == .product, node.payload == 1 else { continue }
      let shape = graph.shape(of: node.a)
      if shape.lanes.isEmpty, shape.count >= Self.leastCount { rows = max(rows, shape.rows) }
    }
    guard rows >= Self.leastRows else { return nil }
    self.graph = graph
    self.rows = Int(rows)
    kinds = [Kind](repeating: .outside, count: live.count)
    isNeeded = [Bool](repeating: false, count: live.count)
    isAfter = isNeeded
    for k in live.indices where live[k] { classify(Int32(k)) }
    for k in live.indices where live[k] && kinds[k] == .closing { closings.append(Int32(k)) }
    guard closings.contains(where: { graph.nodes[Int($0)].operation == .product }) else {
      return nil
    }
    for k in live.indices.reversed() where kinds[k] == .closing || (isNeeded[k] && kinds[k] == .row)
    {
      graph.forEachOperand(of: graph.nodes[k]) { isNeeded[Int($0)] = true }
    }
    // What is wanted elsewhere, too, would be computed twice.
    for root in roots where kinds[Int(root.index)] == .row && isNeeded[Int(root.index)] {
      return nil
    }
    var escapes = false
    for k in live.indices
    where live[k] && !(isNeeded[k] && kinds[k] == .row) && kinds[k] != .closing {
      graph.forEachOperand(of: graph.nodes[k]) { operand in
        if kinds[Int(operand)] == .row && isNeeded[Int(operand)] { escapes = true }
      }
    }
    if escapes { return nil }
  }

  func isRow(_ index: Int32) -> Bool {
    kinds[Int(index)] == .data || kinds[Int(index)] == .row
  }

  /// Whether a node has the rows of the data.
  private func isTall(_ shape: Shape) -> Bool { shape.lanes.isEmpty && Int(shape.rows) == rows }

  private func isGiven(_ index: Int32) -> Bool {
    kinds[Int(index)] == .outside && !isAfter[Int(index)] && graph.shape(of: index).lanes.isEmpty
  }

  private mutating func classify(_ index: Int32) {
    let node = graph.nodes[Int(index)]
    let kind = kind(node, graph.shape(of: index))
    kinds[Int(index)] = kind
    var after = kind == .closing
    graph.forEachOperand(of: node) { if isAfter[Int($0)] { after = true } }
    isAfter[Int(index)] = after
  }

  private func kind(_ node: Node, _ shape: Shape) -> Kind {
    switch node.operation {
    case .input, .array: return isTall(shape) ? .data : .outside
    case .apply, .select:
      guard isTall(shape) else { return .outside }
      var (fits, hasRows) = (true, false)
      graph.forEachOperand(of: node) { operand in
        if isRow(operand) {
          hasRows = true
        } else if !isGiven(operand) || graph.shape(of: operand).rows != 1 {
          fits = false
        }
      }
      return fits && hasRows ? .row : .outside
    case .view:
      let (map, own) = (graph.maps[Int(node.payload)], graph.shape(of: node.a))
      guard isTall(shape) else { return .outside }
      if isGiven(node.a) { return map.strides[0] == 0 ? .row : .outside }
      // Columns of the same row.
      let last = map.offset + map.strides[1] * (Int(shape.columns) - 1)
      guard isRow(node.a), map.strides[0] == Int(own.columns), map.strides[1] >= 0,
        map.offset >= 0, last < Int(own.columns)
      else { return .outside }
      return .row
    case .reduce:
      let reduction = graph.reductions[Int(node.payload)]
      guard isRow(node.a) else { return .outside }
      if reduction.dimensions == [1] { return .row }
      return reduction.kind == .sum && reduction.dimensions.contains(0) ? .closing : .outside
    case .product:
      if node.payload == 1, isRow(node.a), isRow(node.b) { return .closing }
      return node.payload & 1 == 0 && isRow(node.a) && isGiven(node.b) ? .row : .outside
    default: return .outside
    }
  }
}
