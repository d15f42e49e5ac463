/// sqp that hands over to the interior point method where it gets stuck.
import OptNumerics

/// The two families fail on different problems: what one cannot solve from the start the other often
/// can.
final class SQPWithFallback: Iteration {
  private enum Stage: Int { case first, reset, interior, polish }
  private var stage = Stage.first
  private let sqp: SQPIteration
  private var interior: InteriorPointIteration?
  private let start: Buffer
  /// Steps of the present stage.
  private var steps = 0
  private let limit: Int

  init(_ run: Run) {
    sqp = SQPIteration(run)
    start = Buffer(count: run.dimension)
    start.pointer.update(from: run.x, count: run.dimension)
    limit = 200 + 10 * run.dimension
  }

  private func current(_ run: Run) -> any Iteration {
    guard stage == .interior else { return sqp }
    let iteration = interior ?? InteriorPointIteration(run)
    interior = iteration
    return iteration
  }

  func step(_ run: Run) -> Advance {
    steps += 1
    if steps > limit, stage != .polish { return .stuck(.degenerate) }
    switch current(run).step(run) {
    case .notFinite where stage != .polish: return .stuck(.degenerate)
    case let advance: return advance
    }
  }

  func measures(_ run: Run) -> Measures { current(run).measures(run) }

  func confirms(_ run: Run) -> Bool {
    guard stage == .interior else { return sqp.confirms(run) }
    if sqp.confirmsAnew(run) { return true }
    stage = .polish
    return false
  }

  func restart(_ run: Run) { current(run).restart(run) }

  func archive(_ archive: Archive, _ run: Run) {
    var number = stage.rawValue
    archive.count("stage", &number, in: 0...Stage.polish.rawValue)
    stage = Stage(rawValue: number) ?? .first
    archive.count("steps", &steps)
    archive.numbers("start", start.pointer, run.dimension)
    archive.scope("sqp") { sqp.archive(archive, run) }
    guard stage == .interior else { return }
    archive.scope("interior") { current(run).archive(archive, run) }
  }

  func recover(_ run: Run) -> Bool {
    steps = 0
    switch stage {
    case .first:
      stage = .reset
      sqp.restart(run)
      return true
    case .reset:
      guard run.objective.offers.contains(run.isConstrained ? .lagrangian : .hessian),
        run.dimension <= largestDenseDimension
      else { return false }
      stage = .interior
      run.accept(start.pointer)
      run.note("sqp got stuck; interior_point goes on from the start")
      return run.requireGradient() == .done
    case .interior:
      stage = .polish
      guard run.bestValue.isFinite else { return false }
      run.accept(run.best, value: run.bestValue)
      sqp.restart(run)
      run.note("interior_point got stuck; sqp goes on from the best point")
      return run.requireGradient() == .done
    case .polish: return false
    }
  }
}
