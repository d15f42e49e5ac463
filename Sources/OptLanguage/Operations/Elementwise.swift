/// Elementwise operators and functions on values of every kind.
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  // MARK: One argument

  /// A row of the function table on a value; records pass through field by field.
  func unary(_ function: FunctionID, _ x: Value, _ span: SourceSpan) throws -> Value {
    guard case .unary(let f) = function.row.evaluate else {
      throw Diagnostic(.error, "`\(function.row.name)` takes more arguments", at: span)
    }
    switch x {
    case .number(let x): return .number(f(x))
    case .boolean(let b): return .number(f(b ? 1 : 0))
    case .matrix(let m):
      try require(m.rows, m.columns, span)
      let result = Buffer(uninitialized: m.count)
      let (from, to) = (m.buffer.pointer, result.pointer)
      for k in 0..<m.count { to[k] = f(from[k]) }
      return .matrix(Matrix(result, rows: m.rows, columns: m.columns))
    case .sparse(let s): return try sparseUnary(function, s, span)
    case .lanes(let l):
      let result = Buffer(uninitialized: l.buffer.count)
      for k in 0..<l.buffer.count { result.pointer[k] = f(l.buffer.pointer[k]) }
      return .lanes(LaneNumbers(lanes: l.lanes, buffer: result))
    case .traced:
      return Value(try expression(x, span).apply(function))
    case .record(let record) where record.report == nil:
      return .record(
        Record(
          names: record.names, values: try record.values.map { try unary(function, $0, span) }))
    default:
      throw Diagnostic(
        .error,
        function == .negate
          ? "cannot negate \(x.kindDescription)"
          : "there is no `\(function.row.name)` of \(x.kindDescription)", at: span)
    }
  }

  /// `not`: of a boolean or a mask.
  func negation(_ x: Value, _ span: SourceSpan) throws -> Value {
    guard x.isMask else {
      throw Diagnostic(
        .error, "`not` wants a boolean or a mask, found \(x.kindDescription)", at: span)
    }
    return try masked(unary(.not, x, span))
  }

  /// The same numbers as a mask.
  func masked(_ x: Value) -> Value {
    switch x {
    case .number(let x): .boolean(x != 0)
    case .matrix(let m):
      .matrix(Matrix(m.buffer, rows: m.rows, columns: m.columns, isMask: true))
    case .lanes(let l): .lanes(LaneNumbers(lanes: l.lanes, buffer: l.buffer, isMask: true))
    case .traced(let t): .traced(TracedNumbers(t.expression, isMask: true))
    default: x
    }
  }

  // MARK: Two arguments

  /// A row of the function table on two values, with broadcasting.
  func binary(
    _ function: FunctionID, _ a: Value, _ b: Value, _ span: SourceSpan
  ) throws -> Value {
    if let result = try fieldwise(a, b, span, { try self.binary(function, $0, $1, span) }) {
      return result
    }
    guard a.isNumeric, b.isNumeric else {
      if a.sparse != nil || b.sparse != nil { return try sparseBinary(function, a, b, span) }
      throw cannot(function, a, b, span)
    }
    if let x = a.scalar, let y = b.scalar, case .binary(let f) = function.row.evaluate {
      return .number(f(x, y))
    }
    let (s, t) = (a.size ?? (1, 1), b.size ?? (1, 1))
    guard let (rows, columns) = Broadcast.size(s, t) else {
      throw sizesDiffer(function, a, b, span)
    }
    if let x = laneNumbers(a), let y = laneNumbers(b) {
      return .lanes(Broadcast.lanes(function, x, y))
    }
    if let x = a.matrix, let y = b.matrix {
      try require(rows, columns, span)
      return Value(Broadcast.apply(function, x, y, rows, columns))
    }
    let graph = try place(span)
    let (x, y) = (try expression(a, span), try expression(b, span))
    // The square of a norm is smooth where the norm is not.
    if let squared = x.rootedSquare, function == .power && y.constant == 2 {
      return Value(squared)
    }
    if let squared = x.rootedSquare, function == .multiply && x == y { return Value(squared) }
    return Value(graph.apply(function, x, y))
  }

  /// Records on one or both sides: field by field.
  private func fieldwise(
    _ a: Value, _ b: Value, _ span: SourceSpan, _ combine: (Value, Value) throws -> Value
  ) throws -> Value? {
    switch (a, b) {
    case (.record(let x), _) where x.report != nil: return nil
    case (_, .record(let y)) where y.report != nil: return nil
    case (.record(let x), .record(let y)):
      for name in y.names where x[name] == nil { throw missing(name, "left", span) }
      let values = try x.names.enumerated().map { k, name in
        guard let other = y[name] else { throw missing(name, "right", span) }
        return try combine(x.values[k], other)
      }
      return .record(Record(names: x.names, values: values))
    case (.record(let x), _) where b.isNumeric:
      return .record(
        Record(names: x.names, values: try x.values.map { try combine($0, b) }))
    case (_, .record(let y)) where a.isNumeric:
      return .record(
        Record(names: y.names, values: try y.values.map { try combine(a, $0) }))
    default: return nil
    }
  }

  private func missing(_ field: String, _ side: String, _ span: SourceSpan) -> Diagnostic {
    Diagnostic(
      .error, "the record on the \(side) has no field `\(field)`", at: span,
      help: "records are combined field by field, so both need the same names")
  }

  /// `a < b` and its kin: a boolean or a mask; `==` and `!=` of any two values.
  func compare(
    _ comparison: ComparisonOperator, _ a: Value, _ b: Value, _ span: SourceSpan
  ) throws -> Value {
    if a.isNumeric && b.isNumeric {
      if let x = a.scalar, let y = b.scalar { return .boolean(comparison.holds(x, y)) }
      return masked(try binary(comparison.function, a, b, span))
    }
    if a.isNumeric || a.sparse != nil, b.isNumeric || b.sparse != nil {
      return try compare(comparison, writtenOut(a, span), writtenOut(b, span), span)
    }
    switch comparison {
    case .equal: return .boolean(try isEqual(a, b, span))
    case .notEqual: return .boolean(!(try isEqual(a, b, span)))
    default:
      if case .text(let x) = a, case .text(let y) = b {
        switch comparison {
        case .less: return .boolean(x.string < y.string)
        case .lessOrEqual: return .boolean(x.string <= y.string)
        case .greater: return .boolean(x.string > y.string)
        default: return .boolean(x.string >= y.string)
        }
      }
      throw cannot(comparison.function, a, b, span)
    }
  }

  /// Whether two values are the same in kind and content; numbers of the same size, element by
  /// element.
  func isEqual(_ a: Value, _ b: Value, _ span: SourceSpan) throws -> Bool {
    switch (a, b) {
    case (.unset, .unset), (.unset, .nothing), (.nothing, .unset), (.nothing, .nothing):
      return true
    case (.text(let x), .text(let y)): return x.string == y.string
    case (.list(let x), .list(let y)):
      try tick(span)
      guard x.items.count == y.items.count else { return false }
      for (u, v) in zip(x.items, y.items) where !(try isEqual(u, v, span)) { return false }
      return true
    case (.record(let x), .record(let y)):
      try tick(span)
      guard x.names.count == y.names.count else { return false }
      for (name, value) in zip(x.names, x.values) {
        guard let other = y[name], try isEqual(value, other, span) else { return false }
      }
      return true
    case (.function(let x), .function(let y)): return x === y
    case (.table(let x), .table(let y)): return x === y
    case (.method(let x), .method(let y)): return x === y
    case (.sparse(let x), .sparse(let y)):
      return (x.rows, x.columns) == (y.rows, y.columns)
        && x.combined(y) { $0 == $1 ? 0 : 1 }.values.elements.allSatisfy { $0 == 0 }
    default:
      guard a.isNumeric, b.isNumeric else { return false }
      let (s, t) = (a.size ?? (0, 0), b.size ?? (0, 0))
      guard s == t else { return false }
      if let x = a.matrix, let y = b.matrix {
        return x.elements.elementsEqual(y.elements)
      }
      return try decide(masked(fold(.minimum, binary(.equal, a, b, span), span)), span)
    }
  }

  /// `and`, `or` on masks and booleans.
  func logic(
    _ function: FunctionID, _ a: Value, _ b: Value, _ span: SourceSpan
  ) throws -> Value {
    let word = function.row.name
    for x in [a, b] where !x.isMask {
      throw Diagnostic(
        .error, "`\(word)` wants booleans or masks, found \(x.kindDescription)", at: span)
    }
    return masked(try binary(function, a, b, span))
  }

  // MARK: Errors

  private static let comparisons: [FunctionID] = [
    .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual,
  ]
  private static let verbs: [FunctionID: (verb: String, join: String)] = [
    .add: ("add", "and"), .subtract: ("subtract", "and"),
    .multiply: ("multiply", "by"), .divide: ("divide", "by"), .power: ("raise", "to the power of"),
  ]

  func cannot(
    _ function: FunctionID, _ a: Value, _ b: Value, _ span: SourceSpan
  ) -> Diagnostic {
    let isComparison = Self.comparisons.contains(function)
    let help: String?
    switch (a, b) {
    case (.list, _) where !isComparison, (_, .list) where !isComparison:
      help = "a matrix is written `[1, 2; 3, 4]`; brackets in brackets make a list"
    case (.function(let f), _), (_, .function(let f)):
      let name = f.name ?? "f"
      help = "call the function: `\(name)(\(f.parameterNames.joined(separator: ", ")))`"
    case (.text, _), (_, .text):
      help =
        isComparison
        ? "`number(…)` is the number that a text says" : "text is put together as `\"{a}{b}\"`"
    default: help = nil
    }
    let (x, y) = (a.kindDescription, b.kindDescription)
    if Self.verbs[function] != nil {
      return Diagnostic(.error, Self.refusal(function, x, y), at: span, help: help)
    }
    if isComparison {
      return Diagnostic(.error, "cannot compare \(x) with \(y)", at: span, help: help)
    }
    return Diagnostic(
      .error, "`\(function.row.name)` wants numbers, found \(x) and \(y)", at: span, help: help)
  }

  func sizesDiffer(
    _ function: FunctionID, _ a: Value, _ b: Value, _ span: SourceSpan
  ) -> Diagnostic {
    let help: String
    let (s, t) = (a.size ?? (1, 1), b.size ?? (1, 1))
    if (s.columns == 1 && t.rows == 1) || (s.rows == 1 && t.columns == 1) {
      help = "transpose one of them with `'`, or write `outer(a, b)` for all pairs"
    } else {
      help = "sizes must be equal, or one side a number, a row as wide or a column as tall"
    }
    let (x, y) = (a.kindDescription, b.kindDescription)
    return Diagnostic(
      .error, Self.refusal(function, x, y) + ": the sizes differ", at: span, help: help)
  }

  private static func refusal(_ function: FunctionID, _ x: String, _ y: String) -> String {
    if function == .subtract { return "cannot subtract \(y) from \(x)" }
    guard let words = verbs[function] else {
      return comparisons.contains(function)
        ? "cannot compare \(x) with \(y)" : "`\(function.row.name)` cannot combine \(x) and \(y)"
    }
    return "cannot \(words.verb) \(x) \(words.join) \(y)"
  }
}
