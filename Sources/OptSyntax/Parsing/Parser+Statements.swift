/// Statements: definitions, assignments, loops, blocks.

extension Parser {
  mutating func statement() throws -> NodeID {
    let start = token.start
    if token.kind != .symbol { try refuseForeignStatement() }
    if token.kind == .keyword {
      switch token.text {
      case "for": return try forLoop()
      case "while":
        advance()
        let condition = try expression()
        let body = try loopBody("while", condition)
        return add(.whileLoop(condition: condition, body: body), from: start)
      case "break":
        advance()
        return add(.breakLoop, from: start)
      case "continue":
        advance()
        return add(.continueLoop, from: start)
      case "return":
        advance()
        if endsStatement { return add(.returnValue(nil), from: start) }
        let value = try expression()
        return add(.returnValue(value), from: start)
      case "use": return try use()
      case "help": return try help()
      case "if": return try nested { try $0.conditional(asStatement: true) }
      default: break
      }
    }
    if token.kind == .name, let definition = try definition() { return definition }
    let value = try expression()
    if token.isSymbol("=") { return try assignment(value, start) }
    return value
  }

  var endsStatement: Bool {
    isAtEnd || token.kind == .newline || token.isSymbol(";") || token.isSymbol("}")
  }

  private mutating func assignment(_ target: NodeID, _ start: Int32) throws -> NodeID {
    switch tree[target] {
    case .name, .index, .field: break
    case .comparison:
      throw fail("a comparison cannot be given a value", token)
    case .call:
      throw fail(
        "only names can be parameters of a definition", tree.span(of: target),
        help: "elements are assigned with `x[i] = …`")
    case .sentence:
      throw fail("a sentence cannot be given a value", tree.span(of: target))
    default:
      throw fail(
        "only a variable, its elements or fields can be given a value", tree.span(of: target),
        help: "`==` compares")
    }
    advance()
    let value = try expression()
    try refuseSecondValue()
    return add(.assignment(target: target, value: value), from: start)
  }

  private mutating func refuseSecondValue() throws {
    if token.isSymbol("=") {
      throw fail(
        "one value is given at a time", token, help: "write two statements, or `==` to compare")
    }
  }

  /// `name(parameters) = body`, if that is what comes.
  private mutating func definition() throws -> NodeID? {
    let name = token
    guard following.isSymbol("("), !following.spaced, let close = pairs.closing(next + 1),
      tokens[close + 1].isSymbol("=")
    else { return nil }
    advance()
    let parameters = try parameters()
    advance()
    let body = try expression()
    try refuseSecondValue()
    return add(
      .definition(
        Definition(
          name: name.text, nameSpan: span(name), parameters: parameters, body: body,
          help: name.help)), from: name.start)
  }

  private mutating func forLoop() throws -> NodeID {
    let start = token.start
    advance()
    let variable = try loopVariable()
    let source = try expression()
    let body = try loopBody("for", source)
    return add(.forLoop(variable: variable, source: source, body: body), from: start)
  }

  /// `x in` of a loop or comprehension.
  mutating func loopVariable() throws -> String {
    guard token.kind == .name else {
      throw fail(
        "expected a variable after `for`, found \(describe(token))", token,
        help: token.isSymbol("(") ? "no brackets are needed: `for i in 1:n { … }`" : nil)
    }
    let variable = token.text
    advance()
    if token.isSymbol("=") {
      throw fail(
        "`for \(variable) = …` is not known here", token,
        help: "write `for \(variable) in 1:n { … }`")
    }
    guard acceptKeyword("in") else {
      throw fail("expected `in` after `for \(variable)`, found \(describe(token))", token)
    }
    return variable
  }

  private mutating func loopBody(_ word: String, _ head: NodeID) throws -> NodeID {
    guard token.isSymbol("{") else {
      try refuseColon(word, head, help: "the body stands in `{ … }`")
      throw fail("expected `{` before the body of `\(word)`, found \(describe(token))", token)
    }
    return try block()
  }

  /// `{ statements }`. An error ends its statement only.
  mutating func block() throws -> NodeID {
    let open = token
    advance()
    return try between(inIndex: false) { parser in
      var statements: [NodeID] = []
      while !parser.token.isSymbol("}") {
        if parser.token.kind == .newline || parser.token.isSymbol(";") {
          parser.advance()
          continue
        }
        if parser.isAtEnd { throw parser.unclosed(open, with: "}") }
        let start = parser.next
        do {
          statements.append(try parser.blockStatement())
        } catch {
          parser.recover(from: start)
          if parser.isAtEnd { throw Failed() }
          statements.append(parser.add(.invalid, from: parser.tokens[start].start))
        }
      }
      parser.advance()
      return parser.add(.block(statements), from: open.start)
    }
  }

  private mutating func blockStatement() throws -> NodeID {
    let start = token.start
    let statement = try statement()
    if endsStatement {
      try refuseContinuation(after: start)
      return statement
    }
    throw unexpected(after: statement)
  }

  private mutating func use() throws -> NodeID {
    let start = token.start
    advance()
    if token.kind == .text, let piece = texts[Int(token.payload)].first,
      case .literal(let path) = piece, texts[Int(token.payload)].count == 1
    {
      advance()
      return add(.use(path, isFile: true), from: start)
    }
    guard token.kind == .name else {
      throw fail(
        "`use` wants a module's name or a file in quotes, found \(describe(token))", token)
    }
    let name = token.text
    advance()
    return add(.use(name, isFile: false), from: start)
  }

  /// `help`, `help word`, `help "words"`, `help(word)`.
  private mutating func help() throws -> NodeID {
    let open = token
    advance()
    if token.isSymbol("("), following.kind != .newline, following.kind != .end,
      tokens[min(next + 2, tokens.count - 1)].isSymbol(")")
    {
      advance()
      let topic = helpTopic()
      advance()
      return add(.help(topic), from: open.start)
    }
    let topic = endsStatement && !token.isSymbol(";") && !token.isSymbol("}") ? "" : helpTopic()
    return add(.help(topic), from: open.start)
  }

  private mutating func helpTopic() -> String {
    guard !token.isSymbol(";") else { return "" }
    if token.kind == .text {
      guard case .literal(let text)? = texts[Int(token.payload)].first else { return "" }
      advance()
      return text
    }
    var topic = token.kind == .superscript ? "^" : token.text
    advance()
    if topic == "subject", token.kind == .clauseWord, token.text == "to" {
      topic = "subject to"
      advance()
    }
    return topic
  }
}
