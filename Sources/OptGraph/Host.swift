/// Nodes whose value is computed outside of the graph, and nodes with a derivative of their own.

/// What a `host` node computes: a column of numbers that depends on a column of parameters, such as
/// an optimum or a root. The derivative consists of ordinary nodes, so it has derivatives, too.
///
/// Graphs and programs share a host. It may be asked from one thread at a time, also while it is
/// being asked: by what it runs.
package protocol Host: AnyObject, Sendable {
  /// How messages call it.
  var name: String { get }
  /// Why the result that was computed last has no derivative.
  var failure: String? { get }
  /// The number of lane levels that derivatives use inside.
  var laneLevels: Int { get }
  /// Computes the result of `parameters`; `start` is where to begin, which has no derivative.
  func evaluate(
    _ parameters: UnsafePointer<Double>, from start: UnsafePointer<Double>,
    into result: UnsafeMutablePointer<Double>)
  /// The adjoint of the parameters, of their shape.
  func pullback(_ node: HostNode, adjoint: Expression) -> Expression
  /// The tangent of the result, with the further lanes of the tangent of the parameters.
  func pushforward(_ node: HostNode, tangent: Expression) -> Expression
}

/// A host node with its operands.
package struct HostNode {
  package let parameters: Expression
  package let start: Expression
  package let result: Expression

  package init(_ graph: Graph, _ index: Int32) {
    let node = graph.nodes[Int(index)]
    parameters = Expression(graph: graph, index: node.a)
    start = Expression(graph: graph, index: node.b)
    result = Expression(graph: graph, index: index)
  }
}

extension Graph {
  /// `count` numbers that `host` computes of the columns `parameters` and `start`.
  package func host(
    _ host: any Host, _ parameters: Expression, from start: Expression, count: Int
  ) -> Expression {
    append(
      .host, Shape(rows: count, columns: 1), parameters.index, start.index,
      payload: intern(host))
  }

  /// The value of `value`, one number in each lane, with the derivative Σ slope·ṗ where `point`
  /// changes by ṗ. `point` and `slope` have one size.
  package func surrogate(
    _ value: Expression, point: Expression, slope: Expression
  ) -> Expression {
    func lanes(_ expression: Expression) -> Shape { expression.shape.with(rows: 1, columns: 1) }
    guard let some = lanes(value).broadcast(with: lanes(point)),
      let all = some.broadcast(with: lanes(slope))
    else { return number(.nan) }
    return append(
      .surrogate, all, value.broadcast(to: all).index, point.index, slope.index,
      payload: intern(StridedMap(strides: all.strides)))
  }

  /// All elements of `parts`, one below the other, in each lane.
  package func packed(_ parts: [Expression]) -> Expression {
    var lanes = Shape.scalar
    var count = 0
    for part in parts {
      lanes = lanes.broadcast(with: part.shape.with(rows: 1, columns: 1)) ?? lanes
      count += part.shape.elements
    }
    let target = lanes.with(rows: count, columns: 1)
    let outer = Array(target.strides.dropLast(2))
    var offset = 0
    let pieces = parts.map { part -> (expression: Expression, map: StridedMap) in
      let (rows, columns) = (Int(part.shape.rows), Int(part.shape.columns))
      let whole = part.broadcast(to: lanes.with(rows: rows, columns: columns))
      let map = StridedMap(offset: offset, strides: outer + [columns, 1])
      offset += part.shape.elements
      return (whole, map)
    }
    return assemble(target, adds: false, pieces)
  }
}

extension Expression {
  /// Of a column: the parts with the sizes of `shapes` that lie in it one below the other, in each
  /// lane.
  package func unpacked(_ shapes: [Shape]) -> [Expression] {
    let outer = Array(shape.strides.dropLast(2))
    var offset = 0
    return shapes.map { part in
      let own = shape.with(rows: Int(part.rows), columns: Int(part.columns))
      let strides = outer + [Int(part.columns), 1]
      defer { offset += part.elements }
      return view(StridedMap(offset: offset, strides: strides), own)
    }
  }
}
