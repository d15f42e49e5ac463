/// The search for all roots of one equation in an interval.
import OptNumerics

/// The state of one search.
final class AllRootsSearch {
  /// A point with value and slope.
  private struct Sample {
    var x: Double
    var f: Double
    var slope: Double
    /// The slope need not be: √x has a root at 0.
    var isFinite: Bool { f.isFinite }
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
    if !(a.isFinite && b.isFinite), !isCrossedAtInfinity(a, b) {
      searchEdge(part, at: middle, &pending)
      return
    }
    if a.f == 0 || b.f == 0 {
      besideZeros(part, &pending)
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
    if excludes(a, b, center), isConfirmed(a, b, center) { return }
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
    guard !isEmpty else { return }
    var end = part.left.isFinite ? part.left : part.right
    var outside = part.left.isFinite ? part.right : part.left
    while true {
      let middle = 0.5 * end.x + 0.5 * outside.x
      guard middle != end.x, middle != outside.x else { break }
      let found = sample(middle)
      if isOver { return }
      if found.isFinite { end = found } else { outside = found }
    }
    if end.f == 0 {
      note(end.x, touching: true)
      return
    }
    // The sides may meet where the domain ends.
    if end.isFinite, abs(end.f) <= 1e-3 * scale { result.open.append(part.left.x...part.right.x) }
  }

  /// Whether one end is infinite and the other finite, on different sides of zero.
  private func isCrossedAtInfinity(_ a: Sample, _ b: Sample) -> Bool {
    guard a.f.isFinite != b.f.isFinite, a.f != 0, b.f != 0 else { return false }
    return a.f > 0 && b.f < 0 || a.f < 0 && b.f > 0
  }

  /// A part with a root at one end or both, which was hit exactly: what is beside it comes next. Where
  /// the values stay zero, the sides coincide.
  private func besideZeros(_ part: Part, _ pending: inout [Part]) {
    let (a, b) = (part.left, part.right)
    if a.f == 0, b.f == 0 {
      let inner = [0.23, 0.5, 0.71].map { sample(a.x + $0 * (b.x - a.x)) }
      if inner.allSatisfy({ $0.f == 0 }) {
        result.coinciding.append(a.x...b.x)
        return
      }
      if part.depth < Self.deepest, let other = inner.first(where: { $0.f != 0 }) {
        pending.append(Part(left: other, right: b, depth: part.depth + 1))
        pending.append(Part(left: a, right: other, depth: part.depth + 1))
        return
      }
    }
    let gap = max(1e-7 * (b.x - a.x), 64 * Double.ulpOfOne * max(abs(a.x), abs(b.x)))
    var inner = part
    if a.f == 0 { inner.left = leave(a, sample(a.x + gap), b) }
    if b.f == 0 { inner.right = leave(b, sample(b.x - gap), a) }
    inner.depth += 1
    if part.depth < Self.deepest, inner.left.x < inner.right.x { pending.append(inner) }
  }

  /// Notes the zero `end`, or all the zeros from there towards `other`; the nearest point that is none.
  private func leave(_ end: Sample, _ next: Sample, _ other: Sample) -> Sample {
    guard next.f == 0, other.f != 0 else {
      note(end.x, touching: true)
      return next
    }
    var (zero, beyond) = (next, other)
    while true {
      let middle = 0.5 * zero.x + 0.5 * beyond.x
      guard middle != zero.x, middle != beyond.x else { break }
      let found = sample(middle)
      if isOver { break }
      if found.f == 0 { zero = found } else { beyond = found }
    }
    result.coinciding.append(min(end.x, zero.x)...max(end.x, zero.x))
    return beyond
  }

  /// Whether two more points agree with the cubic by which a part was excluded.
  private func isConfirmed(_ a: Sample, _ b: Sample, _ center: Sample) -> Bool {
    let width = b.x - a.x
    for (left, right) in [(a, center), (center, b)] {
      // Away from the middle of the half, so that no period hides.
      let t = 0.43
      let h = right.x - left.x
      let point = sample(left.x + t * h)
      guard point.isFinite, (point.f > 0) == (a.f > 0), point.f != 0 else { return false }
      guard left.slope.isFinite, right.slope.isFinite else { return false }
      let (u, v) = (t * t, t * t * t)
      let predicted =
        (2 * v - 3 * u + 1) * left.f + (v - 2 * u + t) * h * left.slope
        + (3 * u - 2 * v) * right.f + (v - u) * h * right.slope
      let tolerance = max(min(abs(left.f), abs(right.f), abs(point.f)), abs(right.f - left.f))
      guard abs(point.f - predicted) <= 0.25 * tolerance else { return false }
    }
    result.spacing = max(result.spacing, 0.285 * width)
    return true
  }

  /// Whether the cubic through both ends has no root, by a margin of what it errs at the centre.
  private func excludes(_ a: Sample, _ b: Sample, _ center: Sample) -> Bool {
    if (center.f > 0) != (a.f > 0) || center.f == 0 { return false }
    guard a.slope.isFinite, b.slope.isFinite, center.slope.isFinite else { return false }
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
    let found = narrowed(Bracket(a: a.x, fa: a.f, b: b.x, fb: b.f)) { x in
      let value = self.sample(x).f
      return value.isNaN ? nil : value
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

  /// A bracket as narrow as it becomes: the precision of one pass is that of its larger end.
  private func narrowed(_ bracket: Bracket, _ value: (Double) -> Double?) -> Bracket {
    var found = bracket
    while true {
      let width = found.width
      found = found.narrowed(value)
      if isOver || found.fa == 0 || !(found.width < 0.5 * width) { return found }
    }
  }

  /// A part as small as parts become: the sides touch in it, come too near to tell, or neither.
  ///
  /// They touch where the extremum is zero but for rounding, which is measured beside it.
  private func settle(_ a: Sample, _ center: Sample, _ b: Sample) {
    // Towards zero and away from it; otherwise the nearest point is an end, which has been looked at.
    let sign: Double = a.f > 0 ? 1 : -1
    guard !(sign * a.slope >= 0), !(sign * b.slope <= 0) else { return }
    let slopes = narrowed(Bracket(a: a.x, fa: a.slope, b: b.x, fb: b.slope)) { x in
      let slope = self.sample(x).slope
      return slope.isFinite ? slope : nil
    }
    if isOver { return }
    let ends = [slopes.a, slopes.b].map(sample)
    guard let best = (ends + [a, center, b]).min(by: { abs($0.f) < abs($1.f) }) else { return }
    let step = 4 * Double.ulpOfOne * max(abs(best.x), Double.ulpOfOne * (upper - lower))
    var noise = 0.0
    for k in [-4.0, -3, -2, -1, 1, 2, 3, 4] {
      let beside = sample(min(max(best.x + k * step, lower), upper))
      if beside.isFinite { noise = max(noise, abs(beside.f - best.f)) }
    }
    if isOver { return }
    let kink = slopes.width * (abs(slopes.fa) + abs(slopes.fb))
    let size = abs(best.f)
    if size <= 4 * noise || kink.isFinite && size <= 2 * kink || best.f == 0 {
      note(best.x, touching: true)
    } else if size <= 16 * Double.ulpOfOne * scale {
      result.open.append(a.x...b.x)
    }
  }

  /// Joins parts where the sides coincide; very short ones are single roots.
  private func joinCoinciding(_ near: Double) {
    let ranges = joined(result.coinciding, near)
    func isInside(_ x: Double) -> Bool {
      ranges.contains { $0.lowerBound - near <= x && x <= $0.upperBound + near }
    }
    result.roots.removeAll(where: isInside)
    result.touching.removeAll(where: isInside)
    result.coinciding = ranges.filter { $0.upperBound - $0.lowerBound > near }
    for range in ranges where range.upperBound - range.lowerBound <= near {
      note(0.5 * range.lowerBound + 0.5 * range.upperBound, touching: true)
    }
  }

  /// Joins what belongs together and sorts.
  private func finish() {
    let near = 1e-8 * max(upper - lower, 1e-300)
    joinCoinciding(near)
    func distinct(_ all: [Double]) -> [Double] {
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
    for x in distinct(result.touching) {
      let (a, b) = (sample(max(x - near, lower)), sample(min(x + near, upper)))
      let changes = a.x < x && b.x > x ? (a.f > 0) != (b.f > 0) : a.slope != 0
      if changes || crossing.contains(where: { abs($0 - x) <= near }) {
        crossing.append(x)
      } else {
        touching.append(x)
      }
    }
    result.touching = touching
    result.roots = distinct(crossing + touching)
    result.jumps = distinct(result.jumps)
    result.open = joined(result.open, near)
  }
}
