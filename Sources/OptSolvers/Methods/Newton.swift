/// Newton's method with exact second derivatives and a modified Cholesky factorisation.
import OptNumerics

/// Solves the quadratic model exactly at every step: few steps, quadratic convergence.
///
///     p = −(∇²f + E)⁻¹ ∇f,  x ← x + αp
///
/// E = 0 where the Hessian is positive definite, otherwise as small as makes it so; α satisfies the
/// strong Wolfe conditions. Near a saddle point the step follows a direction of negative curvature.
/// Choose it for few variables, hard or badly scaled problems, and high accuracy. Nocedal & Wright
/// 2006, Alg. 3.2; Gill, Murray & Wright 1981, section 4.4.2.
package struct Newton: Method {
  /// How the step length is found.
  package var search: any LineSearch

  package init(search: any LineSearch = StrongWolfe()) { self.search = search }

  package static let entry = MethodEntry(
    name: "newton", summary: "exact second derivatives; few variables, high accuracy",
    help: """
      Factorises the Hessian at every step, made positive definite where it is not, and searches
      along Newton's direction. Leaves saddle points along negative curvature.
      """,
    options: [LineSearchCatalogue.option("strong_wolfe")], needs: [.gradient, .hessian],
    make: { Newton(search: $0.search("search") ?? StrongWolfe()) },
    keepsMatrix: true)

  package var name: String { "newton" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "factorisation", value: "modified Cholesky (Gill-Murray-Wright)"),
      MethodOption(name: "search", value: search.label),
    ]
  }
  package var needs: Ask { [.gradient, .hessian] }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { NewtonIteration(run, search) }
}

/// The state of Newton's method; also what the default method turns to.
final class NewtonIteration: Iteration {
  private let n: Int
  private let matrix: Buffer
  private let vectors: Buffer
  private let hessian: UnsafeMutablePointer<Double>
  private let direction: UnsafeMutablePointer<Double>
  private let newGradient: UnsafeMutablePointer<Double>
  private let factorization: ModifiedCholesky
  private let search: any LineSearch
  /// How far a gradient without curvature is believed, relative to the variables.
  private static let flatReach = 1e-3
  private var length = 0.0
  /// The model at `run.x` is made.
  private var isCurrent = false
  private var hasCurvature = false
  private(set) var expectedDecrease: Double?

  init(_ run: Run, _ search: any LineSearch = StrongWolfe()) {
    self.search = search
    n = run.dimension
    matrix = Buffer(count: n * n)
    vectors = Buffer(count: 2 * n)
    hessian = matrix.pointer
    direction = vectors.pointer
    newGradient = vectors.pointer + n
    factorization = ModifiedCholesky(dimension: n)
  }

  func step(_ run: Run) -> Advance {
    guard model(run) else { return .halted }
    if factorization.isModified, let decrease = expectedDecrease,
      decrease < 1e-8 * abs(run.value) + 1e-14, let outcome = escape(run)
    {
      return outcome
    }
    var slope = dot(run.gradient, direction, n)
    if !hasCurvature || !(slope < 0) || !slope.isFinite { slope = steepest(run) }
    let first = hasCurvature ? 1 : 1 / max(1, euclideanNorm(run.gradient, n))
    if let found = descend(run, slope, first) { return found }
    // Where the Hessian is far from the truth the gradient may still serve.
    if hasCurvature {
      slope = steepest(run)
      if let found = descend(run, slope, 1 / max(1, euclideanNorm(run.gradient, n))) {
        return found
      }
    }
    return run.halt == nil ? .stuck(.lineSearch) : .halted
  }

  func measures(_ run: Run) -> Measures {
    Measures(expectedDecrease: isCurrent ? expectedDecrease : nil, rate: length)
  }

  /// Evaluates the Hessian at the claimed minimum: nothing to gain along Newton's direction, and
  /// nothing along negative curvature.
  func confirms(_ run: Run) -> Bool {
    guard run.requireGradient() == .done, model(run) else { return false }
    guard hasCurvature, let decrease = expectedDecrease else { return true }
    let isDone = decrease <= max(run.decreaseTolerance, 4 * run.noise)
    if !isDone { return false }
    if !allFinite(hessian, n) { return true }
    let exact = ExactSubproblem(dimension: n)
    guard exact.prepare(hessian, run.gradient),
      FlatDirections.descend(run, exact, direction, newGradient) != nil
    else { return true }
    isCurrent = false
    return false
  }

  func restart(_ run: Run) { isCurrent = false }

  func archive(_ archive: Archive, _ run: Run) {
    archive.numbers("hessian", hessian, n * n)
    archive.numbers("vectors", vectors.pointer, 2 * n)
    archive.number("length", &length)
    archive.flag("isCurrent", &isCurrent)
    archive.flag("hasCurvature", &hasCurvature)
    archive.optional("expectedDecrease", &expectedDecrease)
    if archive.isRestoring, isCurrent { _ = factorization.factorize(hessian) }
  }

  /// The decrease the exact model expects at the current point, and whether the Hessian there has
  /// no clearly negative curvature.
  func assess(_ run: Run) -> (decrease: Double, isConvex: Bool)? {
    guard model(run), hasCurvature, let decrease = expectedDecrease else { return nil }
    // Along directions without curvature the value falls as far as the gradient holds.
    let reach = Self.flatReach * max(1, maximumNorm(run.x, n))
    return (decrease + factorization.flatSlope * reach, !factorization.hasNegativePivot)
  }

  private func steepest(_ run: Run) -> Double {
    for index in 0..<n { direction[index] = -run.gradient[index] }
    return -dot(run.gradient, run.gradient, n)
  }

  private func descend(_ run: Run, _ slope: Double, _ first: Double) -> Advance? {
    guard
      let found = search.search(
        run, along: direction, slope: slope, first: first, gradient: newGradient)
    else { return nil }
    length = found.step
    run.accept(run.trial, value: found.value, gradient: newGradient)
    isCurrent = false
    return .moved
  }

  /// Hessian, factors, Newton's direction and the expected decrease at `run.x`; false if refused.
  private func model(_ run: Run) -> Bool {
    if isCurrent { return true }
    var answer = Answer()
    answer.hessian = hessian
    let outcome = run.evaluate(.hessian, at: run.x, into: &answer)
    if outcome == .stopped { return false }
    let slope = newGradient
    slope.update(from: run.gradient, count: n)
    if let box = run.box { restrict(slope, to: box, at: run.x) }
    hasCurvature = outcome == .done && factorization.factorize(hessian)
    expectedDecrease = nil
    if hasCurvature {
      let decrease = factorization.solve(slope, into: direction)
      for index in 0..<n { direction[index] = -direction[index] }
      hasCurvature = allFinite(direction, n)
      if decrease.isFinite { expectedDecrease = decrease }
    }
    isCurrent = true
    return true
  }

  /// Takes the variables that are held by a bound out of the model.
  private func restrict(
    _ slope: UnsafeMutablePointer<Double>, to box: Box, at x: UnsafePointer<Double>
  ) {
    for held in 0..<n where box.holds(x[held], slope[held], held) {
      for index in 0..<n {
        hessian[held * n + index] = 0
        hessian[index * n + held] = 0
      }
      hessian[held * n + held] = 1
      slope[held] = 0
    }
  }

  /// Moves along negative curvature, if the Hessian has any that lowers the value. Nil if not.
  private func escape(_ run: Run) -> Advance? {
    let along = newGradient
    guard factorization.negativeCurvature(into: along) else { return nil }
    var curvature = 0.0
    for row in 0..<n { curvature += along[row] * dot(hessian + row * n, along, n) }
    guard curvature < 0 else { return nil }
    let slope = dot(run.gradient, along, n)
    let sign = slope > 0 ? -1.0 : 1.0
    let largest = maximumNorm(along, n)
    guard largest > 0, largest.isFinite else { return nil }
    var step = sign * 0.1 * max(1, maximumNorm(run.x, n)) / largest
    for _ in 0..<40 {
      move(run.x, step, along, into: run.trial, n)
      var answer = Answer()
      let outcome = run.evaluate(.value, at: run.trial, into: &answer)
      if outcome == .stopped { return .halted }
      let predicted = -step * slope - 0.5 * step * step * curvature
      if predicted < 10 * run.noise { return nil }
      if outcome == .done, answer.value < run.value - 0.01 * predicted {
        run.accept(run.trial, value: answer.value)
        run.note("left a saddle point along negative curvature")
        isCurrent = false
        switch run.requireGradient() {
        case .stopped: return .halted
        case .notFinite: return .notFinite
        case .done: return .moved
        }
      }
      step *= 0.5
    }
    return nil
  }
}
