import OptNumerics
import Testing

/// Sparse LDLᵀ against the matrix itself, and its inertia against that of a dense factorisation.
@Suite struct SparseLDLTests {
  /// [H Jᵀ; J −δI] of random H and J, as places with numbers.
  private func system(
    _ n: Int, _ m: Int, seed: UInt64, curvature: Double
  ) -> (rows: [Int32], columns: [Int32], values: [Double]) {
    var state = seed
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53 * 2 - 1
    }
    var rows: [Int32] = []
    var columns: [Int32] = []
    var values: [Double] = []
    func add(_ i: Int, _ j: Int, _ value: Double) {
      rows.append(Int32(i))
      columns.append(Int32(j))
      values.append(value)
    }
    for i in 0..<n {
      add(i, i, curvature)
      // Twice at one place: they add up.
      add(i, i, 0.5 + next() * 0.1)
      if i + 3 < n { add(i, i + 3, next() * 0.3) }
    }
    for row in 0..<m {
      add(n + row, n + row, -1e-3)
      for k in 0..<3 { add(n + row, (row * 5 + k * 7) % n, 1 + next()) }
    }
    return (rows, columns, values)
  }

  private func factor(_ ldl: SparseLDL, _ values: [Double]) -> Int? {
    let numbers = Buffer(values)
    return withExtendedLifetime(numbers) { ldl.factor(numbers.pointer, Stop()) }
  }

  @Test(arguments: [(6, 2), (40, 11), (300, 120), (50, 0)]) func solvesAndCounts(_ n: Int, _ m: Int)
    throws
  {
    for (curvature, negative) in [(2.0, m), (-20.0, n)] where curvature > 0 || m == 0 {
      let (rows, columns, values) = system(n, m, seed: 7, curvature: curvature)
      let size = n + m
      let ldl = try #require(SparseLDL(size: size, places: (rows, columns)))
      #expect(factor(ldl, values) == negative)
      let x = Buffer((0..<size).map { Double($0 % 7) - 3 })
      withExtendedLifetime(x) { ldl.solve(x.pointer) }
      var product = [Double](repeating: 0, count: size)
      for (t, value) in values.enumerated() {
        let (i, j) = (Int(rows[t]), Int(columns[t]))
        product[i] += value * x[j]
        if i != j { product[j] += value * x[i] }
      }
      for k in 0..<size { #expect(abs(product[k] - Double(k % 7) + 3) < 1e-8) }
    }
  }

  @Test func aPivotOfZeroIsTold() throws {
    let ldl = try #require(SparseLDL(size: 2, places: ([0, 1], [0, 1])))
    for (numbers, negative) in [([1.0, 0.0], nil), ([1, -2], 1), ([3, 2], 0)] as [([Double], Int?)]
    {
      #expect(factor(ldl, numbers) == negative)
    }
  }
}
