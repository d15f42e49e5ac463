/// Reading elements and fields.
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  /// `value[indices]`.
  func element(_ value: Value, _ indices: [Index], _ span: SourceSpan) throws -> Value {
    guard indices.count == 1 || indices.count == 2 else {
      throw Diagnostic(
        .error, "an index has one or two positions, found \(indices.count)", at: span)
    }
    switch value {
    case .number, .boolean, .matrix, .lanes, .traced:
      return try numericElement(value, indices, span)
    case .sparse(let s): return try sparseElement(s, indices, span)
    case .list(let list):
      guard indices.count == 1 else {
        throw Diagnostic(.error, "a list has one index", at: span)
      }
      let places = try offsets(indices[0], list.items.count, "item")
      if case .position = indices[0] { return list.items[places[0]] }
      return .list(places.map { list.items[$0] })
    case .table(let table): return try tableElement(table, indices, span)
    case .record(let record):
      if case .key(let name, let place) = indices[0], indices.count == 1 {
        return try field(.record(record), name, place)
      }
      throw Diagnostic(
        .error, "\(value.kindDescription) has fields, not positions", at: span,
        help: record.names.first.map { "write `.\($0)`" })
    case .function(let f):
      throw Diagnostic(
        .error, "a function has no elements", at: span,
        help: "a call has round brackets: `\(f.name ?? "f")(…)`")
    default:
      throw Diagnostic(.error, "\(value.kindDescription) has no elements", at: span)
    }
  }

  /// `value.name`.
  func field(_ value: Value, _ name: String, _ span: SourceSpan) throws -> Value {
    switch value {
    case .record(let record):
      if let field = record[name] { return field }
      // A result's variables are fields too, after its own.
      if record.report != nil, case .record(let solution)? = record["solution"],
        let variable = solution[name]
      {
        return variable
      }
      var names = record.names
      if record.report != nil, case .record(let solution)? = record["solution"] {
        names = solution.names + names
      }
      throw unknownField(name, value, names, span)
    case .table(let table):
      if let column = table.column(name) { return column }
      throw unknownField(name, value, table.names, span, what: "column")
    case .method(let method): return try field(method, name, span)
    case .function(let function) where name == "start" || name == "step":
      // A method's name without arguments is the method with its defaults.
      if let method = try method(madeBy: function, span) { return try field(method, name, span) }
      throw Diagnostic(.error, "\(value.kindDescription) has no field `\(name)`", at: span)
    default:
      if name == "T", value.isNumeric {
        throw Diagnostic(
          .error, "`.T` is not known here", at: span, help: "the transpose is written `A'`")
      }
      throw Diagnostic(
        .error, "\(value.kindDescription) has no field `\(name)`", at: span)
    }
  }

  private func unknownField(
    _ name: String, _ value: Value, _ names: [String], _ span: SourceSpan, what: String = "field"
  ) -> Diagnostic {
    let near = Suggestions.nearest(name, in: names)
    let help: String
    if near.isEmpty {
      let shown = names.prefix(12).joined(separator: ", ")
      help = "it has: " + shown + (names.count > 12 ? ", …" : "")
    } else {
      help = "did you mean `\(near.joined(separator: "` or `"))`?"
    }
    return Diagnostic(
      .error, "\(value.kindDescription) has no \(what) `\(name)`", at: span, help: help)
  }

  // MARK: Numbers

  private func numericElement(
    _ value: Value, _ indices: [Index], _ span: SourceSpan
  ) throws -> Value {
    guard let (rows, columns) = value.size else { return .nothing }
    if case .key(_, let place) = indices[0] {
      throw Diagnostic(.error, "\(value.kindDescription) has no fields", at: place)
    }
    if indices.count == 1 {
      if case .all = indices[0] { return try reshape(value, rows * columns, 1, span) }
      if case .mask(let mask, _) = indices[0], (mask.rows, mask.columns) == (rows, columns),
        rows != 1, columns != 1
      {
        // A mask of the matrix's own size selects row by row.
        let flat = try reshape(value, rows * columns, 1, span)
        return try numericElement(
          flat, [.mask(mask.reshaped(rows: rows * columns, columns: 1), span)], span)
      }
      guard rows == 1 || columns == 1 else {
        throw Diagnostic(
          .error, "\(value.kindDescription) has two indices", at: span,
          help: "write `A[i, j]`, `A[i, :]` for a row or `A[:]` for all elements")
      }
      let one = Index.position(1, span)
      return columns == 1
        ? try elements(value, indices[0], one, span, isVector: true)
        : try elements(value, one, indices[0], span, isVector: true)
    }
    return try elements(value, indices[0], indices[1], span, isVector: false)
  }

  private func elements(
    _ value: Value, _ row: Index, _ column: Index, _ span: SourceSpan, isVector: Bool
  ) throws -> Value {
    let (rows, columns) = value.size ?? (1, 1)
    let names = isVector ? ("element", "element") : ("row", "column")
    if let m = value.matrix, let i = known(row), let j = known(column) {
      // Known numbers at known places, lane by lane where the places differ.
      return try knownElements(m, i, j, row, column, names)
    }
    if let m = value.matrix, let i = try run(row, rows, names.0),
      let j = try run(column, columns, names.1)
    {
      try require(i.count, j.count, span)
      let first = i.lowerBound * columns + j.lowerBound
      let result: Buffer
      if j.count == columns || i.count == 1 {
        result = m.buffer.part(from: first, count: i.count * j.count)
      } else {
        result = Buffer(uninitialized: i.count * j.count)
        for k in 0..<i.count {
          (result.pointer + k * j.count).update(
            from: m.buffer.pointer + first + k * columns, count: j.count)
        }
      }
      return Value(Matrix(result, rows: i.count, columns: j.count, isMask: m.isMask))
    }
    if let m = value.matrix, !row.varies, !column.varies {
      let i = try offsets(row, rows, names.0)
      let j = try offsets(column, columns, names.1)
      try require(i.count, j.count, span)
      let result = Buffer(uninitialized: i.count * j.count)
      let areNeighbours = j.indices.allSatisfy { j[$0] == j[0] + $0 }
      j.withUnsafeBufferPointer { j in
        for (k, r) in i.enumerated() {
          let (from, to) = (m.buffer.pointer + r * columns, result.pointer + k * j.count)
          if areNeighbours, let first = j.first {
            to.update(from: from + first, count: j.count)
          } else {
            for (l, c) in j.enumerated() { to[l] = from[c] }
          }
        }
      }
      return Value(Matrix(result, rows: i.count, columns: j.count, isMask: m.isMask))
    }
    _ = try place(span)
    if case .traced(let t) = value, case .position(let i, let p) = row,
      case .position(let j, let q) = column
    {
      let r = try checked(i, rows, names.0, p)
      let c = try checked(j, columns, names.1, q)
      return Value(t.element(at: r * columns + c), isMask: t.isMask)
    }
    let part = try Slice(self, try expression(value, span), row, column, names).expression()
    return Value(part, isMask: value.isMask)
  }

  /// A position or lanes of positions.
  private func known(_ index: Index) -> LaneNumbers? {
    switch index {
    case .lanes(let l, _): l
    case .position(let k, _): laneNumbers(.number(Double(k)))
    default: nil
    }
  }

  private func knownElements(
    _ m: Matrix, _ i: LaneNumbers, _ j: LaneNumbers, _ row: Index, _ column: Index,
    _ names: (String, String)
  ) throws -> Value {
    if i.lanes.isEmpty && j.lanes.isEmpty {
      let r = try offsets(row, m.rows, names.0)[0]
      let c = try offsets(column, m.columns, names.1)[0]
      let x = m.buffer[r * m.columns + c]
      return m.isMask ? .boolean(x != 0) : .number(x)
    }
    let shape = i.shape.broadcast(with: j.shape) ?? i.shape
    if let (top, down) = i.offsets(below: m.rows), let (left, across) = j.offsets(below: m.columns)
    {
      let strides = shape.lanes.indices.map { level in
        (level < down.count ? down[level] * m.columns : 0)
          + (level < across.count ? across[level] : 0)
      }
      let map = StridedMap(offset: top * m.columns + left, strides: strides + [0, 0])
      let result = Buffer(uninitialized: shape.count)
      var k = 0
      map.forEachOffset(in: shape) { offset in
        result.pointer[k] = m.buffer.pointer[offset]
        k += 1
      }
      return .lanes(LaneNumbers(lanes: shape.lanes, buffer: result, isMask: m.isMask))
    }
    let r = try lanePositions(i, m.rows, names.0, row.span, shape)
    let c = try lanePositions(j, m.columns, names.1, column.span, shape)
    let result = Buffer(uninitialized: shape.count)
    for k in 0..<shape.count {
      let exists = r[k] >= 0 && c[k] >= 0
      result.pointer[k] = exists ? m.buffer.pointer[r[k] * m.columns + c[k]] : .nan
    }
    return .lanes(LaneNumbers(lanes: shape.lanes, buffer: result, isMask: m.isMask))
  }

  /// 0-based positions in every lane of `shape`. A lane whose turn the program does not take here
  /// may hold anything; it gets a position that exists. Where only a run can tell whether the turn
  /// is taken, a position that does not exist is negative, and taking it breaks a guard.
  func lanePositions(
    _ numbers: LaneNumbers, _ size: Int, _ what: String, _ span: SourceSpan, _ shape: Shape
  ) throws -> [Int] {
    let spread = Broadcast.spread(numbers, shape)
    let alive = tracer?.aliveLanes(shape)
    var result = [Int](repeating: 0, count: shape.count)
    var wrong: Buffer?
    for k in 0..<shape.count {
      let x = spread.pointer[k]
      if x >= 1, x <= Double(size), x == x.rounded(.down) {
        result[k] = Int(x) - 1
      } else if let alive, !alive.isKnown, alive.mask[k] != 0 {
        result[k] = Self.nowhere
        wrong = wrong ?? Buffer(count: shape.count)
        wrong?[k] = 1
      } else if size == 0 || alive.map({ $0.mask[k] != 0 }) ?? true {
        guard let whole = Int(exactly: x) else {
          throw Diagnostic(
            .error, "\(NumberFormat.short(x)) is not a position", at: span,
            help: "positions are whole numbers from 1")
        }
        _ = try checked(whole, size, what, span)
      }
    }
    if let wrong, let graph = tracer?.graph {
      try guardNever(graph.array(wrong, shape), "a position that does not exist", span)
    }
    return result
  }

  /// The position of what does not exist.
  private static let nowhere = -1 << 40

  func reshape(
    _ value: Value, _ rows: Int, _ columns: Int, _ span: SourceSpan
  ) throws -> Value {
    if let m = value.matrix { return Value(m.reshaped(rows: rows, columns: columns)) }
    _ = try place(span)
    return Value(
      try expression(value, span).reshape(rows: rows, columns: columns), isMask: value.isMask)
  }
}

extension LaneNumbers {
  /// Of evenly spaced 1-based positions that all exist among `size`: the first one, 0-based, and the
  /// step along each level.
  func offsets(below size: Int) -> (first: Int, steps: [Int])? {
    guard let even else { return nil }
    let (low, high) = even.range(lanes)
    guard low >= 1, high <= Double(size) else { return nil }
    return (Int(even.start) - 1, even.steps.prefix(shape.lanes.count).map { Int($0) })
  }
}

extension Index {
  /// Whether the position differs from lane to lane.
  var varies: Bool {
    switch self {
    case .lanes, .computed: true
    default: false
    }
  }
}
