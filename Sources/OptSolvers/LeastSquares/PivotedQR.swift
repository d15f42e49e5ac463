/// The linear least squares problem of one step: QR with column exchanges, and with damping.
import OptNumerics

/// QR factors of a scaled Jacobian Ĵ = J D⁻¹ of m rows and n columns, Ĵ P = Q R, with |R₁₁| ≥ |R₂₂| ≥ …
///
/// It solves min ‖Ĵq + r‖² and min ‖Ĵq + r‖² + λ‖q‖². Householder reflections on columns that lie one
/// behind the other; no library is loaded for it. Businger & Golub 1965; the damped problem and the
/// search for λ after Moré 1978, "The Levenberg-Marquardt algorithm: implementation and theory",
/// sections 3 and 5.
final class PivotedQR {
  let m: Int
  let n: Int
  /// Rows kept: at least n, so that R is always n×n.
  private let rows: Int
  private let memory: Buffer
  /// The columns, then the reflections.
  private let columns: UnsafeMutablePointer<Double>
  /// R, n×n row by row, in the order of the exchanges.
  private let upper: UnsafeMutablePointer<Double>
  /// Qᵀr.
  private let turned: UnsafeMutablePointer<Double>
  private let norms: UnsafeMutablePointer<Double>
  private let fullNorms: UnsafeMutablePointer<Double>
  private let damped: UnsafeMutablePointer<Double>
  private let right: UnsafeMutablePointer<Double>
  private let row: UnsafeMutablePointer<Double>
  private let work: UnsafeMutablePointer<Double>
  /// Column k of R belongs to variable order[k].
  @exclusivity(unchecked) private(set) var order: [Int]
  /// Columns that are not combinations of the others to working precision.
  @exclusivity(unchecked) private(set) var rank = 0

  init(rows m: Int, columns n: Int) {
    self.m = m
    self.n = n
    rows = max(m, n)
    order = Array(0..<n)
    memory = Buffer(count: rows * n + 2 * n * n + rows + 5 * n)
    columns = memory.pointer
    upper = columns + rows * n
    damped = upper + n * n
    turned = damped + n * n
    norms = turned + rows
    fullNorms = norms + n
    right = fullNorms + n
    row = right + n
    work = row + n
  }

  /// Parts of R's diagonal below this part of the largest one are rounding.
  var rankTolerance: Double { 4 * Double(max(m, n)).squareRoot() * Double.ulpOfOne * Double(n) }

  /// Factorises J D⁻¹ (`jacobian` m×n row by row) and applies Qᵀ to the residuals. Columns that
  /// `isFree` leaves out count as zero. False if something is not finite.
  func factorize(
    _ jacobian: UnsafePointer<Double>, _ residuals: UnsafePointer<Double>,
    scale: UnsafePointer<Double>, isFree: [Bool]? = nil
  ) -> Bool {
    for j in 0..<n {
      let column = columns + j * rows
      let factor = isFree.map { $0[j] ? 1 / scale[j] : 0 } ?? 1 / scale[j]
      for i in 0..<m { column[i] = jacobian[i * n + j] * factor }
      for i in m..<rows { column[i] = 0 }
      norms[j] = euclideanNorm(column, rows)
      guard norms[j].isFinite else { return false }
      fullNorms[j] = norms[j]
      order[j] = j
    }
    for i in 0..<m {
      turned[i] = residuals[i]
      guard turned[i].isFinite else { return false }
    }
    for i in m..<rows { turned[i] = 0 }
    for k in 0..<n { reflect(k) }
    let first = n > 0 ? abs(upper[0]) : 0
    rank = 0
    while rank < n, abs(upper[rank * n + rank]) > rankTolerance * first { rank += 1 }
    return true
  }

  /// The k-th step: the largest column that is left comes first and is made a multiple of eₖ.
  private func reflect(_ k: Int) {
    var best = k
    for j in k + 1..<max(n, k + 1) where norms[j] > norms[best] { best = j }
    if best != k {
      let (a, b) = (columns + k * rows, columns + best * rows)
      for i in 0..<rows { (a[i], b[i]) = (b[i], a[i]) }
      for i in 0..<k { swap(&upper[i * n + k], &upper[i * n + best]) }
      order.swapAt(k, best)
      norms[best] = norms[k]
      fullNorms[best] = fullNorms[k]
    }
    let column = columns + k * rows + k
    let count = rows - k
    var length = euclideanNorm(column, count)
    upper[k * n + k] = 0
    for j in 0..<k { upper[k * n + j] = 0 }
    guard length > 0 else {
      for j in k + 1..<max(n, k + 1) { upper[k * n + j] = columns[j * rows + k] }
      return
    }
    if column[0] < 0 { length = -length }
    for i in 0..<count { column[i] /= length }
    column[0] += 1
    let head = column[0]
    for j in k + 1..<max(n, k + 1) {
      let other = columns + j * rows + k
      addMultiple(-dot(column, other, count) / head, column, to: other, count)
      upper[k * n + j] = other[0]
      guard norms[j] > 0 else { continue }
      let ratio = other[0] / norms[j]
      norms[j] *= max(0, 1 - ratio * ratio).squareRoot()
      let part = norms[j] / fullNorms[j]
      if 0.05 * part * part <= Double.ulpOfOne {
        norms[j] = euclideanNorm(other + 1, count - 1)
        fullNorms[j] = norms[j]
      }
    }
    addMultiple(-dot(column, turned + k, count) / head, column, to: turned + k, count)
    upper[k * n + k] = -length
  }

  /// ‖r‖² − min ‖Ĵq + r‖²: what the linear model expects of the full step.
  var decrease: Double { dot(turned, turned, rank) }

  /// Adds JᵀJ to a matrix, n×n row by row.
  func addSquare(_ scale: UnsafePointer<Double>, to matrix: UnsafeMutablePointer<Double>) {
    for a in 0..<n {
      for b in 0...a {
        var sum = 0.0
        for i in 0...b { sum += upper[i * n + a] * upper[i * n + b] }
        let (row, column) = (order[a], order[b])
        sum *= scale[row] * scale[column]
        matrix[row * n + column] += sum
        if a != b { matrix[column * n + row] += sum }
      }
    }
  }

  /// The element of R in row i and column j.
  func element(_ i: Int, _ j: Int) -> Double { upper[i * n + j] }

  /// Gauss and Newton's step q; directions that Ĵ does not see are left out.
  func fullStep(into q: UnsafeMutablePointer<Double>) {
    for k in 0..<n { work[k] = k < rank ? -turned[k] : 0 }
    substitute(upper, work, rank)
    for k in 0..<n { q[order[k]] = work[k] }
  }

  /// The direction of steepest descent, −Ĵᵀr.
  func steepest(into q: UnsafeMutablePointer<Double>) {
    for k in 0..<n {
      var sum = 0.0
      for i in 0...k { sum += upper[i * n + k] * turned[i] }
      q[order[k]] = -sum
    }
  }

  /// ‖Ĵq‖².
  func squaredImage(_ q: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for i in 0..<n {
      var part = 0.0
      for j in i..<n { part += upper[i * n + j] * q[order[j]] }
      sum += part * part
    }
    return sum
  }

  /// The step of length `radius` or shorter that is best for the model, and its λ; `damping` is
  /// where the search begins.
  func step(
    radius: Double, damping: Double, into q: UnsafeMutablePointer<Double>
  ) -> Double {
    fullStep(into: q)
    var length = euclideanNorm(q, n)
    var excess = length - radius
    if excess <= 0.1 * radius { return 0 }
    var lower = 0.0
    if rank == n, length.isFinite {
      let slope = slopeNorm(q, length, upper)
      lower = excess / radius / (slope * slope)
      if !lower.isFinite { lower = 0 }
    }
    for k in 0..<n {
      var sum = 0.0
      for i in 0...k { sum += upper[i * n + k] * turned[i] }
      work[k] = sum
    }
    let steepness = euclideanNorm(work, n)
    var largest = steepness / radius
    if largest == 0 { largest = Double.leastNormalMagnitude / min(radius, 0.1) }
    var λ = min(max(damping, lower), largest)
    if λ == 0 { λ = steepness / length }
    for attempt in 0..<20 {
      if λ == 0 || !λ.isFinite { λ = max(Double.leastNormalMagnitude, 0.001 * largest) }
      solve(λ, into: q)
      let before = excess
      length = euclideanNorm(q, n)
      excess = length - radius
      if abs(excess) <= 0.1 * radius || attempt == 19
        || lower == 0 && excess <= before && before < 0
      {
        break
      }
      let slope = slopeNorm(q, length, damped)
      let correction = excess / radius / (slope * slope)
      if excess > 0 { lower = max(lower, λ) }
      if excess < 0 { largest = min(largest, λ) }
      λ = max(lower, λ + correction)
    }
    return λ
  }

  /// The minimum of ‖Ĵq + r‖² + λ‖q‖².
  func solve(_ λ: Double, into q: UnsafeMutablePointer<Double>) {
    solve(λ, turned, into: q)
  }

  /// The same for another r, m numbers and as many more up to n, which are overwritten.
  func solve(
    _ λ: Double, for r: UnsafeMutablePointer<Double>, into q: UnsafeMutablePointer<Double>
  ) {
    for i in m..<rows { r[i] = 0 }
    for k in 0..<n {
      let column = columns + k * rows + k
      let count = rows - k
      if column[0] != 0 {
        addMultiple(-dot(column, r + k, count) / column[0], column, to: r + k, count)
      }
    }
    solve(λ, r, into: q)
  }

  private func solve(
    _ λ: Double, _ turned: UnsafePointer<Double>, into q: UnsafeMutablePointer<Double>
  ) {
    let root = λ.squareRoot()
    damped.update(from: upper, count: n * n)
    right.update(from: turned, count: n)
    for k in 0..<n {
      // The row √λ eₖ is turned into the triangle, element by element.
      for j in 0..<n { row[j] = 0 }
      row[k] = root
      var rest = 0.0
      for i in k..<n where row[i] != 0 {
        let line = damped + i * n
        let length = hypotenuse(line[i], row[i])
        let (c, s) = (line[i] / length, row[i] / length)
        line[i] = length
        row[i] = 0
        for j in i + 1..<max(n, i + 1) {
          let (a, b) = (line[j], row[j])
          line[j] = c * a + s * b
          row[j] = c * b - s * a
        }
        (right[i], rest) = (c * right[i] + s * rest, c * rest - s * right[i])
      }
    }
    for k in 0..<n { work[k] = -right[k] }
    substitute(damped, work, n)
    for k in 0..<n { q[order[k]] = work[k] }
  }

  private func hypotenuse(_ a: Double, _ b: Double) -> Double {
    let scale = max(abs(a), abs(b))
    let (x, y) = (a / scale, b / scale)
    return scale * (x * x + y * y).squareRoot()
  }

  /// ‖R⁻ᵀ q/‖q‖‖ for one of the triangles.
  private func slopeNorm(
    _ q: UnsafePointer<Double>, _ length: Double, _ triangle: UnsafePointer<Double>
  ) -> Double {
    for k in 0..<n { work[k] = q[order[k]] / length }
    for k in 0..<n {
      work[k] /= triangle[k * n + k]
      let part = work[k]
      for j in k + 1..<max(n, k + 1) { work[j] -= triangle[k * n + j] * part }
    }
    return euclideanNorm(work, n)
  }

  /// Solves with the first `count` rows of a triangle, in place.
  private func substitute(
    _ triangle: UnsafePointer<Double>, _ x: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    var k = count - 1
    while k >= 0 {
      var sum = x[k]
      let line = triangle + k * n
      for j in k + 1..<max(count, k + 1) { sum -= line[j] * x[j] }
      let quotient = sum / line[k]
      x[k] = line[k] == 0 || !quotient.isFinite ? 0 : quotient
      k -= 1
    }
  }
}
