/// Products with a narrow side against plain loops: all tails, and numbers that are not finite.
import OptNumerics
import Testing

struct NarrowProductTests {
  private func number(_ k: Int) -> Double { Double((k * 37 + 11) % 101) / 50 - 1 }

  @Test(arguments: [16, 17, 20, 23, 31, 32, 33, 48, 64, 100])
  func agreesWithLoops(_ n: Int) {
    for (m, k, left, right) in [
      (9, 10, false, true), (1, 7, false, true), (2001, 40, false, false), (97, 700, true, false),
      (131, 601, false, true), (53, 1300, true, true),
    ] {
      let (a, b) = (Buffer((0..<m * k).map(number)), Buffer((0..<k * n).map { number($0 + 5) }))
      // One row and one column of the product.
      a[left ? m - 1 : (m - 1) * k] = .infinity
      let out = Buffer(count: m * n)
      LinearAlgebra.product(
        UnsafePointer(a.pointer), UnsafePointer(b.pointer), m, k, n, transposeLeft: left,
        transposeRight: right, into: out.pointer)
      for i in stride(from: 0, to: m, by: max(1, m / 13)) {
        for j in 0..<n {
          var sum = 0.0
          for l in 0..<k {
            sum += a[left ? l * m + i : i * k + l] * b[right ? j * k + l : l * n + j]
          }
          let found = out[i * n + j]
          let agrees =
            found == sum || (found.isNaN && sum.isNaN) || abs(found - sum) <= 1e-12 * Double(k)
          #expect(agrees, "\(m)×\(k)×\(n), element \(i), \(j)")
        }
      }
    }
  }
}

struct TriangularProductTests {
  /// Above the diagonal as a whole product has it, below it zeros.
  @Test(arguments: [1, 5, 17, 48, 49, 100, 128, 129, 250], [1, 3, 64, 130])
  func upperTriangle(_ n: Int, _ k: Int) {
    let a = (0..<n * k).map { Double(($0 * 31) % 67) / 30 - 1 }
    let b = (0..<k * n).map { Double(($0 * 43) % 71) / 30 - 1 }
    for flips in 0..<4 {
      var (whole, upper) = (
        [Double](repeating: .nan, count: n * n), [Double](repeating: .nan, count: n * n)
      )
      let (left, right) = (flips & 1 != 0, flips & 2 != 0)
      LinearAlgebra.product(a, b, n, k, n, transposeLeft: left, transposeRight: right, into: &whole)
      LinearAlgebra.upperProduct(
        a, b, n, k, transposeLeft: left, transposeRight: right, into: &upper)
      for i in 0..<n {
        for j in 0..<n {
          let expected = j >= i ? whole[i * n + j] : 0
          #expect((upper[i * n + j] - expected).magnitude <= 1e-12 * Double(k))
        }
      }
    }
  }
}
