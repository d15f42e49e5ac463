/// Minimising a compiled cost from a Swift program, without the report of a sentence.
import OptSolvers

/// Where a run ended.
public struct Minimum: Sendable {
  /// The best point seen.
  public let point: [Double]
  /// The cost there; NaN if there is none at the start.
  public let value: Double
  /// The largest magnitude of the gradient's elements; NaN if there is no gradient.
  public let gradientNorm: Double
  /// How often the cost or its derivatives were computed.
  public let evaluations: Int
  /// Whether the tolerance was reached.
  public let hasConverged: Bool
}

extension CompiledCost {
  /// Minimises the cost from `start`, with the method that the sentence `minimize` would take, until
  /// the largest magnitude of the gradient's elements is below `gradient`. `start` has `count`
  /// elements.
  public func minimize(from start: [Double], untilGradientBelow gradient: Double) -> Minimum {
    let solution = OptSolvers.minimize(
      objective, from: start, using: defaultMethod(for: objective),
      until: Stops(gradient: gradient), stop: stop)
    let norm = solution.gradient.map { $0.reduce(0) { max($0, abs($1)) } } ?? .nan
    return Minimum(
      point: solution.x, value: solution.value, gradientNorm: norm,
      evaluations: solution.counts.evaluations, hasConverged: norm < gradient)
  }
}
