/// Roots of systems of equations: Newton's method made safe.
import OptNumerics

/// Finds x with F(x) = 0 from `start`. Never throws and never traps: whatever happens is a reason in
/// the solution.
///
/// Newton's step is tried first. Where it does not reduce the scaled residuals as far as a linear F
/// would, the step is damped (Levenberg 1944, Marquardt 1963) until it does; damping that helps is
/// kept for the next step. One equation is also enclosed as soon as its sides are seen to change
/// places. The limits of `stops` are steps, evaluations and seconds.
package func solve(
  _ equations: any Equations, from start: [Double], until stops: Stops = .standard,
  stop: Stop = Stop()
) -> RootSolution {
  let search = RootSearch(equations, start, stops, stop)
  let reason = search.run()
  return search.solution(reason)
}

/// The state of one search.
final class RootSearch {
  let equations: any Equations
  let n: Int
  private let stops: Stops
  private let stop: Stop
  private let memory: Buffer
  let x: UnsafeMutablePointer<Double>
  let residuals: UnsafeMutablePointer<Double>
  private let trial: UnsafeMutablePointer<Double>
  private let trialResiduals: UnsafeMutablePointer<Double>
  private let step: UnsafeMutablePointer<Double>
  let jacobian: UnsafeMutablePointer<Double>
  private let system: NewtonSystem
  private let start: [Double]
  private(set) var steps = 0
  private var evaluations = 0
  private var jacobians = 0
  private var watch = Watch()
  private var halt: RootReason?
  /// For one equation: two points where its sides stand in different order.
  var bracket: Bracket?
  private var lastPositive: (x: Double, f: Double)?
  private var lastNegative: (x: Double, f: Double)?
  private var usedBracket = false
  /// The Jacobian belongs to `x`.
  private var isCurrent = true

  static let defaultSteps = 200

  init(_ equations: any Equations, _ start: [Double], _ stops: Stops, _ stop: Stop) {
    self.equations = equations
    self.start = start
    self.stops = stops
    self.stop = stop
    n = equations.dimension
    memory = Buffer(count: n * n + 5 * n)
    x = memory.pointer
    residuals = x + n
    trial = residuals + n
    trialResiduals = trial + n
    step = trialResiduals + n
    jacobian = step + n
    system = NewtonSystem(dimension: n)
    for k in 0..<min(n, start.count) { x[k] = start[k] }
  }

  func run() -> RootReason {
    guard start.count == n else { return .noRoot }
    if n == 0 { return .root }
    let reason = newton()
    guard n == 1, halt == nil else { return reason }
    switch reason {
    case .noRoot, .escapes, .stepLimit(_, isDefault: true), .notFinite: break
    default: return reason
    }
    return enclosed() ?? halt ?? reason
  }

  func solution(_ reason: RootReason) -> RootSolution {
    watch.read()
    var flat: [Double]?
    if reason == .multipleRoot, isCurrent, system.factorize(jacobian, residuals), system.isSingular
    {
      flat = system.nullDirection()
    }
    return RootSolution(
      x: (0..<n).map { x[$0] }, residuals: (0..<n).map { residuals[$0] }, reason: reason,
      steps: steps, evaluations: evaluations, jacobians: jacobians, seconds: watch.elapsed,
      method: usedBracket ? "newton, bracketing" : "newton", flat: flat)
  }

  // MARK: Evaluations

  /// Residuals at a point, with the Jacobian on request; false if not finite or refused, which
  /// `halt` tells apart.
  private func evaluate(
    _ point: UnsafeMutablePointer<Double>, _ f: UnsafeMutablePointer<Double>, _ j: Bool
  ) -> Bool {
    if halt != nil { return false }
    if stop.isRequested {
      halt = .interrupted
    } else if let limit = stops.evaluations, evaluations >= limit, evaluations > 0 {
      halt = .evaluationLimit(limit)
    } else if let limit = stops.seconds, watch.tick(), watch.elapsed >= limit {
      halt = .timeLimit(limit)
    }
    if halt != nil { return false }
    evaluations += 1
    if j { jacobians += 1 }
    switch equations.evaluate(at: point, residuals: f, jacobian: j ? jacobian : nil) {
    case .stopped:
      halt = .interrupted
      return false
    case .notFinite: return false
    case .done: break
    }
    if n == 1 { note(point[0], f[0]) }
    return true
  }

  /// One equation at a point; nil if not finite or refused.
  func value(_ point: Double) -> Double? {
    trial[0] = point
    return evaluate(trial, trialResiduals, false) ? trialResiduals[0] : nil
  }

  private func note(_ point: Double, _ f: Double) {
    if f > 0 { lastPositive = (point, f) } else if f < 0 { lastNegative = (point, f) }
    guard let a = lastPositive, let b = lastNegative else { return }
    let new = Bracket(a: a.x, fa: a.f, b: b.x, fb: b.f)
    if let old = bracket, old.width <= new.width { return }
    bracket = new
  }

  // MARK: Newton

  private func newton() -> RootReason {
    guard evaluate(x, residuals, true) else { return halt ?? .notFinite(step: 0) }
    let limit = stops.steps ?? Self.defaultSteps
    var damping = 0.0
    var previous = Double.infinity
    var slow = 0
    while true {
      guard system.factorize(jacobian, residuals) else { return .notFinite(step: steps) }
      let model = system.model(damping: 0)
      if model.now == 0 {
        // Residuals that vanish by underflow far away are no root.
        let far = 100 * max(1, start.reduce(0) { max($0, abs($1)) })
        if system.isSingular, previous > 1e-3, maximumNorm(x, n) > far { return .escapes }
        return system.isSingular || slow >= 3 ? .multipleRoot : .root
      }
      if steps >= limit { return .stepLimit(limit, isDefault: stops.steps == nil) }
      if maximumNorm(x, n) > 1e15 * max(1, start.reduce(0) { max($0, abs($1)) }) {
        return .escapes
      }
      switch descend(&damping, &previous, &slow) {
      case .some(let reason): return reason
      case nil: break
      }
      steps += 1
      if isCurrent { continue }
      guard evaluate(x, residuals, true) else { return halt ?? .notFinite(step: steps) }
    }
  }

  /// Moves `x` by one step; the reason to end, if any.
  private func descend(
    _ damping: inout Double, _ previous: inout Double, _ slow: inout Int
  ) -> RootReason? {
    let isSingular = system.isSingular
    while true {
      system.step(damping: damping, into: step)
      let size = maximumNorm(step, n) / max(1, maximumNorm(x, n))
      let isNewton = damping == 0 && !isSingular
      if isNewton {
        if size <= 4 * .ulpOfOne { return slow >= 3 ? .multipleRoot : .root }
        if size > 0.3 * previous, size < 1e-9, slow < 3 { return .root }
      }
      let model = system.model(damping: damping)
      let expected = model.now - model.then
      guard size > 1e-16, expected > 1e-20 * model.now else {
        return isAtFloor ? .root : .noRoot
      }
      move(x, 1, step, into: trial, n)
      // Newton's step is mostly taken: then the Jacobian there is needed next.
      isCurrent = damping == 0
      let isFinite = evaluate(trial, trialResiduals, isCurrent)
      if halt != nil { return halt }
      let size2 = isFinite ? system.size(trialResiduals) : .infinity
      let ratio = (model.now - size2) / expected
      if ratio >= 1e-4 {
        for k in 0..<n {
          x[k] = trial[k]
          residuals[k] = trialResiduals[k]
        }
        slow = size > 0.3 * previous && size < 0.1 ? slow + 1 : 0
        previous = size
        if ratio > 0.75 {
          damping = damping < 1e-7 ? 0 : damping * 0.1
        } else if ratio < 0.25 {
          damping = max(4 * damping, 1e-4)
        }
        return nil
      }
      // At the floor no step shows a decrease.
      if isNewton, size < 1e-7 { return slow >= 3 ? .multipleRoot : .root }
      if n == 1, bracket != nil { return .noRoot }
      damping = max(10 * damping, 1e-3)
    }
  }

  /// Newton's step from `x` is lost in rounding.
  private var isAtFloor: Bool {
    if system.isSingular { return false }
    system.step(damping: 0, into: step)
    return maximumNorm(step, n) < 1e-9 * max(1, maximumNorm(x, n))
  }

  // MARK: Enclosing

  /// For one equation: a root between two points where the sides stand in different order; nil if
  /// there are none.
  private func enclosed() -> RootReason? {
    if bracket == nil { widen() }
    guard halt == nil, let first = bracket else { return nil }
    usedBracket = true
    var found = first
    // The precision of one pass is that of its larger end; Newton's steps do the rest.
    while true {
      let width = found.width
      if width < 1e-18 * max(1, abs(start[0])) { break }
      found = found.narrowed { point in
        steps += 1
        return value(point)
      }
      if halt != nil || found.fa == 0 || !(found.width < 0.5 * width) { break }
    }
    if halt != nil { return nil }
    var point = [found.best.x]
    let ends = max(abs(first.fa), abs(first.fb))
    // At a root the residual vanishes, at a jump it stays, at a pole it grows.
    if abs(found.best.f) < 0.5 * ends, polish(equations, &point, reach: 1e-6) == .done {
      x[0] = point[0]
      return evaluate(x, residuals, true) ? .root : nil
    }
    x[0] = found.best.x
    residuals[0] = found.best.f
    return abs(found.best.f) <= 1e-6 * ends ? .multipleRoot : .jump
  }

  /// Looks for a change of sign ever farther from the start.
  private func widen() {
    var distance = 0.01 * max(1, abs(start[0]))
    for _ in 0..<60 {
      for side in [1.0, -1] {
        _ = value(start[0] + side * distance)
        if bracket != nil || halt != nil { return }
      }
      distance *= 1.6
    }
  }
}
