/// Residuals of factorisations, solutions and products.
import OptNumerics
import Testing

struct LinearAlgebraTests {
  private func random(_ count: Int, _ key: UInt64) -> Buffer {
    let buffer = Buffer(uninitialized: count)
    Random.fill(.normal, key: key, draw: 0, into: buffer.pointer, count: count)
    return buffer
  }

  private func multiply(
    _ a: Buffer, _ b: Buffer, _ m: Int, _ k: Int, _ n: Int, _ flipA: Bool = false,
    _ flipB: Bool = false
  ) -> Buffer {
    let out = Buffer(uninitialized: m * n)
    LinearAlgebra.product(
      a.pointer, b.pointer, m, k, n, transposeLeft: flipA, transposeRight: flipB,
      into: out.pointer)
    return out
  }

  private func distance(_ a: Buffer, _ b: Buffer) -> Double {
    guard a.count == b.count else { return .infinity }
    return (0..<a.count).reduce(0) { max($0, (a[$1] - b[$1]).magnitude) }
  }

  private struct Factored {
    var kind: LinearAlgebra.Kind
    var (m, n): (Int, Int)
    var state: Buffer
    var succeeded: Bool

    init(_ kind: LinearAlgebra.Kind, _ a: Buffer, _ m: Int, _ n: Int) {
      (self.kind, self.m, self.n) = (kind, m, n)
      state = Buffer(count: LinearAlgebra.stateSize(kind, m, n), repeating: .nan)
      let scratch = Buffer(
        count: LinearAlgebra.scratchSize(kind, m, n, right: 0), repeating: .nan)
      succeeded = LinearAlgebra.factor(
        kind, a.pointer, m, n, into: state.pointer, scratch: scratch.pointer)
    }

    func part(_ k: Int) -> Buffer {
      let (rows, columns) = LinearAlgebra.partSize(kind, k, m, n)
      let out = Buffer(uninitialized: rows * columns)
      LinearAlgebra.part(kind, k, of: state.pointer, m, n, into: out.pointer)
      return out
    }

    func solve(_ b: Buffer, _ right: Int, transposed: Bool = false) -> Buffer {
      let scratch = Buffer(
        uninitialized: LinearAlgebra.scratchSize(kind, m, n, right: right))
      let out = Buffer(uninitialized: (transposed ? m : n) * right)
      LinearAlgebra.solve(
        kind, state.pointer, m, n, transposed: transposed, b.pointer, right: right,
        into: out.pointer, scratch: scratch.pointer)
      return out
    }
  }

  @Test(arguments: [1, 2, 3, 7, 16, 33])
  func products(_ n: Int) {
    let (m, k) = (n + 1, n + 2)
    let (a, b) = (random(m * k, 1), random(k * n, 2))
    let plain = multiply(a, b, m, k, n)
    for i in [0, m - 1] {
      for j in [0, n - 1] {
        let sum = (0..<k).reduce(0) { $0 + a[i * k + $1] * b[$1 * n + j] }
        #expect((plain[i * n + j] - sum).magnitude < 1e-12)
      }
    }
    let (turnedA, turnedB) = (Buffer(count: m * k), Buffer(count: k * n))
    LinearAlgebra.transpose(a.pointer, m, k, into: turnedA.pointer)
    LinearAlgebra.transpose(b.pointer, k, n, into: turnedB.pointer)
    #expect(distance(plain, multiply(turnedA, b, m, k, n, true, false)) < 1e-12)
    #expect(distance(plain, multiply(a, turnedB, m, k, n, false, true)) < 1e-12)
    #expect(distance(plain, multiply(turnedA, turnedB, m, k, n, true, true)) < 1e-12)
  }

  @Test(arguments: [1, 2, 5, 20, 70])
  func squareSystems(_ n: Int) {
    let a = random(n * n, UInt64(n))
    let positive = multiply(a, a, n, n, n, false, true)
    for i in 0..<n { positive[i * n + i] += 1 }
    for (kind, matrix) in [
      (LinearAlgebra.Kind.lu, a), (.cholesky, positive), (.qr, a), (.symmetricEigen, positive),
      (.svd, a),
    ] {
      let factored = Factored(kind, matrix, n, n)
      #expect(factored.succeeded)
      for transposed in [false, true] {
        let b = random(n * 3, 9)
        let x = factored.solve(b, 3, transposed: transposed)
        let back = multiply(matrix, x, n, n, 3, transposed, false)
        #expect(distance(back, b) < 1e-9, "\(kind) \(n) \(transposed)")
      }
    }
    let l = Factored(.cholesky, positive, n, n).part(0)
    #expect(distance(multiply(l, l, n, n, n, false, true), positive) < 1e-10)
    let determinants = Factored(.lu, positive, n, n)
    let logarithm = Factored(.cholesky, positive, n, n).part(1)[0]
    #expect((determinants.part(1)[0] - logarithm).magnitude < 1e-9)
    #expect(determinants.part(2)[0] == 1)
    let values = Factored(.symmetricEigen, positive, n, n).part(0)
    #expect(zip(values.elements, values.elements.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test(arguments: [(5, 3), (3, 5), (40, 7), (7, 40), (4, 4)])
  func rectangles(_ m: Int, _ n: Int) {
    let a = random(m * n, 3)
    let k = min(m, n)
    let qr = Factored(.qr, a, m, n)
    let (q, r) = (qr.part(0), qr.part(1))
    #expect(distance(multiply(q, r, m, k, n), a) < 1e-12)
    #expect((0..<k).allSatisfy { r[$0 * n + $0] >= 0 })
    let svd = Factored(.svd, a, m, n)
    let (s, u, v) = (svd.part(0), svd.part(1), svd.part(2))
    for i in 0..<m { for j in 0..<k { u[i * k + j] *= s[j] } }
    #expect(distance(multiply(u, v, m, k, n, false, true), a) < 1e-12)
    // Least squares and least norm: both factorisations agree.
    for transposed in [false, true] {
      let b = random((transposed ? n : m) * 2, 4)
      let (x, y) = (
        qr.solve(b, 2, transposed: transposed), svd.solve(b, 2, transposed: transposed)
      )
      #expect(distance(x, y) < 1e-11)
    }
  }

  @Test func withoutFactorisation() {
    let singular = Buffer([1, 2, 2, 4])
    let lu = Factored(.lu, singular, 2, 2)
    #expect(!lu.succeeded && lu.part(0)[0] == 0 && lu.part(1)[0] == -.infinity)
    #expect(lu.solve(Buffer([1, 1]), 1)[0].isNaN)
    let indefinite = Factored(.cholesky, Buffer([1, 2, 2, 1]), 2, 2)
    #expect(!indefinite.succeeded && indefinite.part(0)[0].isNaN)
    for kind in LinearAlgebra.Kind.allCases {
      let broken = Factored(kind, Buffer([1, .nan, .infinity, 1]), 2, 2)
      #expect(!broken.succeeded && broken.part(0)[0].isNaN)
      let empty = Factored(kind, Buffer([]), 0, 0)
      #expect(empty.succeeded && empty.solve(Buffer([]), 1).count == 0)
    }
  }

  @Test(arguments: [0, 1, 7, 8, 9, 4095, 4096, 4097, 100_000])
  func sums(_ n: Int) {
    let x = random(n, 5)
    let exact = x.elements.reduce(0, +)
    #expect((Folding.sum(x.pointer, n) - exact).magnitude <= 1e-12 * Double(max(n, 1)).squareRoot())
  }
}
