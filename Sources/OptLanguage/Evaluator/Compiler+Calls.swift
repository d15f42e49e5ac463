/// Calls, indices and comprehensions.
import OptGraph
import OptNumerics
import OptSyntax

/// What `end` means inside one index.
final class IndexContext {
  /// Where the size lies.
  let slot: Int
  var isUsed = false
  init(slot: Int) { self.slot = slot }
}

/// One index between brackets.
struct IndexCode {
  /// nil for `:`.
  let code: Code?
  /// Where the size goes before the index is evaluated; nil when it does not say `end`.
  let endSlot: Int?
  let span: SourceSpan
}

/// One step from a variable to the place that is assigned.
struct AccessCode {
  enum Kind {
    case field(String)
    case index([IndexCode])
  }
  let kind: Kind
  let span: SourceSpan
}

/// The arguments of a call.
final class ArgumentCode {
  let codes: [Step]
  let spans: [SourceSpan]
  let named: [(name: String, code: Code, span: SourceSpan)]
  init(
    codes: [Step], spans: [SourceSpan], named: [(name: String, code: Code, span: SourceSpan)]
  ) {
    self.codes = codes
    self.spans = spans
    self.named = named
  }
}

/// A comprehension or generator.
final class ComprehensionCode {
  struct Source {
    let slot: Int
    let range: RangeCode?
    let items: Code?
    let condition: Code?
    let span: SourceSpan
    let conditionSpan: SourceSpan
  }
  let sources: [Source]
  let body: Code
  let span: SourceSpan
  let bodySpan: SourceSpan
  /// Variables assigned in the body: of one turn only.
  let ownSlots: [Int]

  init(
    sources: [Source], body: @escaping Code, span: SourceSpan, bodySpan: SourceSpan,
    ownSlots: [Int]
  ) {
    self.sources = sources
    self.body = body
    self.span = span
    self.bodySpan = bodySpan
    self.ownSlots = ownSlots
  }
}

extension Compiler {
  // MARK: Calls

  func call(_ callee: NodeID, _ arguments: [Argument], _ id: NodeID) throws -> Code {
    let (machine, state, here, calleeSpan) = (machine, machine.state, span(id), span(callee))
    // A generator as the only argument is folded as it is made.
    if arguments.count >= 1, arguments[0].name == nil,
      case .comprehension(let body, let generators, false) = tree[arguments[0].value]
    {
      return try generatorCall(callee, body, generators, Array(arguments.dropFirst()), id)
    }
    let list = try argumentCode(arguments)
    if case .name(let name) = tree[callee], let cell = globalCell(name),
      let id = ElementaryFunctions.find(name), Builtins.functions[name] != nil, list.named.isEmpty
    {
      // A name of the table: the fast path while the program gives it no other meaning.
      let value = cell.value
      let general = try generalCall(read(name, calleeSpan), list, here, calleeSpan)
      if list.codes.count == 1, case .unary(let f) = id.row.evaluate {
        let argument = list.codes[0].run
        return { frame in
          guard case .unset = value.pointee else { return try general(frame) }
          if state.pointee.isTracing { machine.tracer?.noteRead(cell) }
          let x = try argument(frame)
          if case .number(let x) = x { return .number(f(x)) }
          return try machine.unary(id, x, here)
        }
      }
      if list.codes.count == 2, case .binary(let f) = id.row.evaluate {
        let (first, second) = (list.codes[0].run, list.codes[1].run)
        return { frame in
          guard case .unset = value.pointee else { return try general(frame) }
          if state.pointee.isTracing { machine.tracer?.noteRead(cell) }
          let (x, y) = (try first(frame), try second(frame))
          if case .number(let x) = x, case .number(let y) = y { return .number(f(x, y)) }
          if name == "min" || name == "max" { return try general(frame) }
          return try machine.binary(id, x, y, here)
        }
      }
      return general
    }
    return try generalCall(expression(callee), list, here, calleeSpan)
  }

  private func generalCall(
    _ callee: @escaping Code, _ list: ArgumentCode, _ here: SourceSpan, _ calleeSpan: SourceSpan
  ) throws -> Code {
    let machine = machine
    return { frame in try machine.call(callee(frame), list, frame, here, calleeSpan) }
  }

  private func argumentCode(_ arguments: [Argument]) throws -> ArgumentCode {
    var codes: [Step] = []
    var spans: [SourceSpan] = []
    var named: [(name: String, code: Code, span: SourceSpan)] = []
    for argument in arguments {
      let code = try expression(argument.value)
      if let name = argument.name {
        named.append((name, code, span(argument.value)))
      } else {
        if let last = named.last {
          throw Diagnostic(
            .error, "arguments without a name come before `\(last.name) = …`",
            at: span(argument.value))
        }
        codes.append(Step(run: code))
        spans.append(span(argument.value))
      }
    }
    return ArgumentCode(codes: codes, spans: spans, named: named)
  }

  private func generatorCall(
    _ callee: NodeID, _ body: NodeID, _ generators: [Generator], _ rest: [Argument], _ id: NodeID
  ) throws -> Code {
    let (machine, here, calleeSpan) = (machine, span(id), span(callee))
    let made = try comprehension(body, generators, here)
    let function = try expression(callee)
    let list = try argumentCode(rest)
    let bodySpan = span(body)
    return { frame in
      let value = try function(frame)
      if list.codes.isEmpty, list.named.isEmpty, case .function(let f) = value,
        case .builtin(let builtin) = f.kind, let kind = builtin.reduction
      {
        return try machine.run(made, .fold(kind), frame)
      }
      let items = try machine.run(made, .collect, frame)
      let others = try list.codes.map { try $0.run(frame) }
      let named = try list.named.map { ($0.name, try $0.code(frame), $0.span) }
      return try machine.apply(
        value, [items] + others, named: named, spans: [bodySpan] + list.spans, at: here,
        calleeSpan: calleeSpan)
    }
  }

  func mapCall(_ callee: NodeID, _ arguments: [Argument], _ id: NodeID) throws -> Code {
    let (machine, here) = (machine, span(id))
    let function = try expression(callee)
    let list = try argumentCode(arguments)
    guard list.named.isEmpty else {
      throw Diagnostic(.error, "`f.(…)` takes arguments without names", at: here)
    }
    return { frame in
      try machine.map(function(frame), list.codes.map { try $0.run(frame) }, list.spans, here)
    }
  }

  // MARK: Indices

  func index(_ base: @escaping Code, _ indices: [NodeID], _ here: SourceSpan) throws -> Code {
    let machine = machine
    let codes = try self.indices(indices)
    if codes.count == 1, let only = codes[0].code, codes[0].endSlot == nil {
      return { frame in
        let value = try base(frame)
        let position = try only(frame)
        if case .matrix(let m) = value, case .number(let x) = position, m.isVector, !m.isMask {
          let k = Int(exactly: x) ?? 0
          if k >= 1 && k <= m.count { return .number(m.buffer.pointer[k - 1]) }
        }
        return try machine.element(value, [machine.index(position, codes[0].span)], here)
      }
    }
    if codes.count == 2, let first = codes[0].code, let second = codes[1].code,
      codes[0].endSlot == nil, codes[1].endSlot == nil
    {
      return { frame in
        let value = try base(frame)
        let (row, column) = (try first(frame), try second(frame))
        if case .matrix(let m) = value, case .number(let x) = row, case .number(let y) = column,
          !m.isMask
        {
          let (i, j) = (Int(exactly: x) ?? 0, Int(exactly: y) ?? 0)
          if i >= 1 && i <= m.rows && j >= 1 && j <= m.columns {
            return .number(m.buffer.pointer[(i - 1) * m.columns + j - 1])
          }
        }
        return try machine.element(
          value, [machine.index(row, codes[0].span), machine.index(column, codes[1].span)], here)
      }
    }
    return { frame in
      let value = try base(frame)
      return try machine.element(value, machine.indices(codes, of: value, frame), here)
    }
  }

  func indices(_ indices: [NodeID]) throws -> [IndexCode] {
    try indices.map { id in
      if case .wholeIndex = tree[id] { return IndexCode(code: nil, endSlot: nil, span: span(id)) }
      let context = IndexContext(slot: scope.newSlot())
      indexContexts.append(context)
      defer { indexContexts.removeLast() }
      let code = try expression(id)
      return IndexCode(code: code, endSlot: context.isUsed ? context.slot : nil, span: span(id))
    }
  }

  // MARK: Comprehensions

  func comprehension(
    _ body: NodeID, _ generators: [Generator], _ here: SourceSpan
  ) throws -> ComprehensionCode {
    var sources: [ComprehensionCode.Source] = []
    scope.pushLevel()
    defer { scope.popLevel() }
    var own: [Int] = []
    for (k, generator) in generators.enumerated() {
      let range = try rangeParts(generator.source)
      let items = range == nil ? try expression(generator.source) : nil
      if k == 0 {
        // Everything but the first source belongs to the scope of one turn.
        let inside =
          generators.dropFirst().map(\.source) + generators.compactMap(\.condition) + [body]
        for name in inside.flatMap({ tree.assignedNames(in: $0) }) {
          if let slot = scope.declareIfNew(name) { own.append(slot) }
        }
      }
      let slot = scope.declare(generator.variable)
      let condition = try generator.condition.map(expression)
      sources.append(
        ComprehensionCode.Source(
          slot: slot, range: range, items: items, condition: condition,
          span: span(generator.source),
          conditionSpan: generator.condition.map(span) ?? span(generator.source)))
    }
    let code = try expression(body)
    return ComprehensionCode(
      sources: sources, body: code, span: here, bodySpan: span(body), ownSlots: own)
  }
}
