/// The state of a least squares method within one run.
import OptNumerics

/// Steps of the linear model of the residuals in a trust region that is scaled by the Jacobian.
///
/// Bounds are kept by projection: variables at a bound that the gradient holds there are left out of
/// the model, and those that a step would carry across one stop at it, for which the model is solved
/// anew.
final class LeastSquaresIteration: Iteration {
  private let n: Int
  private let m: Int
  private let isDamped: Bool
  private var factor: Double
  private let qr: PivotedQR
  private let memory: Buffer
  /// D, and the largest norms of the Jacobian's columns so far.
  private let scale: UnsafeMutablePointer<Double>
  private let peak: UnsafeMutablePointer<Double>
  private let step: UnsafeMutablePointer<Double>
  private let steepest: UnsafeMutablePointer<Double>
  /// Residuals after the steps to bounds, and these steps.
  private let shifted: UnsafeMutablePointer<Double>
  private let stopped: UnsafeMutablePointer<Double>
  /// Factors for the variables that bounds leave free.
  private var bounded: PivotedQR?
  /// Δ; 0 until the first step.
  private(set) var radius = 0.0
  private var damping = 0.0
  /// The model at `run.x` is made.
  private var isCurrent = false
  private var isFree: [Bool]
  /// What the full step of the model gains.
  private(set) var decrease = Double.nan
  /// `decrease` before the last step, if that was too small to show in the value.
  private var decreaseBefore: Double?
  private var polishingSteps = 0
  private let start: [Double]
  private var restarts = 0
  private static let largestRestarts = 4

  init(_ run: Run, radius: Double, isDamped: Bool) {
    n = run.dimension
    m = run.objective.residualCount
    self.isDamped = isDamped
    factor = radius
    qr = PivotedQR(rows: m, columns: n)
    memory = Buffer(count: 5 * n + m)
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
    return Measures(expectedDecrease: decrease, rate: radius, offset: offset(run))
  }

  /// Bates and Watts' relative offset: the part of the residuals that lies in the tangent plane of
  /// the model, relative to the part orthogonal to it, each per degree of freedom. 1981, "A relative
  /// offset orthogonality convergence criterion for nonlinear least squares".
  private func offset(_ run: Run) -> Double {
    guard decrease > 0 else { return 0 }
    let rest = max(run.value - decrease, 0)
    let ratio = decrease / Double(max(qr.rank, 1)) / (rest / Double(max(m - qr.rank, 1)))
    return ratio.squareRoot()
  }

  /// The columns of the Jacobian at the current point that are no combinations of the others.
  var rank: Int { qr.rank }

  /// Where a column of the Jacobian has vanished, its variable ran off to where the residuals do not
  /// see it any more: a minimum in name only. Begins anew, with a shorter first step.
  func confirms(_ run: Run) -> Bool {
    guard run.value > 1e-20, restarts < Self.largestRestarts else { return true }
    let hasVanished = (0..<n).contains { j in
      var largest = 0.0
      for i in 0..<m { largest = max(largest, abs(run.residualJacobian[i * n + j])) }
      return largest < 1e-10 * peak[j]
    }
    guard hasVanished else { return true }
    restarts += 1
    factor *= 0.1
    run.note("a variable ran off to where the residuals do not depend on it; beginning anew")
    start.withUnsafeBufferPointer { point in
      if let base = point.baseAddress { run.accept(base) }
    }
    restart(run)
    for j in 0..<n {
      scale[j] = 0
      peak[j] = 0
    }
    _ = run.requireGradient()
    return false
  }

  func restart(_ run: Run) {
    isCurrent = false
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
    // The model is made anew of the Jacobian, which the run has kept.
    if archive.isRestoring { isCurrent = false }
  }

  /// Scale and factors at `run.x`; false if the derivatives there are not known or not finite.
  private func model(_ run: Run) -> Bool {
    if isCurrent { return true }
    guard run.knowsJacobian else { return false }
    for j in 0..<n {
      let norm = columnNorm(run, j)
      // D forgets slowly: where columns shrink for good, the old norms would hide them.
      scale[j] = max(0.5 * scale[j], norm)
      peak[j] = max(peak[j], norm)
      if !(scale[j] > 0) || !scale[j].isFinite { scale[j] = 1 }
      isFree[j] = !(run.box?.holds(run.x[j], run.gradient[j], j) ?? false)
    }
    guard qr.factorize(run.residualJacobian, run.residuals, scale: scale, isFree: isFree) else {
      return false
    }
    decrease = qr.decrease
    isCurrent = true
    return true
  }

  /// The norm of a column of the Jacobian; where its square would overflow or vanish, of the column
  /// divided by its largest element.
  private func columnNorm(_ run: Run, _ j: Int) -> Double {
    let column = run.residualJacobian + j
    var sum = 0.0
    for i in 0..<m { sum += column[i * n] * column[i * n] }
    if sum > 1e-280, sum < 1e280 { return sum.squareRoot() }
    var largest = 0.0
    for i in 0..<m { largest = max(largest, abs(column[i * n])) }
    guard largest > 0, largest.isFinite else { return largest }
    sum = 0
    for i in 0..<m { sum += (column[i * n] / largest) * (column[i * n] / largest) }
    return largest * sum.squareRoot()
  }

  func step(_ run: Run) -> Advance {
    switch run.requireGradient() {
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
      damping = propose(run)
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
      place(run)
      var answer = Answer()
      let outcome = run.evaluate(.value, at: run.trial, into: &answer)
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
      resize(ratio, actual, predicted, length)
      if ratio > 1e-4 {
        decreaseBefore = nil
        polishingSteps = 0
        return accepted(run, answer.value)
      }
      if radius <= Double.ulpOfOne * size || radius < Double.leastNormalMagnitude {
        return .stuck(.lineSearch)
      }
    }
  }

  private func accepted(_ run: Run, _ value: Double) -> Advance {
    run.accept(run.trial, value: value)
    isCurrent = false
    return .moved
  }

  /// Δ for the next step. Where a step failed, the parabola through what is known says how far.
  private func resize(_ ratio: Double, _ actual: Double, _ predicted: Double, _ length: Double) {
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

  private var slopeAlongStep = 0.0

  /// Puts the next step, times D, into `step`; its λ.
  private func propose(_ run: Run) -> Double {
    let λ = solve(qr, radius)
    if let box = run.box, crosses(run, box) { stopAtBounds(run, box) }
    return λ
  }

  private func solve(_ qr: PivotedQR, _ radius: Double) -> Double {
    isDamped ? qr.step(radius: radius, damping: damping, into: step) : dogleg(qr, radius)
  }

  /// Whether the step leads out of the bounds.
  private func crosses(_ run: Run, _ box: Box) -> Bool {
    for j in 0..<n {
      let end = run.x[j] + step[j] / scale[j]
      if end != box.clamp(end, j) { return true }
    }
    return false
  }

  /// Variables that the step would carry across a bound stop at it; the model is solved anew for the
  /// others, until none crosses.
  private func stopAtBounds(_ run: Run, _ box: Box) {
    let inner = bounded ?? PivotedQR(rows: m, columns: n)
    bounded = inner
    var free = isFree
    shifted.update(from: run.residuals, count: m)
    var used = 0.0
    for _ in 0..<n {
      var isCrossing = false
      for j in 0..<n where free[j] {
        let end = run.x[j] + step[j] / scale[j]
        let nearest = box.clamp(end, j)
        guard nearest != end else { continue }
        isCrossing = true
        free[j] = false
        let part = nearest - run.x[j]
        stopped[j] = part * scale[j]
        used += stopped[j] * stopped[j]
        for i in 0..<m { shifted[i] += run.residualJacobian[i * n + j] * part }
      }
      guard isCrossing, free.contains(true),
        inner.factorize(run.residualJacobian, shifted, scale: scale, isFree: free)
      else { break }
      let rest = max(radius * radius - used, 0.01 * radius * radius).squareRoot()
      _ = solve(inner, rest)
    }
    for j in 0..<n where !free[j] { step[j] = isFree[j] ? stopped[j] : 0 }
  }

  /// The dogleg path: to the best point along steepest descent, then to the full step.
  private func dogleg(_ qr: PivotedQR, _ radius: Double) -> Double {
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

  /// ‖r‖² − ‖r + Jp‖² for the step, and the slope along it.
  private func predictedDecrease(_ run: Run) -> Double {
    var slope = 0.0
    for j in 0..<n { slope += run.gradient[j] * step[j] / scale[j] }
    slopeAlongStep = slope
    return -slope - squaredImage(run)
  }

  /// ‖Jp‖² for the step. R does not know the variables that bounds hold.
  private func squaredImage(_ run: Run) -> Double {
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
  private func place(_ run: Run) {
    for j in 0..<n {
      let end = run.x[j] + step[j] / scale[j]
      run.trial[j] = run.box?.clamp(end, j) ?? end
    }
  }
}
