/// What the Jacobian at a least squares solution says about the parameters.
import OptNumerics

/// The inverse of JᵀJ where it has one, and the combinations of parameters that J does not see.
package struct Covariance: Sendable {
  /// Number of parameters.
  package let count: Int
  /// (ĴᵀĴ)⁻¹ row by row, over the directions that J sees, where Ĵ = J D⁻¹ has columns of length 1:
  /// its elements neither overflow nor vanish, whatever the units.
  private let scaledInverse: [Double]
  /// D.
  private let scale: [Double]
  /// Directions in which the residuals do not change, each scaled to a largest element of 1.
  package let unseen: [[Double]]
  /// Whether each parameter is determined: has no part in an unseen direction.
  package let isDetermined: [Bool]
  /// Ratio of the largest and smallest singular value of J with columns of length 1.
  package let condition: Double

  package var rank: Int { count - unseen.count }

  /// variance·(JᵀJ)⁻¹, row by row.
  package func times(_ variance: Double) -> [Double] {
    (0..<count * count).map {
      variance * scaledInverse[$0] / scale[$0 / count] / scale[$0 % count]
    }
  }

  /// The standard error of parameter j for a standard deviation of 1.
  package func factor(_ j: Int) -> Double {
    scaledInverse[j * count + j].squareRoot() / scale[j]
  }

  /// The correlation of two estimates.
  package func correlation(_ i: Int, _ j: Int) -> Double {
    let product = scaledInverse[i * count + i] * scaledInverse[j * count + j]
    return scaledInverse[i * count + j] / product.squareRoot()
  }

  /// gᵀ(JᵀJ)⁻¹g for the derivatives g of a function of the parameters: its variance for residuals of
  /// variance 1.
  package func variance(of gradient: ArraySlice<Double>) -> Double {
    let g = zip(gradient, scale).map { $0 / $1 }
    var square = 0.0
    for i in 0..<count {
      for j in 0..<count { square += g[i] * scaledInverse[i * count + j] * g[j] }
    }
    return max(square, 0)
  }

  /// `jacobian` is m×n row by row. Parameters that `isFree` leaves out are fixed: their rows and
  /// columns of the inverse are zero.
  ///
  /// QR of the scaled Jacobian, and the singular values of R by rotations of its columns, which find
  /// small ones with their relative accuracy: Hestenes 1958; Demmel & Veselić 1992, "Jacobi's method
  /// is more accurate than QR".
  package init(jacobian: [Double], rows m: Int, columns n: Int, isFree: [Bool]) {
    count = n
    var scale = [Double](repeating: 1, count: n)
    for j in 0..<n {
      var largest = 0.0
      for i in 0..<m { largest = max(largest, abs(jacobian[i * n + j])) }
      guard largest > 0, largest.isFinite else { continue }
      var sum = 0.0
      for i in 0..<m {
        let part = jacobian[i * n + j] / largest
        sum += part * part
      }
      scale[j] = largest * sum.squareRoot()
    }
    let qr = PivotedQR(rows: m, columns: n)
    let zeros = [Double](repeating: 0, count: m)
    let isFinite = jacobian.withUnsafeBufferPointer { matrix in
      zeros.withUnsafeBufferPointer { right in
        scale.withUnsafeBufferPointer { scale -> Bool in
          guard let matrix = matrix.baseAddress, let right = right.baseAddress,
            let scale = scale.baseAddress
          else { return false }
          return qr.factorize(matrix, right, scale: scale, isFree: isFree)
        }
      }
    }
    let (values, vectors) = isFinite ? Self.singular(qr, n) : ([Double](repeating: 0, count: n), [])
    let largest = values.max() ?? 0
    let cutoff = largest * 1e-13 * Double(max(n, 1))
    var inverse = [Double](repeating: 0, count: n * n)
    var (unseen, part) = ([[Double]](), [Double](repeating: 0, count: n))
    var smallest = Double.infinity
    for k in 0..<n where isFinite {
      let vector = (0..<n).map { vectors[$0 * n + k] }
      if values[k] > cutoff {
        smallest = min(smallest, values[k])
        for i in 0..<n {
          for j in 0..<n {
            inverse[i * n + j] +=
              (vector[i] / values[k]) * (vector[j] / values[k])
          }
        }
        continue
      }
      // A fixed parameter is no news.
      guard (0..<n).contains(where: { isFree[$0] && abs(vector[$0]) > 1e-6 }) else { continue }
      for j in 0..<n { part[j] = max(part[j], abs(vector[j])) }
      let direction = (0..<n).map { isFree[$0] ? vector[$0] / scale[$0] : 0 }
      let size = direction.max { abs($0) < abs($1) } ?? 1
      unseen.append(direction.map { abs($0 / size) < 1e-9 ? 0 : $0 / size })
    }
    scaledInverse = inverse
    self.scale = scale
    self.unseen = unseen
    isDetermined = isFinite ? part.map { $0 < 1e-5 } : part.map { _ in false }
    condition = smallest > 0 && smallest.isFinite ? largest / smallest : .infinity
  }

  /// Singular values of R and the right singular vectors as columns, n×n row by row, in the order of
  /// the parameters.
  private static func singular(_ qr: PivotedQR, _ n: Int) -> ([Double], [Double]) {
    // Columns of R and of V, one behind the other.
    var a = [Double](repeating: 0, count: n * n)
    var v = [Double](repeating: 0, count: n * n)
    for j in 0..<n {
      for i in 0...j { a[j * n + i] = qr.element(i, j) }
      v[j * n + j] = 1
    }
    var isTurned = true
    for _ in 0..<60 where isTurned {
      isTurned = false
      for p in 0..<n {
        for q in p + 1..<max(n, p + 1) {
          var (α, β, γ) = (0.0, 0.0, 0.0)
          for i in 0..<n {
            α += a[p * n + i] * a[p * n + i]
            β += a[q * n + i] * a[q * n + i]
            γ += a[p * n + i] * a[q * n + i]
          }
          guard abs(γ) > 1e-16 * (α * β).squareRoot(), α > 0, β > 0 else { continue }
          isTurned = true
          let ζ = (β - α) / (2 * γ)
          let t = (ζ >= 0 ? 1.0 : -1.0) / (abs(ζ) + (1 + ζ * ζ).squareRoot())
          let c = 1 / (1 + t * t).squareRoot()
          let s = c * t
          for i in 0..<n {
            (a[p * n + i], a[q * n + i]) = (
              c * a[p * n + i] - s * a[q * n + i], s * a[p * n + i] + c * a[q * n + i]
            )
            (v[p * n + i], v[q * n + i]) = (
              c * v[p * n + i] - s * v[q * n + i], s * v[p * n + i] + c * v[q * n + i]
            )
          }
        }
      }
    }
    var values = [Double](repeating: 0, count: n)
    var vectors = [Double](repeating: 0, count: n * n)
    for k in 0..<n {
      var sum = 0.0
      for i in 0..<n { sum += a[k * n + i] * a[k * n + i] }
      values[k] = sum.squareRoot()
      for j in 0..<n { vectors[qr.order[j] * n + k] = v[k * n + j] }
    }
    return (values, vectors)
  }
}
