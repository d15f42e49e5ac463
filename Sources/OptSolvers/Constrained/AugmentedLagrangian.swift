/// The augmented Lagrangian method: a sequence of problems with bounds only.
import OptNumerics

/// Minimises f + Σ ρ/2 (violation of cᵢ + λᵢ/ρ)² within the bounds, again and again, with better λ
/// and, where the violation does not fall fast enough, a larger ρ.
///
/// Needs no second derivatives and keeps no matrix beside the derivatives of the constraints. Choose
/// it for many variables with few constraints. Nocedal & Wright 2006, section 17.4; Birgin & Martínez
/// 2014, "Practical augmented Lagrangian methods", algorithm 4.1.
package struct AugmentedLagrangian: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "augmented_lagrangian",
    summary: "multipliers and a penalty; constraints with many variables, no Hessians",
    help: """
      Moves the constraints into the cost, with multipliers and a penalty, and minimises that within
      the bounds by a quasi-Newton method. Repeats with better multipliers.
      """,
    options: [], needs: [.gradient], make: { _ in AugmentedLagrangian() },
    honours: [.bounds, .constraints])

  package var name: String { "augmented_lagrangian" }
  package var options: [MethodOption] {
    [MethodOption(name: "penalty", value: "10, ×10 where the violation falls by less than half")]
  }
  package var needs: Ask { [.gradient] }
  package var honours: Restrictions { [.bounds, .constraints] }
  package var needsDeterministicCosts: Bool { true }
  package var takesSparse: Bool { true }

  package func start(_ run: Run) -> any Iteration { AugmentedIteration(run) }
}

/// One step is one inner minimisation.
private final class AugmentedIteration: Iteration {
  private let augmented: AugmentedObjective
  private let m: Int
  private var tolerance = 1e-2
  private var lastViolation = Double.infinity
  private var stalls = 0

  init(_ run: Run) {
    m = run.rowCount
    augmented = AugmentedObjective(run)
  }

  func measures(_ run: Run) -> Measures {
    Measures(rate: augmented.penalty, kkt: run.isConstrained ? run.kkt() : nil)
  }

  func confirms(_ run: Run) -> Bool {
    run.dimension > largestHessianDimension || SQPIteration(run).confirmsAnew(run)
  }

  func archive(_ archive: Archive, _ run: Run) {
    archive.numbers("lambda", augmented.lambda, m)
    archive.number("penalty", &augmented.penalty)
    archive.number("tolerance", &tolerance)
    archive.number("lastViolation", &lastViolation)
    archive.count("stalls", &stalls)
  }

  func step(_ run: Run) -> Advance {
    let before = run.counts.evaluations
    let inner = minimize(
      augmented, from: Array(UnsafeBufferPointer(start: run.x, count: run.dimension)),
      using: defaultMethod(for: augmented),
      until: Stops(steps: 2000, gradient: tolerance), stop: run.stop)
    if run.halt != nil { return .halted }
    guard inner.value.isFinite else { return .notFinite }
    for k in 0..<run.dimension { run.trial[k] = inner.x[k] }
    run.accept(run.trial)
    guard run.requireGradient() == .done else { return run.halt == nil ? .notFinite : .halted }
    var violation = 0.0
    for row in 0..<m {
      let shifted = augmented.multiplier(row, run.rows.values[row])
      // How far the row is from where its multiplier lets it be.
      violation = max(violation, abs(shifted - augmented.lambda[row]) / augmented.penalty)
      augmented.lambda[row] = shifted
      run.rows.multipliers[row] = shifted
    }
    stalls = run.movedNowhere && violation >= lastViolation ? stalls + 1 : 0
    if stalls > 3 || run.counts.evaluations == before { return .stuck(.degenerate) }
    if violation > 0.5 * lastViolation, violation > 1e-10 {
      augmented.penalty *= 10
      if augmented.penalty > 1e12 { return .stuck(.degenerate) }
    }
    lastViolation = violation
    tolerance = max(0.1 * tolerance, 1e-9)
    return .moved
  }
}

/// The inner cost.
private final class AugmentedObjective: Objective {
  private let run: Run
  let lambda: UnsafeMutablePointer<Double>
  var penalty = 10.0
  private let c: UnsafeMutablePointer<Double>
  private let shifted: UnsafeMutablePointer<Double>
  private let jacobian: UnsafeMutablePointer<Double>
  private let memory: Buffer

  init(_ run: Run) {
    self.run = run
    let m = run.rowCount
    memory = Buffer(count: 3 * m + run.rows.starts[m])
    lambda = memory.pointer
    c = lambda + m
    shifted = c + m
    jacobian = shifted + m
  }

  var layout: [Block] { run.objective.layout }
  var offers: Ask { [.value, .gradient] }
  var bounds: Bounds? { run.objective.bounds }
  // The rows are in the value.
  let constraints: [Constraint] = []
  let isQuadratic = false
  let residualCount = 0
  func culprit(at x: UnsafePointer<Double>) -> Fault? { nil }

  /// The multiplier that a row with value `c` asks for.
  func multiplier(_ row: Int, _ c: Double) -> Double {
    let value = lambda[row] + penalty * c
    if run.isEquation[row] { return value }
    return run.orientation[row] < 0 ? max(0, value) : min(0, value)
  }

  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome {
    var inner = Answer()
    inner.constraints = c
    var wanted: Ask = [.value, .constraints]
    if ask.contains(.gradient) {
      wanted.formUnion([.gradient, .constraintJacobian])
      if run.rows.isSparse { wanted.insert(.sparse) }
      inner.gradient = answer.gradient
      inner.constraintJacobian = jacobian
    }
    let outcome = run.evaluate(wanted, at: x, into: &inner)
    guard outcome == .done else { return outcome }
    var value = inner.value
    for row in 0..<run.rowCount {
      shifted[row] = multiplier(row, c[row])
      value += (shifted[row] * shifted[row] - lambda[row] * lambda[row]) / (2 * penalty)
    }
    if let gradient = answer.gradient, ask.contains(.gradient) {
      run.rows.addTransposed(shifted, of: jacobian, to: gradient)
    }
    answer.value = value
    return value.isFinite ? .done : .notFinite
  }
}
