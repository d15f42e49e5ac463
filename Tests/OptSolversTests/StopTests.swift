/// Every stop, its reason, and what the report says about it.
import OptNumerics
import OptSolvers
import Testing

/// A parabola with a value at its minimum: the offset sets where rounding begins.
struct Parabola: Formula {
  let name = "Parabola"
  var scale = 1.0
  var offset = 0.0
  var start = [3.0, -2]
  var minima: [Double] { [offset] }
  func value<S: Scalar>(_ x: [S]) -> S {
    let sum: S = x[0].squared + 2 * x[1].squared
    return scale * sum + offset
  }
}

/// f = x² − y² + y⁴/4 from a start on the ridge: a saddle point at 0, minima −1 at y = ±√2.
struct Saddle: Formula {
  let name = "Saddle"
  let start = [1.0, 0]
  let minima = [-1.0]
  func value<S: Scalar>(_ x: [S]) -> S {
    let square: S = x[1].squared
    return x[0].squared - square + 0.25 * square.squared
  }
}

/// |x|^1.5 + y² has no second derivative at x = 0.
struct Cusp: Formula {
  let name = "Cusp"
  let start = [0.5, 3]
  let minima = [0.0]
  func value<S: Scalar>(_ x: [S]) -> S {
    let size: Double = abs(x[0].number)
    let sign: Double = x[0].number < 0 ? -1 : 1
    let root = size.squareRoot()
    let power: S = x[0].applying(size * root, 1.5 * root * sign, 0.75 / root)
    return power + x[1].squared
  }
}

/// x³ has zero gradient and Hessian at 0, and no minimum.
struct Cubic: Formula {
  let name = "Cubic"
  let start = [1.0]
  let minima: [Double] = []
  func value<S: Scalar>(_ x: [S]) -> S { x[0] * x[0].squared }
}

/// Falls for ever.
struct Slope: Formula {
  let name = "Slope"
  let start = [1.0, 1]
  let minima: [Double] = []
  func value<S: Scalar>(_ x: [S]) -> S { x[0] - 2 * x[1] }
}

struct StopTests {
  func solve(
    _ formula: any Formula, _ method: any Method = BFGS(), _ stops: Stops = .standard,
    offers: Ask = [.value, .gradient, .hessian]
  ) -> Solution {
    minimize(
      TestObjective(formula, offers: offers), from: formula.start, using: method, until: stops)
  }

  @Test func stepsOfTheUserAreNoFailure() {
    let result = solve(Rosenbrock(), GradientDescent(rate: 1e-3), Stops(steps: 200))
    #expect(result.reason == .stepLimit(200, isDefault: false))
    #expect(result.steps == 200)
    #expect(result.counts.gradients == 201)
    #expect(result.reason.isLimitOfUser && !result.reason.isFailure)
  }

  @Test func zeroStepsEvaluateTheStart() {
    let result = solve(Rosenbrock(), BFGS(), Stops(steps: 0))
    #expect(result.steps == 0 && result.counts.evaluations == 1)
  }

  @Test func theDefaultLimitIsAFailure() {
    let result = solve(Rosenbrock(), GradientDescent(rate: 1e-9))
    #expect(result.reason == .stepLimit(Stops.defaultSteps, isDefault: true))
    #expect(result.reason.isFailure)
    #expect(result.trace.rowCount <= 100_001)
    #expect(result.pathRows == 10_001)
  }

  @Test func namedStopsReplaceTheDefaults() {
    #expect(solve(Rosenbrock(), BFGS(), Stops(value: 1e-3)).reason == .valueReached)
    #expect(solve(Rosenbrock(), BFGS(), Stops(change: 1e-3)).reason == .changeSmall)
    let loose = solve(Rosenbrock(), BFGS(), Stops(gradient: 1))
    #expect(loose.reason == .gradientSmall)
    #expect(loose.criteria.contains { $0.name == "gradient" && $0.isMet && $0.tolerance == 1 })
    let conditional = solve(Rosenbrock(), BFGS(), Stops(condition: { $0.step == 4 }))
    #expect(conditional.reason == .userCondition && conditional.steps == 4)
  }

  @Test func aTimeLimitEndsALongRun() {
    let result = solve(Rosenbrock(), GradientDescent(rate: 1e-9), Stops(seconds: 0.05))
    #expect(result.reason == .timeLimit(0.05))
    #expect(result.seconds < 1)
  }

  @Test func aRateTooLargeKeepsTheBestPoint() {
    let result = solve(Rosenbrock(), GradientDescent(rate: 1))
    guard case .valueNotFinite(let step) = result.reason else {
      Issue.record("\(result.reason)")
      return
    }
    #expect(step > 0 && step < 20)
    #expect(result.value <= 24.2 && result.culprit != nil)
  }

  @Test func aMissingGradientIsNamed() {
    let result = solve(Rosenbrock(), BFGS(), offers: .value)
    #expect(result.reason == .notOffered("a gradient"))
    #expect(result.x == Rosenbrock().start)
  }

  @Test(arguments: [0, 1, 1e6, -1e12])
  func thePrecisionFloorIsSuccess(_ offset: Double) {
    for method in [BFGS(), LBFGS(), Newton(), GradientDescent()] as [any Method] {
      let formula = Parabola(scale: 1e4, offset: offset)
      let result = solve(formula, method)
      #expect(result.reason.isSuccess, "\(method.name) \(summary(result))")
    }
    let withoutHessian = solve(
      Parabola(scale: 1e4, offset: offset), BFGS(), offers: [.value, .gradient])
    #expect(withoutHessian.reason.isSuccess, "\(summary(withoutHessian))")
  }

  @Test func methodsThatTakeEveryStepAlsoReachTheFloor() {
    let formula = Parabola(scale: 1e7, offset: 1, start: [0.3, -0.2])
    let result = solve(formula, GradientDescent(rate: 4e-8))
    #expect(result.reason.isSuccess, "\(summary(result))")
    #expect(result.steps < Stops.defaultSteps)
  }

  @Test func aSaddlePointIsLeft() {
    for method in [Newton(), defaultMethod(for: TestObjective(Saddle()))] {
      let result = solve(Saddle(), method)
      #expect(abs(result.value + 1) < 1e-12, "\(summary(result))")
      #expect(result.reason == .gradientSmall)
    }
  }

  @Test func aHessianThatIsNotFiniteIsNotNeeded() {
    for start in [0.0, 0.5] {
      let result = minimize(TestObjective(Cusp()), from: [start, 3], using: TrustRegion())
      #expect(abs(result.value) < 1e-10, "\(summary(result))")
    }
  }

  @Test func anInflectionIsNoMinimum() {
    for method in [Newton(), TrustRegion(), TrustRegion(isMixed: false)] as [any Method] {
      let result = solve(Cubic(), method)
      #expect(result.reason == .unbounded, "\(summary(result))")
    }
  }

  @Test func fallingForEverIsSaid() {
    for method in [BFGS(), LBFGS(), Newton(), NelderMead()] as [any Method] {
      let result = solve(Slope(), method)
      #expect(result.reason == .unbounded, "\(method.name) \(summary(result))")
    }
  }

  @Test func nelderMeadConvergesWithoutGradients() {
    for formula in [Rosenbrock(), Beale(), HelicalValley(), Wood(), Bard()] as [any Formula] {
      let result = solve(formula, NelderMead(), offers: .value)
      #expect(result.reason == .simplexSmall, "\(formula.name) \(summary(result))")
      #expect(isMinimum(result.value, of: formula), "\(formula.name) \(summary(result))")
      #expect(result.gradient == nil)
    }
  }

  @Test func everyReasonHasItsSentence() {
    let reasons: [StopReason] = [
      .gradientSmall, .precisionFloor, .valueReached, .changeSmall, .simplexSmall, .userCondition,
      .stepLimit(1, isDefault: false), .stepLimit(9, isDefault: true), .evaluationLimit(5),
      .timeLimit(2), .interrupted, .valueNotFinite(step: 0), .valueNotFinite(step: 3),
      .gradientNotFinite(step: 1), .lineSearchFailed, .noProgress, .unbounded,
      .notOffered("a gradient"),
    ]
    #expect(Set(reasons.map(\.sentence)).count == reasons.count)
    for reason in reasons { #expect(!(reason.isSuccess && reason.isFailure)) }
    #expect(StopReason.stepLimit(1, isDefault: false).sentence == "made the 1 step asked for")
  }
}
