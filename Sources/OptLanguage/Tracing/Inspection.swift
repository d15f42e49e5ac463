/// What tests and benchmarks ask about traces.
import OptGraph
import OptNumerics
import OptSyntax

extension Session {
  /// The number of nodes of a function's value and gradient, traced at `arguments`.
  package func nodeCount(of function: String, at arguments: [String]) throws -> Int {
    let callee = try evaluate(function)
    let values = try arguments.map { try evaluate($0) }
    var leaves: [Leaf] = []
    let templates = values.map { Template.of($0, named: "x", &leaves) }
    let traced = TracedFunction(
      machine, leaves: leaves, variableCount: leaves.count, at: .none
    ) { [machine] inputs in
      try machine.apply(
        callee, templates.map { $0.value { inputs[$0] } }, spans: [], at: .none, calleeSpan: .none)
    }
    let matrices = zip(templates, values).flatMap { template, value in
      (template.leaves(of: value) ?? []).compactMap(\.matrix)
    }
    for (k, matrix) in matrices.enumerated() {
      traced.pointers[k] = UnsafePointer(matrix.buffer.pointer)
    }
    let counted = withExtendedLifetime(matrices) {
      LargeStack.run { [machine] in
        Result {
          machine.state.pointee.stackFloor = LargeStack.floor()
          _ = try traced.run(.valueAndGradient)
          return try traced.path().tracer.graph.count
        }
      }
    }
    return try counted.get()
  }
}
