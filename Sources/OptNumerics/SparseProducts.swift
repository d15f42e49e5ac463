/// Products and linear systems with sparse matrices.
import CSuiteSparse

extension SparseMatrix {
  /// This matrix times a dense one of `width` columns, row by row.
  package func times(_ dense: UnsafePointer<Double>, width: Int) -> Buffer {
    let result = Buffer(count: rows * width)
    for i in 0..<rows {
      let out = result.pointer + i * width
      for k in pattern.range(i) {
        let x = values[k]
        let from = dense + Int(pattern.indices[k]) * width
        for c in 0..<width { out[c] += x * from[c] }
      }
    }
    return result
  }

  /// A dense matrix of `height` rows times this one.
  package func timesFromLeft(_ dense: UnsafePointer<Double>, height: Int) -> Buffer {
    let result = Buffer(count: height * columns)
    for r in 0..<height {
      let out = result.pointer + r * columns
      for i in 0..<rows {
        let x = dense[r * rows + i]
        for k in pattern.range(i) { out[Int(pattern.indices[k])] += x * values[k] }
      }
    }
    return result
  }

  /// The product of two sparse matrices, row by row (F. G. Gustavson, "Two fast algorithms for
  /// sparse matrices", ACM Trans. Math. Softw. 4 (1978)); nil when it has more than `limit`
  /// elements.
  package func times(_ other: SparseMatrix, limit: Int) -> SparseMatrix? {
    var starts: [Int32] = [0]
    var indices: [Int32] = []
    var numbers: [Double] = []
    let row = Buffer(count: other.columns)
    var seen = [Int32](repeating: -1, count: other.columns)
    for i in 0..<rows {
      let begin = indices.count
      for k in pattern.range(i) {
        for l in other.pattern.range(Int(pattern.indices[k])) {
          let j = Int(other.pattern.indices[l])
          if seen[j] != Int32(clamping: i) {
            seen[j] = Int32(clamping: i)
            row[j] = 0
            indices.append(Int32(clamping: j))
          }
          row[j] += values[k] * other.values[l]
        }
      }
      guard indices.count <= limit else { return nil }
      indices[begin...].sort()
      for j in indices[begin...] { numbers.append(row[Int(j)]) }
      starts.append(Int32(clamping: indices.count))
    }
    return SparseMatrix(
      SparsePattern(rows: rows, columns: other.columns, starts: starts, indices: indices),
      Buffer(numbers))
  }

  /// What may come of solving a system.
  package enum Solution {
    /// With the smallest pivot divided by the largest.
    case solved(Buffer, pivots: Double)
    case singular
    case noMemory
    /// UMFPACK is not installed.
    case noLibrary
  }

  /// The solution of A x = b for a square matrix, `b` dense with `width` columns, row by row. An LU
  /// factorisation with refinement, by UMFPACK.
  package func solve(_ b: UnsafePointer<Double>, width: Int) -> Solution {
    let n = rows
    guard sparse_available() != 0 else { return .noLibrary }
    guard n > 0, width > 0 else { return .solved(Buffer(count: n * width), pivots: 1) }
    let right = Buffer(uninitialized: n * width)
    LinearAlgebra.transpose(b, n, width, into: right.pointer)
    let x = Buffer(count: n * width)
    var pivots = 0.0
    let status = sparse_solve(
      Int32(clamping: n), pattern.starts, pattern.indices, UnsafePointer(values.pointer),
      Int32(clamping: width), UnsafePointer(right.pointer), x.pointer, &pivots)
    switch Int(status) {
    case 0: break
    case Int(SPARSE_NO_MEMORY): return .noMemory
    default: return .singular
    }
    let result = Buffer(uninitialized: n * width)
    LinearAlgebra.transpose(UnsafePointer(x.pointer), width, n, into: result.pointer)
    let isFinite =
      LinearAlgebra.allFinite(result.pointer, n * width)
      || !LinearAlgebra.allFinite(values.pointer, count)
      || !LinearAlgebra.allFinite(b, n * width)
    return isFinite ? .solved(result, pivots: pivots) : .singular
  }
}
