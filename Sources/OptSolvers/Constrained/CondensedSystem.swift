/// The system of an interior point step with y eliminated, dense.
import OptNumerics

/// K dx = b − ÂᵀWr with K = H + D + ÂᵀWÂ, and y = W(Âdx + r). K is positive definite just if the whole
/// system has as many positive eigenvalues as there are variables, and Cholesky's factorisation tells.
final class CondensedSystem: StepSystem {
  let hessian: UnsafeMutablePointer<Double>
  private let n: Int
  private let m: Int
  private let memory: Buffer
  private let system: UnsafeMutablePointer<Double>
  private let factors: UnsafeMutablePointer<Double>
  private let right: UnsafeMutablePointer<Double>
  private let work: UnsafeMutablePointer<Double>
  private let sides: UnsafeMutablePointer<Double>
  private let weights: UnsafeMutablePointer<Double>

  init(_ run: Run) {
    n = run.dimension
    m = run.rowCount
    memory = Buffer(count: 3 * n * n + 2 * n + 2 * m)
    hessian = memory.pointer
    system = hessian + n * n
    factors = system + n * n
    right = factors + n * n
    work = right + n
    sides = work + n
    weights = sides + m
  }

  func clearHessian() { hessian.update(repeating: 0, count: n * n) }
  var hessianSize: Double { maximumNorm(hessian, n * n) }

  func factor(
    _ run: Run, _ sides: UnsafePointer<Double>, _ diagonal: UnsafePointer<Double>,
    _ weights: UnsafePointer<Double>, shift: Double, _ stop: Stop
  ) -> Bool {
    self.sides.update(from: sides, count: m)
    self.weights.update(from: weights, count: m)
    system.update(from: hessian, count: n * n)
    for k in 0..<n { system[k * n + k] += diagonal[k] + shift }
    let rows = run.rows
    for row in 0..<m {
      let (begin, end) = (rows.starts[row], rows.starts[row + 1])
      let factor = weights[row] * sides[row] * sides[row]
      for p in begin..<end where rows.jacobian[p] != 0 && factor != 0 {
        let left = factor * rows.jacobian[p]
        let target = system + Int(rows.columns[p]) * n
        for q in begin...p { target[Int(rows.columns[q])] += left * rows.jacobian[q] }
      }
    }
    return factorCholesky(system, into: factors, n, share: 1e-14)
  }

  func solve(
    _ run: Run, _ b: UnsafePointer<Double>, _ r: UnsafePointer<Double>,
    into dx: UnsafeMutablePointer<Double>, _ y: UnsafeMutablePointer<Double>
  ) -> Bool {
    right.update(from: b, count: n)
    for row in 0..<m { y[row] = -sides[row] * weights[row] * r[row] }
    run.rows.addTransposed(y, to: right)
    dx.update(from: right, count: n)
    solveCholesky(factors, dx, n)
    // One step of refinement: weights of equations are large.
    for i in 0..<n {
      var sum = right[i]
      for j in 0..<n { sum -= (j <= i ? system[i * n + j] : system[j * n + i]) * dx[j] }
      work[i] = sum
    }
    solveCholesky(factors, work, n)
    for k in 0..<n { dx[k] += work[k] }
    for row in 0..<m {
      y[row] = weights[row] * (sides[row] * run.rows.slope(row, along: dx) + r[row])
    }
    return true
  }
}
