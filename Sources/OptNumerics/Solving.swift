/// What factorisations are for: their parts, and solving systems.
import COpenBLAS

extension LinearAlgebra {
  /// Rows and columns of the `k`-th part of a factorisation of an m×n matrix.
  package static func partSize(_ kind: Kind, _ k: Int, _ m: Int, _ n: Int) -> (Int, Int) {
    let small = min(m, n)
    switch (kind, k) {
    case (.lu, _), (.cholesky, 1): return (1, 1)
    case (.cholesky, _): return (n, n)
    case (.qr, 0): return (m, small)
    case (.qr, _): return (small, n)
    case (.symmetricEigen, 0): return (n, 1)
    case (.symmetricEigen, _): return (n, n)
    case (.svd, 0): return (small, 1)
    case (.svd, 1): return (m, small)
    case (.svd, _): return (n, small)
    }
  }

  /// Writes the `k`-th part: of LU 0 determinant, 1 logarithm of its absolute value, 2 its sign; of
  /// Cholesky 0 L, 1 log determinant; of QR Q, R; of eigen values, vectors; of SVD values, U, V.
  package static func part(
    _ kind: Kind, _ k: Int, of state: Pointer, _ m: Int, _ n: Int, into out: Result
  ) {
    let (rows, columns) = partSize(kind, k, m, n)
    let failed = state[0] < 0 || (state[0] > 0 && kind != .lu)
    if failed {
      fillNaN(out, rows * columns)
      return
    }
    let layout = Layout(kind, m, n)
    switch (kind, k) {
    case (.lu, _): out[0] = determinant(state, n, layout, k)
    case (.cholesky, 1):
      var sum = 0.0
      let l = state + layout.pieces[0]
      for i in 0..<n { sum += logarithm(l[i * n + i]) }
      out[0] = 2 * sum
    default:
      out.update(
        from: state + layout.pieces[min(k, layout.pieces.count - 1)], count: rows * columns)
    }
  }

  private static func determinant(
    _ state: Pointer, _ n: Int, _ layout: Layout, _ k: Int
  ) -> Double {
    let matrix = state + layout.pieces[0]
    var (product, logs, sign) = (1.0, 0.0, 1.0)
    UnsafeRawPointer(state + layout.pieces[1]).withMemoryRebound(
      to: Int32.self, capacity: max(n, 1)
    ) { pivots in
      for i in 0..<n {
        let x = matrix[i * n + i]
        let turned = pivots[i] != Int32(i + 1)
        product *= turned ? -x : x
        logs += logarithm(x.magnitude)
        if x == 0 { sign = 0 } else if (x < 0) != turned { sign = -sign }
      }
    }
    return k == 0 ? product : k == 1 ? logs : sign
  }

  /// `out` = the solution of A x = b, or of Aᵀ x = b: `b` has `right` columns. With QR and SVD of a
  /// matrix that is not square: least squares, least norm.
  package static func solve(
    _ kind: Kind, _ state: Pointer, _ m: Int, _ n: Int, transposed: Bool, _ b: Pointer,
    right: Int, into out: Result, scratch: Result
  ) {
    let rows = transposed ? m : n
    guard rows > 0, right > 0 else { return }
    guard m > 0, n > 0 else {
      out.update(repeating: 0, count: rows * right)
      return
    }
    if state[0] != 0 || right > Int(Int32.max) {
      fillNaN(out, rows * right)
      return
    }
    let layout = Layout(kind, m, n)
    let small = min(m, n)
    func piece(_ k: Int) -> Pointer { state + layout.pieces[k] }
    switch kind {
    case .lu:
      // The state is that of the transpose; columns of b are gathered one behind the other.
      let x = right == 1 ? out : scratch
      transpose(b, n, right, into: x)
      let pivots = UnsafeMutableRawPointer(mutating: piece(1))
        .assumingMemoryBound(to: Int32.self)
      lapack_dgetrs(
        CChar(UInt8(ascii: transposed ? "N" : "T")), Int32(n),
        Int32(right), piece(0), Int32(n), pivots, x, Int32(n))
      if right > 1 { transpose(x, right, n, into: out) }
    case .cholesky:
      out.update(from: b, count: n * right)
      triangular(piece(0), n, lower: true, transposed: false, out, right)
      triangular(piece(0), n, lower: true, transposed: true, out, right)
    case .qr:
      let tall = m >= n
      let (q, r) = tall ? (piece(0), piece(1)) : (piece(2), piece(3))
      let large = max(m, n)
      if tall != transposed {
        product(q, b, small, large, right, transposeLeft: true, into: out)
        triangular(r, small, lower: false, transposed: false, out, right)
      } else {
        scratch.update(from: b, count: small * right)
        triangular(r, small, lower: false, transposed: true, scratch, right)
        product(q, scratch, large, small, right, into: out)
      }
    case .symmetricEigen:
      product(piece(1), b, n, n, right, transposeLeft: true, into: scratch)
      scale(scratch, n, right, by: piece(0), cutoff: 0)
      product(piece(1), scratch, n, n, right, into: out)
    case .svd:
      let (into, from) = transposed ? (piece(2), piece(1)) : (piece(1), piece(2))
      product(into, b, small, transposed ? n : m, right, transposeLeft: true, into: scratch)
      let cutoff = Double(max(m, n)) * 0x1p-52 * piece(0)[0]
      scale(scratch, small, right, by: piece(0), cutoff: cutoff)
      product(from, scratch, rows, small, right, into: out)
    }
  }

  /// Solves with a triangular matrix, in place.
  private static func triangular(
    _ a: Pointer, _ n: Int, lower: Bool, transposed: Bool, _ x: Result, _ right: Int
  ) {
    blas_dtrsm(
      lower ? 1 : 0, transposed ? 1 : 0, Int32(clamping: n), Int32(clamping: right), a, x)
  }

  /// Row i divided by values[i]; 0 where that is at most the cutoff, if there is one.
  private static func scale(
    _ x: Result, _ rows: Int, _ columns: Int, by values: Pointer, cutoff: Double
  ) {
    for i in 0..<rows {
      let drop = cutoff > 0 && values[i].magnitude <= cutoff
      for j in 0..<columns { x[i * columns + j] = drop ? 0 : x[i * columns + j] / values[i] }
    }
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
private func logarithm(_ x: Double) -> Double { log(x) }
