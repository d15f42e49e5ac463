/// `minimize` and `maximize` inside of a function that is traced: the optimum becomes a node with a
/// derivative.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

extension Machine {
  /// The run inside of a function that is traced, as a node of its graph.
  func innerRun(
    _ optimization: Optimization, _ starts: [Value], _ cost: Value, _ method: MethodValue?,
    _ stops: Stops
  ) throws -> Value {
    let names = optimization.bindings.map(\.name)
    let (span, place) = (optimization.span, optimization.subjectSpan)
    let spans = optimization.bindings.map(\.span)
    if let first = optimization.constraints.first {
      throw Diagnostic(
        .error, "an optimum under constraints has no derivative yet", at: first.span,
        help: "leave the clause out where the optimum satisfies it anyway, or call the function "
          + "with numbers")
    }
    if optimization.stops?.custom != nil {
      throw Diagnostic(
        .error, "a run that a function after `until` ends has no derivative", at: span,
        help: "write `until gradient < 1e-10`, or leave the clause out")
    }
    if optimization.resume != nil || optimization.stops?.checkpoint != nil {
      throw Diagnostic(
        .error, "a run inside of a function that is differentiated has no checkpoint", at: span)
    }
    let sentence = try innerSentence(
      optimization.sign < 0 ? "maximize" : "minimize", optimization.bindings, starts, [cost],
      sign: optimization.sign, span, place
    ) { [unowned self] functions, values in
      let value = try self.apply(
        functions[0], values, spans: spans, at: place, calleeSpan: place)
      return try self.costNumber(value, names, place)
    }
    // An optimum does not depend on the numbers of the method; a path holds for those seen here.
    var known = method
    var decide = TracedReplacement { [unowned self] numbers in
      try self.concreteValue(.traced(numbers), "the method", optimization.methodSpan)
    }
    if let method, case .method(let decided) = try decide(.method(method)) { known = decided }
    guard let tracer else { return .nothing }
    let objective = CostObjective(sentence.traced, self)
    let chosen = try atPoint(of: sentence, tracer) { start in
      try objective.prepare(start)
      if objective.isRandom {
        throw Diagnostic(
          .error, "an optimum of a cost that draws random numbers has no derivative", at: span,
          help: "draw the numbers once outside of the cost")
      }
      return try solver(known, objective, start.count, optimization)
    }
    return try innerOptimum(sentence, objective, chosen, stops)
  }

  /// The result of a `minimize` or `maximize` that depends on what is being traced.
  private func innerOptimum(
    _ sentence: InnerSentence, _ objective: CostObjective, _ method: any Method, _ stops: Stops
  ) throws -> Value {
    let run = InnerRun(self, sentence, objective, method, stops)
    let count = sentence.variableCount
    let span = sentence.span
    let found = try implicit(sentence, compute: { run.solve($0, from: $1) }) { path in
      gradient(
        of: try expression(path.result, span), by: Array(path.inputs.prefix(count)))
    } outputs: { path in
      let y = try expression(path.result, span)
      return [y] + gradient(of: y, by: Array(path.inputs.dropFirst(count)))
    }
    // The optimal value changes as the cost does where the optimum stays: the envelope theorem.
    let graph = try place(span)
    let value =
      found.outputs.count == 1
      ? found.outputs[0].apply(.stopGradient)
      : graph.surrogate(
        found.outputs[0], point: found.parameters,
        slope: graph.packed(Array(found.outputs.dropFirst())))
    return .record(
      Record(
        names: ["value", "solution"], values: [Value(value), found.variables],
        report: InnerReport()))
  }
}

/// A result inside of a trace has no counts and no trace.
struct InnerReport: Report {
  func lines(_ style: DisplayStyle) -> [String] { ["a result inside of a derivative"] }
}

/// The run of an inner `minimize` for any parameters.
private final class InnerRun {
  private unowned let machine: Machine
  private let sentence: InnerSentence
  private let objective: CostObjective
  private let method: any Method
  private let stops: Stops

  /// Beyond this many variables the optimum is not made more precise than the run makes it.
  private static let largestPolished = 300

  init(
    _ machine: Machine, _ sentence: InnerSentence, _ objective: CostObjective,
    _ method: any Method, _ stops: Stops
  ) {
    self.machine = machine
    self.sentence = sentence
    self.objective = objective
    self.method = method
    self.stops = stops
  }

  func solve(
    _ parameters: UnsafePointer<Double>, from start: UnsafePointer<Double>
  ) -> ImplicitFunction.Result {
    let resume = machine.suspendTrace()
    defer { resume() }
    let n = sentence.dimension
    sentence.bind(start, parameters)
    objective.failure = nil
    let solution = OptSolvers.minimize(
      objective, from: Array(UnsafeBufferPointer(start: start, count: n)), using: method,
      until: stops, stop: machine.stop)
    var result = ImplicitFunction.Result(x: solution.x)
    if let failure = objective.failure {
      result.error = failure
      return result
    }
    if machine.stop.isRequested {
      result.error = Interrupted(span: sentence.span)
      return result
    }
    func unconverged() -> String {
      let why = [solution.reason.sentence] + (solution.culprit.map(Machine.lines) ?? [])
      return "the inner `\(sentence.verb)` did not converge (\(why.joined(separator: "; ")))"
    }
    switch solution.reason {
    case .valueNotFinite, .gradientNotFinite, .unbounded, .infeasible, .interrupted, .notOffered,
      .notHonoured,
      .stepLimit(_, isDefault: true):
      result.failure = unconverged()
      return result
    default: break
    }
    guard n <= Self.largestPolished else {
      if !solution.reason.isSuccess { result.failure = unconverged() }
      return result
    }
    let singular = "the Hessian of the inner cost is singular at its optimum"
    // What the user's limit ended is only taken for an optimum if it is one.
    let reach = solution.reason.isSuccess ? 0.1 : 1e-4
    switch polish(GradientEquations(objective), &result.x, reach: reach) {
    case .done: break
    case .singular(let direction):
      result.failure =
        singular + ": flat along the direction " + sentence.traced.leaves.named(direction)
    case .degenerate: result.failure = singular + ": flatter than a parabola"
    case .far where solution.reason.isSuccess, .notFinite where solution.reason.isSuccess:
      result.failure =
        "the inner `\(sentence.verb)` ended where Newton's steps lead away from, not at an optimum"
    case .far, .notFinite: result.failure = unconverged()
    case .stopped: result.error = objective.failure ?? Interrupted(span: sentence.span)
    }
    return result
  }
}

extension [Leaf] {
  /// A direction of change in the variables: `x = 1, y = -1`; the elements that are 0 are left out.
  func named(_ direction: [Double]) -> String {
    let blocks = map(\.block)
    let parts = direction.indices.filter { direction[$0] != 0 }.map {
      "\(blocks.name(ofComponent: $0)) = \(NumberFormat.short(direction[$0], digits: 3))"
    }
    let shown = parts.prefix(6).joined(separator: ", ")
    return shown + (parts.count > 6 ? ", …" : "")
  }
}

/// ∇E = 0 with the Hessian.
private final class GradientEquations: Equations {
  private let objective: CostObjective
  init(_ objective: CostObjective) { self.objective = objective }

  var dimension: Int { objective.dimension }

  func evaluate(
    at x: UnsafePointer<Double>, residuals: UnsafeMutablePointer<Double>,
    jacobian: UnsafeMutablePointer<Double>?
  ) -> Outcome {
    var answer = Answer()
    answer.gradient = residuals
    answer.hessian = jacobian
    return objective.evaluate(
      jacobian == nil ? [.value, .gradient] : [.value, .gradient, .hessian], at: x, along: nil,
      into: &answer)
  }
}
