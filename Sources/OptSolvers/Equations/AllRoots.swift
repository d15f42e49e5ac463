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
  /// Parts of the interval in which the sides are the same everywhere.
  package var coinciding: [ClosedRange<Double>] = []
  /// Samples are at most this far apart: a spike that is narrower may hide roots.
  package var spacing = 0.0
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

/// Parts that touch or nearly touch, as one each, in order.
func joined(_ parts: [ClosedRange<Double>], _ near: Double) -> [ClosedRange<Double>] {
  var ranges: [ClosedRange<Double>] = []
  for range in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) {
    if let last = ranges.last, range.lowerBound <= last.upperBound + near {
      ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
    } else {
      ranges.append(range)
    }
  }
  return ranges
}
