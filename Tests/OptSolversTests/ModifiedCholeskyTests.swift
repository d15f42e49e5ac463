/// The factorisation that Newton's method stands on.
import OptNumerics
import Testing

private func randomSymmetric(_ n: Int, seed: UInt64) -> [Double] {
  var state = seed
  func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / Double(1 << 53) - 0.5
  }
  var a = [Double](repeating: 0, count: n * n)
  for i in 0..<n {
    for j in 0...i {
      let element = next()
      a[i * n + j] = element
      a[j * n + i] = element
    }
  }
  return a
}

private func quadratic(_ a: [Double], _ x: UnsafePointer<Double>, _ n: Int) -> Double {
  var total = 0.0
  for i in 0..<n { for j in 0..<n { total += x[i] * a[i * n + j] * x[j] } }
  return total
}

@Test(arguments: [1, 2, 3, 5, 8, 20])
func positiveDefiniteMatricesAreSolvedExactly(_ n: Int) {
  var a = randomSymmetric(n, seed: UInt64(n))
  for i in 0..<n { a[i * n + i] = Double(n) }
  // Scaled like variables in units that differ by many orders of magnitude.
  for i in 0..<n { for j in 0..<n { a[i * n + j] *= scale(i) * scale(j) } }
  func scale(_ i: Int) -> Double { [1, 1e6, 1e-6, 1e3][i % 4] }
  let truth = Buffer((0..<n).map { Double($0 + 1) / scale($0) })
  let b = Buffer(count: n)
  for i in 0..<n { for j in 0..<n { b[i] += a[i * n + j] * truth[j] } }
  let x = Buffer(count: n)
  let factorization = ModifiedCholesky(dimension: n)
  #expect(factorization.factorize(a))
  #expect(!factorization.isModified && !factorization.hasNegativePivot)
  let energy = factorization.solve(b.pointer, into: x.pointer)
  for i in 0..<n { #expect(abs(x[i] / truth[i] - 1) < 1e-12) }
  #expect(abs(energy / (0.5 * quadratic(a, truth.pointer, n)) - 1) < 1e-12)
}

@Test(arguments: 1...40)
func indefiniteMatricesGiveDescentAndNegativeCurvature(_ seed: Int) {
  let n = 2 + seed % 7
  var a = randomSymmetric(n, seed: UInt64(seed))
  a[0] = -abs(a[0])
  let factorization = ModifiedCholesky(dimension: n)
  #expect(factorization.factorize(a))
  #expect(factorization.isModified)
  let b = Buffer((0..<n).map { Double($0) - 1.5 })
  let x = Buffer(count: n)
  _ = factorization.solve(b.pointer, into: x.pointer)
  var slope = 0.0
  for i in 0..<n { slope += b[i] * x[i] }
  #expect(slope > 0)
  #expect(factorization.negativeCurvature(into: x.pointer))
  #expect(quadratic(a, x.pointer, n) < 0)
}

@Test func strangeMatricesAreNoTrouble() {
  #expect(ModifiedCholesky(dimension: 0).factorize([]))
  #expect(!ModifiedCholesky(dimension: 1).factorize([.nan]))
  let zero = ModifiedCholesky(dimension: 2)
  #expect(zero.factorize([0, 0, 0, 0]))
  let x = Buffer(count: 2)
  #expect(zero.solve(Buffer([1, 1]).pointer, into: x.pointer).isFinite)
}
