/// Statements: assignments, definitions, loops, blocks.
import OptSyntax

extension Compiler {
  func statement(_ id: NodeID) throws -> Code {
    let (machine, state, here) = (machine, machine.state, span(id))
    switch tree[id] {
    case .assignment(let target, let value): return try assignment(target, value)
    case .definition(let definition): return try self.definition(definition, here)
    case .forLoop(let variable, let source, let body):
      return try forLoop(variable, source, body, here)
    case .whileLoop(let condition, let body):
      let test = try expression(condition)
      let run = try statement(body)
      let conditionSpan = span(condition)
      return { frame in
        while try machine.decide(test(frame), conditionSpan) {
          try machine.tick(here)
          _ = try run(frame)
          if state.pointee.jump != .none, machine.endsLoop() { break }
        }
        return .nothing
      }
    case .breakLoop: return jump(.breakLoop)
    case .continueLoop: return jump(.continueLoop)
    case .returnValue(let value):
      let code = try value.map(expression)
      return { frame in
        let value = try code?(frame) ?? .nothing
        try machine.refuseInLanes("return", here)
        state.pointee.returned = value
        state.pointee.jump = .returnValue
        return .nothing
      }
    case .use(let what, let isFile):
      return { _ in
        try machine.use(what, isFile: isFile, here)
        return .nothing
      }
    case .help(let topic):
      return { _ in
        try machine.showHelp(topic, here)
        return .nothing
      }
    case .silenced(let inner): return try statement(inner)
    default: return try expression(id)
    }
  }

  private func jump(_ kind: Jump) -> Code {
    let state = machine.state
    return { _ in
      state.pointee.jump = kind
      return .nothing
    }
  }

  // MARK: Blocks

  func block(_ statements: [NodeID]) throws -> Code {
    var codes: [Step] = []
    for id in statements { codes.append(Step(run: try statement(id))) }
    let state = machine.state
    guard let last = codes.popLast()?.run else { return { _ in .nothing } }
    switch codes.count {
    case 0: return last
    case 1:
      let first = codes[0].run
      return { frame in
        _ = try first(frame)
        if state.pointee.jump != .none { return .nothing }
        return try last(frame)
      }
    default:
      let first = codes
      return { frame in
        for step in first {
          _ = try step.run(frame)
          if state.pointee.jump != .none { return .nothing }
        }
        return try last(frame)
      }
    }
  }

  // MARK: Assignments

  private func assignment(_ target: NodeID, _ value: NodeID) throws -> Code {
    guard case .name(let name) = tree[target] else {
      return try elementAssignment(target, value)
    }
    let isLocal = scope.local(name) != nil
    // A function text takes the name it is given.
    let code: Code
    if case .lambda(let parameters, let body) = tree[value] {
      code = closure(
        try function(
          name: name, parameters: parameters, body: body, at: span(value), isLocalName: isLocal))
    } else {
      code = try expression(value)
    }
    return store(name, code, span(target))
  }

  /// Code that stores what `code` yields under a name.
  private func store(_ name: String, _ code: @escaping Code, _ span: SourceSpan) -> Code {
    if let slot = scope.local(name) {
      return { frame in
        let value = try code(frame)
        frame[slot] = value
        return value
      }
    }
    let cell = namespace.cell(name)
    let (place, state) = (cell.value, machine.state)
    machine.noteHiding(cell, namespace, span)
    return { frame in
      let value = try code(frame)
      place.pointee = value
      cell.version &+= 1
      state.pointee.definitions &+= 1
      return value
    }
  }

  private func definition(_ definition: Definition, _ span: SourceSpan) throws -> Code {
    let isLocal = scope.local(definition.name) != nil
    let made = try function(
      name: definition.name, parameters: definition.parameters, body: definition.body,
      help: definition.help, at: span, isLocalName: isLocal)
    return store(definition.name, closure(made), definition.nameSpan)
  }

  /// `x[i] = v`, `p.b = v`, `p.W[i, j] = v`.
  private func elementAssignment(_ target: NodeID, _ value: NodeID) throws -> Code {
    var steps: [AccessCode] = []
    var current = target
    var name = ""
    walk: while true {
      switch tree[current] {
      case .name(let base):
        name = base
        break walk
      case .field(let base, let field):
        steps.append(AccessCode(kind: .field(field), span: span(current)))
        current = base
      case .index(let base, let indices):
        steps.append(AccessCode(kind: .index(try self.indices(indices)), span: span(current)))
        current = base
      default:
        throw fail("only a variable's elements or fields can be given a value", target)
      }
    }
    let path = Array(steps.reversed())
    let newValue = try expression(value)
    let (machine, nameSpan, here) = (machine, span(current), span(target).joined(with: span(value)))
    let readBase = read(name, nameSpan)
    if let slot = scope.local(name) {
      return { frame in
        let new = try newValue(frame)
        if case .unset = frame[slot] { frame[slot] = try readBase(frame) }
        try machine.assign(&frame[slot], path, new, frame, here)
        return .nothing
      }
    }
    let cell = namespace.cell(name)
    let (place, state) = (cell.value, machine.state)
    return { frame in
      let new = try newValue(frame)
      if case .unset = place.pointee { _ = try readBase(frame) }
      guard cell.isSet else {
        throw Diagnostic(
          .error, "`\(cell.name)` belongs to the library and cannot be changed", at: nameSpan)
      }
      try machine.assign(&place.pointee, path, new, frame, here)
      cell.version &+= 1
      state.pointee.definitions &+= 1
      return .nothing
    }
  }

  // MARK: Loops

  private func forLoop(
    _ variable: String, _ source: NodeID, _ body: NodeID, _ here: SourceSpan
  ) throws -> Code {
    let (machine, state) = (machine, machine.state)
    let range = try rangeParts(source)
    let items = range == nil ? try expression(source) : nil
    scope.pushLevel()
    defer { scope.popLevel() }
    let slot = scope.declare(variable)
    let run = try statement(body)
    let sourceSpan = span(source)
    // The loop gives its own variable a value in each turn, whatever the body does with it.
    let assigned = tree.assignedNames(in: body).map { self.variable($0) }
      .filter { if case .slot(slot) = $0.place { false } else { true } }
    let code = LoopCode(slot: slot, assigned: assigned, body: run, span: here)
    if let range {
      return { frame in
        let (start, step, count) = try range.parts(frame)
        defer { frame[slot] = .unset }
        if state.pointee.isTracing,
          try machine.rolled(code, .range(start: start, step: step), count: count, frame)
        {
          return .nothing
        }
        for k in 0..<count {
          frame[slot] = .number(start + Double(k) * step)
          try machine.tick(here)
          if k == LoopCode.turnsBefore, !state.pointee.isTracing,
            try machine.runNatively(code, start: start, step: step, from: k, count: count, frame)
          {
            break
          }
          _ = try run(frame)
          if state.pointee.jump != .none, machine.endsLoop() { break }
        }
        return .nothing
      }
    }
    guard let items else { return { _ in .nothing } }
    return { frame in
      let sequence = try machine.items(of: items(frame), sourceSpan)
      defer { frame[slot] = .unset }
      if state.pointee.isTracing, let items = try machine.rolledItems(sequence, here),
        try machine.rolled(code, items, count: sequence.count, frame)
      {
        return .nothing
      }
      for k in 0..<sequence.count {
        frame[slot] = try sequence.item(k)
        try machine.tick(here)
        _ = try run(frame)
        if state.pointee.jump != .none, machine.endsLoop() { break }
      }
      return .nothing
    }
  }

  /// `a:b` and `a:s:b`, so that loops make no vector.
  func rangeParts(_ id: NodeID) throws -> RangeCode? {
    guard case .range(let from, let step, let to) = tree[id] else { return nil }
    return RangeCode(
      first: try expression(from), step: try step.map(expression), last: try expression(to),
      span: span(id), machine: machine)
  }
}

/// A range whose bounds are evaluated when it is needed.
final class RangeCode {
  let first: Code
  let step: Code?
  let last: Code
  let span: SourceSpan
  private let machine: Machine

  init(first: @escaping Code, step: Code?, last: @escaping Code, span: SourceSpan, machine: Machine)
  {
    self.first = first
    self.step = step
    self.last = last
    self.span = span
    self.machine = machine
  }

  /// Start, step and number of elements.
  func parts(_ frame: Frame) throws -> (start: Double, step: Double, count: Int) {
    try parts(first(frame), step?(frame) ?? .number(1), last(frame))
  }

  func parts(_ a: Value, _ s: Value, _ b: Value) throws -> (
    start: Double, step: Double, count: Int
  ) {
    let start = try machine.rangeBound(a, span)
    let step = try machine.rangeBound(s, span)
    let end = try machine.rangeBound(b, span)
    return (start, step, try Ranges.count(from: start, step: step, to: end, span))
  }
}

extension Machine {
  /// After a statement that jumped inside a loop: whether the loop ends.
  func endsLoop() -> Bool {
    switch state.pointee.jump {
    case .none: return false
    case .continueLoop:
      state.pointee.jump = .none
      return false
    case .breakLoop:
      state.pointee.jump = .none
      return true
    case .returnValue: return true
    }
  }
}
