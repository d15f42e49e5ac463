/// Taylor's theorem as a test of a gradient.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How fast the remainder |f(x + h v) − f(x) − h g·v| shrinks with h: as h² when g is the gradient,
/// as h when it is not.
enum TaylorTest {
  /// The slope of log remainder against log h over the shortest steps that rounding leaves visible;
  /// nil where the remainder is nothing but rounding at all of them.
  static func order(_ line: Line, output: Int, given: Double) -> Double? {
    let samples = line.samples(output)
    var points: [(Double, Double)] = []
    for i in line.rungs.indices.reversed() {
      let rung = line.rungs[i]
      guard samples.plus(i).isFinite, samples.minus(i).isFinite else { break }
      // Both sides: the larger remainder is the one that counts.
      let remainder = max(
        (samples.plus(i) - samples.center - rung.right * given).magnitude,
        (samples.minus(i) - samples.center + rung.left * given).magnitude)
      let step = min(rung.right, rung.left)
      let rounding =
        samples.rounding(i) * step + Double.ulpOfOne * (step * given).magnitude
      guard remainder > 100 * rounding, remainder.isFinite else {
        if points.isEmpty { continue }
        break
      }
      points.append((log(step), log(remainder)))
      if points.count == 4 { break }
    }
    guard points.count >= 3 else { return nil }
    let n = Double(points.count)
    let meanX = points.reduce(0) { $0 + $1.0 } / n
    let meanY = points.reduce(0) { $0 + $1.1 } / n
    let above = points.reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    let below = points.reduce(0) { $0 + ($1.0 - meanX) * ($1.0 - meanX) }
    return above / below
  }
}
