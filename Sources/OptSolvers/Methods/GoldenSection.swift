/// Golden section search for one variable.
import OptNumerics

/// Narrows a bracket by the golden ratio: slow, sure and easy to follow.
///
///     of a < x < b the larger part is cut at 0.382 of its length, and the part without the minimum
///     is dropped
///
/// Choose it to learn, or for one variable whose values jump; brent is quicker. Kiefer 1953, Proc.
/// Amer. Math. Soc. 4.
package struct GoldenSection: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "golden", summary: "golden section search; one variable, no gradients",
    help: """
      Brackets a minimum of one variable and narrows the bracket by the golden ratio. Uses values only
      and keeps to bounds.
      """,
    options: [], needs: .value, make: { _ in GoldenSection() }, honours: .bounds)

  package var name: String { "golden" }
  package var options: [MethodOption] { [] }
  package var needs: Ask { .value }
  package var honours: Restrictions { .bounds }
  package var largestDimension: Int { 1 }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { IntervalIteration(run, usesParabolas: false) }
}
