/// Ranges `a:s:b`, and the items that loops go over.
import OptGraph
import OptNumerics
import OptSyntax

enum Ranges {
  /// How many numbers `a + k s` lie between a and b, b included up to rounding.
  static func count(from a: Double, step s: Double, to b: Double, _ span: SourceSpan) throws -> Int
  {
    guard a.isFinite, b.isFinite, s.isFinite else {
      throw Diagnostic(
        .error,
        "a range needs finite ends, found \(NumberFormat.short(a)) to "
          + NumberFormat.short(b), at: span)
    }
    guard s != 0 else { throw Diagnostic(.error, "the step of a range cannot be 0", at: span) }
    let steps = (b - a) / s
    let count = (steps * (1 + 4 * Double.ulpOfOne) + 1e-10).rounded(.down) + 1
    guard count > 0 else { return 0 }
    guard count <= 1e15 else {
      throw Diagnostic(
        .error, "this range has \(NumberFormat.short(count, digits: 3)) elements", at: span)
    }
    return Int(count)
  }

  static func matrix(
    _ start: Double, _ step: Double, _ count: Int, _ stop: Stop, _ span: SourceSpan
  ) throws -> Matrix {
    let buffer = Buffer(uninitialized: count)
    for first in stride(from: 0, to: count, by: 1 << 20) {
      if stop.isRequested { throw Interrupted(span: span) }
      for k in first..<min(first + 1 << 20, count) {
        buffer.pointer[k] = start + Double(k) * step
      }
    }
    return Matrix(buffer, rows: count, columns: 1)
  }
}

/// What a loop goes over.
struct Sequence {
  let count: Int
  let item: (Int) throws -> Value
  /// The same as numbers, where it is made of known numbers.
  var numbers: Buffer?
  /// The same as a traced vector.
  var traced: TracedNumbers?
}

extension Machine {
  /// An end or step of a range: one number whose value is known while tracing too.
  func rangeBound(_ x: Value, _ span: SourceSpan) throws -> Double {
    switch x {
    case .number(let x): return x
    case .boolean(let b): return b ? 1 : 0
    case .lanes, .traced:
      if x.size ?? (0, 0) == (1, 1) { return try concrete(x, "the end of a range", span) }
    default: break
    }
    throw Diagnostic(
      .error, "a range goes from number to number, found \(x.kindDescription)", at: span)
  }

  /// The items of a vector, a row, a list or a table, in order.
  func items(of value: Value, _ span: SourceSpan) throws -> Sequence {
    switch value {
    case .number, .boolean: return Sequence(count: 1) { _ in value }
    case .matrix(let m) where m.isVector || m.count == 0:
      let isMask = m.isMask
      return Sequence(
        count: m.count,
        item: { isMask ? .boolean(m.buffer[$0] != 0) : .number(m.buffer[$0]) },
        numbers: m.buffer)
    case .traced(let t):
      let shape = t.expression.shape
      guard shape.rows == 1 || shape.columns == 1 else { break }
      return Sequence(
        count: shape.elements,
        item: { k in
          try self.element(value, [.position(k + 1, span)], span)
        }, traced: t)
    case .lanes: return Sequence(count: 1) { _ in value }
    case .list(let list): return Sequence(count: list.items.count) { list.items[$0] }
    case .table(let table): return Sequence(count: table.rowCount) { table.row($0) }
    default: break
    }
    if value.isNumeric {
      throw Diagnostic(
        .error, "a loop goes over a vector, a row or a list, found \(value.kindDescription)",
        at: span, help: "write `for i in 1:rows_of(A)` and use `A[i, :]`")
    }
    throw Diagnostic(
      .error, "a loop goes over a vector, a list or a table, found \(value.kindDescription)",
      at: span)
  }

  /// `x in v`.
  func membership(_ x: Value, _ v: Value, _ span: SourceSpan) throws -> Value {
    switch v {
    case .list(let list):
      for item in list.items where try isEqual(x, item, span) { return .boolean(true) }
      return .boolean(false)
    case .record(let record):
      if case .text(let name) = x { return .boolean(record[name.string] != nil) }
    case .text(let text):
      if case .text(let part) = x { return .boolean(text.string.contains(part.string)) }
    case .number, .boolean: return try compare(.equal, x, v, span)
    case .matrix(let m):
      if let x = x.scalar { return .boolean(m.elements.contains(x)) }
      if x.size ?? (0, 0) == (1, 1) {
        return masked(try fold(.maximum, binary(.equal, x, v, span), span))
      }
    case .traced:
      if x.size ?? (0, 0) == (1, 1) {
        return masked(try fold(.maximum, binary(.equal, x, v, span), span))
      }
    default: break
    }
    throw Diagnostic(
      .error, "cannot look for \(x.kindDescription) in \(v.kindDescription)", at: span)
  }
}
