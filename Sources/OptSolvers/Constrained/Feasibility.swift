/// Whether constraints can hold at once, and which of them are to blame where they cannot.
import OptNumerics

/// Constraints and bounds that cannot hold at once.
package struct Conflict: Sendable, Equatable {
  /// Indices into the constraints of the objective.
  package var constraints: [Int] = []
  /// Variables whose lower or upper bound has a part in it.
  package var lower: [Int] = []
  package var upper: [Int] = []
}

/// Minimises the violation of some constraints within the bounds, after Levenberg and Marquardt.
final class FeasibilitySearch {
  private let run: Run
  private let n: Int
  private let m: Int
  private let memory: Buffer
  let x: UnsafeMutablePointer<Double>
  private let trial: UnsafeMutablePointer<Double>
  private let right: UnsafeMutablePointer<Double>
  private let step: UnsafeMutablePointer<Double>
  private let c: UnsafeMutablePointer<Double>
  private let system: UnsafeMutablePointer<Double>
  private let jacobian: UnsafeMutablePointer<Double>
  /// The bounds that count, ±∞ for the others.
  private let lower: UnsafeMutablePointer<Double>
  private let upper: UnsafeMutablePointer<Double>
  private let box: Box
  private let factorization: ModifiedCholesky
  /// Rows that count.
  private var counts: [Bool]
  private static let largestSteps = 60
  /// Violations up to this count as none.
  static let tolerance = 1e-6

  init(_ run: Run) {
    self.run = run
    n = run.dimension
    m = run.rowCount
    memory = Buffer(count: 6 * n + m + n * n + m * n)
    x = memory.pointer
    trial = x + n
    right = trial + n
    step = right + n
    c = step + n
    system = c + m
    jacobian = system + n * n
    lower = jacobian + m * n
    upper = lower + n
    for k in 0..<n {
      lower[k] = run.box?.lower[k] ?? -.infinity
      upper[k] = run.box?.upper[k] ?? .infinity
    }
    box = Box(lower: lower, upper: upper)
    factorization = ModifiedCholesky(dimension: n)
    counts = Array(repeating: true, count: m)
  }

  /// What cannot hold at once, by the deletion filter (Chinneck 2008, "Feasibility and infeasibility in
  /// optimization", section 6.1): each constraint and bound is left out once, and stays out if the
  /// others still contradict each other. Bounds that do not press against the violation where it is
  /// smallest stay out from the beginning. Nil if all can hold, or if the search was stopped.
  func conflict(from start: UnsafePointer<Double>) -> Conflict? {
    x.update(from: start, count: n)
    guard let worst = minimise(), worst > Self.tolerance else { return nil }
    let stuck = Buffer(count: n)
    stuck.pointer.update(from: x, count: n)
    /// Whether all that counts can hold; nil if the search was stopped.
    func isFeasible() -> Bool? {
      x.update(from: stuck.pointer, count: n)
      return minimise().map { $0 <= Self.tolerance }
    }
    let (below, above) = pressing()
    for k in 0..<n {
      if !below.contains(k) { lower[k] = -.infinity }
      if !above.contains(k) { upper[k] = .infinity }
    }
    guard let isLoose = isFeasible() else { return nil }
    // Far from convex, other bounds may matter: then all of them are tried.
    if isLoose, let box = run.box {
      lower.update(from: box.lower, count: n)
      upper.update(from: box.upper, count: n)
    }
    var conflict = Conflict()
    for (k, range) in ranges.enumerated() {
      for row in range { counts[row] = false }
      guard let isFeasible = isFeasible() else { return nil }
      if isFeasible {
        conflict.constraints.append(k)
        for row in range { counts[row] = true }
      }
    }
    for k in 0..<n {
      for isLower in [true, false] {
        let side = isLower ? lower : upper
        let end = side[k]
        guard end.isFinite else { continue }
        side[k] = isLower ? -.infinity : .infinity
        guard let isFeasible = isFeasible() else { return nil }
        guard isFeasible else { continue }
        side[k] = end
        if isLower { conflict.lower.append(k) } else { conflict.upper.append(k) }
      }
    }
    return conflict
  }

  /// Variables that their lower or upper bound keeps from making the violation at `x` smaller.
  private func pressing() -> (below: Set<Int>, above: Set<Int>) {
    var (below, above) = (Set<Int>(), Set<Int>())
    let slope = Buffer(count: n)
    var largest = 0.0
    for row in 0..<m where counts[row] && run.rows.violation(c[row], row) > 0 {
      for k in 0..<n {
        let part = c[row] * jacobian[row * n + k]
        slope[k] += part
        largest = max(largest, abs(part))
      }
    }
    for k in 0..<n where abs(slope[k]) > 1e-6 * largest {
      if slope[k] > 0, x[k] <= lower[k] { below.insert(k) }
      if slope[k] < 0, x[k] >= upper[k] { above.insert(k) }
    }
    return (below, above)
  }

  private var ranges: [Range<Int>] {
    var at = 0
    return run.objective.constraints.map { constraint in
      defer { at += constraint.count }
      return at..<(at + constraint.count)
    }
  }

  /// The largest violation where it cannot be made smaller; nil if an evaluation was refused.
  private func minimise() -> Double? {
    guard var now = evaluate(x) else { return nil }
    var damping = 1e-3
    for _ in 0..<Self.largestSteps where now > 1e-20 && now.isFinite {
      model()
      var largest = 1e-300
      for k in 0..<n { largest = max(largest, system[k * n + k]) }
      var hasMoved = false
      while damping < 1e12 {
        for k in 0..<n { system[k * n + k] += damping * largest }
        let isFactored = factorization.factorize(system)
        for k in 0..<n { system[k * n + k] -= damping * largest }
        guard isFactored else { return largestViolation() }
        _ = factorization.solve(right, into: step)
        for k in 0..<n { trial[k] = box.clamp(x[k] + step[k], k) }
        guard let after = evaluate(trial) else { return nil }
        if after < now * (1 - 1e-9) {
          hasMoved = after < now * (1 - 1e-6)
          x.update(from: trial, count: n)
          now = after
          damping = max(0.1 * damping, 1e-14)
          break
        }
        damping *= 10
      }
      if !hasMoved { break }
    }
    guard evaluate(x) != nil else { return nil }
    return largestViolation()
  }

  private func largestViolation() -> Double {
    var largest = 0.0
    for row in 0..<m where counts[row] {
      largest = max(largest, run.rows.violation(c[row], row))
    }
    return largest
  }

  /// ½ Σ violation² at a point, with rows and derivatives; ∞ if not finite, nil if refused.
  private func evaluate(_ point: UnsafePointer<Double>) -> Double? {
    var answer = Answer()
    answer.constraints = c
    answer.constraintJacobian = jacobian
    switch run.evaluate([.constraints, .constraintJacobian], at: point, into: &answer) {
    case .stopped: return nil
    case .notFinite where !allFinite(c, m) || !allFinite(jacobian, m * n): return .infinity
    default: break
    }
    var sum = 0.0
    for row in 0..<m where counts[row] {
      let amount = run.rows.violation(c[row], row)
      sum += 0.5 * amount * amount
    }
    return sum
  }

  /// JᵀJ and −Jᵀr over what is violated at `x`; variables that a bound holds are left out.
  private func model() {
    guard evaluate(x) != nil else { return }
    for i in 0..<n {
      right[i] = 0
      for j in 0..<n { system[i * n + j] = 0 }
    }
    for row in 0..<m where counts[row] && run.rows.violation(c[row], row) > 0 {
      let a = jacobian + row * n
      for i in 0..<n where a[i] != 0 {
        right[i] -= c[row] * a[i]
        for j in 0..<n { system[i * n + j] += a[i] * a[j] }
      }
    }
    for k in 0..<n where box.holds(x[k], -right[k], k) {
      for j in 0..<n {
        system[k * n + j] = 0
        system[j * n + k] = 0
      }
      system[k * n + k] = 1
      right[k] = 0
    }
  }
}
