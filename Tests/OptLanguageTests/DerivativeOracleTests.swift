/// Random formulas differentiated five ways: as a formula, forward, in reverse, by a complex step
/// and by central differences. All agree.
import Foundation
import OptLanguage
import OptSyntax
import Testing

/// A random formula in x and y as text and as a function of complex numbers.
struct RandomFormula {
  var text: String
  var value: (ComplexNumber, ComplexNumber) -> ComplexNumber

  /// Formulas of at most `depth` levels that are smooth and of moderate size on the unit square.
  init(_ generator: inout SplitMix, depth: Int) {
    func sub() -> RandomFormula { RandomFormula(&generator, depth: depth - 1) }
    guard depth > 0 else {
      switch generator.next(4) {
      case 0:
        let number = Double(generator.next(9) + 1) / 4
        self.init("\(number)") { _, _ in ComplexNumber(number) }
      case 1: self.init("y") { _, y in y }
      default: self.init("x") { x, _ in x }
      }
      return
    }
    let a = sub()
    switch generator.next(14) {
    case 0:
      let b = sub()
      self.init("(\(a.text) + \(b.text))") { a.value($0, $1) + b.value($0, $1) }
    case 1:
      let b = sub()
      self.init("(\(a.text) - \(b.text))") { a.value($0, $1) - b.value($0, $1) }
    case 2, 3:
      let b = sub()
      self.init("(\(a.text) * \(b.text))") { a.value($0, $1) * b.value($0, $1) }
    case 4:
      let b = sub()
      self.init("(\(a.text) / (2 + \(b.text)^2))") {
        a.value($0, $1) / (ComplexNumber(2) + b.value($0, $1).power(2))
      }
    case 5: self.init("sin(\(a.text))") { a.value($0, $1).sine }
    case 6: self.init("cos(\(a.text))") { a.value($0, $1).cosine }
    case 7:
      self.init("exp(tanh(\(a.text)))") { a.value($0, $1).hyperbolicTangent.exponential }
    case 8:
      self.init("log(1 + \(a.text)^2)") {
        (ComplexNumber(1) + a.value($0, $1).power(2)).logarithm
      }
    case 9:
      self.init("sqrt(1 + \(a.text)^2)") {
        (ComplexNumber(1) + a.value($0, $1).power(2)).squareRoot
      }
    case 10: self.init("atan(\(a.text))") { a.value($0, $1).arctangent }
    case 11:
      let n = generator.next(4) + 2
      self.init("(sin(\(a.text))^\(n))") { a.value($0, $1).sine.power(n) }
    case 12:
      self.init("(1/cosh(tanh(\(a.text))))") {
        ComplexNumber(1) / a.value($0, $1).hyperbolicTangent.hyperbolicCosine
      }
    default:
      let b = sub()
      self.init("((1 + \(a.text)^2)^sin(\(b.text)))") {
        let base = ComplexNumber(1) + a.value($0, $1).power(2)
        return (b.value($0, $1).sine * base.logarithm).exponential
      }
    }
  }

  private init(
    _ text: String, _ value: @escaping (ComplexNumber, ComplexNumber) -> ComplexNumber
  ) {
    self.text = text
    self.value = value
  }
}

/// Random numbers of one seed (S. Vigna's splitmix64).
struct SplitMix {
  var state: UInt64
  mutating func next(_ count: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(count))
  }
}

struct DerivativeOracleTests {
  @Test(arguments: 0..<4) func fiveWaysAgree(_ block: Int) throws {
    for k in 0..<75 {
      var generator = SplitMix(state: UInt64(100_003 * (75 * block + k) + 11))
      let formula = RandomFormula(&generator, depth: 2 + k % 3)
      let (x, y) = (0.731, -0.387)
      let session = Session { _ in }
      func number(_ text: String) throws -> Double {
        do {
          return try session.evaluate(text).numbers?.first ?? .nan
        } catch let error as Diagnostic {
          Issue.record("\(error.message): \(text) of \(formula.text)")
          return .nan
        }
      }
      _ = try session.evaluate("f(x, y) = \(formula.text) + 0x + 0y")
      let step = 1e-30
      let complex =
        formula.value(ComplexNumber(x, step), ComplexNumber(y)).imaginary / step
      let symbolic = try number(
        "(differentiate \(formula.text) + 0x + 0y by x)(x = \(x), y = \(y))")
      let forward = try number("jvp(f)(\(x), \(y), 1, 0)")
      let reverse = try number("(∇f(\(x), \(y))).x")
      let h = 1e-5
      let up = formula.value(ComplexNumber(x + h), ComplexNumber(y)).real
      let down = formula.value(ComplexNumber(x - h), ComplexNumber(y)).real
      let central = (up - down) / (2 * h)
      let size = max(abs(complex), 1)
      for (name, value, tolerance) in [
        ("formula", symbolic, 1e-11), ("forward", forward, 1e-11), ("reverse", reverse, 1e-11),
        ("central", central, 1e-6),
      ] {
        #expect(
          abs(value - complex) <= tolerance * size,
          "\(name) \(value), complex step \(complex): \(formula.text)")
      }
    }
  }
}
