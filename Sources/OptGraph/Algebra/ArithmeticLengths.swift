/// How much work it is to read sums and products.

/// The numbers of terms and factors that sums and products of a graph have when they are taken
/// apart.
struct ArithmeticLengths {
  private struct Length {
    var terms = 1
    var factors = 1
    /// Σ factors² over the terms.
    var squares = 1
  }

  private var lengths: [Length] = []

  /// About how many comparisons it takes to collect the terms and factors of `x`.
  mutating func work(for x: Expression) -> Int {
    let nodes = x.graph.nodes
    while lengths.count <= Int(x.index) { lengths.append(length(of: nodes[lengths.count])) }
    let length = lengths[Int(x.index)]
    return length.terms == 1 ? length.squares : length.terms * length.terms + length.squares
  }

  /// Operands precede what uses them.
  private func length(of node: Node) -> Length {
    guard let family = ForDisplay.family(node) else { return Length() }
    var result = lengths[Int(node.a)]
    guard node.b >= 0 else { return result }
    let other = lengths[Int(node.b)]
    switch family {
    case .sum:
      result.terms = min(result.terms + other.terms, Self.most)
      result.squares = min(result.squares + other.squares, Self.most * Self.most)
      result.factors = 1
    case .product:
      let factors = (result.terms > 1 ? 1 : result.factors) + (other.terms > 1 ? 1 : other.factors)
      result = Length(terms: 1, factors: min(factors, Self.most))
      result.squares = result.factors * result.factors
    }
    return result
  }

  /// Longer ones count as so long.
  private static let most = 1_000
}
