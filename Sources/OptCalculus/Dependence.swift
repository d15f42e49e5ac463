/// Which nodes of a graph depend on given ones.
import OptGraph

/// Follows a graph as it grows: what was found stays, since operands precede their users.
struct Dependence {
  private let graph: Graph
  private let sources: Set<Int32>
  /// Node by node, as far as it was asked for.
  private var known: [Bool] = []

  init(_ graph: Graph, on sources: [Expression]) {
    self.graph = graph
    self.sources = Set(sources.map(\.index))
  }

  /// Whether a node is one of the given ones or depends on one.
  mutating func holds(for index: Int32) -> Bool {
    while known.count <= Int(index) {
      let next = Int32(known.count)
      known.append(sources.contains(next) || graph.anyOperand(of: next) { known[Int($0)] })
    }
    return known[Int(index)]
  }

  /// The answers for all nodes up to `last`.
  mutating func all(to last: Int32) -> [Bool] {
    _ = holds(for: last)
    return Array(known.prefix(Int(last) + 1))
  }
}
