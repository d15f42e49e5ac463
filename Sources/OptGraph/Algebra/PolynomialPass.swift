/// Graphs as polynomials: each node a polynomial in what cannot be taken apart.

/// Walks a graph and gives its scalar nodes as polynomials over the nodes of another graph.
package struct PolynomialPass {
  let source: Graph
  package var ring: PolynomialRing
  private var places: [Int32]
  private var polynomials: [Polynomial?]

  /// Larger graphs are not walked.
  private static let largest = 5_000

  /// A pass over what `root` is made of; the new graph has the same inputs in the same order.
  ///
  /// - Throws: `TooManyTerms`.
  package init(_ root: Expression, expands: Bool) throws {
    source = root.graph
    ring = PolynomialRing(Graph(), expands: expands)
    let live = source.reachable(from: [root.index])
    guard live.lazy.filter({ $0 }).count <= Self.largest else { throw TooManyTerms() }
    places = [Int32](repeating: -1, count: live.count)
    polynomials = [Polynomial?](repeating: nil, count: live.count)
    for (input, node) in zip(source.inputs, source.inputNodes) {
      let place = ring.graph.input(input).index
      if Int(node) < places.count { places[Int(node)] = place }
    }
    for index in live.indices where live[index] { try visit(Int32(index)) }
  }

  /// The polynomial of a scalar node.
  package func polynomial(_ node: Expression) -> Polynomial? { polynomials[Int(node.index)] }

  /// The expression that a node became.
  package mutating func rendered(_ node: Expression) -> Expression {
    Expression(graph: ring.graph, index: place(node.index))
  }

  private mutating func visit(_ index: Int32) throws {
    let node = source.nodes[Int(index)]
    if source.shape(of: index).isScalar, let found = try taken(apart: node, index) {
      polynomials[Int(index)] = found
      return
    }
    if places[Int(index)] < 0 {
      let operands = source.operands(of: index)
      let now = operands.map { self.place($0) }
      let moved = Dictionary(zip(operands, now)) { first, _ in first }
      let result = source.rebuild(index, in: ring.graph) { $0 < 0 ? $0 : moved[$0] ?? -1 }
      places[Int(index)] = result.broadcast(to: source.shape(of: index)).index
    }
    guard source.shape(of: index).isScalar else { return }
    let whole = Expression(graph: ring.graph, index: places[Int(index)])
    polynomials[Int(index)] = whole.constant.map { ring.number($0) } ?? ring.atom(whole)
  }

  private mutating func place(_ index: Int32) -> Int32 {
    if places[Int(index)] < 0, let polynomial = polynomials[Int(index)] {
      places[Int(index)] = ring.rendered(polynomial).index
    }
    return places[Int(index)]
  }

  /// Sums, products and powers; nil for all else.
  private mutating func taken(apart node: Node, _ index: Int32) throws -> Polynomial? {
    if node.operation == .number { return ring.number(source.numbers[Int(node.payload)]) }
    guard node.operation == .apply, let a = polynomials[Int(node.a)] else { return nil }
    let b = node.b < 0 ? nil : polynomials[Int(node.b)]
    let function = FunctionID(index: Int(node.payload))
    switch (function, b) {
    case (.add, let b?): return a.plus(b)
    case (.subtract, let b?): return a.minus(b)
    case (.multiply, let b?): return try ring.product(a, b)
    case (.divide, let b?): return try ring.quotient(a, b)
    case (.negate, nil): return a.scaled(by: Ratio(-1))
    case (.sqrt, nil): return try ring.power(a, 0.5)
    case (.power, let b?):
      // A small fraction computed before is that fraction: x^(1/3).
      guard let exponent = b.number else { return nil }
      return try ring.power(a, exponent.value)
    default: return nil
    }
  }
}
