/// Reverse mode: from outputs back to inputs, one sweep for all inputs.
import OptGraph

/// The gradient of the sum of all elements of `y`, one expression of the shape of each of `by`.
///
/// `by` may name inner nodes; the sweep stops at them.
package func gradient(of y: Expression, by inputs: [Expression]) -> [Expression] {
  pullback([(y, seed: y.graph.number(1))], to: inputs)
}

/// Σ seedᵀ · ∂output/∂input for each input. A seed has the shape of its output or broadcasts to it.
package func pullback(
  _ outputs: [(Expression, seed: Expression)], to inputs: [Expression]
) -> [Expression] {
  guard let graph = outputs.first?.0.graph ?? inputs.first?.graph else { return [] }
  var sweep = ReverseSweep(graph, outputs: outputs.map { $0.0.index }, inputs: inputs)
  for (output, seed) in outputs {
    sweep.seed(output.index, seed)
  }
  return sweep.run()
}

/// One sweep: which nodes lie between inputs and outputs, and what has been added up for each.
struct ReverseSweep {
  let graph: Graph
  let inputs: [Expression]
  /// The first node that any input depends on; arrays start there.
  let first: Int
  /// Whether a node depends on an input.
  private var active: [Bool]
  private var isInput: [Bool]
  var adjoints: Adjoints

  init(_ graph: Graph, outputs: [Int32], inputs: [Expression]) {
    self.graph = graph
    self.inputs = inputs
    first = Int(inputs.map(\.index).min() ?? 0)
    let end = Int(outputs.max() ?? -1) + 1
    let count = max(end - first, 0)
    active = [Bool](repeating: false, count: count)
    isInput = active
    adjoints = Adjoints(graph, first: first, count: count)
    for input in inputs where Int(input.index) - first < count {
      active[Int(input.index) - first] = true
      isInput[Int(input.index) - first] = true
    }
    let first = first
    active.withUnsafeMutableBufferPointer { active in
      for index in 0..<count where !active[index] {
        active[index] = graph.anyOperand(of: Int32(first + index)) { operand in
          let k = Int(operand) - first
          return k >= 0 && active[k]
        }
      }
    }
  }

  /// Whether contributions to `node` are wanted.
  func wants(_ node: Int32) -> Bool {
    let k = Int(node) - first
    return k >= 0 && k < active.count && active[k]
  }

  mutating func seed(_ output: Int32, _ seed: Expression) {
    if wants(output) { adjoints.add(seed, to: output, where: nil) }
  }

  /// Sweeps; `note` learns the adjoint of every node.
  mutating func run(noting note: ((Int32, Expression) -> Void)? = nil) -> [Expression] {
    let origin = graph.currentOrigin
    defer { graph.currentOrigin = origin }
    var results: [Int32: Expression] = [:]
    for k in stride(from: active.count - 1, through: 0, by: -1) where active[k] {
      let index = Int32(first + k)
      guard adjoints.has(index) else { continue }
      graph.currentOrigin = graph.origins[Int(index)]
      let adjoint = adjoints.take(index)
      note?(index, adjoint.value)
      if isInput[k] {
        results[index] = adjoint.value
      } else {
        propagate(index, adjoint)
      }
    }
    return inputs.map { input in
      (results[input.index] ?? graph.number(0)).broadcast(to: input.shape)
    }
  }

  private mutating func propagate(_ index: Int32, _ adjoint: Masked) {
    let node = graph.nodes[Int(index)]
    switch node.operation {
    case .number, .array, .input, .random, .order: break
    case .apply: pullApply(index, node, adjoint)
    case .select: pullSelect(index, node, adjoint)
    case .view: pullView(index, node, adjoint)
    case .assemble: pullAssemble(index, node, adjoint)
    case .gather: pullGather(index, node, adjoint)
    case .scatter: pullScatter(index, node, adjoint)
    case .reduce: pullReduce(node, adjoint)
    case .scan: pullScan(index, node, adjoint)
    case .product: pullProduct(index, node, adjoint)
    case .factor: adjoints.add(adjoint.value, to: node.a, where: adjoint.predicate)
    case .solve: pullSolve(index, node, adjoint)
    case .part: pullPart(index, node, adjoint)
    case .surrogate: pullSurrogate(index, node, adjoint)
    case .host: pullHost(index, node, adjoint)
    case .loop: pullLoop(index, adjoint)
    }
  }

  func expression(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }

  /// `value` where `predicate` holds, else 0; the value itself without a predicate.
  func masked(_ value: Expression, _ predicate: Expression?) -> Expression {
    guard let predicate else { return value }
    return graph.select(predicate, value, graph.number(0))
  }
}

extension Graph {
  /// Whether `test` holds for an operand of `node`.
  @inline(__always)
  func anyOperand(of node: Int32, _ test: (Int32) -> Bool) -> Bool {
    let n = nodes[Int(node)]
    if n.operation == .assemble || n.operation == .loop {
      var found = false
      forEachOperand(of: n) { if test($0) { found = true } }
      return found
    }
    return n.a >= 0 && test(n.a) || n.b >= 0 && test(n.b) || n.c >= 0 && test(n.c)
  }
}
