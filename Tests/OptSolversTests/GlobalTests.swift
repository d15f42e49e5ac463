/// What every method that searches globally must do.
import OptNumerics
import OptSolvers
import Testing

/// A function with many minima, counted, that can be copied for threads.
private final class Waves: PlainObjective, @unchecked Sendable {
  let n: Int
  let canCopy: Bool
  /// The box that no evaluation may leave.
  let box: Bounds
  var evaluations = 0
  var values = 0
  var gradients = 0
  var left = 0
  var onEvaluation: ((Int) -> Void)?

  init(_ n: Int, canCopy: Bool = false) {
    self.n = n
    self.canCopy = canCopy
    box = Bounds(
      lower: Array(repeating: -5, count: n), upper: (0..<n).map { 4 + Double($0) })
  }

  let offers: Ask = [.value, .gradient]
  var layout: [Block] { [Block(name: "x", rows: n, columns: 1)] }
  func copy() -> (any Objective)? { canCopy ? Waves(n, canCopy: true) : nil }

  /// Rastrigin's function without π: 9 + x² − 9 cos 6x for each variable.
  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome {
    evaluations += 1
    if ask.contains(.value) { values += 1 }
    if ask.contains(.gradient) { gradients += 1 }
    onEvaluation?(evaluations)
    var sum = 0.0
    for k in 0..<n {
      if !(x[k] >= box.lower[k] && x[k] <= box.upper[k]) { left += 1 }
      sum += 9 + x[k] * x[k] - 9 * cosine(6 * x[k])
      answer.gradient?[k] = 2 * x[k] + 54 * sine(6 * x[k])
    }
    answer.value = sum
    return .done
  }

  func culprit(at x: UnsafePointer<Double>) -> Fault? { nil }

  var region: SearchRegion { SearchRegion(box: box, random: .init(seed: 7)) }
}

private func sine(_ x: Double) -> Double { cosine(x - .pi / 2) }

/// cos x by its series around 0, enough for a test and the same everywhere.
private func cosine(_ x: Double) -> Double {
  let turn = x - (x / (2 * .pi)).rounded() * 2 * .pi
  var (term, sum) = (1.0, 1.0)
  for k in 1...14 {
    term *= -turn * turn / Double((2 * k - 1) * 2 * k)
    sum += term
  }
  return sum
}

@Suite(.serialized)
struct GlobalTests {
  static let methods: [any Method] =
    MethodCatalogue.entries.map { $0.make([:]) }.filter(\.isGlobal) + [Restarts(400, LBFGS())]

  private func run(
    _ method: any Method, _ objective: Waves, _ stops: Stops = .standard, stop: Stop = Stop()
  ) -> Solution {
    minimize(
      objective, from: Array(repeating: 3, count: objective.n), using: method, until: stops,
      stop: stop, region: objective.region)
  }

  @Test(arguments: methods.indices)
  func findsTheLowestOfManyMinima(_ index: Int) {
    for n in [1, 2, 3] {
      let objective = Waves(n)
      let result = run(Self.methods[index], objective)
      #expect(result.value < 1e-8, "\(result.method) with \(n): \(result.value)")
      #expect(result.reason.isSuccess)
      if !(Self.methods[index] is Restarts) { #expect(objective.left == 0) }
    }
  }

  @Test(arguments: methods.indices)
  func countsMatchWhatTheObjectiveSaw(_ index: Int) {
    let objective = Waves(2)
    let result = run(Self.methods[index], objective)
    #expect(result.counts.evaluations == objective.evaluations)
    #expect(result.counts.values == objective.values)
    #expect(result.counts.gradients == objective.gradients)
  }

  @Test(arguments: methods.indices)
  func evaluationLimitsAreExact(_ index: Int) {
    for limit in [1, 2, 13, 150, 500] {
      let objective = Waves(2)
      let result = run(Self.methods[index], objective, Stops(evaluations: limit))
      #expect(objective.evaluations <= limit)
      #expect(result.counts.evaluations <= limit)
      #expect(result.value.isFinite)
      #expect(result.reason == .evaluationLimit(limit) || result.reason.isSuccess)
    }
  }

  @Test(arguments: methods.indices)
  func theStopFlagEndsTheRun(_ index: Int) {
    let objective = Waves(2)
    let stop = Stop()
    objective.onEvaluation = { if $0 == 60 { stop.request() } }
    let result = run(Self.methods[index], objective, stop: stop)
    #expect(result.reason == .interrupted)
    #expect(objective.evaluations <= 60)
    #expect(result.value.isFinite)
  }

  @Test(arguments: methods.indices)
  func theSameBitsForAnyNumberOfThreads(_ index: Int) {
    let before = Threads.count
    defer { Threads.count = before }
    for stops in [Stops.standard, Stops(evaluations: 333)] {
      var results: [Solution] = []
      for threads in [1, 2, 5] {
        Threads.count = threads
        results.append(run(Self.methods[index], Waves(2, canCopy: true), stops))
      }
      for other in results.dropFirst() {
        #expect(other.x == results[0].x)
        #expect(other.counts == results[0].counts)
        #expect(other.steps == results[0].steps)
        #expect(other.reason == results[0].reason)
        #expect(other.minima == results[0].minima)
        #expect(other.trace.values == results[0].trace.values)
      }
    }
  }

  @Test func withoutARegionThereIsNothingToSearch() {
    for method in Self.methods {
      let result = minimize(Waves(2), from: [3, 3], using: method)
      #expect(result.reason == .notOffered("a region to search in"))
    }
  }

  @Test func sharesOfBasinsAndWhatIsUnseen() throws {
    let result = run(Restarts(60, LBFGS()), Waves(1))
    let minima = try #require(result.minima)
    #expect(minima.searches + minima.failures == 60)
    #expect(minima.all.reduce(0) { $0 + $1.count } == minima.searches)
    #expect(zip(minima.all, minima.all.dropFirst()).allSatisfy { $0.value <= $1.value })
    let singles = minima.all.filter { $0.count == 1 }.count
    #expect(minima.unseenShare == Double(singles) / Double(minima.searches))
  }

  /// A search that fails does not end the others.
  @Test func oneFailedSearchIsOneOfMany() throws {
    let objective = Waves(1)
    objective.onEvaluation = nil
    let result = minimize(
      Holes(), from: [-0.5], using: Restarts(40, LBFGS()),
      region: SearchRegion(box: Bounds(lower: [-1], upper: [3]), random: .init(seed: 3)))
    let minima = try #require(result.minima)
    #expect(minima.failures > 0 && minima.searches > 0)
    #expect(minima.failures + minima.searches == 40)
    #expect(abs(result.x[0] - 1) < 1e-6)
  }
}

/// A sum of squares keeps its residuals in the searches.
@Test func restartsOfLeastSquares() throws {
  let problem = Rosenbrock()
  let objective = TestObjective(problem, offers: [.value, .gradient, .residuals, .jacobian])
  let result = minimize(
    objective, from: problem.start, using: Restarts(10, LevenbergMarquardt()),
    region: SearchRegion(box: Bounds(lower: [-2, -2], upper: [2, 2]), random: .init(seed: 3)))
  #expect(result.value < 1e-16)
  #expect(result.minima?.searches == 10)
}

/// (x − 1)² for x > 0, and nothing elsewhere.
private final class Holes: PlainObjective {
  let offers: Ask = [.value, .gradient]
  var layout: [Block] { [Block(name: "x", rows: 1, columns: 1)] }
  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome {
    answer.value = x[0] > 0 ? (x[0] - 1) * (x[0] - 1) : .nan
    answer.gradient?[0] = x[0] > 0 ? 2 * (x[0] - 1) : .nan
    return x[0] > 0 ? .done : .notFinite
  }
  func culprit(at x: UnsafePointer<Double>) -> Fault? { nil }
}
