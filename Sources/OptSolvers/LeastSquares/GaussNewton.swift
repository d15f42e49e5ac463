/// The method of Gauss and Newton for sums of squares.
import OptNumerics

/// Gauss and Newton's method within a trust region: the full step of the linear model, or the bend
/// of the dogleg path towards steepest descent where that is too long.
///
/// One factorisation a step and no search for a damping; where the Jacobian is singular it goes
/// along what it sees. Powell 1970; Nocedal & Wright 2006, section 4.1 with B = JᵀJ.
package struct GaussNewton: Method {
  package var radius: Double

  package init(radius: Double = 100) { self.radius = radius }

  package static let entry = MethodEntry(
    name: "gauss_newton", summary: "least squares by full steps of the linear model",
    help: """
      For sums of squares: the full step of the linearised residuals, bent towards steepest descent
      where it leaves the trust region (dogleg). `radius` is the size of the first region relative
      to the start.
      """,
    options: [
      OptionEntry(
        name: "radius", defaultValue: "100", doc: "first trust radius, relative to the start",
        kind: .number(.positive))
    ], needs: [.residuals, .jacobian],
    make: { GaussNewton(radius: $0.number("radius", .positive, 100)) }, keepsMatrix: true,
    honours: .bounds)

  package var name: String { "gauss_newton" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "radius", value: "\(radius)"),
      MethodOption(name: "factorisation", value: "QR with column exchanges"),
    ]
  }
  package var needs: Ask { [.residuals, .jacobian] }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration {
    LeastSquaresIteration(run, radius: radius, isDamped: false)
  }
}
