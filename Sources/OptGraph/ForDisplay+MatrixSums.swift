/// Sums in the pass for display: matrices and diagonals that several terms have in common,
/// AB + CB = (A + C)B.

extension ForDisplay {
  /// A x + B x as (A + B) x, and x A + x B likewise.
  func withCommonMatrix(_ terms: [Term]) -> [Term] {
    guard terms.count > 1, terms.count <= MatrixProduct.longest else { return terms }
    var result = withOneDiagonal(terms)
    for fromLeft in [false, true] {
      var products = result.map { $0.asMatrixProduct(in: target) }
      for k in result.indices {
        guard let common = fromLeft ? products[k]?.factors.first : products[k]?.factors.last
        else { continue }
        let same = products.indices.filter { i in
          (fromLeft ? products[i]?.factors.first : products[i]?.factors.last) == common
        }
        guard same.count > 1 else { continue }
        let parts = same.compactMap { i -> (Expression, Double)? in
          guard var rest = products[i] else { return nil }
          if fromLeft { rest.factors.removeFirst() } else { rest.factors.removeLast() }
          guard let (first, last) = rest.ends else { return nil }
          let shape = Shape(
            lanes: result[i].shape.lanes, rows: Int(first.shape.rows),
            columns: Int(last.shape.columns))
          return (rest.rendered(shape, in: target), 1)
        }
        guard parts.count == same.count else { continue }
        let inner = sum(parts, Self.deepest)
        let shape = result[k].shape
        let whole = multiplied(fromLeft ? [common, inner] : [inner, common], shape)
        result[k] = Term(of: whole)
        for i in same.reversed() where i != k { result.remove(at: i) }
        return withCommonMatrix(result)
      }
      products = []
    }
    return result
  }

  /// diag(a) + diag(b) as diag(a + b).
  private func withOneDiagonal(_ terms: [Term]) -> [Term] {
    func column(_ term: Term) -> Expression? {
      let (numbers, rest) = term.numbersApart
      guard rest.factors.count == 1, rest.factors[0].exponent == 1,
        let elements = rest.factors[0].base.diagonalElements
      else { return nil }
      return binary(.multiply, numbers.rendered(in: target), elements.beforeRepeating)
        .broadcast(to: elements.shape)
    }
    let columns = terms.map { column($0) }
    let places = columns.indices.filter { columns[$0] != nil }
    guard places.count > 1, let first = places.first else { return terms }
    let total = sum(places.compactMap { columns[$0].map { ($0, 1) } }, Self.deepest)
    var result = terms
    let shape = terms[first].shape
    result[first] = Term(
      of: total.broadcast(to: Shape(rows: Int(shape.rows), columns: 1)).onDiagonal)
    for place in places.dropFirst().reversed() { result.remove(at: place) }
    return result
  }
}

extension Term {
  /// This as numbers times a product of two matrices or more.
  func asMatrixProduct(in graph: Graph) -> MatrixProduct? {
    let (numbers, rest) = numbersApart
    guard rest.factors.count == 1, rest.factors[0].exponent == 1,
      rest.factors[0].base.node.operation == .product
    else { return nil }
    var product = MatrixProduct(of: [rest.factors[0].base], in: graph)
    product.scale.multiply(by: numbers, power: 1)
    return product.factors.count > 1 ? product : nil
  }
}

extension MatrixProduct {
  fileprivate var ends: (Expression, Expression)? {
    guard let first = factors.first, let last = factors.last else { return nil }
    return (first, last)
  }
}
