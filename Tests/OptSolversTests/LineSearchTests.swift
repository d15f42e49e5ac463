/// Every line search inside the methods that take one.
import OptSolvers
import Testing

/// Infinite beyond x = 1, where the first trial of most searches falls.
private struct Wall: Formula {
  let name = "Wall"
  let start = [0.9]
  let minima = [0.0]
  func value<S: Scalar>(_ x: [S]) -> S {
    let gap: S = 1 - x[0]
    return -1.0 * log(gap) - x[0]
  }
}

struct LineSearchTests {
  static let searches = LineSearchCatalogue.entries.map { $0.make([:]) }

  @Test(arguments: searches.indices)
  func bfgsSolvesAlmostAllWithAnySearch(_ index: Int) {
    let search = Self.searches[index]
    var missed: [String] = []
    for formula in Collection.all {
      let objective = TestObjective(formula, offers: [.value, .gradient])
      let result = minimize(objective, from: formula.start, using: BFGS(search: search))
      if !isMinimum(result.value, of: formula) {
        missed.append("\(formula.name): \(summary(result))")
      }
    }
    #expect(missed.count <= 2, "\(search.name): \(missed)")
  }

  @Test(arguments: searches.indices)
  func aTrialThatIsNotFiniteShrinksTheStep(_ index: Int) {
    for method: any Method in [
      BFGS(search: Self.searches[index]), LBFGS(search: Self.searches[index]),
      Newton(search: Self.searches[index]),
      GradientDescent(rule: .search(Self.searches[index])),
    ] {
      let result = minimize(TestObjective(Wall()), from: [-8], using: method)
      #expect(result.reason.isSuccess && abs(result.x[0]) < 1e-6, "\(summary(result))")
    }
  }

  @Test func optionsOutsideOfTheirRangeKeepTheDefault() {
    let search = StrongWolfe.entry.make(["c1": -1, "c2": 7])
    #expect(search.label == StrongWolfe().label)
    #expect(LBFGS.entry.make(["memory": -5]).options == LBFGS().options)
  }

  @Test func rangesAreToldInWords() {
    #expect(OptionRange.whole(1, 1000).text == "a whole number from 1 to 1000")
    #expect(OptionRange.positive.text == "a number above 0")
    #expect(OptionRange(0, 1, isOpen: true).text == "a number between 0 and 1")
    #expect(!OptionRange.whole(1, 9).contains(2.5) && !OptionRange.all.contains(.nan))
  }

  @Test func barzilaiAndBorweinBeatBacktracking() {
    func cost(_ method: any Method) -> Int {
      let formula = ExtendedRosenbrock(n: 10)
      let result = minimize(TestObjective(formula), from: formula.start, using: method)
      #expect(isMinimum(result.value, of: formula), "\(summary(result))")
      return result.counts.gradients
    }
    #expect(cost(GradientDescent(rule: .barzilaiBorwein)) * 5 < cost(GradientDescent()))
  }
}
