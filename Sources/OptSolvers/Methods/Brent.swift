/// Brent's method for one variable.
import OptNumerics

/// Brackets a minimum and narrows it by parabolas, safeguarded by golden sections; no gradients.
///
///     x ← the minimum of the parabola through the three best points, if it is well inside
///
/// Within two bounds no point leaves them. Choose it for one variable where no derivative is to be
/// had. Brent 1973, Algorithms for Minimization without Derivatives, chapter 5.
package struct Brent: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "brent", summary: "parabolas and golden sections; one variable, no gradients",
    help: """
      Brackets a minimum of one variable and narrows the bracket by parabolas, with golden sections
      where they fail. Uses values only and keeps to bounds.
      """,
    options: [], needs: .value, make: { _ in Brent() }, honours: .bounds)

  package var name: String { "brent" }
  package var options: [MethodOption] { [] }
  package var needs: Ask { .value }
  package var honours: Restrictions { .bounds }
  package var largestDimension: Int { 1 }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { IntervalIteration(run, usesParabolas: true) }
}
