/// Telling why a derivative is not a number.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

extension TracedFunction {
  /// The first node, in the order of evaluation, that has no value at the inputs that `pointers`
  /// name for a reason that has a name: a derivative that is refused, a singular matrix.
  func refusal() throws -> Diagnostic? {
    let path = try path()
    let tracer = path.tracer
    let interpreter = tracer.interpreter
    interpreter.forget()
    for (k, input) in path.inputs.enumerated() {
      let buffer = Buffer(uninitialized: leaves[k].count)
      buffer.pointer.update(from: pointers[k], count: buffer.count)
      interpreter.bind(input, buffer)
    }
    let result = try machine.tracing(tracer) { try machine.expression(path.result, .none) }
    let graph = tracer.graph
    func value(_ index: Int32) -> Buffer {
      interpreter.value(of: Expression(graph: graph, index: index))
    }
    func isFinite(_ index: Int32) -> Bool {
      let buffer = value(index)
      return (0..<buffer.count).allSatisfy { buffer[$0].isFinite }
    }
    let live = graph.reachable(from: [result.index])
    var singular: Diagnostic?
    for index in live.indices where live[index] {
      let node = graph.nodes[index]
      let origin = Int(graph.origins[index])
      let span = tracer.origins.indices.contains(origin) ? tracer.origins[origin] : .none
      if let refusal = Refusal(of: node, in: graph) {
        let condition = value(node.a)
        guard (0..<condition.count).contains(where: { condition[$0] != 0 }) else { continue }
        return Diagnostic(.error, refusal.text, at: span, help: refusal.help)
      }
      guard singular == nil, node.operation == .solve || node.operation == .part else { continue }
      let factor = graph.nodes[Int(node.a)]
      guard !isFinite(Int32(index)), isFinite(factor.a), node.b < 0 || isFinite(node.b) else {
        continue
      }
      let isCholesky = factor.payload == Factorization.cholesky.rawValue
      singular = Diagnostic(
        .error,
        isCholesky ? "the matrix is not positive definite here" : "the matrix is singular here",
        at: span)
    }
    return singular
  }
}
