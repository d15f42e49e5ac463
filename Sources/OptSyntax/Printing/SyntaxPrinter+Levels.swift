/// How tightly each form binds, and which operands of postfix signs stand in brackets.

extension SyntaxPrinter {
  /// Loosest first.
  enum Level: Int, Comparable {
    case statement, sentence, lambda, conditional, pipe, or, and, not, comparison, membership
    case range, sum, product, juxtaposition, sign, power, postfix, atom

    static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }

    /// The next tighter one.
    var next: Level { Level(rawValue: rawValue + 1) ?? .atom }
  }

  func level(_ id: NodeID) -> Level {
    switch tree[id] {
    case .assignment, .definition, .forLoop, .whileLoop, .breakLoop, .continueLoop, .silenced,
      .returnValue, .help, .use:
      .statement
    case .sentence: .sentence
    case .lambda: .lambda
    case .conditional: .conditional
    case .infix(let op, let left, let right): level(op, left, right)
    case .comparison: .comparison
    case .range: .range
    case .prefix(let op, let operand):
      switch op {
      case .not: .not
      case .minus, .plus: isFormulaProduct(operand) ? .product : .sign
      case .squareRoot: .power
      case .nabla: .atom
      }
    case .prime, .transpose, .call, .mapCall, .index, .field: .postfix
    case .number(_, let spelling): spelling.hasPrefix("-") ? .sign : .atom
    default: .atom
    }
  }

  private func level(_ op: InfixOperator, _ left: NodeID, _ right: NodeID) -> Level {
    switch op {
    case .pipe: .pipe
    case .or: .or
    case .and: .and
    case .isIn: .membership
    case .add, .subtract: .sum
    // A fraction needs no brackets but under a power.
    case .divide where style == .latex: hasSign(left) ? .product : .power
    case .multiply, .divide, .solve, .elementMultiply, .elementDivide: .product
    case .juxtapose:
      style != .source || juxtaposition(left, right) == nil ? .product : .juxtaposition
    case .power, .elementPower: .power
    }
  }

  func postfixOperand(_ id: NodeID) -> Piece {
    if case .number = tree[id] { return .bracketed(id) }
    return .node(id, .postfix)
  }

  /// `∇p.f` is refused, so `∇p` stands in brackets before a dot.
  func fieldOwner(_ id: NodeID) -> Piece {
    if case .prefix(.nabla, _) = tree[id] { return .bracketed(id) }
    return postfixOperand(id)
  }

  func callTarget(_ id: NodeID) -> Piece {
    isPlainTarget(id) ? .node(id, .postfix) : .bracketed(id)
  }

  /// Whether `(` after it calls without brackets around it.
  private func isPlainTarget(_ id: NodeID) -> Bool {
    switch tree[id] {
    case .name, .call, .field, .index, .prime, .mapCall, .prefix(.nabla, _): true
    default: false
    }
  }

  /// What the text of a node begins with where a factor may stand.
  enum Beginning {
    case name(String)
    /// `√` or `∇`
    case sign
    case digit
    /// Its own bracket, or one put around it.
    case bracket
    case other
  }

  func beginning(_ id: NodeID) -> Beginning {
    var current = id
    while true {
      if level(current) < .power { return .bracket }
      switch tree[current] {
      case .name(let name): return .name(name)
      case .number(_, let spelling):
        return spelling.utf8.first.map { (48...57).contains($0) || $0 == 46 } == true
          ? .digit : .name(spelling)
      case .prefix: return .sign
      case .infix(_, let base, _):
        if level(base) < .postfix { return .bracket }
        current = base
      case .prime(let operand), .transpose(let operand), .index(let operand, _):
        if case .bracketed = postfixOperand(operand) { return .bracket }
        if level(operand) < .postfix { return .bracket }
        current = operand
      case .field(let operand, _):
        if case .bracketed = fieldOwner(operand) { return .bracket }
        if level(operand) < .postfix { return .bracket }
        current = operand
      case .call(let callee, _), .mapCall(let callee, _):
        if !isPlainTarget(callee) { return .bracket }
        current = callee
      case .record: return .bracket
      default: return .other
      }
    }
  }
}

extension SyntaxNode {
  /// Whether brackets around it are never a function, so that `(` after them multiplies.
  var isArithmetic: Bool {
    switch self {
    case .infix(let op, _, _): op != .pipe
    case .number, .range, .transpose: true
    case .prefix(let op, _): op != .nabla
    default: false
    }
  }
}
