/// `f.(x)`: any function over the elements of its arguments.
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  func map(
    _ function: Value, _ arguments: [Value], _ spans: [SourceSpan], _ span: SourceSpan
  ) throws -> Value {
    guard !arguments.isEmpty else {
      throw Diagnostic(.error, "`f.(…)` wants something to go over", at: span)
    }
    return try map(arguments, spans, span) { [unowned self] items in
      try self.apply(function, items, spans: spans, at: span, calleeSpan: span)
    }
  }

  /// `body` for the elements of the arguments, of which there is at least one.
  func map(
    _ arguments: [Value], _ spans: [SourceSpan], _ span: SourceSpan,
    _ body: ([Value]) throws -> Value
  ) throws -> Value {
    if arguments.count == 1, case .list(let list) = arguments[0] {
      let results = try list.items.map { try body([$0]) }
      return try vector(results, results.map { _ in span }, span)
    }
    var size = (rows: 1, columns: 1)
    for (argument, place) in zip(arguments, spans) {
      guard let own = argument.size else {
        throw Diagnostic(
          .error, "`f.(…)` goes over numbers, found \(argument.kindDescription)", at: place)
      }
      guard let joined = Broadcast.size(size, own) else {
        throw Diagnostic(
          .error,
          "the sizes \(size.rows)×\(size.columns) and \(own.rows)×\(own.columns) do not "
            + "fit", at: place)
      }
      size = joined
    }
    if let tracer, size.rows * size.columns >= tracer.fewestTurns,
      let result = try mapBatched(arguments, spans, size, span, body)
    {
      return result
    }
    let (rows, columns) = size
    var results: [Value] = []
    results.reserveCapacity(rows * columns)
    for i in 0..<rows {
      for j in 0..<columns {
        try tick(span)
        let items = try zip(arguments, spans).map { argument, place -> Value in
          let own = argument.size ?? (1, 1)
          if own == (1, 1) { return argument }
          return try element(
            argument,
            [
              .position(own.rows == 1 ? 1 : i + 1, place),
              .position(own.columns == 1 ? 1 : j + 1, place),
            ], place)
        }
        results.append(try body(items))
      }
    }
    guard results.allSatisfy({ $0.isNumeric && $0.size ?? (0, 0) == (1, 1) }) else {
      return try nested(.list(results), span)
    }
    if results.isEmpty { return .matrix(Matrix([], rows: rows, columns: columns)) }
    let column = try vector(results, results.map { _ in span }, span)
    return try reshape(column, rows, columns, span)
  }

  /// All elements as one lane level.
  private func mapBatched(
    _ arguments: [Value], _ spans: [SourceSpan], _ size: (rows: Int, columns: Int),
    _ span: SourceSpan, _ body: ([Value]) throws -> Value
  ) throws -> Value? {
    guard let tracer else { return nil }
    let (levels, predicates, guards) = (
      tracer.levels, tracer.predicates, tracer.guards.count
    )
    defer {
      tracer.levels = levels
      tracer.predicates = predicates
    }
    do {
      let level = levels.count
      tracer.levels.append(Int32(clamping: size.rows * size.columns))
      let items = try zip(arguments, spans).map { argument, place -> Value in
        let own = argument.size ?? (1, 1)
        if own == (1, 1) { return argument }
        let e = try expression(argument, place)
        let whole = e.broadcast(to: e.shape.with(rows: size.rows, columns: size.columns))
        let column = whole.reshape(rows: size.rows * size.columns, columns: 1)
        return .traced(TracedNumbers(opened(column, level), isMask: argument.isMask))
      }
      let value = try body(items)
      guard value.isNumeric, value.size ?? (0, 0) == (1, 1) else {
        throw CannotBatch("values that are not single numbers", span)
      }
      let e = try expression(value, span).broadcast(to: tracer.laneShape)
      let outer = Shape(lanes: levels, rows: size.rows, columns: size.columns)
      let strides = e.shape.strides
      let map = StridedMap(
        strides: Array(strides.prefix(outer.lanes.count))
          + [strides[level] * size.columns, size.columns == 1 ? 0 : strides[level]])
      return Value(e.view(map, outer), isMask: value.isMask)
    } catch is CannotBatch {
      tracer.guards.removeSubrange(guards...)
      return nil
    }
  }
}
