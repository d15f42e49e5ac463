/// The one loop that every run goes through: steps, stops, verification, report.
import OptNumerics

/// Minimises `objective` from `start` with `method` until a stop holds. A start outside of the
/// objective's bounds is moved to the nearest point within.
///
/// Never throws and never traps: whatever happens is a `StopReason` in the solution. `progress` is
/// called at most ten times a second, and not in the first quarter of a second. `region` is where
/// methods that search globally look.
package func minimize(
  _ objective: any Objective, from start: [Double], using method: any Method,
  until stops: Stops = .standard, checkpoint: Checkpoint = Checkpoint(), stop: Stop = Stop(),
  region: SearchRegion? = nil,
  progress: ((StepInfo) -> Void)? = nil
) -> Solution {
  let driver = Driver(objective, start, method, stops, checkpoint, stop, progress)
  driver.run.region = region
  let reason = driver.loop()
  driver.saveSnapshot()
  return driver.solution(reason)
}

/// The state of the loop.
final class Driver {
  let run: Run
  let method: any Method
  let stops: Stops
  let checkpoint: Checkpoint
  /// The state after the last whole step, where one is kept.
  var snapshot: [ArchiveRow]?
  var snapshotStep = 0
  var lastSave = 0.0
  var start: [Double]
  var startValue = Double.nan
  /// ‖∇f‖∞ at the start, 0 if it is not known.
  var startSlope = 0.0
  @exclusivity(unchecked) var measures = Measures()
  @exclusivity(unchecked) var path: [Double] = []
  @exclusivity(unchecked) var pathRows = 0
  /// The expected decrease in `measures` comes from the exact Hessian at the current point.
  var isAssessed = false
  let progress: ((StepInfo) -> Void)?
  private let stepLimit: Int
  var iteration: (any Iteration)?
  @exclusivity(unchecked) private var lastProgress = 0.15
  @exclusivity(unchecked) var stall = Stall()

  static let largestPathDimension = 50
  static let largestPathRows = 10_001
  /// A claim of convergence is repeated from the best point at most this often.
  static let largestRepairs = 3
  var repairs = 0
  /// Constraints that cannot hold at once, where the run found that.
  var conflict: Conflict?

  init(
    _ objective: any Objective, _ start: [Double], _ method: any Method, _ stops: Stops,
    _ checkpoint: Checkpoint, _ stop: Stop, _ progress: ((StepInfo) -> Void)?
  ) {
    self.method = method
    self.stops = stops
    self.progress = progress
    self.checkpoint = checkpoint
    let usesResiduals = method.needs.contains(.jacobian)
    run = Run(
      objective, from: start, stops: stops, stop: stop,
      usesResiduals: usesResiduals && objective.offers.contains(.jacobian),
      sparsity: method.takesSparse ? objective.sparsity : nil)
    self.start = Array(UnsafeBufferPointer(start: run.x, count: run.dimension))
    stepLimit = max(stops.steps ?? (stops.namesBudget ? Int.max : Stops.defaultSteps), 0)
    let wanted =
      usesResiduals || method.needs.contains(.gradient)
      || (stops.gradient != nil && !stops.isDefault)
    run.wantsGradient = wanted && !method.isGlobal && objective.offers.contains(.gradient)
  }

  func loop() -> StopReason {
    if run.dimension != run.objective.dimension {
      return .notOffered("another number of variables")
    }
    if let missing = missing(method.needs.subtracting(run.objective.offers)) {
      return .notOffered(missing)
    }
    if run.dimension > method.largestDimension { return .notOffered("one variable") }
    let broken = run.objective.restrictions.subtracting(method.honours)
    if broken.contains(.constraints) { return .notHonoured("constraints") }
    if broken.contains(.bounds) { return .notHonoured("bounds") }
    if method.isGlobal, run.region == nil { return .notOffered("a region to search in") }
    if let rows = checkpoint.resumed {
      if let reason = resume(rows) { return reason }
    } else if let reason = begin() {
      return reason
    }
    guard let iteration else { return .gradientSmall }
    // A method that returns a point of its own needs the value there.
    if iteration.answer(run) != nil { run.reserve = 1 }
    while true {
      // A refused evaluation leaves a method in a state that an unbroken run does not have.
      if checkpoint.save != nil, run.halt == nil, let reason = takeSnapshot(iteration) {
        return reason
      }
      if run.step >= stepLimit { return .stepLimit(stepLimit, isDefault: stops.steps == nil) }
      if run.stop.isRequested { return .interrupted }
      if let reason = advance(iteration) { return reason }
    }
  }

  /// The start: its value, and the state of the method; the reason to end, if any.
  private func begin() -> StopReason? {
    switch run.refresh() {
    case .stopped: return run.halt ?? .interrupted
    case .notFinite where method.isGlobal: break
    case .notFinite where !run.value.isFinite:
      startValue = run.value
      return run.fellToMinusInfinity ? .unbounded : .valueNotFinite(step: 0)
    case .notFinite:
      startValue = run.value
      return .gradientNotFinite(step: 0)
    case .done: break
    }
    startValue = run.value
    if run.knowsGradient { startSlope = maximumNorm(run.gradient, run.dimension) }
    record()
    if run.dimension == 0 { return .gradientSmall }
    let iteration = method.start(run)
    self.iteration = iteration
    stall.begin(run)
    if run.isConstrained { measures = iteration.measures(run) }
    return reasonAfterStep(iteration)
  }

  /// One step with its bookkeeping; the reason to end, if any.
  private func advance(_ iteration: any Iteration) -> StopReason? {
    let advance = iteration.step(run)
    switch advance {
    case .halted: return run.halt ?? .interrupted
    case .notFinite: return notFinite()
    case .stuck(let impasse): return reasonWhenStuck(iteration, impasse)
    case .finished(let reason):
      run.step += 1
      measures = iteration.measures(run)
      record()
      // A search that saw no value has found nothing.
      if method.isGlobal, !run.bestValue.isFinite { return .valueNotFinite(step: run.step) }
      return reason
    case .moved: break
    }
    run.step += 1
    isAssessed = false
    let outcome = run.refresh()
    measures = iteration.measures(run)
    if outcome != .stopped { record() }
    switch outcome {
    case .stopped: return run.halt ?? .interrupted
    // A global search looks elsewhere.
    case .notFinite where !method.isGlobal: return notFinite()
    case .notFinite, .done: return reasonAfterStep(iteration)
    }
  }

  /// Whether the value fell by that factor more than the units of the cost explain, with nothing
  /// ahead that could end the fall.
  func isRunningAway(by factor: Double) -> Bool {
    guard run.value < -factor else { return false }
    let reach = max(1, start.reduce(0) { max($0, abs($1)) })
    let scale = max(1, abs(startValue), startSlope * reach)
    return run.value < -factor * scale && !isHeadingForRestriction()
  }

  /// Whether the way from the start leads to a bound or against a row of a constraint.
  private func isHeadingForRestriction() -> Bool {
    let n = run.dimension
    let way = Buffer(count: n)
    for k in 0..<n { way[k] = run.x[k] - start[k] }
    let length = maximumNorm(way.pointer, n)
    if let box = run.box {
      for k in 0..<n where abs(way[k]) > 1e-3 * length {
        if (way[k] < 0 ? box.lower[k] : box.upper[k]).isFinite { return true }
      }
    }
    guard run.isConstrained, run.knowsGradient else { return false }
    let distance = euclideanNorm(way.pointer, n)
    var row = 0
    for constraint in run.objective.constraints {
      for _ in 0..<constraint.count {
        let approach = -run.orientation[row] * run.rows.slope(row, along: way.pointer)
        let share = approach / (run.rows.length(row) * distance)
        // Straight on: an affine row is met for certain, another one where it is near.
        let isNear = abs(run.rows.values[row]) < 10 * approach
        if !run.isEquation[row], share > 1e-9, constraint.isLinear || isNear { return true }
        row += 1
      }
    }
    return false
  }

  func notFinite() -> StopReason {
    if run.fellToMinusInfinity { return .unbounded }
    return run.knowsValue && run.value.isFinite
      ? .gradientNotFinite(step: run.step) : .valueNotFinite(step: run.step)
  }

  /// Tests the stops at the current point.
  private func reasonAfterStep(_ iteration: any Iteration) -> StopReason? {
    if run.isConstrained { return reasonUnderConstraints(iteration) }
    if let target = stops.value, run.value < target { return .valueReached }
    if let tolerance = gradientTolerance, run.gradientNorm < tolerance {
      if !stops.isDefault || (expectsNoDecrease && iteration.confirms(run)) {
        measures = iteration.measures(run)
        if let reason = verified(.gradientSmall, iteration) { return reason }
      }
      if run.halt != nil { return run.halt }
    }
    if let tolerance = stops.offset, let offset = measures.offset, offset < tolerance,
      iteration.confirms(run)
    {
      if let reason = verified(.residualsOrthogonal, iteration) { return reason }
      if run.halt != nil { return run.halt }
    }
    if stops.isDefault, simplexIsSmall, iteration.confirms(run) { return .simplexSmall }
    if run.fellToMinusInfinity || isRunningAway(by: 1e30) { return .unbounded }
    guard run.step > 0 else { return nil }
    if let tolerance = stops.change, run.change < tolerance { return .changeSmall }
    if stops.condition != nil || progress != nil {
      let info = info()
      if let condition = stops.condition, condition(info) { return .userCondition }
      report(info)
    }
    if method.isGlobal { return nil }
    if stall.isStill(run) { return reasonWhenStuck(iteration, .degenerate) }
    let descends = method.needsDeterministicCosts && run.wantsGradient
    guard stall.isStalled(run, descends: descends) else { return nil }
    return descends ? reasonWhenStuck(iteration, .degenerate) : floorReason(iteration)
  }

  /// The method cannot go on, or goes on without effect: floor, recovery, or failure.
  private func reasonWhenStuck(_ iteration: any Iteration, _ impasse: Impasse) -> StopReason? {
    if run.isConstrained { return reasonWhenStuckUnderConstraints(iteration, impasse) }
    measures = iteration.measures(run)
    isAssessed = measures.isExact
    if !(isAssessed && isAtFloor) {
      if run.knowsGradient, method.needsDeterministicCosts { run.measureNoise() }
      assess()
    }
    if let halt = run.halt { return halt }
    let mayRecover = stall.mayRecover(run)
    stall.begin(run)
    let isSmall = run.gradientNorm < (stops.gradient ?? (stops.offset == nil ? 1e-8 : 0))
    if isSmall || isAtFloor {
      let isConfirmed = iteration.confirms(run)
      if let halt = run.halt { return halt }
      // A small gradient that nothing can make smaller is what was asked for.
      if isConfirmed || isSmall && !mayRecover {
        let isMet = isSmall && run.gradientNorm < gradientTolerance ?? 1e-8
        return verified(isMet ? .gradientSmall : .precisionFloor, iteration)
      }
      return mayRecover ? nil : .noProgress
    }
    if mayRecover, iteration.recover(run) { return nil }
    if let found = lookForKink(iteration) { return found.reason }
    return impasse == .lineSearch ? .lineSearchFailed : .noProgress
  }

  /// What to do after a look at a kink: end for a reason, or go on without one.
  private struct StuckEnd { var reason: StopReason? }

  /// Where a method is stuck although the gradient is not small the gradient may jump: goes on across
  /// the kink, or proves the minimum. Nil if there is no kink.
  private func lookForKink(_ iteration: any Iteration) -> StuckEnd? {
    guard stops.isDefault, run.wantsGradient, method.needsDeterministicCosts, !run.usesResiduals,
      run.box == nil, run.dimension <= KinkDescent.largestDimension
    else { return nil }
    switch KinkDescent.look(run) {
    case .nothing: return nil
    case .halted: return StuckEnd(reason: run.halt)
    case .stationary:
      if run.bestValue < run.value { run.accept(run.best, value: run.bestValue) }
      guard run.refresh() == .done else { return nil }
      run.keepCurrent()
      return StuckEnd(reason: .precisionFloor)
    case .moved:
      iteration.restart(run)
      run.step += 1
      isAssessed = false
      guard run.refresh() == .done else { return StuckEnd(reason: notFinite()) }
      measures = iteration.measures(run)
      record()
      return StuckEnd(reason: reasonAfterStep(iteration))
    }
  }

  /// For methods that take every step as it is and can go on for ever: the precision floor, if the
  /// Hessian proves it.
  private func floorReason(_ iteration: any Iteration) -> StopReason? {
    stall.begin(run)
    guard stops.isDefault, stops.epochs == nil else { return nil }
    run.measureNoise()
    assess()
    if let halt = run.halt { return halt }
    return isAtFloor ? verified(.precisionFloor, iteration) : nil
  }

  /// Where the Hessian is offered, it tells how much there is left to gain, whatever the method.
  private func assess() {
    isAssessed = false
    guard run.objective.offers.contains(.hessian), run.knowsGradient,
      run.dimension <= largestHessianDimension
    else { return }
    let newton = NewtonIteration(run)
    guard let found = newton.assess(run) else { return }
    measures.expectedDecrease = found.isConvex ? found.decrease : .infinity
    isAssessed = true
  }

  private func record() {
    run.trace.append(
      step: run.step, value: run.value, gradientNorm: run.gradientNorm,
      stepSize: run.step == 0 ? .nan : run.change, rate: measures.rate ?? .nan)
    guard run.dimension <= Self.largestPathDimension, pathRows < Self.largestPathRows,
      pathRows == run.step
    else { return }
    for index in 0..<run.dimension { path.append(run.x[index]) }
    pathRows += 1
  }

  func info() -> StepInfo {
    StepInfo(
      step: run.step, value: run.value, gradientNorm: run.gradientNorm, change: run.change,
      evaluations: run.counts.evaluations, seconds: run.seconds, bestValue: run.bestValue,
      x: UnsafePointer(run.x), dimension: run.dimension)
  }

  func report(_ info: StepInfo) {
    guard let progress, run.seconds >= lastProgress + 0.1 else { return }
    lastProgress = run.seconds
    progress(info)
  }

  private func missing(_ ask: Ask) -> String? {
    if ask.isEmpty { return nil }
    if ask.contains(.gradient) { return "a gradient" }
    if ask.contains(.hessian) { return "second derivatives" }
    if ask.contains(.product) { return "products with the Hessian" }
    if ask.contains(.residuals) || ask.contains(.jacobian) { return "residuals" }
    return "something"
  }
}
