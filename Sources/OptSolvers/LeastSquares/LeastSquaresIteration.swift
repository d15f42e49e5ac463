/// The state of a least squares method within one run.
import OptNumerics

/// Steps of the linear model of the residuals in a trust region that is scaled by the Jacobian.
///
/// With `patience`, such steps are accelerated after as many short ones, and the model may also have
/// the second derivatives of the residuals: of the two models the next step uses the one that said
/// better what the last trial would bring.
final class LeastSquaresIteration: Iteration {
  let n: Int
  let m: Int
  let isDamped: Bool
  @exclusivity(unchecked) var factor: Double
  let qr: PivotedQR
  let memory: Buffer
  /// D, and the largest norms of the Jacobian's columns so far.
  let scale: UnsafeMutablePointer<Double>
  let peak: UnsafeMutablePointer<Double>
  /// The step times D.
  let step: UnsafeMutablePointer<Double>
  let steepest: UnsafeMutablePointer<Double>
  /// Residuals at the trial point, or after the steps to bounds; and these steps.
  let shifted: UnsafeMutablePointer<Double>
  let stopped: UnsafeMutablePointer<Double>
  /// Factors for the variables that bounds leave free.
  var bounded: PivotedQR?
  /// Δ; 0 until the first step.
  @exclusivity(unchecked) var radius = 0.0
  @exclusivity(unchecked) var damping = 0.0
  /// The model at `run.x` is made.
  @exclusivity(unchecked) var isCurrent = false
  /// Whether the scale, restored, is already that of this point.
  @exclusivity(unchecked) var keepsScale = false
  var isFree: [Bool]
  /// What is known of the second derivatives of the residuals; nil if they do not count.
  let curvature: ResidualCurvature?
  /// The model has them.
  @exclusivity(unchecked) var isCurved = false
  /// Steps in a row that a trust region cut short and that gained little: in a valley that bends.
  @exclusivity(unchecked) var shortSteps = 0
  /// As many, and steps are accelerated.
  let patience: Int
  /// As many, and the linear model comes back where the other one is cut short.
  static let leastShortSteps = 8
  let mayUseHessian: Bool
  @exclusivity(unchecked) var startValue: Double
  /// What the full step of the model gains.
  @exclusivity(unchecked) private(set) var decrease = Double.nan
  /// `decrease` before the last step, if that was too small to show in the value.
  @exclusivity(unchecked) var decreaseBefore: Double?
  @exclusivity(unchecked) var polishingSteps = 0
  let start: [Double]
  @exclusivity(unchecked) var restarts = 0
  static let largestRestarts = 4

  init(_ run: Run, radius: Double, isDamped: Bool, patience: Int? = nil) {
    n = run.dimension
    m = run.objective.residualCount
    self.isDamped = isDamped
    factor = radius
    curvature = patience != nil && run.box == nil ? ResidualCurvature(dimension: n) : nil
    self.patience = curvature == nil ? .max : patience ?? .max
    mayUseHessian =
      run.objective.offers.contains(.hessian) && run.dimension <= largestHessianDimension
    startValue = run.value
    qr = PivotedQR(rows: m, columns: n)
    memory = Buffer(count: 5 * n + max(m, n))
    scale = memory.pointer
    peak = scale + n
    step = peak + n
    steepest = step + n
    stopped = steepest + n
    shifted = stopped + n
    isFree = Array(repeating: true, count: n)
    start = Array(UnsafeBufferPointer(start: run.x, count: n))
  }

  func measures(_ run: Run) -> Measures {
    guard model(run) else { return Measures(rate: radius) }
    var measures = Measures(expectedDecrease: decrease, rate: radius, offset: offset(run))
    if isCurved, let curvature {
      measures.expectedDecrease = curvature.model.expectedDecrease ?? .infinity
      measures.isExact = curvature.isExact
    }
    return measures
  }

  /// Bates and Watts' relative offset: the part of the residuals that lies in the tangent plane of
  /// the model, relative to the part orthogonal to it, each per degree of freedom. 1981, "A relative
  /// offset orthogonality convergence criterion for nonlinear least squares".
  func offset(_ run: Run) -> Double {
    guard decrease > 0 else { return 0 }
    let rest = max(run.value - decrease, 0)
    let ratio = decrease / Double(max(qr.rank, 1)) / (rest / Double(max(m - qr.rank, 1)))
    return ratio.squareRoot()
  }

  func restart(_ run: Run) {
    isCurrent = false
    isCurved = false
    curvature?.forget()
    radius = 0
    decreaseBefore = nil
    polishingSteps = 0
  }

  func archive(_ archive: Archive, _ run: Run) {
    archive.numbers("scale", scale, n)
    archive.number("radius", &radius)
    archive.number("damping", &damping)
    archive.optional("decreaseBefore", &decreaseBefore)
    archive.count("polishingSteps", &polishingSteps)
    archive.numbers("peak", peak, n)
    archive.number("factor", &factor)
    archive.count("restarts", &restarts)
    archive.number("startValue", &startValue)
    archive.flag("isCurved", &isCurved)
    archive.count("shortSteps", &shortSteps)
    if let curvature { archive.scope("curvature") { curvature.archive(archive) } }
    // The model is made anew of the Jacobian, which the run has kept; the scale is that of the model.
    var isKnown = isCurrent
    archive.flag("isCurrent", &isKnown)
    if archive.isRestoring { (isCurrent, keepsScale) = (false, isKnown) }
  }

  /// Scale and factors at `run.x`; false if the derivatives there are not known or not finite.
  func model(_ run: Run) -> Bool {
    if isCurrent { return true }
    guard run.knowsJacobian else { return false }
    if !keepsScale { curvature?.learn(run) }
    isCurved = isCurved && curvature?.isKnown ?? false
    for j in 0..<n {
      isFree[j] = !(run.box?.holds(run.x[j], run.gradient[j], j) ?? false)
      if keepsScale { continue }
      let norm = euclideanNorm(run.residualJacobian + j, m, stride: n)
      // D forgets slowly: where columns shrink for good, the old norms would hide them.
      scale[j] = max(0.9 * scale[j], norm)
      peak[j] = max(peak[j], norm)
      if isCurved, let curvature { scale[j] = max(scale[j], curvature.size(j)) }
      if !(scale[j] > 0) || !scale[j].isFinite { scale[j] = 1 }
    }
    keepsScale = false
    guard qr.factorize(run.residualJacobian, run.residuals, scale: scale, isFree: isFree) else {
      return false
    }
    decrease = qr.decrease
    isCurrent = true
    isCurved = isCurved && curvature?.prepare(run, qr, scale) ?? false
    return true
  }

  /// Puts the second derivatives of the residuals into the model at the current point.
  func bend(_ run: Run) {
    isCurved = true
    isCurrent = false
    _ = model(run)
  }

  func step(_ run: Run) -> Advance {
    switch run.requireJacobian() {
    case .stopped: return .halted
    case .notFinite: return .notFinite
    case .done: break
    }
    guard model(run) else { return .notFinite }
    if let before = decreaseBefore, decrease >= 0.95 * before || polishingSteps >= 50 {
      decreaseBefore = nil
      return .stuck(.degenerate)
    }
    var size = 0.0
    for j in 0..<n { size += (scale[j] * run.x[j]) * (scale[j] * run.x[j]) }
    size = size.squareRoot()
    let isFirst = radius == 0
    if isFirst { radius = size > 0 ? factor * size : factor }
    var isShortened = isFirst
    while true {
      propose(run)
      let length = euclideanNorm(step, n)
      if isShortened, length < radius {
        radius = length
        isShortened = false
      }
      let predicted = predictedDecrease(run)
      guard length > 0, predicted > 0 else {
        // A step cut at bounds may lead upwards; a short one does not.
        guard run.box != nil, length > Double.ulpOfOne * size else { return .stuck(.degenerate) }
        radius *= 0.25
        continue
      }
      var isAccelerated = false
      if shortSteps >= patience, !isCurved, damping > 0 {
        switch accelerate(run, length) {
        case .stopped: return .halted
        case .notFinite:
          radius = 0.5 * length
          continue
        case .done: isAccelerated = true
        }
      }
      place(run)
      var answer = Answer()
      answer.residuals = shifted
      let outcome = run.evaluate(
        curvature == nil ? .value : [.value, .residuals], at: run.trial, into: &answer)
      if outcome == .stopped { return .halted }
      let actual = outcome == .done ? run.value - answer.value : -.infinity
      // What the value cannot show is decided by the residuals: they are more precise.
      if predicted <= 64 * Double.ulpOfOne * run.value, actual >= -256 * Double.ulpOfOne * run.value
      {
        decreaseBefore = decrease
        polishingSteps += 1
        return accepted(run, answer.value)
      }
      let ratio = actual / predicted
      if isAccelerated {
        for j in 0..<n { step[j] -= steepest[j] }
      } else {
        compare(actual, predicted, length, run)
      }
      resize(ratio, actual, predicted, length)
      if ratio > 1e-4 {
        let isShort = curvature != nil && actual < 0.2 * run.value
        shortSteps = isShort ? shortSteps + 1 : 0
        decreaseBefore = nil
        polishingSteps = 0
        return accepted(run, answer.value)
      }
      if radius <= Double.ulpOfOne * size || radius < Double.leastNormalMagnitude {
        return .stuck(.lineSearch)
      }
    }
  }

  func accepted(_ run: Run, _ value: Double) -> Advance {
    curvature?.prepareToLearn(run, shifted)
    run.accept(run.trial, value: value)
    isCurrent = false
    return .moved
  }

  /// Δ for the next step. Where a step failed, the parabola through what is known says how far.
  func resize(_ ratio: Double, _ actual: Double, _ predicted: Double, _ length: Double) {
    if ratio >= 0.75 || damping == 0 && ratio > 0.25 {
      radius = max(radius, 2 * length)
      damping *= 0.5
    } else if !(ratio > 0.25) {
      var shrink = 0.25
      if actual.isFinite, actual < 0 {
        // Value and slope at 0, value at the end of the step.
        let slope = min(slopeAlongStep, -predicted)
        shrink = min(0.5, max(0.1, 0.5 * slope / (slope + actual)))
      } else if actual.isFinite {
        shrink = 0.5
      }
      radius = shrink * min(radius, 10 * length)
      damping /= shrink
    }
  }

  @exclusivity(unchecked) var slopeAlongStep = 0.0

  /// Takes the model for the next step that said better what the trial at the end of `step` brought.
  func compare(_ actual: Double, _ predicted: Double, _ length: Double, _ run: Run) {
    guard let curvature, curvature.isKnown, actual.isFinite else { return }
    let bent = curvature.curvature(step, scale)
    let other = isCurved ? predicted + bent : predicted - bent
    guard 1.5 * abs(other - actual) < abs(predicted - actual) else { return }
    isCurved.toggle()
    // After a failure the other model is for the same point.
    if isCurved, !(actual > 1e-4 * predicted) { bend(run) }
  }

  /// Puts the next step, times D, into `step`.
  func propose(_ run: Run) {
    if isCurved, let model = curvature?.model {
      let (_, length) = model.solve(radius, into: step)
      for j in 0..<n { step[j] *= scale[j] }
      damping = length < 0.9 * radius ? 0 : 1
      // Far from a minimum a valley that bends is followed better by the linear model.
      if damping == 0 || shortSteps < max(patience, Self.leastShortSteps) { return }
      isCurved = false
    }
    damping = solve(qr, radius)
    if let box = run.box, crosses(run, box) { stopAtBounds(run, box) }
  }

  func solve(_ qr: PivotedQR, _ radius: Double) -> Double {
    isDamped ? qr.step(radius: radius, damping: damping, into: step) : dogleg(qr, radius)
  }

  /// The dogleg path: to the best point along steepest descent, then to the full step.
  func dogleg(_ qr: PivotedQR, _ radius: Double) -> Double {
    qr.fullStep(into: step)
    let length = euclideanNorm(step, n)
    if length <= radius { return 0 }
    qr.steepest(into: steepest)
    let steepness = dot(steepest, steepest, n)
    let image = qr.squaredImage(steepest)
    let best = image > 0 ? steepness / image : radius / steepness.squareRoot()
    let descent = best * steepness.squareRoot()
    if descent >= radius {
      for j in 0..<n { step[j] = steepest[j] * (radius / steepness.squareRoot()) }
      return 1
    }
    // |c + t(g − c)| = Δ
    var (square, mixed) = (0.0, 0.0)
    for j in 0..<n {
      steepest[j] *= best
      let difference = step[j] - steepest[j]
      square += difference * difference
      mixed += steepest[j] * difference
    }
    let rest = radius * radius - descent * descent
    let t = rest / (mixed + (mixed * mixed + square * rest).squareRoot())
    for j in 0..<n { step[j] = steepest[j] + t * (step[j] - steepest[j]) }
    return 1
  }

  /// What the model expects of the step, such as ‖r‖² − ‖r + Jp‖², and the slope along it.
  func predictedDecrease(_ run: Run) -> Double {
    var slope = 0.0
    for j in 0..<n { slope += run.gradient[j] * step[j] / scale[j] }
    slopeAlongStep = slope
    let bent = isCurved ? curvature?.curvature(step, scale) ?? 0 : 0
    return -slope - squaredImage(run) - bent
  }

  /// ‖Jp‖² for the step. R does not know the variables that bounds hold.
  func squaredImage(_ run: Run) -> Double {
    guard run.box != nil else { return qr.squaredImage(step) }
    var sum = 0.0
    for i in 0..<m {
      var part = 0.0
      for j in 0..<n { part += run.residualJacobian[i * n + j] * step[j] / scale[j] }
      sum += part * part
    }
    return sum
  }

  /// The trial point.
  func place(_ run: Run) {
    for j in 0..<n {
      let end = run.x[j] + step[j] / scale[j]
      run.trial[j] = run.box?.clamp(end, j) ?? end
    }
  }
}
