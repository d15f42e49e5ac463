/// Derivatives from values alone: a function is sampled along a line on both sides of a point, at
/// distances that shrink by a constant factor.
import OptNumerics

/// A function of several numbers with one or several results, around a point.
package final class FiniteDifferences {
  /// Fills the results at a point; NaN where there is none.
  package typealias Evaluate = (UnsafePointer<Double>, UnsafeMutablePointer<Double>) -> Void

  /// Where a line goes.
  package enum Direction {
    case coordinate(Int)
    case vector([Double])
  }

  package let point: [Double]
  /// The results at the point.
  package let center: [Double]
  /// The rounding error of each result there, measured.
  package private(set) var noise: [Double] = []
  /// How often the function was evaluated.
  package private(set) var evaluations = 0
  private let evaluate: Evaluate
  private let x: Buffer
  private let results: Buffer

  private let isStopped: () -> Bool

  /// Steps shrink by this factor from one rung to the next.
  private static let shrink = 4.0
  /// The shortest step is the first one shrunk so often: by 2e10.
  private static let lastLevel = 17

  /// `evaluate` fills `outputs` results. `isStopped` is asked now and then; a line is given up then.
  package init(
    at point: [Double], outputs: Int, isStopped: @escaping () -> Bool,
    evaluate: @escaping Evaluate
  ) {
    self.point = point
    self.evaluate = evaluate
    self.isStopped = isStopped
    x = Buffer(point)
    results = Buffer(count: outputs)
    evaluate(x.pointer, results.pointer)
    center = results.numbers
    noise = measuredNoise()
  }

  private func values() -> [Double] {
    evaluations += 1
    evaluate(x.pointer, results.pointer)
    return results.numbers
  }

  /// From seven neighbouring points on one side and on the other, with signs that alternate
  /// irregularly so that their roundings differ. The smaller result counts, so that a jump at the
  /// point is no noise. Never below half a unit in the last place.
  private func measuredNoise() -> [Double] {
    let reach = 6
    var samples: [[Double]] = []
    for sample in -reach...reach {
      for index in 0..<point.count {
        let sign = (index &* 7 &+ index / 3) & 1 == 0 ? 1.0 : -1.0
        // Multiples of the unit in the last place, so that the points themselves are exact.
        let step = 8 * (point[index] == 0 ? 1e-3.ulp : point[index].ulp)
        x[index] = point[index] + sign * Double(sample) * step
      }
      samples.append(values())
    }
    restore(.vector([]))
    return center.indices.map { k in
      let sides = [samples.prefix(reach + 1), samples.suffix(reach + 1)].map { side in
        RoundingError.estimate(Buffer(side.map { $0[k] }))
      }
      let measured = 2 * (sides.filter(\.isFinite).min() ?? 0)
      return max(measured, 0.5 * Double.ulpOfOne * center[k].magnitude)
    }
  }

  private func restore(_ direction: Direction) {
    if case .coordinate(let k) = direction {
      x[k] = point[k]
    } else {
      for k in 0..<point.count { x[k] = point[k] }
    }
  }

  // MARK: Lines

  /// How far the first rung goes along a direction of length 1.
  private func firstStep(_ direction: Direction) -> Double {
    switch direction {
    case .coordinate(let k): 0.01 * max(point[k].magnitude, 1)
    case .vector: 0.01
    }
  }

  /// Goes to `point + t direction`; the distance gone, which rounding may have changed.
  private func move(_ direction: Direction, _ t: Double) -> Double {
    switch direction {
    case .coordinate(let k):
      x[k] = point[k] + t
      return x[k] - point[k]
    case .vector(let v):
      for k in 0..<point.count { x[k] = point[k] + t * v[k] }
      return t
    }
  }

  private func rung(_ direction: Direction, _ first: Double, _ level: Int) -> Rung {
    var step = first
    for _ in 0..<level.magnitude { step *= level > 0 ? 1 / Self.shrink : Self.shrink }
    let right = move(direction, step)
    let plus = values()
    let left = move(direction, -step)
    let minus = values()
    restore(direction)
    return Rung(right: right, left: -left, plus: plus, minus: minus)
  }

  /// Samples the line in `direction` until the slopes of all results are known well, at least
  /// against `reference`, the size of derivatives that matter; with `complete` to the last rung.
  /// `rounding` is what rounding of the points themselves adds to the noise of each result.
  package func line(
    _ direction: Direction, reference: [Double], rounding: [Double]? = nil, complete: Bool = false
  ) -> Line {
    let moved = rounding ?? noise.map { _ in 0 }
    let noise = zip(noise, moved).map { ($0 * $0 + $1 * $1).squareRoot() }
    let line = sampled(direction, firstStep(direction), noise, reference, complete)
    guard case .coordinate(let k) = direction, point[k] != 0, line.completeCount < 6,
      line.completeCount < line.rungs.count
    else { return line }
    // The domain ends at a distance that is small even against the shortest of these steps: a
    // number like 1e-300 under a logarithm.
    let near = sampled(direction, 0.1 * point[k].magnitude, noise, reference, complete)
    return near.completeCount > line.completeCount ? near : line
  }

  private func sampled(
    _ direction: Direction, _ first: Double, _ noise: [Double], _ reference: [Double],
    _ complete: Bool
  ) -> Line {
    var line = Line(center: center, noise: noise)
    var level = 0
    while level <= Self.lastLevel, !isStopped() {
      let next = rung(direction, first, level)
      // Where the step is lost in the number itself nothing is to be seen.
      guard next.right > 0, next.left > 0 else { break }
      line.rungs.append(next)
      level += 1
      // Three estimates at least: a mistake is called one when all of them say so.
      if level >= 5, !complete, line.isDecided(reference) { break }
    }
    line.estimate()
    // Values so large that their rounding hides the slope want longer steps.
    level = -1
    while level >= -10, line.wantsLongerSteps(reference), !isStopped() {
      line.rungs.insert(rung(direction, first, level), at: 0)
      line.estimate()
      level -= 1
    }
    return line
  }
}
