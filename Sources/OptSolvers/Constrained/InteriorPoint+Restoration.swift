/// The phase of the interior point method that only reduces the violation.
import OptNumerics

extension InteriorPointIteration {
  /// Steps after Levenberg and Marquardt until the filter takes the point.
  func restore(_ run: Run) -> Advance {
    let start = violation(run, run.rows.values)
    guard start > 1e-12, m > 0 else { return .stuck(.lineSearch) }
    filter.append((0.99 * theta(run, run.rows.values, s), barrier(run, run.value, run.x, s)))
    var damping = 1e-3
    for _ in 0..<60 {
      guard run.requireGradient() == .done else { return run.halt == nil ? .notFinite : .halted }
      let before = violation(run, run.rows.values)
      guard leastSquaresStep(run, damping) else {
        if run.stop.isRequested { return .halted }
        damping *= 10
        continue
      }
      for row in 0..<m { ds[row] = 0 }
      for k in 0..<n {
        let (l, u) = (lower(run, k), upper(run, k))
        if l > -.infinity { dx[k] = max(dx[k], -0.9 * (run.x[k] - l)) }
        if u < .infinity { dx[k] = min(dx[k], 0.9 * (u - run.x[k])) }
      }
      guard let value = evaluate(run, 1) else { return .halted }
      let after = value.isFinite ? violation(run, trialRows) : .infinity
      if after < before * (1 - 1e-6) {
        damping = max(damping * 0.2, 1e-12)
        run.accept(run.trial, value: value)
        if after <= 0.5 * start || after < 1e-10 { return resume(run) }
      } else {
        damping *= 10
        if damping > 1e12 { break }
      }
    }
    return violation(run, run.rows.values) < start * 0.999 ? resume(run) : .stuck(.degenerate)
  }

  /// The damped step in `dx` to where the rows that are violated hold; variables that would leave
  /// their bounds stay.
  private func leastSquaresStep(_ run: Run, _ damping: Double) -> Bool {
    let rows = run.rows
    for k in 0..<n {
      right[k] = 0
      diagonal[k] = 0
    }
    for row in 0..<m {
      let isViolated = rows.violation(rows.values[row], row) > 0
      weights[row] = isViolated ? 1 / (scale[row] * scale[row]) : 0
      corrected[row] = isViolated ? side(run, row) * rows.values[row] : 0
      guard isViolated else { continue }
      for k in rows.starts[row]..<rows.starts[row + 1] {
        let (column, a) = (Int(rows.columns[k]), rows.jacobian[k])
        diagonal[column] += a * a
        right[column] -= rows.values[row] * a
      }
    }
    let largest = max(maximumNorm(diagonal, n), 1e-300)
    for k in 0..<n {
      let (l, u) = (lower(run, k), upper(run, k))
      let isHeld =
        l == u || run.x[k] - l <= 1e-9 * max(1, abs(l)) && right[k] < 0
        || u - run.x[k] <= 1e-9 * max(1, abs(u)) && right[k] > 0
      diagonal[k] = damping * max(largest, 1e-8) + (isHeld ? 1e20 * largest : 0)
      right[k] = 0
    }
    system.clearHessian()
    guard system.factor(run, sides, diagonal, weights, shift: 0, run.stop) else { return false }
    return system.solve(run, right, corrected, into: dx, dz)
  }

  func violation(_ run: Run, _ c: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for row in 0..<m {
      let amount = run.rows.violation(c[row], row)
      sum += amount * amount
    }
    return sum.squareRoot()
  }

  /// Slacks for the point at which the restoration ended.
  func resume(_ run: Run) -> Advance {
    guard run.requireGradient() == .done else { return run.halt == nil ? .notFinite : .halted }
    for row in 0..<m {
      if run.isEquation[row] {
        z[row] = 0
      } else {
        s[row] = max(run.orientation[row] * run.rows.values[row] * scale[row], min(1e-2, mu))
        z[row] = mu / s[row]
      }
    }
    filter = []
    publish(run)
    return .moved
  }
}
