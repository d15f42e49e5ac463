/// Backtracking line search with the Armijo condition.
import OptNumerics

/// Halves the step until the value falls enough: f(x + αp) ≤ f(x) + c₁ α gᵀp.
///
/// Nocedal & Wright 2006, Alg. 3.1. A value that is not finite shrinks the step.
package struct Backtracking: Sendable {
  /// Sufficient decrease, c₁.
  package var c1 = 1e-4
  /// Factor by which a rejected step shrinks.
  package var shrink = 0.5
  /// Trials before giving up.
  package var trials = 60
  package init() {}

  /// Searches from `run.x` along `direction`, whose slope is gᵀp, and leaves the accepted point in
  /// `run.trial`. Nil if no step was acceptable; `run.halt` tells whether that is a refusal.
  func search(
    _ run: Run, along direction: UnsafePointer<Double>, slope: Double, first: Double
  ) -> (step: Double, value: Double)? {
    var step = first
    let slack = 4 * run.noise
    for _ in 0..<trials {
      move(run.x, step, direction, into: run.trial, run.dimension)
      var answer = Answer()
      switch run.evaluate(.value, at: run.trial, into: &answer) {
      case .stopped: return nil
      case .notFinite: step *= 0.1
      case .done:
        if answer.value <= run.value + c1 * step * slope { return (step, answer.value) }
        // Where rounding hides the decrease no shorter step can show it.
        if -step * slope < slack { return nil }
        step *= shrink
      }
    }
    return nil
  }
}
