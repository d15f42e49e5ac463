/// Where a global search looks: a box, and the distribution of its starts.

/// What surrounds a problem for methods that look for the lowest of many minima.
package struct SearchRegion {
  /// The box that is searched, finite on all sides and never left; nil if some variable has none.
  package var box: Bounds?
  /// Start number k of those that the user's distribution gives from these random numbers on; nil
  /// where none was named.
  package var draw: ((Int, Source) -> [Double])?
  /// What all random choices of the search depend on.
  package var random: Source

  /// A place in the sequence of random numbers.
  package struct Source: Sendable, Equatable {
    package var seed: UInt64
    package var draw: UInt64
    package init(seed: UInt64, draw: UInt64 = 0) {
      self.seed = seed
      self.draw = draw
    }
  }

  package init(box: Bounds?, draw: ((Int, Source) -> [Double])? = nil, random: Source) {
    self.box = box
    self.draw = draw
    self.random = random
  }

  var seed: UInt64 { random.seed &+ random.draw &* 0x9E37_79B9_7F4A_7C15 }

  /// Start number k, by the distribution or evenly in the box; nil where there is neither.
  func start(_ number: Int) -> [Double]? {
    if let draw { return draw(number, random) }
    guard let box else { return nil }
    var stream = RandomStream(seed: seed, number: UInt64(number))
    return box.point(box.lower.indices.map { _ in stream.uniform() })
  }
}

extension Bounds {
  /// The widths of the box.
  var widths: [Double] { zip(lower, upper).map { $1 - $0 } }

  /// All sides are finite, with something in between.
  package var isSearchable: Bool {
    zip(lower, upper).allSatisfy { $0.isFinite && $1.isFinite && $0 <= $1 && ($1 - $0).isFinite }
  }

  /// The part of the box that another one has in common with it.
  package func intersection(_ other: Bounds) -> Bounds {
    Bounds(
      lower: zip(lower, other.lower).map { max($0, $1) },
      upper: zip(upper, other.upper).map { min($0, $1) })
  }

  /// The point whose coordinates are these shares of the widths, rounding kept inside.
  func point(_ shares: [Double]) -> [Double] {
    shares.indices.map { k in
      min(max(lower[k] + shares[k] * (upper[k] - lower[k]), lower[k]), upper[k])
    }
  }
}

/// How a global search ended.
package enum SearchEnd: Sendable, Equatable {
  /// Local searches came back to the lowest minimum so often that others are unlikely.
  case rediscovered(times: Int, searches: Int)
  /// All local searches that were asked for were made.
  case searches(Int)
  /// The schedule ended after so many evaluations.
  case evaluations(Int)
  /// The points of the search have drawn together so that no more is to be gained.
  case contracted

  /// One sentence for the report, without a full stop.
  package var sentence: String {
    switch self {
    case .rediscovered(let times, let searches):
      "nothing lower turned up: \(times) of \(searches) local searches ended at this value"
    case .searches(1): "made 1 local search"
    case .searches(let count): "made \(count) local searches"
    case .evaluations(let count): "the lowest point of \(count) evaluations"
    case .contracted: "the points of the search have drawn together here"
    }
  }
}
