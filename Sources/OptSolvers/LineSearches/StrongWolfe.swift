/// Line search for the strong Wolfe conditions that still works where rounding hides the decrease.
import OptNumerics

/// Finds α with f(x + αp) ≤ f(x) + c₁ α gᵀp and |∇f(x + αp)ᵀp| ≤ c₂ |gᵀp|.
///
/// Bracketing and zoom with safeguarded cubic interpolation: Nocedal & Wright 2006, Alg. 3.5, 3.6.
/// The first condition is relaxed by the rounding error of the value, after the approximate Wolfe
/// conditions of Hager & Zhang 2005, SIAM J. Optim. 16(1): near a minimum the slope, which is
/// accurate to more digits, then decides alone. A trial that is not finite shrinks the step.
package struct StrongWolfe: Sendable {
  /// Sufficient decrease, c₁.
  package var c1 = 1e-4
  /// Curvature, c₂.
  package var c2 = 0.9
  /// Trials before giving up.
  package var trials = 50
  /// Largest growth of the step from one trial to the next.
  package var expansion = 10.0
  package init() {}

  /// A step with value and slope there.
  private struct Sample {
    var step: Double
    var value: Double
    var slope: Double
  }

  /// Searches from `run.x` along `direction`, whose slope is gᵀp < 0. The accepted point is left in
  /// `run.trial`, its gradient in `gradient`. Nil if no step was acceptable; `run.halt` tells
  /// whether that is a refusal.
  func search(
    _ run: Run, along direction: UnsafePointer<Double>, slope: Double, first: Double,
    gradient: UnsafeMutablePointer<Double>
  ) -> (step: Double, value: Double)? {
    var line = Line(
      run: run, direction: direction, gradient: gradient, slack: 4 * run.noise, search: self,
      origin: Sample(step: 0, value: run.value, slope: slope), left: trials)
    guard let found = line.bracket(first) else { return nil }
    return (found.step, found.value)
  }

  /// One search.
  private struct Line {
    let run: Run
    let direction: UnsafePointer<Double>
    let gradient: UnsafeMutablePointer<Double>
    let slack: Double
    let search: StrongWolfe
    let origin: Sample
    var left: Int

    /// Value and slope at `step`; nil if not finite or refused.
    mutating func sample(_ step: Double) -> Sample? {
      left -= 1
      move(run.x, step, direction, into: run.trial, run.dimension)
      var answer = Answer()
      answer.gradient = gradient
      guard run.evaluate([.value, .gradient], at: run.trial, into: &answer) == .done else {
        return nil
      }
      let slope = dot(gradient, direction, run.dimension)
      return slope.isFinite ? Sample(step: step, value: answer.value, slope: slope) : nil
    }

    func isTooHigh(_ trial: Sample) -> Bool {
      trial.value > origin.value + search.c1 * trial.step * origin.slope + slack
    }

    func isFlat(_ trial: Sample) -> Bool { abs(trial.slope) <= -search.c2 * origin.slope }

    /// Grows the step until it is acceptable or an interval holds an acceptable one.
    mutating func bracket(_ first: Double) -> Sample? {
      var previous = origin
      var step = first
      var ceiling = Double.infinity
      while left > 0 {
        guard let trial = sample(step) else {
          if run.halt != nil { return nil }
          ceiling = step
          step = previous.step + 0.1 * (step - previous.step)
          if step <= previous.step { break }
          continue
        }
        if isTooHigh(trial) || previous.step > 0 && trial.value > previous.value + slack {
          return zoom(previous, trial)
        }
        if isFlat(trial) { return trial }
        if trial.slope >= 0 { return zoom(trial, previous) }
        let width = trial.step - previous.step
        var next = trial.step + search.expansion * width
        if trial.slope > previous.slope {
          let secant = trial.step - trial.slope * width / (trial.slope - previous.slope)
          next = min(max(secant, trial.step + 1.1 * width), next)
        }
        if next >= ceiling { next = 0.5 * (trial.step + ceiling) }
        previous = trial
        step = next
        if !step.isFinite || step <= trial.step { break }
      }
      return settle(previous)
    }

    /// Narrows an interval; `low` is its better end and the value falls from there towards `high`.
    mutating func zoom(_ first: Sample, _ second: Sample) -> Sample? {
      var (low, high) = (first, second)
      var highIsKnown = true
      var widths = (Double.infinity, Double.infinity)
      while left > 0 {
        let width = abs(high.step - low.step)
        if width <= 4 * Double.ulpOfOne * max(low.step, high.step) { break }
        var step = 0.5 * (low.step + high.step)
        if highIsKnown, width < 0.66 * widths.1 { step = minimizer(low, high) }
        widths = (width, widths.0)
        guard let trial = sample(step) else {
          if run.halt != nil { return nil }
          high.step = step
          highIsKnown = false
          continue
        }
        if isTooHigh(trial) || trial.value > low.value + slack {
          high = trial
          highIsKnown = true
          continue
        }
        if isFlat(trial) { return trial }
        if trial.slope * (high.step - low.step) >= 0 {
          high = low
          highIsKnown = true
        }
        low = trial
      }
      return settle(low)
    }

    /// The minimiser of the cubic through both ends, kept away from them; the zero of the slope
    /// where the values differ by rounding only.
    func minimizer(_ low: Sample, _ high: Sample) -> Double {
      let width = high.step - low.step
      var fraction: Double
      if abs(high.value - low.value) <= slack {
        fraction = low.slope / (low.slope - high.slope)
      } else {
        // Nocedal & Wright 2006, eq. 3.59.
        let d1 = low.slope + high.slope - 3 * (low.value - high.value) / (low.step - high.step)
        let root = max(d1 * d1 - low.slope * high.slope, 0).squareRoot()
        let d2 = width > 0 ? root : -root
        fraction = 1 - (high.slope + d2 - d1) / (high.slope - low.slope + 2 * d2)
      }
      if !fraction.isFinite { fraction = 0.5 }
      return low.step + min(max(fraction, 0.02), 0.98) * width
    }

    /// After the last trial: the best step so far, if it is any better than staying.
    mutating func settle(_ low: Sample) -> Sample? {
      guard low.step > 0, low.value < origin.value || abs(low.slope) < -0.99 * origin.slope else {
        return nil
      }
      return sample(low.step)
    }
  }
}
