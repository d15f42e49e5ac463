/// Work on the rows of data, block by block.
///
/// A gradient of a cost over data reads them twice: products of the rows with the parameters come
/// first, products of the transposed data with what was made of them last. Where everything between
/// is done row by row, a loop over blocks of rows does both while a block is in cache, and what is
/// computed in between never leaves it.
///
/// The loops are in a few groups of turns, which may run at the same time: how many there are depends
/// on the sizes alone, so that no bit depends on the number of threads.

extension Graph {
  /// The roots, with sums and products over the rows of large data as loops over blocks of rows.
  /// For graphs that are planned next: sequences of the loops are matrices.
  package func inRowBlocks(_ roots: [Expression]) -> [Expression] {
    guard let region = RowRegion(self, roots), let blocks = RowBlocks(region) else { return roots }
    return substitute(roots, region.results(in: blocks))
  }
}

/// How many rows a block has, and how many turns each group of them.
struct RowBlocks {
  /// Groups of turns; as many as processors that are likely.
  static let groups = 4
  private static let largest = 256
  /// Numbers that a block of all data may have: a quarter of a megabyte.
  private static let room = 32_768

  let rows: Int
  let turns: Int
  var covered: Int { Self.groups * turns * rows }

  /// Nil if blocks would be too short to pay.
  init?(_ region: RowRegion) {
    let limit = min(Self.largest, Self.room / max(region.columns, 1))
    guard limit >= 16 else { return nil }
    // The size that leaves the fewest rows over.
    var best = (rows: 0, turns: 0)
    for rows in stride(from: limit, to: limit / 2, by: -1) {
      let turns = region.rows / (Self.groups * rows)
      if turns * rows > best.turns * best.rows { best = (rows, turns) }
    }
    // Sums that are larger than a block would be what is read again and again.
    guard best.turns > 0, region.sumCount <= best.rows * region.columns else { return nil }
    (rows, turns) = best
  }
}

extension RowRegion {
  /// What closes the region, for `count` rows, in another graph or in this one.
  private func build(
    _ count: Int, in target: Graph, data: (Int32) -> Expression, given: (Int32) -> Expression
  ) -> [Expression] {
    var made: [Int32: Expression] = [:]
    func operand(_ index: Int32) -> Expression {
      if let known = made[index] { return known }
      let result = isRow(index) ? data(index) : given(index)
      made[index] = result
      return result
    }
    for k in kinds.indices where kinds[k] == .closing || (isNeeded[k] && kinds[k] == .row) {
      let node = graph.nodes[k]
      let shape = Shape(rows: count, columns: Int(graph.shape(of: Int32(k)).columns))
      let result: Expression
      switch node.operation {
      case .select: result = target.select(operand(node.a), operand(node.b), operand(node.c))
      case .view: result = operand(node.a).view(graph.maps[Int(node.payload)], shape)
      case .reduce:
        let reduction = graph.reductions[Int(node.payload)]
        result = operand(node.a).reduce(reduction.kind, reduction.dimensions)
      case .product:
        result = operand(node.a).product(
          operand(node.b), transposeLeft: node.payload & 1 != 0,
          transposeRight: node.payload & 2 != 0)
      default:
        result = graph.rebuild(Int32(k), in: target) { $0 < 0 ? $0 : operand($0).index }
      }
      made[Int32(k)] = result
    }
    return closings.map { made[$0] ?? target.number(.nan) }
  }

  /// A view of `count` rows from row `first` on.
  private func slice(_ index: Int32, _ first: Int, _ count: Int) -> Expression {
    let columns = Int(graph.shape(of: index).columns)
    return Expression(graph: graph, index: index).view(
      StridedMap(offset: first * columns, strides: [columns, 1]),
      Shape(rows: count, columns: columns))
  }

  /// What takes the place of the sums over all rows.
  func results(in blocks: RowBlocks) -> [Int32: Expression] {
    let body = Graph()
    func input(_ shape: Shape) -> Int32 {
      body.input(Input(name: "", role: .variable, shape: shape)).index
    }
    func expression(_ index: Int32, in graph: Graph) -> Expression {
      Expression(graph: graph, index: index)
    }
    let turn = input(.scalar)
    let states = closings.map { input(graph.shape(of: $0)) }
    var sequences: [(input: Int32, data: Int32)] = []
    var invariants: [(input: Int32, given: Int32)] = []
    let sums = build(blocks.rows, in: body) { index in
      let columns = Int(graph.shape(of: index).columns)
      sequences.append((input(Shape(rows: blocks.rows, columns: columns)), index))
      return expression(sequences[sequences.count - 1].input, in: body)
    } given: { index in
      if let number = expression(index, in: graph).constant { return body.number(number) }
      invariants.append((input(graph.shape(of: index)), index))
      return expression(invariants[invariants.count - 1].input, in: body)
    }
    let loop = Loop(
      body: body, turns: blocks.turns, isReversed: false, index: turn,
      carries: zip(states, sums).map { state, sum in
        let next = expression(state, in: body) + sum
        return Loop.Carry(input: state, next: next.index, keepsStates: false)
      }, sequences: sequences.map(\.input), invariants: invariants.map(\.input), stacks: [])
    let zeros = closings.map { graph.number(0).broadcast(to: graph.shape(of: $0)) }
    let length = blocks.turns * blocks.rows
    var parts = (0..<RowBlocks.groups).map { group in
      let operands =
        zeros + sequences.map { slice($0.data, group * length, length) }
        + invariants.map { expression($0.given, in: graph) }
      let node = LoopNode(graph, graph.loop(loop, operands).index)
      return closings.indices.map(node.final)
    }
    let rest = rows - blocks.covered
    if rest > 0 {
      parts.append(
        build(rest, in: graph) {
          slice($0, blocks.covered, rest)
        } given: {
          Expression(graph: graph, index: $0)
        })
    }
    var results: [Int32: Expression] = [:]
    for (k, closing) in closings.enumerated() {
      results[closing] = parts.dropFirst().reduce(parts[0][k]) { $0 + $1[k] }
    }
    return results
  }
}
