/// How long a formula is: the measure by which forms compete.

/// Operations of the formulas of the nodes of a graph, counted once each: `+ - * / ^`, signs and
/// calls are 1, names and numbers (with their sign) 0. The graph may grow meanwhile.
struct OperationCounts {
  private var counts: [Int32] = []
  private static let most: Int32 = 1_000_000

  mutating func count(_ x: Expression) -> Int {
    let index = Int(x.index)
    while counts.count <= index { counts.append(found(Int32(counts.count), x.graph)) }
    return Int(counts[index])
  }

  private func found(_ index: Int32, _ graph: Graph) -> Int32 {
    let node = graph.nodes[Int(index)]
    if node.operation == .number {
      let value = Ratio(graph.numbers[Int(node.payload)])
      return value.isDecimal || value.isWhole ? 0 : 1
    }
    var sum: Int32 = 1
    switch node.operation {
    case .input, .array: return 0
    case .view: sum = 0
    default: break
    }
    for operand in graph.operands(of: index) { sum = min(sum + counts[Int(operand)], Self.most) }
    return sum
  }
}
