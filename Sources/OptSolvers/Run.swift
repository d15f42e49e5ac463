/// One run of a method: the objective with its counters, the current and the best point, the stop
/// flag, the trace.
import OptNumerics

/// What a method works on. All memory is allocated once; evaluations go through it and are counted.
///
/// A run belongs to one thread and no access to it overlaps another; the check of that at run time
/// would cost half of a short step, hence `exclusivity(unchecked)`.
package final class Run {
  package let objective: any Objective
  package let dimension: Int
  package let stop: Stop
  /// The box that no evaluation may leave; nil if there is none.
  package let box: Box?
  /// Where derivatives are stored, if the method works on stored elements.
  package let sparsity: Sparsity?
  /// The rows of the constraints.
  package let rows: Rows
  /// The current point. Methods read it; `accept` changes it.
  package let x: UnsafeMutablePointer<Double>
  /// The value at `x`, if `knowsValue`.
  @exclusivity(unchecked) package internal(set) var value = Double.nan
  /// The gradient at `x`, if `knowsGradient`.
  package let gradient: UnsafeMutablePointer<Double>
  @exclusivity(unchecked) package internal(set) var knowsValue = false
  @exclusivity(unchecked) package internal(set) var knowsGradient = false
  /// Whether the driver wants the gradient at every accepted point.
  @exclusivity(unchecked) package internal(set) var wantsGradient = false
  /// Scratch of n numbers for a method's next point.
  package let trial: UnsafeMutablePointer<Double>

  /// The best point seen in any evaluation, trial points included.
  let bestPoint: BestPoint
  package var best: UnsafeMutablePointer<Double> { bestPoint.x }
  package var bestValue: Double { bestPoint.value }
  /// The largest violation of a constraint at the best point.
  package var bestViolation: Double { bestPoint.violation }

  /// The largest magnitude of a value or a component of a gradient at the points of the steps.
  @exclusivity(unchecked) var largestSeen = 0.0

  @exclusivity(unchecked) package internal(set) var counts = Counts()
  /// Steps made so far.
  @exclusivity(unchecked) package internal(set) var step = 0
  /// Largest change of a variable in the last accepted step, relative to max(1, its magnitude).
  @exclusivity(unchecked) package internal(set) var change = Double.nan
  /// Whether the last accepted step left every variable as it was.
  @exclusivity(unchecked) package internal(set) var movedNowhere = false
  /// Set when evaluations are refused from now on.
  @exclusivity(unchecked) package internal(set) var halt: StopReason?
  @exclusivity(unchecked) package internal(set) var trace = Trace()
  /// The rounding error in the value as measured near the end; nil until it was measured.
  @exclusivity(unchecked) var measuredNoise: Double?
  /// An evaluation gave −∞.
  @exclusivity(unchecked) var fellToMinusInfinity = false
  @exclusivity(unchecked) var watch = Watch()
  /// The residuals at `x`, if `knowsJacobian`; for methods that need them.
  let residuals: UnsafeMutablePointer<Double>
  /// Their derivatives, row by row.
  let residualJacobian: UnsafeMutablePointer<Double>
  /// Whether residuals and Jacobian at `x` are known.
  @exclusivity(unchecked) var knowsJacobian = false
  /// Whether gradients come from the residuals and their Jacobian.
  let usesResiduals: Bool
  /// Where a method that searches globally looks.
  package internal(set) var region: SearchRegion?
  /// Objectives for several threads, this run's own first; see `assembleTeam`.
  var team: [any Objective] = []
  /// What an evaluation of the value takes, as measured last.
  var secondsPerValue = 0.0
  let evaluationLimit: Int
  /// Evaluations of the budget that are kept for the end.
  var reserve = 0
  let secondsLimit: Double

  private let memory: Buffer

  init(
    _ objective: any Objective, from start: [Double], stops: Stops, stop: Stop,
    usesResiduals: Bool = false, sparsity: Sparsity? = nil
  ) {
    self.sparsity = sparsity
    self.objective = objective
    self.stop = stop
    dimension = start.count
    let n = start.count
    rows = Rows(objective, dimension: n, pattern: sparsity?.jacobian)
    self.usesResiduals = usesResiduals
    let m = usesResiduals ? objective.residualCount : 0
    memory = Buffer(count: 5 * n + m + m * n)
    x = memory.pointer
    gradient = memory.pointer + n
    trial = memory.pointer + 2 * n
    bestPoint = BestPoint(dimension: n, rowCount: rows.count)
    residuals = memory.pointer + 5 * n
    residualJacobian = residuals + m
    if let bounds = objective.bounds, bounds.isBounding, bounds.lower.count == n {
      let lower = memory.pointer + 3 * n
      let upper = memory.pointer + 4 * n
      lower.update(from: bounds.lower, count: n)
      upper.update(from: bounds.upper, count: n)
      box = Box(lower: lower, upper: upper)
    } else {
      box = nil
    }
    var isMoved = false
    for index in 0..<n {
      x[index] = box?.clamp(start[index], index) ?? start[index]
      bestPoint.x[index] = x[index]
      if x[index] != start[index], !start[index].isNaN { isMoved = true }
    }
    evaluationLimit = stops.evaluations ?? Int.max
    secondsLimit = stops.seconds ?? .infinity
    if isMoved { note("the start was outside of its bounds and is moved to the nearest of them") }
  }

  /// Seconds since the start, up to a millisecond old.
  package var seconds: Double { watch.elapsed }

  /// ‖∇f‖∞ at the current point; NaN if the gradient is not known. Within bounds it is that of the
  /// projected gradient.
  package var gradientNorm: Double { knowsGradient ? norm(of: gradient, at: x) : .nan }

  /// The largest component of a gradient that does not push its variable against a bound.
  func norm(of slope: UnsafePointer<Double>, at point: UnsafePointer<Double>) -> Double {
    guard let box else { return maximumNorm(slope, dimension) }
    var largest = 0.0
    for index in 0..<dimension where !box.holds(point[index], slope[index], index) {
      let magnitude = abs(slope[index])
      if !(magnitude <= largest) { largest = magnitude }
      if magnitude.isNaN { return .nan }
    }
    return largest
  }

  /// What the absolute parts of default tolerances are multiplied by: 1, but where neither values nor
  /// gradients were ever above 1e-3 the largest of them, as otherwise a cost in small units would
  /// count as minimal anywhere.
  package var unit: Double { largestSeen > 0 && largestSeen < 1e-3 ? largestSeen : 1 }

  /// The expected decrease that is next to nothing: nine digits of the value, or what a value near
  /// zero deserves.
  package var decreaseTolerance: Double { 1e-9 * abs(value) + 1e-16 * unit }

  /// Rounding error to be expected in a value near `value`.
  package var noise: Double {
    max(measuredNoise ?? 0, Double.ulpOfOne * abs(value), Double.leastNormalMagnitude)
  }

  /// Records an event in the trace.
  package func note(_ what: String) { trace.note(what, step: step) }

  /// Evaluates the objective, counts, and keeps the best point. `.stopped` means that no further
  /// evaluation is allowed; a method then returns `.halted`.
  package func evaluate(
    _ ask: Ask, at point: UnsafePointer<Double>, along: UnsafePointer<Double>? = nil,
    into answer: inout Answer
  ) -> Outcome {
    guard mayEvaluate() else { return .stopped }
    counts.evaluations &+= 1
    if ask.contains(.value) { counts.values &+= 1 }
    if ask.contains(.gradient) || ask.contains(.jacobian) { counts.gradients &+= 1 }
    if ask.contains(.hessian) || ask.contains(.lagrangian) { counts.hessians &+= 1 }
    if ask.contains(.product) { counts.products &+= 1 }
    answer.value = .nan
    let outcome = objective.evaluate(ask, at: point, along: along, into: &answer)
    if outcome == .stopped {
      halt = .interrupted
      return .stopped
    }
    if ask.contains(.value) {
      keep(point, answer, hasGradient: ask.contains(.gradient) && outcome == .done)
      if !answer.value.isFinite { return .notFinite }
    }
    return outcome
  }

  /// Remembers an evaluated point if it is the best so far. Under constraints a point whose rows
  /// were not asked for does not count.
  private func keep(_ point: UnsafePointer<Double>, _ answer: Answer, hasGradient: Bool) {
    var violation = 0.0
    if rows.count > 0 {
      guard let c = answer.constraints else { return }
      violation = rows.largestViolation(c)
    }
    guard bestPoint.isBeaten(by: answer.value, violation: violation) else { return }
    guard answer.value.isFinite else {
      fellToMinusInfinity = true
      return
    }
    bestPoint.take(
      point, value: answer.value, gradient: hasGradient ? answer.gradient : nil,
      rows: answer.constraints, violation: violation, step: step)
  }

  /// False once interrupted or a budget is used up; `halt` then says which.
  private func mayEvaluate() -> Bool {
    if halt != nil { return false }
    if stop.isRequested {
      halt = .interrupted
    } else if counts.evaluations == 0 {
      // The start is looked at whatever the budget: its value is part of every result.
      return true
    } else if counts.evaluations >= evaluationLimit - reserve {
      halt = .evaluationLimit(evaluationLimit)
    } else if watch.tick(), watch.elapsed >= secondsLimit {
      halt = .timeLimit(secondsLimit)
    }
    return halt == nil
  }

  /// Makes value and gradient at the current point known; costs nothing if they are.
  package func requireGradient() -> Outcome {
    if isConstrained { return requireDerivatives() }
    if knowsGradient, !usesResiduals || knowsJacobian {
      return knowsValue && value.isFinite ? .done : .notFinite
    }
    if usesResiduals { return requireJacobian() }
    var answer = Answer()
    answer.gradient = gradient
    let outcome = evaluate([.value, .gradient], at: x, into: &answer)
    if outcome == .stopped { return outcome }
    value = answer.value
    knowsValue = true
    knowsGradient = outcome == .done && allFinite(gradient, dimension)
    return knowsGradient ? .done : .notFinite
  }

  /// Makes value, residuals, Jacobian and with them the gradient 2Jᵀr at the current point known;
  /// costs nothing if they are.
  func requireJacobian() -> Outcome {
    if knowsGradient, knowsJacobian { return knowsValue && value.isFinite ? .done : .notFinite }
    var answer = Answer()
    answer.residuals = residuals
    answer.jacobian = residualJacobian
    let ask: Ask = knowsValue ? [.residuals, .jacobian] : [.value, .residuals, .jacobian]
    let outcome = evaluate(ask, at: x, into: &answer)
    if outcome == .stopped { return outcome }
    if !knowsValue { value = answer.value }
    knowsValue = true
    knowsJacobian = outcome == .done
    knowsGradient = knowsJacobian
    guard knowsGradient else { return .notFinite }
    gradient.update(repeating: 0, count: dimension)
    for row in 0..<objective.residualCount {
      addMultiple(
        2 * residuals[row], residualJacobian + row * dimension, to: gradient, dimension)
    }
    knowsGradient = allFinite(gradient, dimension)
    return knowsGradient ? .done : .notFinite
  }

  /// Makes the value at the current point known; costs nothing if it is.
  package func requireValue() -> Outcome {
    if knowsValue { return value.isFinite ? .done : .notFinite }
    var answer = Answer()
    answer.constraints = rows.values
    let outcome = evaluate(
      isConstrained ? [.value, .constraints] : .value, at: x, into: &answer)
    if outcome == .stopped { return outcome }
    value = answer.value
    knowsValue = true
    return outcome
  }

  /// What the driver needs at every accepted point.
  func refresh() -> Outcome {
    let outcome = wantsGradient ? requireGradient() : requireValue()
    if outcome == .done {
      let size = knowsGradient ? maximumNorm(gradient, dimension) : 0
      largestSeen = max(largestSeen, abs(value), size)
    }
    return outcome
  }

  /// Makes `point` the current point, unconditionally. Whoever knows value and gradient there
  /// passes them, otherwise they are evaluated when needed.
  package func accept(
    _ point: UnsafePointer<Double>, value newValue: Double? = nil,
    gradient newGradient: UnsafePointer<Double>? = nil
  ) {
    var differences = SIMD4<Double>()
    var trouble = SIMD4<Double>()
    var sizes = SIMD4<Double>(repeating: 1)
    var index = 0
    while index &+ 4 <= dimension {
      let old = SIMD4(x[index], x[index &+ 1], x[index &+ 2], x[index &+ 3])
      let new = SIMD4(point[index], point[index &+ 1], point[index &+ 2], point[index &+ 3])
      let step = new - old
      let distance = step.replacing(with: -step, where: step .< 0)
      // NaN survives a sum, but not a maximum.
      trouble += step * 0
      differences.replace(with: distance, where: distance .> differences)
      let size = new.replacing(with: -new, where: new .< 0)
      sizes.replace(with: size, where: size .> sizes)
      (x[index], x[index &+ 1], x[index &+ 2], x[index &+ 3]) = (new[0], new[1], new[2], new[3])
      index &+= 4
    }
    var largest = trouble.sum() == 0 ? differences.max() : .nan
    var scale = sizes.max()
    while index < dimension {
      let new = point[index]
      let distance = abs(new - x[index])
      if distance > largest || distance.isNaN { largest = distance }
      scale = max(scale, abs(new))
      x[index] = new
      index &+= 1
    }
    change = largest / scale
    let isSame = largest == 0
    movedNowhere = isSame
    if isSame, newValue == nil { return }
    value = newValue ?? .nan
    knowsValue = newValue != nil
    knowsGradient = false
    knowsJacobian = false
    if let newGradient {
      gradient.update(from: newGradient, count: dimension)
      knowsGradient = true
    }
  }

  /// Takes the current point as the best one: its value is as good to working precision, and its
  /// gradient is verified.
  func keepCurrent() {
    guard knowsValue, value.isFinite else { return }
    bestPoint.take(
      x, value: value, gradient: knowsGradient ? gradient : nil, rows: rows.values,
      violation: rows.largestViolation(rows.values), step: bestPoint.step)
  }
}
