/// Forward mode: how outputs change along given directions of their inputs.
import OptGraph

/// Σ ∂output/∂input · tangent for each output.
///
/// `along` may name inner nodes; the sweep starts at them. A tangent has the shape of its input,
/// broadcasts to it, or has further lanes, beyond all lanes in the graph, for several directions at
/// once; the results then have these lanes too.
package func pushforward(
  _ outputs: [Expression], along tangents: [(Expression, tangent: Expression)]
) -> [Expression] {
  guard let graph = outputs.first?.graph else { return [] }
  var sweep = ForwardSweep(graph, outputs: outputs.map(\.index), tangents)
  sweep.run()
  return outputs.map { output in
    guard let tangent = sweep.tangent(output.index) else { return graph.zeros(output.shape) }
    return tangent.spread(over: output.shape)
  }
}

/// One sweep over the nodes that lie between directions and outputs.
struct ForwardSweep {
  let graph: Graph
  private let first: Int
  private var live: [Bool]
  /// The tangent of a node, or -1 for zero. It broadcasts to the node's shape with further lanes.
  private var tangents: [Int32]

  init(
    _ graph: Graph, outputs: [Int32], _ along: [(Expression, tangent: Expression)]
  ) {
    self.graph = graph
    first = Int(along.map(\.0.index).min() ?? 0)
    live = graph.reachable(from: outputs)
    tangents = [Int32](repeating: -1, count: max(live.count - first, 0))
    for (input, tangent) in along where Int(input.index) - first < tangents.count {
      tangents[Int(input.index) - first] = tangent.index
    }
  }

  func tangent(_ node: Int32) -> Expression? {
    let k = Int(node) - first
    guard k >= 0, k < tangents.count, tangents[k] >= 0 else { return nil }
    return expression(tangents[k])
  }

  func expression(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }

  mutating func run() {
    let origin = graph.currentOrigin
    defer { graph.currentOrigin = origin }
    for k in 0..<tangents.count where tangents[k] < 0 && live[first + k] {
      let index = Int32(first + k)
      guard depends(index) else { continue }
      graph.currentOrigin = graph.origins[Int(index)]
      if let result = push(index), result.constant != 0 { tangents[k] = result.index }
    }
  }

  private func depends(_ index: Int32) -> Bool {
    tangents.withUnsafeBufferPointer { tangents in
      graph.anyOperand(of: index) { operand in
        let j = Int(operand) - first
        return j >= 0 && tangents[j] >= 0
      }
    }
  }

  private func push(_ index: Int32) -> Expression? {
    let node = graph.nodes[Int(index)]
    switch node.operation {
    case .number, .array, .input, .random, .order: return nil
    case .apply: return pushApply(index, node)
    case .select:
      let zero = graph.number(0)
      return graph.select(
        expression(node.a), tangent(node.b) ?? zero, tangent(node.c) ?? zero)
    case .view: return pushView(index, node)
    case .assemble: return pushAssemble(index, node)
    case .gather: return pushGather(node)
    case .scatter: return pushScatter(index, node)
    case .reduce: return pushReduce(index, node)
    case .scan: return pushScan(node)
    case .product: return pushProduct(node)
    case .factor: return full(node.a)
    case .solve: return pushSolve(index, node)
    case .part: return pushPart(index, node)
    case .surrogate: return pushSurrogate(node)
    case .host: return pushHost(index, node)
    case .loop: return pushLoop(index)
    }
  }

  /// The tangent of `node` with all its elements.
  func full(_ node: Int32) -> Expression? { tangent(node)?.spread(over: graph.shape(of: node)) }

  private func pushApply(_ index: Int32, _ node: Node) -> Expression? {
    let function = FunctionID(index: Int(node.payload))
    switch function {
    case .add:
      guard let a = tangent(node.a) else { return tangent(node.b) }
      return tangent(node.b).map { a + $0 } ?? a
    case .subtract:
      guard let a = tangent(node.a) else { return tangent(node.b).map { -$0 } }
      return tangent(node.b).map { a - $0 } ?? a
    case .negate: return tangent(node.a).map { -$0 }
    default:
      let operands = [node.a, node.b, node.c].filter { $0 >= 0 }
      let partials = function.row.partials(operands.map(expression), expression(index))
      var sum: Expression?
      for (operand, partial) in zip(operands, partials) {
        guard let partial, let tangent = tangent(operand) else { continue }
        let term = tangent.times(partial)
        sum = sum.map { $0 + term } ?? term
      }
      return sum
    }
  }

  // MARK: Reductions

  private func pushReduce(_ index: Int32, _ node: Node) -> Expression? {
    let x = expression(node.a)
    let reduction = graph.reductions[Int(node.payload)]
    guard let tangent = tangent(node.a) else { return nil }
    switch reduction.kind {
    case .sum: return tangent.summed(from: x.shape, to: graph.shape(of: index))
    case .maximum, .minimum:
      let taken = graph.select(x.firstExtreme(reduction), tangent, graph.number(0))
      return taken.summed(from: x.shape, to: graph.shape(of: index))
    case .product:
      return pushforward([x.productTree(reduction.dimensions)], along: [(x, tangent: tangent)])[0]
    case .argMaximum, .argMinimum: return nil
    }
  }

  private func pushScan(_ node: Node) -> Expression? {
    guard let tangent = full(node.a) else { return nil }
    let scan = graph.scans[Int(node.payload)]
    let levels = graph.shape(of: node.a).lanes.count
    let moved =
      scan.dimension < levels
      ? scan.dimension : scan.dimension - levels + tangent.shape.lanes.count
    return tangent.scan(moved, reversed: scan.reversed)
  }
}

extension Expression {
  /// All elements of `target`, and the lanes that this expression has beyond.
  func spread(over target: Shape) -> Expression { broadcast(to: target.withLanes(of: shape)) }
}
