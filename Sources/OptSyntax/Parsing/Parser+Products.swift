/// Products, with and without a sign. Where people read a juxtaposition two ways it is refused
/// with both readings.

extension Parser {
  mutating func product() throws -> NodeID {
    var left = try juxtaposition(afterDivision: false)
    while token.kind == .symbol {
      let op: InfixOperator
      switch token.text {
      case "*": op = .multiply
      case "/": op = .divide
      case "\\": op = .solve
      case ".*": op = .elementMultiply
      case "./": op = .elementDivide
      case "**":
        throw fail("`**` is not known here", token, help: "a power is written `x^2`")
      case "%":
        throw fail(
          "`%` is not known here", token,
          help: "the remainder is `mod(a, b)`, a comment begins with `#`")
      case "@":
        throw fail(
          "`@` is not known here", token,
          help: "`A*B` is the matrix product, `x -> x^2` a function")
      default: return left
      }
      advance()
      let divides = op == .divide || op == .elementDivide || op == .solve
      let right = try juxtaposition(afterDivision: divides)
      left = infix(op, left, right)
    }
    return left
  }

  /// What is known of the last factor that was read.
  struct Factor {
    var id: NodeID
    /// Its text ends with a number, `)`, `]`, `'`, `ᵀ` or a superscript, so a touching name is a
    /// further factor.
    var admitsTouching: Bool
    /// A number, or a bracket that cannot be a function: `(` after it multiplies.
    var multipliesBracket: Bool
    /// Ends with a power whose exponent is a literal: `e^2x` is refused.
    var endsWithLiteralPower = false
  }

  private mutating func juxtaposition(afterDivision: Bool) throws -> NodeID {
    var factor = try signed()
    var left = factor.id
    while let touching = beginsFactor(after: factor) {
      if afterDivision {
        let text = tree.text(left, in: source)
        throw fail(
          "a product without a sign after `/` can be read in two ways",
          token,
          help: "write `/(\(text) \(token.text)…)` or `/\(text)*\(token.text)…`")
      }
      if factor.endsWithLiteralPower, touching {
        let text = tree.text(left, in: source)
        throw fail(
          "`\(text)\(token.text)` can be read in two ways", token,
          help: "put a space or brackets: `\(text) \(token.text)…` or `…^(…)`")
      }
      if inBrackets, token.spaced, !bracketsHoldComprehension {
        throw fail(
          "`\(tree.text(left, in: source)) \(token.text)` can be read in two ways", token,
          help: "`\(tree.text(left, in: source)), \(token.text)` are two elements, "
            + "`\(tree.text(left, in: source))*\(token.text)` is a product")
      }
      factor = try powered()
      left = infix(.juxtapose, left, factor.id)
    }
    try refuseSecondNumber(after: left)
    return left
  }

  /// Whether the next token begins a further factor; true if it touches the one before.
  private mutating func beginsFactor(after factor: Factor) -> Bool? {
    let touching = !token.spaced
    switch token.kind {
    case .name:
      return touching && !factor.admitsTouching ? nil : touching
    case .symbol:
      switch token.text {
      case "∇": return touching
      case "√": return touching && !factor.admitsTouching ? nil : touching
      case "(": return factor.multipliesBracket ? touching : nil
      default: return nil
      }
    default: return nil
    }
  }

  private mutating func refuseSecondNumber(after left: NodeID) throws {
    guard case .number = token.kind, token.spaced || true else { return }
    let text = tree.text(left, in: source)
    throw fail(
      "`\(text) \(token.text)` can be read in two ways", token,
      help: "`\(text)*\(token.text)` is a product"
        + (inBrackets ? ", `\(text), \(token.text)` are two elements" : ""))
  }

  /// `-x`, `not` is elsewhere.
  private mutating func signed() throws -> Factor {
    guard token.isSymbol("-") || token.isSymbol("+") else {
      if token.isSymbol("!") {
        throw fail("`!` is not known here", token, help: "write `not`")
      }
      return try powered()
    }
    let sign = token
    advance()
    var factor = try nested { try $0.signed() }
    factor.id = add(.prefix(sign.text == "-" ? .minus : .plus, factor.id), from: sign.start)
    return factor
  }

  /// A factor with its powers: `x^2`, `x²`, `2^-x`, right to left.
  mutating func powered() throws -> Factor {
    var factor = try postfixed()
    if token.kind == .superscript, !token.spaced, token.text != "T" {
      let exponent = token
      try refusePowerOfFunction(factor.id, exponent.text)
      advance()
      let negative = exponent.text.hasPrefix("-")
      guard let value = Double(exponent.text) else {
        throw fail("this power is not a number", exponent)
      }
      var power = tree.append(
        .number(abs(value), spelling: exponent.text.filter { $0 != "-" }), at: span(exponent))
      if negative { power = tree.append(.prefix(.minus, power), at: span(exponent)) }
      factor = Factor(
        id: infix(.power, factor.id, power), admitsTouching: true, multipliesBracket: true)
      factor = try postfixed(factor)
    }
    guard token.isSymbol("^") || token.isSymbol(".^") else { return factor }
    let op: InfixOperator = token.text == "^" ? .power : .elementPower
    let caret = token
    advance()
    if token.kind == .name, token.text == "T", op == .power,
      !following.isSymbol("(")
    {
      throw fail("`^T` is not known here", caret, help: "the transpose is written `A'` or `Aᵀ`")
    }
    var literal = false
    if case .number = token.kind { literal = true }
    if literal, case .number(let value) = token.kind {
      try refusePowerOfFunction(
        factor.id, value == value.rounded() ? "\(Int(exactly: value) ?? 0)" : token.text)
    }
    let exponent = try nested { try $0.exponent() }
    factor = Factor(
      id: infix(op, factor.id, exponent.id), admitsTouching: literal || exponent.admitsTouching,
      multipliesBracket: literal || exponent.multipliesBracket)
    factor.endsWithLiteralPower = literal
    if literal, token.isSymbol("("), !token.spaced {
      let text = tree.text(factor.id, in: source)
      throw fail(
        "`\(text)(…)` can be read in two ways", token,
        help: "`\(text) (…)` is a product, `…^(…)` a power")
    }
    return factor
  }

  private mutating func exponent() throws -> Factor {
    if token.isSymbol("-") || token.isSymbol("+") {
      let sign = token
      advance()
      var factor = try nested { try $0.exponent() }
      factor.id = add(.prefix(sign.text == "-" ? .minus : .plus, factor.id), from: sign.start)
      return factor
    }
    return try powered()
  }

  /// `sin²(x)` is not a power of a function.
  private mutating func refusePowerOfFunction(_ base: NodeID, _ exponent: String) throws {
    guard case .name(let name) = tree[base], Words.powerless.contains(name) else { return }
    let bracket = tokens[min(next + (token.kind == .superscript ? 1 : 1), tokens.count - 1)]
    guard bracket.isSymbol("(") else { return }
    throw fail(
      "a power of a function can be read in two ways", token,
      help: "`\(name)(x)^\(exponent)` is the power of its value")
  }

  // MARK: Postfix

  private mutating func postfixed() throws -> Factor {
    try postfixed(try primary())
  }

  private mutating func postfixed(_ first: Factor) throws -> Factor {
    var factor = first
    while token.kind == .symbol || token.kind == .superscript {
      let start = startOf(factor.id)
      if token.kind == .superscript {
        guard token.text == "T", !token.spaced else { return factor }
        advance()
        factor = Factor(
          id: add(.transpose(factor.id), from: start), admitsTouching: true,
          multipliesBracket: true)
        continue
      }
      switch token.text {
      case "(":
        guard let call = try call(factor, start) else { return factor }
        factor = call
      case ".(" where !token.spaced:
        let open = token
        advance()
        let arguments = try arguments(open)
        factor = Factor(
          id: add(.mapCall(factor.id, arguments), from: start), admitsTouching: true,
          multipliesBracket: false)
      case "[" where !token.spaced:
        factor = Factor(
          id: try index(factor.id, start), admitsTouching: true, multipliesBracket: false)
      case "'" where !token.spaced:
        if case .number = tree[factor.id] { return factor }
        advance()
        factor = Factor(
          id: add(.prime(factor.id), from: start), admitsTouching: true, multipliesBracket: false)
      case "." where !token.spaced:
        advance()
        guard token.kind == .name, !token.spaced else {
          throw fail("expected a field's name after `.`, found \(describe(token))", token)
        }
        if token.text == "T", !following.isSymbol("=") {
          throw fail("`.T` is not known here", token, help: "the transpose is written `A'`")
        }
        let name = token.text
        advance()
        factor = Factor(
          id: add(.field(factor.id, name), from: start), admitsTouching: false,
          multipliesBracket: false)
      case "!" where !token.spaced:
        throw fail("`!` is not known here", token, help: "`n!` is `gamma(n + 1)`")
      default: return factor
      }
    }
    return factor
  }

  /// `(` after a factor: a call, a product, or refused.
  private mutating func call(_ factor: Factor, _ start: Int32) throws -> Factor? {
    if factor.multipliesBracket { return nil }
    if token.spaced {
      switch tree[factor.id] {
      case .name: break
      default:
        if inBrackets { return nil }
        let text = tree.text(factor.id, in: source)
        throw fail(
          "`\(text) (…)` can be read in two ways", token,
          help: "`\(text)(…)` is a call, `\(text)*(…)` a product")
      }
      if inBrackets, !bracketsHoldComprehension {
        let text = tree.text(factor.id, in: source)
        throw fail(
          "`\(text) (…)` can be read in two ways", token,
          help: "`\(text)(…)` is a call, `\(text), (…)` are two elements")
      }
    }
    let open = token
    advance()
    let arguments = try arguments(open)
    return Factor(
      id: add(.call(factor.id, arguments), from: start), admitsTouching: true,
      multipliesBracket: false)
  }

  /// Arguments up to `)`; a bare generator is one argument.
  private mutating func arguments(_ open: Token) throws -> [Argument] {
    try nested { parser in
      let (outerBrackets, outerIndex) = (parser.inBrackets, parser.inIndex)
      parser.inBrackets = false
      defer {
        parser.inBrackets = outerBrackets
        parser.inIndex = outerIndex
      }
      var result: [Argument] = []
      while !parser.token.isSymbol(")") {
        if parser.canBeFieldName, parser.following.isSymbol("=") {
          let name = parser.token.text
          parser.advance()
          parser.advance()
          result.append(Argument(name: name, value: try parser.expression()))
        } else {
          let start = parser.token.start
          let value = try parser.expression()
          if parser.token.isKeyword("for") {
            let generators = try parser.generators()
            result.append(
              Argument(
                value: parser.add(
                  .comprehension(body: value, generators: generators, inBrackets: false),
                  from: start)))
          } else {
            result.append(Argument(value: value))
          }
        }
        if !parser.accept(",") { break }
      }
      if parser.token.isSymbol(";") {
        throw parser.fail(
          "`;` cannot stand in `( )`", parser.token, help: "arguments are parted by commas")
      }
      try parser.expect(")", "after the arguments", open: open)
      return result
    }
  }

  /// Before `=` in brackets any word may stand.
  var canBeFieldName: Bool {
    switch token.kind {
    case .name, .keyword, .verb, .clauseWord: true
    default: false
    }
  }

  private mutating func index(_ base: NodeID, _ start: Int32) throws -> NodeID {
    let open = token
    advance()
    return try nested { parser in
      let (outerBrackets, outerIndex) = (parser.inBrackets, parser.inIndex)
      parser.inBrackets = false
      parser.inIndex = true
      defer {
        parser.inBrackets = outerBrackets
        parser.inIndex = outerIndex
      }
      var indices: [NodeID] = []
      while !parser.token.isSymbol("]") {
        if parser.token.isSymbol(":"),
          parser.following.isSymbol("]") || parser.following.isSymbol(",")
        {
          let colon = parser.token
          parser.advance()
          indices.append(parser.tree.append(.wholeIndex, at: parser.span(colon)))
        } else if parser.token.isSymbol(":") {
          throw parser.fail(
            "a range needs both ends", parser.token,
            help: "`x[1:3]` are the first three, `x[2:end]` all but the first")
        } else {
          indices.append(try parser.expression())
          if parser.token.isSymbol(":") {
            throw parser.fail(
              "a range needs both ends", parser.token, help: "`x[2:end]` goes to the last element")
          }
        }
        if !parser.accept(",") { break }
      }
      try parser.expect("]", "after the index", open: open)
      if indices.isEmpty { throw parser.fail("an index is missing", open) }
      return parser.add(.index(base, indices), from: start)
    }
  }

  /// `for i in I if c, j in J`.
  mutating func generators() throws -> [Generator] {
    var result: [Generator] = []
    advance()
    repeat {
      guard token.kind == .name else {
        throw fail("expected a variable after `for`, found \(describe(token))", token)
      }
      let variable = token.text
      advance()
      guard acceptKeyword("in") else {
        throw fail("expected `in` after `for \(variable)`, found \(describe(token))", token)
      }
      let source = try expression()
      let condition = acceptKeyword("if") ? try expression() : nil
      result.append(Generator(variable: variable, source: source, condition: condition))
    } while accept(",")
    return result
  }
}
