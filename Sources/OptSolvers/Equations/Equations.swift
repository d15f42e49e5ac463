/// What a solver of equations sees: residuals and their Jacobian. Neither text nor graphs.
import OptNumerics

/// A system F(x) = 0 with as many equations as unknowns. One thread at a time.
package protocol Equations: AnyObject {
  /// The number of equations and of unknowns.
  var dimension: Int { get }
  /// Writes F(x), n numbers, and where `jacobian` is given the n×n derivatives row by row.
  func evaluate(
    at x: UnsafePointer<Double>, residuals: UnsafeMutablePointer<Double>,
    jacobian: UnsafeMutablePointer<Double>?
  ) -> Outcome
}
