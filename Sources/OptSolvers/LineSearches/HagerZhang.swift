/// The line search of Hager and Zhang, made for conjugate gradients.
import OptNumerics

/// Narrows an interval whose ends have slopes of opposite sign by double secant steps, until the
/// Wolfe conditions or, within the rounding error of the value, the approximate ones hold:
///
///     f(α) ≤ f(0) + δαf′(0)  or  f(α) ≤ f(0) + ε and (2δ − 1) f′(0) ≥ f′(α),  f′(α) ≥ σf′(0)
///
/// Hager & Zhang 2005, SIAM J. Optim. 16(1), and 2006, ACM TOMS 32(1), Alg. 851: steps L0 to L3, B0
/// to B3, U0 to U3, S1 to S4; ε is the rounding error of the value. A trial that is not finite
/// shrinks the step.
package struct HagerZhang: LineSearch {
  /// Sufficient decrease, δ.
  package var delta = 0.1
  /// Curvature, σ.
  package var sigma = 0.9
  /// Trials before giving up.
  package var trials = 50
  package init(sigma: Double = 0.9) { self.sigma = sigma }

  package static let entry = LineSearchEntry(
    name: "hager_zhang", summary: "approximate Wolfe conditions, exact to the last digit",
    help: """
      Secant steps on the slope, with conditions that hold where rounding hides the decrease of the
      value. The default of cg; worth a try where others stop early.
      """,
    options: [
      OptionEntry(
        name: "delta", defaultValue: "0.1", doc: "share of the promised decrease that is demanded",
        kind: .number(deltaRange)),
      OptionEntry(
        name: "sigma", defaultValue: "0.9", doc: "share of the slope that may be left",
        kind: .number(sigmaRange)),
    ],
    make: { options in
      var search = HagerZhang()
      search.delta = options.number("delta", deltaRange, search.delta)
      search.sigma = max(options.number("sigma", sigmaRange, search.sigma), search.delta)
      return search
    })

  private static let deltaRange = OptionRange(0, 0.5, isOpen: true)
  private static let sigmaRange = OptionRange(0, 1, isOpen: true)

  package var name: String { Self.entry.name }
  package var label: String { "Hager-Zhang, delta = \(delta), sigma = \(sigma)" }
  package var bendsUpward: Bool { true }

  package func search(
    _ run: Run, along direction: UnsafePointer<Double>, slope: Double, first: Double,
    gradient: UnsafeMutablePointer<Double>
  ) -> (step: Double, value: Double)? {
    var search = Search(
      line: SearchLine(run, direction, slope, gradient, trials: trials), constants: self)
    search.run(first)
    if let accepted = search.accepted { return (accepted.step, accepted.value) }
    // After the last trial: the best end of the interval, if it is any better than staying.
    let low = search.low
    guard run.halt == nil, low.step > 0, low.value < search.line.origin.value,
      let again = search.line.sample(low.step)
    else { return nil }
    return (again.step, again.value)
  }

  /// One search: slope(low) < 0 and value(low) ≤ f(0) + ε, slope(high) ≥ 0 or high is unknown.
  private struct Search {
    var line: SearchLine
    let constants: HagerZhang
    var low: LineSample
    var high: LineSample
    var accepted: LineSample?
    private var isOver: Bool { accepted != nil || line.run.halt != nil || line.left <= 0 }

    init(line: SearchLine, constants: HagerZhang) {
      self.line = line
      self.constants = constants
      low = line.origin
      high = line.origin
    }

    mutating func run(_ first: Double) {
      bracket(first)
      while !isOver {
        let width = high.step - low.step
        if width <= 4 * Double.ulpOfOne * high.step { return }
        doubleSecant()
        if !isOver, high.step - low.step > 0.66 * width {
          update(0.5 * (low.step + high.step))
        }
      }
    }

    /// A sample; one that is not finite has an infinite value.
    private mutating func sample(_ step: Double) -> LineSample {
      let found =
        line.sample(step) ?? LineSample(step: step, value: .infinity, slope: .nan)
      if isAcceptable(found) { accepted = found }
      return found
    }

    private func isAcceptable(_ trial: LineSample) -> Bool {
      let origin = line.origin
      guard trial.slope >= constants.sigma * origin.slope else { return false }
      if trial.value <= origin.value + constants.delta * trial.step * origin.slope { return true }
      return trial.value <= origin.value + line.slack
        && trial.slope <= (2 * constants.delta - 1) * origin.slope
    }

    private func isHigh(_ trial: LineSample) -> Bool {
      !(trial.value <= line.origin.value + line.slack)
    }

    /// B0 to B3: grows the step until the interval holds an acceptable one.
    private mutating func bracket(_ first: Double) {
      var step = first
      while !isOver {
        let trial = sample(step)
        if accepted != nil { return }
        if trial.slope >= 0 {
          high = trial
          return
        }
        if isHigh(trial) {
          high = trial
          bisect()
          return
        }
        low = trial
        step *= 5
        if !step.isFinite { return line.left = 0 }
      }
    }

    /// U3: halves until the upper end has a slope that rises.
    private mutating func bisect() {
      while !isOver {
        let width = high.step - low.step
        if width <= 4 * Double.ulpOfOne * high.step { return line.left = 0 }
        let trial = sample(low.step + (high.slope.isNaN ? 0.1 : 0.5) * width)
        if trial.slope >= 0 {
          high = trial
          return
        }
        if isHigh(trial) { high = trial } else { low = trial }
      }
    }

    /// U0 to U3.
    private mutating func update(_ step: Double) {
      guard step > low.step, step < high.step else { return }
      let trial = sample(step)
      if accepted != nil { return }
      if trial.slope >= 0 {
        high = trial
      } else if isHigh(trial) {
        high = trial
        bisect()
      } else {
        low = trial
      }
    }

    private func secant(_ a: LineSample, _ b: LineSample) -> Double {
      (a.step * b.slope - b.step * a.slope) / (b.slope - a.slope)
    }

    /// S1 to S4.
    private mutating func doubleSecant() {
      let (a, b) = (low, high)
      let c = secant(a, b)
      if !c.isFinite { return update(0.5 * (a.step + b.step)) }
      update(c)
      if isOver { return }
      if c == high.step {
        update(secant(b, high))
      } else if c == low.step {
        update(secant(a, low))
      }
    }
  }
}
