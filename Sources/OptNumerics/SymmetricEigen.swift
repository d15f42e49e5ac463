/// Eigenvalues and eigenvectors of small symmetric matrices, without loading LAPACK.

/// A = ZΛZᵀ by Householder's reduction to tridiagonal form and implicit QL steps.
///
/// Martin, Reinsch & Wilkinson 1968, and Dubrulle, Martin & Wilkinson 1968, Numer. Math. 11 and 12
/// (`tred2` and `imtql2`). About 9n³ operations; memory is allocated once.
package final class SymmetricEigen {
  package let dimension: Int
  /// The eigenvalues, in no order.
  package let values: UnsafeMutablePointer<Double>
  /// The eigenvector of value k is column k, n×n row by row.
  package let vectors: UnsafeMutablePointer<Double>
  private let offDiagonal: UnsafeMutablePointer<Double>
  private let memory: Buffer

  package init(dimension: Int) {
    let n = max(dimension, 0)
    self.dimension = n
    memory = Buffer(count: n * n + 2 * n)
    vectors = memory.pointer
    values = vectors + n * n
    offDiagonal = values + n
  }

  /// Decomposes the symmetric matrix `a`, n×n row by row, of which the lower half is read. False if
  /// an element is not finite or the steps do not converge.
  package func decompose(_ a: UnsafePointer<Double>) -> Bool {
    let n = dimension
    if n == 0 { return true }
    for index in 0..<n * n {
      if !a[index].isFinite { return false }
      vectors[index] = a[index]
    }
    reduce()
    return iterate()
  }

  /// Householder's reflections, from the last row up.
  private func reduce() {
    let (n, z, d, e) = (dimension, vectors, values, offDiagonal)
    for i in stride(from: n - 1, to: 0, by: -1) {
      let row = z + i * n
      var scale = 0.0
      for k in 0..<i { scale += abs(row[k]) }
      if i == 1 || scale == 0 {
        e[i] = row[i - 1]
        d[i] = 0
        continue
      }
      var h = 0.0
      for k in 0..<i {
        row[k] /= scale
        h += row[k] * row[k]
      }
      let f = row[i - 1]
      let g = f >= 0 ? -h.squareRoot() : h.squareRoot()
      e[i] = scale * g
      h -= f * g
      row[i - 1] = f - g
      var sum = 0.0
      for j in 0..<i {
        z[j * n + i] = row[j] / h
        var product = 0.0
        for k in 0...j { product += z[j * n + k] * row[k] }
        for k in j + 1..<max(i, j + 1) { product += z[k * n + j] * row[k] }
        e[j] = product / h
        sum += e[j] * row[j]
      }
      let half = sum / (h + h)
      for j in 0..<i {
        let f = row[j]
        let g = e[j] - half * f
        e[j] = g
        for k in 0...j { z[j * n + k] -= f * e[k] + g * row[k] }
      }
      d[i] = h
    }
    d[0] = 0
    e[0] = 0
    for i in 0..<n {
      if d[i] != 0 {
        for j in 0..<i {
          var g = 0.0
          for k in 0..<i { g += z[i * n + k] * z[k * n + j] }
          for k in 0..<i { z[k * n + j] -= g * z[k * n + i] }
        }
      }
      d[i] = z[i * n + i]
      z[i * n + i] = 1
      for j in 0..<i {
        z[j * n + i] = 0
        z[i * n + j] = 0
      }
    }
  }

  /// QL steps with implicit shifts.
  private func iterate() -> Bool {
    let (n, z, d, e) = (dimension, vectors, values, offDiagonal)
    for i in 1..<max(n, 1) { e[i - 1] = e[i] }
    e[n - 1] = 0
    for l in 0..<n {
      var rounds = 0
      while true {
        var m = l
        while m < n - 1 {
          let size = abs(d[m]) + abs(d[m + 1])
          if abs(e[m]) <= Double.ulpOfOne * size { break }
          m += 1
        }
        if m == l { break }
        rounds += 1
        if rounds > 60 { return false }
        var g = (d[l + 1] - d[l]) / (2 * e[l])
        var r = hypotenuse(g, 1)
        g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r))
        var (s, c, p) = (1.0, 1.0, 0.0)
        var isSplit = false
        for i in stride(from: m - 1, through: l, by: -1) {
          let f = s * e[i]
          let b = c * e[i]
          r = hypotenuse(f, g)
          e[i + 1] = r
          if r == 0 {
            d[i + 1] -= p
            e[m] = 0
            isSplit = true
            break
          }
          s = f / r
          c = g / r
          g = d[i + 1] - p
          r = (d[i] - g) * s + 2 * c * b
          p = s * r
          d[i + 1] = g + p
          g = c * r - b
          for k in 0..<n {
            let row = z + k * n
            let f = row[i + 1]
            row[i + 1] = s * row[i] + c * f
            row[i] = c * row[i] - s * f
          }
        }
        if isSplit { continue }
        d[l] -= p
        e[l] = g
        e[m] = 0
      }
    }
    return true
  }

  private func hypotenuse(_ a: Double, _ b: Double) -> Double {
    let (large, small) = (max(abs(a), abs(b)), min(abs(a), abs(b)))
    if large == 0 { return 0 }
    let ratio = small / large
    return large * (1 + ratio * ratio).squareRoot()
  }
}
