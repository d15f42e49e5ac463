/// What every method of the catalogue must do on every problem.
import OptNumerics
import OptSolvers
import Testing

private let problems: [any Formula] = [
  Rosenbrock(), Beale(), HelicalValley(), Wood(), PowellSingular(), BrownDennis(),
  JennrichSampson(), BroydenTridiagonal(n: 10), BrownBadlyScaled(), Gulf(), LogBarrier(),
]

/// Infinite outside of x > 0, with the start far from the minimum.
struct LogBarrier: Formula {
  let name = "Logarithmic barrier"
  let start = [3.0, 0.01]
  let minima = [2.0]
  func value<S: Scalar>(_ x: [S]) -> S { x[0] + x[1] - log(x[0]) - log(x[1]) }
}

private func run(
  _ method: any Method, _ objective: TestObjective, _ stops: Stops = Stops(steps: 300)
) -> Solution {
  minimize(objective, from: objective.formula.start, using: method, until: stops)
}

struct ContractTests {
  static let methods: [any Method] =
    MethodCatalogue.entries.filter { !$0.needs.contains(.residuals) }.map { $0.make([:]) }
    .filter { $0.largestDimension > 1 && !$0.isGlobal } + [
      GradientDescent(rate: 1e-3), Walk(),
    ]

  @Test(arguments: methods.indices)
  func theBestPointIsNeverWorseThanTheStart(_ index: Int) {
    for formula in problems {
      let result = run(Self.methods[index], TestObjective(formula))
      #expect(result.value <= formula.value(formula.start), "\(formula.name)")
      #expect(result.value == formula.value(result.x), "\(formula.name)")
      // Where the gradient decides between two points, their values agree but for rounding.
      let slack = 1e-13 * abs(result.value)
      #expect(result.trace.values.allSatisfy { !($0 < result.value - slack) }, "\(formula.name)")
    }
  }

  @Test(arguments: methods.indices)
  func countsMatchWhatTheObjectiveSaw(_ index: Int) {
    for formula in problems {
      let objective = TestObjective(formula)
      let result = run(Self.methods[index], objective)
      #expect(result.counts.evaluations == objective.evaluations)
      #expect(result.counts.values == objective.values)
      #expect(result.counts.gradients == objective.gradients)
      #expect(result.counts.hessians == objective.hessians)
    }
  }

  @Test(arguments: methods.indices)
  func gradientBelongsToTheReturnedPoint(_ index: Int) {
    for formula in problems {
      let objective = TestObjective(formula)
      let result = run(Self.methods[index], objective)
      guard let gradient = result.gradient else { continue }
      let n = result.x.count
      let jet = formula.value(
        (0..<n).map { Jet(variable: $0, of: n, value: result.x[$0], secondOrder: false) })
      #expect(jet.g == gradient, "\(formula.name)")
    }
  }

  @Test(arguments: methods.indices)
  func traceAndPathHaveARowForEveryStep(_ index: Int) {
    for formula in problems {
      let result = run(Self.methods[index], TestObjective(formula), Stops(steps: 40))
      let isFinite = !result.reason.isNotFinite
      #expect(result.trace.rowCount == result.pathRows)
      if isFinite { #expect(result.trace.rowCount >= result.steps) }
      #expect(result.path.count == result.pathRows * formula.start.count)
      #expect(Array(result.path.prefix(formula.start.count)) == formula.start)
    }
  }

  @Test(arguments: methods.indices)
  func theStopFlagEndsTheRun(_ index: Int) {
    for formula in problems {
      let objective = TestObjective(formula)
      let stop = Stop()
      objective.onEvaluation = { if $0 == 9 { stop.request() } }
      let result = minimize(
        objective, from: formula.start, using: Self.methods[index], until: Stops(steps: 1000),
        stop: stop)
      let isEarly = objective.evaluations < 9 || result.reason.isNotFinite
      #expect(result.reason == .interrupted || isEarly, "\(formula.name)")
      #expect(objective.evaluations <= 9)
      #expect(result.value <= formula.value(formula.start))
    }
  }

  @Test(arguments: methods.indices)
  func theSameRunTwiceGivesTheSameBits(_ index: Int) {
    for formula in problems {
      let first = run(Self.methods[index], TestObjective(formula))
      let second = run(Self.methods[index], TestObjective(formula))
      #expect(first.x == second.x)
      #expect(first.trace.values.map(\.bitPattern) == second.trace.values.map(\.bitPattern))
      #expect(first.counts == second.counts)
    }
  }

  @Test(arguments: methods.indices)
  func evaluationLimitsAreExact(_ index: Int) {
    for formula in problems {
      let objective = TestObjective(formula)
      let result = run(Self.methods[index], objective, Stops(evaluations: 7))
      #expect(objective.evaluations <= 7)
      let isEarly = objective.evaluations < 7 || result.reason.isNotFinite
      #expect(result.reason == .evaluationLimit(7) || isEarly)
    }
  }

  @Test(arguments: methods.indices)
  func aStartWithoutValueIsReported(_ index: Int) {
    let objective = TestObjective(Rosenbrock())
    let result = minimize(objective, from: [.nan, 1], using: Self.methods[index])
    #expect(result.reason == .valueNotFinite(step: 0))
    #expect(result.culprit != nil)
    #expect(result.value.isNaN)
  }

  /// Every method goes on from a saved state with the same bits, or says that it cannot.
  @Test(arguments: methods.indices)
  func aResumedRunGivesTheSameBits(_ index: Int) throws {
    let method = Self.methods[index]
    for formula in problems {
      let whole = run(method, TestObjective(formula), Stops(steps: 25))
      for stops in [Stops(steps: 9), Stops(evaluations: 12)] {
        var saved: [ArchiveRow] = []
        let first = minimize(
          TestObjective(formula), from: formula.start, using: method, until: stops,
          checkpoint: Checkpoint(save: { saved = $0 }))
        if case .notSaved = first.reason {
          #expect(saved.isEmpty)
          continue
        }
        // A method that rests at a point uses no evaluations.
        if first.steps >= 25 { continue }
        try #require(!saved.isEmpty)
        let rest = minimize(
          TestObjective(formula), from: formula.start, using: method, until: Stops(steps: 25),
          checkpoint: Checkpoint(resumed: saved))
        #expect(rest.x == whole.x, "\(formula.name)")
        #expect(rest.value.bitPattern == whole.value.bitPattern)
        #expect(rest.counts == whole.counts)
        #expect(rest.trace.values.map(\.bitPattern) == whole.trace.values.map(\.bitPattern))
        #expect(rest.path == whole.path)
        #expect(rest.reason == whole.reason)
      }
    }
  }

  /// What was saved may be damaged in any way: a reason, never a trap.
  @Test(arguments: methods.indices)
  func aDamagedStateIsRefused(_ index: Int) {
    let method = Self.methods[index]
    var saved: [ArchiveRow] = []
    _ = minimize(
      TestObjective(Wood()), from: Wood().start, using: method, until: Stops(steps: 7),
      checkpoint: Checkpoint(save: { saved = $0 }))
    for row in saved.indices {
      for numbers in [[], saved[row].numbers.map { _ in -7.5 }, saved[row].numbers + [1]] {
        var rows = saved
        rows[row].numbers = numbers
        let result = minimize(
          TestObjective(Wood()), from: Wood().start, using: method, until: Stops(steps: 12),
          checkpoint: Checkpoint(resumed: rows))
        #expect(result.steps <= 12 || saved[row].name == "run.step")
      }
    }
  }

  @Test(arguments: methods.indices)
  func nothingToVaryIsConverged(_ index: Int) {
    let result = minimize(TestObjective(Constant()), from: [], using: Self.methods[index])
    #expect(result.reason == .gradientSmall)
    #expect(result.value == 4)
  }
}

/// No variables at all.
struct Constant: Formula {
  let name = "Constant"
  let start: [Double] = []
  let minima = [4.0]
  func value<S: Scalar>(_ x: [S]) -> S { S(4) }
}

/// A method as another module would write it: asks for the gradient, accepts unconditionally.
struct Walk: Method {
  let name = "walk"
  let options: [MethodOption] = []
  let needs: Ask = .gradient
  let needsDeterministicCosts = false

  func start(_ run: Run) -> any Iteration { State(run.dimension) }

  final class State: Iteration {
    let velocity: Buffer
    init(_ n: Int) { velocity = Buffer(count: n) }

    func step(_ run: Run) -> Advance {
      switch run.requireGradient() {
      case .stopped: return .halted
      case .notFinite: return .notFinite
      case .done: break
      }
      for index in 0..<run.dimension {
        velocity[index] = 0.5 * velocity[index] - 1e-4 * run.gradient[index]
        run.trial[index] = run.x[index] + velocity[index]
      }
      run.accept(run.trial)
      return .moved
    }
  }
}

extension StopReason {
  fileprivate var isNotFinite: Bool {
    switch self {
    case .valueNotFinite, .gradientNotFinite, .unbounded: return true
    default: return false
    }
  }
}
