/// Views in formulas: elements, slices, rows, transposes, diagonals, reshapes, and lanes laid out
/// as vectors and matrices.
import OptGraph
import OptSyntax

/// How a view's position moves through the dimensions of what it looks at.
private struct Digits {
  /// Where the view begins, along each dimension of the operand.
  var start: [Int]
  /// Per dimension of the view, the step along each dimension of the operand.
  var moves: [[Int]]

  /// nil if some step carries from one dimension of the operand to another.
  init?(_ map: StridedMap, _ shape: Shape, of inner: Shape) {
    let natural = inner.strides
    let sizes = inner.dimensions
    func digits(_ step: Int) -> [Int] {
      var rest = step
      return natural.indices.map { k in
        guard sizes[k] != 1, natural[k] != 0 else { return 0 }
        let digit = rest / natural[k]
        rest -= digit * natural[k]
        return digit
      }
    }
    start = digits(map.offset)
    var (low, high) = (start, start)
    moves = []
    for (size, step) in zip(shape.dimensions, map.strides) {
      let move = size == 1 ? natural.map { _ in 0 } : digits(step)
      for d in move.indices {
        low[d] += min(move[d] * (size - 1), 0)
        high[d] += max(move[d] * (size - 1), 0)
      }
      moves.append(move)
    }
    for d in sizes.indices where low[d] < 0 || high[d] >= sizes[d] { return nil }
  }
}

/// What is read along one dimension of an operand: one place, or `count` places from there on.
private struct Reading {
  var start: LaneIndex
  var step = 0
  var count = 1
  /// The dimension of the view that moves along this one: 0 rows, 1 columns.
  var driver: Int?

  func isAll(of size: Int) -> Bool {
    count == size && (size == 1 || step == 1) && start == LaneIndex(1)
  }
}

extension FormulaBuilder {
  mutating func view(_ node: Node, _ shape: Shape, _ scope: LaneScope) -> Piece {
    let inner = graph.shape(of: node.a)
    let map = graph.maps[Int(node.payload)]
    guard let digits = Digits(map, shape, of: inner) else {
      return reshaped(node, shape, scope)
    }
    let levels = shape.lanes.count
    let lanes = inner.lanes.count
    let matrixMoves = [digits.moves[levels], digits.moves[levels + 1]]
    if matrixMoves[0][lanes] == 1, matrixMoves[0][lanes + 1] == 1, shape.columns == 1,
      digits.start[lanes] == 0, digits.start[lanes + 1] == 0,
      shape.rows == min(inner.rows, inner.columns)
    {
      return diagonal(node, shape, scope, digits)
    }
    // Where the view looks, as far as the generators around tell.
    var readings = digits.start.map { Reading(start: LaneIndex($0 + 1)) }
    for level in 0..<levels {
      for d in readings.indices where digits.moves[level][d] != 0 {
        readings[d].start.add(scope.lane(level).adding(-1), times: digits.moves[level][d])
      }
    }
    // Rows and columns that come from lanes get generators; the others are slices.
    var within = scope
    var generators: [Generator?] = [nil, nil]
    let counts = [Int(shape.rows), Int(shape.columns)]
    for k in 0...1 {
      let moving = readings.indices.filter { matrixMoves[k][$0] != 0 }
      let isSlice =
        moving.count == 1 && moving[0] >= lanes && readings[moving[0]].driver == nil
      if moving.isEmpty { continue }
      if isSlice {
        readings[moving[0]].driver = k
        readings[moving[0]].step = matrixMoves[k][moving[0]]
        readings[moving[0]].count = counts[k]
      } else if moving.contains(where: { $0 >= lanes }), isContiguous(map, shape, inner) {
        return reshaped(node, shape, scope)
      } else {
        let level = moving.first { $0 < lanes } ?? lanes + k
        let name = indexName(level, in: within)
        within.used.append(name)
        generators[k] = Generator(variable: name, source: range(to: counts[k]))
        for d in moving {
          readings[d].start.add(
            LaneIndex(name: name).adding(-1), times: matrixMoves[k][d])
        }
      }
    }
    for level in 0..<lanes { within.set(level, readings[level].start) }
    let body = slice(
      build(node.a, within), inner, readings[lanes], readings[lanes + 1])
    return laidOut(body, generators, counts)
  }

  private func isContiguous(_ map: StridedMap, _ shape: Shape, _ inner: Shape) -> Bool {
    map.offset == 0 && shape.count == inner.count && map.isContiguous(for: shape)
  }

  // MARK: Slices

  /// `x[2:5]`, `A[2, :]`, `Aᵀ`.
  private mutating func slice(
    _ operand: Piece, _ inner: Shape, _ rows: Reading, _ columns: Reading
  ) -> Piece {
    var (rows, columns) = (rows, columns)
    // What repeats along a dimension looks the same from everywhere.
    if operand.rows == 1 && inner.rows != 1 { rows = Reading(start: LaneIndex(1)) }
    if operand.columns == 1 && inner.columns != 1 { columns = Reading(start: LaneIndex(1)) }
    var result = operand
    if !rows.isAll(of: operand.rows) || !columns.isAll(of: operand.columns) {
      var indices = [index(rows, operand.rows)]
      if operand.columns != 1 { indices.append(index(columns, operand.columns)) }
      if case .index(let base, let inner) = tree[operand.id], inner.count == 2,
        indices.count == 1, case .wholeIndex = tree[inner[0]]
      {
        // A place in a column: `A[:, j][i]` is `A[i, j]`.
        result.id = add(.index(base, [indices[0], inner[1]]))
      } else {
        result.id = add(.index(operand.id, indices))
      }
      result.isMask = operand.isMask
    }
    result.rows = rows.count
    result.columns = columns.count
    let turned = rows.driver == 1 || columns.driver == 0
    return turned && !result.isScalar ? transposed(result) : result
  }

  private mutating func index(_ reading: Reading, _ size: Int) -> NodeID {
    if reading.count == 1 && reading.driver == nil { return position(reading.start, size) }
    if reading.isAll(of: size) { return add(.wholeIndex) }
    let from = position(reading.start, size)
    let to = position(reading.start.adding(reading.step * (reading.count - 1)), size)
    let step = reading.step == 1 ? nil : integer(reading.step)
    return add(.range(from: from, step: step, to: to))
  }

  /// A place along a dimension of `size`; in one of any size those at the end count from there.
  mutating func position(_ place: LaneIndex, _ size: Int) -> NodeID {
    let before = size - place.constant
    guard place.isConstant, sizes[size] != nil, (0...8).contains(before) else {
      return syntax(of: place)
    }
    let end = add(.endIndex)
    return before == 0 ? end : infix(.subtract, end, integer(before))
  }

  mutating func transposed(_ piece: Piece) -> Piece {
    if piece.isScalar { return piece }
    var result = Piece(
      id: piece.id, rows: piece.columns, columns: piece.rows, isMask: piece.isMask)
    if case .transpose(let inner) = tree[piece.id] {
      result.id = inner
    } else {
      result.id = add(.transpose(piece.id))
    }
    return result
  }

  private mutating func diagonal(
    _ node: Node, _ shape: Shape, _ scope: LaneScope, _ digits: Digits
  ) -> Piece {
    var within = scope
    for level in 0..<graph.shape(of: node.a).lanes.count {
      var lane = LaneIndex(digits.start[level] + 1)
      for k in shape.lanes.indices {
        lane.add(scope.lane(k).adding(-1), times: digits.moves[k][level])
      }
      within.set(level, lane)
    }
    let id = call("diag", [matrix(node.a, within).id])
    return Piece(id: id, rows: Int(shape.rows), columns: 1)
  }

  // MARK: Lanes as rows and columns

  /// The body with its generators: `[x[i]^2 for i in 1:n]`, `rows([… for i in 1:n])`.
  private mutating func laidOut(
    _ body: Piece, _ generators: [Generator?], _ counts: [Int]
  ) -> Piece {
    let list = generators.compactMap { $0 }
    guard !list.isEmpty else { return body }
    var result = body
    result.isMask = false
    result.id = add(.comprehension(body: counted(body), generators: list, inBrackets: true))
    if list.count == 2 {
      (result.rows, result.columns) = (counts[0], counts[1])
      return result
    }
    if generators[0] != nil {
      if !body.isScalar { result.id = call("rows", [result.id]) }
      result.rows = counts[0]
      return result
    }
    if body.isScalar {
      result.id = add(.transpose(result.id))
    } else {
      result.id = call("columns", [result.id])
    }
    result.columns = counts[1]
    return result
  }

  /// The same elements in other rows and columns.
  private mutating func reshaped(_ node: Node, _ shape: Shape, _ scope: LaneScope) -> Piece {
    let inner = graph.shape(of: node.a)
    let map = graph.maps[Int(node.payload)]
    var result = Piece(
      id: NodeID(index: 0), rows: Int(shape.rows), columns: Int(shape.columns))
    let isWhole = isContiguous(map, shape, inner)
    if isWhole, shape.lanes == inner.lanes {
      let operand = matrix(node.a, scope)
      if shape.columns == 1 {
        result.id = add(.index(operand.id, [add(.wholeIndex)]))
      } else {
        result.id = call("reshape", [operand.id, integer(result.rows), integer(result.columns)])
      }
      return result
    }
    if isWhole, shape.lanes.isEmpty, inner.lanes.count == 1 {
      // All lanes below each other.
      var within = scope
      let generator = generator(0, count: Int(inner.lanes[0]), in: &within)
      let body = matrix(node.a, within)
      let list = add(.comprehension(body: counted(body), generators: [generator], inBrackets: true))
      result.id = body.isScalar ? list : call("rows", [list])
      let rows = body.rows * Int(inner.lanes[0])
      if rows != result.rows || body.columns != result.columns {
        result.id = call("reshape", [result.id, integer(result.rows), integer(result.columns)])
      }
      return result
    }
    result.id = foreign("view", [build(node.a, scope).id])
    return result
  }
}
