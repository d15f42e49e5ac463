/// What the interior point method measures a point by, and how far it may go.
import OptNumerics

extension InteriorPointIteration {
  func theta(
    _ run: Run, _ c: UnsafePointer<Double>, _ s: UnsafePointer<Double>
  ) -> Double {
    var sum = 0.0
    for row in 0..<m {
      sum += abs(
        run.isEquation[row]
          ? scale[row] * c[row] : scale[row] * run.orientation[row] * c[row] - s[row])
    }
    return sum
  }

  func barrier(
    _ run: Run, _ value: Double, _ x: UnsafePointer<Double>, _ s: UnsafePointer<Double>
  ) -> Double {
    var sum = 0.0
    for k in 0..<n where zl[k] > 0 { sum += logarithm(x[k] - lower(run, k)) }
    for k in 0..<n where zu[k] > 0 { sum += logarithm(upper(run, k) - x[k]) }
    for row in 0..<m where !run.isEquation[row] { sum += logarithm(s[row]) }
    return value - mu * sum
  }

  /// The largest error in the conditions of the barrier problem for `mu`.
  func error(_ run: Run, _ mu: Double) -> Double {
    var largest = theta(run, run.rows.values, s)
    var multipliers = 0.0
    for row in 0..<m {
      multipliers += abs(z[row])
      if !run.isEquation[row] { largest = max(largest, abs(s[row] * z[row] - mu)) }
    }
    for k in 0..<n {
      multipliers += zl[k] + zu[k]
      if zl[k] > 0 { largest = max(largest, abs((run.x[k] - lower(run, k)) * zl[k] - mu)) }
      if zu[k] > 0 { largest = max(largest, abs((upper(run, k) - run.x[k]) * zu[k] - mu)) }
    }
    let size = max(100, multipliers / Double(max(1, m + n))) / 100
    var stationarity = 0.0
    work.update(from: run.gradient, count: n)
    run.rows.addTransposed(run.rows.multipliers, to: work)
    for k in 0..<n where !isFixed(run, k) {
      stationarity = max(stationarity, abs(work[k] - zl[k] + zu[k]))
    }
    return max(largest, stationarity / size)
  }

  func boundStep(_ run: Run, _ k: Int) -> (lower: Double, upper: Double) {
    var result = (0.0, 0.0)
    if zl[k] > 0 {
      let gap = run.x[k] - lower(run, k)
      result.0 = mu / gap - zl[k] - zl[k] / gap * dx[k]
    }
    if zu[k] > 0 {
      let gap = upper(run, k) - run.x[k]
      result.1 = mu / gap - zu[k] + zu[k] / gap * dx[k]
    }
    return result
  }

  /// The longest step that keeps a fraction of the distance to every wall.
  func longest(_ run: Run, _ tau: Double) -> (primal: Double, dual: Double) {
    var (primal, dual) = (1.0, 1.0)
    for k in 0..<n {
      if zl[k] > 0, dx[k] < 0 { primal = min(primal, -tau * (run.x[k] - lower(run, k)) / dx[k]) }
      if zu[k] > 0, dx[k] > 0 { primal = min(primal, tau * (upper(run, k) - run.x[k]) / dx[k]) }
      let change = boundStep(run, k)
      if change.lower < 0 { dual = min(dual, -tau * zl[k] / change.lower) }
      if change.upper < 0 { dual = min(dual, -tau * zu[k] / change.upper) }
    }
    for row in 0..<m where !run.isEquation[row] {
      if ds[row] < 0 { primal = min(primal, -tau * s[row] / ds[row]) }
      if dz[row] < 0 { dual = min(dual, -tau * z[row] / dz[row]) }
    }
    return (primal, dual)
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
private func logarithm(_ x: Double) -> Double { x > 0 ? log(x) : -.infinity }
