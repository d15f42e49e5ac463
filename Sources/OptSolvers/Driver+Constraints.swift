/// When a run under constraints is at its end.
import OptNumerics

extension Driver {
  /// Of the stationarity, relative to the terms that cancel in it, and of the complementarity.
  static let conditionTolerance = 1e-8

  /// Whether the first-order conditions hold to within `factor` tolerances, and the model expects no
  /// decrease worth a step.
  private func holds(_ kkt: KKT, factor: Double = 1) -> Bool {
    let tolerance = (stops.gradient ?? Self.conditionTolerance) * factor
    let decrease = measures.expectedDecrease ?? 0
    guard !stops.isDefault || decrease <= decreaseTolerance + 1e-13 * kkt.scale else {
      return false
    }
    return kkt.stationarity <= tolerance * kkt.scale
      && kkt.violation <= max(Run.feasibility * factor, min(kkt.rounding, 1e-7))
      && kkt.complementarity <= tolerance * kkt.scale
  }

  /// Tests the stops at the current point.
  func reasonUnderConstraints(_ iteration: any Iteration) -> StopReason? {
    let isFeasible = run.rows.largestViolation(run.rows.values) <= Run.feasibility
    if let target = stops.value, isFeasible, run.value < target { return .valueReached }
    if stops.isDefault || stops.gradient != nil, let kkt = measures.kkt, holds(kkt),
      !stops.isDefault || iteration.confirms(run)
    {
      run.keepCurrent()
      return .conditionsHold
    }
    if run.halt != nil { return run.halt }
    if isFeasible, run.fellToMinusInfinity || run.value < -1e20 * max(1, abs(startValue)) {
      return .unbounded
    }
    guard run.step > 0 else { return nil }
    if let tolerance = stops.change, run.change < tolerance { return .changeSmall }
    if stops.condition != nil || progress != nil {
      let info = info()
      if let condition = stops.condition, condition(info) { return .userCondition }
      report(info)
    }
    return nil
  }

  /// The method cannot go on: floor, recovery, or failure.
  func reasonWhenStuckUnderConstraints(
    _ iteration: any Iteration, _ impasse: Impasse
  ) -> StopReason? {
    measures = iteration.measures(run)
    if let halt = run.halt { return halt }
    if iteration.recover(run) {
      measures = iteration.measures(run)
      return nil
    }
    if let kkt = measures.kkt, holds(kkt, factor: 100), iteration.confirms(run) {
      run.keepCurrent()
      return .precisionFloor
    }
    return impasse == .lineSearch ? .lineSearchFailed : .noProgress
  }
}
