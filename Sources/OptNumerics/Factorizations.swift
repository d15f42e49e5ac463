/// Factorisations of dense matrices: memory they need, and making them.
import COpenBLAS

extension LinearAlgebra {
  /// Kinds of factorisation; raw values are those of the graph.
  package enum Kind: Int32, Sendable, CaseIterable {
    case lu, cholesky, qr, symmetricEigen, svd
  }

  /// Where the pieces of a factorisation lie in its state.
  struct Layout {
    /// Piece `k` of the state begins here. The first number of a state is LAPACK's info.
    var pieces: [Int] = []
    var count = 1

    init(_ kind: Kind, _ m: Int, _ n: Int) {
      let k = min(m, n)
      let sizes: [Int]
      switch kind {
      case .lu: sizes = [m * n, k]
      case .cholesky: sizes = [n * n]
      case .qr: sizes = m < n ? [m * k, k * n, n * m, m * m] : [m * k, k * n]
      case .symmetricEigen: sizes = [n, n * n]
      case .svd: sizes = [k, m * k, n * k]
      }
      for size in sizes {
        pieces.append(count)
        count += size
      }
    }
  }

  /// Numbers that the state of a factorisation of an m×n matrix takes.
  package static func stateSize(_ kind: Kind, _ m: Int, _ n: Int) -> Int {
    Layout(kind, m, n).count
  }

  /// Numbers of scratch memory for `factor`, `part` and `solve` with `right` right sides.
  package static func scratchSize(_ kind: Kind, _ m: Int, _ n: Int, right: Int) -> Int {
    let (k, large) = (min(m, n), max(m, n))
    let solving = (m + n + k) * max(right, 1)
    let making: Int
    switch kind {
    case .lu, .cholesky: making = 0
    case .qr: making = m * n + 2 * large + 64 * large + 64
    case .symmetricEigen: making = 1 + 6 * n + 2 * n * n + 5 * n + 8
    case .svd: making = m * n + 2 * (m * k + n * k) + svdWork(m, n) + 8 * k + 8
    }
    return max(solving, making) + 64
  }

  static func svdWork(_ m: Int, _ n: Int) -> Int {
    let (k, large) = (min(m, n), max(m, n))
    return 4 * k * k + 7 * k + 64 * (large + k) + 64
  }

  /// Factors `a` (m×n) into `state`. False if there is no such factorisation; then all parts and
  /// solutions are NaN (a determinant of a singular matrix is 0).
  @discardableResult
  package static func factor(
    _ kind: Kind, _ a: Pointer, _ m: Int, _ n: Int, into state: Result, scratch: Result
  ) -> Bool {
    let layout = Layout(kind, m, n)
    state[0] = 0
    guard m > 0, n > 0 else { return true }
    let square = kind == .qr || kind == .svd || m == n
    guard square, m <= Int(Int32.max), n <= Int(Int32.max), allFinite(a, m * n) else {
      state[0] = -1
      return false
    }
    let info: Int32
    switch kind {
    case .lu: info = lu(a, n, state, layout)
    case .cholesky: info = cholesky(a, n, state, layout)
    case .qr:
      qr(a, m, n, q: state + layout.pieces[0], r: state + layout.pieces[1], scratch)
      if m < n {
        // Of the transpose too, for solutions of least norm.
        let turned = state + layout.pieces[2]
        transpose(a, m, n, into: turned)
        qr(turned, n, m, q: turned, r: state + layout.pieces[3], scratch)
      }
      info = 0
    case .symmetricEigen: info = eigen(a, n, state, layout, scratch)
    case .svd: info = svd(a, m, n, state, layout, scratch)
    }
    state[0] = Double(info)
    return info == 0
  }

  /// Row by row is the transpose column by column: what is factored is `aᵀ`.
  private static func lu(_ a: Pointer, _ n: Int, _ state: Result, _ layout: Layout) -> Int32 {
    let matrix = state + layout.pieces[0]
    matrix.update(from: a, count: n * n)
    let pivots = UnsafeMutableRawPointer(state + layout.pieces[1])
      .bindMemory(to: Int32.self, capacity: n)
    let size = Int32(n)
    return lapack_dgetrf(size, size, matrix, size, pivots)
  }

  private static func cholesky(_ a: Pointer, _ n: Int, _ state: Result, _ layout: Layout) -> Int32 {
    let l = state + layout.pieces[0]
    for i in 0..<n {
      for j in 0..<n { l[i * n + j] = j <= i ? a[i * n + j] : 0 }
    }
    let size = Int32(n)
    return lapack_dpotrf(CChar(UInt8(ascii: "U")), size, l, size)
  }

  /// `q` (m×k) and `r` (k×n) of `a` (m×n); `q` may be `a` itself. The diagonal of `r` is not
  /// negative.
  private static func qr(
    _ a: Pointer, _ m: Int, _ n: Int, q: Result, r: Result, _ scratch: Result
  ) {
    let k = min(m, n)
    let columns = scratch
    let tau = columns + m * n
    let signs = tau + k
    let work = signs + k
    let length = Int32(64 * max(m, n))
    transpose(a, m, n, into: columns)
    lapack_dgeqrf(Int32(m), Int32(n), columns, Int32(m), tau, work, length)
    for i in 0..<k {
      let sign = columns[i * m + i] < 0 ? -1.0 : 1.0
      signs[i] = sign
      for j in 0..<n { r[i * n + j] = j < i ? 0 : sign * columns[j * m + i] }
    }
    lapack_dorgqr(
      Int32(m), Int32(k), Int32(k), columns, Int32(m), tau,
      work, length)
    for j in 0..<k {
      let sign = signs[j]
      for i in 0..<m { q[i * k + j] = sign * columns[j * m + i] }
    }
  }

  private static func eigen(
    _ a: Pointer, _ n: Int, _ state: Result, _ layout: Layout, _ scratch: Result
  ) -> Int32 {
    let (values, vectors) = (state + layout.pieces[0], state + layout.pieces[1])
    // The lower triangle row by row is the upper one column by column.
    vectors.update(from: a, count: n * n)
    let work = scratch
    let length = 1 + 6 * n + 2 * n * n
    let integers = UnsafeMutableRawPointer(scratch + length)
      .bindMemory(to: Int32.self, capacity: 5 * n + 3)
    let info = lapack_dsyevd(
      CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")), Int32(n), vectors,
      Int32(n), values, work, Int32(length), integers, Int32(5 * n + 3))
    if info != 0 { return info }
    for k in 0..<n {
      if leadingSign(vectors + k * n, n, 1) < 0 {
        for i in 0..<n { vectors[k * n + i] = -vectors[k * n + i] }
      }
    }
    transpose(vectors, n, n, into: scratch)
    vectors.update(from: scratch, count: n * n)
    return 0
  }

  private static func svd(
    _ a: Pointer, _ m: Int, _ n: Int, _ state: Result, _ layout: Layout, _ scratch: Result
  ) -> Int32 {
    let k = min(m, n)
    let (values, left, right) = (
      state + layout.pieces[0], state + layout.pieces[1], state + layout.pieces[2]
    )
    // Column by column `a` is its transpose, n×m: `u` is what the caller calls V.
    let matrix = scratch
    let u = matrix + m * n
    let vt = u + n * k
    let work = vt + k * m
    let length = svdWork(m, n)
    let integers = UnsafeMutableRawPointer(work + length)
      .bindMemory(to: Int32.self, capacity: 8 * k)
    matrix.update(from: a, count: m * n)
    let info = lapack_dgesdd(
      CChar(UInt8(ascii: "S")), Int32(n), Int32(m), matrix,
      Int32(n), values, u, Int32(n), vt, Int32(k), work, Int32(length),
      integers)
    if info != 0 { return info }
    for j in 0..<k {
      let sign = leadingSign(u + j * n, n, 1)
      for i in 0..<n { right[i * k + j] = sign * u[j * n + i] }
      for i in 0..<m { left[i * k + j] = sign * vt[i * k + j] }
    }
    return 0
  }

  /// The sign of the first component that is (almost) as large as any: vectors are turned so that
  /// it is positive.
  private static func leadingSign(_ x: Pointer, _ n: Int, _ step: Int) -> Double {
    var largest = 0.0
    for i in 0..<n { largest = max(largest, x[i * step].magnitude) }
    for i in 0..<n where x[i * step].magnitude >= 0.9999 * largest {
      return x[i * step] < 0 ? -1 : 1
    }
    return 1
  }
}
