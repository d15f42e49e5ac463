/// Expressions, loosest binding first:
/// `->` · `if then else` · `|>` · `or` · `and` · `not` · comparison · `in` · `:` · `+ -` ·
/// `* / \ .* ./` · juxtaposition · unary `-` · `^ .^` · postfix.

extension Parser {
  mutating func expression() throws -> NodeID {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.maximumDepth { return try nested { try $0.expression() } }
    if let lambda = try lambda() { return lambda }
    switch token.kind {
    case .verb: return try sentence()
    case .keyword where token.text == "if": return try conditional(asStatement: false)
    default: return try pipe()
    }
  }

  /// `x -> …` or `(x, y) -> …`.
  private mutating func lambda() throws -> NodeID? {
    let start = token.start
    let parameters: [Parameter]
    if token.kind == .name, following.isSymbol("->") {
      parameters = [Parameter(name: token.text, span: span(token))]
      advance()
    } else if token.isSymbol("("), let close = pairs.closing(next),
      tokens[close + 1].isSymbol("->")
    {
      parameters = try self.parameters()
    } else {
      return nil
    }
    advance()
    let outer = inBrackets
    inBrackets = false
    defer { inBrackets = outer }
    let body = try expression()
    return add(.lambda(parameters, body: body), from: start)
  }

  /// `(x, y = 2)`, names only.
  mutating func parameters() throws -> [Parameter] {
    let open = token
    advance()
    var result: [Parameter] = []
    while !token.isSymbol(")") {
      guard token.kind == .name else {
        throw fail("a parameter is a name, found \(describe(token))", token)
      }
      let name = token
      if result.contains(where: { $0.name == name.text }) {
        throw fail("the parameter `\(name.text)` is named twice", name)
      }
      advance()
      var fallback: NodeID?
      if accept("=") {
        fallback = try between(inIndex: false) { try $0.expression() }
      } else if let last = result.last, last.fallback != nil {
        throw fail("parameters without a default value come first", name)
      }
      result.append(Parameter(name: name.text, fallback: fallback, span: span(name)))
      if !accept(",") { break }
    }
    try close(open, with: ")", after: "the parameters", nil)
    return result
  }

  /// `if c then a else b`; as a statement a branch may be a statement. A chain of `else if` is read
  /// without recursion.
  mutating func conditional(asStatement: Bool) throws -> NodeID {
    var waiting: [(start: Int32, condition: NodeID, then: NodeID)] = []
    var otherwise: NodeID?
    while token.isKeyword("if") {
      let start = token.start
      advance()
      let outer = inBrackets
      inBrackets = false
      let condition = try expression()
      inBrackets = outer
      if !acceptKeyword("then"), !token.isSymbol("{") {
        try refuseColon("if", condition, help: "write `if … then …` or `if … { … }`")
        if token.isSymbol("=") {
          throw fail("`=` gives a value and cannot stand here", token, help: "`==` compares")
        }
        throw fail("expected `then` or `{` after the condition, found \(describe(token))", token)
      }
      waiting.append((start, condition, try branch(asStatement)))
      guard acceptKeyword("else") else { break }
      if token.isKeyword("if") { continue }
      otherwise = try branch(asStatement)
      break
    }
    for part in waiting.reversed() {
      otherwise = add(
        .conditional(condition: part.condition, then: part.then, otherwise: otherwise),
        from: part.start)
    }
    return otherwise ?? add(.invalid, at: token)
  }

  private mutating func branch(_ asStatement: Bool) throws -> NodeID {
    if token.isSymbol("{") { return try block() }
    return asStatement ? try nested { try $0.statement() } : try expression()
  }

  // MARK: Operators

  private mutating func pipe() throws -> NodeID {
    var left = try disjunction()
    while token.isSymbol("|>") {
      advance()
      left = infix(.pipe, left, try disjunction())
    }
    return left
  }

  mutating func infix(_ op: InfixOperator, _ left: NodeID, _ right: NodeID) -> NodeID {
    let place = tree.span(of: left).joined(with: tree.span(of: right))
    return tree.append(.infix(op, left, right), at: place)
  }

  private mutating func disjunction() throws -> NodeID {
    var left = try conjunction()
    while acceptKeyword("or") { left = infix(.or, left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws -> NodeID {
    var left = try negation()
    while acceptKeyword("and") { left = infix(.and, left, try negation()) }
    return left
  }

  mutating func negation() throws -> NodeID {
    guard token.isKeyword("not") else { return try comparison() }
    let start = token.start
    advance()
    let operand = try nested { try $0.negation() }
    return add(.prefix(.not, operand), from: start)
  }

  private mutating func comparison() throws -> NodeID {
    let first = try membership()
    var links: [ComparisonLink] = []
    while token.kind == .symbol, let comparison = ComparisonOperator(rawValue: token.text) {
      advance()
      links.append(ComparisonLink(comparison, try membership()))
    }
    try refuseForeignSymbol()
    if links.isEmpty { return first }
    return add(.comparison(first, links), from: startOf(first))
  }

  private mutating func membership() throws -> NodeID {
    let left = try range()
    guard acceptKeyword("in") else { return left }
    return infix(.isIn, left, try range())
  }

  private mutating func range() throws -> NodeID {
    let first = try sum()
    guard token.isSymbol(":") else { return first }
    switch following.kind {
    case .newline, .end: return first
    case .symbol where following.text == "]" || following.text == ",": return first
    default: break
    }
    advance()
    let second = try sum()
    guard accept(":") else {
      return add(.range(from: first, step: nil, to: second), from: startOf(first))
    }
    let third = try sum()
    return add(.range(from: first, step: second, to: third), from: startOf(first))
  }

  private mutating func sum() throws -> NodeID {
    var left = try product()
    while token.kind == .symbol {
      let op: InfixOperator
      switch token.text {
      case "+": op = .add
      case "-": op = .subtract
      default:
        try refuseUpdate(of: left)
        return left
      }
      if inBrackets, token.spaced, !following.spaced {
        let (sign, next) = (token.text, following.text)
        throw fail(
          "`\(excerpt(left)) \(sign)\(next)` can be read in two ways", token,
          help: "`\(sign) \(next)` is a sum, `, \(sign)\(next)` a new element")
      }
      advance()
      left = infix(op, left, try product())
    }
    return left
  }
}
