/// Gradient descent with a fixed rate or with backtracking.
import OptNumerics

/// Walks against the gradient: the first method of every course and the slowest one.
///
///     x ← x − rate·∇f(x)
///
/// With `rate` every step is taken as it is, so that a rate that is too large is seen to diverge.
/// Without it the step is found by backtracking from the last accepted step, doubled. Choose it to
/// learn or as a baseline. Cauchy 1847; Nocedal & Wright 2006, section 2.2.
package struct GradientDescent: Method {
  /// The fixed learning rate; nil for backtracking.
  package var rate: Double?

  package init(rate: Double? = nil) { self.rate = rate }

  package static let entry = MethodEntry(
    name: "gd", summary: "gradient descent, fixed rate or backtracking",
    help: """
      Steps against the gradient: x ← x − rate ∇f(x). With a rate each step is taken as it is;
      without one the step length is found by backtracking.
      """,
    options: [
      MethodEntry.Option(
        name: "rate", defaultValue: "backtracking", doc: "fixed learning rate")
    ],
    needs: .gradient,
    make: { GradientDescent(rate: $0["rate"]) })

  package var name: String { "gd" }
  package var options: [MethodOption] {
    [MethodOption(name: "rate", value: rate.map { "\($0)" } ?? "backtracking")]
  }
  package var needs: Ask { .gradient }
  package var needsDeterministicCosts: Bool { rate == nil }

  package func start(_ run: Run) -> any Iteration {
    if let rate { return FixedRate(rate) }
    return Searching(run)
  }

  private final class FixedRate: Iteration {
    let rate: Double
    init(_ rate: Double) { self.rate = rate }

    func step(_ run: Run) -> Advance {
      switch run.requireGradient() {
      case .stopped: return .halted
      case .notFinite: return .notFinite
      case .done: break
      }
      move(run.x, -rate, run.gradient, into: run.trial, run.dimension)
      run.accept(run.trial)
      return .moved
    }

    func measures(_ run: Run) -> Measures { Measures(rate: rate) }
  }

  private final class Searching: Iteration {
    private let direction: Buffer
    private let newGradient: Buffer
    private var length: Double
    private let search = Backtracking()
    private let fineSearch = StrongWolfe()

    init(_ run: Run) {
      direction = Buffer(uninitialized: run.dimension)
      let norm = run.gradientNorm
      newGradient = Buffer(uninitialized: run.dimension)
      length = norm > 1 ? 1 / norm : 1
    }

    func step(_ run: Run) -> Advance {
      switch run.requireGradient() {
      case .stopped: return .halted
      case .notFinite: return .notFinite
      case .done: break
      }
      let n = run.dimension
      for index in 0..<n { direction[index] = -run.gradient[index] }
      let slope = -dot(run.gradient, run.gradient, n)
      if let found = search.search(run, along: direction.pointer, slope: slope, first: length) {
        run.accept(run.trial, value: found.value)
        length = 2 * found.step
        return .moved
      }
      if run.halt != nil { return .halted }
      // Where rounding hides the decrease of the value, its slope still shows the way.
      guard
        let found = fineSearch.search(
          run, along: direction.pointer, slope: slope, first: length,
          gradient: newGradient.pointer)
      else { return run.halt == nil ? .stuck(.lineSearch) : .halted }
      run.accept(run.trial, value: found.value, gradient: newGradient.pointer)
      length = 2 * found.step
      return .moved
    }

    func measures(_ run: Run) -> Measures { Measures(rate: length / 2) }
  }
}
