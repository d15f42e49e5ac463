/// Operators: fast paths for numbers before the general operations.
import OptGraph
import OptSyntax

extension Compiler {
  func prefix(
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
        guard x.isNumeric || x.sparse != nil else { return try machine.unary(.negate, x, here) }
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
  func chain(_ id: NodeID) throws -> Code {
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

  func comparison(_ first: NodeID, _ links: [ComparisonLink]) throws -> Code {
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
