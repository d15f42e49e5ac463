/// Expressions, loosest binding first:
/// `->` · `if then else` · `|>` · `or` · `and` · `not` · comparison · `in` · `:` · `+ -` ·
/// `* / \ .* ./` · juxtaposition · unary `-` · `^ .^` · postfix.

extension Parser {
  mutating func expression() throws -> NodeID {
    try nested { try $0.unnested() }
  }

  private mutating func unnested() throws -> NodeID {
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
    if token.kind == .name, following.isSymbol("->") {
      let parameter = Parameter(name: token.text, span: span(token))
      advance()
      advance()
      let body = try lambdaBody()
      return add(.lambda([parameter], body: body), from: start)
    }
    guard token.isSymbol("("), let close = matchingBracket(next), close + 1 < tokens.count,
      tokens[close + 1].isSymbol("->")
    else { return nil }
    let parameters = try parameters()
    advance()
    let body = try lambdaBody()
    return add(.lambda(parameters, body: body), from: start)
  }

  private mutating func lambdaBody() throws -> NodeID {
    let outer = inBrackets
    inBrackets = false
    defer { inBrackets = outer }
    return try expression()
  }

  /// The token that closes the bracket at `open`.
  func matchingBracket(_ open: Int) -> Int? {
    var depth = 0
    var k = open
    while k < tokens.count {
      if tokens[k].kind == .symbol {
        switch tokens[k].text {
        case "(", "[", "{", ".(": depth += 1
        case ")", "]", "}":
          depth -= 1
          if depth == 0 { return k }
        default: break
        }
      }
      k += 1
    }
    return nil
  }

  /// `(x, y = 2)`, names only.
  mutating func parameters() throws -> [Parameter] {
    let open = token
    try expect("(", "before the parameters")
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
        fallback = try expression()
      } else if let last = result.last, last.fallback != nil {
        throw fail("parameters without a default value come first", name)
      }
      result.append(Parameter(name: name.text, fallback: fallback, span: span(name)))
      if !accept(",") { break }
    }
    try expect(")", "after the parameters", open: open)
    return result
  }

  /// `if c then a else b`; as a statement a branch may be a statement.
  mutating func conditional(asStatement: Bool) throws -> NodeID {
    let start = token.start
    advance()
    let outer = inBrackets
    inBrackets = false
    let condition = try expression()
    inBrackets = outer
    if token.isSymbol(":") {
      throw fail("`if … :` is not known here", token, help: "write `if … then …` or `if … { … }`")
    }
    if !acceptKeyword("then"), !token.isSymbol("{") {
      throw fail("expected `then` or `{` after the condition, found \(describe(token))", token)
    }
    let then = try branch(asStatement)
    var otherwise: NodeID?
    skipNewlineBeforeElse()
    if acceptKeyword("else") {
      if token.isKeyword("if") {
        otherwise = try nested { try $0.conditional(asStatement: asStatement) }
      } else {
        otherwise = try branch(asStatement)
      }
    }
    return add(.conditional(condition: condition, then: then, otherwise: otherwise), from: start)
  }

  private mutating func skipNewlineBeforeElse() {
    if token.kind == .newline, following.isKeyword("else") { advance() }
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
      let right = try disjunction()
      left = infix(.pipe, left, right)
    }
    return left
  }

  func startOf(_ id: NodeID) -> Int32 { tree.span(of: id).start }

  mutating func infix(_ op: InfixOperator, _ left: NodeID, _ right: NodeID) -> NodeID {
    tree.append(
      .infix(op, left, right), at: tree.span(of: left).joined(with: tree.span(of: right)))
  }

  private mutating func disjunction() throws -> NodeID {
    var left = try conjunction()
    while true {
      if acceptKeyword("or") {
        left = infix(.or, left, try conjunction())
      } else if token.isSymbol("||") {
        throw fail("`||` is not known here", token, help: "write `or`")
      } else if token.isSymbol("|") {
        throw fail("`|` is not known here", token, help: "`abs(x)` is the absolute value")
      } else {
        return left
      }
    }
  }

  private mutating func conjunction() throws -> NodeID {
    var left = try negation()
    while true {
      if acceptKeyword("and") {
        left = infix(.and, left, try negation())
      } else if token.isSymbol("&&") || token.isSymbol("&") {
        throw fail("`\(token.text)` is not known here", token, help: "write `and`")
      } else {
        return left
      }
    }
  }

  private mutating func negation() throws -> NodeID {
    guard token.isKeyword("not") else { return try comparison() }
    let start = token.start
    advance()
    let operand = try nested { try $0.negation() }
    return add(.prefix(.not, operand), from: start)
  }

  private mutating func comparison() throws -> NodeID {
    let first = try membership()
    var links: [ComparisonLink] = []
    while token.kind == .symbol {
      if token.text == "~=" {
        throw fail("`~=` is not known here", token, help: "write `!=`")
      }
      guard let comparison = ComparisonOperator(rawValue: token.text) else { break }
      advance()
      links.append(ComparisonLink(comparison, try membership()))
    }
    if links.isEmpty { return first }
    return add(.comparison(first, links), from: startOf(first))
  }

  private mutating func membership() throws -> NodeID {
    let left = try range()
    guard token.isKeyword("in"), !stopsAtIn else { return left }
    advance()
    return infix(.isIn, left, try range())
  }

  private mutating func range() throws -> NodeID {
    let first = try sum()
    guard token.isSymbol(":"), !endsIndex(following) else { return first }
    if following.kind == .newline || following.kind == .end { return first }
    advance()
    let second = try sum()
    guard token.isSymbol(":") else {
      return add(.range(from: first, step: nil, to: second), from: startOf(first))
    }
    advance()
    let third = try sum()
    return add(.range(from: first, step: second, to: third), from: startOf(first))
  }

  private func endsIndex(_ token: Token) -> Bool {
    token.isSymbol("]") || token.isSymbol(",")
  }

  private mutating func sum() throws -> NodeID {
    var left = try product()
    while token.kind == .symbol {
      let op: InfixOperator
      switch token.text {
      case "+": op = .add
      case "-": op = .subtract
      case ".+", ".-":
        let plain = String(token.text.dropFirst())
        throw fail(
          "`\(token.text)` is not known here", token,
          help: "`\(plain)` already works element by element")
      case "+=", "-=", "*=", "/=":
        let plain = String(token.text.dropLast())
        let name = tree.text(left, in: source)
        throw fail(
          "`\(token.text)` is not known here", token,
          help: "write `\(name) = \(name) \(plain) …`")
      default: return left
      }
      if inBrackets, token.spaced, !following.spaced, !bracketsHoldComprehension {
        throw fail(
          "`\(tree.text(left, in: source)) \(token.text)\(following.text)` can be read in two ways",
          token,
          help: "`\(token.text) \(following.text)` is a sum, "
            + "`, \(token.text)\(following.text)` a new element")
      }
      advance()
      left = infix(op, left, try product())
    }
    return left
  }

  /// Whether a comma, `;` or `for` tells that the bracket we are in is a comprehension.
  var bracketsHoldComprehension: Bool {
    var depth = 0
    var k = next
    while k < tokens.count {
      let t = tokens[k]
      if t.kind == .symbol {
        if ["(", "[", "{", ".("].contains(t.text) { depth += 1 }
        if [")", "]", "}"].contains(t.text) {
          if depth == 0 { return false }
          depth -= 1
        }
        if depth == 0, t.text == "," || t.text == ";" { return false }
      }
      if depth == 0, t.isKeyword("for") { return true }
      k += 1
    }
    return false
  }
}

extension SyntaxTree {
  /// The program text of a node.
  func text(_ id: NodeID, in source: SourceText) -> String {
    let span = span(of: id)
    guard span.start >= 0, span.end <= source.bytes.count, span.start <= span.end else { return "" }
    return String(decoding: source.bytes[Int(span.start)..<Int(span.end)], as: UTF8.self)
  }
}
