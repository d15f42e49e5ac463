/// The global method that is used when none is named.
import OptNumerics

/// Even starts first; where they do not settle the matter, annealing, evolution and division of the
/// box by turns.
///
/// Local searches from a Sobol sequence end the run if they come back to the minima already found
/// (Boender and Rinnooy Kan). Otherwise shares of the evaluations go to dual annealing, to
/// covariance matrix adaptation with restarts, and to DIRECT.
package struct GlobalStrategy: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "global", summary: "looks for the lowest minimum in a box, by several methods in turn",
    help: """
      Searches the box of the bounds, or of the distribution after `~`: local searches from even
      starts, and where these find ever new minima also annealing, an evolution strategy and a
      systematic division of the box. Ends when the minima found are found again.
      """,
    options: [], needs: .value, make: { _ in GlobalStrategy() })

  package var name: String { "global" }
  package var options: [MethodOption] {
    [MethodOption(name: "methods", value: "multistart, dual_annealing, cma_es, direct")]
  }
  package var needs: Ask { .value }
  package var needsDeterministicCosts: Bool { true }
  package var isGlobal: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run) }

  private final class State: Iteration {
    private let search: GlobalSearch
    private let n: Int
    private var starts = 0
    private var hasManyMinima = false
    private var stages: [any Iteration] = []
    private var stage = 0
    /// Evaluations at which the turn of the current stage ends.
    private var turnEnd = 0
    private let budget: Int

    init(_ run: Run) {
      search = GlobalSearch(run)
      n = run.dimension
      budget = 6000 * n
    }

    func step(_ run: Run) -> Advance {
      if !hasManyMinima { return multistart(run) }
      if stages.isEmpty {
        let best = Array(UnsafeBufferPointer(start: run.best, count: n))
        stages = [
          AnnealingStage(search, DualAnnealing(cycles: Int.max), from: best),
          CMAStage(search, population: 0, restarts: Int.max),
          DirectStage(search, Direct()),
        ]
        turnEnd = run.counts.evaluations + 600 * n
      }
      if run.counts.evaluations >= turnEnd {
        stage = (stage + 1) % stages.count
        turnEnd = run.counts.evaluations + 600 * n
      }
      switch stages[stage].step(run) {
      case .halted: return .halted
      case .finished:
        stages.remove(at: stage)
        stage = 0
      default: break
      }
      if run.counts.evaluations >= budget || stages.isEmpty {
        search.polish(run)
        return run.halt == nil ? .finished(.searched(run.counts.evaluations)) : .halted
      }
      return .moved
    }

    private func multistart(_ run: Run) -> Advance {
      guard search.hasGradient,
        search.descend(run, (starts..<starts + search.depth).map(search.start)) != nil
      else {
        if run.halt != nil { return .halted }
        hasManyMinima = true
        return .moved
      }
      starts += 1
      if run.bestValue < run.value || !run.value.isFinite { run.acceptBest() }
      if run.halt != nil { return .halted }
      if search.isComplete {
        return .finished(
          .rediscovered(times: search.minima.lowestCount, searches: search.minima.searches))
      }
      hasManyMinima = starts >= 60 || run.counts.evaluations >= 600 * n
      return .moved
    }

    func minima(_ run: Run) -> Minima? { search.minima }
  }
}
