/// Comprehensions and generators, turn by turn. (`Batches.swift` traces all turns at once.)
import OptGraph
import OptNumerics
import OptSyntax

/// What becomes of the values of a comprehension's turns.
enum Closing {
  /// A vector, a matrix or a list.
  case stack
  /// The same as the argument of a function, where the rows may have different lengths.
  case collect
  /// One value.
  case fold(Reduction.Kind)
}

extension Machine {
  func run(_ code: ComprehensionCode, _ closing: Closing, _ frame: Frame) throws -> Value {
    if tracer != nil, let value = try batched(code, closing, frame) { return value }
    var turns = Turns(closing)
    try loop(code, 0, &turns, frame)
    return try finish(turns, code)
  }

  /// The values so far.
  struct Turns {
    let closing: Closing
    /// While all values are known numbers.
    var numbers: [Double] = []
    var isMask = true
    /// Everything, once something is not a number.
    var values: [Value]?
    /// How many there were.
    var total = 0
    /// Of a fold.
    var folded: Value?
    /// Turns of the inner loop for each turn of the outer one.
    var innerCounts: [Int] = []

    init(_ closing: Closing) { self.closing = closing }
  }

  private func loop(
    _ code: ComprehensionCode, _ k: Int, _ turns: inout Turns, _ frame: Frame
  ) throws {
    let source = code.sources[k]
    let slot = source.slot
    defer { frame[slot] = .unset }
    let isInnermost = k == code.sources.count - 1
    var count = 0
    func turn(_ value: Value) throws {
      frame[slot] = value
      try tick(code.span)
      if let condition = source.condition,
        !(try decide(condition(frame), source.conditionSpan))
      {
        return
      }
      count += 1
      turns.total += 1
      if turns.total & 0xFFFF == 0, case .stack = turns.closing {
        // Growing needs the old and the new room for a while.
        try require(3 * turns.total, 1, code.span)
      }
      if isInnermost {
        for own in code.ownSlots { frame[own] = .unset }
        let value = try code.body(frame)
        if state.pointee.jump != .none {
          state.pointee.jump = .none
          throw Diagnostic(
            .error, "`break`, `continue` and `return` cannot leave a comprehension",
            at: code.bodySpan, help: "write a `for` loop")
        }
        try add(value, to: &turns, code)
      } else {
        try loop(code, k + 1, &turns, frame)
      }
    }
    if let range = source.range {
      let (start, step, total) = try range.parts(frame)
      for i in 0..<total { try turn(.number(start + Double(i) * step)) }
    } else if let items = source.items {
      let sequence = try self.items(of: items(frame), source.span)
      for i in 0..<sequence.count { try turn(sequence.item(i)) }
    }
    if isInnermost && code.sources.count == 2 { turns.innerCounts.append(count) }
  }

  private func add(_ value: Value, to turns: inout Turns, _ code: ComprehensionCode) throws {
    switch turns.closing {
    case .fold(let kind):
      guard let old = turns.folded else {
        turns.folded = value
        return
      }
      if kind == .sum, case .number(let x) = old, case .number(let y) = value {
        turns.folded = .number(x + y)
      } else {
        turns.folded = try combine(kind, old, value, code.bodySpan)
      }
    case .stack, .collect:
      if turns.values == nil {
        if case .number(let x) = value {
          turns.numbers.append(x)
          turns.isMask = false
          return
        }
        if case .boolean(let b) = value, turns.isMask {
          turns.numbers.append(b ? 1 : 0)
          return
        }
        let isMask = turns.isMask
        turns.values = turns.numbers.map { isMask ? .boolean($0 != 0) : .number($0) }
      }
      turns.values?.append(value)
    }
  }

  private func combine(
    _ kind: Reduction.Kind, _ a: Value, _ b: Value, _ span: SourceSpan
  ) throws -> Value {
    switch kind {
    case .sum: return try binary(.add, a, b, span)
    case .product: return try binary(.multiply, a, b, span)
    case .maximum, .argMaximum: return try binary(.max, a, b, span)
    case .minimum, .argMinimum: return try binary(.min, a, b, span)
    }
  }

  private func finish(_ turns: Turns, _ code: ComprehensionCode) throws -> Value {
    switch turns.closing {
    case .fold(let kind):
      if let value = turns.folded {
        if case .boolean(let b) = value { return .number(b ? 1 : 0) }
        return value
      }
      switch kind {
      case .sum: return .number(0)
      case .product: return .number(1)
      default:
        throw Diagnostic(.error, "there is no extreme of nothing", at: code.span)
      }
    case .stack, .collect:
      if let values = turns.values {
        guard values.allSatisfy({ $0.isNumeric && $0.size ?? (0, 0) == (1, 1) }) else {
          return try nested(.list(values), code.span)
        }
        let column = try vector(
          values, values.map { _ in code.bodySpan }, code.bodySpan)
        return try shaped(column, values.count, turns, code)
      }
      let isMask = turns.isMask && !turns.numbers.isEmpty
      let count = turns.numbers.count
      let column = Value.matrix(
        Matrix(Buffer(turns.numbers), rows: count, columns: 1, isMask: isMask))
      return try shaped(column, count, turns, code)
    }
  }

  /// `[… for i in I, j in J]` is a matrix.
  private func shaped(
    _ column: Value, _ count: Int, _ turns: Turns, _ code: ComprehensionCode
  ) throws -> Value {
    if code.sources.count > 2 {
      if case .collect = turns.closing { return column }
      throw Diagnostic(
        .error,
        "`[…]` takes one `for` (a vector) or two (a matrix), found "
          + "\(code.sources.count)", at: code.span)
    }
    guard code.sources.count == 2 else {
      return count == 1 ? try element(column, [.position(1, code.span)], code.span) : column
    }
    let rows = turns.innerCounts.count
    let columns = turns.innerCounts.first ?? 0
    guard turns.innerCounts.allSatisfy({ $0 == columns }) else {
      if case .collect = turns.closing { return column }
      throw Diagnostic(
        .error, "the rows of this matrix have different lengths", at: code.span,
        help: "an inner `for` that depends on the outer one goes inside `sum(…)`")
    }
    return try reshape(column, rows, columns, code.span)
  }

  // MARK: Brackets

  /// `[a, b, c]`: a column of numbers, or a list.
  func vector(_ items: [Value], _ spans: [SourceSpan], _ span: SourceSpan) throws -> Value {
    guard items.allSatisfy({ $0.isNumeric && $0.size ?? (0, 0) == (1, 1) }) else {
      return try nested(.list(items), span)
    }
    if items.allSatisfy({ $0.scalar != nil }) {
      let isMask = items.allSatisfy(\.isMask)
      return Value(
        Matrix(
          items.map { $0.scalar ?? .nan }, rows: items.count, columns: 1, isMask: isMask))
    }
    return try laid(items, rows: items.count, columns: 1, span)
  }

  /// `[a, b; c, d]`.
  func matrix(_ rows: [[Value]], _ spans: [[SourceSpan]], _ span: SourceSpan) throws -> Value {
    let width = rows[0].count
    for (row, places) in zip(rows, spans) {
      if row.count != width {
        let place = places.first.map { first in places.reduce(first) { $0.joined(with: $1) } }
        throw Diagnostic(
          .error, "this row has \(RunReport.count(row.count, "element")), the first one \(width)",
          at: place ?? span)
      }
      for (item, place) in zip(row, places)
      where !item.isNumeric || item.size ?? (0, 0) != (1, 1) {
        throw Diagnostic(
          .error, "a matrix is made of numbers, found \(item.kindDescription)", at: place,
          help: "`rows(a, b)` and `columns(a, b)` put matrices together")
      }
    }
    let items = rows.flatMap { $0 }
    if items.allSatisfy({ $0.scalar != nil }) {
      return Value(
        Matrix(
          items.map { $0.scalar ?? .nan }, rows: rows.count, columns: width,
          isMask: items.allSatisfy(\.isMask)))
    }
    return try laid(items, rows: rows.count, columns: width, span)
  }

  /// Numbers, some of them traced, as one matrix.
  private func laid(
    _ items: [Value], rows: Int, columns: Int, _ span: SourceSpan
  ) throws -> Value {
    let graph = try place(span)
    var lanes = Shape.scalar
    let parts = try items.map { try expression($0, span) }
    for part in parts { lanes = lanes.broadcast(with: part.shape) ?? lanes }
    let shape = lanes.with(rows: rows, columns: columns)
    let strides = shape.laneStrides
    let pieces = parts.enumerated().map { k, part in
      (
        expression: part.broadcast(to: lanes), map: StridedMap(offset: k, strides: strides)
      )
    }
    return Value(graph.assemble(shape, adds: false, pieces), isMask: items.allSatisfy(\.isMask))
  }
}
