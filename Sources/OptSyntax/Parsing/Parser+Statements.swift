/// Statements: definitions, assignments, loops, blocks.

extension Parser {
  mutating func statement() throws -> NodeID {
    let start = token.start
    if token.kind == .keyword {
      switch token.text {
      case "for": return try forLoop()
      case "while":
        advance()
        let condition = try expression()
        let body = try loopBody("while")
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
      case "if": return try afterConditional(conditional(asStatement: true))
      default: break
      }
    }
    if token.kind == .name {
      if let definition = try definition() { return definition }
      try refuseForeignStatement()
    }
    let value = try expression()
    if token.isSymbol("=") { return try assignment(value, start) }
    return value
  }

  /// `if` as a statement may be the start of a larger expression only in brackets.
  private mutating func afterConditional(_ id: NodeID) throws -> NodeID { id }

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
    default:
      throw fail(
        "only a variable, its elements or fields can be given a value", tree.span(of: target),
        help: "`==` compares")
    }
    advance()
    let value = try expression()
    if token.isSymbol("=") {
      throw fail("one value is given at a time", token, help: "write two statements")
    }
    return add(.assignment(target: target, value: value), from: start)
  }

  /// `name(parameters) = body`, if that is what comes.
  private mutating func definition() throws -> NodeID? {
    let name = token
    guard following.isSymbol("("), !following.spaced, let close = matchingBracket(next + 1),
      close + 1 < tokens.count, tokens[close + 1].isSymbol("=")
    else { return nil }
    advance()
    let parameters = try parameters()
    advance()
    let body = try expression()
    if token.isSymbol("=") {
      throw fail("one value is given at a time", token, help: "write two statements")
    }
    return add(
      .definition(
        Definition(
          name: name.text, nameSpan: span(name), parameters: parameters, body: body,
          help: name.help)), from: name.start)
  }

  private mutating func forLoop() throws -> NodeID {
    let start = token.start
    advance()
    guard token.kind == .name else {
      throw fail("expected a variable after `for`, found \(describe(token))", token)
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
    let source = try expression()
    let body = try loopBody("for")
    return add(.forLoop(variable: variable, source: source, body: body), from: start)
  }

  private mutating func loopBody(_ word: String) throws -> NodeID {
    guard token.isSymbol("{") else {
      if token.isSymbol(":") {
        throw fail("`\(word) … :` is not known here", token, help: "the body stands in `{ … }`")
      }
      throw fail("expected `{` before the body of `\(word)`, found \(describe(token))", token)
    }
    return try block()
  }

  /// `{ statements }`.
  mutating func block() throws -> NodeID {
    let open = token
    advance()
    return try nested { parser in
      let (outerBrackets, outerIndex) = (parser.inBrackets, parser.inIndex)
      let outerIn = parser.stopAtIn
      parser.inBrackets = false
      parser.inIndex = false
      parser.stopAtIn = false
      defer {
        parser.inBrackets = outerBrackets
        parser.inIndex = outerIndex
        parser.stopAtIn = outerIn
      }
      var statements: [NodeID] = []
      while !parser.token.isSymbol("}") {
        if parser.token.kind == .newline || parser.token.isSymbol(";") {
          parser.advance()
          continue
        }
        if parser.isAtEnd {
          throw parser.unclosed(open, with: "}")
        }
        let statement = try parser.statement()
        statements.append(statement)
        if parser.token.isSymbol("}") { break }
        guard parser.token.kind == .newline || parser.token.isSymbol(";") else {
          if parser.isAtEnd {
            throw parser.unclosed(open, with: "}")
          }
          throw parser.unexpected(after: statement)
        }
      }
      parser.advance()
      return parser.add(.block(statements), from: open.start)
    }
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

  private mutating func help() throws -> NodeID {
    let start = token.start
    advance()
    var topic = ""
    if token.kind == .text, case .literal(let text)? = texts[Int(token.payload)].first {
      topic = text
      advance()
    } else if !endsStatement {
      topic = token.text
      advance()
    }
    return add(.help(topic), from: start)
  }

  // MARK: Foreign spellings

  private static let foreignWords: [String: String] = [
    "def": "a function is written `f(x) = …`", "function": "a function is written `f(x) = …`",
    "lambda": "a function is written `x -> …`", "let": "a variable is written `x = …`",
    "var": "a variable is written `x = …`", "import": "a module is loaded with `use name`",
    "elif": "write `else if`", "elseif": "write `else if`",
    "global": "no function changes an outer variable",
  ]

  /// Words that other languages begin a statement with.
  private mutating func refuseForeignStatement() throws {
    let touchesCall = following.isSymbol("(")
    guard following.kind == .name || following.kind == .text else { return }
    if let help = Self.foreignWords[token.text] {
      throw fail("`\(token.text)` is not known here", token, help: help)
    }
    if token.text == "print", !touchesCall {
      throw fail("`print` is a function", token, help: "write `print(…)`")
    }
  }

  /// Something stands after a statement that should have ended.
  mutating func unexpected(after statement: NodeID) -> Failed {
    let first = firstName(of: statement)
    if token.kind == .clauseWord, let first {
      let near = Suggestions.nearest(first.name, in: Words.verbs.sorted())
      return fail(
        "unknown word `\(first.name)`"
          + (near.isEmpty ? "" : ", did you mean `\(near.joined(separator: "` or `"))`?"),
        first.span)
    }
    if let first, let help = Self.foreignWords[first.name] {
      return fail("`\(first.name)` is not known here", first.span, help: help)
    }
    if token.isSymbol("!"), !token.spaced {
      return fail("`!` is not known here", token, help: "`n!` is `gamma(n + 1)`")
    }
    if token.isSymbol("=") {
      return fail("`=` gives a value and cannot stand here", token, help: "`==` compares")
    }
    if token.isSymbol(")") || token.isSymbol("]") || token.isSymbol("}") {
      return fail("this `\(token.text)` closes nothing", token)
    }
    return fail("expected the end of the statement, found \(describe(token))", token)
  }

  /// The name that a statement begins with.
  private func firstName(of id: NodeID) -> (name: String, span: SourceSpan)? {
    var current = id
    while true {
      switch tree[current] {
      case .name(let name): return (name, tree.span(of: current))
      case .infix(_, let left, _), .call(let left, _), .index(let left, _), .field(let left, _),
        .comparison(let left, _), .prime(let left), .range(let left, _, _):
        current = left
      case .silenced(let inner): current = inner
      default: return nil
      }
    }
  }
}
