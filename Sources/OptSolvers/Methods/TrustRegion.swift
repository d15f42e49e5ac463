/// The trust-region method with exact subproblems, and with Hessians that are renewed when it pays.
import OptNumerics

/// Minimises the quadratic model within a region in which it has proved right.
///
///     p = argmin gᵀp + ½pᵀBp over ‖Dp‖ ≤ Δ;  x ← x + p if f falls by a share of what B predicts
///
/// Δ grows after good predictions and shrinks after bad ones. With hessian = "exact" B is ∇²f at
/// every point. With "mixed" it is updated from the changes of the gradient while those updates make
/// quick progress, and evaluated anew when what they waste approaches the price of a Hessian, n
/// gradients. Within bounds the model is minimised face by face and no point leaves them. The default
/// for few smooth variables: few evaluations, and saddle points are left by themselves. Nocedal &
/// Wright 2006, Alg. 4.1, eq. 6.19 and 6.24; Moré & Sorensen 1983, SIAM J. Sci. Stat. Comput. 4(3);
/// Lin & Moré 1999, SIAM J. Optim. 9(4).
package struct TrustRegion: Method {
  /// Whether Hessians are updated between evaluations.
  package var isMixed: Bool

  package init(isMixed: Bool = true) { self.isMixed = isMixed }

  package static let entry = MethodEntry(
    name: "trust_region", summary: "quadratic model within a trusted region; few smooth variables",
    help: """
      Minimises a quadratic model within a region that grows while the model is right. The Hessian
      is exact at first and is then updated from gradients as long as that makes quick progress
      (hessian = "mixed"), or evaluated at every step (hessian = "exact"). Keeps to bounds.
      """,
    options: [
      OptionEntry(
        name: "hessian", defaultValue: "\"mixed\"", doc: "when second derivatives are evaluated",
        kind: .word(["mixed", "exact"]))
    ],
    needs: [.gradient, .hessian],
    make: { TrustRegion(isMixed: $0.word("hessian") != "exact") }, keepsMatrix: true,
    honours: .bounds)

  package var name: String { "trust_region" }
  package var options: [MethodOption] {
    [MethodOption(name: "hessian", value: isMixed ? "mixed" : "exact")]
  }
  package var needs: Ask { [.gradient, .hessian] }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { TrustRegionIteration(run, isMixed: isMixed) }
}

/// The state of the trust-region method.
final class TrustRegionIteration: Iteration {
  let n: Int
  let isMixed: Bool
  let memory: Buffer
  let matrix: UnsafeMutablePointer<Double>
  let step: UnsafeMutablePointer<Double>
  let newGradient: UnsafeMutablePointer<Double>
  let change: UnsafeMutablePointer<Double>
  let product: UnsafeMutablePointer<Double>
  /// Matrix and gradient without the variables that are held by a bound; only with a box.
  let restricted: UnsafeMutablePointer<Double>
  let model: ExactSubproblem
  /// What replaces the exact subproblem where its step would leave the box.
  let boxed: BoxSubproblem?
  var radius = 0.0
  /// The model is made of `matrix` and the gradient at `run.x`.
  var isPrepared = false
  /// `matrix` is the Hessian at `run.x`.
  var isExact = false
  var wantsHessian = true
  /// There is no finite Hessian at `run.x`.
  var hasNoHessian = false
  /// `matrix` is a multiple of the identity that no step has improved yet.
  var isGuess = false
  /// The last Hessian had positive curvature only, and every update since agreed with it.
  var isProven = false
  /// What updates have wasted since the last Hessian, in evaluations.
  var regret = 0.0

  /// A step that leaves more than this share of the gradient wasted its two evaluations.
  static let slowShare = 0.8
  /// Updates may waste this share of the n gradients that a Hessian costs.
  static let patience = 1.5
  /// Up to this many variables the first Hessian is exact, as it costs no more than what it saves.
  static let fewVariables = 3
  /// The first step, relative to the variables, where the model has no minimum.
  static let firstReach = 0.2

  init(_ run: Run, isMixed: Bool) {
    n = run.dimension
    self.isMixed = isMixed
    memory = Buffer(count: n * n + 4 * n + (run.box == nil ? 0 : n * n + n))
    matrix = memory.pointer
    step = matrix + n * n
    newGradient = step + n
    change = newGradient + n
    product = change + n
    model = ExactSubproblem(dimension: n)
    boxed = run.box.map { BoxSubproblem($0, dimension: run.dimension) }
    restricted = product + n
  }

  func step(_ run: Run) -> Advance {
    if run.requireGradient() != .done { return run.halt == nil ? .notFinite : .halted }
    if isMixed, n > Self.fewVariables, run.step == 0, radius == 0, !isExact { guess(run) }
    for _ in 0..<100 {
      if let trouble = prepare(run) { return trouble }
      if isAtFloor(run), isProven || !renew() { return .stuck(.degenerate) }
      if let trouble = prepare(run) { return trouble }
      let (predicted, length) = solve(run)
      guard predicted > 0, length.isFinite else {
        if renew() { continue }
        return .stuck(.degenerate)
      }
      move(run.x, 1, step, into: run.trial, n)
      if let box = run.box {
        for index in 0..<n { run.trial[index] = box.clamp(run.trial[index], index) }
      }
      if let advance = attempt(run, predicted, length) { return advance }
    }
    return .stuck(.degenerate)
  }

  func measures(_ run: Run) -> Measures {
    guard isPrepared else { return Measures(rate: radius) }
    return Measures(
      expectedDecrease: model.expectedDecrease ?? .infinity, rate: radius,
      isExact: isExact || isProven)
  }

  /// The Hessian at the claimed minimum, unless the last one and all steps since leave no doubt.
  func confirms(_ run: Run) -> Bool {
    guard run.requireGradient() == .done else { return false }
    if isProven, isPrepared { return true }
    if !isExact { isPrepared = false }
    wantsHessian = !isExact && !hasNoHessian
    guard prepare(run) == nil else { return false }
    if let decrease = model.expectedDecrease,
      decrease > max(run.decreaseTolerance, 4 * run.noise)
    {
      return false
    }
    guard let advance = FlatDirections.descend(run, model, step, product) else { return true }
    if advance == .moved { restart(run) }
    return false
  }

  func recover(_ run: Run) -> Bool {
    if isExact { return false }
    restart(run)
    return true
  }

  func restart(_ run: Run) {
    isPrepared = false
    isExact = false
    isProven = false
    hasNoHessian = false
    wantsHessian = true
    radius = 0
  }

  func archive(_ archive: Archive, _ run: Run) {
    archive.numbers("memory", memory.pointer, memory.count)
    archive.number("radius", &radius)
    archive.number("regret", &regret)
    archive.flag("isPrepared", &isPrepared)
    archive.flag("isExact", &isExact)
    archive.flag("wantsHessian", &wantsHessian)
    archive.flag("isGuess", &isGuess)
    archive.flag("isProven", &isProven)
    // The model is made of the matrix and the gradient.
    if archive.isRestoring, isPrepared, !prepareModel(run) { isPrepared = false }
  }

  /// The step for the radius, within the box.
  func solve(_ run: Run) -> (decrease: Double, length: Double) {
    let found = model.solve(radius, into: step)
    guard let box = run.box, let boxed else { return found }
    let isInside = (0..<n).allSatisfy { index in
      let place = run.x[index] + step[index]
      return place >= box.lower[index] && place <= box.upper[index]
    }
    if isInside, found.decrease > 0 { return found }
    return boxed.solve(
      BoxSubproblem.Model(
        x: run.x, gradient: run.gradient, matrix: matrix, scale: model.scale), radius, into: step)
  }

  // MARK: One attempt

  /// Evaluates the trial point and takes it if it is good enough. Nil to try again.
  func attempt(_ run: Run, _ predicted: Double, _ length: Double) -> Advance? {
    var answer = Answer()
    answer.gradient = newGradient
    let slack = 8 * run.noise
    let isFine = predicted <= slack
    let outcome = run.evaluate(
      isFine ? [.value, .gradient] : .value, at: run.trial, into: &answer)
    if outcome == .stopped { return .halted }
    if outcome == .notFinite {
      radius = 0.1 * length
      return radius < 1e-300 ? .stuck(.degenerate) : nil
    }
    let value = answer.value
    let ratio = (run.value - value) / predicted
    var isAccepted = ratio > 1e-4
    if isFine {
      // Rounding hides the decrease: the gradient, which is accurate to more digits, decides.
      isAccepted =
        value <= run.value + slack
        && norm(newGradient, at: run.trial, run) < 0.9 * norm(run.gradient, at: run.x, run)
    }
    if isAccepted, !isFine {
      let outcome = run.evaluate(.gradient, at: run.trial, into: &answer)
      if outcome == .stopped { return .halted }
      if outcome == .notFinite || !allFinite(newGradient, n) {
        radius = 0.1 * length
        return nil
      }
    }
    guard isAccepted else {
      if isFine { return renew() ? nil : .stuck(.degenerate) }
      if run.measuredNoise == nil, predicted <= 1e-9 * abs(run.value) + 1e-14 {
        // So little is left that the value may be too noisy to show it.
        run.measureNoise()
      }
      regret += 1
      if regret >= Self.patience * Double(n), renew() { return nil }
      let slope = dot(run.gradient, step, n)
      let best = -0.5 * slope / (value - run.value - slope)
      radius = length * min(max(best.isFinite ? best : 0.1, 0.1), 0.5)
      return radius < 1e-300 ? .stuck(.degenerate) : nil
    }
    if !isFine {
      if ratio < 0.25 {
        radius = 0.5 * length
      } else if ratio > 0.75, length > 0.8 * radius {
        radius = 3 * length
      }
    }
    take(run, value)
    return .moved
  }

  /// Makes the trial point the current one, updates the matrix or decides to evaluate it.
  func take(_ run: Run, _ value: Double) {
    for index in 0..<n {
      step[index] = run.trial[index] - run.x[index]
      change[index] = newGradient[index] - run.gradient[index]
    }
    let before = norm(run.gradient, at: run.x, run)
    let after = norm(newGradient, at: run.trial, run)
    for row in 0..<n { product[row] = change[row] - dot(matrix + row * n, step, n) }
    // How far the model was from the gradient that was found.
    if !(scaledNorm(product) <= 0.1 * scaledNorm(run.gradient)) { isProven = false }
    regret = after > Self.slowShare * before ? regret + 2 : 0
    wantsHessian = !isMixed || regret >= Self.patience * Double(n)
    if isGuess { improveGuess() }
    update()
    run.accept(run.trial, value: value, gradient: newGradient)
    isPrepared = false
    isExact = false
    hasNoHessian = false
  }

  /// BFGS where the curvature along the step is positive, SR1 otherwise: what is in `product` is
  /// y − Bs.
  func update() {
    let sy = dot(step, change, n)
    let ss = dot(step, step, n)
    let sBs = sy - dot(step, product, n)
    if sy > 1e-10 * (ss * dot(change, change, n)).squareRoot(), sBs > 0, model.lowest > 0 {
      for row in 0..<n {
        let bs = change[row] - product[row]
        for column in 0..<n {
          matrix[row * n + column] +=
            change[row] * change[column] / sy - bs * (change[column] - product[column]) / sBs
        }
      }
      return
    }
    let divisor = dot(step, product, n)
    guard abs(divisor) > 1e-8 * (ss * dot(product, product, n)).squareRoot() else { return }
    for row in 0..<n {
      let factor = product[row] / divisor
      for column in 0..<n { matrix[row * n + column] += factor * product[column] }
    }
  }
}
