/// Expressions: literals, conditions, brackets, texts.
import OptGraph
import OptSyntax

extension Compiler {
  func expression(_ id: NodeID) throws -> Code {
    let (machine, here) = (machine, span(id))
    switch tree[id] {
    case .number(let value, _):
      let constant = Value.number(value)
      return { _ in constant }
    case .boolean(let value):
      return { _ in .boolean(value) }
    case .nothing: return { _ in .nothing }
    case .text(let parts): return try text(parts)
    case .gap:
      return { _ in throw Diagnostic(.error, "fill this gap", at: here) }
    case .name(let name): return read(name, here)
    case .endIndex:
      guard let context = indexContexts.last else {
        throw fail("`end` stands only inside an index", id)
      }
      let slot = context.slot
      context.isUsed = true
      return { frame in frame[slot] }
    case .wholeIndex: throw fail("`:` alone stands only inside an index", id)
    case .prefix(let op, let operand): return try prefix(op, operand, id)
    case .infix: return try chain(id)
    case .comparison(let first, let links): return try comparison(first, links)
    case .range:
      guard let parts = try rangeParts(id) else { return { _ in .nothing } }
      return { frame in
        let (start, step, count) = try parts.parts(frame)
        try machine.require(count, 1, here)
        return Value(try Ranges.matrix(start, step, count, machine.stop, here))
      }
    case .prime(let operand):
      let code = try expression(operand)
      return { frame in try machine.prime(code(frame), here) }
    case .transpose(let operand):
      let code = try expression(operand)
      return { frame in try machine.transpose(code(frame), here) }
    case .call(let callee, let arguments): return try call(callee, arguments, id)
    case .mapCall(let callee, let arguments): return try mapCall(callee, arguments, id)
    case .index(let base, let indices):
      let code = try expression(base)
      return try index(code, indices, here)
    case .field(let base, let name):
      let code = try expression(base)
      return { frame in try machine.field(code(frame), name, here) }
    case .lambda(let parameters, let body):
      return closure(try function(name: nil, parameters: parameters, body: body, at: here))
    case .conditional(let condition, let then, let otherwise):
      return try conditional(condition, then, otherwise)
    case .block(let statements): return try block(statements)
    case .brackets(let rows): return try brackets(rows, here)
    case .record(let fields):
      let names = fields.compactMap(\.name)
      let codes = try fields.map { try expression($0.value) }
      return { frame in
        try machine.nested(
          .record(Record(names: names, values: try codes.map { try $0(frame) })), here)
      }
    case .comprehension(let body, let generators, _):
      let made = try comprehension(body, generators, here)
      return { frame in try machine.run(made, .stack, frame) }
    case .sentence(let sentence): return try self.sentence(sentence, id)
    case .invalid: throw fail("this could not be read", id)
    default: return try statement(id)
    }
  }

  // MARK: Conditions and brackets

  private func conditional(
    _ condition: NodeID, _ then: NodeID, _ otherwise: NodeID?
  ) throws -> Code {
    let test = try expression(condition)
    let yes = try statement(then)
    var no: Code = { _ in .nothing }
    if let otherwise { no = try statement(otherwise) }
    let other = no
    var names = tree.assignedNames(in: then)
    if let otherwise { names += tree.assignedNames(in: otherwise) }
    let variables = names.map(variable)
    let (machine, here) = (machine, span(condition))
    return { frame in
      let c = try test(frame)
      if case .boolean(let c) = c { return try c ? yes(frame) : other(frame) }
      return try machine.branch(c, yes, other, variables, frame, here)
    }
  }

  private func brackets(_ rows: [[NodeID]], _ here: SourceSpan) throws -> Code {
    let machine = machine
    if rows.isEmpty { return { _ in .matrix(Matrix([], rows: 0, columns: 1)) } }
    let codes = try rows.map { try $0.map(expression) }
    let spans = rows.map { $0.map(span) }
    if codes.count == 1 {
      let (row, rowSpans) = (codes[0], spans[0])
      return { frame in
        var items: [Value] = []
        items.reserveCapacity(row.count)
        for code in row { items.append(try code(frame)) }
        return try machine.vector(items, rowSpans, here)
      }
    }
    return { frame in
      try machine.matrix(codes.map { try $0.map { try $0(frame) } }, spans, here)
    }
  }

  private func text(_ parts: [TextPart]) throws -> Code {
    if parts.count == 1, case .literal(let only) = parts[0] {
      let constant = Value.text(only)
      return { _ in constant }
    }
    enum Piece {
      case literal(String)
      case value(Code, format: String?, SourceSpan)
    }
    let pieces = try parts.map { part -> Piece in
      switch part {
      case .literal(let string): return .literal(string)
      case .value(let id, let format): return .value(try expression(id), format: format, span(id))
      }
    }
    let machine = machine
    return { frame in
      var result = ""
      for piece in pieces {
        switch piece {
        case .literal(let string): result += string
        case .value(let code, let format, let span):
          result += try machine.formatted(code(frame), format, span)
          if result.utf8.count > Text.largest {
            throw Diagnostic(
              .error, "a text has at most \(Text.largest) bytes", at: span)
          }
        }
      }
      return .text(result)
    }
  }
}
