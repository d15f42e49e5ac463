/// The system of an interior point step as a sparse one.
import OptNumerics

/// The symmetric matrix
///
///     ⎡ H + D    Âᵀ  ⎤
///     ⎣   Â    −W⁻¹ ⎦
///
/// factored as LDLᵀ without pivoting (`SparseLDL`). H + D + ÂᵀWÂ is positive definite just if there are
/// as many negative pivots as rows (Nocedal & Wright 2006, theorem 16.3, and Haynsworth's additivity).
/// Small numbers on the diagonal make pivots of variables without curvature; refinement takes what they
/// do out of the solution again.
final class AugmentedSystem: StepSystem {
  let hessian: UnsafeMutablePointer<Double>
  private let n: Int
  private let m: Int
  private let pattern: SparsePattern
  private let ldl: SparseLDL
  /// The places of the matrix: the upper triangle of H, the diagonal, Â.
  private let rowIndices: [Int32]
  private let columnIndices: [Int32]
  /// Where the elements of the upper triangle lie in `hessian`.
  private let upper: [Int32]
  private let memory: Buffer
  /// The matrix as it is factored, and without what was added to it.
  private let values: UnsafeMutablePointer<Double>
  private let added: UnsafeMutablePointer<Double>
  private let right: UnsafeMutablePointer<Double>
  private let solution: UnsafeMutablePointer<Double>
  private let residual: UnsafeMutablePointer<Double>
  private let correction: UnsafeMutablePointer<Double>

  /// What is added to the diagonal, relative to its largest element.
  private static let leastCurvature = 1e-10
  private static let largestRefinements = 8
  private static let tolerance = 1e-10

  /// Nil where the factor would be too large.
  init?(_ run: Run, _ pattern: SparsePattern) {
    n = run.dimension
    m = run.rowCount
    self.pattern = pattern
    var rows: [Int32] = []
    var columns: [Int32] = []
    var upper: [Int32] = []
    for i in 0..<n {
      for place in pattern.range(i) where Int(pattern.indices[place]) >= i {
        rows.append(Int32(clamping: i))
        columns.append(pattern.indices[place])
        upper.append(Int32(clamping: place))
      }
    }
    let diagonal = 0..<Int32(clamping: n + m)
    rows += diagonal
    columns += diagonal
    for row in 0..<m {
      for place in run.rows.starts[row]..<run.rows.starts[row + 1] {
        rows.append(Int32(clamping: n + row))
        columns.append(run.rows.columns[place])
      }
    }
    guard let ldl = SparseLDL(size: n + m, places: (rows, columns)) else { return nil }
    self.ldl = ldl
    (rowIndices, columnIndices, self.upper) = (rows, columns, upper)
    memory = Buffer(count: pattern.count + rows.count + 5 * (n + m))
    hessian = memory.pointer
    values = hessian + pattern.count
    added = values + rows.count
    right = added + n + m
    solution = right + n + m
    residual = solution + n + m
    correction = residual + n + m
  }

  func clearHessian() { hessian.update(repeating: 0, count: pattern.count) }
  var hessianSize: Double { maximumNorm(hessian, pattern.count) }

  func factor(
    _ run: Run, _ sides: UnsafePointer<Double>, _ diagonal: UnsafePointer<Double>,
    _ weights: UnsafePointer<Double>, shift: Double, _ stop: Stop
  ) -> Bool {
    let count = upper.count
    for k in 0..<count { values[k] = hessian[Int(upper[k])] }
    let least = Self.leastCurvature * max(1, hessianSize)
    for k in 0..<n {
      added[k] = least
      values[count + k] = diagonal[k] + shift + least
    }
    for row in 0..<m {
      added[n + row] = 0
      values[count + n + row] = -1 / max(weights[row], 1e-20)
    }
    var next = count + n + m
    for row in 0..<m {
      for k in run.rows.starts[row]..<run.rows.starts[row + 1] {
        values[next] = sides[row] * run.rows.jacobian[k]
        next += 1
      }
    }
    guard let negative = ldl.factor(values, stop), negative == m else { return false }
    return true
  }

  func solve(
    _ run: Run, _ b: UnsafePointer<Double>, _ r: UnsafePointer<Double>,
    into dx: UnsafeMutablePointer<Double>, _ y: UnsafeMutablePointer<Double>
  ) -> Bool {
    let size = n + m
    for k in 0..<n { right[k] = b[k] }
    for row in 0..<m { right[n + row] = -r[row] }
    let goal = Self.tolerance * max(maximumNorm(right, size), 1e-300)
    solution.update(repeating: 0, count: size)
    residual.update(from: right, count: size)
    var last = Double.infinity
    for _ in 0..<Self.largestRefinements {
      correction.update(from: residual, count: size)
      ldl.solve(correction)
      for k in 0..<size { solution[k] += correction[k] }
      multiply()
      let now = maximumNorm(residual, size)
      guard now < last else {
        for k in 0..<size { solution[k] -= correction[k] }
        break
      }
      last = now
      if now <= goal { break }
    }
    dx.update(from: solution, count: n)
    y.update(from: solution + n, count: m)
    return last <= 1e-5 * max(maximumNorm(right, size), 1e-300)
  }

  /// residual = right − the matrix without what was added times `solution`.
  private func multiply() {
    let size = n + m
    for k in 0..<size { residual[k] = right[k] + added[k] * solution[k] }
    rowIndices.withUnsafeBufferPointer { rows in
      columnIndices.withUnsafeBufferPointer { columns in
        for t in 0..<rows.count {
          let (i, j) = (Int(rows[t]), Int(columns[t]))
          residual[i] -= values[t] * solution[j]
          if i != j { residual[j] -= values[t] * solution[i] }
        }
      }
    }
  }
}
