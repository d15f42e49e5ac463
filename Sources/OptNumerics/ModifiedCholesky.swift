/// Cholesky factorisation of a symmetric matrix that is made positive definite on the way.

/// P(SAS + E)Pᵀ = LDLᵀ with a diagonal E ≥ 0 that is zero if A is sufficiently positive definite.
///
/// Gill, Murray & Wright 1981, "Practical Optimization", section 4.4.2.2, with pivoting on the
/// largest diagonal; the matrix is first scaled to a unit diagonal by S, so that badly scaled
/// variables do not hide small pivots. Memory is allocated once.
package final class ModifiedCholesky {
  package let dimension: Int
  private let memory: Buffer
  private let factor: UnsafeMutablePointer<Double>
  private let scale: UnsafeMutablePointer<Double>
  private let pivots: UnsafeMutablePointer<Double>
  /// The pivots before they were modified.
  private let rawPivots: UnsafeMutablePointer<Double>
  private let work: UnsafeMutablePointer<Double>
  private var permutation: [Int]
  /// Whether any pivot was changed, E ≠ 0.
  package private(set) var isModified = false
  /// What `solve` met of b along the pivots that it left out, in the units of b.
  package private(set) var flatSlope = 0.0
  /// The place of the most negative pivot, if there is one clearly below zero.
  private var negativePlace: Int?
  /// Whether the matrix has clearly negative curvature.
  package var hasNegativePivot: Bool { negativePlace != nil }

  package init(dimension: Int) {
    self.dimension = max(dimension, 0)
    let n = self.dimension
    memory = Buffer(count: n * n + 4 * n)
    factor = memory.pointer
    scale = factor + n * n
    pivots = scale + n
    rawPivots = pivots + n
    work = rawPivots + n
    permutation = Array(0..<n)
  }

  /// Factorises the symmetric matrix `a`, n×n row by row. False if an element is not finite.
  package func factorize(_ a: UnsafePointer<Double>) -> Bool {
    let n = dimension
    isModified = false
    negativePlace = nil
    for row in 0..<n {
      permutation[row] = row
      let diagonal = abs(a[row * n + row])
      scale[row] = diagonal > 1e-300 ? 1 / diagonal.squareRoot() : scaleOfRow(a, row)
    }
    var largestDiagonal = 0.0
    var largestElsewhere = 0.0
    for row in 0..<n {
      for column in 0..<n {
        let element =
          0.5 * (a[row * n + column] + a[column * n + row]) * scale[row] * scale[column]
        if !element.isFinite { return false }
        factor[row * n + column] = element
        if row == column {
          largestDiagonal = max(largestDiagonal, abs(element))
        } else {
          largestElsewhere = max(largestElsewhere, abs(element))
        }
      }
    }
    let spread = n > 1 ? (Double(n) * Double(n) - 1).squareRoot() : 1
    let bound = max(largestDiagonal, largestElsewhere / spread, Double.ulpOfOne)
    let floor = Double.ulpOfOne * max(largestDiagonal + largestElsewhere, 1)
    eliminate(bound: bound, floor: floor)
    return true
  }

  /// For a zero diagonal: the scale that the largest element of the row asks for.
  private func scaleOfRow(_ a: UnsafePointer<Double>, _ row: Int) -> Double {
    var largest = 0.0
    for column in 0..<dimension { largest = max(largest, abs(a[row * dimension + column])) }
    return largest > 1e-300 ? 1 / largest.squareRoot() : 1
  }

  private func eliminate(bound: Double, floor: Double) {
    let n = dimension
    var mostNegative = -100 * Double(n) * Double.ulpOfOne
    for j in 0..<n {
      var largest = j
      for candidate in j..<n
      where abs(factor[candidate * n + candidate]) > abs(factor[largest * n + largest]) {
        largest = candidate
      }
      if largest != j { exchange(j, largest) }
      let raw = factor[j * n + j]
      var theta = 0.0
      for i in (j + 1)..<max(n, j + 1) { theta = max(theta, abs(factor[i * n + j])) }
      let pivot = max(abs(raw), theta * theta / bound, floor)
      rawPivots[j] = raw
      pivots[j] = pivot
      if pivot > raw * (1 + 1e-10) { isModified = true }
      if raw < mostNegative {
        mostNegative = raw
        negativePlace = j
      }
      for i in (j + 1)..<max(n, j + 1) {
        let ratio = factor[i * n + j] / pivot
        if ratio != 0 {
          for k in (j + 1)...i { factor[i * n + k] -= ratio * factor[k * n + j] }
        }
        work[i] = ratio
      }
      for i in (j + 1)..<max(n, j + 1) { factor[i * n + j] = work[i] }
    }
  }

  /// Exchanges rows and columns `p` < `q` of the lower triangle.
  private func exchange(_ p: Int, _ q: Int) {
    let n = dimension
    permutation.swapAt(p, q)
    func swapElements(_ a: Int, _ b: Int) {
      let kept = factor[a]
      factor[a] = factor[b]
      factor[b] = kept
    }
    for k in 0..<p { swapElements(p * n + k, q * n + k) }
    for k in (p + 1)..<q { swapElements(k * n + p, q * n + k) }
    for k in (q + 1)..<max(n, q + 1) { swapElements(k * n + p, k * n + q) }
    swapElements(p * n + p, q * n + q)
  }

  /// Solves (A + S⁻¹ES⁻¹) x = b, and returns ½bᵀx over the pivots that carry information: those
  /// within rounding of zero are left out.
  package func solve(_ b: UnsafePointer<Double>, into x: UnsafeMutablePointer<Double>) -> Double {
    let n = dimension
    var energy = 0.0
    flatSlope = 0
    for j in 0..<n {
      var sum = scale[permutation[j]] * b[permutation[j]]
      for k in 0..<j { sum -= factor[j * n + k] * work[k] }
      work[j] = sum
    }
    for j in 0..<n {
      let quotient = work[j] / pivots[j]
      if abs(rawPivots[j]) > 1e-14 * Double(n) {
        energy += work[j] * quotient
      } else {
        flatSlope += abs(work[j]) / scale[permutation[j]]
      }
      work[j] = quotient
    }
    solveTransposed()
    for j in 0..<n { x[permutation[j]] = scale[permutation[j]] * work[j] }
    return 0.5 * energy
  }

  /// A direction d along which dᵀAd is negative, if the factorisation met a negative pivot.
  package func negativeCurvature(into d: UnsafeMutablePointer<Double>) -> Bool {
    guard let place = negativePlace else { return false }
    for j in 0..<dimension { work[j] = j == place ? 1 : 0 }
    solveTransposed()
    for j in 0..<dimension { d[permutation[j]] = scale[permutation[j]] * work[j] }
    return true
  }

  /// Lᵀ w ← w in place.
  private func solveTransposed() {
    let n = dimension
    for j in stride(from: n - 1, through: 0, by: -1) {
      let solved = work[j]
      if solved == 0 { continue }
      for k in 0..<j { work[k] -= factor[j * n + k] * solved }
    }
  }
}
