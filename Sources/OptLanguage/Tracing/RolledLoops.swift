/// `for` loops traced once for all turns: what the body assigns is carried from turn to turn by a
/// `loop` node.
import OptCalculus
import OptGraph
import OptNumerics
import OptSyntax

/// A `for` loop as far as the tracer needs to know it.
final class LoopCode {
  let slot: Int
  /// Variables that the body assigns.
  let assigned: [Variable]
  let body: Code
  let span: SourceSpan
  /// Whether it was found that its turns cannot be run as machine code.
  var staysInterpreted = false

  init(slot: Int, assigned: [Variable], body: @escaping Code, span: SourceSpan) {
    self.slot = slot
    self.assigned = assigned
    self.body = body
    self.span = span
  }
}

/// What a loop runs over.
enum LoopItems {
  /// The first turn is number `offset` of the range.
  case range(start: Double, step: Double, offset: Double = 0)
  /// A vector, row or column, element by element.
  case elements(Expression, isMask: Bool)
}

extension Tracer {
  /// Loops of fewer turns are unrolled, and those that come to fewer nodes than this: measured, a
  /// turn of a loop costs as much as some ten operations, and what is unrolled is simplified as a
  /// whole and has a sparse Hessian.
  static let fewestRolledTurns = 17
  static let fewestRolledNodes = 4096
}

extension Machine {
  /// Traces a loop as one; false where it must be run turn by turn, which is as if nothing had
  /// happened.
  func rolled(
    _ code: LoopCode, _ items: LoopItems, count: Int, _ frame: Frame
  ) throws -> Bool {
    guard let tracer, count >= Tracer.fewestRolledTurns, tracer.purpose == .execution,
      tracer.hasPoint, count <= Int(Int32.max) / 2,
      tracer.unrolled[ObjectIdentifier(code)] == nil
    else { return false }
    let before = code.assigned.map { value(of: $0, frame) }
    let (levels, predicates, depth) = (tracer.levels, tracer.predicates, tracer.openLoops.count)
    let guards = tracer.guards.count
    func failed(_ reason: CannotBatch) -> Bool {
      tracer.unrolled[ObjectIdentifier(code)] = reason
      tracer.guards.removeSubrange(guards...)
      state.pointee.jump = .none
      for (variable, value) in zip(code.assigned, before) { set(variable, value, frame) }
      frame[code.slot] = .unset
      return false
    }
    defer {
      tracer.levels = levels
      tracer.predicates = predicates
      tracer.openLoops.removeSubrange(depth...)
    }
    do {
      _ = try roll(code, items, count, frame, before, tracer)
      return true
    } catch let reason as CannotBatch {
      return failed(reason)
    } catch let error as Diagnostic {
      // The turn that is to blame says so itself.
      return failed(CannotBatch(error.message, error.span))
    }
  }

  /// Traces the body and makes the node; gives the variables their values after the last turn.
  func roll(
    _ code: LoopCode, _ items: LoopItems, _ count: Int, _ frame: Frame, _ before: [Value],
    _ tracer: Tracer
  ) throws -> [LoopResult] {
    let graph = try place(code.span)
    // Counters are known in every turn; other numbers are carried, with the lanes they get.
    var steps: [Double?] = before.map { _ in nil }
    var widths = before.map { _ in Shape.scalar }
    var isCarried = before.map { $0.isNumeric }
    let guards = tracer.guards.count
    let depth = tracer.openLoops.count
    for _ in 0..<6 {
      tracer.guards.removeSubrange(guards...)
      let loop = OpenLoop(graph, turns: count)
      tracer.openLoops.removeSubrange(depth...)
      tracer.openLoops.append(loop)
      frame[code.slot] = try item(items, loop, graph)
      var inputs: [Expression?] = []
      for (k, value) in before.enumerated() {
        let variable = code.assigned[k]
        inputs.append(nil)
        set(variable, value, frame)
        guard isCarried[k] else { continue }
        if let step = steps[k], let start = value.scalar {
          set(variable, Value(start + step * loop.turn), frame)
          continue
        }
        let own = try expression(value, code.span).shape
        let input = loop.input(own.withLanes(of: widths[k]))
        inputs[k] = input
        set(variable, .traced(TracedNumbers(input, isMask: value.isMask)), frame)
      }
      _ = try code.body(frame)
      if state.pointee.jump != .none {
        state.pointee.jump = .none
        throw CannotBatch("a jump inside it", code.span)
      }
      let after = code.assigned.map { self.value(of: $0, frame) }
      guard (graph.count - Int(loop.first)) * count >= Tracer.fewestRolledNodes else {
        throw CannotBatch("few operations", code.span)
      }

      var changed = false
      for (k, value) in after.enumerated() {
        if !isCarried[k] {
          let isKept =
            before[k].isNumeric
            ? try value.isNumeric
              && expression(value, code.span) == expression(before[k], code.span)
            : isSame(before[k], value)
          guard isKept else {
            throw CannotBatch("\(value.kindDescription) that changes from turn to turn", code.span)
          }
          continue
        }
        guard value.isNumeric, value.size ?? (0, 0) == before[k].size ?? (0, 0),
          value.isMask == before[k].isMask
        else {
          throw CannotBatch("a variable that changes its kind or size", code.span)
        }
        guard let input = inputs[k] else { continue }
        let next = try expression(value, code.span)
        if next == input {
          isCarried[k] = false
          changed = true
        } else if tracer.keepsStates, let step = counterStep(next, input, before[k], count) {
          steps[k] = step
          changed = true
        } else if next.shape.withLanes(of: input.shape) != input.shape {
          widths[k] = widths[k].withLanes(of: next.shape.with(rows: 1, columns: 1))
          changed = true
        }
      }
      if changed { continue }
      return try close(code, loop, frame, before, after, inputs, steps)
    }
    throw CannotBatch("variables whose sizes do not settle", code.span)
  }

  private func item(_ items: LoopItems, _ loop: OpenLoop, _ graph: Graph) throws -> Value {
    switch items {
    case .range(let start, let step, let offset):
      return Value(start + step * (offset == 0 ? loop.turn : loop.turn + offset))
    case .elements(let vector, let isMask):
      return .traced(TracedNumbers(vector.gather(loop.turn), isMask: isMask))
    }
  }

  /// By how much a known whole number grows from turn to turn, if it does so by a known whole one.
  private func counterStep(
    _ next: Expression, _ input: Expression, _ before: Value, _ count: Int
  ) -> Double? {
    guard case .number(let start) = before, start == start.rounded() else { return nil }
    let node = next.node
    let (a, b) = (node.a, node.b)
    var step: Double?
    if node.isApply(.add) {
      let other = a == input.index ? b : b == input.index ? a : -1
      if other >= 0 { step = Expression(graph: next.graph, index: other).constant }
    } else if node.isApply(.subtract), a == input.index {
      step = Expression(graph: next.graph, index: b).constant.map { -$0 }
    }
    guard let step, step == step.rounded(),
      start.magnitude + step.magnitude * Double(count) < 0x1p53
    else { return nil }
    return step
  }

  /// Whether a value that is no number is what it was; one that the body sets first may be a number,
  /// a text, or made of these. What may hold others, such as a function, could carry numbers of one turn out.
  private func isSame(_ a: Value, _ b: Value) -> Bool {
    switch (a, b) {
    case (.unset, .unset), (.nothing, .nothing): true
    case (.unset, _): b.isPlain
    case (.text(let x), .text(let y)): x === y
    case (.function(let x), .function(let y)): x === y
    case (.record(let x), .record(let y)): x === y
    case (.list(let x), .list(let y)): x === y
    case (.table(let x), .table(let y)): x === y
    case (.sparse(let x), .sparse(let y)): x === y
    case (.method(let x), .method(let y)): x === y
    default: a.isNumeric && b.isNumeric
    }
  }
}

extension Machine {
  /// The vector that a loop goes over, as a node; nil where it is none or differs between lanes.
  func rolledItems(_ sequence: Sequence, _ span: SourceSpan) throws -> LoopItems? {
    guard sequence.count >= Tracer.fewestRolledTurns else { return nil }
    let graph = try place(span)
    if let numbers = sequence.numbers {
      let isMask = try sequence.item(0).isMask
      return .elements(
        graph.array(numbers, Shape(rows: sequence.count, columns: 1)), isMask: isMask)
    }
    guard let traced = sequence.traced, traced.expression.shape.lanes.isEmpty else { return nil }
    return .elements(traced.expression, isMask: traced.isMask)
  }
}
