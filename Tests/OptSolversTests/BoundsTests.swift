/// Methods that honour bounds: the box is never left, and the minimum within is found.
import OptNumerics
import OptSolvers
import Testing

/// A problem in a box, with the value of its minimum there.
private struct Boxed: Sendable {
  var formula: any Formula
  var lower: [Double]
  var upper: [Double]
  var minimum: Double

  var bounds: Bounds { Bounds(lower: lower, upper: upper) }
}

/// Σ (xᵢ − i)⁴ + coupling, with the minimum of some variables outside of the box.
private struct Quartic: Formula {
  let n: Int
  var name: String { "Quartic \(n)" }
  var start: [Double] { (0..<n).map { Double($0 % 3) } }
  let minima: [Double] = []
  func value<S: Scalar>(_ x: [S]) -> S {
    sum(0...n - 1) { i in
      let difference: S = x[i] - Double(i % 5 - 2)
      let square: S = difference.squared
      let next: S = x[(i + 1) % n]
      return square.squared + square + 0.5 * x[i] * next
    }
  }
}

struct BoundsTests {
  /// Minima: HS1 to HS5 of Hock & Schittkowski 1981, and corners that are seen at once.
  private static let problems: [Boxed] = [
    Boxed(
      formula: Rosenbrock(), lower: [-.infinity, -1.5], upper: [.infinity, .infinity], minimum: 0),
    Boxed(
      formula: Rosenbrock(), lower: [-.infinity, 1.5], upper: [.infinity, .infinity],
      minimum: 0.0504261879),
    Boxed(formula: Rosenbrock(), lower: [-2, -2], upper: [0.5, 2], minimum: 0.25),
    Boxed(formula: Wood(), lower: [-10, -10, -10, -10], upper: [10, 10, 10, 10], minimum: 0),
    Boxed(formula: Parabola(), lower: [1, -5], upper: [4, -1], minimum: 3),
    Boxed(formula: Parabola(start: [9, 9]), lower: [1, 2], upper: [1, 2], minimum: 9),
    Boxed(formula: Slope(), lower: [0, -.infinity], upper: [3, 4], minimum: -8),
  ]
  private static let methods: [any Method] =
    MethodCatalogue.entries.map { $0.make([:]) }.filter {
      $0.honours == .bounds && $0.largestDimension > 1 && !$0.isGlobal
        && $0.needs.isDisjoint(with: [.residuals, .jacobian])
    } + [TrustRegion(isMixed: false)]

  @Test(arguments: methods.indices)
  func minimaInBoxesAreFound(_ index: Int) {
    for problem in Self.problems {
      let objective = TestObjective(problem.formula, bounds: problem.bounds)
      let result = minimize(objective, from: problem.formula.start, using: Self.methods[index])
      let label = "\(Self.methods[index].name) \(problem.formula.name) \(problem.upper)"
      #expect(objective.trespasses == 0, "\(label)")
      // HS2 has a second local minimum, 4.9412.
      let gap = min(abs(result.value - problem.minimum), abs(result.value - 4.94122931))
      #expect(gap <= 1e-6 * (1 + abs(problem.minimum)), "\(label): \(summary(result))")
      #expect(result.reason.isSuccess, "\(label): \(summary(result))")
    }
  }

  @Test func manyVariablesEndAtTheSamePoint() {
    for n in [7, 40] {
      let formula = Quartic(n: n)
      let bounds = Bounds(
        lower: Array(repeating: -1, count: n), upper: (0..<n).map { 0.5 + Double($0 % 2) })
      let values = Self.methods.map { method -> Double in
        let objective = TestObjective(formula, bounds: bounds)
        let result = minimize(objective, from: formula.start, using: method)
        #expect(objective.trespasses == 0 && result.reason.isSuccess, "\(method.name)")
        return result.value
      }
      for value in values { #expect(abs(value - values[0]) <= 1e-8 * abs(values[0]), "\(values)") }
    }
  }

  @Test func theBoxIsHonouredUnderEveryStop() {
    for method in Self.methods {
      for formula: any Formula in [Rosenbrock(), Beale(), BrownBadlyScaled(), Wood()] {
        let n = formula.start.count
        let bounds = Bounds(
          lower: formula.start.map { $0 - 0.3 }, upper: formula.start.map { $0 + 0.2 })
        let objective = TestObjective(formula, bounds: bounds)
        let outside = (0..<n).map { formula.start[$0] + ($0 % 2 == 0 ? 5 : -5) }
        let result = minimize(objective, from: outside, using: method, until: Stops(steps: 60))
        #expect(objective.trespasses == 0, "\(method.name) \(formula.name)")
        #expect(result.trace.events.contains { $0.what.hasPrefix("the start was outside") })
      }
    }
  }

  @Test func methodsWithoutBoundsRefuse() {
    let bounds = Bounds(lower: [0, 0], upper: [1, 1])
    for method: any Method in [BFGS(), Newton(), NelderMead(), ConjugateGradient()] {
      let objective = TestObjective(Rosenbrock(), bounds: bounds)
      let result = minimize(objective, from: [0.5, 0.5], using: method)
      #expect(result.reason == .notHonoured("bounds"))
      #expect(objective.evaluations == 0)
    }
  }

  @Test func oneVariableInAnInterval() {
    for method: any Method in [Brent(), GoldenSection()] {
      for (lower, upper, minimum) in [(0.5, 3.0, 1.0), (2, 5, 2), (-4, 0.25, 0.25)] {
        let objective = TestObjective(
          Valley(), bounds: Bounds(lower: [lower], upper: [upper]))
        let result = minimize(objective, from: [0.7 * lower + 0.3 * upper], using: method)
        #expect(abs(result.x[0] - minimum) < 1e-7, "\(method.name) \(lower): \(summary(result))")
        #expect(objective.trespasses == 0 && result.reason.isSuccess)
      }
      #expect(
        minimize(TestObjective(Rosenbrock()), from: [0, 0], using: method).reason
          == .notOffered("one variable"))
    }
  }
}

/// x − log x in one variable, NaN for x < 0; its minimum is at 1.
private struct Valley: Formula {
  let name = "Valley"
  let start = [2.0]
  let minima = [1.0]
  func value<S: Scalar>(_ x: [S]) -> S {
    x[0].number > 0 ? x[0] - log(x[0]) : (x[0] - 1).squared + 1
  }
}
