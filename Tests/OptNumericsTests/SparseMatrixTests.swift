/// Sparse matrices do what dense ones do.
import OptNumerics
import Testing

struct SparseMatrixTests {
  /// A dense matrix of whole numbers, about one in `share` of them not 0.
  private func random(
    _ rows: Int, _ columns: Int, _ state: inout UInt64, share: UInt64 = 3
  ) -> [Double] {
    (0..<(rows * columns)).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let bits = state >> 33
      return bits % share == 0 ? Double(bits % 19) - 9 : 0
    }
  }

  private func sparse(_ dense: [Double], _ rows: Int, _ columns: Int) -> SparseMatrix {
    SparseMatrix(dense: dense, rows: rows, columns: columns)
  }

  private func numbers(_ s: SparseMatrix) -> [Double] { numbers(s.dense()) }

  private func numbers(_ buffer: Buffer) -> [Double] { (0..<buffer.count).map { buffer[$0] } }

  private func product(
    _ a: [Double], _ b: [Double], _ m: Int, _ k: Int, _ n: Int
  ) -> [Double] {
    (0..<(m * n)).map { at in
      (0..<k).reduce(0) { $0 + a[at / n * k + $1] * b[$1 * n + at % n] }
    }
  }

  @Test func operationsAgreeWithDenseOnes() {
    var state: UInt64 = 7
    for size in 1...12 {
      let (m, n) = (size, 13 - size)
      let (a, b) = (random(m, n, &state), random(m, n, &state))
      let c = random(n, m, &state)
      let (x, y, z) = (sparse(a, m, n), sparse(b, m, n), sparse(c, n, m))
      #expect(numbers(x) == a)
      #expect(x.count == a.filter { $0 != 0 }.count)
      #expect(numbers(x.transposed.transposed) == a)
      #expect(
        numbers(x.transposed) == (0..<(m * n)).map { a[$0 % m * n + $0 / m] })
      #expect(numbers(x.combined(y) { $0 - 2 * $1 }) == zip(a, b).map { $0 - 2 * $1 })
      #expect(numbers(x.times(c, width: m)) == product(a, c, m, n, m))
      #expect(numbers(x.timesFromLeft(c, height: n)) == product(c, a, n, m, n))
      #expect(x.times(z, limit: 1000).map { numbers($0) } == product(a, c, m, n, m))
      let rows = [m - 1, 0, 0]
      let columns = [0, n - 1, 0]
      #expect(
        numbers(x.part(rows: rows, columns: columns))
          == rows.flatMap { i in columns.map { j in a[i * n + j] } })
      #expect(x.diagonal == (0..<min(m, n)).map { a[$0 * n + $0] })
    }
  }

  @Test func numbersAtOnePlaceAreAdded() {
    let s = SparseMatrix(
      rows: 3, columns: 2, places: ([2, 0, 2, 0], [1, 0, 1, 1]), [1, 2, 3, 4])
    #expect(numbers(s) == [2, 4, 0, 0, 0, 4])
    #expect(s.pattern.starts == [0, 2, 2, 3])
  }

  @Test func solutions() {
    var state: UInt64 = 11
    for size in [1, 2, 5, 20, 60] {
      for kind in ["general", "definite", "indefinite"] {
        var a = random(size, size, &state, share: 8)
        for i in 0..<size {
          for j in 0..<i where kind != "general" { a[i * size + j] = a[j * size + i] }
          let sum = (0..<size).reduce(0) { $0 + a[i * size + $1].magnitude }
          a[i * size + i] = kind == "indefinite" && i % 2 == 0 ? -sum - 1 : sum + 1
        }
        let wanted = random(size, 2, &state, share: 1)
        let b = product(a, wanted, size, size, 2)
        guard case .solved(let x, _) = sparse(a, size, size).solve(b, width: 2) else {
          Issue.record("\(kind) \(size) is not solved")
          continue
        }
        for k in wanted.indices {
          #expect(abs(x[k] - wanted[k]) < 1e-10, "\(kind) \(size)")
        }
      }
    }
  }

  @Test func singularMatricesAreNoticed() {
    for a in [[1, 2, 2, 4], [0, 0, 0, 0], [1, 0, 0, 0]] as [[Double]] {
      guard case .singular = sparse(a, 2, 2).solve([1, 1], width: 1) else {
        Issue.record("\(a) should be singular")
        continue
      }
    }
  }
}
