/// The Hessian of the Lagrangian in sequential quadratic programming: updated, exact, made convex; and
/// the way out of a saddle point.
import OptNumerics

extension SQPIteration {
  /// Whether the step is short enough for the Hessian here to be that of the solution.
  func isNear(_ run: Run) -> Bool {
    guard n <= largestHessianDimension, !qp.isRelaxed else { return false }
    let size = max(1, maximumNorm(run.x, n))
    return maximumNorm(qp.d, n) <= Self.near * size && freedom(run, qp.d, qp.multipliers) > 0
  }

  /// Variables that the active constraints leave free: rows with multipliers, equations, and bounds
  /// that the step `d` reaches.
  func freedom(
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
  func exact(_ run: Run) -> Bool {
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
  func makeConvex(_ run: Run) -> Bool {
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
  func escape(_ run: Run) -> Bool {
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

  /// Powell's damped BFGS update with the change of the Lagrangian's gradient.
  func update(_ run: Run) {
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
