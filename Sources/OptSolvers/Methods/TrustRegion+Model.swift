/// The quadratic model of the trust-region method, and what is known of its matrix.
import OptNumerics

extension TrustRegionIteration {
  /// Sees to it that the model belongs to `run.x`; what is wrong if that cannot be.
  func prepare(_ run: Run) -> Advance? {
    if isPrepared, !wantsHessian { return nil }
    if wantsHessian {
      var answer = Answer()
      answer.hessian = matrix
      let outcome = run.evaluate(.hessian, at: run.x, into: &answer)
      if outcome == .stopped { return .halted }
      regret = 0
      if outcome == .done {
        isExact = true
        isGuess = false
        wantsHessian = false
      } else {
        // The gradient alone must do.
        guess(run)
        hasNoHessian = true
      }
    }
    let wasFlat = model.isFlat
    guard prepareModel(run) else { return .stuck(.degenerate) }
    // Without curvature the radius is a length of the variables, which says nothing of the value.
    if wasFlat, !model.isFlat { radius = 0 }
    if isExact { isProven = model.lowest > FlatDirections.smallShare && isCurved() }
    if radius == 0 { radius = firstRadius(run) }
    isPrepared = true
    return nil
  }

  /// To the model's minimum; where it has none, no farther than the variables' own size.
  func firstRadius(_ run: Run) -> Double {
    if model.expectedDecrease != nil { return model.fullLength }
    let (_, length) = model.solve(model.fullLength, into: step)
    let size = maximumNorm(step, n)
    let largest = Self.firstReach * max(1, maximumNorm(run.x, n))
    return size > largest ? length * largest / size : length
  }

  /// Decomposes the matrix, without the variables that are held by a bound.
  func prepareModel(_ run: Run) -> Bool {
    guard let box = run.box else { return model.prepare(matrix, run.gradient) }
    let slope = restricted + n * n
    restricted.update(from: matrix, count: n * n)
    slope.update(from: run.gradient, count: n)
    for held in 0..<n where box.holds(run.x[held], run.gradient[held], held) {
      for index in 0..<n {
        restricted[held * n + index] = 0
        restricted[index * n + held] = 0
      }
      restricted[held * n + held] = 1
      slope[held] = 0
    }
    return model.prepare(restricted, slope)
  }

  func setIdentity(_ factor: Double) {
    matrix.update(repeating: 0, count: n * n)
    for index in 0..<n { matrix[index * n + index] = factor }
  }

  /// A first matrix without evaluating one: its step changes the variables by their own size.
  func guess(_ run: Run) {
    wantsHessian = false
    isGuess = true
    let norm = euclideanNorm(run.gradient, n)
    setIdentity(max(norm / max(1, 0.1 * maximumNorm(run.x, n)), 1e-10))
  }

  /// Gives the guess the curvature of the first step: Nocedal & Wright 2006, eq. 6.20.
  func improveGuess() {
    let factor = dot(change, change, n) / dot(step, change, n)
    guard factor > 0, factor.isFinite else { return }
    isGuess = false
    setIdentity(factor)
    for row in 0..<n { product[row] = change[row] - factor * step[row] }
  }

  /// Whether the curvature of the exact model is large enough in absolute terms.
  func isCurved() -> Bool {
    for k in 0..<n {
      model.direction(k, into: product)
      let norm = euclideanNorm(product, n)
      if !(model.values[k] > FlatDirections.smallCurvature * norm * norm) { return false }
    }
    return true
  }

  /// Asks for the Hessian, unless the model has it.
  func renew() -> Bool {
    if isExact || hasNoHessian { return false }
    wantsHessian = true
    return true
  }

  /// The model expects a decrease below the rounding error.
  func isAtFloor(_ run: Run) -> Bool {
    guard let decrease = model.expectedDecrease else { return false }
    return decrease <= 0.25 * Double.ulpOfOne * abs(run.value)
  }

  /// The scaled gradient without what pushes against a bound.
  func norm(
    _ slope: UnsafePointer<Double>, at point: UnsafePointer<Double>, _ run: Run
  ) -> Double {
    guard let box = run.box else { return scaledNorm(slope) }
    var sum = 0.0
    for index in 0..<n where !box.holds(point[index], slope[index], index) {
      let part = slope[index] / model.scale[index]
      sum += part * part
    }
    return sum.squareRoot()
  }

  func scaledNorm(_ vector: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for index in 0..<n {
      let part = vector[index] / model.scale[index]
      sum += part * part
    }
    return sum.squareRoot()
  }
}
