/// Derivatives by very many variables, checked against values alone.
import Foundation
import OptCalculus
import Testing

@Suite struct DerivativeCheckTests {
  private static let count = 100_000

  /// The sum of x_k⁴/4 + x_k x_{k+1}, with a factor on some components of its gradient.
  private func check(_ changed: [Int: Double]) -> DerivativeCheck {
    let n = Self.count
    let x = (0..<n).map { 1.5 + Double(($0 &* 7919) % 1000) / 1000 }
    var gradient = (0..<n).map { k in
      x[k] * x[k] * x[k] + (k + 1 < n ? x[k + 1] : 0) + (k > 0 ? x[k - 1] : 0)
    }
    for (k, factor) in changed { gradient[k] *= factor }
    let differences = FiniteDifferences(at: x, outputs: 1, isStopped: { false }) { x, result in
      var sum = 0.0
      for k in 0..<n {
        let square = x[k] * x[k]
        sum += square * square / 4 + (k + 1 < n ? x[k] * x[k + 1] : 0)
      }
      result[0] = sum
    }
    var check = DerivativeCheck(
      differences, given: gradient, spread: [Double](repeating: 0, count: n),
      isStopped: { false })
    check.run()
    return check
  }

  private func wrong(_ check: DerivativeCheck) -> [Int] {
    check.components.filter { $0.verdict == .wrong }.map(\.input).sorted()
  }

  @Test func rightGradient() throws {
    let check = check([:])
    #expect(wrong(check) == [])
    let order = try #require(check.order)
    // Rounding of a sum of 100 000 numbers leaves few steps to see it by.
    #expect(abs(order - 2) < 0.2)
    #expect(check.missedChance(relative: 1e-4) < 1e-9)
  }

  @Test(arguments: [[77_777: 1.5], [99_999: 1.01], [0: -1], [5: 0.9, 60_000: 1.2, 60_001: 0]])
  func wrongComponents(_ changed: [Int: Double]) {
    #expect(wrong(check(changed)) == changed.keys.sorted())
  }

  /// Without another source differences alone have to tell.
  @Test(arguments: [1e-5, 1e-4, 0.01, 0.5, 2])
  func smallProblems(_ error: Double) {
    let (x, y) = (3.0, 2.0)
    let right = [2 * x * y, x * x, exp(0.5)]
    for wrong in 0..<3 {
      var given = right
      given[wrong] *= 1 + error
      let differences = FiniteDifferences(at: [x, y, 0.5], outputs: 1, isStopped: { false }) {
        $1[0] = $0[0] * $0[0] * $0[1] + exp($0[2])
      }
      var check = DerivativeCheck(
        differences, given: given, spread: [0, 0, 0], isStopped: { false })
      check.run()
      #expect(self.wrong(check) == [wrong])
      // Of a small error rounding leaves few steps to see.
      if error >= 0.01 { #expect((check.order ?? 2) < 1.1) }
    }
  }
}
