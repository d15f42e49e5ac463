/// Steps that bend as the valley does.
import OptNumerics

extension LeastSquaresIteration {
  /// Adds half of the geodesic acceleration to the step: what keeps it in a valley that bends.
  ///
  ///     a = argmin ‖r_vv + Ja‖² + λ‖Da‖²,  x ← x + v + ½a
  ///
  /// The second derivative of the residuals along v is taken from one evaluation between. `.notFinite`
  /// if the valley bends too much for a step of this length. Transtrum & Sethna 2012, "Improvements to
  /// the Levenberg-Marquardt algorithm for nonlinear least-squares minimization", arXiv:1201.5885.
  func accelerate(_ run: Run, _ length: Double) -> Outcome {
    let share = 0.1
    for j in 0..<n { run.trial[j] = run.x[j] + share * step[j] / scale[j] }
    var answer = Answer()
    answer.residuals = shifted
    let outcome = run.evaluate([.value, .residuals], at: run.trial, into: &answer)
    guard outcome == .done else { return outcome }
    for i in 0..<m {
      var slope = 0.0
      let row = run.residualJacobian + i * n
      for j in 0..<n { slope += row[j] * step[j] / scale[j] }
      shifted[i] = 2 / share * ((shifted[i] - run.residuals[i]) / share - slope)
    }
    qr.solve(damping, for: shifted, into: steepest)
    for j in 0..<n { steepest[j] *= 0.5 }
    let bend = euclideanNorm(steepest, n) / length
    guard bend.isFinite, 4 * bend <= Self.largestBend else { return .notFinite }
    if bend < 0.01 { shortSteps = 0 }
    for j in 0..<n { step[j] += steepest[j] }
    return .done
  }

  /// 2‖a‖/‖v‖ up to which an accelerated step is tried.
  private static let largestBend = 0.75
}
