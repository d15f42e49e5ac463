/// What samples along a line say about the slope: its value with an error, or why there is none.
import OptNumerics

/// Values at one distance on both sides.
struct Rung {
  let right: Double
  let left: Double
  let plus: [Double]
  let minus: [Double]
}

/// The slope of one result along a line.
package struct Slope {
  /// What the function does at the point.
  package enum Kind: Sendable {
    case smooth
    /// The slopes on both sides differ.
    case kink
    /// The value jumps.
    case jump
    /// The slope is infinite.
    case vertical
    /// There are values on one side only: the domain ends here.
    case edge
    /// There are no values beside the point.
    case unknown
  }
  /// One estimate with its error.
  package struct Estimate: Sendable {
    package var value: Double
    package var error: Double
  }

  package var kind = Kind.unknown
  /// From the longest steps to the shortest.
  package var estimates: [Estimate] = []
  /// On both sides.
  package var left = Double.nan
  package var right = Double.nan
  /// How steep the function is at a short distance: what slopes are measured by where they vanish.
  package var nearby = 0.0

  /// The estimate with the smallest error.
  package var best: Estimate {
    estimates.min { $0.error < $1.error } ?? Estimate(value: .nan, error: .infinity)
  }
}

/// The samples of a line.
package struct Line {
  let center: [Double]
  let noise: [Double]
  /// From the longest steps to the shortest.
  var rungs: [Rung] = []
  package private(set) var slopes: [Slope] = []

  init(center: [Double], noise: [Double]) {
    self.center = center
    self.noise = noise
  }

  /// Rungs where all results have values on both sides.
  var completeCount: Int {
    rungs.filter { $0.plus.allSatisfy(\.isFinite) && $0.minus.allSatisfy(\.isFinite) }.count
  }

  // MARK: One result

  /// The samples of result `k`: what is asked of them again and again.
  struct Samples {
    let center: Double
    let noise: Double
    let rungs: [Rung]
    let k: Int

    func plus(_ i: Int) -> Double { rungs[i].plus[k] }
    func minus(_ i: Int) -> Double { rungs[i].minus[k] }
    func rightSlope(_ i: Int) -> Double { (plus(i) - center) / rungs[i].right }
    func leftSlope(_ i: Int) -> Double { (center - minus(i)) / rungs[i].left }
    func central(_ i: Int) -> Double { (plus(i) - minus(i)) / (rungs[i].right + rungs[i].left) }
    /// How much the slopes of both sides differ.
    func turn(_ i: Int) -> Double { rightSlope(i) - leftSlope(i) }
    /// What rounding makes of a slope over rung `i`.
    func rounding(_ i: Int) -> Double {
      let size = max(finite(plus(i)), finite(minus(i)), center.magnitude)
      return (noise + Double.ulpOfOne * size) / min(rungs[i].right, rungs[i].left)
    }
    private func finite(_ x: Double) -> Double { x.isFinite ? x.magnitude : 0 }
  }

  func samples(_ k: Int) -> Samples {
    Samples(center: center[k], noise: noise[k], rungs: rungs, k: k)
  }

  /// Extrapolates three slopes whose errors begin with h^`order` and grow by that power again.
  private static func extrapolated(
    _ a: Double, _ b: Double, _ c: Double, order: Double, rounding: Double
  ) -> Slope.Estimate {
    // Richardson: with steps shrinking by 4 an error of order p shrinks by 4^p.
    let factor = order == 2 ? 16.0 : 4.0
    let further = order == 2 ? 256.0 : 16.0
    let first = (factor * b - a) / (factor - 1)
    let second = (factor * c - b) / (factor - 1)
    let value = (further * second - first) / (further - 1)
    return Slope.Estimate(
      value: value, error: (second - first).magnitude / 8 + 2 * rounding)
  }

  private func slope(_ k: Int) -> Slope {
    var slope = Slope()
    let samples = samples(k)
    func windows(_ isThere: (Int) -> Bool, _ value: (Int) -> Double, _ order: Double) {
      guard rungs.count >= 3 else { return }
      for i in 0...rungs.count - 3 where isThere(i) && isThere(i + 1) && isThere(i + 2) {
        slope.estimates.append(
          Self.extrapolated(
            value(i), value(i + 1), value(i + 2), order: order, rounding: samples.rounding(i + 2)))
      }
    }
    let isRight = { (i: Int) in samples.plus(i).isFinite }
    let isLeft = { (i: Int) in samples.minus(i).isFinite }
    windows({ isRight($0) && isLeft($0) }, samples.central, 2)
    if !slope.estimates.isEmpty {
      classify(samples, &slope)
      return slope
    }
    let hasRight = rungs.indices.filter(isRight).count
    let hasLeft = rungs.indices.filter(isLeft).count
    guard max(hasLeft, hasRight) >= 3 else { return slope }
    slope.kind = .edge
    if hasRight >= hasLeft {
      windows(isRight, samples.rightSlope, 1)
      slope.right = slope.best.value
    } else {
      windows(isLeft, samples.leftSlope, 1)
      slope.left = slope.best.value
    }
    return slope
  }

  // MARK: Kinks and jumps

  /// Tells kinks, jumps and infinite slopes from curvature by how differences change as steps
  /// shrink by 4: the turn of a smooth function shrinks by 4, that of a kink stays, that of a jump
  /// grows by 4.
  private func classify(_ samples: Samples, _ slope: inout Slope) {
    slope.kind = .smooth
    let fourth = min(3, rungs.count - 1)
    let nearby = max(samples.rightSlope(fourth).magnitude, samples.leftSlope(fourth).magnitude)
    if nearby.isFinite { slope.nearby = nearby }
    let finite = rungs.indices.filter { samples.plus($0).isFinite && samples.minus($0).isFinite }
    guard let nearest = finite.last else { return }
    // Where rounding does not hide the turn.
    let clear = finite.filter { 20 * samples.rounding($0) < samples.turn($0).magnitude }
    let plain = clear.filter { 1e5 * samples.rounding($0) < samples.turn($0).magnitude }
    let sides =
      plain.count >= 2 ? plain.suffix(2) : clear.count >= 2 ? clear.suffix(2) : finite[..<1]
    slope.right = Self.limit(sides.map(samples.rightSlope)) ?? samples.rightSlope(nearest)
    slope.left = Self.limit(sides.map(samples.leftSlope)) ?? samples.leftSlope(nearest)
    if let ratios = Self.ratios(clear, samples.turn), !isQuiet(samples, 0) {
      if ratios.allSatisfy({ $0 > 0.75 && $0 < 1.35 }) { slope.kind = .kink }
      if ratios.allSatisfy({ $0 >= 1.35 && $0 < 2.8 }) { slope.kind = .vertical }
      if ratios.allSatisfy({ $0 >= 2.8 }) { slope.kind = .jump }
    }
    let steep = finite.filter { 20 * samples.rounding($0) < samples.central($0).magnitude }
    if steep.last == nearest, slope.kind == .smooth,
      let ratios = Self.ratios(steep, samples.central)
    {
      if ratios.allSatisfy({ $0 > 1.3 && $0 < 2.8 }) { slope.kind = .vertical }
      if ratios.allSatisfy({ $0 >= 2.8 }) { slope.kind = .jump }
    }
  }

  /// How a quantity changed over the last three of `rungs`, which follow each other.
  private static func ratios(_ rungs: [Int], _ value: (Int) -> Double) -> [Double]? {
    let last = rungs.suffix(3)
    guard last.count == 3, let first = last.first, let end = last.last, end - first == 2 else {
      return nil
    }
    return [value(first + 1) / value(first), value(end) / value(first + 1)]
  }

  /// One-sided slopes extrapolated to distance 0.
  private static func limit(_ slopes: [Double]) -> Double? {
    guard slopes.count == 2 else { return slopes.first }
    return (4 * slopes[1] - slopes[0]) / 3
  }

  /// Whether both sides have the same slope, as far as the shortest steps show.
  private func isQuiet(_ samples: Samples, _ reference: Double) -> Bool {
    let n = rungs.count
    guard n >= 2 else { return false }
    let turn = (4 * samples.turn(n - 1) - samples.turn(n - 2)) / 3
    let steep = max(
      samples.rightSlope(n - 1).magnitude, samples.leftSlope(n - 1).magnitude, reference)
    return turn.magnitude <= 1e-6 * steep + 8 * samples.rounding(n - 1)
  }

  // MARK: Enough

  /// Derives the slopes of all results from the samples.
  mutating func estimate() { slopes = center.indices.map(slope) }

  /// Whether further rungs would not tell more.
  mutating func isDecided(_ reference: [Double]) -> Bool {
    estimate()
    let last = rungs.count - 1
    return slopes.indices.allSatisfy { k in
      let samples = samples(k)
      let best = slopes[k].best
      let size = max(best.value.magnitude, reference[k])
      if best.error <= 1e-9 * size, isQuiet(samples, reference[k]) { return true }
      // Rounding is all that is left to see.
      return samples.rounding(last) > 1e-2 * size && samples.plus(last).isFinite
        && samples.minus(last).isFinite && size > 0
    }
  }

  /// Whether rounding limits what is known of some slope, and the longest steps know it best.
  func wantsLongerSteps(_ reference: [Double]) -> Bool {
    slopes.indices.contains { k in
      let best = slopes[k].best
      guard slopes[k].kind == .smooth, let first = slopes[k].estimates.first else { return false }
      return first.error == best.error
        && best.error > 1e-9 * max(best.value.magnitude, reference[k])
    }
  }
}
