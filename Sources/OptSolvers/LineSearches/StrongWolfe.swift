/// The line search of Moré and Thuente, which still works where rounding hides the decrease.
import OptNumerics

/// Finds α with f(x + αp) ≤ f(x) + c₁ α gᵀp and |∇f(x + αp)ᵀp| ≤ c₂ |gᵀp|.
///
/// Moré & Thuente 1994, "Line search algorithms with guaranteed sufficient decrease", ACM TOMS
/// 20(3): an interval that is known to hold such a step is narrowed by cubic and quadratic
/// interpolation, first of f less the sufficient decrease, then of f. The first condition is
/// relaxed by the rounding error of the value, after the approximate Wolfe conditions of Hager &
/// Zhang 2005, SIAM J. Optim. 16(1): near a minimum the slope, which is accurate to more digits,
/// then decides alone. A trial that is not finite shrinks the step.
package struct StrongWolfe: LineSearch {
  /// Sufficient decrease, c₁.
  package var c1 = 1e-4
  /// Curvature, c₂.
  package var c2 = 0.9
  /// Trials before giving up.
  package var trials = 50
  package init(c2: Double = 0.9) { self.c2 = c2 }

  package static let entry = LineSearchEntry(
    name: "strong_wolfe", summary: "decrease and a flatter slope, after Moré and Thuente",
    help: """
      Accepts a step that lowers the value by c1 of what the slope promises and where the slope is
      at most c2 of the first one. The default of quasi-Newton methods: it keeps their matrix
      positive definite.
      """,
    options: [
      OptionEntry(
        name: "c1", defaultValue: "1e-4", doc: "share of the promised decrease that is demanded",
        kind: .number(c1Range)),
      OptionEntry(
        name: "c2", defaultValue: "0.9", doc: "share of the slope that may be left",
        kind: .number(c2Range)),
    ],
    make: { options in
      var search = StrongWolfe()
      search.c1 = options.number("c1", c1Range, search.c1)
      search.c2 = max(options.number("c2", c2Range, search.c2), search.c1)
      return search
    })

  private static let c1Range = OptionRange(0, 0.5, isOpen: true)
  private static let c2Range = OptionRange(0, 1, isOpen: true)

  package var name: String { Self.entry.name }
  package var label: String { "strong Wolfe, c1 = \(c1), c2 = \(c2)" }
  package var bendsUpward: Bool { true }

  package func search(
    _ run: Run, along direction: UnsafePointer<Double>, slope: Double, first: Double,
    gradient: UnsafeMutablePointer<Double>
  ) -> (step: Double, value: Double)? {
    search(
      run, along: direction, slope: slope, first: first, gradient: gradient, largest: .infinity)
  }

  /// The same with steps of at most `largest`, at which the decrease alone is demanded.
  func search(
    _ run: Run, along direction: UnsafePointer<Double>, slope: Double, first: Double,
    gradient: UnsafeMutablePointer<Double>, largest: Double
  ) -> (step: Double, value: Double)? {
    var line = SearchLine(run, direction, slope, gradient, trials: trials)
    let origin = line.origin
    var interval = Interval(low: origin, high: origin)
    var (width, previousWidth) = (Double.infinity, Double.infinity)
    var isFirstStage = true
    var step = first
    var ceiling = Double.infinity
    while line.left > 0 {
      guard let trial = line.sample(step) else {
        if run.halt != nil { return nil }
        ceiling = step
        interval.limit(step)
        step = interval.low.step + 0.1 * (step - interval.low.step)
        if step == interval.low.step || step <= 0 { break }
        continue
      }
      let test = origin.value + c1 * step * slope + line.slack
      if trial.value <= test, abs(trial.slope) <= -c2 * slope || step >= largest && trial.slope < 0
      {
        return (step, trial.value)
      }
      if isFirstStage, trial.value <= test, trial.slope >= 0 { isFirstStage = false }
      let usesAuxiliary = isFirstStage && trial.value <= interval.low.value && trial.value > test
      var next = interval.narrow(
        trial, tilt: usesAuxiliary ? c1 * slope : 0, slack: line.slack, ceiling: ceiling)
      if interval.isBracket {
        let now = abs(interval.high.step - interval.low.step)
        if now >= 0.66 * previousWidth { next = 0.5 * (interval.low.step + interval.high.step) }
        (previousWidth, width) = (width, now)
        let largest = max(interval.low.step, interval.high.step)
        if now <= 4 * Double.ulpOfOne * largest || next == step { break }
      }
      step = min(next, largest)
      if !step.isFinite || step <= 0 { break }
    }
    return settle(&line, interval.low)
  }

  /// After the last trial: the best step so far, if it is any better than staying.
  private func settle(_ line: inout SearchLine, _ low: LineSample) -> (Double, Double)? {
    let origin = line.origin
    guard low.step > 0, low.value < origin.value || abs(low.slope) < -0.99 * origin.slope,
      let again = line.sample(low.step)
    else { return nil }
    return (again.step, again.value)
  }
}

/// The interval of the search: `low` is its end with the smaller value.
private struct Interval {
  var low: LineSample
  var high: LineSample
  var isBracket = false

  /// Nothing beyond `step` has a value: it bounds the interval, without being known.
  mutating func limit(_ step: Double) {
    guard isBracket else { return }
    high = LineSample(step: step, value: .infinity, slope: .nan)
  }

  /// Takes the trial in and returns the next step: section 4 of Moré & Thuente, cases 1 to 4.
  ///
  /// `tilt` is taken off all slopes for the auxiliary function. Where values differ by less than
  /// `slack`, slopes alone decide.
  mutating func narrow(
    _ trial: LineSample, tilt: Double, slack: Double, ceiling: Double
  ) -> Double {
    func tilted(_ sample: LineSample) -> LineSample {
      LineSample(
        step: sample.step, value: sample.value - sample.step * tilt, slope: sample.slope - tilt)
    }
    let (x, y, t) = (tilted(low), tilted(high), tilted(trial))
    let isFlat = abs(t.value - x.value) <= slack
    let isHigher = t.value > x.value && !isFlat
    let turns = t.slope * (x.slope < 0 ? -1 : 1) < 0 || x.slope == 0
    let secant = t.step + t.slope / (t.slope - x.slope) * (x.step - t.step)
    let cubic = isFlat ? secant : Self.cubic(x, t)
    var next: Double
    if isHigher {
      // Case 1: the value rose, the minimum is in between.
      let parabola =
        x.step + 0.5 * x.slope / ((x.value - t.value) / (t.step - x.step) + x.slope)
        * (t.step - x.step)
      next =
        abs(cubic - x.step) < abs(parabola - x.step) ? cubic : cubic + 0.5 * (parabola - cubic)
    } else if turns {
      // Case 2: the slope changed its sign.
      next = abs(cubic - t.step) > abs(secant - t.step) ? cubic : secant
    } else if abs(t.slope) <= abs(x.slope) {
      // Case 3: the slope became flatter.
      next = extrapolation(x, t, secant, isFlat, ceiling)
    } else if isBracket {
      // Case 4: lower and steeper.
      next = y.slope.isNaN ? 0.5 * (t.step + y.step) : Self.cubic(y, t)
    } else {
      next = Self.farthest(x, t, ceiling)
    }
    if isHigher {
      high = trial
      isBracket = true
    } else {
      if turns {
        high = low
        isBracket = true
      }
      low = trial
    }
    if isBracket {
      let (left, right) = (min(low.step, high.step), max(low.step, high.step))
      let margin = 0.01 * (right - left)
      if !next.isFinite { next = 0.5 * (left + right) }
      return min(max(next, left + margin), right - margin)
    }
    if !next.isFinite { return Self.farthest(x, t, ceiling) }
    return next
  }

  /// Case 3: beyond the trial, or between it and the other end.
  private func extrapolation(
    _ x: LineSample, _ t: LineSample, _ secant: Double, _ isFlat: Bool, _ ceiling: Double
  ) -> Double {
    let cubic = isFlat ? secant : Self.cubic(x, t)
    let isAhead = (cubic - t.step) * (t.step - x.step) > 0
    if isBracket {
      let candidate =
        isAhead && abs(cubic - t.step) < abs(secant - t.step) ? cubic : secant
      let farthest = t.step + 0.66 * (high.step - t.step)
      return t.step > x.step ? min(farthest, candidate) : max(farthest, candidate)
    }
    let largest = Self.farthest(x, t, ceiling)
    let candidate = isAhead && abs(cubic - t.step) > abs(secant - t.step) ? cubic : secant
    let least = t.step + 1.1 * (t.step - x.step)
    return max(min(candidate, largest), min(least, largest))
  }

  /// The largest step after `t` while there is no bracket.
  private static func farthest(_ x: LineSample, _ t: LineSample, _ ceiling: Double) -> Double {
    let next = t.step + 10 * (t.step - x.step)
    return next < ceiling ? next : 0.5 * (t.step + ceiling)
  }

  /// The minimiser of the cubic through values and slopes at both ends.
  private static func cubic(_ a: LineSample, _ b: LineSample) -> Double {
    let theta = 3 * (a.value - b.value) / (b.step - a.step) + a.slope + b.slope
    let scale = max(abs(theta), abs(a.slope), abs(b.slope))
    let square = (theta / scale) * (theta / scale) - (a.slope / scale) * (b.slope / scale)
    var gamma = scale * max(square, 0).squareRoot()
    if b.step < a.step { gamma = -gamma }
    let p = (gamma - a.slope) + theta
    let q = ((gamma - a.slope) + gamma) + b.slope
    return a.step + p / q * (b.step - a.step)
  }
}
