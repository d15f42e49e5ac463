/// `if` on traced numbers: both sides are traced and what differs is joined.
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  /// `if` on something else than a boolean: a side is taken, or both are and merged.
  func branch(
    _ condition: Value, _ yes: Code, _ no: Code, _ variables: [Variable], _ frame: Frame,
    _ span: SourceSpan
  ) throws -> Value {
    switch condition {
    case .lanes(let l) where l.isMask:
      if let only = try? uniform(l, "a condition", span) {
        return try only != 0 ? yes(frame) : no(frame)
      }
      return try merge(condition, .known(l), yes, no, variables, frame, span)
    case .traced(let t) where t.isMask && t.size == (1, 1):
      let expression = t.expression
      let predicate = Predicate.traced(expression)
      guard let tracer else { break }
      if !expression.shape.lanes.isEmpty {
        return try merge(condition, predicate, yes, no, variables, frame, span)
      }
      if tracer.dependsOnLoop(expression) {
        return try merge(condition, predicate, yes, no, variables, frame, span)
      }
      if !tracer.hasPoint, tracer.firstSymbol(in: expression) != nil {
        do {
          return try merge(condition, predicate, yes, no, variables, frame, span)
        } catch let failure as CannotBatch {
          throw Diagnostic(
            .error, "this condition cannot become part of a formula: \(failure.reason)", at: span)
        }
      }
      if tracer.merged.contains(span) {
        do {
          return try merge(condition, predicate, yes, no, variables, frame, span)
        } catch is CannotBatch {
          tracer.merged.remove(span)
          tracer.unmergeable.insert(span)
        }
      }
      return try decide(condition, span) ? yes(frame) : no(frame)
    default: break
    }
    throw notCondition(condition, span)
  }

  /// `a and b`, `a or b` where `a` is not one known boolean: `b` is evaluated under the condition that
  /// it matters.
  func shortCircuit(
    _ function: FunctionID, _ a: Value, _ right: Code, _ frame: Frame, _ span: SourceSpan
  ) throws -> Value {
    guard let tracer, a.isMask, a.size ?? (0, 0) == (1, 1) else {
      return try logic(function, a, right(frame), span)
    }
    let depth = tracer.predicates.count
    switch function == .and ? a : try negation(a, span) {
    case .lanes(let l): tracer.predicates.append(.known(l))
    case .traced(let t): tracer.predicates.append(.traced(t.expression))
    default: break
    }
    defer { tracer.predicates.removeSubrange(depth...) }
    do {
      return try logic(function, a, right(frame), span)
    } catch let error as Diagnostic {
      // An error only if the right side matters.
      tracer.predicates.removeSubrange(depth...)
      guard tracer.hasPoint, case .traced(let t) = a, t.expression.shape.lanes.isEmpty else {
        throw tracer.levels.isEmpty ? error : CannotBatch(error.message, error.span)
      }
      if tracer.dependsOnLoop(t.expression) { throw CannotBatch(error.message, error.span) }
      let known = try decide(a, span)
      if known == (function == .or) { return .boolean(known) }
      return try logic(function, .boolean(known), right(frame), span)
    }
  }

  /// Runs both sides, each on its own copy of the variables it assigns, and joins what differs.
  private func merge(
    _ condition: Value, _ predicate: Predicate, _ yes: Code, _ no: Code, _ variables: [Variable],
    _ frame: Frame, _ span: SourceSpan
  ) throws -> Value {
    guard let tracer else { return .nothing }
    // A recursion through a condition would be followed on the side that ends it, too.
    guard tracer.merging.filter({ $0 == span }).count < 3 else {
      throw CannotBatch("a recursion through a condition", span)
    }
    tracer.merging.append(span)
    defer { tracer.merging.removeLast() }
    let before = variables.map { value(of: $0, frame) }
    let depth = tracer.predicates.count
    func side(_ code: Code, _ predicate: Predicate) throws -> (Value, [Value]) {
      tracer.predicates.append(predicate)
      defer {
        tracer.predicates.removeSubrange(depth...)
        for (variable, value) in zip(variables, before) { set(variable, value, frame) }
      }
      let value: Value
      do {
        value = try code(frame)
      } catch let error as Diagnostic {
        // An error only if this side is taken.
        throw CannotBatch(error.message, error.span)
      }
      if state.pointee.jump != .none {
        state.pointee.jump = .none
        throw CannotBatch("a jump on one side of a condition", span)
      }
      return (value, variables.map { self.value(of: $0, frame) })
    }
    let opposite = try negation(condition, span)
    let other: Predicate
    switch opposite {
    case .lanes(let l): other = .known(l)
    case .traced(let t): other = .traced(t.expression)
    default: return try decide(condition, span) ? yes(frame) : no(frame)
    }
    let (a, after) = try side(yes, predicate)
    let (b, otherAfter) = try side(no, other)
    for (k, variable) in variables.enumerated() {
      set(variable, try joined(condition, after[k], otherAfter[k], span), frame)
    }
    if case .nothing = a { return .nothing }
    if case .nothing = b { return .nothing }
    return try joined(condition, a, b, span)
  }

  /// `condition ? a : b` of values of the same kind and size.
  func joined(
    _ condition: Value, _ a: Value, _ b: Value, _ span: SourceSpan
  ) throws -> Value {
    switch (a, b) {
    case (.unset, .unset): return .unset
    case (.unset, _), (_, .unset):
      throw CannotBatch("a variable that only one side of a condition assigns", span)
    case (.nothing, .nothing): return .nothing
    case (.record(let x), .record(let y)) where x.names == y.names:
      return .record(
        Record(
          names: x.names,
          values: try zip(x.values, y.values).map { try joined(condition, $0, $1, span) }))
    case (.list(let x), .list(let y)) where x.items.count == y.items.count:
      return .list(try zip(x.items, y.items).map { try joined(condition, $0, $1, span) })
    case (.text(let x), .text(let y)) where x.string == y.string: return a
    case (.function(let x), .function(let y)) where x === y: return a
    default: break
    }
    guard a.isNumeric, b.isNumeric, a.size ?? (0, 0) == b.size ?? (0, 0) else {
      throw CannotBatch(
        "the sides of a condition are \(a.kindDescription) and \(b.kindDescription)", span)
    }
    let isMask = a.isMask && b.isMask
    if case .lanes(let c) = condition, let x = laneNumbers(a), let y = laneNumbers(b) {
      let shape = c.shape.broadcast(with: x.shape)?.broadcast(with: y.shape) ?? c.shape
      let (p, u, v) = (
        Broadcast.spread(c, shape), Broadcast.spread(x, shape), Broadcast.spread(y, shape)
      )
      let result = Buffer(uninitialized: shape.count)
      for k in 0..<shape.count {
        result.pointer[k] = p.pointer[k] != 0 ? u.pointer[k] : v.pointer[k]
      }
      return .lanes(LaneNumbers(lanes: shape.lanes, buffer: result, isMask: isMask))
    }
    let graph = try place(span)
    return Value(
      graph.select(
        try expression(condition, span), try expression(a, span), try expression(b, span)),
      isMask: isMask)
  }

  /// Known numbers, one a lane.
  func laneNumbers(_ value: Value) -> LaneNumbers? {
    switch value {
    case .lanes(let l): l
    case .number(let x):
      if let even = EvenNumbers(start: x, steps: [], []) {
        LaneNumbers(lanes: [], even)
      } else {
        LaneNumbers(lanes: [], buffer: Buffer([x]))
      }
    case .boolean(let b): LaneNumbers(lanes: [], buffer: Buffer([b ? 1 : 0]), isMask: true)
    default: nil
    }
  }
}
