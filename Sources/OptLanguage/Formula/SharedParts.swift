/// Which parts of a formula are worth a name of their own.
import OptGraph

/// The nodes that a long formula repeats, chosen by how much naming them saves.
struct SharedParts {
  /// In the order of the graph: operands first.
  private(set) var nodes: [Int32] = []

  /// Parts beyond this many do not help reading.
  private static let most = 6
  /// Smaller parts are repeated.
  private static let smallest = 4

  init(_ root: Expression) {
    let graph = root.graph
    let live = graph.reachable(from: [root.index])
    var uses = [Int](repeating: 0, count: live.count)
    var size = [Double](repeating: 1, count: live.count)
    for index in live.indices where live[index] {
      for operand in graph.operands(of: Int32(index)) {
        uses[Int(operand)] += 1
        size[index] = min(size[index] + size[Int(operand)], 1e12)
      }
    }
    while nodes.count < Self.most {
      var best: (index: Int, saving: Double)?
      for index in live.indices where live[index] && uses[index] > 1 {
        guard Int32(index) != root.index, size[index] >= Double(Self.smallest),
          Self.canBeNamed(Int32(index), graph)
        else { continue }
        let saving = Double(uses[index] - 1) * size[index]
        if saving > best?.saving ?? 0 { best = (index, saving) }
      }
      guard let best else { break }
      nodes.append(Int32(best.index))
      // Its users see a name from now on.
      uses[best.index] = 0
      for index in live.indices where live[index] && index > best.index {
        var total = 1.0
        for operand in graph.operands(of: Int32(index)) {
          total += nodes.contains(operand) ? 1 : size[Int(operand)]
        }
        size[index] = min(total, 1e12)
      }
    }
    nodes.sort()
  }

  /// Values that vary along lanes belong to their generators; factorisations have no syntax of
  /// their own; a view is shorter than its name's definition.
  private static func canBeNamed(_ index: Int32, _ graph: Graph) -> Bool {
    guard graph.shape(of: index).lanes.isEmpty else { return false }
    switch graph.nodes[Int(index)].operation {
    case .number, .array, .input, .factor, .order, .view: return false
    default: return true
    }
  }
}
