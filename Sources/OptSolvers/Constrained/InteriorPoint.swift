/// A primal–dual interior point method with a filter line search.
import OptNumerics

/// Follows the central path: inequalities get slacks s > 0 and a barrier −μ Σ ln s, bounds one of
/// their own, and Newton's method solves the optimality conditions while μ goes to 0.
///
/// Uses the exact Hessian of the Lagrangian, with a multiple of the identity added where the step
/// would not be one of descent. A trial point must lower the barrier function or the violation
/// against a filter of earlier points; a second-order correction and a phase that only reduces the
/// violation help where it does not. Choose it for many inequalities, or where `sqp` fails. Wächter &
/// Biegler 2006, "On the implementation of an interior-point filter line-search algorithm".
package struct InteriorPoint: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "interior_point",
    summary: "primal-dual interior point; constraints, exact second derivatives",
    help: """
      Stays strictly inside of inequalities and bounds and follows the central path to the optimum.
      Uses the exact Hessian of the Lagrangian.
      """,
    options: [], needs: [.gradient, .hessian], make: { _ in InteriorPoint() }, keepsMatrix: true,
    honours: [.bounds, .constraints])

  package var name: String { "interior_point" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "barrier", value: "monotone, first 0.1"),
      MethodOption(name: "line search", value: "filter"),
    ]
  }
  package var needs: Ask { [.gradient, .hessian] }
  package var honours: Restrictions { [.bounds, .constraints] }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { InteriorPointIteration(run) }
}

/// The state of one run of `interior_point`.
final class InteriorPointIteration: Iteration {
  private let n: Int
  private let m: Int
  private let memory: Buffer
  private let h: UnsafeMutablePointer<Double>
  private let system: UnsafeMutablePointer<Double>
  private let factor: UnsafeMutablePointer<Double>
  private let dx: UnsafeMutablePointer<Double>
  private let right: UnsafeMutablePointer<Double>
  private let work: UnsafeMutablePointer<Double>
  /// Multipliers of lower and upper bounds.
  private let zl: UnsafeMutablePointer<Double>
  private let zu: UnsafeMutablePointer<Double>
  /// Slacks and multipliers of the rows: of inequalities both are positive, o·c − s = 0.
  private let s: UnsafeMutablePointer<Double>
  private let z: UnsafeMutablePointer<Double>
  private let ds: UnsafeMutablePointer<Double>
  private let dz: UnsafeMutablePointer<Double>
  private let residual: UnsafeMutablePointer<Double>
  private let corrected: UnsafeMutablePointer<Double>
  private let trialRows: UnsafeMutablePointer<Double>
  private let trialSlack: UnsafeMutablePointer<Double>
  private let scale: UnsafeMutablePointer<Double>
  private var mu = 0.1
  private var filter: [(theta: Double, phi: Double)] = []
  private var largestTheta = Double.infinity
  private var lastShift = 0.0
  private var isStarted = false
  private var length = 1.0
  /// Steps with the least barrier.
  private var last = 0
  private static let leastBarrier = 1e-11
  /// Regularises dependent equations.
  private static let equationWeight = 1e-9

  init(_ run: Run) {
    n = run.dimension
    m = run.rowCount
    memory = Buffer(count: 3 * n * n + 5 * n + 9 * m)
    var next = memory.pointer
    func take(_ count: Int) -> UnsafeMutablePointer<Double> {
      defer { next += count }
      return next
    }
    h = take(n * n)
    system = take(n * n)
    factor = take(n * n)
    dx = take(n)
    right = take(n)
    work = take(n)
    zl = take(n)
    zu = take(n)
    s = take(m)
    z = take(m)
    ds = take(m)
    dz = take(m)
    residual = take(m)
    corrected = take(m)
    trialRows = take(m)
    trialSlack = take(m)
    scale = take(m)
  }

  func restart(_ run: Run) { isStarted = false }

  func measures(_ run: Run) -> Measures {
    Measures(rate: length, kkt: isStarted && run.isConstrained ? run.kkt() : nil)
  }

  func archive(_ archive: Archive, _ run: Run) {
    archive.numbers("memory", memory.pointer, memory.count)
    var pairs = filter.map { [$0.theta, $0.phi] }
    archive.points("filter", &pairs, dimension: 2)
    filter = pairs.map { ($0[0], $0[1]) }
    archive.number("mu", &mu)
    archive.number("largestTheta", &largestTheta)
    archive.number("lastShift", &lastShift)
    archive.number("length", &length)
    archive.flag("isStarted", &isStarted)
    archive.count("last", &last)
  }

  func confirms(_ run: Run) -> Bool {
    guard run.dimension <= largestHessianDimension else { return true }
    if SQPIteration(run).confirmsAnew(run) { return true }
    isStarted = false
    return false
  }

  private func lower(_ run: Run, _ k: Int) -> Double { run.box?.lower[k] ?? -.infinity }
  private func upper(_ run: Run, _ k: Int) -> Double { run.box?.upper[k] ?? .infinity }
  private func isFixed(_ run: Run, _ k: Int) -> Bool { lower(run, k) == upper(run, k) }

  // MARK: The start

  /// Moves the start inside of its bounds; nil if an evaluation was refused or is not finite.
  private func begin(_ run: Run) -> Advance? {
    var isMoved = false
    for k in 0..<n {
      let (l, u) = (lower(run, k), upper(run, k))
      var value = run.x[k]
      if l < u {
        let width = u - l
        let low = l > -.infinity ? l + min(1e-2 * max(1, abs(l)), 1e-2 * width) : l
        let high = u < .infinity ? u - min(1e-2 * max(1, abs(u)), 1e-2 * width) : u
        value = min(max(value, low), high)
      }
      if value != run.x[k] { isMoved = true }
      run.trial[k] = value
      zl[k] = l > -.infinity && l < u ? 1 : 0
      zu[k] = u < .infinity && l < u ? 1 : 0
    }
    if isMoved { run.accept(run.trial) }
    switch run.requireGradient() {
    case .stopped: return .halted
    case .notFinite: return .notFinite
    case .done: break
    }
    mu = 0.1
    last = 0
    filter = []
    lastShift = 0
    for row in 0..<m {
      // Rows are scaled so that their gradients are not large.
      let largest = maximumNorm(run.jacobian + row * n, n)
      scale[row] = largest > 100 ? 100 / largest : 1
      if run.isEquation[row] {
        z[row] = 0
        s[row] = 0
      } else {
        s[row] = max(run.orientation[row] * run.rows.values[row] * scale[row], 1e-2)
        z[row] = 1
      }
    }
    largestTheta = 1e4 * max(1, theta(run, run.rows.values, s))
    isStarted = true
    publish(run)
    return nil
  }

  /// The multipliers where the driver looks for them.
  private func publish(_ run: Run) {
    for row in 0..<m {
      run.rows.multipliers[row] =
        scale[row] * (run.isEquation[row] ? z[row] : -run.orientation[row] * z[row])
    }
  }

  // MARK: Merit

  private func theta(
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

  private func barrier(
    _ run: Run, _ value: Double, _ x: UnsafePointer<Double>, _ s: UnsafePointer<Double>
  ) -> Double {
    var sum = 0.0
    for k in 0..<n where zl[k] > 0 { sum += logarithm(x[k] - lower(run, k)) }
    for k in 0..<n where zu[k] > 0 { sum += logarithm(upper(run, k) - x[k]) }
    for row in 0..<m where !run.isEquation[row] { sum += logarithm(s[row]) }
    return value - mu * sum
  }

  /// The largest error in the conditions of the barrier problem for `mu`.
  private func error(_ run: Run, _ mu: Double) -> Double {
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
    for k in 0..<n where !isFixed(run, k) {
      var sum = run.gradient[k] - zl[k] + zu[k]
      for row in 0..<m { sum += run.rows.multipliers[row] * run.jacobian[row * n + k] }
      stationarity = max(stationarity, abs(sum))
    }
    return max(largest, stationarity / size)
  }

  // MARK: A step

  func step(_ run: Run) -> Advance {
    if !isStarted, let trouble = begin(run) { return trouble }
    guard run.requireGradient() == .done else { return run.halt == nil ? .notFinite : .halted }
    if mu <= Self.leastBarrier {
      last += 1
      if last > 30 { return .stuck(.degenerate) }
    }
    while mu > Self.leastBarrier, error(run, mu) < 10 * mu {
      mu = max(Self.leastBarrier, min(0.2 * mu, mu * mu.squareRoot()))
      filter = []
    }
    var answer = Answer()
    if m > 0 { answer.lagrangian = h } else { answer.hessian = h }
    switch run.evaluate(
      m > 0 ? .lagrangian : .hessian, at: run.x, along: run.rows.multipliers, into: &answer)
    {
    case .stopped: return .halted
    case .notFinite: return .notFinite
    case .done: break
    }
    for row in 0..<m {
      let c = scale[row] * run.rows.values[row]
      residual[row] = run.isEquation[row] ? c : run.orientation[row] * c - s[row]
    }
    guard factorize(run) else { return .stuck(.degenerate) }
    solve(run, residual)
    return search(run)
  }

  /// 1/δ of a row in the condensed system.
  private func weight(_ run: Run, _ row: Int) -> Double {
    run.isEquation[row] ? 1 / Self.equationWeight : z[row] / s[row]
  }

  private func side(_ run: Run, _ row: Int) -> Double {
    scale[row] * (run.isEquation[row] ? 1 : run.orientation[row])
  }

  /// W + Σ + JᵀDJ, positive definite: then the whole system has the right inertia.
  private func factorize(_ run: Run) -> Bool {
    var shift = 0.0
    var largest = 1e-8
    for k in 0..<(n * n) { largest = max(largest, abs(h[k])) }
    for _ in 0..<60 {
      system.update(from: h, count: n * n)
      for k in 0..<n {
        system[k * n + k] += shift
        if zl[k] > 0 { system[k * n + k] += zl[k] / (run.x[k] - lower(run, k)) }
        if zu[k] > 0 { system[k * n + k] += zu[k] / (upper(run, k) - run.x[k]) }
        if isFixed(run, k) { system[k * n + k] += 1e20 }
      }
      for row in 0..<m {
        let a = run.jacobian + row * n
        let factor = weight(run, row) * scale[row] * scale[row]
        for i in 0..<n where a[i] != 0 {
          let left = factor * a[i]
          for j in 0...i { system[i * n + j] += left * a[j] }
        }
      }
      if cholesky() {
        if shift > 0 { lastShift = shift }
        return true
      }
      if shift == 0 {
        shift = lastShift == 0 ? 1e-4 : max(1e-20, lastShift / 3)
      } else {
        shift *= lastShift == 0 ? 100 : 8
      }
      if shift > 1e20 * largest { return false }
    }
    return false
  }

  private func cholesky() -> Bool {
    for j in 0..<n {
      var sum = system[j * n + j]
      for k in 0..<j { sum -= factor[j * n + k] * factor[j * n + k] }
      guard sum > 1e-14 * abs(system[j * n + j]), sum.isFinite else { return false }
      let root = sum.squareRoot()
      factor[j * n + j] = root
      for i in (j + 1)..<max(n, j + 1) {
        var sum = system[i * n + j]
        for k in 0..<j { sum -= factor[i * n + k] * factor[j * n + k] }
        factor[i * n + j] = sum / root
      }
    }
    return true
  }

  private func solveFactored(_ x: UnsafeMutablePointer<Double>) {
    for i in 0..<n {
      var sum = x[i]
      for k in 0..<i { sum -= factor[i * n + k] * x[k] }
      x[i] = sum / factor[i * n + i]
    }
    for i in stride(from: n - 1, through: 0, by: -1) {
      let value = x[i] / factor[i * n + i]
      x[i] = value
      for k in 0..<i { x[k] -= factor[i * n + k] * value }
    }
  }

  /// dx, ds and dz for the residuals `r` of the rows.
  private func solve(_ run: Run, _ r: UnsafePointer<Double>) {
    for k in 0..<n {
      var sum = run.gradient[k]
      if zl[k] > 0 { sum -= mu / (run.x[k] - lower(run, k)) }
      if zu[k] > 0 { sum += mu / (upper(run, k) - run.x[k]) }
      right[k] = isFixed(run, k) ? 0 : -sum
    }
    for row in 0..<m {
      // New multiplier: z + weight·(…): of equations λ⁺ = λ + (Jdx + c)/δ.
      let w = weight(run, row)
      let amount =
        run.isEquation[row] ? z[row] + w * r[row] : w * r[row] - mu / s[row]
      addMultiple(-amount * side(run, row), run.jacobian + row * n, to: right, n)
    }
    dx.update(from: right, count: n)
    solveFactored(dx)
    // One step of refinement: weights of equations are large.
    for i in 0..<n {
      var sum = right[i]
      for j in 0..<n { sum -= (j <= i ? system[i * n + j] : system[j * n + i]) * dx[j] }
      work[i] = sum
    }
    solveFactored(work)
    for k in 0..<n { dx[k] += work[k] }
    for row in 0..<m {
      let along = side(run, row) * dot(run.jacobian + row * n, dx, n)
      if run.isEquation[row] {
        dz[row] = (along + r[row]) / Self.equationWeight
        ds[row] = 0
      } else {
        ds[row] = along + r[row]
        dz[row] = mu / s[row] - z[row] - z[row] / s[row] * ds[row]
      }
    }
  }

  private func boundStep(_ run: Run, _ k: Int) -> (lower: Double, upper: Double) {
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
  private func longest(_ run: Run, _ tau: Double) -> (primal: Double, dual: Double) {
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

  /// Value and rows at x + αdx; nil if refused, NaN if not finite.
  private func evaluate(_ run: Run, _ alpha: Double) -> Double? {
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

  private func search(_ run: Run) -> Advance {
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

  private func isAcceptable(
    _ run: Run, _ value: Double, _ alpha: Double, _ theta0: Double, _ phi0: Double,
    _ slope: Double, _ noise: Double
  ) -> Bool {
    let theta = theta(run, trialRows, trialSlack)
    let phi = barrier(run, value, run.trial, trialSlack)
    guard phi.isFinite, theta.isFinite, theta <= largestTheta else { return false }
    for entry in filter
    where theta >= 0.99999 * entry.theta && phi >= entry.phi - 1e-8 * entry.theta {
      return false
    }
    let isSwitching =
      slope < 0 && theta0 <= 1e-4 * max(1, largestTheta / 1e4)
      && alpha * power(-slope, 2.3) > power(theta0, 1.1)
    if isSwitching {
      return phi <= phi0 + 1e-8 * alpha * slope + noise
    }
    guard theta <= (1 - 1e-5) * theta0 || phi <= phi0 - 1e-8 * theta0 + noise else { return false }
    filter.append(((1 - 1e-5) * theta0, phi0 - 1e-8 * theta0))
    return true
  }

  /// The step again with the constraints as they are at its end.
  private func correct(
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
    solve(run, corrected)
    let (long, _) = longest(run, max(0.99, 1 - mu))
    if let value = evaluate(run, long), value.isFinite,
      isAcceptable(run, value, primal, theta0, phi0, slope, noise)
    {
      return accept(run, value, long, dual)
    }
    dx.update(from: kept.pointer, count: n)
    ds.update(from: kept.pointer + n, count: m)
    dz.update(from: kept.pointer + n + m, count: m)
    return nil
  }

  private func accept(_ run: Run, _ value: Double, _ alpha: Double, _ dual: Double) -> Advance {
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

  // MARK: Restoration

  /// Steps that only reduce the violation, after Levenberg and Marquardt, until the filter takes the
  /// point.
  private func restore(_ run: Run) -> Advance {
    let start = violation(run, run.rows.values)
    guard start > 1e-12, m > 0 else { return .stuck(.lineSearch) }
    filter.append((0.99 * theta(run, run.rows.values, s), barrier(run, run.value, run.x, s)))
    var damping = 1e-3
    for _ in 0..<60 {
      guard run.requireGradient() == .done else { return run.halt == nil ? .notFinite : .halted }
      let before = violation(run, run.rows.values)
      for i in 0..<n {
        right[i] = 0
        for j in 0..<n { system[i * n + j] = 0 }
      }
      for row in 0..<m {
        let c = run.rows.values[row]
        guard run.rows.violation(c, row) > 0 else { continue }
        let a = run.jacobian + row * n
        for i in 0..<n where a[i] != 0 {
          right[i] -= c * a[i]
          for j in 0...i { system[i * n + j] += a[i] * a[j] }
        }
      }
      var largest = 1e-300
      for k in 0..<n { largest = max(largest, system[k * n + k]) }
      for k in 0..<n {
        system[k * n + k] += damping * max(largest, 1e-8)
        // Variables that would leave their bounds stay.
        let (l, u) = (lower(run, k), upper(run, k))
        if l == u || run.x[k] - l <= 1e-9 * max(1, abs(l)) && right[k] < 0
          || u - run.x[k] <= 1e-9 * max(1, abs(u)) && right[k] > 0
        {
          system[k * n + k] += 1e20 * largest
        }
      }
      guard cholesky() else {
        damping *= 10
        continue
      }
      dx.update(from: right, count: n)
      solveFactored(dx)
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

  private func violation(_ run: Run, _ c: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for row in 0..<m {
      let amount = run.rows.violation(c[row], row)
      sum += amount * amount
    }
    return sum.squareRoot()
  }

  /// Slacks for the point at which the restoration ended.
  private func resume(_ run: Run) -> Advance {
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

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
private func logarithm(_ x: Double) -> Double { x > 0 ? log(x) : -.infinity }
private func power(_ x: Double, _ exponent: Double) -> Double { pow(x, exponent) }
