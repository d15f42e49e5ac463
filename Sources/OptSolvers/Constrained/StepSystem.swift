/// The linear system of an interior point step.
import OptNumerics

/// With the Hessian H of the Lagrangian, a diagonal D, the rows âᵢ = sideᵢ·∇cᵢ and weights wᵢ:
///
///     (H + D) dx + Âᵀy = b,   Â dx − W⁻¹y = −r
protocol StepSystem: AnyObject {
  /// Where the evaluation of H goes, all of it or the stored elements.
  var hessian: UnsafeMutablePointer<Double> { get }
  /// Makes H zero.
  func clearHessian()
  /// The largest |element| of H.
  var hessianSize: Double { get }
  /// Factors it with `shift` added to D. Whether H + D + ÂᵀWÂ is positive definite, so that the step is
  /// one of descent.
  func factor(
    _ run: Run, _ sides: UnsafePointer<Double>, _ diagonal: UnsafePointer<Double>,
    _ weights: UnsafePointer<Double>, shift: Double, _ stop: Stop
  ) -> Bool
  /// Solves it with the last factorisation; whether that is accurate.
  func solve(
    _ run: Run, _ b: UnsafePointer<Double>, _ r: UnsafePointer<Double>,
    into dx: UnsafeMutablePointer<Double>, _ y: UnsafeMutablePointer<Double>
  ) -> Bool
}
