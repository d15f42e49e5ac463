/// What fits and sums of squares use when no method is named.
import OptNumerics

/// `levenberg_marquardt` that learns the second derivatives of the residuals from its steps, for where
/// the residuals at the minimum are large, and that ends with a look at the exact Hessian where that
/// is offered for few variables. Dennis, Gay & Welsch 1981, "An adaptive nonlinear least-squares
/// algorithm", ACM TOMS 7(3).
package struct CheckedLeastSquares: Method {
  /// Short steps in a row before they are accelerated. Fits, which often begin far away in a valley
  /// that bends, do without patience.
  package var patience: Int

  package init(patience: Int = 8) { self.patience = patience }

  package var name: String { "levenberg_marquardt" }
  package var options: [MethodOption] {
    LevenbergMarquardt().options + [
      MethodOption(name: "curvature", value: "of the residuals, learnt where it shows"),
      MethodOption(
        name: "acceleration",
        value: patience == 0 ? "geodesic" : "geodesic after \(patience) short steps"),
      MethodOption(name: "check", value: "exact Hessian"),
    ]
  }
  package var needs: Ask { [.residuals, .jacobian] }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration {
    LeastSquaresIteration(
      run, radius: LevenbergMarquardt().radius, isDamped: true, patience: patience)
  }
}
