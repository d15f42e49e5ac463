/// How large the rounding error of a function is, from values at points that nearly coincide.
package enum RoundingError {
  /// The standard deviation of the noise in `values`, seven of them along a line at equal distances
  /// so small that the function itself is straight there. The values are overwritten.
  ///
  /// From third differences, after Moré & Wild 2011, "Estimating computational noise", SIAM J. Sci.
  /// Comput. 33(3).
  package static func estimate(_ values: Buffer) -> Double {
    guard values.count > 3 else { return 0 }
    var remaining = values.count
    for _ in 0..<3 {
      remaining -= 1
      for index in 0..<remaining { values[index] = values[index + 1] - values[index] }
    }
    var sum = 0.0
    for index in 0..<remaining { sum += values[index] * values[index] }
    // (3!)²/6! = 1/20 relates the variance of third differences to that of the values.
    return (sum / Double(remaining) / 20).squareRoot()
  }
}
