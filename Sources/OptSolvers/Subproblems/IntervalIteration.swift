/// A run of one variable whose steps are those of an interval search.
import OptNumerics

final class IntervalIteration: Iteration {
  private let usesParabolas: Bool
  private var search: IntervalSearch

  init(_ run: Run, usesParabolas: Bool) {
    self.usesParabolas = usesParabolas
    search = Self.begin(run, usesParabolas)
  }

  private static func begin(_ run: Run, _ usesParabolas: Bool) -> IntervalSearch {
    let x = run.x[0]
    return IntervalSearch(
      at: x, value: run.value, step: 0.1 * max(1, abs(x)),
      within: (run.box?.lower[0] ?? -.infinity, run.box?.upper[0] ?? .infinity),
      usesParabolas: usesParabolas)
  }

  func step(_ run: Run) -> Advance {
    run.trial[0] = search.candidate
    var answer = Answer()
    if run.evaluate(.value, at: run.trial, into: &answer) == .stopped { return .halted }
    search.take(answer.value)
    run.trial[0] = search.x
    run.accept(run.trial, value: search.value)
    return .moved
  }

  func measures(_ run: Run) -> Measures {
    guard search.isBracketed else { return Measures() }
    let isAtBound = search.x == search.lower || search.x == search.upper
    return Measures(
      rate: search.width, simplexDiameter: search.width / max(1, abs(search.x)),
      simplexSpread: isAtBound ? 0 : search.spread)
  }

  func archive(_ archive: Archive, _ run: Run) { search.archive(archive) }

  func restart(_ run: Run) { search = Self.begin(run, usesParabolas) }
}
