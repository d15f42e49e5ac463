/// Losses: what a fit sums up instead of squares, so that outliers count less.
import OptGraph

/// ρ(z) of the squared residual z in units of the scale; ρ(z) ≈ z for small z. Triggs et al. 2000,
/// "Bundle adjustment", section 3; the constants for 95 % efficiency from Huber & Ronchetti 2009 and
/// Holland & Welsch 1977.
enum Loss: String, CaseIterable {
  case squares, huber, soft_l1, cauchy, tukey

  /// What the estimated standard deviation is multiplied with for the scale.
  var tuning: Double {
    switch self {
    case .squares: .infinity
    case .huber, .soft_l1: 1.345
    case .cauchy: 2.3849
    case .tukey: 4.6851
    }
  }

  /// ρ′(z), the weight of a residual.
  func weight(_ z: Double) -> Double {
    switch self {
    case .squares: 1
    case .huber: z > 1 ? 1 / z.squareRoot() : 1
    case .soft_l1: 1 / (1 + z).squareRoot()
    case .cauchy: 1 / (1 + z)
    case .tukey: z > 1 ? 0 : (1 - z) * (1 - z)
    }
  }

  /// ψ′(u) = ρ′ + 2zρ″, where ψ(u) = uρ′(u²).
  func slope(_ z: Double) -> Double {
    switch self {
    case .squares: 1
    case .huber: z > 1 ? 0 : 1
    case .soft_l1: 1 / ((1 + z) * (1 + z).squareRoot())
    case .cauchy: (1 - z) / ((1 + z) * (1 + z))
    case .tukey: z > 1 ? 0 : (1 - z) * (1 - 5 * z)
    }
  }

  /// ρ(z), z ≥ 0.
  func value(_ z: Expression) -> Expression {
    let graph = z.graph
    switch self {
    case .squares: return z
    case .huber:
      let large = graph.apply(.greater, z, graph.number(1))
      return graph.select(large, 2 * z.apply(.sqrt) - 1, z)
    case .soft_l1: return 2 * z / ((1 + z).apply(.sqrt) + 1)
    case .cauchy: return z.apply(.log1p)
    case .tukey:
      let large = graph.apply(.greater, z, graph.number(1))
      return graph.select(large, graph.number(1.0 / 3), z * (1 - z + z * z / 3))
    }
  }

  /// √ρ′(z).
  func root(_ z: Expression) -> Expression {
    let graph = z.graph
    switch self {
    case .squares: return graph.number(1)
    case .huber:
      let large = graph.apply(.greater, z, graph.number(1))
      return graph.select(large, 1 / z.apply(.sqrt).apply(.sqrt), graph.number(1))
    case .soft_l1: return 1 / (1 + z).apply(.sqrt).apply(.sqrt)
    case .cauchy: return 1 / (1 + z).apply(.sqrt)
    case .tukey:
      let large = graph.apply(.greater, z, graph.number(1))
      return graph.select(large, graph.number(0), 1 - z)
    }
  }
}
