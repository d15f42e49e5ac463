/// Where a least squares run claims to have ended, or is stuck.
import OptNumerics

extension LeastSquaresIteration {
  /// A claim is checked with the exact Hessian, where that is offered for few variables and the
  /// residuals do not vanish.
  func confirms(_ run: Run) -> Bool {
    guard run.requireJacobian() == .done else { return false }
    guard !hasRunOff(run) else {
      beginAnew(run)
      return false
    }
    guard mayUseHessian, run.value > 1e-20 * startValue, let curvature, model(run) else {
      return run.halt == nil
    }
    guard curvature.evaluate(run, qr, scale) else { return run.halt == nil }
    bend(run)
    guard isCurved else { return run.halt == nil }
    let expected = curvature.model.expectedDecrease
    if let expected, expected > max(1e-9 * abs(run.value) + 1e-16, 4 * run.noise) {
      run.note("the Hessian shows more to gain")
      return false
    }
    guard let advance = FlatDirections.descend(run, curvature.model, step, steepest) else {
      return true
    }
    if advance == .moved { restart(run) }
    return false
  }

  /// Stuck: once more with the exact Hessian, then without.
  func recover(_ run: Run) -> Bool {
    guard let curvature, mayUseHessian, model(run) else { return false }
    radius = 0
    if isCurved, curvature.isExact {
      isCurved = false
      return true
    }
    guard curvature.evaluate(run, qr, scale) else { return false }
    bend(run)
    run.note("the linear model of the residuals got stuck; going on with the exact Hessian")
    return true
  }

  /// Where a column of the Jacobian has vanished, its variable ran off to where the residuals do not
  /// see it any more: a minimum in name only.
  private func hasRunOff(_ run: Run) -> Bool {
    guard run.value > 1e-20, restarts < Self.largestRestarts else { return false }
    return (0..<n).contains { j in
      var largest = 0.0
      for i in 0..<m { largest = max(largest, abs(run.residualJacobian[i * n + j])) }
      return largest < 1e-10 * peak[j]
    }
  }

  /// Back to the start, with a shorter first step.
  private func beginAnew(_ run: Run) {
    restarts += 1
    factor *= 0.1
    run.note("a variable ran off to where the residuals do not depend on it; beginning anew")
    start.withUnsafeBufferPointer { point in
      if let base = point.baseAddress { run.accept(base) }
    }
    restart(run)
    for j in 0..<n {
      scale[j] = 0
      peak[j] = 0
    }
    _ = run.requireJacobian()
  }
}
