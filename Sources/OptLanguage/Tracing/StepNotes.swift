/// Notes about steps: parts of a function whose derivative is 0 although they change.
import OptCalculus
import OptGraph
import OptSyntax

extension Machine {
  /// Says which parts of `y` depend on `inputs` in jumps only, so that a derivative does not see
  /// them. `consequence` ends the sentence.
  func noteSteps(
    of y: Expression, by inputs: [Expression], _ tracer: Tracer, _ consequence: String
  ) {
    var told: [SourceSpan] = []
    for step in steps(of: y, by: inputs) {
      let origin = Int(y.graph.origins[Int(step.index)])
      guard tracer.origins.indices.contains(origin) else { continue }
      let span = tracer.origins[origin]
      guard !told.contains(span), told.count < 3 else { continue }
      told.append(span)
      let text = span.text.isEmpty ? Formula.of(step).text : span.text
      output(
        .diagnostic(
          Diagnostic(
            .note, "`\(text)` is constant between jumps: its derivative is 0\(consequence)",
            at: span)))
    }
  }

  /// The same for a cost that a method with gradients is to minimise.
  func noteSteps(of cost: TracedFunction) throws {
    let path = try cost.path()
    try tracing(path.tracer) {
      let y = try expression(path.result, .none)
      noteSteps(
        of: y, by: path.inputs, path.tracer,
        ", so gradients do not see it; `nelder_mead` compares values")
    }
  }
}
