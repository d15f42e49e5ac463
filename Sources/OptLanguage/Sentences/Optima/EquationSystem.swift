/// Equations written in the language, as the solver sees them.
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

/// The differences of the sides of equations as a function of the variables.
final class EquationSystem: Equations {
  let traced: TracedFunction
  let dimension: Int
  /// An error of the program while it was evaluated.
  var failure: (any Error)?

  init(_ traced: TracedFunction) {
    self.traced = traced
    dimension = traced.leaves.prefix(traced.variableCount).reduce(0) { $0 + $1.count }
  }

  /// Traces the equations at the start and counts them.
  func prepare(_ start: [Double], _ span: SourceSpan) throws {
    let path = try start.withUnsafeBufferPointer { start -> TracedPath? in
      guard let base = start.baseAddress else { return nil }
      point(base)
      return try traced.path()
    }
    if path?.tracer.randomKey != nil {
      throw Diagnostic(
        .error, "equations that draw random numbers have no root", at: span,
        help: "draw the numbers once outside of the sentence")
    }
    let count = path?.result.size?.rows ?? dimension
    guard count != dimension else { return }
    let (equations, unknowns) = (
      RunReport.count(count, "equation"), RunReport.count(dimension, "unknown")
    )
    throw Diagnostic(
      .error, "\(equations) for \(unknowns)", at: span,
      help: count > dimension
        ? "what fits best is found by `minimize sum((…).^2) from …`"
        : "give as many equations as there are unknowns, or take unknowns out of `from`")
  }

  private func point(_ x: UnsafePointer<Double>) {
    var place = x
    for (k, leaf) in traced.leaves.prefix(traced.variableCount).enumerated() {
      traced.pointers[k] = place
      place += leaf.count
    }
  }

  func evaluate(
    at x: UnsafePointer<Double>, residuals: UnsafeMutablePointer<Double>,
    jacobian: UnsafeMutablePointer<Double>?
  ) -> Outcome {
    point(x)
    do {
      guard let run = try traced.run(jacobian == nil ? .value : .valueAndJacobian) else {
        return .stopped
      }
      var test = 0.0
      func copy(_ from: UnsafePointer<Double>, _ to: UnsafeMutablePointer<Double>, _ count: Int) {
        for k in 0..<count {
          to[k] = from[k]
          // 0 for finite numbers only.
          test += from[k] - from[k]
        }
      }
      copy(run.output(0), residuals, dimension)
      if let jacobian { copy(run.output(1), jacobian, dimension * dimension) }
      return test == 0 ? .done : .notFinite
    } catch {
      failure = error
      return .stopped
    }
  }

  func culprit(at x: UnsafePointer<Double>) -> Fault? {
    point(x)
    return try? traced.culprit()
  }

  /// A root as a function of what the equations depend on.
  func result(_ solution: RootSolution, _ span: SourceSpan) -> ImplicitFunction.Result {
    var result = ImplicitFunction.Result(x: solution.x, failure: nil, error: failure)
    switch solution.reason {
    case .root: break
    case .interrupted: result.error = failure ?? Interrupted(span: span)
    case .multipleRoot:
      let along =
        solution.flat.map { ": flat along the direction \(traced.leaves.named($0))" } ?? ""
      result.failure = "the Jacobian of the equations is singular at the root" + along
    default: result.failure = "the inner `solve` found no root (\(solution.reason.sentence))"
    }
    return result
  }
}
