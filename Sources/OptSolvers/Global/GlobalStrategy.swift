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
    options: [], needs: .value, make: { _ in GlobalStrategy() },
    honours: .bounds)

  package var name: String { "global" }
  package var options: [MethodOption] {
    [MethodOption(name: "methods", value: "multistart, dual_annealing, cma_es, direct")]
  }
  package var needs: Ask { .value }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }
  package var isGlobal: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run) }

  private final class State: Iteration {
    private let search: GlobalSearch
    private let n: Int
    private var phase = Phase.multistart
    private var starts = 0
    /// What the local searches from even starts found, and what that counts.
    private var startsLowest = Double.infinity
    private var startsVotes = 0
    private var stages: [any SearchStage] = []
    private var stage = 0
    /// Counted values and gradients at which the turn of the current method ends.
    private var turnEnd = 0

    private enum Phase { case multistart, turns }

    init(_ run: Run) {
      search = GlobalSearch(run)
      n = run.dimension
    }

    /// Values and gradients so far.
    private func work(_ run: Run) -> Int { run.counts.values + run.counts.gradients }

    func step(_ run: Run) -> Advance {
      let advance =
        switch phase {
        case .multistart: multistart(run)
        case .turns: takeTurn(run)
        }
      run.acceptBest()
      return run.halt == nil ? advance : .halted
    }

    func minima(_ run: Run) -> Minima? { search.minima }

    // MARK: Local searches from even starts

    private func multistart(_ run: Run) -> Advance {
      guard search.hasGradient,
        search.descend(run, (starts..<starts + search.depth).map(search.start)) != nil
      else {
        beginTurns(run)
        return .moved
      }
      starts += 1
      if search.isComplete || starts >= GlobalStrategy.startLimit
        || work(run) >= GlobalStrategy.startWork * n
      {
        beginTurns(run)
      }
      return .moved
    }

    // MARK: Turns

    private func slack(_ value: Double) -> Double { 1e-6 * (1 + abs(value)) }

    private func beginTurns(_ run: Run) {
      phase = .turns
      startsLowest = search.minima.all.first?.value ?? .infinity
      startsVotes = search.isComplete ? 2 : search.minima.lowestCount > 1 ? 1 : 0
      stages = makeStages()
      turnEnd = work(run) + GlobalStrategy.turn * n
    }

    private func makeStages() -> [any SearchStage] {
      [
        AnnealingStage(search, DualAnnealing(cycles: Int.max), from: search.start(starts)),
        CMAStage(search, population: 0, restarts: Int.max),
        DirectStage(search, Direct()),
      ]
    }

    func archive(_ archive: Archive, _ run: Run) {
      var isTurning = phase == .turns
      archive.flag("isTurning", &isTurning)
      phase = isTurning ? .turns : .multistart
      archive.count("starts", &starts)
      archive.number("startsLowest", &startsLowest)
      archive.count("startsVotes", &startsVotes)
      archive.count("turnEnd", &turnEnd)
      search.archive(archive)
      guard isTurning else { return }
      if archive.isRestoring { stages = makeStages() }
      archive.count("stage", &stage, in: 0...stages.count - 1)
      for (number, stage) in stages.enumerated() {
        archive.scope("stage\(number)") { stage.archive(archive, run) }
      }
    }

    private func takeTurn(_ run: Run) -> Advance {
      let advance = stages[stage].step(run)
      if case .halted = advance { return .halted }
      var isOver = work(run) >= turnEnd
      if case .finished = advance { isOver = true }
      guard isOver else { return .moved }
      settle(run)
      stage = (stage + 1) % stages.count
      turnEnd = work(run) + GlobalStrategy.turn * n
      let isUsed = work(run) >= GlobalStrategy.limit * n
      guard agree(run) || isUsed else { return .moved }
      search.polish(run)
      let minima = search.minima
      return .finished(
        .searched(
          startsVotes > 1
            ? .rediscovered(times: minima.lowestCount, searches: minima.searches)
            : .evaluations(run.counts.evaluations)))
    }

    /// A local search from what the current method has found.
    private func settle(_ run: Run) {
      let found = stages[stage].lowest
      guard found.value.isFinite, abs(found.value - run.bestValue) > slack(run.bestValue) * 1e-3,
        let solution = search.descend(run, [found.x]), solution.value < found.value
      else { return }
      stages[stage].lowest = (solution.x, solution.value)
    }

    /// Whether all methods but one have found the lowest value, each on its own.
    private func agree(_ run: Run) -> Bool {
      let target = run.bestValue + slack(run.bestValue)
      var votes = stages.filter { $0.lowest.value <= target }.count
      if startsLowest <= target { votes += startsVotes }
      return votes >= GlobalStrategy.votes
    }
  }

  /// Local searches, and values and gradients for each variable, from even starts.
  private static let startLimit = 60
  private static let startWork = 400
  /// Values and gradients in a turn, and in all, for each variable.
  private static let turn = 400
  private static let limit = 6000
  private static let votes = 3
}
