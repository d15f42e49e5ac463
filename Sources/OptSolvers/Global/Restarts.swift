/// A local method from many starts.
import OptNumerics

/// Runs a local method from starts that are drawn from the distribution after `~`, and keeps every
/// distinct minimum.
///
/// Choose it to see whether a cost has more than one minimum, and how large their basins are. The
/// part of minima found once tells how many are not found yet (Good–Turing).
package struct Restarts: Method {
  package var count: Int
  package var local: any Method
  /// The local method may run on other threads.
  package var isParallel: Bool

  package init(_ count: Int, _ local: any Method, isParallel: Bool = true) {
    self.count = max(count, 1)
    self.local = local
    self.isParallel = isParallel
  }

  package var name: String { "restarts" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "count", value: "\(count)"),
      MethodOption(name: "method", value: local.name),
    ] + local.options
  }
  package var needs: Ask { local.needs }
  package var honours: Restrictions { local.honours }
  package var needsDeterministicCosts: Bool { local.needsDeterministicCosts }
  package var isGlobal: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run, self) }

  private final class State: Iteration {
    private let settings: Restarts
    private let searches: LocalSearches
    private var minima: Minima
    private var starts: [[Double]] = []
    private var done = 0

    init(_ run: Run, _ settings: Restarts) {
      self.settings = settings
      searches = LocalSearches(
        settings.local, in: nil, until: .standard,
        isParallel: settings.isParallel && run.objective.constraints.isEmpty)
      starts = [Array(UnsafeBufferPointer(start: run.x, count: run.dimension))]
      minima = Minima(
        scales: run.region?.box?.widths ?? starts[0].map { max(1, abs($0)) })
    }

    /// Starts that are still to be made, the next ones.
    private func upcoming(_ run: Run) -> [[Double]] {
      while starts.count < min(searches.depth, settings.count - done) {
        guard let start = run.region?.start(done + starts.count) else { break }
        starts.append(start)
      }
      return starts
    }

    func step(_ run: Run) -> Advance {
      guard let solution = searches.next(run, upcoming(run)) else { return .halted }
      starts.removeFirst()
      done += 1
      if solution.reason.isSuccess {
        minima.add(solution.x, solution.value)
      } else if run.halt == nil {
        minima.addFailure()
      }
      run.acceptBest()
      if run.halt != nil { return .halted }
      guard done >= settings.count else { return .moved }
      return .finished(minima.all.isEmpty ? .noProgress : .searched(.searches(done)))
    }

    func archive(_ archive: Archive, _ run: Run) {
      archive.points("starts", &starts, dimension: run.dimension)
      archive.count("done", &done)
      minima.archive(archive)
    }

    func minima(_ run: Run) -> Minima? { minima }
  }
}
