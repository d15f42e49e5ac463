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
        self = Ratio(scaled, over: power)
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

  private static let powersOfTen: [Double] = [10, 1e2, 1e3, 1e4, 1e5, 1e6]

  /// Whole numbers up to here, and their quotients, are exact.
  private static let largest = 9e15

  init(_ above: Double, over below: Double) {
    guard below != 0, Self.isWhole(above), Self.isWhole(below) else {
      (self.above, self.below) = (above / below, 1)
      return
    }
    let divisor = Self.commonDivisor(above, below)
    self.above = above / (below < 0 ? -divisor : divisor)
    self.below = below.magnitude / divisor
  }

  static func == (a: Ratio, b: Ratio) -> Bool { a.above == b.above && a.below == b.below }
  func hash(into hasher: inout Hasher) {
    hasher.combine(above)
    hasher.combine(below)
  }

  private static func isWhole(_ x: Double) -> Bool { x.magnitude <= largest && x == x.rounded() }

  /// The largest number that divides both whole numbers, or 1.
  static func commonDivisor(_ x: Double, _ y: Double) -> Double {
    var (a, b) = (x.magnitude, y.magnitude)
    while b != 0 { (a, b) = (b, a.truncatingRemainder(dividingBy: b)) }
    return a == 0 ? 1 : a
  }

  var value: Double { above / below }
  var isWhole: Bool { below == 1 && above == above.rounded() }
  /// Whether it is a quotient of whole numbers, computed without rounding.
  var isExact: Bool { Self.isWhole(above) }
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
  /// Common divisors go before products are formed, so that these stay small.
  func times(_ other: Ratio) -> Ratio {
    guard isExact, other.isExact else { return Ratio(value * other.value, over: 1) }
    let (one, two) = (
      Self.commonDivisor(above, other.below), Self.commonDivisor(other.above, below)
    )
    return marked(
      other,
      Ratio((above / one) * (other.above / two), over: (below / two) * (other.below / one)))
  }

  func over(_ other: Ratio) -> Ratio {
    guard isExact, other.isExact, other.above != 0 else {
      return Ratio(value / other.value, over: 1)
    }
    var inverse = Ratio(other.below, over: other.above)
    inverse.isDecimal = other.isDecimal
    return times(inverse)
  }

  func plus(_ other: Ratio) -> Ratio {
    guard isExact, other.isExact else { return Ratio(value + other.value, over: 1) }
    let divisor = Self.commonDivisor(below, other.below)
    let (left, right) = (above * (other.below / divisor), other.above * (below / divisor))
    guard Self.isWhole(left), Self.isWhole(right) else {
      return Ratio(value + other.value, over: 1)
    }
    return marked(other, Ratio(left + right, over: below * (other.below / divisor)))
  }

  func minus(_ other: Ratio) -> Ratio { plus(other.negated) }

  /// A whole power, by squaring.
  func raised(to exponent: Double) -> Ratio {
    var (result, square): (Ratio, Ratio) = (1, self)
    var count = Int(Swift.min(exponent.magnitude, 1e6))
    while count > 0 {
      if count & 1 == 1 { result = result.times(square) }
      square = square.times(square)
      count >>= 1
    }
    return exponent < 0 ? Ratio(1, over: 1).over(result) : result
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
    return marked(self, Ratio(above, over: below)).raised(to: exponent.above)
  }
}
