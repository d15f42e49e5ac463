/// The quadratic subproblem of a constrained step: linearised constraints and bounds, relaxed where
/// they contradict each other.
import OptNumerics

/// min ½dᵀBd + gᵀd with lower ≤ c + Jd ≤ upper for every row and x + d inside of the box.
final class ConstrainedQP {
  private let n: Int
  private let m: Int
  private let plain: DualQP
  private var elastic: DualQP?
  let d: UnsafeMutablePointer<Double>
  /// λ with g + Bd + Jᵀλ = 0 but for bounds.
  let multipliers: UnsafeMutablePointer<Double>
  private let memory: Buffer
  /// Whether the last solution leaves linearised constraints violated.
  private(set) var isRelaxed = false

  init(_ run: Run) {
    n = run.dimension
    m = run.rowCount
    plain = DualQP(dimension: n, capacity: m + 2 * n, stop: run.stop)
    memory = Buffer(count: n + m + n)
    d = memory.pointer
    multipliers = memory.pointer + n
  }

  /// Solves it for the values `c` of the rows; `penalty` is the price of a violation where the rows
  /// are inconsistent. False if B is not positive definite or the solution is not finite.
  func solve(
    _ run: Run, _ b: UnsafePointer<Double>, gradient: UnsafePointer<Double>,
    rows c: UnsafePointer<Double>, penalty: Double
  ) -> Bool {
    isRelaxed = false
    plain.matrix.update(from: b, count: n * n)
    plain.gradient.update(from: gradient, count: n)
    plain.clear()
    for row in 0..<m { add(row, run, c, to: plain, run.jacobian + row * n) }
    addBounds(run, to: plain)
    switch plain.solve() {
    case .solved:
      d.update(from: plain.d, count: n)
      for row in 0..<m { multipliers[row] = -run.orientation[row] * plain.multipliers[row] }
      return true
    case .notConvex: return false
    case .inconsistent, .failed: return relax(run, b, gradient, c, penalty)
    }
  }

  private func add(
    _ row: Int, _ run: Run, _ c: UnsafePointer<Double>, to qp: DualQP, _ a: UnsafePointer<Double>
  ) {
    let sign = run.orientation[row]
    qp.add(a, sign: sign, offset: sign * c[row], isEquation: run.isEquation[row])
  }

  private func addBounds(_ run: Run, to qp: DualQP) {
    guard let box = run.box else { return }
    for k in 0..<n {
      if box.lower[k] > -.infinity {
        qp.addBound(k, sign: 1, offset: run.x[k] - box.lower[k])
      }
      if box.upper[k] < .infinity {
        qp.addBound(k, sign: -1, offset: box.upper[k] - run.x[k])
      }
    }
  }

  /// With a slack for every violation, at the price `penalty` (Gill, Murray & Saunders 2005, SNOPT,
  /// section 2.5: elastic bounds).
  private func relax(
    _ run: Run, _ b: UnsafePointer<Double>, _ gradient: UnsafePointer<Double>,
    _ c: UnsafePointer<Double>, _ penalty: Double
  ) -> Bool {
    var slacks = 0
    for row in 0..<m { slacks += run.isEquation[row] ? 2 : 1 }
    let size = n + slacks
    let qp = elastic ?? DualQP(dimension: size, capacity: m + 2 * n + slacks, stop: run.stop)
    elastic = qp
    var worst = 1.0
    for row in 0..<m { worst = max(worst, abs(c[row])) }
    // Enough curvature for a strictly convex program, too little to make large violations cheap.
    let curvature = 0.1 * penalty / worst
    for i in 0..<size {
      for j in 0..<size {
        qp.matrix[i * size + j] = i < n && j < n ? b[i * n + j] : i == j ? curvature : 0
      }
      qp.gradient[i] = i < n ? gradient[i] : penalty
    }
    qp.clear()
    let wide = Buffer(count: size)
    var slack = n
    for row in 0..<m {
      for k in 0..<n { wide[k] = run.jacobian[row * n + k] }
      for k in n..<max(size, n) { wide[k] = 0 }
      wide[slack] = run.orientation[row]
      slack += 1
      if run.isEquation[row] {
        wide[slack] = -run.orientation[row]
        slack += 1
      }
      add(row, run, c, to: qp, wide.pointer)
    }
    addBounds(run, to: qp)
    for k in n..<max(size, n) { qp.addBound(k, sign: 1, offset: 0) }
    guard qp.solve() == .solved else { return false }
    d.update(from: qp.d, count: n)
    for row in 0..<m { multipliers[row] = -run.orientation[row] * qp.multipliers[row] }
    for k in n..<max(size, n) where qp.d[k] > 1e-9 * worst { isRelaxed = true }
    return true
  }
}
