/// Cholesky's factorisation of small dense matrices, without loading LAPACK.

/// A = LLᵀ for the lower triangle of the symmetric n×n matrix `a`, row by row; L goes into the lower
/// triangle of `l`, which may be `a` itself. False where a pivot is not finite, or not above `floor` and
/// above `share` of its diagonal element: the matrix is not safely positive definite. Golub & Van Loan
/// 2013, "Matrix Computations", section 4.2.
func factorCholesky(
  _ a: UnsafePointer<Double>, into l: UnsafeMutablePointer<Double>, _ n: Int, floor: Double = 0,
  share: Double = 0
) -> Bool {
  for j in 0..<n {
    var pivot = a[j * n + j]
    let least = max(floor, share * abs(pivot))
    for k in 0..<j { pivot -= l[j * n + k] * l[j * n + k] }
    guard pivot > least, pivot.isFinite else { return false }
    let root = pivot.squareRoot()
    l[j * n + j] = root
    for i in (j + 1)..<max(n, j + 1) {
      var sum = a[i * n + j]
      for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
      l[i * n + j] = sum / root
    }
  }
  return true
}

/// x = (LLᵀ)⁻¹x.
func solveCholesky(_ l: UnsafePointer<Double>, _ x: UnsafeMutablePointer<Double>, _ n: Int) {
  for i in 0..<n {
    var sum = x[i]
    for k in 0..<i { sum -= l[i * n + k] * x[k] }
    x[i] = sum / l[i * n + i]
  }
  for i in stride(from: n - 1, through: 0, by: -1) {
    let value = x[i] / l[i * n + i]
    x[i] = value
    for k in 0..<i { x[k] -= l[i * n + k] * value }
  }
}
