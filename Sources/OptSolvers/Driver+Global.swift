/// Whether a minimum under constraints is proved to be the lowest.
import OptNumerics

extension Driver {
  /// Whether the point that is returned is proved to be the lowest of all feasible ones.
  ///
  /// With a Lagrangian L(·, λ) that is quadratic, its Hessian says whether it is convex everywhere. If
  /// so, f(x′) ≥ L(x′, λ) ≥ L(x, λ) = f(x) for all feasible x′ (Boyd & Vandenberghe 2004, "Convex
  /// Optimization", section 5.4.2). Evaluates nothing at a new point, so it is not counted.
  func provesGlobal(_ reason: StopReason) -> Bool {
    let objective = run.objective
    let ask: Ask = run.isConstrained ? .lagrangian : .hessian
    guard reason.claimsMinimum, !objective.restrictions.isEmpty, objective.hasQuadraticLagrangian,
      run.dimension > 0, objective.offers.contains(ask), run.halt == nil
    else { return false }
    if let sparsity = run.sparsity { return isConvex(ask, sparsity.lagrangian) }
    return run.dimension <= largestDenseDimension && isConvex(ask)
  }

  /// Flat directions count as convex, to within this part of the largest element.
  private static let flat = 1e-10

  private func isConvex(_ ask: Ask) -> Bool {
    let n = run.dimension
    let h = Buffer(count: n * n)
    guard let largest = evaluate(ask, into: h) else { return false }
    if largest == 0 { return true }
    for k in 0..<n { h[k * n + k] += Self.flat * largest }
    let state = Buffer(count: LinearAlgebra.stateSize(.cholesky, n, n))
    let scratch = Buffer(count: LinearAlgebra.scratchSize(.cholesky, n, n, right: 1))
    return withExtendedLifetime((h, state, scratch)) {
      LinearAlgebra.factor(
        .cholesky, h.pointer, n, n, into: state.pointer, scratch: scratch.pointer)
    }
  }

  private func isConvex(_ ask: Ask, _ pattern: SparsePattern) -> Bool {
    let h = Buffer(count: pattern.count)
    guard let largest = evaluate(ask.union(.sparse), into: h) else { return false }
    if largest == 0 { return true }
    let rows = pattern.rowIndices
    let upper = (0..<pattern.count).filter { rows[$0] <= pattern.indices[$0] }
    let diagonal = Array(0..<Int32(clamping: run.dimension))
    let ldl = SparseLDL(
      size: run.dimension,
      places: (upper.map { rows[$0] } + diagonal, upper.map { pattern.indices[$0] } + diagonal))
    let values = Buffer(
      upper.map { h[$0] } + repeatElement(Self.flat * largest, count: run.dimension))
    return withExtendedLifetime(values) { ldl?.factor(values.pointer, run.stop) == 0 }
  }

  /// The Hessian of the Lagrangian at the best point; its largest |element|.
  private func evaluate(_ ask: Ask, into target: Buffer) -> Double? {
    var answer = Answer()
    (answer.hessian, answer.lagrangian) = (target.pointer, target.pointer)
    let outcome = run.objective.evaluate(
      ask, at: run.best, along: run.rows.multipliers, into: &answer)
    return withExtendedLifetime(target) {
      outcome == .done ? maximumNorm(target.pointer, target.count) : nil
    }
  }
}
