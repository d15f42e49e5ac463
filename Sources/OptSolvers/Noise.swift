/// The rounding error in the objective, measured: what tells the precision floor from a failure.
import OptNumerics

extension Run {
  /// Estimates the rounding error of the value near the current point from third differences of
  /// seven values along a line of nearly neighbouring points.
  func measureNoise() {
    guard knowsValue, dimension > 0 else { return }
    let count = 7
    let values = Buffer(count: count)
    var answer = Answer()
    for sample in 0..<count {
      // Distinct small multiples of the unit in the last place, with signs that alternate
      // irregularly, so that the roundings of the samples differ.
      for index in 0..<dimension {
        let sign = (index &* 7 &+ index / 3) & 1 == 0 ? 1.0 : -1.0
        let step = 3 * Double.ulpOfOne * max(abs(x[index]), 1e-3)
        trial[index] = x[index] + sign * Double(sample - 3) * step
        if let box { trial[index] = box.clamp(trial[index], index) }
      }
      guard evaluate(.value, at: trial, into: &answer) == .done else { return }
      values[sample] = answer.value
    }
    let noise = RoundingError.estimate(values)
    if noise.isFinite { measuredNoise = noise }
  }
}
