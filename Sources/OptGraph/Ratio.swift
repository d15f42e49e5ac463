/// Exact coefficients, for the pass for display and for polynomials.

/// A quotient of whole numbers while both are small, else a number over 1.
struct Ratio: Equatable {
  private(set) var above: Double
  private(set) var below: Double

  /// Whole numbers up to here, and their quotients, are exact.
  private static let largest = 9e15

  init(_ value: Double) { (above, below) = (value, 1) }

  init(_ above: Double, over below: Double) {
    guard below != 0, Self.isWhole(above), Self.isWhole(below) else {
      (self.above, self.below) = (above / below, 1)
      return
    }
    let divisor = Self.commonDivisor(above, below)
    self.above = above / (below < 0 ? -divisor : divisor)
    self.below = below.magnitude / divisor
  }

  var value: Double { above / below }
  /// Whether it is a quotient of whole numbers, computed without rounding.
  var isExact: Bool { Self.isWhole(above) }

  /// Common divisors go before products are formed, so that these stay small.
  func times(_ other: Ratio) -> Ratio {
    guard isExact, other.isExact else { return Ratio(value * other.value) }
    let (one, two) = (
      Self.commonDivisor(above, other.below), Self.commonDivisor(other.above, below)
    )
    return Ratio(
      (above / one) * (other.above / two), over: (below / two) * (other.below / one))
  }

  func over(_ other: Ratio) -> Ratio {
    guard isExact, other.isExact, other.above != 0 else { return Ratio(value / other.value) }
    return times(Ratio(other.below, over: other.above))
  }

  func plus(_ other: Ratio) -> Ratio {
    guard isExact, other.isExact else { return Ratio(value + other.value) }
    let divisor = Self.commonDivisor(below, other.below)
    let (left, right) = (above * (other.below / divisor), other.above * (below / divisor))
    guard Self.isWhole(left), Self.isWhole(right) else { return Ratio(value + other.value) }
    return Ratio(left + right, over: below * (other.below / divisor))
  }

  /// A whole power, by squaring.
  func raised(to exponent: Double) -> Ratio {
    var (result, square) = (Ratio(1), self)
    var count = Int(Swift.min(exponent.magnitude, 1e6))
    while count > 0 {
      if count & 1 == 1 { result = result.times(square) }
      square = square.times(square)
      count >>= 1
    }
    return exponent < 0 ? Ratio(1).over(result) : result
  }

  private static func isWhole(_ x: Double) -> Bool { x.magnitude <= largest && x == x.rounded() }

  /// The largest number that divides both whole numbers, or 1.
  static func commonDivisor(_ x: Double, _ y: Double) -> Double {
    var (a, b) = (x.magnitude, y.magnitude)
    while b != 0 { (a, b) = (b, a.truncatingRemainder(dividingBy: b)) }
    return a == 0 ? 1 : a
  }
}
