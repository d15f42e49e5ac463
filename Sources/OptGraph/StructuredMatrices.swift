/// Triangles, identities and diagonal matrices as nodes of a graph.
import OptNumerics

extension Expression {
  /// If this is a diagonal matrix with a column laid on its diagonal: that.
  var diagonalElements: Expression? {
    guard node.operation == .assemble, shape.lanes.isEmpty, shape.rows == shape.columns else {
      return nil
    }
    let pieces = graph.assemblies[Int(node.payload)].pieces
    guard pieces.count == 1, pieces[0].map.offset == 0,
      pieces[0].map.strides.first == Int(shape.columns) + 1
    else { return nil }
    let column = Expression(graph: graph, index: pieces[0].node)
    return column.shape == Shape(rows: Int(shape.rows), columns: 1) ? column : nil
  }

  /// The diagonal matrix of a column.
  package var onDiagonal: Expression {
    let n = Int(shape.rows)
    return graph.assemble(
      Shape(rows: n, columns: n), adds: false, [(self, StridedMap(strides: [n + 1, 0]))])
  }
}

extension Graph {
  /// A known n×n matrix, one value below, on and above the diagonal each.
  package func triangle(
    _ n: Int32, below: Double, diagonal: Double, above: Double
  ) -> Expression {
    let n = Int(n)
    let buffer = Buffer(uninitialized: n * n)
    for i in 0..<n {
      for j in 0..<n { buffer[i * n + j] = i > j ? below : i == j ? diagonal : above }
    }
    return array(buffer, Shape(rows: n, columns: n))
  }

  /// The identity matrix of `n` rows, always the same node.
  package func identity(_ n: Int32) -> Expression {
    if let known = identities[n] { return Expression(graph: self, index: known) }
    let made = triangle(n, below: 0, diagonal: 1, above: 0)
    identities[n] = made.index
    return made
  }
}
