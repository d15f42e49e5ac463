/// No claim of convergence without a fresh look at the point that is returned.
import OptNumerics

extension Driver {
  /// Checks a claim at the point that is returned, with a fresh evaluation; nil to go on from there.
  ///
  /// The best point is returned if the claim holds there too. Where it is better than the current
  /// one by rounding only and its gradient is larger, the current one counts as the best.
  func verified(_ reason: StopReason, _ iteration: any Iteration) -> StopReason? {
    guard run.wantsGradient, run.knowsGradient else { return reason }
    let norm = run.gradientNorm
    let limit = reason == .gradientSmall ? max(gradientTolerance ?? 1e-8, norm) : 2 * norm
    let slack = max(4 * run.noise, 1e-14 * abs(run.value))
    let isBestToRounding = run.value <= run.bestValue + slack && run.value <= startValue
    if run.bestValue < run.value {
      let current = Buffer(uninitialized: run.dimension)
      current.pointer.update(from: run.x, count: run.dimension)
      run.accept(run.best, value: run.bestValue)
      if let reason = reevaluate() { return reason }
      if run.gradientNorm <= limit {
        run.keepCurrent()
        return reason
      }
      if !isBestToRounding { return repair(iteration) }
      run.accept(current.pointer, value: run.value)
    }
    if let reason = reevaluate() { return reason }
    if run.gradientNorm > limit { return repair(iteration) }
    run.keepCurrent()
    return reason
  }

  /// Value and gradient at the current point anew; the reason to end if that is impossible.
  private func reevaluate() -> StopReason? {
    run.knowsGradient = false
    switch run.requireGradient() {
    case .stopped: return run.halt ?? .interrupted
    case .notFinite: return notFinite()
    case .done: return nil
    }
  }

  /// A claim did not hold where it was checked: the method goes on from there, a few times.
  private func repair(_ iteration: any Iteration) -> StopReason? {
    repairs += 1
    if repairs > Self.largestRepairs { return .noProgress }
    iteration.restart(run)
    run.note("the claim did not hold at the best point; going on from there")
    return nil
  }
}
