/// A look along the directions in which second derivatives decide nothing.
import OptNumerics

/// Where the gradient is zero and the Hessian has a direction of negative or no curvature, the point
/// may be a saddle (x² − y²) or an inflection (x³): values at some distance decide.
///
/// The direction of the lowest curvature is looked at if it is negative, and one sum of all flat
/// directions: two values each at most distances.
struct FlatDirections {
  /// Curvature that is small for the gradient tolerance, in absolute terms.
  static let smallCurvature = 1e-3
  /// Curvature that is small beside the others, in the scale of the model.
  static let smallShare = 1e-6

  /// Accepts a lower point along a flat direction of the exact model, if there is one. `step` and
  /// `sum` are scratch of n numbers. Nil if none was found; otherwise how the step ended.
  static func descend(
    _ run: Run, _ model: ExactSubproblem, _ step: UnsafeMutablePointer<Double>,
    _ sum: UnsafeMutablePointer<Double>
  ) -> Advance? {
    let n = run.dimension
    sum.update(repeating: 0, count: n)
    var lowest: (place: Int, curvature: Double)?
    var weight = 1.0
    for k in 0..<n {
      model.direction(k, into: step)
      let norm = euclideanNorm(step, n)
      guard norm > 0, norm.isFinite else { continue }
      let curvature = model.values[k] / (norm * norm)
      if curvature > smallCurvature * run.unit, model.values[k] > smallShare { continue }
      if curvature < lowest?.curvature ?? 0 { lowest = (k, curvature) }
      addMultiple(weight / norm, step, to: sum, n)
      // Weights that differ, so that odd terms of different directions do not cancel.
      weight *= 0.8
    }
    if let lowest {
      model.direction(lowest.place, into: step)
      for share in [0.1, 0.001] {
        if let advance = look(run, along: step, share, isSaddle: true) { return advance }
      }
    }
    return look(run, along: sum, 0.03, isSaddle: false)
  }

  /// Values on both sides, at a distance of that share of the variables' size.
  private static func look(
    _ run: Run, along direction: UnsafePointer<Double>, _ share: Double, isSaddle: Bool
  ) -> Advance? {
    let n = run.dimension
    let largest = maximumNorm(direction, n)
    guard largest > 0, largest.isFinite else { return nil }
    let distance = share * max(1, maximumNorm(run.x, n)) / largest
    for length in [distance, -distance] {
      move(run.x, length, direction, into: run.trial, n)
      if let box = run.box {
        for index in 0..<n { run.trial[index] = box.clamp(run.trial[index], index) }
      }
      var answer = Answer()
      let outcome = run.evaluate(.value, at: run.trial, into: &answer)
      if outcome == .stopped { return .halted }
      let least = max(1e-6 * abs(run.value) + 1e-12 * run.unit, 10 * run.noise)
      guard outcome == .done, answer.value < run.value - least else { continue }
      run.accept(run.trial, value: answer.value)
      run.note(
        isSaddle
          ? "left a saddle point along negative curvature"
          : "left a flat point that is no minimum")
      switch run.requireGradient() {
      case .stopped: return .halted
      case .notFinite: return .notFinite
      case .done: return .moved
      }
    }
    return nil
  }
}
