/// A primal–dual interior point method with a filter line search.
import OptNumerics

/// Follows the central path: inequalities get slacks s > 0 and a barrier −μ Σ ln s, bounds one of
/// their own, and Newton's method solves the optimality conditions while μ goes to 0.
///
/// Uses the exact Hessian of the Lagrangian, from 100 variables on as a sparse matrix (`AugmentedSystem`;
/// else `CondensedSystem`), with a multiple of the identity added where the step
/// would not be one of descent. A trial point must lower the barrier function or the violation
/// against a filter of earlier points; a second-order correction and a phase that only reduces the
/// violation help where it does not. Choose it for many inequalities, or where `sqp` fails. Wächter &
/// Biegler 2006, "On the implementation of an interior-point filter line-search algorithm".
package struct InteriorPoint: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "interior_point",
    summary: "primal-dual interior point; constraints, exact second derivatives",
    help: """
      Stays strictly inside of inequalities and bounds and follows the central path to the optimum.
      Uses the exact Hessian of the Lagrangian.
      """,
    options: [], needs: [.gradient, .hessian], make: { _ in InteriorPoint() }, keepsMatrix: true,
    honours: [.bounds, .constraints])

  package var name: String { "interior_point" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "barrier", value: "monotone, first 0.1"),
      MethodOption(name: "line search", value: "filter"),
    ]
  }
  package var needs: Ask { [.gradient, .hessian] }
  package var honours: Restrictions { [.bounds, .constraints] }
  package var needsDeterministicCosts: Bool { true }
  package var takesSparse: Bool { true }

  package func start(_ run: Run) -> any Iteration { InteriorPointIteration(run) }
}

/// The state of one run of `interior_point`.
final class InteriorPointIteration: Iteration {
  let n: Int
  let m: Int
  let memory: Buffer
  let system: any StepSystem
  let dx: UnsafeMutablePointer<Double>
  let right: UnsafeMutablePointer<Double>
  let work: UnsafeMutablePointer<Double>
  /// Multipliers of lower and upper bounds.
  let zl: UnsafeMutablePointer<Double>
  let zu: UnsafeMutablePointer<Double>
  /// Slacks and multipliers of the rows: of inequalities both are positive, o·c − s = 0.
  let s: UnsafeMutablePointer<Double>
  let z: UnsafeMutablePointer<Double>
  let ds: UnsafeMutablePointer<Double>
  let dz: UnsafeMutablePointer<Double>
  let residual: UnsafeMutablePointer<Double>
  let corrected: UnsafeMutablePointer<Double>
  let trialRows: UnsafeMutablePointer<Double>
  let trialSlack: UnsafeMutablePointer<Double>
  let scale: UnsafeMutablePointer<Double>
  let diagonal: UnsafeMutablePointer<Double>
  let weights: UnsafeMutablePointer<Double>
  let sides: UnsafeMutablePointer<Double>
  var mu = 0.1
  var filter: [(theta: Double, phi: Double)] = []
  var largestTheta = Double.infinity
  var lastShift = 0.0
  var isStarted = false
  var length = 1.0
  /// Steps with the least barrier.
  var last = 0
  static let smallBarrier = 1e-11
  /// Where a bound is active by little, distance and multiplier are both about √μ.
  static let leastBarrier = 1e-17
  /// Errors of this size end the barrier problem of a small barrier.
  static let accuracy = 1e-9
  /// Finite, so that dependent equations do no harm.
  static let equationWeight = 1e9

  init(_ run: Run) {
    n = run.dimension
    m = run.rowCount
    system =
      run.sparsity.flatMap { AugmentedSystem(run, $0.lagrangian) } ?? CondensedSystem(run)
    memory = Buffer(count: 6 * n + 11 * m)
    var next = memory.pointer
    func take(_ count: Int) -> UnsafeMutablePointer<Double> {
      defer { next += count }
      return next
    }
    dx = take(n)
    right = take(n)
    work = take(n)
    zl = take(n)
    zu = take(n)
    s = take(m)
    z = take(m)
    ds = take(m)
    dz = take(m)
    residual = take(m)
    corrected = take(m)
    trialRows = take(m)
    trialSlack = take(m)
    scale = take(m)
    diagonal = take(n)
    weights = take(m)
    sides = take(m)
  }

  func restart(_ run: Run) { isStarted = false }

  func measures(_ run: Run) -> Measures {
    Measures(rate: length, kkt: isStarted && run.isConstrained ? run.kkt() : nil)
  }

  func archive(_ archive: Archive, _ run: Run) {
    archive.numbers("memory", memory.pointer, memory.count)
    var pairs = filter.map { [$0.theta, $0.phi] }
    archive.points("filter", &pairs, dimension: 2)
    filter = pairs.map { ($0[0], $0[1]) }
    archive.number("mu", &mu)
    archive.number("largestTheta", &largestTheta)
    archive.number("lastShift", &lastShift)
    archive.number("length", &length)
    archive.flag("isStarted", &isStarted)
    archive.count("last", &last)
  }

  func confirms(_ run: Run) -> Bool {
    guard run.dimension <= largestHessianDimension else { return true }
    if SQPIteration(run).confirmsAnew(run) { return true }
    isStarted = false
    return false
  }

  func lower(_ run: Run, _ k: Int) -> Double { run.box?.lower[k] ?? -.infinity }
  func upper(_ run: Run, _ k: Int) -> Double { run.box?.upper[k] ?? .infinity }
  func isFixed(_ run: Run, _ k: Int) -> Bool { lower(run, k) == upper(run, k) }

  // MARK: The start

  /// Moves the start inside of its bounds; nil if an evaluation was refused or is not finite.
  private func begin(_ run: Run) -> Advance? {
    var isMoved = false
    for k in 0..<n {
      let (l, u) = (lower(run, k), upper(run, k))
      var value = run.x[k]
      if l < u {
        let width = u - l
        let low = l > -.infinity ? l + min(1e-2 * max(1, abs(l)), 1e-2 * width) : l
        let high = u < .infinity ? u - min(1e-2 * max(1, abs(u)), 1e-2 * width) : u
        value = min(max(value, low), high)
      }
      if value != run.x[k] { isMoved = true }
      run.trial[k] = value
      zl[k] = l > -.infinity && l < u ? 1 : 0
      zu[k] = u < .infinity && l < u ? 1 : 0
    }
    if isMoved { run.accept(run.trial) }
    switch run.requireGradient() {
    case .stopped: return .halted
    case .notFinite: return .notFinite
    case .done: break
    }
    mu = 0.1
    last = 0
    filter = []
    lastShift = 0
    for row in 0..<m {
      // Rows are scaled so that their gradients are not large.
      let largest = run.rows.largestSlope(row)
      scale[row] = largest > 100 ? 100 / largest : 1
      if run.isEquation[row] {
        z[row] = 0
        s[row] = 0
      } else {
        s[row] = max(run.orientation[row] * run.rows.values[row] * scale[row], 1e-2)
        z[row] = 1
      }
      sides[row] = side(run, row)
    }
    largestTheta = 1e4 * max(1, theta(run, run.rows.values, s))
    isStarted = true
    publish(run)
    return nil
  }

  /// The multipliers where the driver looks for them.
  func publish(_ run: Run) {
    for row in 0..<m {
      run.rows.multipliers[row] =
        scale[row] * (run.isEquation[row] ? z[row] : -run.orientation[row] * z[row])
    }
  }

  // MARK: A step

  func step(_ run: Run) -> Advance {
    if !isStarted, let trouble = begin(run) { return trouble }
    guard run.requireGradient() == .done else { return run.halt == nil ? .notFinite : .halted }
    if mu <= Self.leastBarrier {
      last += 1
      if last > 30 { return .stuck(.degenerate) }
    }
    while mu > Self.smallBarrier, error(run, mu) < 10 * mu {
      mu = max(Self.smallBarrier, min(0.2 * mu, mu * mu.squareRoot()))
      filter = []
    }
    if mu <= Self.smallBarrier, mu > Self.leastBarrier, error(run, mu) < Self.accuracy {
      mu = max(Self.leastBarrier, 0.01 * mu)
      filter = []
    }
    var ask: Ask = m > 0 ? .lagrangian : .hessian
    if run.sparsity != nil { ask.insert(.sparse) }
    var answer = Answer()
    (answer.lagrangian, answer.hessian) = (system.hessian, system.hessian)
    switch run.evaluate(ask, at: run.x, along: run.rows.multipliers, into: &answer) {
    case .stopped: return .halted
    case .notFinite: return .notFinite
    case .done: break
    }
    for row in 0..<m {
      let c = scale[row] * run.rows.values[row]
      residual[row] = run.isEquation[row] ? c : run.orientation[row] * c - s[row]
    }
    guard factorize(run) else {
      return run.stop.isRequested ? .halted : .stuck(.degenerate)
    }
    return search(run)
  }

  func side(_ run: Run, _ row: Int) -> Double {
    scale[row] * (run.isEquation[row] ? 1 : run.orientation[row])
  }

  /// The step in `dx`, `ds`, `dz` from the first system that is accurate and leads downwards: the
  /// Hessian gets multiples of the identity until that is so (algorithm IC of the paper).
  private func factorize(_ run: Run) -> Bool {
    for k in 0..<n {
      diagonal[k] = isFixed(run, k) ? 1e20 : 0
      if zl[k] > 0 { diagonal[k] += zl[k] / (run.x[k] - lower(run, k)) }
      if zu[k] > 0 { diagonal[k] += zu[k] / (upper(run, k) - run.x[k]) }
    }
    for row in 0..<m { weights[row] = run.isEquation[row] ? Self.equationWeight : z[row] / s[row] }
    let largest = max(1e-8, system.hessianSize)
    var shift = 0.0
    for _ in 0..<60 {
      if system.factor(run, sides, diagonal, weights, shift: shift, run.stop), solve(run, residual)
      {
        if shift > 0 { lastShift = shift }
        return true
      }
      if run.stop.isRequested { return false }
      if shift == 0 {
        shift = lastShift == 0 ? 1e-4 : max(1e-20, lastShift / 3)
      } else {
        shift *= lastShift == 0 ? 100 : 8
      }
      if shift > 1e20 * largest { return false }
    }
    return false
  }

  /// dx, ds and dz for the residuals `r` of the rows; whether they are accurate.
  func solve(_ run: Run, _ r: UnsafePointer<Double>) -> Bool {
    for k in 0..<n {
      var sum = run.gradient[k]
      if zl[k] > 0 { sum -= mu / (run.x[k] - lower(run, k)) }
      if zu[k] > 0 { sum += mu / (upper(run, k) - run.x[k]) }
      right[k] = -sum
    }
    for row in 0..<m { dz[row] = -sides[row] * (run.isEquation[row] ? z[row] : -mu / s[row]) }
    run.rows.addTransposed(dz, to: right)
    for k in 0..<n where isFixed(run, k) { right[k] = 0 }
    guard system.solve(run, right, r, into: dx, dz) else { return false }
    // Of equations `dz` is the change of their multipliers.
    for row in 0..<m {
      if run.isEquation[row] {
        ds[row] = 0
      } else {
        ds[row] = sides[row] * run.rows.slope(row, along: dx) + r[row]
        dz[row] = mu / s[row] - z[row] - z[row] / s[row] * ds[row]
      }
    }
    return true
  }
}
