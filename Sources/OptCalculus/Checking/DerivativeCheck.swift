/// A matrix of derivatives compared with finite differences: which components are right, which are
/// wrong, and where there is nothing to compare with.
import OptNumerics

/// The comparison at one point. Rows are results, columns are variables; a gradient has one row.
package struct DerivativeCheck {
  /// What was found of one derivative.
  package enum Verdict: Sendable {
    case right, wrong
    /// The function has a kink here and the derivative given lies between both slopes.
    case kink
    /// The value jumps, or the slope is infinite.
    case jump, vertical
    /// There are no values beside the point.
    case unclear
  }

  /// One derivative.
  package struct Component: Sendable {
    /// Its row and its column.
    package let output: Int
    package let input: Int
    package let given: Double
    /// By differences.
    package var difference: Double
    /// The estimated error of `difference`.
    package var error: Double
    /// The slopes on both sides, where they were looked at.
    package var left = Double.nan
    package var right = Double.nan
    package var relativeError = 0.0
    package var verdict = Verdict.right
    /// Whether there are values on one side only.
    package var isOneSided = false
    /// Whether the slopes on both sides differ.
    package var isKink = false
    /// Whether the differences are good to a thousandth at least.
    package var isResolved = true
  }

  /// What a random direction showed.
  package struct Probe: Sendable {
    /// The order with which the remainder of Taylor's theorem vanishes; nil when it is rounding
    /// alone.
    package var order: Double?
    package var verdict = Verdict.right
    /// The largest error of a derivative along this direction that may have gone unseen, against
    /// the size of the derivatives.
    package var resolution = Double.infinity
  }

  let differences: FiniteDifferences
  /// Row by row.
  let given: [Double]
  /// The same derivatives from another source, if there is one.
  let exact: [Double]?
  /// What rounding makes of each derivative.
  package let spread: [Double]
  let inputs: Int
  let outputs: Int
  /// Natural lengths of the variables.
  let scale: [Double]
  /// Per result the largest derivative: what is much smaller does not matter.
  let reference: [Double]
  private let isStopped: () -> Bool

  /// What was compared one by one, and along random directions.
  package internal(set) var components: [Component] = []
  package internal(set) var probes: [Probe] = []

  /// Most variables that are compared one by one; beyond, those that random directions suspect, the
  /// steepest and a sample are.
  package static let largestCount = 200
  static let probeCount = 4

  /// `given` and `exact` are matrices, row by row: results × variables. `spread` is one number for each
  /// of their elements.
  package init(
    _ differences: FiniteDifferences, given: [Double], exact: [Double]? = nil,
    spread: [Double], isStopped: @escaping () -> Bool
  ) {
    self.differences = differences
    self.given = given
    self.exact = exact
    self.spread = spread
    self.isStopped = isStopped
    inputs = differences.point.count
    outputs = differences.center.count
    scale = differences.point.map { max($0.magnitude, 1) }
    let n = inputs
    reference = (0..<outputs).map { row in
      let own = given[row * n..<row * n + n]
      let other = exact.map { $0[row * n..<row * n + n] } ?? own
      // Where another source is there the sizes are those that both agree on.
      func largest(_ part: ArraySlice<Double>) -> Double {
        part.reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
      }
      return min(largest(own), largest(other))
    }
  }

  /// Compares; where it is stopped, what was compared so far remains.
  package mutating func run() {
    guard inputs > 0 else { return }
    for k in 0..<Self.probeCount where !isStopped() { probes.append(probe(k)) }
    if inputs <= Self.largestCount {
      for column in 0..<inputs where !isStopped() { components += self.column(column) }
    } else {
      sample(isStopped)
    }
  }

  /// Whether every derivative was compared with differences.
  package var isComplete: Bool { components.count == inputs * outputs }

  // MARK: Judging

  func column(_ column: Int) -> [Component] {
    let line = differences.line(
      .coordinate(column), reference: reference.map { $0 * 1e-3 })
    return (0..<outputs).map { row in
      let index = row * inputs + column
      return Self.judged(
        line.slopes[row], output: row, input: column, given: given[index],
        exact: exact?[index], spread: spread[index], reference: reference[row])
    }
  }

  /// Whether two sources of a derivative differ by more than rounding and short constants explain.
  static func differ(_ a: Double, _ b: Double, _ spread: Double, _ reference: Double) -> Bool {
    guard a.isFinite, b.isFinite else { return a.isFinite != b.isFinite }
    let allowed = 1e-5 * max(a.magnitude, b.magnitude) + 100 * spread + 1e-13 * reference
    return (a - b).magnitude > allowed
  }

  /// Compares a derivative with a slope by differences.
  static func judged(
    _ slope: Slope, output: Int, input: Int, given: Double, exact: Double?, spread: Double,
    reference: Double
  ) -> Component {
    let best = slope.best
    var result = Component(
      output: output, input: input, given: given, difference: best.value, error: best.error)
    result.left = slope.left
    result.right = slope.right
    result.isOneSided = slope.kind == .edge
    guard given.isFinite else {
      result.verdict = .wrong
      result.relativeError = .infinity
      return result
    }
    switch slope.kind {
    case .unknown: result.verdict = .unclear
    case .jump: result.verdict = .jump
    case .vertical: result.verdict = .vertical
    case .kink:
      result.isKink = true
      let tolerance = 1e-4 * max(slope.left.magnitude, slope.right.magnitude)
      let isBetween =
        given >= min(slope.left, slope.right) - tolerance
        && given <= max(slope.left, slope.right) + tolerance
      result.verdict = isBetween ? .kink : .wrong
      result.difference = (slope.left + slope.right) / 2
      if !isBetween {
        let gap = min((given - slope.left).magnitude, (given - slope.right).magnitude)
        result.relativeError = gap / max(given.magnitude, tolerance * 1e4)
      }
    case .smooth, .edge:
      let gap = (given - best.value).magnitude
      let size = max(given.magnitude, best.value.magnitude)
      let least = max(size, 1e-3 * max(reference, slope.nearby), .leastNormalMagnitude)
      result.relativeError = gap == 0 ? 0 : gap / least
      result.isResolved = best.error <= 1e-3 * least
      if contradicts(slope, given, spread) {
        result.verdict = .wrong
      } else if result.relativeError > 1e-3 {
        result.isResolved = false
      }
    }
    // The other source is finer than differences, as long as these do not speak against it.
    if let exact, result.verdict == .right || result.verdict == .unclear,
      differ(given, exact, spread, reference), !contradicts(slope, exact, spread),
      // Cancellation may spoil it where the one written by hand is right.
      !((exact - best.value).magnitude
        > max((given - best.value).magnitude, 10 * best.error))
    {
      result.verdict = .wrong
      result.difference = exact
      result.relativeError =
        (given - exact).magnitude / max(given.magnitude, exact.magnitude)
    }
    return result
  }

  /// Whether differences rule out that the slope is `given`: the best estimate is far off against
  /// its error, no other good one agrees, and two more confirm it.
  private static func contradicts(_ slope: Slope, _ given: Double, _ spread: Double) -> Bool {
    let best = slope.best
    guard best.value.isFinite else { return false }
    let gap = (given - best.value).magnitude
    let size = max(given.magnitude, best.value.magnitude)
    let isEdge = slope.kind == .edge
    guard gap > max(10 * best.error, (isEdge ? 1e-5 : 1e-7) * size, 100 * spread) else {
      return false
    }
    // Both sides and steps of very different lengths must tell the same, or the function is too
    // rough to say.
    let middle = (slope.left + slope.right) / 2
    if !isEdge,
      max((slope.left - slope.right).magnitude, (middle - best.value).magnitude) > 0.3 * size
    {
      return false
    }
    var (run, longest) = (0, 0)
    for estimate in slope.estimates where estimate.value.isFinite {
      let distance = (given - estimate.value).magnitude
      if estimate.error <= min(1e-4 * size, gap / 10),
        distance <= max(5 * estimate.error, 1e-6 * size)
      {
        return false
      }
      let near = min(gap / 10, 0.1 * best.value.magnitude + 10 * (estimate.error + best.error))
      run = (estimate.value - best.value).magnitude <= near ? run + 1 : 0
      longest = max(longest, run)
    }
    // A smooth line is decided by fewer.
    let known = slope.estimates.lazy.filter { $0.value.isFinite }.count
    return longest >= min(3, max(2, known))
  }
}
