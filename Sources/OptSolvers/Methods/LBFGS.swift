/// The BFGS method with limited memory.
import OptNumerics

/// BFGS that keeps only the last few changes of the gradient: memory and work are linear in n.
///
///     p = −H ∇f by the two-loop recursion over the last `memory` pairs (s, y)
///
/// Choose it for many variables. Nocedal & Wright 2006, Alg. 7.4 and 7.5; scaling eq. 7.20.
package struct LBFGS: Method {
  /// Number of pairs kept.
  package var memory: Int

  /// How the step length is found.
  package var search: any LineSearch

  package init(memory: Int = 10, search: any LineSearch = StrongWolfe()) {
    self.memory = min(max(memory, 1), 1000)
    self.search = search
  }

  package static let entry = MethodEntry(
    name: "lbfgs", summary: "quasi-Newton with limited memory; many variables",
    help: """
      Like bfgs, but keeps only the last `memory` changes of the gradient, so that the work in a
      step grows linearly with the number of variables.
      """,
    options: [
      OptionEntry(
        name: "memory", defaultValue: "10", doc: "number of gradient changes kept",
        kind: .number(memoryRange)),
      LineSearchCatalogue.option("strong_wolfe"),
    ],
    needs: .gradient,
    make: {
      LBFGS(
        memory: $0.whole("memory", memoryRange, 10), search: $0.search("search") ?? StrongWolfe())
    })

  private static let memoryRange = OptionRange.whole(1, 1000)

  package var name: String { "lbfgs" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "memory", value: "\(memory)"),
      MethodOption(name: "search", value: search.label),
    ]
  }
  package var needs: Ask { .gradient }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run, memory, search) }

  private final class State: Iteration {
    private let n: Int
    private let capacity: Int
    private let steps: Buffer
    private let changes: Buffer
    private let scalars: Buffer
    private let vectors: Buffer
    private let direction: UnsafeMutablePointer<Double>
    private let newGradient: UnsafeMutablePointer<Double>
    private let rho: UnsafeMutablePointer<Double>
    private let alpha: UnsafeMutablePointer<Double>
    private let search: any LineSearch
    private var count = 0
    private var next = 0
    private var gamma = 1.0
    private var slope = 0.0
    private var length = 0.0
    /// What the model expected at this point before it was given up.
    private var lastDecrease: Double?

    init(_ run: Run, _ memory: Int, _ search: any LineSearch) {
      self.search = search
      n = run.dimension
      capacity = memory
      steps = Buffer(uninitialized: n * memory)
      changes = Buffer(uninitialized: n * memory)
      scalars = Buffer(count: 2 * memory)
      vectors = Buffer(count: 2 * n)
      direction = vectors.pointer
      newGradient = vectors.pointer + n
      rho = scalars.pointer
      alpha = scalars.pointer + memory
      aim(run)
    }

    func step(_ run: Run) -> Advance {
      while true {
        let first = count == 0 ? firstStep(run) : 1
        if let found = search.search(
          run, along: direction, slope: slope, first: first, gradient: newGradient)
        {
          remember(run)
          length = found.step
          lastDecrease = nil
          run.accept(run.trial, value: found.value, gradient: newGradient)
          aim(run)
          return .moved
        }
        if run.halt != nil { return .halted }
        if count == 0 { return .stuck(.lineSearch) }
        let decrease = -0.5 * slope
        restart(run)
        lastDecrease = decrease
      }
    }

    func measures(_ run: Run) -> Measures {
      Measures(expectedDecrease: count == 0 ? lastDecrease : -0.5 * slope, rate: length)
    }

    func recover(_ run: Run) -> Bool {
      if count == 0 { return false }
      restart(run)
      run.note("lbfgs restarted from steepest descent")
      return true
    }

    func archive(_ archive: Archive, _ run: Run) {
      archive.count("count", &count)
      archive.count("next", &next)
      guard 0...capacity ~= count, 0..<capacity ~= next else {
        (count, next) = (0, 0)
        return archive.fail("it keeps another number of steps")
      }
      archive.numbers("steps", steps.pointer, n * count)
      archive.numbers("changes", changes.pointer, n * count)
      archive.numbers("scalars", scalars.pointer, 2 * capacity)
      archive.numbers("direction", direction, n)
      archive.number("gamma", &gamma)
      archive.number("slope", &slope)
      archive.number("length", &length)
      archive.optional("lastDecrease", &lastDecrease)
    }

    func restart(_ run: Run) {
      count = 0
      next = 0
      gamma = 1
      lastDecrease = nil
      aim(run)
    }

    private func firstStep(_ run: Run) -> Double {
      let norm = euclideanNorm(run.gradient, n)
      let scale = max(1, 0.1 * maximumNorm(run.x, n))
      return norm > scale ? scale / norm : 1
    }

    /// Stores the pair of the step from `run.x` to `run.trial`, if its curvature is positive.
    private func remember(_ run: Run) {
      let s = steps.pointer + next * n
      let y = changes.pointer + next * n
      for index in 0..<n {
        s[index] = run.trial[index] - run.x[index]
        y[index] = newGradient[index] - run.gradient[index]
      }
      let sy = dot(s, y, n)
      let yy = dot(y, y, n)
      guard sy > 1e-14 * (dot(s, s, n) * yy).squareRoot(), sy.isFinite, yy.isFinite, yy > 0 else {
        return
      }
      rho[next] = 1 / sy
      gamma = sy / yy
      next = (next + 1) % capacity
      count = min(count + 1, capacity)
    }

    /// The search direction at `run.x`.
    private func aim(_ run: Run) {
      for index in 0..<n { direction[index] = -run.gradient[index] }
      for back in 0..<count {
        let pair = (next + capacity - 1 - back) % capacity
        alpha[pair] = rho[pair] * dot(steps.pointer + pair * n, direction, n)
        addMultiple(-alpha[pair], changes.pointer + pair * n, to: direction, n)
      }
      if count > 0 { for index in 0..<n { direction[index] *= gamma } }
      for forward in 0..<count {
        let pair = (next + capacity - count + forward) % capacity
        let beta = rho[pair] * dot(changes.pointer + pair * n, direction, n)
        addMultiple(alpha[pair] - beta, steps.pointer + pair * n, to: direction, n)
      }
      slope = dot(run.gradient, direction, n)
      if !(slope < 0), count > 0, maximumNorm(run.gradient, n) > 0 { restart(run) }
    }
  }
}
