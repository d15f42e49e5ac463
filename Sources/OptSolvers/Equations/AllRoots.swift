/// All roots of one equation in an interval.
import OptNumerics

/// What a search for all roots in an interval found.
package struct AllRoots: Sendable {
  /// Where the sides meet, in order; touching points included.
  package var roots: [Double] = []
  /// Those of them where the sides touch without changing places.
  package var touching: [Double] = []
  /// Where the sides change places without meeting.
  package var jumps: [Double] = []
  /// Parts of the interval for which roots could not be excluded.
  package var open: [ClosedRange<Double>] = []
  /// Some part of the interval has no values.
  package var hasGaps = false
  /// There are more roots than are listed.
  package var isCut = false
  package var evaluations = 0
  package var isInterrupted = false
  package var isOutOfBudget = false
}

/// Finds the roots of one equation between `lower` and `upper`.
///
/// The interval is divided until on every part the cubic through values and slopes of its ends
/// agrees with the function so well that it tells whether there is a root. Parts where the sides
/// change places are narrowed (`Bracket`), extrema towards zero are found as roots of the slope; what
/// is found divides its part again. Samples cannot prove that nothing lies between them: a root in a
/// spike far narrower than a part can be missed. `largestCount` roots are listed at most.
package func allRoots(
  of equation: any Equations, from lower: Double, to upper: Double, until stops: Stops = Stops(),
  stop: Stop = Stop()
) -> AllRoots {
  guard equation.dimension == 1, lower.isFinite, upper.isFinite, lower <= upper else {
    return AllRoots()
  }
  let search = AllRootsSearch(equation, lower, upper, stops, stop)
  search.run()
  return search.result
}

private final class AllRootsSearch {
  /// A point with value and slope.
  private struct Sample {
    var x: Double
    var f: Double
    var slope: Double
    var isFinite: Bool { f.isFinite && slope.isFinite }
  }
  private struct Part {
    var left: Sample
    var right: Sample
    var depth: Int
  }

  private let equation: any Equations
  private let lower: Double
  private let upper: Double
  private let stop: Stop
  private let limit: Int
  private let secondsLimit: Double
  private var watch = Watch()
  private let memory = Buffer(count: 3)
  /// The size of the values, for what counts as zero.
  private var scale = 0.0
  var result = AllRoots()

  private static let parts = 128
  private static let deepest = 30
  private static let largestCount = 10_000
  private static let defaultEvaluations = 500_000

  init(
    _ equation: any Equations, _ lower: Double, _ upper: Double, _ stops: Stops, _ stop: Stop
  ) {
    self.equation = equation
    self.lower = lower
    self.upper = upper
    self.stop = stop
    limit = stops.evaluations ?? Self.defaultEvaluations
    secondsLimit = stops.seconds ?? .infinity
  }

  private var isOver: Bool { result.isInterrupted || result.isOutOfBudget || result.isCut }

  private func sample(_ x: Double) -> Sample {
    if stop.isRequested { result.isInterrupted = true }
    if result.evaluations >= limit || watch.tick() && watch.elapsed >= secondsLimit {
      result.isOutOfBudget = true
    }
    guard !isOver else { return Sample(x: x, f: .nan, slope: .nan) }
    result.evaluations += 1
    memory[0] = x
    let outcome = equation.evaluate(
      at: memory.pointer, residuals: memory.pointer + 1, jacobian: memory.pointer + 2)
    if outcome == .stopped { result.isInterrupted = true }
    return Sample(x: x, f: memory[1], slope: memory[2])
  }

  func run() {
    var samples: [Sample] = []
    for k in 0...Self.parts {
      // Not quite even, so that no period of the function hides.
      let share = (Double(k) + (k == 0 || k == Self.parts ? 0 : 0.2 * Double(k * 7 % 5 - 2) / 2))
      samples.append(sample(lower + (upper - lower) * (share / Double(Self.parts))))
      if isOver { return }
    }
    samples[Self.parts].x = upper
    scale = samples.reduce(0) { $1.f.isFinite ? max($0, abs($1.f)) : $0 }
    if lower == upper { samples = [samples[0]] }
    if let only = samples.first, samples.count == 1, only.f == 0 { note(only.x) }
    var pending: [Part] = []
    for k in (0..<samples.count - 1).reversed() {
      pending.append(Part(left: samples[k], right: samples[k + 1], depth: 0))
    }
    while let part = pending.popLast() {
      if isOver { break }
      examine(part, &pending)
    }
    if result.isOutOfBudget, let rest = pending.map(\.left.x).min() {
      result.open.append(rest...upper)
    }
    finish()
  }

  private func note(_ x: Double, touching: Bool = false) {
    guard result.roots.count < Self.largestCount else {
      result.isCut = true
      return
    }
    result.roots.append(x)
    if touching { result.touching.append(x) }
  }

  private func divide(_ part: Part, at x: Double, _ pending: inout [Part]) {
    let middle = sample(x)
    pending.append(Part(left: middle, right: part.right, depth: part.depth + 1))
    pending.append(Part(left: part.left, right: middle, depth: part.depth + 1))
  }

  private func examine(_ part: Part, _ pending: inout [Part]) {
    let (a, b) = (part.left, part.right)
    let middle = 0.5 * (a.x + b.x)
    guard middle > a.x, middle < b.x else { return }
    guard a.isFinite, b.isFinite else {
      searchEdge(part, at: middle, &pending)
      return
    }
    // A root that was hit exactly; what is beside it comes next.
    let gap = max(1e-7 * (b.x - a.x), 64 * Double.ulpOfOne * max(abs(a.x), abs(b.x)))
    if a.f == 0 || b.f == 0 {
      var inner = part
      if a.f == 0 {
        note(a.x, touching: true)
        inner.left = sample(a.x + gap)
      }
      if b.f == 0 {
        note(b.x, touching: true)
        inner.right = sample(b.x - gap)
      }
      inner.depth += 1
      if part.depth < Self.deepest, inner.left.x < inner.right.x { pending.append(inner) }
      return
    }
    if (a.f > 0) != (b.f > 0) {
      cross(part, &pending)
      return
    }
    let center = sample(middle)
    guard center.isFinite else {
      pending.append(Part(left: center, right: b, depth: part.depth + 1))
      pending.append(Part(left: a, right: center, depth: part.depth + 1))
      return
    }
    if excludes(a, b, center) { return }
    if part.depth >= Self.deepest || b.x - a.x < 1e-9 * (upper - lower) {
      settle(a, center, b)
      return
    }
    pending.append(Part(left: center, right: b, depth: part.depth + 1))
    pending.append(Part(left: a, right: center, depth: part.depth + 1))
  }

  /// A part of which one end or both have no value: the end of the domain is narrowed; a part without
  /// values is divided a few times only.
  private func searchEdge(_ part: Part, at middle: Double, _ pending: inout [Part]) {
    let isEmpty = !part.left.isFinite && !part.right.isFinite
    if part.depth < (isEmpty ? 3 : Self.deepest) {
      divide(part, at: middle, &pending)
      return
    }
    result.hasGaps = true
    let end = part.left.isFinite ? part.left : part.right
    // The sides may meet where the domain ends.
    if end.isFinite, abs(end.f) <= 1e-3 * scale { result.open.append(part.left.x...part.right.x) }
  }

  /// Whether the cubic through both ends has no root, by a margin of what it errs at the centre.
  private func excludes(_ a: Sample, _ b: Sample, _ center: Sample) -> Bool {
    if (center.f > 0) != (a.f > 0) || center.f == 0 { return false }
    let width = b.x - a.x
    let predicted = 0.5 * (a.f + b.f) + width * (a.slope - b.slope) / 8
    let slope = 1.5 * (b.f - a.f) / width - 0.25 * (a.slope + b.slope)
    // Monotone, by a margin of what the slopes differ.
    let steepness = min(abs(a.slope), abs(b.slope), abs(center.slope))
    let spread = max(abs(a.slope), abs(b.slope), abs(center.slope)) - steepness
    if (a.slope > 0) == (b.slope > 0), (a.slope > 0) == (center.slope > 0), steepness > spread {
      return true
    }
    let error = max(abs(center.f - predicted), 0.25 * width * abs(center.slope - slope))
    var lowest = min(abs(a.f), abs(b.f), abs(center.f))
    // The control values of the cubic as a Bézier curve enclose it.
    let sign: Double = a.f > 0 ? 1 : -1
    lowest = min(lowest, sign * (a.f + width * a.slope / 3), sign * (b.f - width * b.slope / 3))
    return lowest > 8 * error
  }

  /// A part at whose ends the sides stand in different order.
  private func cross(_ part: Part, _ pending: inout [Part]) {
    let (a, b) = (part.left, part.right)
    let first = Bracket(a: a.x, fa: a.f, b: b.x, fb: b.f)
    let found = first.narrowed { x in
      let value = self.sample(x).f
      return value.isFinite ? value : nil
    }
    if isOver { return }
    let (x, f) = found.best
    // What lies beside it, a little away.
    let gap = max(1e-7 * (b.x - a.x), 64 * Double.ulpOfOne * abs(x))
    let before = x - gap > a.x ? sample(x - gap) : a
    let after = x + gap < b.x ? sample(x + gap) : b
    // Towards a root the values vanish, at a jump they stay, at a pole they grow.
    let beside = min(
      before.isFinite ? abs(before.f) : .infinity, after.isFinite ? abs(after.f) : .infinity)
    if f == 0 || abs(f) <= 0.05 * beside { note(x) } else { result.jumps.append(x) }
    guard part.depth < Self.deepest else { return }
    for (left, right) in [(a, before), (after, b)] where right.x - left.x > gap {
      pending.append(Part(left: left, right: right, depth: part.depth + 1))
    }
  }

  /// A part as small as parts become: the sides touch in it, or it stays open.
  private func settle(_ a: Sample, _ center: Sample, _ b: Sample) {
    guard let best = [a, center, b].min(by: { abs($0.f) < abs($1.f) }) else { return }
    // At a touching point the value is second order in the distance.
    let width = b.x - a.x
    let curvature = abs(b.slope - a.slope) / max(width, 1e-300)
    if abs(best.f) <= width * (abs(a.slope) + abs(b.slope) + width * curvature)
      || abs(best.f) <= 16 * Double.ulpOfOne * scale
    {
      note(best.x, touching: true)
    } else {
      result.open.append(a.x...b.x)
    }
  }

  /// Joins what belongs together and sorts.
  private func finish() {
    let near = 1e-8 * max(upper - lower, 1e-300)
    func joined(_ all: [Double]) -> [Double] {
      var list: [Double] = []
      for x in all.sorted() {
        if let last = list.last, x - last <= near { continue }
        list.append(x)
      }
      return list
    }
    let noted = Set(result.touching)
    var crossing = result.roots.filter { !noted.contains($0) }
    var touching: [Double] = []
    for x in joined(result.touching) {
      let (a, b) = (sample(max(x - near, lower)), sample(min(x + near, upper)))
      let changes = a.x < x && b.x > x ? (a.f > 0) != (b.f > 0) : a.slope != 0
      if changes || crossing.contains(where: { abs($0 - x) <= near }) {
        crossing.append(x)
      } else {
        touching.append(x)
      }
    }
    result.touching = touching
    result.roots = joined(crossing + touching)
    result.jumps = joined(result.jumps)
    var ranges: [ClosedRange<Double>] = []
    for range in result.open.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = ranges.last, range.lowerBound <= last.upperBound + near {
        ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
    result.open = ranges
  }
}
