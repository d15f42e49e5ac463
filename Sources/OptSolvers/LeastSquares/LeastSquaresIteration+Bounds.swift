/// How a least squares method keeps to bounds.
import OptNumerics

/// Variables at a bound that the gradient holds there are left out of the model, and those that a step
/// would carry across one stop at it, for which the model is solved anew.
extension LeastSquaresIteration {
  /// Whether the step leads out of the bounds.
  func crosses(_ run: Run, _ box: Box) -> Bool {
    for j in 0..<n {
      let end = run.x[j] + step[j] / scale[j]
      if end != box.clamp(end, j) { return true }
    }
    return false
  }

  /// Variables that the step would carry across a bound stop at it; the model is solved anew for the
  /// others, until none crosses.
  func stopAtBounds(_ run: Run, _ box: Box) {
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
}
