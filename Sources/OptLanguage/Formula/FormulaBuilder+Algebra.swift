/// Reductions, running sums, matrix products, systems and factorisations in formulas.
import OptGraph
import OptSyntax

extension FormulaBuilder {
  // MARK: Reductions

  mutating func reduction(_ node: Node, _ scope: LaneScope) -> Piece {
    let reduction = graph.reductions[Int(node.payload)]
    let inner = graph.shape(of: node.a)
    let levels = inner.lanes.count
    let folded = reduction.dimensions.filter { $0 < levels }
    let overRows = reduction.dimensions.contains(levels)
    let overColumns = reduction.dimensions.contains(levels + 1)

    var within = scope
    var generators: [Generator] = []
    for level in folded {
      generators.append(generator(level, count: Int(inner.lanes[level]), in: &within))
    }
    var body: Piece
    if reduction.kind == .sum, !folded.isEmpty, !overRows, !overColumns,
      let (test, taken) = filtered(node.a, within)
    {
      generators[generators.count - 1].condition = test.id
      body = taken
    } else {
      body = build(node.a, within)
    }
    let name = Self.name(reduction.kind, isMask: body.isMask)
    let isMask = body.isMask && (name == "any" || name == "all")
    if overRows || overColumns {
      let operand = whole(body, of: inner)
      let isWhole =
        (overRows || operand.rows == 1) && (overColumns || operand.columns == 1)
      body.id = call(name, [operand.id], axis: isWhole ? nil : overRows ? 1 : 2)
      body.rows = overRows ? 1 : operand.rows
      body.columns = overColumns ? 1 : operand.columns
    }
    if !generators.isEmpty {
      body.id = call(
        name, [add(.comprehension(body: body.id, generators: generators, inBrackets: false))])
    }
    body.isMask = isMask
    return body
  }

  private static func name(_ kind: Reduction.Kind, isMask: Bool) -> String {
    switch kind {
    case .sum: "sum"
    case .product: "prod"
    case .maximum: isMask ? "any" : "max"
    case .minimum: isMask ? "all" : "min"
    case .argMaximum: "argmax"
    case .argMinimum: "argmin"
    }
  }

  /// A choice with 0 on the other side is a filter of the sum around it.
  private mutating func filtered(
    _ index: Int32, _ scope: LaneScope
  ) -> (test: Piece, body: Piece)? {
    let node = graph.nodes[Int(index)]
    guard node.operation == .select, named[index] == nil, graph.shape(of: index).elements == 1,
      Expression(graph: graph, index: node.c).constant == 0
    else { return nil }
    return (condition(node.a, scope), build(node.b, scope))
  }

  mutating func scan(_ node: Node, _ shape: Shape, _ scope: LaneScope) -> Piece {
    let scan = graph.scans[Int(node.payload)]
    let levels = shape.lanes.count
    guard scan.dimension >= levels else {
      // A running sum over lanes is a sum up to this one.
      var within = scope
      let here = scope.lane(scan.dimension)
      let name = indexName(scan.dimension, in: within)
      within.used.append(name)
      within.set(scan.dimension, LaneIndex(name: name))
      let (from, to) =
        scan.reversed
        ? (syntax(of: here), integer(Int(shape.lanes[scan.dimension])))
        : (integer(1), syntax(of: here))
      let source = add(.range(from: from, step: nil, to: to))
      var body = build(node.a, within)
      let list = add(
        .comprehension(
          body: body.id, generators: [Generator(variable: name, source: source)],
          inBrackets: false))
      body.id = call("sum", [list])
      body.isMask = false
      return body
    }
    var operand = matrix(node.a, scope)
    let alongRows = scan.dimension == levels
    let axis = operand.rows == 1 || operand.columns == 1 ? nil : alongRows ? 1 : 2
    if scan.reversed { operand.id = backwards(operand, alongRows) }
    operand.id = call("cumsum", [operand.id], axis: axis)
    if scan.reversed { operand.id = backwards(operand, alongRows) }
    operand.isMask = false
    return operand
  }

  /// `x[n:-1:1]`
  private mutating func backwards(_ piece: Piece, _ alongRows: Bool) -> NodeID {
    let (from, step, to) = (
      integer(alongRows ? piece.rows : piece.columns), integer(-1), integer(1)
    )
    let turned = add(.range(from: from, step: step, to: to))
    if piece.columns == 1 { return add(.index(piece.id, [turned])) }
    let all = add(.wholeIndex)
    return add(.index(piece.id, alongRows ? [turned, all] : [all, turned]))
  }

  // MARK: Products and systems

  mutating func product(_ node: Node, _ scope: LaneScope) -> NodeID {
    var (a, b) = (matrix(node.a, scope), matrix(node.b, scope))
    if node.payload & 1 != 0 { a = transposed(a) }
    if node.payload & 2 != 0 { b = transposed(b) }
    return multiplied(a.id, .multiply, b.id)
  }

  mutating func solution(_ node: Node, _ scope: LaneScope) -> NodeID {
    var a = matrix(node.a, scope)
    if node.payload & 1 != 0 { a = transposed(a) }
    let right = matrix(node.b, scope)
    if case .call(let callee, _) = tree[right.id], case .name("eye") = tree[callee],
      a.rows == a.columns
    {
      return call("inv", [a.id])
    }
    return infix(.solve, a.id, right.id)
  }

  mutating func part(_ node: Node, _ scope: LaneScope) -> NodeID {
    let a = matrix(node.a, scope).id
    let kind = Factorization(rawValue: graph.nodes[Int(node.a)].payload) ?? .lu
    switch (kind, node.payload) {
    case (.lu, 0): return call("det", [a])
    case (.lu, 1), (.cholesky, 1): return call("logdet", [a])
    case (.lu, _):
      let determinant = call("det", [a])
      return call("sign", [determinant])
    case (.cholesky, _): return call("cholesky", [a])
    case (.qr, let k): return field("qr", a, k == 0 ? "Q" : "R")
    case (.symmetricEigen, let k): return field("eig", a, k == 0 ? "values" : "vectors")
    case (.svd, let k): return field("svd", a, k == 0 ? "values" : k == 1 ? "U" : "V")
    }
  }

  private mutating func field(_ function: String, _ a: NodeID, _ name: String) -> NodeID {
    let record = call(function, [a])
    return add(.field(record, name))
  }

  mutating func random(_ node: Node, _ shape: Shape) -> NodeID {
    let draw = graph.draws[Int(node.payload)]
    var arguments = draw.kind == .uniform ? [integer(0), integer(1)] : []
    if shape.elements != 1 {
      arguments.append(integer(Int(shape.rows)))
      if shape.columns != 1 { arguments.append(integer(Int(shape.columns))) }
    }
    return call(draw.kind == .uniform ? "uniform" : "randn", arguments)
  }
}
