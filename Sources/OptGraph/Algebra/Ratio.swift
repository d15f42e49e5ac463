/// Exact numbers in front of terms and in exponents.

/// A quotient of whole numbers while both are small, else a number over 1.
struct Ratio: Hashable, ExpressibleByIntegerLiteral {
  private(set) var above: Double
  private(set) var below: Double
  /// Whether a decimal fraction was written: 0.2 x is shown so, x/5 stays.
  var isDecimal = false

  /// A number; decimal fractions and quotients of small whole numbers are exact.
  init(_ value: Double) {
    (above, below) = (value, 1)
    guard value != value.rounded(), value.magnitude < 1e6, value.magnitude > 1e-9 else { return }
    for power in Self.powersOfTen {
      let scaled = (value * power).rounded()
      guard scaled.magnitude < 1e12 else { break }
      if scaled / power == value {
        self = Ratio(scaled, power)
        isDecimal = true
        return
      }
    }
    for whole in 3..<100 {
      let scaled = (value * Double(whole)).rounded()
      if scaled / Double(whole) == value, scaled.magnitude < 1000 {
        (above, below) = (scaled, Double(whole))
        return
      }
    }
  }

  init(integerLiteral value: Int) { (above, below) = (Double(value), 1) }

  private static let powersOfTen: [Double] = [10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

  init(_ above: Double, _ below: Double) {
    let limit = 1e12
    guard below != 0, above.isFinite, below.isFinite, above == above.rounded(),
      below == below.rounded(), above.magnitude < limit, below.magnitude < limit
    else {
      (self.above, self.below) = (above / below, 1)
      return
    }
    let divisor = Self.divisor(above, below)
    self.above = above / (below < 0 ? -divisor : divisor)
    self.below = below.magnitude / divisor
  }

  static func == (a: Ratio, b: Ratio) -> Bool { a.above == b.above && a.below == b.below }
  func hash(into hasher: inout Hasher) {
    hasher.combine(above)
    hasher.combine(below)
  }

  /// The greatest common divisor of two whole numbers that are not both 0.
  static func divisor(_ a: Double, _ b: Double) -> Double {
    var (a, b) = (a.magnitude, b.magnitude)
    while b != 0 { (a, b) = (b, a.truncatingRemainder(dividingBy: b)) }
    return a
  }

  var value: Double { above / below }
  var isWhole: Bool { below == 1 && above == above.rounded() }
  /// Whether the number is known to the last digit.
  var isExact: Bool { below != 1 || above == above.rounded() && above.magnitude < 1e12 }
  var isEven: Bool { isWhole && above.truncatingRemainder(dividingBy: 2) == 0 }
  var negated: Ratio {
    var result = self
    result.above = -above
    return result
  }

  private func marked(_ other: Ratio, _ result: Ratio) -> Ratio {
    var result = result
    result.isDecimal = isDecimal || other.isDecimal
    return result
  }
  func times(_ other: Ratio) -> Ratio {
    marked(other, Ratio(above * other.above, below * other.below))
  }
  func over(_ other: Ratio) -> Ratio {
    marked(other, Ratio(above * other.below, below * other.above))
  }
  func plus(_ other: Ratio) -> Ratio {
    marked(other, Ratio(above * other.below + other.above * below, below * other.below))
  }
  func minus(_ other: Ratio) -> Ratio { plus(other.negated) }

  /// A whole power.
  func raised(to exponent: Double) -> Ratio {
    if self == 1 { return self }
    let count = Int(exponent.magnitude)
    var result: Ratio = 1
    for _ in 0..<count { result = result.times(self) }
    return exponent < 0 ? marked(self, Ratio(1, 1).over(result)) : result
  }

  /// The power of a positive exact number if that is exact too: 4^(3/2) = 8.
  func exactPower(_ exponent: Ratio) -> Ratio? {
    if self == 1 { return self }
    guard isExact, above > 0, exponent.above.magnitude <= 64 else { return nil }
    if exponent.isWhole { return raised(to: exponent.above) }
    guard exponent.below == 2 || exponent.below == 3 else { return nil }
    func root(_ x: Double) -> Double? {
      let root = exponent.below == 2 ? x.squareRoot() : ElementaryFunctions.power(x, 1 / 3)
      let whole = root.rounded()
      return ElementaryFunctions.power(whole, exponent.below) == x ? whole : nil
    }
    guard let above = root(above), let below = root(below) else { return nil }
    return marked(self, Ratio(above, below)).raised(to: exponent.above)
  }
}
