/// Running sums, sorting, and finding elements.
import OptGraph
import OptNumerics
import OptSyntax

extension Builtins {
  static let ordering: [Builtin] = [
    Builtin(
      "cumsum(v, axis = nothing)",
      "Running sums: over all elements row by row, or down the columns (`axis = 1`) or along the "
        + "rows (`axis = 2`).",
      examples: [
        "cumsum([1, 2, 3]) == [1, 3, 6]", "cumsum([1, 2; 3, 4], axis = 1) == [1, 2; 4, 6]",
        "cumsum([1, 2; 3, 4]) == [1, 3; 6, 10]",
      ]
    ) { call in
      let axis = try call.axis(1)
      let x = try call.numbers(0)
      let (rows, columns) = x.size ?? (1, 1)
      guard rows * columns > 1 else { return x.isMask ? try number(x, call) : x }
      return try call.machine.structural([x], call.span) { parts in
        let x = parts[0]
        if let axis { return x.scan(x.shape.lanes.count + axis - 1) }
        if rows == 1 { return x.scan(x.shape.lanes.count + 1) }
        let column = x.reshape(rows: rows * columns, columns: 1)
        return column.scan(column.shape.lanes.count).reshape(rows: rows, columns: columns)
      }
    },
    Builtin(
      "sort(v, axis = nothing)",
      "The elements in increasing order, nan last: all of them, or each column (`axis = 1`) or row "
        + "(`axis = 2`) by itself. Also sorts a list of texts.",
      examples: [
        "sort([3, 1, 2]) == [1, 2, 3]", "sort([3, 1; 2, 4], axis = 2) == [1, 3; 2, 4]",
        "sort([\"b\", \"a\"]) == [\"a\", \"b\"]",
      ]
    ) { call in
      let axis = try call.axis(1)
      if let texts = texts(call[0]), axis == nil { return .list(texts.sorted().map { .text($0) }) }
      let x = try call.numbers(0)
      guard x.foldedCount(nil) > 1 else { return x }
      return try call.machine.structural([x], call.span) { parts in
        parts[0].gather(parts[0].inLanes(parts[0].sortingPlaces(axis)))
      }
    },
    Builtin(
      "order(v)",
      "The positions that put a vector in increasing order: `v[order(v)]` is `sort(v)`.",
      examples: ["order([30, 10, 20]) == [2, 3, 1]"]
    ) { call in
      let x = try call.column(0)
      guard x.foldedCount(nil) > 1 else { return x.foldedCount(nil) == 1 ? .number(1) : x }
      return try call.machine.structural([x], call.span) { $0[0].order + 1 }
    },
    Builtin(
      "find(m)", "The positions where a mask is true, counted row by row.",
      examples: ["find([5, 0, 7] > 1) == [1, 3]", "length(find([1, 2] > 5)) == 0"]
    ) { call in
      guard call[0].isMask || call[0].foldedCount(nil) == 0 && call[0].isNumeric else {
        throw call.wants("a mask", call[0], call.span(0))
      }
      let mask = try known(call)
      let places = mask.elements.indices.filter { mask.buffer[$0] != 0 }
      return .vector(places.map { Double($0 + 1) })
    },
    Builtin(
      "unique(v)",
      "The different elements in increasing order; of a list of texts too.",
      examples: ["unique([2, 1, 2]) == [1, 2]", "unique([\"b\", \"a\", \"b\"]) == [\"a\", \"b\"]"]
    ) { call in
      if let texts = texts(call[0]) { return .list(Set(texts).sorted().map { .text($0) }) }
      _ = try call.numbers(0)
      var result: [Double] = []
      for x in try known(call).elements.sorted(by: { $0 < $1 || (!$0.isNaN && $1.isNaN) })
      where x != result.last && !(x.isNaN && result.last?.isNaN ?? false) { result.append(x) }
      return .vector(result)
    },
    Builtin(
      "codes(v)",
      "The number of each item among the different ones in increasing order, counted from 0: class "
        + "numbers of texts or numbers.",
      examples: ["codes([\"b\", \"a\", \"b\"]) == [1, 0, 1]", "codes([5, 3, 5]) == [1, 0, 1]"]
    ) { call in
      if let texts = texts(call[0]) { return numbered(texts) }
      _ = try call.numbers(0)
      return numbered(Array(try known(call).elements))
    },
  ]

  // MARK: Work

  private static func numbered<Item: Hashable & Comparable>(_ items: [Item]) -> Value {
    let different = Set(items).sorted()
    let places = Dictionary(
      different.enumerated().map { ($1, Double($0)) }, uniquingKeysWith: { first, _ in first })
    return .vector(items.map { places[$0] ?? .nan })
  }

  private static func number(_ x: Value, _ call: Call) throws -> Value {
    try call.machine.binary(.multiply, .number(1), x, call.span)
  }

  /// A list of nothing but texts.
  private static func texts(_ value: Value) -> [String]? {
    guard case .list(let list) = value else { return nil }
    var result: [String] = []
    for item in list.items {
      guard case .text(let text) = item else { return nil }
      result.append(text.string)
    }
    return result
  }

  /// Numbers that must be known, because the size of the result depends on them.
  private static func known(_ call: Call) throws -> Matrix {
    let value = try call.machine.concreteValue(
      call[0], "the result of `\(call.function)`", call.span(0))
    if let m = value.matrix { return m }
    throw CannotBatch("`\(call.function)` inside it", call.span)
  }
}

extension Expression {
  /// 0-based offsets within a lane that sort everything, the columns or the rows.
  func sortingPlaces(_ axis: Int?) -> Expression {
    let (rows, columns) = (Int(shape.rows), Int(shape.columns))
    guard let axis, rows > 1, columns > 1 else { return order }
    // Each column or row becomes a lane of its own while it is sorted.
    let (count, length) = axis == 1 ? (columns, rows) : (rows, columns)
    let split = Shape(
      lanes: shape.lanes + [Int32(clamping: count)], rows: length, columns: 1)
    var strides = Array(shape.strides.dropLast(2))
    strides += axis == 1 ? [1, columns, 0] : [columns, 1, 0]
    let places = view(StridedMap(strides: strides), split).order
    // Back to rows and columns; positions along the axis become offsets.
    var back = Array(split.strides.dropLast(3))
    back += axis == 1 ? [1, length] : [length, 1]
    let own = places.view(StridedMap(strides: back), shape)
    let steps = Buffer((0..<count).map { Double($0 * (axis == 1 ? 1 : columns)) })
    let base = graph.array(
      steps, axis == 1 ? Shape(rows: 1, columns: count) : Shape(rows: count, columns: 1))
    return axis == 1 ? Double(columns) * own + base : own + base
  }
}
