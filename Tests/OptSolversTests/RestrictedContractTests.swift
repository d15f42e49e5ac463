/// What every method of the catalogue must do near bounds, at the optimum, and where values are
/// missing.
import OptNumerics
import OptSolvers
import Testing

/// A formula in a box; keeps count of evaluations outside of it.
final class BoxedObjective: PlainObjective {
  private let inner: TestObjective
  let bounds: Bounds?
  private(set) var outside = 0
  private let onEvaluation: ((UnsafePointer<Double>) -> Bool)?

  /// `fails` says where there is no value.
  init(
    _ formula: any Formula, _ bounds: Bounds?,
    fails: ((UnsafePointer<Double>) -> Bool)? = nil
  ) {
    inner = TestObjective(formula)
    self.bounds = bounds
    onEvaluation = fails
  }

  var layout: [Block] { inner.layout }
  var offers: Ask { inner.offers }

  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome {
    if let bounds {
      for k in 0..<inner.dimension where !(bounds.lower[k]...bounds.upper[k] ~= x[k]) {
        outside += 1
      }
    }
    if let onEvaluation, onEvaluation(x) {
      answer.value = .nan
      return .notFinite
    }
    return inner.evaluate(ask, at: x, along: along, into: &answer)
  }

  func culprit(at x: UnsafePointer<Double>) -> Fault? { inner.culprit(at: x) }
}

/// The distance from a point: the box decides where the minimum is.
private struct Bowl: Formula {
  let name = "Bowl"
  var start: [Double]
  var center: [Double]
  var minima: [Double] { [0] }
  func value<S: Scalar>(_ x: [S]) -> S {
    var sum = S(0)
    for k in x.indices { sum = sum + S(Double(k + 1)) * (x[k] - S(center[k])).squared }
    return sum
  }
}

struct RestrictedContractTests {
  /// Those that need neither residuals, for the formulas here are no sums of squares, nor a box.
  private static let entries = MethodCatalogue.entries.filter { entry in
    let method = entry.make([:])
    return !entry.needs.contains(.residuals) && method.largestDimension > 1 && !method.isGlobal
  }

  private static let boxes: [(any Formula, Bounds)] = [
    (Rosenbrock(), Bounds(lower: [-1.5, -0.5], upper: [0.8, 2])),
    (Beale(), Bounds(lower: [0.5, -0.2], upper: [4, 0.3])),
    (Wood(), Bounds(lower: [-10, -10, -10, -10], upper: [0.5, 10, 10, 0.9])),
    (
      Bowl(start: [1, 1, 1], center: [-3, 2, 9]),
      Bounds(lower: [0, -.infinity, 1], upper: [.infinity, 5, 1])
    ),
  ]

  @Test(arguments: entries.indices)
  func boundsAreNeverViolated(_ index: Int) {
    let entry = Self.entries[index]
    for (formula, bounds) in Self.boxes {
      let objective = BoxedObjective(formula, bounds)
      let result = minimize(
        objective, from: formula.start, using: entry.make([:]),
        until: Stops(steps: 200))
      guard entry.honours.contains(.bounds) else {
        #expect(result.reason == .notHonoured("bounds"), "\(entry.name)")
        continue
      }
      #expect(objective.outside == 0, "\(entry.name) on \(formula.name)")
      for k in result.x.indices {
        #expect(bounds.lower[k]...bounds.upper[k] ~= result.x[k], "\(entry.name)")
      }
    }
  }

  @Test(arguments: entries.indices)
  func aStartOutsideOfItsBoundsIsMovedInside(_ index: Int) {
    let entry = Self.entries[index]
    guard entry.honours.contains(.bounds) else { return }
    let objective = BoxedObjective(
      Bowl(start: [9], center: [-1]), Bounds(lower: [0], upper: [2]))
    let result = minimize(objective, from: [9], using: entry.make([:]))
    #expect(objective.outside == 0)
    #expect(abs(result.x[0]) < 1e-6, "\(entry.name): \(result.x)")
  }

  @Test(arguments: entries.indices)
  func aStartAtTheOptimumIsRecognised(_ index: Int) {
    let entry = Self.entries[index]
    for center in [[0.0], [2.0, -3.0], [1e6, 1e-6, 0]] {
      let bowl = Bowl(start: center, center: center)
      let result = minimize(
        TestObjective(bowl), from: center, using: entry.make([:]))
      #expect(result.reason.isSuccess, "\(entry.name): \(result.reason)")
      #expect(result.value <= 1e-12)
    }
  }

  @Test(arguments: entries.indices)
  func oneVariableIsEnough(_ index: Int) {
    let entry = Self.entries[index]
    let result = minimize(
      TestObjective(Bowl(start: [5], center: [2])), from: [5],
      using: entry.make([:]))
    #expect(abs(result.x[0] - 2) < 1e-5, "\(entry.name): \(result.x)")
  }

  /// A region without values between start and minimum, or next to the start.
  @Test(arguments: entries.indices)
  func missingValuesAreSurvived(_ index: Int) {
    let entry = Self.entries[index]
    for limit in [2.5, 4.9] {
      let bowl = Bowl(start: [4, 4], center: [1, 1])
      let objective = BoxedObjective(bowl, nil) { $0[0] > limit && $0[0] < 3.9 || $0[0] > 5 }
      let result = minimize(
        objective, from: bowl.start, using: entry.make([:]),
        until: Stops(steps: 500))
      #expect(result.value.isFinite, "\(entry.name)")
      #expect(result.value <= 27, "\(entry.name): \(result.value)")
      #expect(result.x.allSatisfy { $0.isFinite })
    }
  }

  /// "Converged" is only said where the gradient is small, in the user's scale, or at a minimum.
  @Test(arguments: entries.indices)
  func aClaimIsTrue(_ index: Int) {
    let entry = Self.entries[index]
    let formulas: [any Formula] = [
      Rosenbrock(), Beale(), HelicalValley(), Wood(), PowellSingular(), BrownDennis(),
      JennrichSampson(), BrownBadlyScaled(), LogBarrier(),
    ]
    for formula in formulas {
      let result = run(entry, formula)
      guard result.reason.isSuccess else { continue }
      if result.reason == .gradientSmall {
        let n = result.x.count
        let jet = formula.value(
          (0..<n).map { Jet(variable: $0, of: n, value: result.x[$0], secondOrder: false) })
        #expect(jet.g.allSatisfy { abs($0) < 1e-8 }, "\(entry.name) on \(formula.name)")
        continue
      }
      let isMinimum = formula.minima.contains {
        abs(result.value - $0) <= 1e-5 * max(1, abs($0))
      }
      #expect(isMinimum, "\(entry.name) on \(formula.name): \(result.value), \(result.reason)")
    }
  }

  /// A run with the default stops, which 2000 evaluations interrupt.
  private func run(_ entry: MethodEntry, _ formula: any Formula) -> Solution {
    let objective = TestObjective(formula)
    let stop = Stop()
    objective.onEvaluation = { if $0 > 2000 { stop.request() } }
    return minimize(objective, from: formula.start, using: entry.make([:]), stop: stop)
  }

  @Test(arguments: entries.indices)
  func criteriaThatAreMetAreSaidSo(_ index: Int) {
    let entry = Self.entries[index]
    let result = run(entry, Wood())
    #expect(!result.criteria.isEmpty)
    for criterion in result.criteria where criterion.name == "gradient" {
      #expect(criterion.isMet == (criterion.value < criterion.tolerance))
      if result.reason == .gradientSmall { #expect(criterion.isMet, "\(entry.name)") }
    }
  }
}
