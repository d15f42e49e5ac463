/// Exact coefficients, for the pass for display.

/// A quotient of whole numbers while both are small, else a number over 1.
struct Ratio: Equatable {
  private(set) var above: Double
  private(set) var below: Double

  init(_ value: Double) { (above, below) = (value, 1) }

  private init(_ above: Double, _ below: Double) {
    let limit = 1e12
    guard below != 0, above.isFinite, below.isFinite, above == above.rounded(),
      below == below.rounded(), above.magnitude < limit, below.magnitude < limit
    else {
      (self.above, self.below) = (above / below, 1)
      return
    }
    var (a, b) = (above.magnitude, below.magnitude)
    while b != 0 { (a, b) = (b, a.truncatingRemainder(dividingBy: b)) }
    let divisor = below < 0 ? -a : a
    self.above = above / divisor
    self.below = below / divisor
  }

  var value: Double { above / below }
  func times(_ other: Ratio) -> Ratio { Ratio(above * other.above, below * other.below) }
  func over(_ other: Ratio) -> Ratio { Ratio(above * other.below, below * other.above) }
  func plus(_ other: Ratio) -> Ratio {
    Ratio(above * other.below + other.above * below, below * other.below)
  }
  /// A whole power.
  func raised(to exponent: Double) -> Ratio {
    let count = Int(exponent.magnitude)
    var result = Ratio(1)
    for _ in 0..<count { result = result.times(self) }
    return exponent < 0 ? Ratio(1).over(result) : result
  }
}
