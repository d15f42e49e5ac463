/// The smallest expressions: numbers, names, texts, brackets.

extension Parser {
  /// Whether `in` belongs to the clause or loop around.
  var stopsAtIn: Bool { stopAtIn }

  mutating func primary() throws -> Factor {
    let here = token
    switch here.kind {
    case .number(let value):
      advance()
      return Factor(
        id: tree.append(.number(value, spelling: here.text), at: span(here)),
        admitsTouching: true, multipliesBracket: true)
    case .text:
      advance()
      return plain(try text(here), touching: false)
    case .name:
      advance()
      if here.text == "f" || here.text == "r", token.kind == .text, !token.spaced {
        throw fail(
          "`\(here.text)\"…\"` is not known here", here,
          help: "every text is formatted: `\"loss = {loss:.3f}\"`")
      }
      return plain(tree.append(.name(here.text), at: span(here)), touching: false)
    case .keyword: return try keyword(here)
    case .verb: return plain(try sentence(), touching: false)
    case .clauseWord:
      throw fail("`\(here.text)` belongs to a sentence and cannot stand here", here)
    case .symbol: return try bracketOrSign(here)
    case .superscript:
      throw fail("a superscript needs something before it", here)
    case .newline, .end:
      throw fail("expected an expression, found \(describe(here))", here)
    case .invalid:
      advance()
      throw Failed()
    }
  }

  private func plain(_ id: NodeID, touching: Bool) -> Factor {
    Factor(id: id, admitsTouching: touching, multipliesBracket: false)
  }

  private mutating func keyword(_ here: Token) throws -> Factor {
    switch here.text {
    case "true", "false":
      advance()
      return plain(tree.append(.boolean(here.text == "true"), at: span(here)), touching: false)
    case "nothing":
      advance()
      return plain(tree.append(.nothing, at: span(here)), touching: false)
    case "end":
      guard inIndex else {
        throw fail(
          "`end` stands only inside an index", here, help: "blocks are written `{ … }`")
      }
      advance()
      return plain(tree.append(.endIndex, at: span(here)), touching: false)
    case "if": return plain(try conditional(asStatement: false), touching: false)
    case "not":
      advance()
      let operand = try expression()
      return plain(add(.prefix(.not, operand), from: here.start), touching: false)
    default:
      throw fail("`\(here.text)` cannot stand here", here)
    }
  }

  private mutating func bracketOrSign(_ here: Token) throws -> Factor {
    switch here.text {
    case "(": return try parenthesis(here)
    case "[": return plain(try brackets(here), touching: true)
    case "{": return plain(try block(), touching: false)
    case "???":
      advance()
      return plain(tree.append(.gap, at: span(here)), touching: false)
    case "√":
      advance()
      if case .number = token.kind, following.kind == .name, !following.spaced {
        throw fail(
          "`√\(token.text)\(following.text)` can be read in two ways", here,
          help: "write `√(\(token.text) \(following.text))` or `√\(token.text)*\(following.text)`")
      }
      let operand = try nested { try $0.powered() }
      return Factor(
        id: add(.prefix(.squareRoot, operand.id), from: here.start),
        admitsTouching: operand.admitsTouching, multipliesBracket: operand.multipliesBracket)
    case "∇": return try nabla(here)
    case "-", "+":
      let factor = try nested { parser in
        parser.advance()
        return try parser.powered()
      }
      return Factor(
        id: add(.prefix(here.text == "-" ? .minus : .plus, factor.id), from: here.start),
        admitsTouching: factor.admitsTouching, multipliesBracket: factor.multipliesBracket)
    case "'":
      throw fail("text stands in double quotes", here, help: "write `\"…\"`")
    case "|":
      throw fail("`|x|` is not known here", here, help: "the absolute value is `abs(x)`")
    case "@":
      throw fail("`@` is not known here", here, help: "a function is written `x -> x^2`")
    case "!", "~":
      throw fail("`\(here.text)` is not known here", here, help: "write `not`")
    case "%":
      throw fail("`%` is not known here", here, help: "a comment begins with `#`")
    case ":":
      throw fail("`:` needs a number on both sides", here)
    default:
      throw fail("expected an expression, found \(describe(here))", here)
    }
  }

  /// `∇` takes exactly the next name or bracket.
  private mutating func nabla(_ here: Token) throws -> Factor {
    advance()
    let operand: NodeID
    if token.kind == .name {
      operand = tree.append(.name(token.text), at: span(token))
      let name = token.text
      advance()
      if token.isSymbol("."), !token.spaced {
        throw fail(
          "`∇\(name).…` can be read in two ways", here,
          help: "`∇(\(name).\(following.text))` is the gradient of the field")
      }
    } else if token.isSymbol("(") {
      operand = try parenthesis(token).id
    } else {
      throw fail("`∇` wants a function's name, found \(describe(token))", token)
    }
    return plain(add(.prefix(.nabla, operand), from: here.start), touching: false)
  }

  /// `( … )`: grouping, or a record of named fields.
  private mutating func parenthesis(_ open: Token) throws -> Factor {
    advance()
    return try nested { parser in
      let (outerBrackets, outerIndex) = (parser.inBrackets, parser.inIndex)
      let outerIn = parser.stopAtIn
      parser.inBrackets = false
      parser.stopAtIn = false
      defer {
        parser.inBrackets = outerBrackets
        parser.inIndex = outerIndex
        parser.stopAtIn = outerIn
      }
      if parser.token.isSymbol(")") {
        throw parser.fail("these brackets are empty", open, help: "`nothing` is the empty value")
      }
      if parser.canBeFieldName, parser.following.isSymbol("=") {
        return parser.plain(try parser.record(open), touching: true)
      }
      let inner = try parser.expression()
      if parser.token.isSymbol(",") {
        throw parser.fail(
          "`(a, b)` is not a value", parser.token,
          help: "a vector is written `[a, b]`, a record `(x = a, y = b)`")
      }
      if parser.token.isSymbol(";") {
        throw parser.fail("`;` cannot stand in `( )`", parser.token)
      }
      if parser.token.isSymbol("=") {
        throw parser.fail(
          "`=` gives a value and cannot stand here", parser.token, help: "`==` compares")
      }
      try parser.expect(")", "after the expression", open: open)
      var isProduct = false
      switch parser.tree[inner] {
      case .infix(let op, _, _): isProduct = op != .pipe
      case .number, .transpose, .range: isProduct = true
      case .prefix(let op, _): isProduct = op != .nabla
      default: break
      }
      let factor = Factor(id: inner, admitsTouching: true, multipliesBracket: isProduct)
      // The brackets belong to the node's place.
      parser.tree.widen(inner, to: parser.span(from: open.start))
      return factor
    }
  }

  private mutating func record(_ open: Token) throws -> NodeID {
    var fields: [Argument] = []
    while !token.isSymbol(")") {
      guard canBeFieldName, following.isSymbol("=") else {
        throw fail(
          "a record's fields all have names, found \(describe(token))", token,
          help: "write `(a = 1, b = 2)`")
      }
      let name = token.text
      if fields.contains(where: { $0.name == name }) {
        throw fail("the field `\(name)` is given twice", token)
      }
      advance()
      advance()
      fields.append(Argument(name: name, value: try expression()))
      if !accept(",") { break }
    }
    try expect(")", "after the fields", open: open)
    return add(.record(fields), from: open.start)
  }

  /// `[ … ]`: vector, matrix, list or comprehension.
  private mutating func brackets(_ open: Token) throws -> NodeID {
    advance()
    return try nested { parser in
      let (outerBrackets, outerIndex) = (parser.inBrackets, parser.inIndex)
      let outerIn = parser.stopAtIn
      parser.inBrackets = true
      parser.inIndex = false
      parser.stopAtIn = false
      defer {
        parser.inBrackets = outerBrackets
        parser.inIndex = outerIndex
        parser.stopAtIn = outerIn
      }
      var rows: [[NodeID]] = [[]]
      while !parser.token.isSymbol("]") {
        let element = try parser.expression()
        if parser.token.isKeyword("for"), rows == [[]] {
          parser.inBrackets = false
          let generators = try parser.generators()
          try parser.expect("]", "after the comprehension", open: open)
          return parser.add(
            .comprehension(body: element, generators: generators, inBrackets: true),
            from: open.start)
        }
        rows[rows.count - 1].append(element)
        if parser.accept(",") { continue }
        if parser.accept(";") {
          if !parser.token.isSymbol("]") { rows.append([]) }
          continue
        }
        break
      }
      try parser.expect("]", "after the elements", open: open)
      if rows == [[]] { rows = [] }
      return parser.add(.brackets(rows), from: open.start)
    }
  }

  /// A text with the expressions in its braces.
  private mutating func text(_ token: Token) throws -> NodeID {
    let pieces = texts[Int(token.payload)]
    var parts: [TextPart] = []
    for piece in pieces {
      switch piece {
      case .literal(let string): parts.append(.literal(string))
      case .expression(let range, let format):
        parts.append(.value(try inner(range, token), format: format))
      }
    }
    return tree.append(.text(parts), at: span(token))
  }

  /// An expression between the braces of a text, read into this tree.
  private mutating func inner(_ range: Range<Int>, _ text: Token) throws -> NodeID {
    var lexer = Lexer(source, range: range)
    lexer.run()
    var parser = Parser(source, lexer)
    swap(&parser.tree, &tree)
    parser.depth = depth
    defer { swap(&parser.tree, &tree) }
    do {
      let id = try parser.expression()
      if !parser.isAtEnd {
        _ = parser.fail(
          "`}` is expected here, found \(parser.describe(parser.token))", parser.token)
      }
      diagnostics += parser.diagnostics
      if !parser.diagnostics.isEmpty { throw Failed() }
      return id
    } catch {
      if parser.diagnostics.isEmpty {
        parser.diagnostics.append(
          Diagnostic(
            .error, "this expression could not be read",
            at: SourceSpan(
              source, Int32(clamping: range.lowerBound), Int32(clamping: range.upperBound))))
      }
      diagnostics += parser.diagnostics
      throw Failed()
    }
  }
}

extension SyntaxTree {
  /// Makes a node's place larger.
  mutating func widen(_ id: NodeID, to span: SourceSpan) { setSpan(span, of: id) }
}
