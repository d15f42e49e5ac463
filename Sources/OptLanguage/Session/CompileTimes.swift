/// How long it took to make code of a function.

/// Seconds that the stages took, from a function of the language to what computes it.
public struct CompileTimes: Sendable {
  /// Running the function once on symbols.
  public var tracing = 0.0
  /// Derivatives, as further nodes of the graph.
  public var differentiating = 0.0
  /// From the graph to the steps of a program.
  public var planning = 0.0
  /// From the steps to machine code.
  public var generating = 0.0

  /// All stages together.
  public var total: Double { tracing + differentiating + planning + generating }
}

extension Duration {
  /// In seconds.
  var seconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
