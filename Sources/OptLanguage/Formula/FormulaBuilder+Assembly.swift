/// Pieces laid together, computed indices and what they put where, in formulas.
import OptGraph
import OptSyntax

extension FormulaBuilder {
  // MARK: Assembly

  /// At most this many elements are listed one by one.
  private static let longestList = 12

  mutating func assembly(_ node: Node, _ shape: Shape, _ scope: LaneScope) -> NodeID {
    let assembly = graph.assemblies[Int(node.payload)]
    if assembly.pieces.count == 1, let id = onDiagonal(assembly.pieces[0], shape, scope) {
      return id
    }
    if let id = inBlocks(assembly.pieces, shape, scope) { return id }
    if assembly.adds, let id = inCases(assembly.pieces, shape, scope) { return id }
    if let id = listed(assembly.pieces, adds: assembly.adds, shape, scope) { return id }
    if assembly.adds || assembly.pieces.count == 1, let id = padded(assembly.pieces, shape, scope) {
      return id
    }
    return foreign("assemble", assembly.pieces.prefix(4).map { matrix($0.node, scope).id })
  }

  private mutating func onDiagonal(
    _ piece: Assembly.Piece, _ shape: Shape, _ scope: LaneScope
  ) -> NodeID? {
    let inner = graph.shape(of: piece.node)
    guard shape.lanes.isEmpty, inner.lanes.isEmpty, inner.columns == 1, inner.rows == shape.rows,
      shape.rows == shape.columns, shape.rows > 1, piece.map.offset == 0,
      piece.map.strides[0] == Int(shape.columns) + 1
    else { return nil }
    return call("diag", [matrix(piece.node, scope).id])
  }

  /// Every element by itself: `[a, b + c, 0]`.
  private mutating func listed(
    _ pieces: [Assembly.Piece], adds: Bool, _ shape: Shape, _ scope: LaneScope
  ) -> NodeID? {
    guard shape.lanes.isEmpty, shape.count <= Self.longestList,
      pieces.allSatisfy({ graph.shape(of: $0.node).lanes.isEmpty })
    else { return nil }
    // Per element the pieces' elements that lie there.
    var places = [[(node: Int32, element: Int)]](repeating: [], count: shape.count)
    for piece in pieces {
      var element = 0
      piece.map.forEachOffset(in: graph.shape(of: piece.node)) { offset in
        if places.indices.contains(offset) {
          if !adds { places[offset].removeAll() }
          places[offset].append((piece.node, element))
        }
        element += 1
      }
    }
    var items: [NodeID] = []
    for place in places {
      var sum: NodeID?
      for (node, element) in place {
        let item = self.element(element, of: node, scope)
        sum = sum.map { infix(.add, $0, item) } ?? item
      }
      items.append(sum ?? integer(0))
    }
    let (rows, columns) = (Int(shape.rows), Int(shape.columns))
    if columns == 1 { return add(.brackets([items])) }
    if rows == 1 { return add(.transpose(add(.brackets([items])))) }
    return add(.brackets((0..<rows).map { Array(items[$0 * columns..<($0 + 1) * columns]) }))
  }

  /// One element of a small array.
  private mutating func element(_ element: Int, of node: Int32, _ scope: LaneScope) -> NodeID {
    let piece = build(node, scope)
    if piece.isScalar { return counted(piece) }
    let columns = max(Int(graph.shape(of: node).columns), 1)
    let row = piece.rows == 1 ? 0 : element / columns
    let column = piece.columns == 1 ? 0 : element % columns
    if case .brackets(let lines) = tree[piece.id] {
      let items = lines.flatMap { $0 }
      let place = row * piece.columns + column
      if items.count == piece.rows * piece.columns { return items[place] }
    }
    let indices = piece.columns == 1 ? [integer(row + 1)] : [integer(row + 1), integer(column + 1)]
    return add(.index(piece.id, indices))
  }

  // MARK: Blocks

  /// Where a piece lies if it is a block of whole rows or whole columns.
  private struct Block {
    var node: Int32
    var start: Int
    var count: Int
  }

  private func blocks(_ pieces: [Assembly.Piece], _ shape: Shape, alongRows: Bool) -> [Block]? {
    let columns = Int(shape.columns)
    var result: [Block] = []
    for piece in pieces {
      let (inner, map) = laidShape(piece)
      guard inner.lanes.isEmpty, map.strides.count == 2 else { return nil }
      let (rows, width) = (Int(inner.rows), Int(inner.columns))
      guard rows == 1 || map.strides[0] == columns, width == 1 || map.strides[1] == 1,
        columns > 0
      else { return nil }
      let (row, column) = (map.offset / columns, map.offset % columns)
      if alongRows {
        guard column == 0, width == columns else { return nil }
        result.append(Block(node: piece.node, start: row, count: rows))
      } else {
        guard row == 0, rows == Int(shape.rows) else { return nil }
        result.append(Block(node: piece.node, start: column, count: width))
      }
    }
    return result.sorted { $0.start < $1.start }
  }

  /// A piece whose lanes lie below each other counts as a column.
  private func laidShape(_ piece: Assembly.Piece) -> (Shape, StridedMap) {
    let inner = graph.shape(of: piece.node)
    guard inner.lanes.count == 1, inner.elements == 1 else { return (inner, piece.map) }
    return (
      Shape(rows: Int(inner.lanes[0]), columns: 1),
      StridedMap(offset: piece.map.offset, strides: [piece.map.strides[0], 0])
    )
  }

  /// `rows(a, b)`, `columns(a, b)`; gaps are zeros.
  private mutating func inBlocks(
    _ pieces: [Assembly.Piece], _ shape: Shape, _ scope: LaneScope
  ) -> NodeID? {
    guard shape.lanes.isEmpty, pieces.count <= Self.longestList else { return nil }
    // Elements are listed singly.
    let isList = pieces.allSatisfy { graph.shape(of: $0.node).count == 1 }
    if isList && shape.count <= Self.longestList { return nil }
    for alongRows in [true, false] {
      guard let list = blocks(pieces, shape, alongRows: alongRows) else { continue }
      var next = 0
      let fits = list.allSatisfy { block in
        defer { next = block.start + block.count }
        return block.start >= next
      }
      guard fits else { continue }
      let size = Int(alongRows ? shape.rows : shape.columns)
      let other = Int(alongRows ? shape.columns : shape.rows)
      var parts: [NodeID] = []
      next = 0
      for block in list {
        if block.start > next { parts.append(gap(block.start - next, other, alongRows)) }
        parts.append(laid(block.node, scope).id)
        next = block.start + block.count
      }
      if next < size { parts.append(gap(size - next, other, alongRows)) }
      return parts.count == 1
        ? parts[0] : call(!alongRows ? "columns" : other == 1 ? "join" : "rows", parts)
    }
    return nil
  }

  // MARK: Cases

  /// Columns of this many elements or fewer are listed element by element.
  private static let shortest = 4
  private static let mostCases = 6

  /// Overlapping pieces of a column by where they overlap: the first elements, those in between,
  /// the last ones.
  private mutating func inCases(
    _ pieces: [Assembly.Piece], _ shape: Shape, _ scope: LaneScope
  ) -> NodeID? {
    guard shape.lanes.isEmpty, shape.columns == 1, Int(shape.rows) > Self.shortest,
      pieces.count > 1, pieces.count <= Self.longestList,
      let list = blocks(pieces, shape, alongRows: true)
    else { return nil }
    let edges = list.flatMap { [$0.start, $0.start + $0.count] } + [0, Int(shape.rows)]
    let cuts = Set(edges).sorted()
    guard cuts.count <= Self.mostCases + 1 else { return nil }
    var parts: [NodeID] = []
    for (from, to) in zip(cuts, cuts.dropFirst()) {
      let here = list.filter { $0.start <= from && $0.start + $0.count >= to }
      if here.isEmpty {
        parts.append(to - from == 1 ? integer(0) : filled("zeros", to - from, 1))
      } else if to - from == 1 {
        parts.append(sum(of: here, at: LaneIndex(from + 1), scope))
      } else {
        var within = scope
        let name = indexName(0, in: within)
        within.used.append(name)
        let body = sum(of: here, at: LaneIndex(name: name), within)
        let source = add(.range(from: integer(from + 1), step: nil, to: integer(to)))
        parts.append(
          add(
            .comprehension(
              body: body, generators: [Generator(variable: name, source: source)],
              inBrackets: true)))
      }
    }
    return parts.count == 1 ? parts[0] : call("join", parts)
  }

  /// The sum of the elements of pieces that lie at a place, one without a sign in front.
  private mutating func sum(
    of pieces: [Block], at place: LaneIndex, _ scope: LaneScope
  ) -> NodeID {
    var terms: [NodeID] = []
    for piece in pieces {
      let term = element(of: piece, at: place.adding(-piece.start), scope)
      if !beginsWithSign(term), terms.allSatisfy({ beginsWithSign($0) }) {
        terms.insert(term, at: 0)
      } else {
        terms.append(term)
      }
    }
    guard var result = terms.first else { return integer(0) }
    for term in terms.dropFirst() {
      // The terms of a sum follow one by one.
      var (first, others) = (term, [(op: InfixOperator, term: NodeID)]())
      while case .infix(let op, let left, let right) = tree[first], op == .add || op == .subtract {
        others.append((op, right))
        first = left
      }
      result = added(result, first)
      for (op, other) in others.reversed() { result = infix(op, result, other) }
    }
    return result
  }

  private func beginsWithSign(_ id: NodeID) -> Bool {
    var current = id
    while case .infix(_, let left, _) = tree[current] { current = left }
    if case .prefix(.minus, _) = tree[current] { return true }
    return false
  }

  private mutating func element(
    of piece: Block, at place: LaneIndex, _ scope: LaneScope
  ) -> NodeID {
    var within = scope
    within.set(0, place)
    return counted(build(elements(of: piece.node, 0).index, within))
  }

  private static let deepestElements = 20

  /// The elements of a column, one a lane.
  private func elements(of index: Int32, _ depth: Int) -> Expression {
    let node = graph.nodes[Int(index)]
    let shape = graph.shape(of: index)
    let whole = Expression(graph: graph, index: index)
    if shape.elements == 1 { return whole }
    let lanes = Shape(lanes: [shape.rows], rows: 1, columns: 1)
    switch node.operation {
    case .apply where depth < Self.deepestElements && named[index] == nil:
      return graph.apply(
        FunctionID(index: Int(node.payload)),
        graph.operands(of: index).map { elements(of: $0, depth + 1) })
    case .view where graph.shape(of: node.a).lanes.count <= 1:
      let map = graph.maps[Int(node.payload)]
      let inner = Expression(graph: graph, index: node.a)
      return inner.view(StridedMap(offset: map.offset, strides: [map.strides[0], 0, 0]), lanes)
    default: return whole.view(StridedMap(strides: [1, 0, 0]), lanes)
    }
  }

  private mutating func gap(_ count: Int, _ other: Int, _ alongRows: Bool) -> NodeID {
    alongRows ? filled("zeros", count, other) : filled("zeros", other, count)
  }

  /// The full value of a piece, its lanes as a column.
  private mutating func laid(_ node: Int32, _ scope: LaneScope) -> Piece {
    let inner = graph.shape(of: node)
    guard inner.lanes.count == 1, inner.elements == 1 else { return matrix(node, scope) }
    var within = scope
    let generator = generator(0, count: Int(inner.lanes[0]), in: &within)
    let body = build(node, within)
    let id = add(.comprehension(body: counted(body), generators: [generator], inBrackets: true))
    return Piece(id: id, rows: Int(inner.lanes[0]), columns: 1)
  }

  /// A sum of pieces, each padded with zeros.
  private mutating func padded(
    _ pieces: [Assembly.Piece], _ shape: Shape, _ scope: LaneScope
  ) -> NodeID? {
    guard pieces.count <= Self.longestList else {
      return pieces.count > 100 ? omitted() : nil
    }
    var sum: NodeID?
    for piece in pieces {
      guard
        let part = inBlocks([piece], shape, scope)
          ?? listed([piece], adds: true, shape, scope)
      else {
        return nil
      }
      sum = sum.map { infix(.add, $0, part) } ?? part
    }
    return sum
  }

  // MARK: Computed indices

  /// `x[k]`, `sort(x)`, `A[:][k]`: offsets count from 0, positions in the language from 1.
  mutating func gather(_ node: Node, _ shape: Shape, _ scope: LaneScope) -> NodeID {
    let offsets = graph.nodes[Int(node.b)]
    if offsets.operation == .order, offsets.a == node.a {
      return call("sort", [matrix(node.a, scope).id])
    }
    let inner = graph.shape(of: node.a)
    guard inner.lanes.isEmpty else {
      return foreign("gather", [build(node.a, scope).id, position(node.b, scope)])
    }
    let base = matrix(node.a, scope).id
    let place = position(node.b, scope)
    let flat = inner.columns == 1 ? base : add(.index(base, [add(.wholeIndex)]))
    return add(.index(flat, [place]))
  }

  /// There is no word for this in the language: `scatter(values, positions, size)`.
  mutating func scatter(_ node: Node, _ shape: Shape, _ scope: LaneScope) -> NodeID {
    let values = matrix(node.a, scope).id
    let place = position(node.b, scope)
    var sizes = [integer(Int(shape.rows))]
    if shape.columns != 1 { sizes.append(integer(Int(shape.columns))) }
    return foreign("scatter", [values, place] + sizes)
  }

  /// An offset as a position: one more.
  private mutating func position(_ offsets: Int32, _ scope: LaneScope) -> NodeID {
    let place = Expression(graph: graph, index: offsets).increasedForDisplay(by: 1)
    return build(place.index, scope).id
  }
}
