/// What a wrong gradient has in common with the right one: the fingerprint of the mistake.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A mistake that explains all of the difference between two gradients.
package enum GradientPattern: Equatable, Sendable {
  /// A multiple of the right gradient.
  case factor(Double)
  /// Nothing but zeros.
  case missing
  /// Some components have the other sign.
  case signs
  /// Two components are exchanged.
  case swapped(Int, Int)
  /// The component is that of another variable.
  case copied(Int, of: Int)
  case reversed
  /// Each component is that of the next (1) or the previous (-1) variable.
  case shifted(Int)
  case transposed
  /// Each component has been multiplied by a function of its own variable.
  case chain(ChainFactor, Double)
  /// The right gradient minus `share` times the gradient of one term of the cost.
  case term(Int, share: Double)

  /// What a chain rule that was forgotten or applied twice leaves.
  package enum ChainFactor: String, Sendable, CaseIterable {
    case value = "x"
    case reciprocal = "1/x"
    case square = "x^2"
    case reciprocalSquare = "1/x^2"
    case exponential = "exp(x)"
    case reciprocalExponential = "exp(-x)"

    func at(_ x: Double) -> Double {
      switch self {
      case .value: x
      case .reciprocal: 1 / x
      case .square: x * x
      case .reciprocalSquare: 1 / (x * x)
      case .exponential: exp(x)
      case .reciprocalExponential: exp(-x)
      }
    }
  }
}

/// One variable among the flat components.
package struct GradientPart: Sendable {
  /// Where its components are.
  package let range: Range<Int>
  package let rows: Int
  package let columns: Int
  package init(range: Range<Int>, rows: Int, columns: Int) {
    self.range = range
    self.rows = rows
    self.columns = columns
  }
}

/// Compares a gradient with the right one.
package struct PatternSearch {
  private let given: [Double]
  private let right: [Double]
  private let point: [Double]
  private let tolerance: Double
  private let floor: Double
  /// Components that are wrong.
  package let wrong: [Int]

  /// `tolerance` is how well `right` is known.
  package init(
    given: [Double], right: [Double], point: [Double], tolerance: Double
  ) {
    self.given = given
    self.right = right
    self.point = point
    self.tolerance = tolerance
    let floor = 1e-9 * right.reduce(0) { max($0, $1.magnitude) }
    self.floor = floor
    wrong = given.indices.filter { k in
      let size = max(given[k].magnitude, right[k].magnitude)
      return !((given[k] - right[k]).magnitude <= tolerance * size + floor)
    }
  }

  private func isClose(_ a: Double, _ b: Double) -> Bool {
    (a - b).magnitude <= tolerance * max(a.magnitude, b.magnitude) + floor
  }

  private func equal(_ range: Range<Int>, _ other: (Int) -> Double) -> Bool {
    range.allSatisfy { isClose(given[$0], other($0)) }
  }

  /// The mistake in the components of `range`; nil when none of the patterns fits.
  package func pattern(in part: GradientPart) -> GradientPattern? {
    let range = part.range
    let inside = wrong.filter { range.contains($0) }
    guard !inside.isEmpty, given[range].allSatisfy(\.isFinite) else { return nil }
    if range.contains(where: { right[$0].magnitude > floor }),
      range.allSatisfy({ given[$0] == 0 })
    {
      return .missing
    }
    if range.count > 1 || inside.count == 1, let c = factor(range) { return .factor(c) }
    if part.rows > 1, part.columns > 1, equal(range, { right[transposedIndex($0, part)] }) {
      return .transposed
    }
    if inside.count == 2 {
      let (i, j) = (inside[0], inside[1])
      if isClose(given[i], right[j]), isClose(given[j], right[i]) { return .swapped(i, j) }
    }
    if inside.count == 1 { return single(inside[0], range) }
    if range.count > 2 {
      if equal(range, { right[range.lowerBound + range.upperBound - 1 - $0] }) { return .reversed }
      let n = range.count
      for step in [1, -1] {
        func other(_ k: Int) -> Int {
          range.lowerBound + (k - range.lowerBound + step + n) % n
        }
        // At the end that has no neighbour anything may stand.
        let end = step == 1 ? range.upperBound - 1 : range.lowerBound
        if range.allSatisfy({ $0 == end || isClose(given[$0], right[other($0)]) }) {
          return .shifted(step)
        }
      }
    }
    if equal(range, { inside.contains($0) ? -right[$0] : right[$0] }) { return .signs }
    return chain(inside)
  }

  private func transposedIndex(_ k: Int, _ part: GradientPart) -> Int {
    // The gradient lies column by column where row by row was wanted.
    let place = k - part.range.lowerBound
    let (column, row) = (place / part.rows, place % part.rows)
    return part.range.lowerBound + row * part.columns + column
  }

  /// The number that all components have been multiplied by.
  private func factor(_ range: Range<Int>) -> Double? {
    var (above, below, count) = (0.0, 0.0, 0)
    for k in range where right[k].magnitude > floor {
      above += given[k] * right[k]
      below += right[k] * right[k]
      count += 1
    }
    guard below > 0, above != 0, count > 1 || range.count == 1 else { return nil }
    let c = above / below
    return equal(range) { c * right[$0] } ? c : nil
  }

  /// One component alone.
  private func single(_ k: Int, _ range: Range<Int>) -> GradientPattern? {
    if given[k] == 0 { return .missing }
    // Another variable's, unless that is a number which many have.
    let same = range.filter { $0 != k && isClose(given[k], right[$0]) }
    if same.count == 1, range.count > 2 { return .copied(k, of: same[0]) }
    let c = given[k] / right[k]
    return c.isFinite ? .factor(c) : nil
  }

  private func chain(_ wrong: [Int]) -> GradientPattern? {
    guard wrong.count >= 2 else { return nil }
    for factor in GradientPattern.ChainFactor.allCases {
      var constant: Double?
      let fits = wrong.allSatisfy { k in
        let c = given[k] / right[k] / factor.at(point[k])
        guard c.isFinite, c != 0 else { return false }
        if constant == nil { constant = c }
        return isRatio(c, constant ?? c)
      }
      // A constant of its own is something that fits two numbers always.
      if fits, let constant, isRatio(constant, 1) || wrong.count > 3 {
        return .chain(factor, constant)
      }
    }
    return nil
  }

  private func isRatio(_ a: Double, _ b: Double) -> Bool {
    (a - b).magnitude <= 10 * tolerance * max(a.magnitude, b.magnitude)
  }

  /// Which of the gradients of terms explains the difference, and how much of it is missing: 1 for
  /// a term that was dropped, -1 for one that was counted twice, 2 for one with the wrong sign.
  package func term(_ terms: [[Double]]) -> GradientPattern? {
    let gap = zip(right, given).map { $0 - $1 }
    let size = gap.reduce(0) { max($0, $1.magnitude) }
    guard size.isFinite, size > 0 else { return nil }
    var found: (pattern: GradientPattern, rank: Int)?
    for (k, gradient) in terms.enumerated() {
      var (above, below) = (0.0, 0.0)
      for (a, b) in zip(gap, gradient) {
        above += a * b
        below += b * b
      }
      guard below > 0, below.isFinite else { continue }
      let share = above / below
      let fits = zip(gap.indices, gradient).allSatisfy { index, slope in
        let own = tolerance * max(given[index].magnitude, right[index].magnitude)
        return (gap[index] - share * slope).magnitude <= 10 * tolerance * size + own + floor
      }
      guard fits else { continue }
      let plain = [1.0, -1, 2, 0.5].firstIndex { isRatio(share, $0) }
      // Any share fits where only one component counts.
      let several = gradient.lazy.filter { $0.magnitude > floor }.prefix(2).count == 2
      guard plain != nil || several else { continue }
      let rank = plain ?? 9
      if found == nil || rank < (found?.rank ?? 0) {
        let named = plain.map { [1.0, -1, 2, 0.5][$0] }
        found = (.term(k, share: named ?? share), rank)
      }
    }
    return found?.pattern
  }
}
