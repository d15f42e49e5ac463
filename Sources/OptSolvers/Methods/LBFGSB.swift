/// L-BFGS-B: limited memory within bounds.
import OptNumerics

/// BFGS with limited memory for many variables with bounds.
///
///     B = θI − WMWᵀ;  x_C = first minimiser of the model along P(x − t∇f);
///     x̄ = minimiser of the model in the variables that are free at x_C, cut at the box;
///     x ← x + α(x̄ − x)
///
/// No point that is evaluated leaves the bounds. Choose it for many variables with bounds; without
/// bounds it is lbfgs with another search. Byrd, Lu, Nocedal & Zhu 1995, SIAM J. Sci. Comput. 16(5);
/// the step into the box of Morales & Nocedal 2011, ACM TOMS 38(1).
package struct LBFGSB: Method {
  /// Number of pairs kept.
  package var memory: Int

  package init(memory: Int = 10) { self.memory = min(max(memory, 1), 100) }

  package static let entry = MethodEntry(
    name: "lbfgsb", summary: "limited memory within bounds; many variables",
    help: """
      Like lbfgs, for variables with bounds: the quadratic model is minimised first along the
      projected gradient, then in the variables that are free. Never evaluates outside of the box.
      """,
    options: [
      OptionEntry(
        name: "memory", defaultValue: "10", doc: "number of gradient changes kept",
        kind: .number(memoryRange))
    ],
    needs: .gradient, make: { LBFGSB(memory: $0.whole("memory", memoryRange, 10)) },
    honours: .bounds)

  private static let memoryRange = OptionRange.whole(1, 100)

  package var name: String { "lbfgsb" }
  package var options: [MethodOption] { [MethodOption(name: "memory", value: "\(memory)")] }
  package var needs: Ask { .gradient }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run, memory) }

  private final class State: Iteration {
    private let n: Int
    private let model: CompactBFGS
    private let vectors: Buffer
    private let target: UnsafeMutablePointer<Double>
    private let direction: UnsafeMutablePointer<Double>
    private let newGradient: UnsafeMutablePointer<Double>
    private let search = StrongWolfe()
    private var slope = 0.0
    private var length = 0.0
    private var isAimed = false
    /// What the model expected at this point before it was given up.
    private var lastDecrease: Double?

    init(_ run: Run, _ memory: Int) {
      n = run.dimension
      model = CompactBFGS(dimension: n, memory: memory)
      vectors = Buffer(count: 3 * n)
      target = vectors.pointer
      direction = target + n
      newGradient = direction + n
    }

    func step(_ run: Run) -> Advance {
      while true {
        aim(run)
        if slope < 0 {
          let largest = longest(run)
          let first = model.count == 0 ? min(firstStep(run), largest) : min(1, largest)
          if let found = search.search(
            run, along: direction, slope: slope, first: first, gradient: newGradient,
            largest: largest)
          {
            model.remember(run, newGradient)
            length = found.step
            lastDecrease = nil
            isAimed = false
            run.accept(run.trial, value: found.value, gradient: newGradient)
            return .moved
          }
          if run.halt != nil { return .halted }
        }
        if model.count == 0 { return .stuck(.lineSearch) }
        let decrease = -0.5 * slope
        restart(run)
        lastDecrease = decrease
      }
    }

    func measures(_ run: Run) -> Measures {
      aim(run)
      return Measures(
        expectedDecrease: model.count == 0 ? lastDecrease : -0.5 * slope, rate: length)
    }

    func recover(_ run: Run) -> Bool {
      if model.count == 0 { return false }
      restart(run)
      run.note("lbfgsb restarted from the projected gradient")
      return true
    }

    func archive(_ archive: Archive, _ run: Run) {
      model.archive(archive)
      archive.numbers("vectors", vectors.pointer, 3 * n)
      archive.number("slope", &slope)
      archive.number("length", &length)
      archive.flag("isAimed", &isAimed)
      archive.optional("lastDecrease", &lastDecrease)
    }

    func restart(_ run: Run) {
      model.forget()
      isAimed = false
      lastDecrease = nil
    }

    /// The direction to the model's minimiser in the box.
    private func aim(_ run: Run) {
      if isAimed { return }
      isAimed = true
      let isMade = model.minimize(run, into: target)
      for index in 0..<n { direction[index] = target[index] - run.x[index] }
      slope = dot(run.gradient, direction, n)
      if isMade && slope < 0 && slope.isFinite || model.count == 0 { return }
      model.forget()
      isAimed = false
      aim(run)
    }

    private func firstStep(_ run: Run) -> Double {
      let norm = euclideanNorm(direction, n)
      let scale = max(1, 0.1 * maximumNorm(run.x, n))
      return norm > scale ? scale / norm : 1
    }

    /// The largest step along the direction that stays in the box, at least 1 where rounding allows.
    private func longest(_ run: Run) -> Double {
      guard let box = run.box else { return .infinity }
      var largest = Double.infinity
      for index in 0..<n where direction[index] != 0 {
        let bound = direction[index] > 0 ? box.upper[index] : box.lower[index]
        largest = min(largest, (bound - run.x[index]) / direction[index])
      }
      return max(largest, 0)
    }
  }
}
