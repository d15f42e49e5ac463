/// Minimisation along one number, one value at a time.

/// Brackets a minimum and narrows the bracket, by parabolas and golden sections or by golden
/// sections alone.
///
/// Brent 1973, Algorithms for Minimization without Derivatives, chapter 5 (`localmin`); the bracket
/// grows by the golden ratio. Give it the value at `candidate` by `take`, again and again.
struct IntervalSearch {
  let usesParabolas: Bool
  let lower: Double
  let upper: Double
  /// Where the next value is wanted.
  private(set) var candidate: Double
  /// The best point so far.
  private(set) var x: Double
  private(set) var value: Double
  /// The minimum lies between `low` and `high`.
  private(set) var isBracketed = false
  private(set) var low: Double
  private(set) var high: Double
  private var previous: (x: Double, value: Double)
  private var second: (x: Double, value: Double)
  private var third: (x: Double, value: Double)
  private var d = 0.0
  private var e = 0.0
  private var isFirst = true

  private static let golden = 0.381_966_011_250_105_2
  private static let growth = 1.618_033_988_749_895

  /// Starts at `x` with its value; `step` is the first distance.
  init(
    at x: Double, value: Double, step: Double, within box: (Double, Double), usesParabolas: Bool
  ) {
    self.usesParabolas = usesParabolas
    (lower, upper) = box
    self.x = x
    self.value = value
    previous = (x, value)
    second = previous
    third = previous
    low = x
    high = x
    let ahead = min(max(x + step, lower), upper)
    candidate = ahead != x ? ahead : min(max(x - step, lower), upper)
  }

  /// Saves or restores everything but the box.
  mutating func archive(_ archive: Archive) {
    archive.flag("isFirst", &isFirst)
    archive.flag("isBracketed", &isBracketed)
    var state = [
      candidate, x, value, low, high, previous.x, previous.value, second.x, second.value, third.x,
      third.value, d, e,
    ]
    let count = state.count
    archive.list("interval", &state, count: count)
    guard state.count == count else { return }
    (candidate, x, value, low, high) = (state[0], state[1], state[2], state[3], state[4])
    (previous, second, third) = ((state[5], state[6]), (state[7], state[8]), (state[9], state[10]))
    (d, e) = (state[11], state[12])
  }

  /// Width of the bracket; infinite before there is one.
  var width: Double { isBracketed ? high - low : .infinity }

  /// Largest difference of the values that the last parabola went through.
  var spread: Double { max(second.value, third.value) - value }

  /// The distance below which two points count as one.
  private var tolerance: Double { 2e-9 * max(1, abs(x)) }

  /// Takes in the value at `candidate`; NaN counts as infinite.
  mutating func take(_ given: Double) {
    let found = given.isNaN ? Double.infinity : given
    if isBracketed { narrow(found) } else { grow(found) }
    if isBracketed { aim() }
  }

  private mutating func grow(_ found: Double) {
    let point = candidate
    if isFirst {
      isFirst = false
      if found > value {
        previous = (point, found)
      } else {
        previous = (x, value)
        (x, value) = (point, found)
      }
    } else if found >= value {
      return bracket((point, found))
    } else {
      previous = (x, value)
      (x, value) = (point, found)
    }
    let next = min(max(x + Self.growth * (x - previous.x), lower), upper)
    // At a bound the best point is an end of the bracket.
    if next == x || !next.isFinite { return bracket((x, value)) }
    candidate = next
  }

  private mutating func bracket(_ end: (x: Double, value: Double)) {
    low = min(previous.x, end.x)
    high = max(previous.x, end.x)
    (second, third) = end.value < previous.value ? (end, previous) : (previous, end)
    if end.x == x { second = previous }
    e = high - low
    d = e
    isBracketed = true
  }

  private mutating func narrow(_ found: Double) {
    let u = (x: candidate, value: found)
    if found <= value {
      if u.x >= x { low = x } else { high = x }
      third = second
      second = (x, value)
      (x, value) = u
      return
    }
    if u.x < x { low = u.x } else { high = u.x }
    if found <= second.value || second.x == x {
      third = second
      second = u
    } else if found <= third.value || third.x == x || third.x == second.x {
      third = u
    }
  }

  /// The next point: the minimum of a parabola if it is well inside, else a golden section.
  private mutating func aim() {
    let middle = 0.5 * (low + high)
    let tolerance = tolerance
    var isParabola = false
    if usesParabolas, abs(e) > tolerance {
      let r = (x - second.x) * (value - third.value)
      var q = (x - third.x) * (value - second.value)
      var p = (x - third.x) * q - (x - second.x) * r
      q = 2 * (q - r)
      if q > 0 { p = -p } else { q = -q }
      if abs(p) < abs(0.5 * q * e), p > q * (low - x), p < q * (high - x) {
        e = d
        d = p / q
        isParabola = true
        let u = x + d
        if u - low < 2 * tolerance || high - u < 2 * tolerance {
          d = x < middle ? tolerance : -tolerance
        }
      }
    }
    if !isParabola {
      e = x < middle ? high - x : low - x
      d = Self.golden * e
    }
    candidate = x + (abs(d) >= tolerance ? d : d > 0 ? tolerance : -tolerance)
    candidate = min(max(candidate, low), high)
  }
}
