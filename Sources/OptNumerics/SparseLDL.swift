/// Sparse symmetric indefinite matrices, factored without pivoting.
import CSuiteSparse

/// PAPᵀ = LDLᵀ with a diagonal D, whose signs are the inertia of A (Sylvester's law).
///
/// Row by row, along the elimination tree (T. A. Davis, "Algorithm 849: a concise sparse Cholesky
/// factorization package", ACM Trans. Math. Softw. 31 (2005)). Without pivoting such a factorisation
/// exists in every order for quasidefinite matrices (R. J. Vanderbei, "Symmetric quasidefinite
/// matrices", SIAM J. Optim. 5 (1995)), and for others as long as no pivot vanishes; who solves with it
/// refines and looks at the residual. The order is found by AMD where that is installed, else kept.
package final class SparseLDL {
  package let size: Int
  /// Elements of L below its diagonal.
  package let fill: Int
  /// The element that each of the places given is added to, in `upper`.
  private let slots: [Int32]
  /// The upper triangle in the order of elimination, column by column.
  private let upperStarts: [Int32]
  private let upperRows: [Int32]
  private let order: [Int32]
  private let parents: [Int32]
  private let starts: [Int]
  private let upper: Buffer
  private let factors: Buffer
  private let pivots: Buffer
  private let work: Buffer
  private let rows: UnsafeMutablePointer<Int32>

  /// More elements than this are not kept.
  private static let largestFill = 60_000_000

  /// The structure of a matrix with elements at `places`, each in one of the two triangles, repeated or
  /// not; nil where the factor would be too large.
  package init?(size n: Int, places: (rows: [Int32], columns: [Int32])) {
    size = n
    let count = places.rows.count
    let both = SparsePattern(
      rows: n, columns: n,
      places: (places.rows + places.columns, places.columns + places.rows))
    var order = Array(0..<Int32(clamping: n))
    if n > 0, sparse_order(Int32(clamping: n), both.starts, both.indices, &order) != 0 {
      order = Array(0..<Int32(clamping: n))
    }
    var rank = [Int32](repeating: 0, count: n)
    for (k, i) in order.enumerated() { rank[Int(i)] = Int32(clamping: k) }
    // Column by column of the upper triangle is row by row of the lower one.
    let turned = (0..<count).map { t -> (Int32, Int32) in
      let (i, j) = (rank[Int(places.rows[t])], rank[Int(places.columns[t])])
      return (max(i, j), min(i, j))
    }
    let lower = SparsePattern(
      rows: n, columns: n, places: (turned.map { $0.0 }, turned.map { $0.1 }))
    slots = turned.map { Int32(clamping: lower.place(Int($0.0), Int($0.1)) ?? 0) }
    // The elimination tree, and how many elements each column of L has.
    var parents = [Int32](repeating: -1, count: n)
    var mark = [Int](repeating: -1, count: n)
    var counts = [Int](repeating: 0, count: n)
    var total = 0
    for k in 0..<n {
      mark[k] = k
      for place in lower.range(k) {
        var i = Int(lower.indices[place])
        while mark[i] != k {
          if parents[i] < 0 { parents[i] = Int32(clamping: k) }
          counts[i] += 1
          total += 1
          mark[i] = k
          i = Int(parents[i])
        }
      }
      if total > Self.largestFill { return nil }
    }
    var starts = [0]
    for k in 0..<n { starts.append(starts[k] + counts[k]) }
    fill = total
    (upperStarts, upperRows) = (lower.starts, lower.indices)
    (self.order, self.parents, self.starts) = (order, parents, starts)
    upper = Buffer(count: lower.count)
    factors = Buffer(uninitialized: total)
    pivots = Buffer(count: n)
    work = Buffer(count: n)
    rows = .allocate(capacity: max(total, 1))
  }

  deinit { rows.deallocate() }

  /// Factors the matrix with these numbers at the places given, added up where places repeat. The
  /// number of negative pivots; nil where a pivot is 0 or something is not finite, or if stopped.
  package func factor(_ values: UnsafePointer<Double>, _ stop: Stop) -> Int? {
    let n = size
    let (a, l, d, y) = (upper.pointer, factors.pointer, pivots.pointer, work.pointer)
    a.update(repeating: 0, count: upperRows.count)
    for t in 0..<slots.count { a[Int(slots[t])] += values[t] }
    var negative = 0
    let memory = UnsafeMutablePointer<Int>.allocate(capacity: 4 * n + 1)
    defer { memory.deallocate() }
    let (filled, mark, stack, path) = (memory, memory + n, memory + 2 * n, memory + 3 * n)
    for k in 0..<n {
      filled[k] = 0
      mark[k] = -1
      y[k] = 0
    }
    return upperStarts.withUnsafeBufferPointer { upperStarts in
      upperRows.withUnsafeBufferPointer { upperRows in
        parents.withUnsafeBufferPointer { parents in
          starts.withUnsafeBufferPointer { starts -> Int? in
            for k in 0..<n {
              if k & 255 == 255, stop.isRequested { return nil }
              // The columns that row k of L has elements in, in the order of elimination.
              var top = n
              mark[k] = k
              for place in Int(upperStarts[k])..<Int(upperStarts[k + 1]) {
                var i = Int(upperRows[place])
                y[i] += a[place]
                var length = 0
                while mark[i] != k {
                  path[length] = i
                  length += 1
                  mark[i] = k
                  i = Int(parents[i])
                }
                while length > 0 {
                  top -= 1
                  length -= 1
                  stack[top] = path[length]
                }
              }
              var pivot = y[k]
              y[k] = 0
              for at in top..<n {
                let i = stack[at]
                let yi = y[i]
                y[i] = 0
                let begin = starts[i]
                let end = begin + filled[i]
                for p in begin..<end { y[Int(rows[p])] -= l[p] * yi }
                let element = yi / d[i]
                pivot -= element * yi
                rows[end] = Int32(truncatingIfNeeded: k)
                l[end] = element
                filled[i] += 1
              }
              guard pivot != 0, pivot.isFinite else { return nil }
              d[k] = pivot
              if pivot < 0 { negative += 1 }
            }
            return negative
          }
        }
      }
    }
  }

  /// Solves A x = b in place with the last factorisation.
  package func solve(_ x: UnsafeMutablePointer<Double>) {
    let n = size
    let (l, d, y) = (factors.pointer, pivots.pointer, work.pointer)
    order.withUnsafeBufferPointer { order in
      starts.withUnsafeBufferPointer { starts in
        for k in 0..<n { y[k] = x[Int(order[k])] }
        for k in 0..<n {
          let value = y[k]
          for p in starts[k]..<starts[k + 1] { y[Int(rows[p])] -= l[p] * value }
        }
        for k in 0..<n { y[k] /= d[k] }
        for k in stride(from: n - 1, through: 0, by: -1) {
          var sum = y[k]
          for p in starts[k]..<starts[k + 1] { sum -= l[p] * y[Int(rows[p])] }
          y[k] = sum
        }
        for k in 0..<n {
          x[Int(order[k])] = y[k]
        }
      }
    }
  }
}
