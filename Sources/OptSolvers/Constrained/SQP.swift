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
  /// The exact Hessian in `b`: where it was taken, and whether it was convex along the active
  /// constraints there.
  private let exactX: UnsafeMutablePointer<Double>
  private var hasExact = false
  private var exactIsConvex = false
  /// `b` needs no updates: the Hessian is the same everywhere.
  private var isConstant = false
  /// Steps in a row that did not lower the merit function by more than rounding.
  private var stalls = 0
  private let raw: UnsafeMutablePointer<Double>
  /// Steps this short, relative to the point, end so near that the Hessian here is that of the
  /// solution.
  private static let near = 0.05

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

  private func reset() {
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
  private func prepare(_ run: Run) {
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

  /// Whether the step is short enough for the Hessian here to be that of the solution.
  private func isNear(_ run: Run) -> Bool {
    guard n <= largestHessianDimension, !qp.isRelaxed else { return false }
    let size = max(1, maximumNorm(run.x, n))
    return maximumNorm(qp.d, n) <= Self.near * size && freedom(run, qp.d, qp.multipliers) > 0
  }

  /// Variables that the active constraints leave free: rows with multipliers, equations, and bounds
  /// that the step `d` reaches.
  private func freedom(
    _ run: Run, _ d: UnsafePointer<Double>, _ multipliers: UnsafePointer<Double>
  ) -> Int {
    var count = n
    for row in 0..<m where run.isEquation[row] || multipliers[row] != 0 { count -= 1 }
    guard let box = run.box else { return count }
    for k in 0..<n {
      let reached = run.x[k] + d[k]
      if reached <= box.lower[k] || reached >= box.upper[k] { count -= 1 }
    }
    return count
  }

  /// The exact Hessian of the Lagrangian at the current point with the multipliers of `run`, made
  /// convex.
  private func exact(_ run: Run) -> Bool {
    guard run.objective.offers.contains(m > 0 ? .lagrangian : .hessian) else { return false }
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
    raw.update(from: b, count: n * n)
    guard makeConvex(run) else {
      reset()
      return false
    }
    hasExact = true
    exactX.update(from: run.x, count: n)
    isFresh = false
    hasLast = false
    return true
  }

  /// Makes the Hessian in `b` convex along the constraints that the last step found active.
  private func makeConvex(_ run: Run) -> Bool {
    var count = 0
    func add(_ row: Int) {
      (normals + count * n).update(from: run.jacobian + row * n, count: n)
      count += 1
    }
    for row in 0..<m where run.isEquation[row] { add(row) }
    let equations = count
    for row in 0..<m where !run.isEquation[row] && run.rows.multipliers[row] != 0 { add(row) }
    if let box = run.box {
      for k in 0..<n {
        let reached = run.x[k] + d[k]
        if reached <= box.lower[k] || reached >= box.upper[k] {
          for j in 0..<n { normals[count * n + j] = j == k ? 1 : 0 }
          count += 1
        }
      }
    }
    // Steps of an affine problem are long, but not lost in rounding.
    let affine = max(maximumNorm(run.gradient, n), 1e-8) / max(1, maximumNorm(run.x, n))
    guard
      convex.convexify(b, normals: normals, equations: equations, count: count, affine: affine)
    else { return false }
    exactIsConvex = convex.shift <= 1e-4
    return true
  }

  /// Looks at the curvature of the Lagrangian along the active constraints: at a minimum there is
  /// none downwards. Where there is, the run goes on along it.
  func confirms(_ run: Run) -> Bool {
    guard n <= largestHessianDimension, run.knowsGradient, hasStep,
      freedom(run, d, run.rows.multipliers) > 0,
      run.objective.offers.contains(m > 0 ? .lagrangian : .hessian)
    else { return true }
    if hasExact, exactIsConvex {
      var distance = 0.0
      for k in 0..<n { distance = max(distance, abs(run.x[k] - exactX[k])) }
      if isConstant || distance <= 2 * Self.near * max(1, maximumNorm(run.x, n)) { return true }
    }
    guard exact(run), !exactIsConvex else { return run.halt == nil }
    return !escape(run)
  }

  /// The same at a point that another method claims: the quadratic program there has the multipliers
  /// and the active constraints.
  func confirmsAnew(_ run: Run) -> Bool {
    restart(run)
    _ = measures(run)
    return confirms(run)
  }

  /// Moves along the eigenvector of the least eigenvalue, if that lowers the merit function.
  private func escape(_ run: Run) -> Bool {
    for k in 0..<n { s[k] = 1 + 0.1 * Double((k * 7) % 5) }
    // `b` is barely positive along the direction that is sought.
    let inverse = ModifiedCholesky(dimension: n)
    guard inverse.factorize(b) else { return false }
    for _ in 0..<4 {
      _ = inverse.solve(s, into: y)
      let length = euclideanNorm(y, n)
      guard length > 0, length.isFinite else { return false }
      for k in 0..<n { s[k] = y[k] / length }
    }
    let merit = run.value + infeasibility(run, run.rows.values)
    let sign = dot(run.gradient, s, n) > 0 ? -1.0 : 1.0
    var length = 0.1 * max(1, maximumNorm(run.x, n))
    while length > 1e-6 {
      for turn in [sign, -sign] {
        for k in 0..<n { run.trial[k] = clamp(run, run.x[k] + turn * length * s[k], k) }
        guard var value = evaluate(run) else { return true }
        if m > 0, value.isFinite {
          // Back to the constraints by the shortest way in the metric of `b`.
          for k in 0..<n { bs[k] = run.trial[k] - run.x[k] }
          for row in 0..<m { shifted[row] = c[row] - dot(run.jacobian + row * n, bs, n) }
          for k in 0..<n {
            y[k] = -dot(b + k * n, bs, n)
          }
          if qp.solve(run, b, gradient: y, rows: shifted, penalty: penalty) {
            for k in 0..<n { run.trial[k] = clamp(run, run.x[k] + qp.d[k], k) }
            guard let corrected = evaluate(run) else { return true }
            value = corrected
          }
        }
        let noise = 1e-12 * (abs(merit) + 1)
        if value.isFinite, value + infeasibility(run, c) < merit - noise {
          run.note("left a saddle point along negative curvature")
          _ = accept(run, value)
          hasExact = false
          hasLast = false
          _ = run.requireGradient()
          return true
        }
      }
      length *= 0.25
    }
    return false
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
