/// Finite differences with an error estimate for each component of a gradient.
import OptNumerics
import OptSolvers

/// Compares a gradient with central differences, extrapolated until their error is smallest
/// (C. J. F. Ridders, Adv. Eng. Softw. 4 (1982); Press et al., Numerical Recipes, 5.7).
struct GradientCheck {
  enum Verdict { case right, wrong, kink, unclear }

  struct Component {
    let index: Int
    let given: Double
    /// The derivative by differences.
    var difference = 0.0
    var leftSlope = 0.0
    var rightSlope = 0.0
    var relativeError = 0.0
    var verdict = Verdict.right
  }

  private let objective: CostObjective
  private let start: [Double]
  private let given: [Double]
  private let stop: Stop
  private(set) var components: [Component] = []

  /// Most components that are compared one by one; beyond, evenly spread ones are.
  private static let largestCount = 2000

  init(_ objective: CostObjective, at start: [Double], given: [Double], stop: Stop) {
    self.objective = objective
    self.start = start
    self.given = given
    self.stop = stop
  }

  mutating func run() throws {
    let x = Buffer(start)
    let center = value(x)
    let largest = given.reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
    let count = min(start.count, Self.largestCount)
    for k in 0..<count {
      if stop.isRequested || objective.failure != nil { return }
      let index = count == start.count ? k : k * start.count / count
      components.append(component(index, x, center, largest))
    }
  }

  private func value(_ x: Buffer) -> Double {
    var answer = Answer()
    return objective.evaluate(.value, at: x.pointer, along: nil, into: &answer) == .stopped
      ? .nan : answer.value
  }

  private func component(
    _ index: Int, _ x: Buffer, _ center: Double, _ largest: Double
  ) -> Component {
    let here = start[index]
    func at(_ step: Double) -> Double {
      x[index] = here + step
      let result = value(x)
      x[index] = here
      return result
    }
    var result = Component(index: index, given: given[index])
    let scale = max(here.magnitude, 0.1)
    let (difference, error) = ridders(scale * 0.02, at)
    result.difference = difference
    let g = given[index]
    guard difference.isFinite, g.isFinite else {
      result.verdict = difference.isFinite ? .wrong : .unclear
      result.relativeError = .infinity
      return result
    }
    let gap = (g - difference).magnitude
    // What rounding of the value itself allows: differences cannot tell smaller errors.
    let noise = 20 * Double.ulpOfOne * center.magnitude / (scale * 1e-4)
    let size = max(g.magnitude, difference.magnitude)
    result.relativeError = gap == 0 ? 0 : gap / max(size, 1e-3 * largest, .leastNormalMagnitude)
    let allowed = max(10 * error, 1e-7 * size, noise, 1e-12 * largest)
    // One-sided slopes that stay apart as the step shrinks are a kink, also where the central
    // difference happens to agree.
    let (near, far) = (scale * 1e-6, scale * 1e-5)
    let slopes = { (h: Double) in ((center - at(-h)) / h, (at(h) - center) / h) }
    let (left, right) = slopes(near)
    let (farLeft, farRight) = slopes(far)
    result.leftSlope = left
    result.rightSlope = right
    let jump = (right - left).magnitude
    let farJump = (farRight - farLeft).magnitude
    let rounding = 8 * Double.ulpOfOne * center.magnitude / near
    let steep = max(left.magnitude, right.magnitude, size)
    if jump > max(1e-3 * steep, 10 * rounding), jump > 0.5 * farJump, jump.isFinite {
      result.verdict = .kink
      return result
    }
    if gap <= allowed { return result }
    // Differences at steps so small that curvature does not matter have the last word.
    let close = (left + right) / 2
    let closeGap = (g - close).magnitude
    let bound = max(1e-5 * max(size, close.magnitude), 10 * rounding)
    result.verdict = closeGap <= bound && error > 1e-6 * size ? .right : .wrong
    if result.verdict == .right {
      result.difference = close
      result.relativeError = closeGap / max(size, .leastNormalMagnitude)
    }
    return result
  }

  /// Central differences at shrinking steps, extrapolated to step 0; the estimate with the smallest
  /// error.
  private func ridders(_ first: Double, _ at: (Double) -> Double) -> (Double, Double) {
    let rows = 10
    let shrink = 1.6
    var table = [[Double]](repeating: [Double](repeating: 0, count: rows), count: rows)
    var best = Double.nan
    var error = Double.infinity
    var step = first
    for i in 0..<rows {
      table[0][i] = (at(step) - at(-step)) / (2 * step)
      step /= shrink
      guard i > 0 else { continue }
      var factor = shrink * shrink
      for j in 1...i {
        table[j][i] = (table[j - 1][i] * factor - table[j - 1][i - 1]) / (factor - 1)
        factor *= shrink * shrink
        let guess = max(
          (table[j][i] - table[j - 1][i]).magnitude, (table[j][i] - table[j - 1][i - 1]).magnitude)
        if guess <= error || !best.isFinite && table[j][i].isFinite {
          error = guess
          best = table[j][i]
        }
      }
      if (table[i][i] - table[i - 1][i - 1]).magnitude >= 2 * error, best.isFinite { break }
    }
    return (best, error)
  }
}
