/// Gradient descent with a fixed rate, with a line search, or with the steps of Barzilai and Borwein.
import OptNumerics

/// Walks against the gradient: the first method of every course and the slowest one.
///
///     x ← x − rate·∇f(x)
///
/// With a number as `rate` every step is taken as it is, so that a rate that is too large is seen to
/// diverge. Otherwise the first trial is twice the last step, or with "barzilai_borwein" the length
/// sᵀs/sᵀy that fits the curvature along the last step, and the line search does the rest. Choose it
/// to learn or as a baseline. Cauchy 1847; Nocedal & Wright 2006, section 2.2; Barzilai & Borwein
/// 1988, IMA J. Numer. Anal. 8; its safeguard by the largest of the last ten values: Raydan 1997,
/// SIAM J. Optim. 7(1).
package struct GradientDescent: Method {
  /// Where the step length comes from.
  package enum Rule: Sendable {
    case fixed(Double)
    case search(any LineSearch)
    case barzilaiBorwein
  }
  package var rule: Rule

  package init(rate: Double? = nil) {
    rule = rate.map { .fixed($0) } ?? .search(Backtracking())
  }

  package init(rule: Rule) { self.rule = rule }

  package static let entry = MethodEntry(
    name: "gd", summary: "gradient descent: fixed rate, line search or Barzilai-Borwein",
    help: """
      Steps against the gradient: x ← x − rate ∇f(x). With a rate each step is taken as it is;
      without one the step length is found by the line search. steps = "barzilai_borwein" takes the
      length from the change of the gradient, which is far quicker.
      """,
    options: [
      OptionEntry(name: "rate", defaultValue: "by the search", doc: "fixed learning rate"),
      OptionEntry(
        name: "steps", defaultValue: "\"search\"", doc: "where the step length comes from",
        kind: .word(["search", "barzilai_borwein"])),
      LineSearchCatalogue.option("backtracking"),
    ],
    needs: .gradient,
    make: { options in
      if let rate = options["rate"] { return GradientDescent(rate: rate) }
      if options.word("steps") == "barzilai_borwein" {
        return GradientDescent(rule: .barzilaiBorwein)
      }
      return GradientDescent(rule: .search(options.search("search") ?? Backtracking()))
    })

  package var name: String { "gd" }
  package var options: [MethodOption] {
    var (rate, steps, length) = ("by the search", "search", "none")
    switch rule {
    case .fixed(let given): (rate, steps) = ("\(given)", "fixed")
    case .search(let search): length = search.label
    case .barzilaiBorwein: steps = "Barzilai-Borwein"
    }
    return [
      MethodOption(name: "rate", value: rate), MethodOption(name: "steps", value: steps),
      MethodOption(name: "search", value: length),
    ]
  }
  package var needs: Ask { .gradient }
  package var needsDeterministicCosts: Bool {
    if case .fixed = rule { return false }
    return true
  }

  package func start(_ run: Run) -> any Iteration {
    switch rule {
    case .fixed(let rate): FixedRate(rate)
    case .search(let search): Searching(run, search)
    case .barzilaiBorwein: BarzilaiBorwein(run)
    }
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

    func archive(_ archive: Archive, _ run: Run) {}
  }

  private final class Searching: Iteration {
    private let vectors: Buffer
    private var length: Double
    private let search: any LineSearch
    private let fineSearch = StrongWolfe()

    init(_ run: Run, _ search: any LineSearch) {
      self.search = search
      vectors = Buffer(count: 2 * run.dimension)
      let norm = run.gradientNorm
      length = norm > 1 ? 1 / norm : 1
    }

    func step(_ run: Run) -> Advance {
      let n = run.dimension
      let direction = vectors.pointer
      let newGradient = vectors.pointer + n
      for index in 0..<n { direction[index] = -run.gradient[index] }
      let slope = -dot(run.gradient, run.gradient, n)
      var found = search.search(
        run, along: direction, slope: slope, first: length, gradient: newGradient)
      if run.halt != nil { return .halted }
      if found == nil {
        // Where rounding hides the decrease of the value, its slope still shows the way.
        found = fineSearch.search(
          run, along: direction, slope: slope, first: length, gradient: newGradient)
      }
      guard let found else { return run.halt == nil ? .stuck(.lineSearch) : .halted }
      run.accept(run.trial, value: found.value, gradient: newGradient)
      length = 2 * found.step
      return .moved
    }

    func measures(_ run: Run) -> Measures { Measures(rate: length / 2) }

    func archive(_ archive: Archive, _ run: Run) { archive.number("length", &length) }
  }

  private final class BarzilaiBorwein: Iteration {
    private let vectors: Buffer
    private var length: Double
    private var recent: [Double]
    private var next = 0

    init(_ run: Run) {
      vectors = Buffer(count: run.dimension)
      let norm = run.gradientNorm
      length = norm > 1 ? 1 / norm : 1
      recent = [run.value]
    }

    func step(_ run: Run) -> Advance {
      let n = run.dimension
      let newGradient = vectors.pointer
      let squared = dot(run.gradient, run.gradient, n)
      let ceiling = recent.max() ?? run.value
      var step = length
      for _ in 0..<60 {
        move(run.x, -step, run.gradient, into: run.trial, n)
        var answer = Answer()
        answer.gradient = newGradient
        let outcome = run.evaluate([.value, .gradient], at: run.trial, into: &answer)
        if outcome == .stopped { return .halted }
        if outcome == .done, answer.value <= ceiling - 1e-4 * step * squared + 4 * run.noise {
          accept(run, answer.value, newGradient, step)
          return .moved
        }
        step *= outcome == .done ? 0.25 : 0.1
      }
      return .stuck(.lineSearch)
    }

    private func accept(
      _ run: Run, _ value: Double, _ newGradient: UnsafePointer<Double>, _ step: Double
    ) {
      var (ss, sy) = (0.0, 0.0)
      for index in 0..<run.dimension {
        let s = run.trial[index] - run.x[index]
        ss += s * s
        sy += s * (newGradient[index] - run.gradient[index])
      }
      let fitted = ss / sy
      length = sy > 0 && fitted.isFinite ? min(max(fitted, 1e-30), 1e30) : 10 * step
      if recent.count < 10 { recent.append(value) } else { recent[next % 10] = value }
      next += 1
      run.accept(run.trial, value: value, gradient: newGradient)
    }

    func measures(_ run: Run) -> Measures { Measures(rate: length) }

    func archive(_ archive: Archive, _ run: Run) {
      archive.number("length", &length)
      archive.list("recent", &recent)
      archive.count("next", &next)
      if next < 0 { archive.fail("`next` is negative") }
    }

    func restart(_ run: Run) {
      recent = [run.value]
      next = 0
    }
  }
}
