/// The local minima that a search has found, the same one counted once.

/// One local minimum.
package struct FoundMinimum: Sendable, Equatable {
  package var x: [Double]
  package var value: Double
  /// Local searches that ended here.
  package var count: Int
}

/// Distinct minima in the order of their values.
package struct Minima: Sendable, Equatable {
  package private(set) var all: [FoundMinimum] = []
  /// Local searches whose end counts.
  package private(set) var searches = 0
  /// Local searches that ended without a minimum.
  package private(set) var failures = 0
  /// What differences between points are compared with, one number a variable.
  let scales: [Double]

  /// Beyond this the highest minima are dropped from the list, though not from the counts.
  private static let largestCount = 1000
  /// Distance, as part of the scales, within which ends of searches are one minimum, if their values
  /// agree too.
  private static let nearness = 1e-3
  private static let valueNearness = 1e-6
  private var dropped = 0
  private var droppedSingles = 0

  init(scales: [Double]) { self.scales = scales }

  /// Adds the end of a search; where it stands in the list.
  @discardableResult
  mutating func add(_ x: [Double], _ value: Double) -> Int? {
    searches += 1
    let slack = Self.valueNearness * (1 + abs(value))
    if let k = all.firstIndex(where: { abs($0.value - value) <= slack && isNear($0.x, x) }) {
      all[k].count += 1
      guard value < all[k].value else { return k }
      (all[k].x, all[k].value) = (x, value)
      var place = k
      while place > 0, all[place - 1].value > value {
        all.swapAt(place, place - 1)
        place -= 1
      }
      return place
    }
    let place = all.firstIndex { $0.value > value } ?? all.count
    all.insert(FoundMinimum(x: x, value: value, count: 1), at: place)
    if all.count > Self.largestCount, let last = all.popLast() {
      dropped += 1
      if last.count == 1 { droppedSingles += 1 }
    }
    return place < all.count ? place : nil
  }

  mutating func archive(_ archive: Archive) {
    archive.scope("minima") {
      var points = all.map(\.x)
      archive.points("x", &points, dimension: scales.count)
      var values = all.map(\.value)
      archive.list("values", &values, count: points.count)
      var counts = all.map { Double($0.count) }
      archive.list("counts", &counts, count: points.count)
      archive.count("searches", &searches)
      archive.count("failures", &failures)
      archive.count("dropped", &dropped)
      archive.count("droppedSingles", &droppedSingles)
      guard archive.isRestoring, values.count == points.count, counts.count == points.count else {
        return
      }
      all = points.indices.map {
        FoundMinimum(x: points[$0], value: values[$0], count: Int(exactly: counts[$0]) ?? 1)
      }
    }
  }

  mutating func addFailure() { failures += 1 }

  private func isNear(_ a: [Double], _ b: [Double]) -> Bool {
    for k in a.indices where abs(a[k] - b[k]) > Self.nearness * scales[k] { return false }
    return true
  }

  /// The distinct minima found, those that are not listed included.
  package var distinctCount: Int { all.count + dropped }

  /// The estimated probability that the next local search ends in a minimum not seen so far: the
  /// part of the searches whose minimum was found once only. I. J. Good, "The population frequencies
  /// of species and the estimation of population parameters", Biometrika 40 (1953), after Turing.
  package var unseenShare: Double {
    guard searches > 0 else { return 1 }
    return Double(all.filter { $0.count == 1 }.count + droppedSingles) / Double(searches)
  }

  /// What `unseenShare` may be where every minimum was found more than once, which makes its estimate
  /// 0: with 95 % confidence fewer than 3/N, as for an event not seen in N trials (B. D. Jovanovic and
  /// P. S. Levy, "A look at the rule of three", Am. Stat. 51, 1997).
  package var unseenBound: Double { min(1, 3 / Double(max(searches, 1))) }

  /// How often the lowest minimum was found, minima of the same value at other places included.
  package var lowestCount: Int {
    guard let best = all.first else { return 0 }
    let slack = Self.valueNearness * (1 + abs(best.value))
    return all.prefix { $0.value <= best.value + slack }.reduce(0) { $0 + $1.count }
  }
}
