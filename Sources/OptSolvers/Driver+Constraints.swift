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
    guard !stops.isDefault || decrease <= run.decreaseTolerance + 1e-13 * kkt.scale else {
      return false
    }
    return kkt.stationarity <= max(tolerance * kkt.scale, kkt.slopeRounding)
      && kkt.violation <= max(BestPoint.feasibility * factor, min(kkt.rounding, 1e-7))
      && kkt.complementarity <= tolerance * kkt.scale
  }

  /// Tests the stops at the current point.
  func reasonUnderConstraints(_ iteration: any Iteration) -> StopReason? {
    let isFeasible = run.rows.largestViolation(run.rows.values) <= BestPoint.feasibility
    if let target = stops.value, isFeasible, run.value < target { return .valueReached }
    if stops.isDefault || stops.gradient != nil, let kkt = measures.kkt, holds(kkt),
      !stops.isDefault || iteration.confirms(run)
    {
      run.keepCurrent()
      return .conditionsHold
    }
    if run.halt != nil { return run.halt }
    if isFeasible, run.fellToMinusInfinity || isRunningAway(by: 1e16) {
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
    if let kkt = measures.kkt, holds(kkt, factor: 100), iteration.confirms(run) {
      run.keepCurrent()
      return .precisionFloor
    }
    if let halt = run.halt { return halt }
    if iteration.recover(run) {
      measures = iteration.measures(run)
      return nil
    }
    if run.stop.isRequested { return .interrupted }
    if let halt = run.halt { return halt }
    if run.bestViolation > FeasibilitySearch.tolerance, run.dimension <= largestDenseDimension,
      let conflict = FeasibilitySearch(run).conflict(from: run.best)
    {
      self.conflict = conflict
      return .infeasible
    }
    return impasse == .lineSearch ? .lineSearchFailed : .noProgress
  }

  // MARK: The result

  /// Makes the best point the current one, with its derivatives, for the report.
  func completeBestUnderConstraints() {
    let isCurrent = (0..<run.dimension).allSatisfy { run.x[$0] == run.best[$0] }
    guard run.bestValue.isFinite else { return }
    if !isCurrent { run.accept(run.best, value: run.bestValue) }
    guard run.wantsGradient || method.isGlobal, run.halt == nil, run.requireGradient() == .done
    else { return }
    run.keepCurrent()
    if method.isGlobal { measures.kkt = run.kkt() }
  }

  func criteria(of kkt: KKT) -> [Criterion] {
    let tolerance = stops.gradient ?? Self.conditionTolerance
    func below(_ name: String, _ value: Double, _ tolerance: Double) -> Criterion {
      Criterion(name: name, value: value, tolerance: tolerance, isMet: value <= tolerance)
    }
    return [
      below(
        "stationarity", kkt.stationarity, max(tolerance * kkt.scale, kkt.slopeRounding)),
      below("violation", kkt.violation, max(BestPoint.feasibility, min(kkt.rounding, 1e-7))),
      below("complementarity", kkt.complementarity, tolerance * kkt.scale),
    ]
  }

  /// Rows and multipliers at the best point.
  func addConstraints(to solution: inout Solution) {
    let (n, m) = (run.dimension, run.rows.count)
    guard m > 0 else {
      solution.slope = solution.gradient
      return
    }
    func copy(_ pointer: UnsafePointer<Double>) -> [Double] {
      Array(UnsafeBufferPointer(start: pointer, count: m))
    }
    solution.conflict = conflict
    solution.violation = run.bestViolation
    solution.rows = copy(run.bestPoint.rows)
    let rows = run.rows
    solution.rowsAtEnd = (0..<m).map {
      rows.length($0).isFinite ? rows.values[$0] : .nan
    }
    solution.multipliers = copy(run.rows.multipliers)
    guard run.knowsGradient else { return }
    var slope = (0..<n).map { run.gradient[$0] }
    slope.withUnsafeMutableBufferPointer { slope in
      if let target = slope.baseAddress {
        run.rows.addTransposed(run.rows.multipliers, to: target)
      }
    }
    solution.slope = slope
  }
}
