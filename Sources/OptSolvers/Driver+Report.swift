/// The criteria of a run in numbers, and the solution made of them.
import OptNumerics

extension Driver {
  /// The tolerance on the gradient, if there is one: what the user named, or the default in the unit of
  /// the cost.
  var gradientTolerance: Double? { stops.gradient.map { stops.isDefault ? $0 * run.unit : $0 } }

  /// True if the method has no model or its model expects next to nothing.
  var expectsNoDecrease: Bool {
    guard let decrease = measures.expectedDecrease else { return true }
    return decrease <= run.decreaseTolerance
  }

  /// The decrease left is lost in the rounding error of the value. Where the exact Hessian says how
  /// much is left, eleven digits of the value are enough for a method that is stuck.
  var isAtFloor: Bool {
    if let spread = measures.simplexSpread { return spread <= 8 * run.noise }
    guard let decrease = measures.expectedDecrease else { return false }
    return decrease <= floorTolerance
  }

  var floorTolerance: Double { max(4 * run.noise, isAssessed ? 1e-11 * abs(run.value) : 0) }

  /// Sees to it that the gradient at the best point is known, for the report.
  func completeBest() {
    if run.isConstrained { return completeBestUnderConstraints() }
    let best = run.bestPoint
    guard run.wantsGradient, !best.knowsGradient, best.value.isFinite, run.halt == nil else {
      return
    }
    let isCurrent = (0..<run.dimension).allSatisfy { run.x[$0] == run.best[$0] }
    if isCurrent, run.knowsGradient, run.value == best.value {
      run.keepCurrent()
      return
    }
    var answer = Answer()
    answer.gradient = best.gradient
    best.knowsGradient =
      run.evaluate([.value, .gradient], at: best.x, into: &answer) == .done
  }

  static let diameterTolerance = 1e-8

  var spreadTolerance: Double { 1e-12 * abs(run.value) + 1e-15 * run.unit }

  /// The simplex is small in the variables and in the value.
  var simplexIsSmall: Bool {
    guard let diameter = measures.simplexDiameter, let spread = measures.simplexSpread else {
      return false
    }
    return diameter <= Self.diameterTolerance && spread <= spreadTolerance
  }

  func solution(_ reason: StopReason) -> Solution {
    let last = Point(x: copy(run.x), value: run.value, step: run.step)
    let isAnswered = takeAnswer(reason)
    completeBest()
    run.watch.read()
    let hasBest = run.bestValue.isFinite
    var culprit: Fault?
    switch reason {
    case .valueNotFinite, .gradientNotFinite: culprit = run.objective.culprit(at: run.x)
    case .unbounded where !run.value.isFinite: culprit = run.objective.culprit(at: run.x)
    default: break
    }
    let criteria = criteria()
    var solution = Solution(
      x: hasBest ? copy(run.best) : start, value: hasBest ? run.bestValue : run.value,
      gradient: run.bestPoint.knowsGradient ? copy(run.bestPoint.gradient) : nil,
      bestStep: run.bestPoint.step,
      last: last, start: Point(x: start, value: startValue, step: 0), reason: reason,
      steps: run.step, counts: run.counts, seconds: run.watch.elapsed, method: method.name,
      options: method.options, layout: run.objective.layout, criteria: criteria,
      expectedDecrease: measures.expectedDecrease, trace: run.trace, path: path,
      pathRows: pathRows, culprit: culprit, minima: iteration?.minima(run))
    solution.isAnswered = isAnswered
    solution.unit = run.unit
    if run.bestPoint.knowsGradient {
      solution.gradientNorm = run.norm(of: run.bestPoint.gradient, at: run.best)
    }
    addConstraints(to: &solution)
    solution.isGlobal = provesGlobal(reason)
    return solution
  }

  /// Takes the point that the method itself wants to return, such as an average of its iterates, in
  /// place of the best one; not where the run ended for what it found at another point.
  private func takeAnswer(_ reason: StopReason) -> Bool {
    switch reason {
    case .stepLimit, .evaluationLimit, .timeLimit, .userCondition: break
    default: return false
    }
    guard let point = iteration?.answer(run) else { return false }
    // The evaluation that was kept back for this.
    let halt = run.halt
    defer { run.halt = halt }
    run.halt = nil
    run.reserve = 0
    var answer = Answer()
    answer.gradient = run.trial
    guard run.evaluate([.value, .gradient], at: point, into: &answer) == .done else {
      return false
    }
    run.bestPoint.take(
      point, value: answer.value, gradient: run.trial, rows: nil, violation: 0,
      step: run.bestPoint.step)
    return true
  }

  /// Every criterion in force with its value at the end.
  private func criteria() -> [Criterion] {
    var list: [Criterion] = []
    func below(_ name: String, _ value: Double, _ tolerance: Double?) {
      guard let tolerance else { return }
      list.append(
        Criterion(name: name, value: value, tolerance: tolerance, isMet: value < tolerance))
    }
    func reached(_ name: String, _ value: Double, _ limit: Double?) {
      guard let limit else { return }
      list.append(Criterion(name: name, value: value, tolerance: limit, isMet: value >= limit))
    }
    if run.isConstrained {
      if let kkt = measures.kkt { list += criteria(of: kkt) }
    } else if run.bestPoint.knowsGradient {
      below("gradient", run.norm(of: run.bestPoint.gradient, at: run.best), gradientTolerance)
    } else if run.wantsGradient {
      below("gradient", run.gradientNorm, gradientTolerance)
    }
    if stops.isDefault, let decrease = measures.expectedDecrease {
      let tolerance = max(run.decreaseTolerance, floorTolerance)
      list.append(
        Criterion(
          name: "expected decrease", value: decrease, tolerance: tolerance,
          isMet: decrease <= tolerance))
    }
    if stops.isDefault, let diameter = measures.simplexDiameter {
      below("simplex diameter", diameter, Self.diameterTolerance)
      below("simplex spread", measures.simplexSpread ?? .nan, spreadTolerance)
    }
    if let offset = measures.offset { below("relative offset", offset, stops.offset) }
    below("value", run.bestValue, stops.value)
    below("change", run.change, stops.change)
    let steps = stops.steps ?? (stops.namesBudget ? nil : Stops.defaultSteps)
    reached("steps", Double(run.step), steps.map(Double.init))
    reached("evaluations", Double(run.counts.evaluations), stops.evaluations.map(Double.init))
    reached("seconds", run.watch.elapsed, stops.seconds)
    return list
  }

  func copy(_ pointer: UnsafePointer<Double>) -> [Double] {
    Array(UnsafeBufferPointer(start: pointer, count: run.dimension))
  }
}
