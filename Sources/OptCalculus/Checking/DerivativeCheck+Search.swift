/// Derivatives by very many variables: the wrong ones are searched for in groups.
import OptNumerics

extension DerivativeCheck {
  /// Variables that are compared one by one beside those under suspicion.
  private static let sampleSize = 8
  /// Wrong variables that are looked for.
  private static let mostFound = 8
  /// Groups that are tested at most; each halves the place of an error.
  private static let mostGroups = 200

  /// Compares the steepest variables, a random sample and all that are under suspicion: those where
  /// the two sources differ, or else those that random directions lead to.
  mutating func sample(_ isStopped: () -> Bool) {
    var columns = Set(steepest())
    let buffer = Buffer(count: Self.sampleSize)
    Random.fill(
      .uniform, key: 0x5A3E, draw: 0, into: buffer.pointer, count: Self.sampleSize)
    for u in buffer.numbers { columns.insert(min(inputs - 1, Int(u * Double(inputs)))) }
    let suspects = self.suspects()
    columns.formUnion(suspects.prefix(Self.mostFound))
    if suspects.isEmpty, probes.contains(where: { $0.verdict == .wrong }) {
      columns.formUnion(found(isStopped))
    }
    for column in columns.sorted() where !isStopped() { components += self.column(column) }
    // What differences confirmed for the worst holds for the others.
    let tested = Set(suspects.prefix(Self.mostFound))
    let confirmed = components.contains { $0.verdict == .wrong && tested.contains($0.input) }
    if confirmed { components += suspects.dropFirst(Self.mostFound).flatMap(unlike) }
  }

  private func steepest() -> [Int] {
    var best: [(Double, Int)] = []
    for k in 0..<inputs {
      var size = 0.0
      for row in 0..<outputs { size = max(size, (given[row * inputs + k] * scale[k]).magnitude) }
      if best.count == Self.sampleSize, let least = best.last, size <= least.0 { continue }
      let place = best.firstIndex { $0.0 < size } ?? best.count
      best.insert((size, k), at: place)
      if best.count > Self.sampleSize { best.removeLast() }
    }
    return best.map(\.1)
  }

  private func differs(_ row: Int, _ column: Int) -> Bool {
    guard let exact else { return false }
    let k = row * inputs + column
    return Self.differ(given[k], exact[k], spread[k], reference[row])
  }

  /// Variables where the given derivatives differ from the exact ones, the worst first.
  private func suspects() -> [Int] {
    guard let exact else { return [] }
    var found: [(Double, Int)] = []
    for column in 0..<inputs {
      var worst = 0.0
      for row in 0..<outputs where differs(row, column) {
        let gap = (given[row * inputs + column] - exact[row * inputs + column]).magnitude
        worst = max(worst, gap.isFinite ? gap * scale[column] : .infinity)
      }
      if worst > 0 { found.append((worst, column)) }
    }
    return found.sorted { $0.0 > $1.0 }.map(\.1)
  }

  /// Wrong components of a variable, by the exact derivatives alone.
  private func unlike(_ column: Int) -> [Component] {
    (0..<outputs).compactMap { row in
      guard let exact, differs(row, column) else { return nil }
      let k = row * inputs + column
      var component = Component(
        output: row, input: column, given: given[k], difference: exact[k], error: 0)
      component.verdict = .wrong
      component.relativeError =
        (given[k] - exact[k]).magnitude / max(given[k].magnitude, exact[k].magnitude)
      return component
    }
  }

  // MARK: Groups

  /// A range of variables whose derivatives, with random signs, do not add up to the slope.
  private struct Group {
    let range: Range<Int>
    let suspicion: Double
  }

  /// Variables that halving leads to, always in the half with the larger discrepancy first.
  private func found(_ isStopped: () -> Bool) -> [Int] {
    let buffer = Buffer(count: inputs)
    Random.fill(.uniform, key: 0x516E, draw: 0, into: buffer.pointer, count: inputs)
    let signs = (0..<inputs).map { buffer[$0] < 0.5 ? -scale[$0] : scale[$0] }
    func suspicion(_ range: Range<Int>) -> Double {
      var v = [Double](repeating: 0, count: inputs)
      for k in range { v[k] = signs[k] }
      let along = along(v)
      let line = differences.line(
        .vector(v), reference: along.size, rounding: along.rounding)
      var worst = 0.0
      for row in 0..<outputs {
        let best = line.slopes[row].best
        let gap = (best.value - along.slopes[row]).magnitude
        // Not comparable is as suspicious as it gets.
        if !gap.isFinite { return .infinity }
        if gap > max(10 * best.error, 1e-10 * along.size[row], 100 * along.spread[row]) {
          worst = max(worst, gap)
        }
      }
      return worst
    }
    var groups = [Group(range: 0..<inputs, suspicion: .infinity)]
    var found: [Int] = []
    var tested = 0
    while let worst = groups.indices.max(by: { groups[$0].suspicion < groups[$1].suspicion }),
      found.count < Self.mostFound, tested < Self.mostGroups, !isStopped()
    {
      let group = groups.remove(at: worst)
      if group.range.count == 1 {
        found.append(group.range.lowerBound)
        continue
      }
      let middle = group.range.lowerBound + group.range.count / 2
      for half in [group.range.lowerBound..<middle, middle..<group.range.upperBound] {
        tested += 1
        let size = suspicion(half)
        if size > 0 { groups.append(Group(range: half, suspicion: size)) }
      }
    }
    return found
  }
}
