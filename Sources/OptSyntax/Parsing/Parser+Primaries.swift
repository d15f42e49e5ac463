/// The smallest expressions: numbers, names, signs, texts.

extension Parser {
  mutating func primary() throws -> Factor {
    let here = token
    switch here.kind {
    case .number(let value):
      advance()
      return Factor(
        id: add(.number(value, spelling: here.text), at: here),
        admitsTouching: true, multipliesBracket: true)
    case .text:
      advance()
      return Factor(try text(here))
    case .name:
      advance()
      try refuseForeignName(here)
      return Factor(add(.name(here.text), at: here))
    case .keyword: return try keyword(here)
    case .verb: throw bareSentence()
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

  private mutating func keyword(_ here: Token) throws -> Factor {
    switch here.text {
    case "true", "false":
      advance()
      return Factor(add(.boolean(here.text == "true"), at: here))
    case "nothing":
      advance()
      return Factor(add(.nothing, at: here))
    case "end":
      guard inIndex else {
        throw fail(
          "`end` stands only inside an index", here, help: "blocks are written `{ … }`")
      }
      advance()
      return Factor(add(.endIndex, at: here))
    case "if": return Factor(try nested { try $0.conditional(asStatement: false) })
    case "not": return Factor(try nested { try $0.negation() })
    case "for":
      throw fail(
        "`for` cannot stand here", here,
        help: "a loop is a statement, `[x^2 for x in 1:5]` a vector")
    default:
      throw fail("`\(here.text)` cannot stand here", here)
    }
  }

  private mutating func bracketOrSign(_ here: Token) throws -> Factor {
    switch here.text {
    case "(": return try parenthesis(here)
    case "[": return Factor(try brackets(here), touching: true)
    case "{": return Factor(try block())
    case "???":
      advance()
      return Factor(add(.gap, at: here))
    case "√": return try root(here)
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
    case "|", "||":
      throw fail("`|x|` is not known here", here, help: "the absolute value is `abs(x)`")
    case "@":
      throw fail("`@` is not known here", here, help: "a function is written `x -> x^2`")
    case "!", "~":
      throw fail("`\(here.text)` is not known here", here, help: "write `not`")
    case "%":
      throw fail("`%` is not known here", here, help: "a comment begins with `#`")
    case ":":
      throw fail("`:` needs a number on both sides", here)
    case ")", "]", "}":
      let isOpen = next > 0 && pairs.closes(next)
      throw fail(
        isOpen
          ? "expected an expression, found `\(here.text)`" : "this `\(here.text)` closes nothing",
        here)
    default:
      try refuseForeignSymbol()
      throw fail("expected an expression, found \(describe(here))", here)
    }
  }

  /// `√2`, `√(x + 1)`
  private mutating func root(_ here: Token) throws -> Factor {
    advance()
    let operand = try nested { try $0.powered() }
    var isLiteral = false
    if case .number = tree[operand.id], !source.endsWithBracket(operand.id, tree) {
      isLiteral = true
    }
    return Factor(
      id: add(.prefix(.squareRoot, operand.id), from: here.start),
      admitsTouching: operand.admitsTouching, multipliesBracket: operand.multipliesBracket,
      isLiteralRoot: isLiteral)
  }

  /// `∇` takes exactly the next name or bracket.
  private mutating func nabla(_ here: Token) throws -> Factor {
    advance()
    let operand: NodeID
    if token.kind == .name {
      let name = token
      operand = add(.name(name.text), at: name)
      advance()
      if token.isSymbol("."), !token.spaced {
        throw fail(
          "`∇\(name.text).\(following.text)` can be read in two ways", here,
          help: "`∇(\(name.text).\(following.text))` is the gradient of the field")
      }
    } else if token.isSymbol("(") {
      operand = try parenthesis(token).id
    } else {
      throw fail("`∇` wants a function's name, found \(describe(token))", token)
    }
    return Factor(add(.prefix(.nabla, operand), from: here.start))
  }

  // MARK: Texts

  /// A text with the expressions in its braces.
  private mutating func text(_ token: Token) throws -> NodeID {
    var parts: [TextPart] = []
    for piece in texts[Int(token.payload)] {
      switch piece {
      case .literal(let string): parts.append(.literal(string))
      case .expression(let range, let format):
        parts.append(.value(try nested { try $0.interpolated(range) }, format: format))
      }
    }
    return add(.text(parts), at: token)
  }

  /// An expression between the braces of a text, read into this tree.
  private mutating func interpolated(_ range: Range<Int>) throws -> NodeID {
    var lexer = Lexer(source, range: range)
    lexer.run()
    var inner = Parser(source, lexer)
    inner.depth = depth
    inner.reportedEnd = true
    swap(&inner.tree, &tree)
    defer {
      swap(&inner.tree, &tree)
      diagnostics += inner.diagnostics
    }
    if inner.isAtEnd {
      throw inner.fail(
        "an expression is missing between `{` and `}`",
        SourceSpan(source, Int32(clamping: range.lowerBound - 1), inner.token.end + 1),
        help: "a brace in a text is written `\\{`")
    }
    do {
      let id = try inner.expression()
      if !inner.isAtEnd { throw inner.unexpected(after: id) }
      if !inner.diagnostics.isEmpty { throw Failed() }
      return id
    } catch {
      if inner.diagnostics.isEmpty {
        inner.diagnostics.append(
          Diagnostic(
            .error, "this expression is not complete", at: inner.span(from: Int32(range.lowerBound))
          ))
      }
      throw Failed()
    }
  }
}
