/// Backtracking line search with the Armijo condition.
import OptNumerics

/// Shrinks the step until the value falls enough: f(x + αp) ≤ f(x) + c₁ α gᵀp.
///
/// The next trial is the minimiser of the parabola through what is known, kept between a tenth of
/// the step and `shrink` times the step. Nocedal & Wright 2006, Alg. 3.1 and section 3.5; Dennis &
/// Schnabel 1983, Alg. A6.3.1. A value that is not finite shrinks the step to a tenth.
package struct Backtracking: LineSearch {
  /// Sufficient decrease, c₁.
  package var c1 = 1e-4
  /// Largest factor by which a rejected step shrinks.
  package var shrink = 0.5
  /// Trials before giving up.
  package var trials = 60
  package init() {}

  package static let entry = LineSearchEntry(
    name: "backtracking", summary: "shrinks the step until the value falls enough",
    help: """
      Armijo's condition: the value must fall by c1 times what the slope promises. One value for
      each trial, no gradients, so it is the cheapest for methods with a good step of their own.
      """,
    options: [
      OptionEntry(
        name: "c1", defaultValue: "1e-4", doc: "share of the promised decrease that is demanded",
        kind: .number(c1Range)),
      OptionEntry(
        name: "shrink", defaultValue: "0.5", doc: "largest factor for a rejected step",
        kind: .number(shrinkRange)),
    ],
    make: { options in
      var search = Backtracking()
      search.c1 = options.number("c1", c1Range, search.c1)
      search.shrink = options.number("shrink", shrinkRange, search.shrink)
      return search
    })

  private static let c1Range = OptionRange(0, 0.5, isOpen: true)
  private static let shrinkRange = OptionRange(0.1, 0.99)

  package var name: String { Self.entry.name }
  package var label: String { "backtracking, c1 = \(c1), shrink = \(shrink)" }
  package var bendsUpward: Bool { false }

  package func search(
    _ run: Run, along direction: UnsafePointer<Double>, slope: Double, first: Double,
    gradient: UnsafeMutablePointer<Double>
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
        let value = answer.value
        if value <= run.value + c1 * step * slope {
          answer.gradient = gradient
          guard run.evaluate(.gradient, at: run.trial, into: &answer) == .done else {
            if run.halt != nil { return nil }
            step *= 0.1
            continue
          }
          return (step, value)
        }
        // Where rounding hides the decrease no shorter step can show it.
        if -step * slope < slack { return nil }
        let parabola = -0.5 * slope * step / (value - run.value - slope * step)
        step *= min(max(parabola.isFinite ? parabola : 0, 0.1), shrink)
      }
    }
    return nil
  }
}
