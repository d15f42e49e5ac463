/// Nonlinear conjugate gradients.
import OptNumerics

/// Bends each gradient by the last direction: little memory, no matrix.
///
///     p ← −∇f + βp,  x ← x + αp
///     "hager_zhang"     β = (y − 2p yᵀy/pᵀy)ᵀ∇f / pᵀy, at least −1/(‖p‖ min(0.01, ‖∇f‖))
///     "polak_ribiere"   β = max(0, ∇fᵀy / ∇f₋ᵀ∇f₋)
///
/// Choose it for very many variables, when even the few vectors of lbfgs are too many. Hager & Zhang
/// 2005, SIAM J. Optim. 16(1); Nocedal & Wright 2006, section 5.2.
package struct ConjugateGradient: Method {
  /// How the last direction enters.
  package enum Rule: String, Sendable {
    case hagerZhang = "hager_zhang"
    case polakRibiere = "polak_ribiere"
  }
  package var rule: Rule
  /// How the step length is found.
  package var search: any LineSearch

  package init(rule: Rule = .hagerZhang, search: any LineSearch = HagerZhang(sigma: 0.4)) {
    self.rule = rule
    self.search = search
  }

  package static let entry = MethodEntry(
    name: "cg", summary: "conjugate gradients; very many variables",
    help: """
      Bends each gradient by the last direction, after Hager and Zhang or after Polak and Ribière.
      Keeps three vectors only; lbfgs usually needs fewer evaluations.
      """,
    options: [
      OptionEntry(
        name: "beta", defaultValue: "\"hager_zhang\"", doc: "how the last direction enters",
        kind: .word([Rule.hagerZhang.rawValue, Rule.polakRibiere.rawValue])),
      LineSearchCatalogue.option("hager_zhang"),
    ],
    needs: .gradient,
    make: { options in
      ConjugateGradient(
        rule: options.word("beta").flatMap(Rule.init) ?? .hagerZhang,
        search: options.search("search") ?? HagerZhang(sigma: 0.4))
    })

  package var name: String { "cg" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "beta", value: rule.rawValue),
      MethodOption(name: "search", value: search.label),
    ]
  }
  package var needs: Ask { .gradient }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run, rule, search) }

  private final class State: Iteration {
    private let n: Int
    private let rule: Rule
    private let search: any LineSearch
    private let vectors: Buffer
    private let direction: UnsafeMutablePointer<Double>
    private let newGradient: UnsafeMutablePointer<Double>
    private var slope = 0.0
    private var length = 0.0
    /// The last step's α·slope, which the next first trial repeats.
    private var reach = 0.0
    private var isFresh = true

    init(_ run: Run, _ rule: Rule, _ search: any LineSearch) {
      n = run.dimension
      self.rule = rule
      self.search = search
      vectors = Buffer(count: 2 * n)
      direction = vectors.pointer
      newGradient = direction + n
      restart(run)
    }

    func step(_ run: Run) -> Advance {
      while true {
        if let found = search.search(
          run, along: direction, slope: slope, first: firstStep(run), gradient: newGradient)
        {
          length = found.step
          reach = found.step * slope
          bend(run)
          run.accept(run.trial, value: found.value, gradient: newGradient)
          slope = dot(run.gradient, direction, n)
          if !(slope < 0) || !slope.isFinite { restart(run) }
          return .moved
        }
        if run.halt != nil { return .halted }
        if isFresh { return .stuck(.lineSearch) }
        restart(run)
      }
    }

    func measures(_ run: Run) -> Measures { Measures(rate: length) }

    func archive(_ archive: Archive, _ run: Run) {
      archive.numbers("vectors", vectors.pointer, 2 * n)
      archive.number("slope", &slope)
      archive.number("length", &length)
      archive.number("reach", &reach)
      archive.flag("isFresh", &isFresh)
    }

    func restart(_ run: Run) {
      for index in 0..<n { direction[index] = -run.gradient[index] }
      slope = -dot(run.gradient, run.gradient, n)
      isFresh = true
    }

    /// The step that would change the value by as much as the last one: Nocedal & Wright, eq. 3.60.
    private func firstStep(_ run: Run) -> Double {
      if reach < 0, slope < 0 {
        let repeated = reach / slope
        if repeated.isFinite, repeated > 0 { return min(repeated, 100 * length) }
      }
      let norm = euclideanNorm(run.gradient, n)
      let scale = max(1, 0.1 * maximumNorm(run.x, n))
      return norm > scale ? scale / norm : 1
    }

    /// The direction at the trial point; `run.gradient` is still the old gradient.
    private func bend(_ run: Run) {
      var (py, yy, gy, gg, pg) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for index in 0..<n {
        let y = newGradient[index] - run.gradient[index]
        py += direction[index] * y
        yy += y * y
        gy += newGradient[index] * y
        gg += run.gradient[index] * run.gradient[index]
        pg += direction[index] * newGradient[index]
      }
      var beta: Double
      switch rule {
      case .polakRibiere: beta = max(gy / gg, 0)
      case .hagerZhang:
        beta = (gy - 2 * yy / py * pg) / py
        let floor = -1 / (euclideanNorm(direction, n) * min(0.01, gg.squareRoot()))
        beta = max(beta, floor)
      }
      if !beta.isFinite { beta = 0 }
      isFresh = beta == 0
      for index in 0..<n { direction[index] = beta * direction[index] - newGradient[index] }
    }
  }
}
