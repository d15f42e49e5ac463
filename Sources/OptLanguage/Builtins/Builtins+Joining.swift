/// Putting vectors, matrices and lists together, and matrices from tables.
import OptGraph
import OptNumerics
import OptSyntax

extension Builtins {
  static let joining: [Builtin] = [
    Builtin(
      "rows(a, …)",
      "The arguments below each other: vectors and rows become one row each, matrices keep theirs. "
        + "Also takes a list.",
      examples: [
        "rows([1, 2], [3, 4]) == [1, 2; 3, 4]", "rows([1, 2; 3, 4], [5, 6]) == [1, 2; 3, 4; 5, 6]",
        "rows([[k, k^2] for k in 1:2]) == [1, 1; 2, 4]",
      ]
    ) { try stacked($0, beside: false) },
    Builtin(
      "columns(a, …)",
      "The arguments beside each other: vectors and rows become one column each, matrices keep "
        + "theirs. Also takes a list.",
      examples: [
        "columns([1, 2], [3, 4]) == [1, 3; 2, 4]",
        "columns(ones(2), [5, 6; 7, 8]) == [1, 5, 6; 1, 7, 8]",
      ]
    ) { try stacked($0, beside: true) },
    Builtin(
      "join(a, …)",
      "One vector of all elements of vectors and numbers, in order; of rows a row, of matrices one "
        + "below the other, of lists a list. Also takes a list.",
      examples: [
        "join([1, 2], 3, [4, 5]) == 1:5", "join([1, 2]', [3]) == [1, 2, 3]'",
        "join([\"a\"], [\"b\", 2]) == [\"a\", \"b\", 2]",
        "join([1:k for k in 2:3]) == "
          + "[1, 2, 1, 2, 3]",
      ]
    ) { try joined($0) },
    Builtin(
      "matrix(t)",
      "A matrix of the numbers of a table, or of a list of rows; a matrix stays as it is.",
      examples: ["matrix([[1, 2], [3, 4]]) == [1, 2; 3, 4]", "matrix(5) == 5"]
    ) { call in
      switch call[0] {
      case .table(let table): return try matrix(of: table, call)
      case .list: return try stacked(call, beside: false)
      default: return try call.numbers(0)
      }
    },
  ]

  // MARK: Work

  /// The arguments, or the items of the only one if it is a list.
  private static func parts(_ call: Call) -> (values: [Value], spans: [SourceSpan]) {
    if call.rest.isEmpty, case .list(let list) = call[0] {
      return (list.items, list.items.map { _ in call.span(0) })
    }
    let spans = (0..<call.rest.count).map {
      $0 < call.restSpans.count ? call.restSpans[$0] : call.span
    }
    return ([call[0]] + call.rest, [call.span(0)] + spans)
  }

  private static func stacked(_ call: Call, beside: Bool) throws -> Value {
    let (machine, span) = (call.machine, call.span)
    var blocks: [Value] = []
    var width: Int?
    for (value, place) in zip(parts(call).values, parts(call).spans) {
      let block = try call.numbers(value, place)
      let (rows, columns) = block.size ?? (0, 0)
      if rows == 0 || columns == 0 { continue }
      let isVector = rows == 1 || columns == 1
      let turned =
        isVector
        ? try machine.reshape(
          block, beside ? rows * columns : 1, beside ? 1 : rows * columns, span) : block
      let own = isVector ? rows * columns : beside ? rows : columns
      if let width, width != own {
        let (what, first) = beside ? ("rows", "beside") : ("columns", "below")
        throw Diagnostic(
          .error,
          "\(value.kindDescription) does not fit \(first) blocks of \(width) \(what)", at: place,
          help: "`join` puts vectors of any length end to end")
      }
      width = own
      blocks.append(turned)
    }
    return try machine.laid(blocks, beside: beside, span)
  }

  private static func joined(_ call: Call) throws -> Value {
    let (values, _) = parts(call)
    guard values.allSatisfy(\.isNumeric) else {
      let total = values.reduce(0) { sum, value in
        if case .list(let list) = value { return sum + list.items.count }
        return sum + 1
      }
      try call.machine.require(4 * total, 1, call.span)
      return .list(
        values.flatMap { value -> [Value] in
          if case .list(let list) = value { return list.items }
          return value.isNumeric && value.foldedCount(nil) == 0 ? [] : [value]
        })
    }
    let (machine, span) = (call.machine, call.span)
    let blocks = values.filter { $0.foldedCount(nil) > 0 }
    let sizes = blocks.map { $0.size ?? (1, 1) }
    if sizes.contains(where: { $0.rows > 1 && $0.columns > 1 }) {
      let width = sizes.first { $0.rows > 1 && $0.columns > 1 }?.columns ?? 1
      for (block, size) in zip(blocks, sizes) where size.columns != width {
        throw call.fail(
          "cannot join \(block.kindDescription) to a matrix of \(width) columns",
          help: "`rows` and `columns` put vectors and matrices together")
      }
      return try machine.laid(blocks, beside: false, span)
    }
    let isRow = sizes.contains { $0.columns > 1 } && !sizes.contains { $0.rows > 1 }
    let turned = try zip(blocks, sizes).map { block, size -> Value in
      let count = size.rows * size.columns
      return try machine.reshape(block, isRow ? 1 : count, isRow ? count : 1, span)
    }
    return try machine.laid(turned, beside: isRow, span)
  }

  private static func matrix(of table: Table, _ call: Call) throws -> Value {
    let columns = try zip(table.names, table.columns).map { name, column -> Matrix in
      switch column {
      case .numbers(let numbers): return numbers
      case .texts(let texts):
        let row = texts.firstIndex { DecimalNumber.read($0) == nil && !$0.isEmpty } ?? 0
        let sample = row < texts.count ? ": \"\(texts[row].prefix(40))\" in row \(row + 1)" : ""
        throw call.fail(
          "the column `\(name)` holds texts, not numbers\(sample)", 0,
          help: "choose columns by position, `matrix(t[:, 1:3])`, or by name, "
            + "`columns(t.a, t.b)`; `codes(t.a)` numbers the texts")
      }
    }
    guard let count = Matrix.count(rows: Double(table.rowCount), columns: Double(columns.count))
    else { throw Matrix.tooLarge(table.rowCount, columns.count, call.span) }
    let result = Buffer(uninitialized: count)
    for (j, column) in columns.enumerated() {
      for i in 0..<table.rowCount {
        result.pointer[i * columns.count + j] = column.buffer.pointer[i]
      }
    }
    return Value(Matrix(result, rows: table.rowCount, columns: columns.count))
  }
}
