/// The method of Levenberg and Marquardt for sums of squares, as a trust region.
import OptNumerics

/// Follows the linear model of the residuals as far as it can be trusted:
///
///     p = argmin ‖r + Jp‖²  with  ‖Dp‖ ≤ Δ,   x ← x + p
///
/// D holds the largest norms of the Jacobian's columns so far, so that units do not matter; Δ grows
/// where the model was right and shrinks where it was not. Choose it for sums of squares: it needs
/// first derivatives only and converges like Newton's method where the residuals are small.
/// Moré 1978, "The Levenberg-Marquardt algorithm: implementation and theory".
package struct LevenbergMarquardt: Method {
  /// The first Δ as a multiple of ‖Dx‖.
  package var radius: Double

  package init(radius: Double = 100) { self.radius = radius }

  package static let entry = MethodEntry(
    name: "levenberg_marquardt", summary: "least squares by the linear model of the residuals",
    help: """
      For sums of squares, which `fit` and `minimize` recognise: each step minimises the squares of
      the linearised residuals within a region whose size follows how right the model was. Needs
      first derivatives only. `radius` is the size of the first region relative to the start.
      """,
    options: [
      OptionEntry(
        name: "radius", defaultValue: "100", doc: "first trust radius, relative to the start",
        kind: .number(.positive))
    ], needs: [.residuals, .jacobian],
    make: { LevenbergMarquardt(radius: $0.number("radius", .positive, 100)) }, keepsMatrix: true,
    honours: .bounds)

  package var name: String { "levenberg_marquardt" }
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
    LeastSquaresIteration(run, radius: radius, isDamped: true)
  }
}
