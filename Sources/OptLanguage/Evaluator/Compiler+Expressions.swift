/// Expressions: literals, operators with fast paths for numbers, conditions, brackets.
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

  // MARK: Operators

  private func prefix(
    _ op: PrefixOperator, _ operand: NodeID, _ id: NodeID
  ) throws -> Code {
    let (machine, here) = (machine, span(id))
    // A number with its sign is a constant.
    if op == .minus, case .number(let value, _) = tree[operand] { return { _ in .number(-value) } }
    let code = try expression(operand)
    switch op {
    case .minus:
      return { frame in
        let x = try code(frame)
        if case .number(let x) = x { return .number(-x) }
        return try machine.unary(.negate, x, here)
      }
    case .plus:
      return { frame in
        let x = try code(frame)
        guard x.isNumeric else { return try machine.unary(.negate, x, here) }
        return x
      }
    case .not:
      return { frame in
        let x = try code(frame)
        if case .boolean(let x) = x { return .boolean(!x) }
        return try machine.negation(x, here)
      }
    case .squareRoot:
      return { frame in
        let x = try code(frame)
        if case .number(let x) = x { return .number(x.squareRoot()) }
        return try machine.unary(.sqrt, x, here)
      }
    case .nabla:
      return { frame in try machine.derived(.gradient, code(frame), here) }
    }
  }

  /// A chain `a + b - c …` of any length, without recursion along its left side.
  private func chain(_ id: NodeID) throws -> Code {
    var links: [(op: InfixOperator, right: NodeID, span: SourceSpan)] = []
    var first = id
    while case .infix(let op, let left, let right) = tree[first] {
      links.append((op, right, span(first)))
      first = left
    }
    var code = try expression(first)
    if links.count > 100 {
      // Closures nested this deep would be freed recursively: each step reads the value so far from
      // a slot instead.
      let slot = scope.newSlot()
      let steps = try links.reversed().map { link in
        try infix(link.op, { $0[slot] }, expression(link.right), link.right, link.span)
      }
      let start = code
      return { frame in
        var value = try start(frame)
        for step in steps {
          frame[slot] = value
          value = try step(frame)
        }
        frame[slot] = .unset
        return value
      }
    }
    for link in links.reversed() {
      code = try infix(link.op, code, expression(link.right), link.right, link.span)
    }
    return code
  }

  private func infix(
    _ op: InfixOperator, _ left: @escaping Code, _ right: @escaping Code, _ rightID: NodeID,
    _ here: SourceSpan
  ) throws -> Code {
    let machine = machine
    switch op {
    case .add: return fast(Sum.self, .add, left, right, here)
    case .subtract: return fast(Difference.self, .subtract, left, right, here)
    case .multiply, .juxtapose:
      return { frame in
        let (a, b) = (try left(frame), try right(frame))
        if case .number(let x) = a, case .number(let y) = b { return .number(x * y) }
        return try machine.product(a, b, here)
      }
    case .divide:
      return { frame in
        let (a, b) = (try left(frame), try right(frame))
        if case .number(let x) = a, case .number(let y) = b { return .number(x / y) }
        return try machine.quotient(a, b, here)
      }
    case .solve:
      return { frame in try machine.solve(left(frame), right(frame), here) }
    case .elementMultiply: return fast(Multiplication.self, .multiply, left, right, here)
    case .elementDivide: return fast(Division.self, .divide, left, right, here)
    case .power: return power(left, right, rightID, here)
    case .elementPower: return fast(Power.self, .power, left, right, here)
    case .and:
      return { frame in
        let a = try left(frame)
        guard case .boolean(let known) = a else {
          return try machine.shortCircuit(.and, a, right, frame, here)
        }
        if !known { return .boolean(false) }
        let b = try right(frame)
        if case .boolean(let a) = a, case .boolean(let b) = b { return .boolean(a && b) }
        return try machine.logic(.and, a, b, here)
      }
    case .or:
      return { frame in
        let a = try left(frame)
        guard case .boolean(let known) = a else {
          return try machine.shortCircuit(.or, a, right, frame, here)
        }
        if known { return .boolean(true) }
        let b = try right(frame)
        if case .boolean(let a) = a, case .boolean(let b) = b { return .boolean(a || b) }
        return try machine.logic(.or, a, b, here)
      }
    case .isIn:
      return { frame in try machine.membership(left(frame), right(frame), here) }
    case .pipe:
      let rightSpan = span(rightID)
      return { frame in
        let argument = try left(frame)
        return try machine.apply(
          right(frame), [argument], spans: [here], at: here, calleeSpan: rightSpan)
      }
    }
  }

  private func fast<Op: ScalarOperation>(
    _ op: Op.Type, _ function: FunctionID, _ left: @escaping Code, _ right: @escaping Code,
    _ here: SourceSpan
  ) -> Code {
    let machine = machine
    return { frame in
      let (a, b) = (try left(frame), try right(frame))
      if case .number(let x) = a, case .number(let y) = b { return .number(Op.apply(x, y)) }
      return try machine.binary(function, a, b, here)
    }
  }

  private func power(
    _ left: @escaping Code, _ right: @escaping Code, _ rightID: NodeID, _ here: SourceSpan
  ) -> Code {
    let machine = machine
    if case .number(2, _) = tree[rightID] {
      return { frame in
        let a = try left(frame)
        if case .number(let x) = a { return .number(x * x) }
        return try machine.power(a, .number(2), here)
      }
    }
    return { frame in
      let (a, b) = (try left(frame), try right(frame))
      if case .number(let x) = a, case .number(let y) = b {
        return .number(ElementaryFunctions.power(x, y))
      }
      return try machine.power(a, b, here)
    }
  }

  private func comparison(_ first: NodeID, _ links: [ComparisonLink]) throws -> Code {
    let machine = machine
    let start = try expression(first)
    let here = span(first)
    if links.count == 1 {
      let link = links[0]
      let right = try expression(link.operand)
      let whole = here.joined(with: span(link.operand))
      let comparison = link.comparison
      return { frame in
        let (a, b) = (try start(frame), try right(frame))
        if case .number(let x) = a, case .number(let y) = b {
          return .boolean(comparison.holds(x, y))
        }
        return try machine.compare(comparison, a, b, whole)
      }
    }
    let rest = try links.map { link in
      (link.comparison, try expression(link.operand), here.joined(with: span(link.operand)))
    }
    return { frame in
      var left = try start(frame)
      var result = Value.boolean(true)
      for (comparison, code, whole) in rest {
        if case .boolean(false) = result { return result }
        let right = try code(frame)
        let holds = try machine.compare(comparison, left, right, whole)
        if case .boolean(true) = result {
          result = holds
        } else {
          result = try machine.logic(.and, result, holds, whole)
        }
        left = right
      }
      return result
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
    let slots = names.compactMap { scope.local($0) }
    let (machine, here) = (machine, span(condition))
    return { frame in
      let c = try test(frame)
      if case .boolean(let c) = c { return try c ? yes(frame) : other(frame) }
      return try machine.branch(c, yes, other, slots, frame, here)
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

/// An operator on two numbers.
protocol ScalarOperation { static func apply(_ a: Double, _ b: Double) -> Double }
enum Sum: ScalarOperation {
  @inline(__always) static func apply(_ a: Double, _ b: Double) -> Double { a + b }
}
enum Difference: ScalarOperation {
  @inline(__always) static func apply(_ a: Double, _ b: Double) -> Double { a - b }
}
enum Multiplication: ScalarOperation {
  @inline(__always) static func apply(_ a: Double, _ b: Double) -> Double { a * b }
}
enum Division: ScalarOperation {
  @inline(__always) static func apply(_ a: Double, _ b: Double) -> Double { a / b }
}
enum Power: ScalarOperation {
  static func apply(_ a: Double, _ b: Double) -> Double { ElementaryFunctions.power(a, b) }
}

extension ComparisonOperator {
  @inline(__always)
  func holds(_ a: Double, _ b: Double) -> Bool {
    switch self {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }

  /// The row of the function table.
  var function: FunctionID {
    switch self {
    case .equal: .equal
    case .notEqual: .notEqual
    case .less: .less
    case .lessOrEqual: .lessOrEqual
    case .greater: .greater
    case .greaterOrEqual: .greaterOrEqual
    }
  }
}
