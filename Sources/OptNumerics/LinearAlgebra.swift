/// Dense linear algebra behind plain pointers: the only door to BLAS and LAPACK.
import CKernels
import COpenBLAS

/// Matrices lie row by row. Nothing here allocates; `scratch` is memory of the caller. Where a
/// matrix has no such factorisation, or holds NaN or ∞, results are NaN.
package enum LinearAlgebra {
  /// Plain pointers to numbers.
  package typealias Pointer = UnsafePointer<Double>
  /// Plain pointers to results.
  package typealias Result = UnsafeMutablePointer<Double>

  /// Whether a product of m×k and k×n goes to BLAS. Below a few hundred operations a call costs more
  /// than the loops.
  package static func usesBLAS(_ m: Int, _ k: Int, _ n: Int) -> Bool {
    m * n * k > 512 && max(m, n, k) <= Int(Int32.max)
  }

  /// `out` (m×n) = op(a) op(b), where op(a) is m×k. A transposed `a` is given as k×m.
  package static func product(
    _ a: Pointer, _ b: Pointer, _ m: Int, _ k: Int, _ n: Int, transposeLeft: Bool = false,
    transposeRight: Bool = false, into out: Result
  ) {
    guard m > 0, n > 0 else { return }
    guard k > 0 else {
      out.update(repeating: 0, count: m * n)
      return
    }
    if !usesBLAS(m, k, n) {
      smallProduct(a, b, m, k, n, transposeLeft, transposeRight, out)
      return
    }
    let (m32, k32, n32) = (Int32(clamping: m), Int32(clamping: k), Int32(clamping: n))
    let (left, right): (Int32, Int32) = (transposeLeft ? 1 : 0, transposeRight ? 1 : 0)
    if n == 1 {
      blas_dgemv(
        left, transposeLeft ? k32 : m32, transposeLeft ? m32 : k32, a, transposeLeft ? m32 : k32,
        b, out)
    } else if m == 1 {
      blas_dgemv(
        1 - right, transposeRight ? n32 : k32, transposeRight ? k32 : n32, b,
        transposeRight ? k32 : n32, a, out)
    } else if isNarrow(m, k, n, transposeRight),
      ck_product(
        a, transposeLeft ? 1 : Int64(k), transposeLeft ? Int64(m) : 1, b,
        transposeRight ? 1 : Int64(n), transposeRight ? Int64(k) : 1, Int64(m), Int64(k),
        Int64(n), 0, out) != 0
    {
      return
    } else {
      blas_dgemm(
        left, right, m32, n32, k32, a, transposeLeft ? m32 : k32, b, transposeRight ? k32 : n32,
        out, n32)
    }
  }

  /// The elements of op(a) op(b) (n×n) on and above the diagonal; below it, zeros.
  package static func upperProduct(
    _ a: Pointer, _ b: Pointer, _ n: Int, _ k: Int, transposeLeft: Bool, transposeRight: Bool,
    into out: Result
  ) {
    guard usesBLAS(n, k, n), k > 0 else {
      product(
        a, b, n, k, n, transposeLeft: transposeLeft, transposeRight: transposeRight, into: out)
      return clearBelow(out, n)
    }
    if isNarrow(n, k, n, transposeRight),
      ck_product(
        a, transposeLeft ? 1 : Int64(k), transposeLeft ? Int64(n) : 1, b,
        transposeRight ? 1 : Int64(n), transposeRight ? Int64(k) : 1, Int64(n), Int64(k),
        Int64(n), 1, out) != 0
    {
      return clearBelow(out, n)
    }
    let (left, right): (Int32, Int32) = (transposeLeft ? 1 : 0, transposeRight ? 1 : 0)
    let (n32, k32) = (Int32(clamping: n), Int32(clamping: k))
    let width = 96
    for from in stride(from: 0, to: n, by: width) {
      let to = min(from + width, n)
      blas_dgemm(
        left, right, Int32(clamping: to), Int32(clamping: to - from), k32, a,
        transposeLeft ? n32 : k32, b + (transposeRight ? from * k : from),
        transposeRight ? k32 : n32, out + from, n32)
    }
    clearBelow(out, n)
  }

  private static func clearBelow(_ out: Result, _ n: Int) {
    for row in 1..<max(n, 1) { (out + row * n).update(repeating: 0, count: row) }
  }

  /// Whether own loops beat the library (measured on Zen 4): it has a fast path for small products,
  /// and is good at large ones.
  private static func isNarrow(_ m: Int, _ k: Int, _ n: Int, _ transposeRight: Bool) -> Bool {
    n >= 16 && n <= (transposeRight ? 48 : 128) && (transposeRight || m * n * k > 1 << 20)
  }

  /// Below a few hundred operations a call costs more than the loops.
  private static func smallProduct(
    _ a: Pointer, _ b: Pointer, _ m: Int, _ k: Int, _ n: Int, _ transposeLeft: Bool,
    _ transposeRight: Bool, _ out: Result
  ) {
    let (ai, al) = transposeLeft ? (1, m) : (k, 1)
    let (bl, bj) = transposeRight ? (1, k) : (n, 1)
    for i in 0..<m {
      for j in 0..<n {
        var sum = 0.0
        var (x, y) = (a + i * ai, b + j * bj)
        for _ in 0..<k {
          sum += x.pointee * y.pointee
          x += al
          y += bl
        }
        out[i * n + j] = sum
      }
    }
  }

  /// Writes the transpose of `a` (rows×columns) to `out`.
  package static func transpose(_ a: Pointer, _ rows: Int, _ columns: Int, into out: Result) {
    let tile = 16
    for i0 in stride(from: 0, to: rows, by: tile) {
      for j0 in stride(from: 0, to: columns, by: tile) {
        for i in i0..<min(i0 + tile, rows) {
          for j in j0..<min(j0 + tile, columns) { out[j * rows + i] = a[i * columns + j] }
        }
      }
    }
  }

  /// Whether none of the numbers is NaN or infinite.
  package static func allFinite(_ x: Pointer, _ count: Int) -> Bool {
    var sum = 0.0
    for k in 0..<count { sum += x[k] * 0 }
    return sum == 0
  }

  static func fillNaN(_ out: Result, _ count: Int) {
    if count > 0 { out.update(repeating: .nan, count: count) }
  }
}
