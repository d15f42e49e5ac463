/// What stands between index brackets, once evaluated.
import OptGraph
import OptNumerics
import OptSyntax

/// One evaluated index.
enum Index {
  /// `:`
  case all(SourceSpan)
  /// A 1-based position, not yet compared with the size.
  case position(Int, SourceSpan)
  /// Several 1-based positions.
  case positions([Int], SourceSpan)
  /// This many 1-based positions beside each other, from the first one on.
  case run(Int, count: Int, SourceSpan)
  /// A mask with its size; it selects where it is not 0.
  case mask(Matrix, SourceSpan)
  /// A known position in every lane.
  case lanes(LaneNumbers, SourceSpan)
  /// A traced position that differs from lane to lane.
  case computed(Expression, SourceSpan)
  /// A field's or column's name.
  case key(String, SourceSpan)

  var span: SourceSpan {
    switch self {
    case .all(let s), .position(_, let s), .positions(_, let s),
      .run(_, _, let s), .mask(_, let s), .lanes(_, let s), .computed(_, let s),
      .key(_, let s):
      s
    }
  }
}

extension Machine {
  /// An index from its value. Traced positions that do not differ between lanes are decided.
  func index(_ value: Value, _ span: SourceSpan) throws -> Index {
    switch value {
    case .number(let x): return .position(try position(x, span), span)
    case .boolean(let b): return .mask(Matrix([b ? 1 : 0], rows: 1, columns: 1, isMask: true), span)
    case .matrix(let m):
      if m.isMask { return .mask(m, span) }
      if let first = Self.firstOfRun(m) { return .run(first, count: m.count, span) }
      return .positions(try m.elements.map { try position($0, span) }, span)
    case .lanes(let l):
      if l.isMask { throw CannotBatch("a mask as an index that differs from turn to turn", span) }
      return .lanes(l, span)
    case .traced(let t):
      if !t.expression.shape.lanes.isEmpty || tracer?.dependsOnLoop(t.expression) == true {
        guard t.expression.shape.elements == 1, !t.isMask else {
          throw CannotBatch("an index vector that differs from turn to turn", span)
        }
        return .computed(t.expression, span)
      }
      return try index(concreteValue(value, "an index", span), span)
    case .text(let text): return .key(text.string, span)
    default:
      throw Diagnostic(
        .error,
        "an index is a position, a vector of positions or a mask, found "
          + value.kindDescription, at: span)
    }
  }

  /// The first of whole numbers that grow by one.
  private static func firstOfRun(_ m: Matrix) -> Int? {
    let (count, numbers) = (m.count, m.buffer.pointer)
    guard count > 0, let first = Int(exactly: numbers[0]), first.magnitude < 1 << 52 else {
      return nil
    }
    for k in 0..<count where numbers[k] != numbers[0] + Double(k) { return nil }
    return first
  }

  private func position(_ x: Double, _ span: SourceSpan) throws -> Int {
    guard let k = Int(exactly: x) else {
      throw Diagnostic(
        .error, "\(NumberFormat.short(x)) is not a position", at: span,
        help: "positions are whole numbers from 1")
    }
    return k
  }

  /// The indices of `value[…]`, with `end` known to each of them.
  func indices(_ codes: [IndexCode], of value: Value, _ frame: Frame) throws -> [Index] {
    try codes.enumerated().map { k, code in
      guard let evaluate = code.code else { return .all(code.span) }
      if let slot = code.endSlot {
        frame[slot] = .number(Double(extent(of: value, k, codes.count)))
      }
      return try index(evaluate(frame), code.span)
    }
  }

  /// What `end` means in index `k` of `count` indices.
  private func extent(of value: Value, _ k: Int, _ count: Int) -> Int {
    switch value {
    case .list(let list): return list.items.count
    case .table(let table): return k == 0 ? table.rowCount : table.names.count
    default:
      guard let (rows, columns) = value.size else { return 0 }
      if count == 1 { return rows * columns }
      return k == 0 ? rows : columns
    }
  }

  /// 0-based offsets along one dimension of known size.
  func offsets(_ index: Index, _ size: Int, _ what: String) throws -> [Int] {
    if let run = try run(index, size, what) { return Array(run) }
    switch index {
    case .all, .position, .run: return []
    case .positions(let list, let span): return try list.map { try checked($0, size, what, span) }
    case .mask(let mask, let span):
      guard mask.count == size else {
        throw Diagnostic(
          .error, "a mask of \(RunReport.count(mask.count, "element")) cannot select among \(size)",
          at: span)
      }
      return (0..<size).filter { mask.buffer[$0] != 0 }
    case .lanes(_, let span), .computed(_, let span):
      throw CannotBatch("an index that differs from turn to turn", span)
    case .key(_, let span):
      throw Diagnostic(.error, "\(what)s have no names here", at: span)
    }
  }

  /// The same where they are beside each other.
  func run(_ index: Index, _ size: Int, _ what: String) throws -> Range<Int>? {
    switch index {
    case .all: return 0..<size
    case .position(let k, let span):
      let offset = try checked(k, size, what, span)
      return offset..<offset + 1
    case .run(let first, let count, let span):
      let offset = try checked(first, size, what, span)
      if first + count - 1 > size { _ = try checked(size + 1, size, what, span) }
      return offset..<offset + count
    default: return nil
    }
  }

  func checked(_ k: Int, _ size: Int, _ what: String, _ span: SourceSpan) throws -> Int {
    if k >= 1 && k <= size { return k - 1 }
    let help: String?
    if k == 0 {
      help = "positions count from 1"
    } else if k < 0 {
      help = "`end`, `end - 1` … count from the end"
    } else {
      help = nil
    }
    let plural = size == 1 ? what : what + "s"
    throw Diagnostic(
      .error, "there is no \(what) \(k): there \(size == 1 ? "is" : "are") \(size) \(plural)",
      at: span, help: help)
  }
}
