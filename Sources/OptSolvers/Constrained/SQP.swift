/// Sequential quadratic programming with a line search.
import OptNumerics

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

  package func start(_ run: Run) -> any Iteration { SQPWithFallback(run) }
}

/// The state of one run of `sqp`.
final class SQPIteration: Iteration {
  let n: Int
  let m: Int
  let qp: ConstrainedQP
  let memory: Buffer
  let b: UnsafeMutablePointer<Double>
  let d: UnsafeMutablePointer<Double>
  let lambda: UnsafeMutablePointer<Double>
  let weights: UnsafeMutablePointer<Double>
  let c: UnsafeMutablePointer<Double>
  let shifted: UnsafeMutablePointer<Double>
  let lastX: UnsafeMutablePointer<Double>
  let lastSlope: UnsafeMutablePointer<Double>
  let s: UnsafeMutablePointer<Double>
  let y: UnsafeMutablePointer<Double>
  let bs: UnsafeMutablePointer<Double>
  let lastJacobian: UnsafeMutablePointer<Double>
  var isPrepared = false
  var hasStep = false
  var hasLast = false
  var isFresh = true
  var length = 1.0
  var penalty = 10.0
  var decrease: Double?
  let convex: ConvexHessian
  let normals: UnsafeMutablePointer<Double>
  /// The exact Hessian in `b`: where it was taken, and whether it was convex along the active
  /// constraints there.
  let exactX: UnsafeMutablePointer<Double>
  var hasExact = false
  var exactIsConvex = false
  /// `b` needs no updates: the Hessian is the same everywhere.
  var isConstant = false
  /// Steps in a row that did not lower the merit function by more than rounding.
  var stalls = 0
  let raw: UnsafeMutablePointer<Double>
  /// Steps this short, relative to the point, end so near that the Hessian here is that of the
  /// solution.
  static let near = 0.05

  init(_ run: Run) {
    n = run.dimension
    m = run.rowCount
    qp = ConstrainedQP(run)
    memory = Buffer(count: 2 * n * n + 8 * n + 4 * m + m * n + (m + n) * n)
    var next = memory.pointer
    func take(_ count: Int) -> UnsafeMutablePointer<Double> {
      defer { next += count }
      return next
    }
    b = take(n * n)
    raw = take(n * n)
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
    exactX = take(n)
    normals = take((m + n) * n)
    convex = ConvexHessian(dimension: n)
    reset()
  }

  func reset() {
    hasExact = false
    isConstant = false
    stalls = 0
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

  func archive(_ archive: Archive, _ run: Run) {
    archive.numbers("memory", memory.pointer, memory.count)
    archive.flag("isPrepared", &isPrepared)
    archive.flag("hasStep", &hasStep)
    archive.flag("hasLast", &hasLast)
    archive.flag("isFresh", &isFresh)
    archive.flag("hasExact", &hasExact)
    archive.flag("exactIsConvex", &exactIsConvex)
    archive.flag("isConstant", &isConstant)
    archive.number("length", &length)
    archive.number("penalty", &penalty)
    archive.optional("decrease", &decrease)
    archive.count("stalls", &stalls)
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
  func prepare(_ run: Run) {
    guard !isPrepared else { return }
    hasStep = false
    guard run.requireGradient() == .done else { return }
    isPrepared = true
    if isFresh, !hasExact, run.objective.isQuadratic, exact(run) {
      isConstant = true
    } else if isConstant {
      b.update(from: raw, count: n * n)
      guard makeConvex(run) else { return }
    } else {
      update(run)
    }
    hasStep = qp.solve(
      run, b, gradient: run.gradient, rows: run.rows.values, penalty: penalty)
    guard hasStep else { return }
    if !hasExact, isNear(run) {
      d.update(from: qp.d, count: n)
      run.rows.multipliers.update(from: qp.multipliers, count: m)
      if exact(run) {
        hasStep = qp.solve(
          run, b, gradient: run.gradient, rows: run.rows.values, penalty: penalty)
        guard hasStep else { return }
      }
    }
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

  /// Σ violation of c + Jd.
  func linearViolation(_ run: Run) -> Double {
    var sum = 0.0
    for row in 0..<m {
      sum += run.rows.violation(
        run.rows.values[row] + dot(run.jacobian + row * n, qp.d, n), row)
    }
    return sum
  }

  func infeasibility(_ run: Run, _ values: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for row in 0..<m { sum += weights[row] * run.rows.violation(values[row], row) }
    return sum
  }

  func step(_ run: Run) -> Advance {
    prepare(run)
    guard hasStep else { return run.halt == nil ? .stuck(.degenerate) : .halted }
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
          stalls = new >= merit - noise ? stalls + 1 : 0
          return stalls > 8 ? .stuck(.degenerate) : accept(run, value)
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
  func correct(_ run: Run, _ merit: Double, _ slope: Double, _ noise: Double) -> Advance? {
    for row in 0..<m { shifted[row] = c[row] - dot(run.jacobian + row * n, d, n) }
    guard
      qp.solve(run, b, gradient: run.gradient, rows: shifted, penalty: penalty), !qp.isRelaxed
    else { return nil }
    for k in 0..<n { run.trial[k] = clamp(run, run.x[k] + qp.d[k], k) }
    guard let value = evaluate(run), value.isFinite else { return nil }
    guard value + infeasibility(run, c) <= merit + 1e-4 * min(slope, 0) + noise else { return nil }
    return accept(run, value)
  }

  func clamp(_ run: Run, _ value: Double, _ k: Int) -> Double {
    run.box?.clamp(value, k) ?? value
  }

  func place(_ run: Run, _ length: Double) {
    for k in 0..<n { run.trial[k] = clamp(run, run.x[k] + length * d[k], k) }
  }

  /// The value at the trial point, its rows in `c`; NaN if something is not finite, nil if refused.
  func evaluate(_ run: Run) -> Double? {
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

  func accept(_ run: Run, _ value: Double) -> Advance {
    lastX.update(from: run.x, count: n)
    lastSlope.update(from: run.gradient, count: n)
    lastJacobian.update(from: run.jacobian, count: m * n)
    hasLast = true
    run.accept(run.trial, value: value)
    isPrepared = false
    return .moved
  }
}
