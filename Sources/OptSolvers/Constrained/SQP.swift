/// Sequential quadratic programming with a line search.
import OptNumerics
import Glibc

/// Solves a quadratic model of the Lagrangian with linearised constraints at every step:
///
///     min ½dᵀBd + ∇fᵀd  subject to  lower ≤ c + Jd ≤ upper,   x ← x + αd
///
/// B is a damped BFGS matrix of the Lagrangian; α lowers f + Σ μᵢ|violation of cᵢ|, with a second-
/// order correction where curved constraints refuse the full step. Inconsistent linearisations are
/// relaxed at a price. Choose it for up to a few hundred variables. Nocedal & Wright 2006, chapter 18;
/// Powell 1978, "A fast algorithm for nonlinearly constrained optimization calculations".
package struct SQP: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "sqp",
    summary: "sequential quadratic programming; constraints, up to a few hundred variables",
    help: """
      Solves a quadratic model with linearised constraints at every step and searches along its
      solution. Finds the active constraints exactly, with their multipliers.
      """,
    options: [], needs: [.gradient], make: { _ in SQP() }, keepsMatrix: true,
    honours: [.bounds, .constraints])

  package var name: String { "sqp" }
  package var options: [MethodOption] { [] }
  package var needs: Ask { [.gradient] }
  package var honours: Restrictions { [.bounds, .constraints] }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { SQPIteration(run) }
}

/// The state of one run of `sqp`.
final class SQPIteration: Iteration {
  private let n: Int
  private let m: Int
  private let qp: ConstrainedQP
  private let memory: Buffer
  private let b: UnsafeMutablePointer<Double>
  private let d: UnsafeMutablePointer<Double>
  private let lambda: UnsafeMutablePointer<Double>
  private let weights: UnsafeMutablePointer<Double>
  private let c: UnsafeMutablePointer<Double>
  private let shifted: UnsafeMutablePointer<Double>
  private let lastX: UnsafeMutablePointer<Double>
  private let lastSlope: UnsafeMutablePointer<Double>
  private let s: UnsafeMutablePointer<Double>
  private let y: UnsafeMutablePointer<Double>
  private let bs: UnsafeMutablePointer<Double>
  private let lastJacobian: UnsafeMutablePointer<Double>
  private var isPrepared = false
  private var hasStep = false
  private var hasLast = false
  private var isFresh = true
  private var length = 1.0
  private var penalty = 10.0
  private var decrease: Double?
  private let convex: ConvexHessian
  private let normals: UnsafeMutablePointer<Double>
  private var exactSteps = 0
  private let mode = getenv("SQPMODE").map { Int(atoi($0)) } ?? 0
  private let late = getenv("SQPLATE").map { Int(atoi($0)) } ?? 100000

  init(_ run: Run) {
    n = run.dimension
    m = run.rowCount
    qp = ConstrainedQP(run)
    memory = Buffer(count: n * n + 7 * n + 4 * m + m * n + (m + n) * n)
    var next = memory.pointer
    func take(_ count: Int) -> UnsafeMutablePointer<Double> {
      defer { next += count }
      return next
    }
    b = take(n * n)
    d = take(n)
    lastX = take(n)
    lastSlope = take(n)
    s = take(n)
    y = take(n)
    bs = take(n)
    lambda = take(m)
    weights = take(m)
    c = take(m)
    shifted = take(m)
    lastJacobian = take(m * n)
    normals = take((m + n) * n)
    convex = ConvexHessian(dimension: n)
    reset()
  }

  private func reset() {
    for i in 0..<n {
      for j in 0..<n { b[i * n + j] = i == j ? 1 : 0 }
    }
    isFresh = true
    hasLast = false
  }

  func restart(_ run: Run) {
    reset()
    isPrepared = false
  }

  func recover(_ run: Run) -> Bool {
    if isFresh { return false }
    reset()
    isPrepared = false
    return true
  }

  func measures(_ run: Run) -> Measures {
    prepare(run)
    return Measures(
      expectedDecrease: decrease, rate: length, kkt: run.isConstrained ? run.kkt() : nil)
  }

  /// The quadratic program at the current point, with multipliers.
  private func prepare(_ run: Run) {
    guard !isPrepared, run.knowsGradient else { return }
    isPrepared = true
    let isExact = mode == 1 || mode == 2 && run.step == 0 || run.step >= late
    if isExact, exact(run) {
      isFresh = false
      hasLast = false
    } else {
      update(run)
    }
    hasStep = qp.solve(
      run, b, gradient: run.gradient, rows: run.rows.values, penalty: penalty)
    guard hasStep else { return }
    while qp.isRelaxed, penalty < 1e10 {
      // A higher price, as long as that makes a difference.
      let before = linearViolation(run)
      penalty *= 10
      hasStep = qp.solve(
        run, b, gradient: run.gradient, rows: run.rows.values, penalty: penalty)
      guard hasStep, linearViolation(run) < 0.9 * before else { break }
    }
    guard hasStep else { return }
    d.update(from: qp.d, count: n)
    run.rows.multipliers.update(from: qp.multipliers, count: m)
    lambda.update(from: qp.multipliers, count: m)
    for row in 0..<m {
      let size = abs(lambda[row])
      weights[row] = max(size, 0.5 * (weights[row] + size))
    }
    var quadratic = 0.0
    for i in 0..<n { quadratic += d[i] * dot(b + i * n, d, n) }
    decrease = abs(dot(run.gradient, d, n)) + 0.5 * quadratic
  }

  /// The exact Hessian of the Lagrangian, made convex.
  private func exact(_ run: Run) -> Bool {
    guard run.objective.offers.contains(m > 0 ? .lagrangian : .hessian) else { return false }
    if run.step == 0, m > 0 {
      _ = qp.solve(run, b, gradient: run.gradient, rows: run.rows.values, penalty: penalty)
      run.rows.multipliers.update(from: qp.multipliers, count: m)
      d.update(from: qp.d, count: n)
    }
    var answer = Answer()
    if m > 0 { answer.lagrangian = b } else { answer.hessian = b }
    guard
      run.evaluate(
        m > 0 ? .lagrangian : .hessian, at: run.x, along: run.rows.multipliers, into: &answer)
        == .done
    else {
      reset()
      return false
    }
    var count = 0
    for row in 0..<m
    where run.isEquation[row] || run.rows.multipliers[row] != 0 {
      (normals + count * n).update(from: run.jacobian + row * n, count: n)
      count += 1
    }
    if let box = run.box {
      for k in 0..<n {
        let reached = run.x[k] + d[k]
        if reached <= box.lower[k] || reached >= box.upper[k] {
          for j in 0..<n { normals[count * n + j] = j == k ? 1 : 0 }
          count += 1
        }
      }
    }
    guard convex.convexify(b, normals: normals, count: count) else {
      reset()
      return false
    }
    return true
  }

  /// Σ violation of c + Jd.
  private func linearViolation(_ run: Run) -> Double {
    var sum = 0.0
    for row in 0..<m {
      sum += run.rows.violation(
        run.rows.values[row] + dot(run.jacobian + row * n, qp.d, n), row)
    }
    return sum
  }

  private func infeasibility(_ run: Run, _ values: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for row in 0..<m { sum += weights[row] * run.rows.violation(values[row], row) }
    return sum
  }

  func step(_ run: Run) -> Advance {
    prepare(run)
    guard hasStep else { return .stuck(.degenerate) }
    let before = infeasibility(run, run.rows.values)
    var after = 0.0
    for row in 0..<m {
      after +=
        weights[row]
        * run.rows.violation(
          run.rows.values[row] + dot(run.jacobian + row * n, d, n), row)
    }
    let merit = run.value + before
    let slope = dot(run.gradient, d, n) - (before - after)
    guard slope < 0 || maximumNorm(d, n) > 0 else { return .stuck(.degenerate) }
    // What the values can tell apart.
    var terms = abs(run.value) + before
    for k in 0..<n { terms += abs(run.gradient[k] * run.x[k]) }
    let noise = 4 * Double.ulpOfOne * terms
    length = 1
    var isFirst = true
    while length > 1e-12 {
      place(run, length)
      guard let value = evaluate(run) else { return .halted }
      if value.isFinite {
        let new = value + infeasibility(run, c)
        if new <= merit + 1e-4 * length * min(slope, 0) + noise {
          return accept(run, value)
        }
        if isFirst, m > 0, let corrected = correct(run, merit, slope, noise) { return corrected }
        if run.halt != nil { return .halted }
        let drop = 2 * (new - merit - length * slope)
        let best = drop > 0 ? -slope * length * length / drop : 0.5 * length
        length = min(max(best, 0.1 * length), 0.5 * length)
      } else {
        length *= 0.25
      }
      isFirst = false
    }
    return .stuck(.lineSearch)
  }

  /// The full step again with the constraints as they are at its end (Fletcher 1982; Nocedal & Wright
  /// 2006, section 15.6). Nil if that does not help.
  private func correct(_ run: Run, _ merit: Double, _ slope: Double, _ noise: Double) -> Advance? {
    for row in 0..<m { shifted[row] = c[row] - dot(run.jacobian + row * n, d, n) }
    guard
      qp.solve(run, b, gradient: run.gradient, rows: shifted, penalty: penalty), !qp.isRelaxed
    else { return nil }
    for k in 0..<n { run.trial[k] = clamp(run, run.x[k] + qp.d[k], k) }
    guard let value = evaluate(run), value.isFinite else { return nil }
    guard value + infeasibility(run, c) <= merit + 1e-4 * min(slope, 0) + noise else { return nil }
    return accept(run, value)
  }

  private func clamp(_ run: Run, _ value: Double, _ k: Int) -> Double {
    run.box?.clamp(value, k) ?? value
  }

  private func place(_ run: Run, _ length: Double) {
    for k in 0..<n { run.trial[k] = clamp(run, run.x[k] + length * d[k], k) }
  }

  /// The value at the trial point, its rows in `c`; NaN if something is not finite, nil if refused.
  private func evaluate(_ run: Run) -> Double? {
    var answer = Answer()
    answer.constraints = c
    let outcome = run.evaluate(
      m > 0 ? [.value, .constraints] : .value, at: run.trial, into: &answer)
    switch outcome {
    case .stopped: return nil
    case .notFinite: return .nan
    case .done: return answer.value
    }
  }

  private func accept(_ run: Run, _ value: Double) -> Advance {
    lastX.update(from: run.x, count: n)
    lastSlope.update(from: run.gradient, count: n)
    lastJacobian.update(from: run.jacobian, count: m * n)
    hasLast = true
    run.accept(run.trial, value: value)
    isPrepared = false
    return .moved
  }

  /// Powell's damped BFGS update with the change of the Lagrangian's gradient.
  private func update(_ run: Run) {
    guard hasLast else { return }
    hasLast = false
    for k in 0..<n {
      s[k] = run.x[k] - lastX[k]
      var change = run.gradient[k] - lastSlope[k]
      for row in 0..<m {
        change += lambda[row] * (run.jacobian[row * n + k] - lastJacobian[row * n + k])
      }
      y[k] = change
    }
    let sy = dot(s, y, n)
    if isFresh {
      // The first update finds the scale.
      let yy = dot(y, y, n)
      let scale = sy > 0 ? yy / sy : 1
      if sy > 1e-12 * euclideanNorm(s, n) * yy.squareRoot(), scale.isFinite, scale > 1e-8 {
        for i in 0..<n { b[i * n + i] = min(max(scale, 1e-4), 1e6) }
      }
      isFresh = false
    }
    for i in 0..<n { bs[i] = dot(b + i * n, s, n) }
    let sbs = dot(s, bs, n)
    guard sbs > 1e-300, sbs.isFinite else { return }
    var theta = 1.0
    if sy < 0.2 * sbs { theta = 0.8 * sbs / (sbs - sy) }
    for k in 0..<n { y[k] = theta * y[k] + (1 - theta) * bs[k] }
    let curvature = dot(s, y, n)
    guard curvature > 1e-300, allFinite(y, n) else { return }
    for i in 0..<n {
      for j in 0..<n { b[i * n + j] += y[i] * y[j] / curvature - bs[i] * bs[j] / sbs }
    }
  }
}
