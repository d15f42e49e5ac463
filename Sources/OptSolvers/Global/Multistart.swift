/// Local searches from starts that fill the box evenly.
import OptNumerics

/// Quasi-Newton searches from the points of a Sobol sequence, until as many minima are expected as
/// were found.
///
/// Choose it for smooth costs with up to some dozens of minima. The stopping rule is that of Boender
/// and Rinnooy Kan (1987), see `GlobalSearch.isComplete`.
package struct Multistart: Method {
  /// Largest number of local searches.
  package var searches: Int

  package init(searches: Int = 1000) { self.searches = max(searches, 1) }

  package static let entry = MethodEntry(
    name: "multistart", summary: "local searches from even starts; smooth costs, few minima",
    help: """
      Searches the box of the bounds, or of the distribution after `~`, by quasi-Newton searches from
      the points of a Sobol sequence. Ends when as many minima are to be expected as were found.
      """,
    options: [
      MethodEntry.Option(
        name: "searches", defaultValue: "1000", doc: "largest number of local searches",
        kind: .number(.whole(1, 1_000_000_000)))
    ],
    needs: [.value, .gradient],
    make: { Multistart(searches: Int(exactly: ($0["searches"] ?? 1000).rounded()) ?? 1000) },
    honours: .bounds)

  package var name: String { "multistart" }
  package var options: [MethodOption] { [MethodOption(name: "searches", value: "\(searches)")] }
  package var needs: Ask { [.value, .gradient] }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }
  package var isGlobal: Bool { true }

  package func start(_ run: Run) -> any Iteration { MultistartStage(GlobalSearch(run), searches) }
}

/// The searches, one a step.
final class MultistartStage: Iteration {
  private let search: GlobalSearch
  private let limit: Int
  private var done = 0

  init(_ search: GlobalSearch, _ limit: Int) {
    self.search = search
    self.limit = limit
  }

  func step(_ run: Run) -> Advance {
    let count = min(search.depth, limit - done)
    guard search.descend(run, (done..<done + max(count, 1)).map(search.start)) != nil else {
      return .halted
    }
    done += 1
    run.acceptBest()
    if run.halt != nil { return .halted }
    if search.isComplete {
      return .finished(
        .searched(
          .rediscovered(times: search.minima.lowestCount, searches: search.minima.searches)))
    }
    return done >= limit ? .finished(.searched(.searches(search.minima.searches))) : .moved
  }

  func archive(_ archive: Archive, _ run: Run) {
    archive.count("done", &done)
    search.archive(archive)
  }

  func minima(_ run: Run) -> Minima? { search.minima }
}
