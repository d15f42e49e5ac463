/// Conditions and sizes that depend on traced numbers: they are decided at the point where the
/// function is traced, and the decision becomes a guard.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  /// A condition as one boolean.
  func decide(_ value: Value, _ span: SourceSpan) throws -> Bool {
    switch value {
    case .boolean(let b): return b
    case .lanes(let l) where l.isMask:
      return try uniform(l, "a condition", span) != 0
    case .traced(let t) where t.isMask && t.size == (1, 1):
      return try concrete(value, "a condition", span) != 0
    default: throw notCondition(value, span)
    }
  }

  func notCondition(_ value: Value, _ span: SourceSpan) -> Diagnostic {
    let help: String?
    if value.isMask {
      help = "write `all(…)` or `any(…)`"
    } else if value.isNumeric {
      help =
        value.size ?? (0, 0) == (1, 1)
        ? "write `x != 0`" : "compare it, then write `all(…)` or `any(…)`"
    } else {
      help = nil
    }
    return Diagnostic(
      .error, "a condition is one boolean, found \(value.kindDescription)", at: span, help: help)
  }

  /// The number that all live lanes have.
  func uniform(_ l: LaneNumbers, _ what: String, _ span: SourceSpan) throws -> Double {
    let shape = l.shape
    let alive = tracer?.aliveLanes(shape)
    var found: Double?
    for k in 0..<shape.count where alive.map({ $0.mask[k] != 0 }) ?? true {
      let x = l.buffer.pointer[k]
      if let known = found, known != x {
        throw CannotBatch("\(what) that differs from turn to turn", span)
      }
      found = x
    }
    return found ?? l.buffer[0]
  }

  /// One number that must be known.
  func concrete(_ value: Value, _ what: String, _ span: SourceSpan) throws -> Double {
    switch value {
    case .lanes(let l): return try uniform(l, what, span)
    case .traced:
      return try concreteValue(value, what, span).scalar ?? .nan
    default: return value.scalar ?? .nan
    }
  }

  /// The known value of traced numbers at the point of the trace, guarded.
  func concreteValue(_ value: Value, _ what: String, _ span: SourceSpan) throws -> Value {
    guard case .traced(let t) = value, let tracer else { return value }
    let expression = try self.expression(value, span)
    let shape = expression.shape
    guard shape.lanes.isEmpty else {
      throw CannotBatch("\(what) that differs from turn to turn", span)
    }
    if tracer.dependsOnLoop(expression) {
      throw CannotBatch("\(what) that differs from turn to turn", span)
    }
    if !tracer.hasPoint, let symbol = tracer.firstSymbol(in: expression) {
      throw Diagnostic(
        .error, "\(what) depends on `\(symbol)`, which has no value here", at: span)
    }
    let known = tracer.interpreter.value(of: expression)
    tracer.guards.append(Guard(predicate: expression, expected: known, span: span))
    return Value(
      Matrix(known, rows: Int(shape.rows), columns: Int(shape.columns), isMask: t.isMask))
  }

  /// Makes sure, here and by a guard, that `condition` holds in no lane that is alive.
  func guardNever(_ condition: Expression, _ what: String, _ span: SourceSpan) throws {
    guard let tracer else { return }
    var alive = condition
    for predicate in tracer.predicates {
      switch predicate {
      case .known(let l): alive = alive.apply(.and, tracer.graph.array(l.buffer, l.shape))
      case .traced(let e): alive = alive.apply(.and, e)
      }
    }
    let any = alive.reduce(.maximum, Array(alive.shape.dimensions.indices))
    if let loop = tracer.openLoops.last(where: { $0.depends(any.index) }) {
      loop.checks.append((any, what, span))
      return
    }
    guard any.constant != 0, tracer.hasPoint || tracer.firstSymbol(in: any) == nil else { return }
    if tracer.interpreter.value(of: any)[0] != 0 { throw CannotBatch(what, span) }
    tracer.guards.append(Guard(predicate: any, expected: Buffer([0]), span: span))
  }

  /// Known numbers as they are, traced ones as their values at the point of the trace, unguarded:
  /// for showing.
  func snapshot(_ value: Value) -> Value {
    guard case .traced(let t) = value, let tracer, tracer.hasPoint,
      t.expression.graph === tracer.graph, t.expression.shape.lanes.isEmpty,
      !tracer.dependsOnLoop(t.expression)
    else { return value }
    let shape = t.expression.shape
    return Value(
      Matrix(
        tracer.interpreter.value(of: t.expression), rows: Int(shape.rows),
        columns: Int(shape.columns), isMask: t.isMask))
  }

  /// Refuses what has an effect or jumps while several turns are traced at once.
  func refuseInLanes(_ what: String, _ span: SourceSpan) throws {
    if let tracer,
      !tracer.levels.isEmpty || !tracer.predicates.isEmpty || !tracer.openLoops.isEmpty
    {
      throw CannotBatch("`\(what)` inside it", span)
    }
  }
}

extension Tracer {
  /// The name of an input without a value that an expression depends on.
  func firstSymbol(in expression: Expression) -> String? {
    let live = graph.reachable(from: [expression.index])
    for (node, input) in zip(graph.inputNodes, graph.inputs)
    where Int(node) < live.count && live[Int(node)] && input.role == .variable {
      return input.name
    }
    return nil
  }
}
