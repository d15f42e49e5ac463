/// How reductions fold numbers: known ones at once, traced ones as nodes, lists item by item.
import OptGraph
import OptNumerics
import OptSyntax

extension Expression {
  /// The language's dimensions that `axis` folds: 1 the rows, 2 the columns, nil both.
  func dimensions(_ axis: Int?) -> [Int] {
    let levels = shape.lanes.count
    return axis.map { [levels + $0 - 1] } ?? [levels, levels + 1]
  }

  /// A fold of every lane's elements.
  func fold(_ kind: Reduction.Kind, _ axis: Int?) -> Expression { reduce(kind, dimensions(axis)) }

  /// Two nested squares: `x²`.
  var squared: Expression { apply(.power, graph.number(2)) }
}

extension Value {
  /// How many numbers a fold along `axis` takes each.
  func foldedCount(_ axis: Int?) -> Int {
    let (rows, columns) = size ?? (0, 0)
    return axis == nil ? rows * columns : axis == 1 ? rows : columns
  }
}

extension Machine {
  /// A fold of numbers over everything or along an axis.
  func fold(
    _ kind: Reduction.Kind, _ value: Value, axis: Int?, _ span: SourceSpan
  ) throws -> Value {
    guard let m = value.matrix ?? emptyMatrix(value) else {
      return try structural([value], span) { $0[0].fold(kind, axis) }
    }
    let outer = axis == 2 ? m.rows : 1
    let inner = axis == 1 ? m.columns : 1
    try require(outer, inner, span)
    let result = Buffer(uninitialized: outer * inner)
    let scratch = Buffer(uninitialized: inner)
    Folding.reduce(
      Folding.Kind(rawValue: kind.rawValue) ?? .sum, m.buffer.pointer, outer: outer,
      length: value.foldedCount(axis), inner: inner, into: result.pointer,
      scratch: scratch.pointer)
    return Value(Matrix(result, rows: outer, columns: inner))
  }

  /// Traced numbers without elements, which are as good as known.
  private func emptyMatrix(_ value: Value) -> Matrix? {
    guard let (rows, columns) = value.size, rows == 0 || columns == 0 else { return nil }
    return Matrix([], rows: rows, columns: columns)
  }

  /// Items of a list combined one after the other.
  func fold(_ function: FunctionID, _ items: [Value], _ span: SourceSpan) throws -> Value? {
    guard var result = items.first else { return nil }
    for item in items.dropFirst() {
      try tick(span)
      result = try binary(function, result, item, span)
    }
    return result
  }

  /// All numbers of a value as one column, fields of records one after the other.
  func column(of value: Value, _ span: SourceSpan) throws -> Value {
    var parts: [Value] = []
    try collect(value, into: &parts, span)
    let columns = try parts.map { part -> Value in
      let (rows, columns) = part.size ?? (0, 0)
      return columns == 1 ? part : try reshape(part, rows * columns, 1, span)
    }
    return try laid(columns, beside: false, span)
  }

  private func collect(
    _ value: Value, into parts: inout [Value], _ span: SourceSpan
  ) throws {
    switch value {
    case .record(let record):
      for field in record.values { try collect(field, into: &parts, span) }
    case .list(let list):
      for item in list.items { try collect(item, into: &parts, span) }
    default:
      guard value.isNumeric else {
        throw Diagnostic(.error, "expected numbers, found \(value.kindDescription)", at: span)
      }
      parts.append(value)
    }
  }

  /// Numbers below each other or beside each other; their widths or heights are equal.
  func laid(_ parts: [Value], beside: Bool, _ span: SourceSpan) throws -> Value {
    let sizes = parts.map { $0.size ?? (0, 0) }
    let rows = beside ? sizes.first?.rows ?? 0 : sizes.reduce(0) { $0 + $1.rows }
    let columns = beside ? sizes.reduce(0) { $0 + $1.columns } : sizes.first?.columns ?? 1
    guard Matrix.count(rows: Double(rows), columns: Double(columns)) != nil else {
      throw Matrix.tooLarge(rows, columns, span)
    }
    if parts.count == 1 { return parts[0] }
    let isMask = !parts.isEmpty && parts.allSatisfy(\.isMask)
    let known = parts.compactMap(\.matrix)
    if known.count == parts.count {
      let result = Buffer(uninitialized: rows * columns)
      var offset = 0
      for m in known {
        for i in 0..<(beside ? m.rows : min(m.rows, 1)) {
          // Whole matrices lie below each other; beside each other goes row by row.
          let count = beside ? m.columns : m.count
          (result.pointer + offset + i * columns)
            .update(from: m.buffer.pointer + i * m.columns, count: count)
        }
        offset += beside ? m.columns : m.count
      }
      return Value(Matrix(result, rows: rows, columns: columns, isMask: isMask))
    }
    let graph = try place(span)
    let expressions = try parts.map { try expression($0, span) }
    var lanes = Shape.scalar
    for e in expressions {
      lanes = lanes.broadcast(with: e.shape.with(rows: 1, columns: 1)) ?? lanes
    }
    let target = lanes.with(rows: rows, columns: columns)
    let strides = target.strides
    var offset = 0
    let pieces = zip(expressions, sizes).map { e, size in
      defer { offset += beside ? size.columns : size.rows * columns }
      return (
        expression: e.broadcast(to: lanes.with(rows: size.rows, columns: size.columns)),
        map: StridedMap(offset: offset, strides: strides)
      )
    }
    return Value(graph.assemble(target, adds: false, pieces), isMask: isMask)
  }
}
