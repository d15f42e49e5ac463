/// The filter line search of the interior point method.
import OptNumerics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension InteriorPointIteration {
  /// Value and rows at x + αdx; nil if refused, NaN if not finite.
  func evaluate(_ run: Run, _ alpha: Double) -> Double? {
    for k in 0..<n {
      let value = run.x[k] + alpha * dx[k]
      run.trial[k] = isFixed(run, k) ? run.x[k] : run.box?.clamp(value, k) ?? value
    }
    for row in 0..<m where !run.isEquation[row] { trialSlack[row] = s[row] + alpha * ds[row] }
    var answer = Answer()
    answer.constraints = trialRows
    switch run.evaluate(
      m > 0 ? [.value, .constraints] : .value, at: run.trial, into: &answer)
    {
    case .stopped: return nil
    case .notFinite: return .nan
    case .done: return answer.value
    }
  }

  func search(_ run: Run) -> Advance {
    let tau = max(0.99, 1 - mu)
    let (primal, dual) = longest(run, tau)
    let theta0 = theta(run, run.rows.values, s)
    let phi0 = barrier(run, run.value, run.x, s)
    var slope = dot(run.gradient, dx, n)
    for k in 0..<n {
      if zl[k] > 0 { slope -= mu / (run.x[k] - lower(run, k)) * dx[k] }
      if zu[k] > 0 { slope += mu / (upper(run, k) - run.x[k]) * dx[k] }
    }
    for row in 0..<m where !run.isEquation[row] { slope -= mu / s[row] * ds[row] }
    var alpha = primal
    var isFirst = true
    let noise = 10 * Double.ulpOfOne * max(1, abs(phi0))
    while alpha > 1e-10 {
      guard let value = evaluate(run, alpha) else { return .halted }
      if value.isFinite {
        let outcome = isAcceptable(run, value, alpha, theta0, phi0, slope, noise)
        if outcome { return accept(run, value, alpha, dual) }
        if isFirst, theta(run, trialRows, trialSlack) >= theta0, m > 0,
          let corrected = correct(run, primal, dual, theta0, phi0, slope, noise)
        {
          return corrected
        }
        if run.halt != nil { return .halted }
      }
      isFirst = false
      alpha *= 0.5
    }
    return restore(run)
  }

  func isAcceptable(
    _ run: Run, _ value: Double, _ alpha: Double, _ theta0: Double, _ phi0: Double,
    _ slope: Double, _ noise: Double
  ) -> Bool {
    let theta = theta(run, trialRows, trialSlack)
    let phi = barrier(run, value, run.trial, trialSlack)
    guard phi.isFinite, theta.isFinite, theta <= largestTheta else { return false }
    for entry in filter
    where theta >= 0.99999 * entry.theta && phi > entry.phi - 1e-8 * entry.theta + noise {
      return false
    }
    let isSwitching =
      slope < 0 && theta0 <= 1e-4 * max(1, largestTheta / 1e4)
      && alpha * pow(-slope, 2.3) > pow(theta0, 1.1)
    if isSwitching {
      return phi <= phi0 + 1e-8 * alpha * slope + noise
    }
    guard theta <= (1 - 1e-5) * theta0 || phi <= phi0 - 1e-8 * theta0 + noise else { return false }
    filter.append(((1 - 1e-5) * theta0, phi0 - 1e-8 * theta0))
    return true
  }

  /// The step again with the constraints as they are at its end.
  func correct(
    _ run: Run, _ primal: Double, _ dual: Double, _ theta0: Double, _ phi0: Double,
    _ slope: Double, _ noise: Double
  ) -> Advance? {
    let kept = Buffer(count: n + 2 * m)
    kept.pointer.update(from: dx, count: n)
    (kept.pointer + n).update(from: ds, count: m)
    (kept.pointer + n + m).update(from: dz, count: m)
    for row in 0..<m {
      let c = scale[row] * trialRows[row]
      let there = run.isEquation[row] ? c : run.orientation[row] * c - trialSlack[row]
      corrected[row] = primal * residual[row] + there
    }
    let isSolved = solve(run, corrected)
    let (long, _) = longest(run, max(0.99, 1 - mu))
    if isSolved, let value = evaluate(run, long), value.isFinite,
      isAcceptable(run, value, primal, theta0, phi0, slope, noise)
    {
      return accept(run, value, long, dual)
    }
    dx.update(from: kept.pointer, count: n)
    ds.update(from: kept.pointer + n, count: m)
    dz.update(from: kept.pointer + n + m, count: m)
    return nil
  }

  func accept(_ run: Run, _ value: Double, _ alpha: Double, _ dual: Double) -> Advance {
    length = alpha
    for k in 0..<n {
      let change = boundStep(run, k)
      if zl[k] > 0 {
        let gap = max(run.trial[k] - lower(run, k), 1e-300)
        zl[k] = min(max(zl[k] + dual * change.lower, mu / (1e10 * gap)), 1e10 * mu / gap)
      }
      if zu[k] > 0 {
        let gap = max(upper(run, k) - run.trial[k], 1e-300)
        zu[k] = min(max(zu[k] + dual * change.upper, mu / (1e10 * gap)), 1e10 * mu / gap)
      }
    }
    for row in 0..<m {
      if run.isEquation[row] {
        z[row] += alpha * dz[row]
      } else {
        s[row] = max(trialSlack[row], 1e-300)
        z[row] = min(max(z[row] + dual * dz[row], mu / (1e10 * s[row])), 1e10 * mu / s[row])
      }
    }
    publish(run)
    run.accept(run.trial, value: value)
    return .moved
  }
}
