/// Local searches inside of a global one: they share its counts and budgets, and run on several
/// cores without that showing in the results.
import OptNumerics

extension Run {
  /// Evaluations that the budget leaves.
  var evaluationsLeft: Int { max(evaluationLimit - counts.evaluations, 0) }

  /// Takes over what a run inside of this one has counted and found.
  func absorb(_ solution: Solution) {
    counts.evaluations += solution.counts.evaluations
    counts.values += solution.counts.values
    counts.gradients += solution.counts.gradients
    counts.hessians += solution.counts.hessians
    counts.products += solution.counts.products
    if solution.value.isFinite,
      bestPoint.isBeaten(by: solution.value, violation: solution.violation)
    {
      rows.multipliers.update(from: solution.multipliers, count: rows.count)
      bestPoint.take(
        solution.x, value: solution.value, gradient: nil, rows: solution.rows,
        violation: solution.violation, step: step)
      if let slope = solution.gradient {
        bestPoint.gradient.update(from: slope, count: dimension)
        bestPoint.knowsGradient = true
      }
    }
    if solution.reason == .unbounded { fellToMinusInfinity = true }
    if solution.reason == .interrupted || stop.isRequested { halt = .interrupted }
  }

  /// Makes the best point the current one, unless it is.
  func acceptBest() {
    guard bestValue.isFinite, !isAtBest else { return }
    accept(best, value: bestValue)
    rows.values.update(from: bestPoint.rows, count: rows.count)
  }

  /// Whether the current point is the best one.
  private var isAtBest: Bool {
    value == bestValue && (0..<dimension).allSatisfy { x[$0] == best[$0] }
  }
}

/// An objective as a local search sees it: in a box, and with no more than it needs.
final class Confined: Objective {
  private let inner: any Objective
  let bounds: Bounds?
  let offers: Ask
  var layout: [Block] { inner.layout }
  var constraints: [Constraint] { inner.constraints }
  var isQuadratic: Bool { inner.isQuadratic }
  var hasQuadraticLagrangian: Bool { inner.hasQuadraticLagrangian }
  var sparsity: Sparsity? { inner.sparsity }
  var residualCount: Int { inner.residualCount }

  init(_ inner: any Objective, in bounds: Bounds?, offers: Ask) {
    self.inner = inner
    self.bounds = bounds
    self.offers = inner.offers.intersection(offers)
  }

  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome { inner.evaluate(ask, at: x, along: along, into: &answer) }

  func culprit(at x: UnsafePointer<Double>) -> Fault? { inner.culprit(at: x) }
}

/// Makes local searches from starts that are known in advance, and gives their results in order.
///
/// Several searches run at the same time, each as if it were alone with the whole budget that is
/// left. Results are then taken one by one; one that used more than was left for it is made again
/// with exactly that. What is never taken does not count. So the results are those of searches one
/// after the other, whatever the number of threads.
final class LocalSearches {
  private let method: any Method
  /// The box that searches stay in; nil: that of the objective.
  private let box: Bounds?
  private let stops: Stops
  private let isParallel: Bool
  private var ready: [(start: [Double], solution: Solution)] = []

  /// `isParallel`: the method may run on other threads.
  init(_ method: any Method, in box: Bounds?, until stops: Stops, isParallel: Bool = true) {
    self.method = method
    self.box = box
    self.stops = stops
    self.isParallel = isParallel
  }

  /// The result of the search from the first of `starts`; the others are those that will probably be
  /// asked for next.
  func next(_ run: Run, _ starts: [[Double]]) -> Solution? {
    guard let start = starts.first, run.halt == nil else { return nil }
    guard run.evaluationsLeft > 0 else {
      run.halt = .evaluationLimit(run.evaluationLimit)
      return nil
    }
    if ready.first?.start != start {
      ready = []
      search(run, starts)
    }
    guard let first = ready.first else { return nil }
    ready.removeFirst()
    var solution = first.solution
    if solution.counts.evaluations > run.evaluationsLeft {
      ready = []
      solution = search(run.objective, start, run)
    }
    run.absorb(solution)
    if run.halt == nil, run.evaluationsLeft == 0 {
      run.halt = .evaluationLimit(run.evaluationLimit)
    } else if run.halt == nil {
      run.watch.read()
      if run.seconds >= run.secondsLimit { run.halt = .timeLimit(run.secondsLimit) }
    }
    return solution
  }

  /// How many searches it pays to know in advance.
  var depth: Int { isParallel ? Threads.count : 1 }

  private func search(_ run: Run, _ starts: [[Double]]) {
    let team = isParallel ? run.assembledTeam(offering: method.needs) : [run.objective]
    let count = min(starts.count, team.count)
    guard count > 1 else {
      ready = [(starts[0], search(run.objective, starts[0], run))]
      return
    }
    let results = Results(count)
    Threads.parallel(count, stop: run.stop) { index, worker in
      results.slots[index] = self.search(team[worker], starts[index], run)
    }
    for index in 0..<count {
      guard let solution = results.slots[index] else { break }
      ready.append((starts[index], solution))
    }
    if ready.isEmpty { ready = [(starts[0], search(run.objective, starts[0], run))] }
  }

  /// Where threads put what they found.
  private final class Results {
    let slots: UnsafeMutablePointer<Solution?>
    private let count: Int
    init(_ count: Int) {
      self.count = count
      slots = .allocate(capacity: count)
      slots.initialize(repeating: nil, count: count)
    }
    deinit {
      slots.deinitialize(count: count)
      slots.deallocate()
    }
  }

  private func search(_ objective: any Objective, _ start: [Double], _ run: Run) -> Solution {
    var stops = stops
    if run.evaluationLimit < Int.max {
      stops.evaluations = min(run.evaluationsLeft, stops.evaluations ?? Int.max)
    }
    if run.secondsLimit.isFinite { stops.seconds = run.secondsLimit - run.seconds }
    // Offers that do not depend on whether this is the objective itself or a copy.
    let confined: any Objective =
      isParallel || box != nil
      ? Confined(
        objective, in: box ?? objective.bounds, offers: method.needs.union([.value, .gradient]))
      : objective
    return minimize(confined, from: start, using: method, until: stops, stop: run.stop)
  }
}
