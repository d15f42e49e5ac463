/// The default method on the collection of Moré, Garbow & Hillstrom, with the default stops.
import OptSolvers
import Testing

enum Collection {
  static let small: [any Formula] = [
    Rosenbrock(), FreudensteinRoth(), PowellBadlyScaled(), BrownBadlyScaled(), Beale(),
    JennrichSampson(), HelicalValley(), Bard(), Gaussian(), Meyer(), Gulf(), Box3D(),
    PowellSingular(), Wood(), KowalikOsborne(), BrownDennis(), Osborne1(), BiggsEXP6(), Osborne2(),
  ]
  static let large: [any Formula] = [
    Watson(n: 6, minima: [2.287670053552372e-3]), Watson(n: 9, minima: [1.3997601380968554e-6]),
    Watson(n: 12, minima: [4.722381e-10]), ExtendedRosenbrock(n: 10), ExtendedRosenbrock(n: 40),
    PowellSingular(n: 12), PowellSingular(n: 20), PowellSingular(n: 60),
    PenaltyI(n: 4, minima: [2.249977500899937e-5]),
    PenaltyI(n: 10, minima: [7.087651467093e-5]), PenaltyII(n: 4, minima: [9.376293e-6]),
    PenaltyII(n: 10, minima: [2.936605e-4]), VariablyDimensioned(n: 5),
    VariablyDimensioned(n: 10), VariablyDimensioned(n: 30), Trigonometric(n: 5),
    Trigonometric(n: 10), Trigonometric(n: 20), BrownAlmostLinear(n: 5), BrownAlmostLinear(n: 10),
    BrownAlmostLinear(n: 30), DiscreteBoundary(n: 10), DiscreteBoundary(n: 30),
    DiscreteIntegral(n: 10), DiscreteIntegral(n: 30), BroydenTridiagonal(n: 10),
    BroydenTridiagonal(n: 30), BroydenBanded(n: 10), BroydenBanded(n: 30),
    Linear(kind: .fullRank, n: 5, m: 10), Linear(kind: .fullRank, n: 10, m: 20),
    Linear(kind: .rankOne, n: 5, m: 10), Linear(kind: .rankOne, n: 10, m: 20),
    Linear(kind: .rankOneZeros, n: 5, m: 10), Linear(kind: .rankOneZeros, n: 10, m: 20),
    Chebyquad(n: 5, minima: [0]), Chebyquad(n: 6, minima: [0]), Chebyquad(n: 7, minima: [0]),
    Chebyquad(n: 8, minima: [3.516873725677e-3]), Chebyquad(n: 9, minima: [0]),
    Chebyquad(n: 10, minima: [6.5039548008823e-3, 4.772713e-3]),
    Chebyquad(n: 11, minima: [2.799762e-3]),
    Bdqrtic(), Cube(n: 2), Cube(n: 5), Cube(n: 8), Mancino(n: 5), Mancino(n: 10), Heart8(),
  ]
  static let all = small + large
}

@Test(arguments: Collection.all.indices)
func defaultMethodReachesAPublishedMinimum(_ index: Int) {
  let formula = Collection.all[index]
  let objective = TestObjective(formula)
  let result = minimize(objective, from: formula.start, using: defaultMethod(for: objective))
  #expect(isMinimum(result.value, of: formula), "\(formula.name): \(summary(result))")
  #expect(result.reason.isSuccess, "\(formula.name): \(summary(result))")
}

@Test(arguments: ["bfgs", "lbfgs", "newton"])
func namedMethodsSolveAlmostAll(_ name: String) throws {
  let method = try #require(MethodCatalogue.entry(named: name)).make([:])
  var missed: [String] = []
  var unclaimed: [String] = []
  for formula in Collection.all {
    let offers: Ask = name == "newton" ? [.value, .gradient, .hessian] : [.value, .gradient]
    let objective = TestObjective(formula, offers: offers)
    let result = minimize(objective, from: formula.start, using: method)
    if !isMinimum(result.value, of: formula) {
      missed.append("\(formula.name): \(summary(result))")
    }
    if !result.reason.isSuccess { unclaimed.append("\(formula.name): \(summary(result))") }
  }
  // Watson 12 is too flat to be told from solved without its Hessian; newton ends in another local
  // minimum of Trigonometric 20.
  #expect(missed.count <= 1, "\(missed)")
  #expect(unclaimed.isEmpty, "\(unclaimed)")
}

/// Within six digits of a published minimum, or 1e-10 in absolute terms.
func isMinimum(_ value: Double, of formula: any Formula) -> Bool {
  formula.minima.contains { abs(value - $0) <= 1e-5 * abs($0) + 1e-13 }
}

func summary(_ result: Solution) -> String {
  let norm = result.gradient.map { $0.map(abs).max() ?? 0 } ?? .nan
  return "f=\(result.value) |g|=\(norm) \(result.reason) steps=\(result.steps) "
    + "evaluations=\(result.counts.evaluations) H=\(result.counts.hessians) "
    + "edm=\(result.expectedDecrease ?? .nan) \(result.trace.events.map { "\($0.step): \($0.what)" })"
}
