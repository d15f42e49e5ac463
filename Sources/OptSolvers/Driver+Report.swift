/// The criteria of a run in numbers, and the solution made of them.
import OptNumerics

extension Driver {
  /// The tolerance on the expected decrease under the default stops: nine digits of the value, or
  /// what a value near zero deserves.
  var decreaseTolerance: Double { 1e-9 * abs(run.value) + 1e-16 }

  /// True if the method has no model or its model expects next to nothing.
  var expectsNoDecrease: Bool {
    guard let decrease = measures.expectedDecrease else { return true }
    return decrease <= decreaseTolerance
  }

  /// The decrease left is lost in the rounding error of the value.
  var isAtFloor: Bool {
    guard let decrease = measures.expectedDecrease else { return false }
    return decrease <= 4 * run.noise
  }

  static let diameterTolerance = 1e-8

  var spreadTolerance: Double { 1e-12 * abs(run.value) + 1e-15 }

  /// The simplex is small in the variables and in the value.
  var simplexIsSmall: Bool {
    guard let diameter = measures.simplexDiameter, let spread = measures.simplexSpread else {
      return false
    }
    return diameter <= Self.diameterTolerance && spread <= spreadTolerance
  }

  func solution(_ reason: StopReason) -> Solution {
    run.watch.read()
    let n = run.dimension
    let last = Point(x: copy(run.x), value: run.value, step: run.step)
    let hasBest = run.bestValue.isFinite
    var culprit: Fault?
    switch reason {
    case .valueNotFinite, .gradientNotFinite: culprit = run.objective.culprit(at: run.x)
    default: break
    }
    if n == 0, !hasBest { run.knowsBestGradient = false }
    let criteria = criteria()
    return Solution(
      x: hasBest ? copy(run.best) : start, value: hasBest ? run.bestValue : run.value,
      gradient: run.knowsBestGradient ? copy(run.bestGradient) : nil, bestStep: run.bestStep,
      last: last, start: Point(x: start, value: startValue, step: 0), reason: reason,
      steps: run.step, counts: run.counts, seconds: run.watch.elapsed, method: method.name,
      options: method.options, layout: run.objective.layout, criteria: criteria,
      expectedDecrease: measures.expectedDecrease, trace: run.trace, path: path,
      pathRows: pathRows, culprit: culprit)
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
    if run.knowsBestGradient {
      below("gradient", maximumNorm(run.bestGradient, run.dimension), stops.gradient)
    } else if run.wantsGradient {
      below("gradient", run.gradientNorm, stops.gradient)
    }
    if stops.isDefault, let decrease = measures.expectedDecrease {
      let tolerance = max(decreaseTolerance, 4 * run.noise)
      list.append(
        Criterion(
          name: "expected decrease", value: decrease, tolerance: tolerance,
          isMet: decrease <= tolerance))
    }
    if stops.isDefault, let diameter = measures.simplexDiameter {
      below("simplex diameter", diameter, Self.diameterTolerance)
      below("simplex spread", measures.simplexSpread ?? .nan, spreadTolerance)
    }
    below("value", run.bestValue, stops.value)
    below("change", run.change, stops.change)
    let steps = stops.steps ?? (stops.namesBudget ? nil : Stops.defaultSteps)
    reached("steps", Double(run.step), steps.map(Double.init))
    reached("evaluations", Double(run.counts.evaluations), stops.evaluations.map(Double.init))
    reached("seconds", run.watch.elapsed, stops.seconds)
    return list
  }

  private func copy(_ pointer: UnsafePointer<Double>) -> [Double] {
    Array(UnsafeBufferPointer(start: pointer, count: run.dimension))
  }
}
