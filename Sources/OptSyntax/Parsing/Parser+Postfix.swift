/// What follows a factor directly: calls, indices, fields, `'` and `ᵀ`.

extension Parser {
  mutating func postfixed(_ first: Factor) throws -> Factor {
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
        factor = callable(.mapCall(factor.id, arguments), start, touching: true)
      case "[" where !token.spaced:
        factor = Factor(
          id: try index(factor.id, start), admitsTouching: true, multipliesBracket: false)
      case "'" where !token.spaced:
        if case .number = tokens[next - 1].kind { return factor }
        advance()
        factor = callable(.prime(factor.id), start, touching: true)
      case "." where !token.spaced: factor = try field(factor, start)
      case ".'" where !token.spaced: try refuseForeignSymbol()
      case "!" where !token.spaced:
        throw fail(
          "`!` is not known here", token,
          help: "`\(excerpt(factor.id))!` is `gamma(\(excerpt(factor.id)) + 1)`")
      default: return factor
      }
    }
    return factor
  }

  private mutating func callable(_ node: SyntaxNode, _ start: Int32, touching: Bool) -> Factor {
    Factor(id: add(node, from: start), admitsTouching: touching, multipliesBracket: false)
  }

  private mutating func field(_ factor: Factor, _ start: Int32) throws -> Factor {
    let dot = token
    advance()
    guard token.kind == .name, !token.spaced else {
      throw fail("expected a field's name after `.`, found \(describe(token))", token)
    }
    if token.text == "T", !following.isSymbol("=") {
      throw fail("`.T` is not known here", dot, help: "the transpose is written `A'`")
    }
    let name = token.text
    advance()
    return callable(.field(factor.id, name), start, touching: false)
  }

  /// `(` after a factor: a call, a product, or refused.
  private mutating func call(_ factor: Factor, _ start: Int32) throws -> Factor? {
    if factor.multipliesBracket { return nil }
    if token.spaced {
      let text = excerpt(factor.id)
      if inBrackets {
        throw fail(
          "`\(text) (…)` can be read in two ways", token,
          help: "`\(text)(…)` is a call, `\(text), (…)` are two elements")
      }
      guard case .name = tree[factor.id] else {
        throw fail(
          "`\(text) (…)` can be read in two ways", token,
          help: "`\(text)(…)` is a call, `\(text)*(…)` a product")
      }
    }
    let open = token
    advance()
    let arguments = try arguments(open)
    return callable(.call(factor.id, arguments), start, touching: true)
  }

  /// Arguments up to `)`; a bare generator is the last one.
  private mutating func arguments(_ open: Token) throws -> [Argument] {
    try between(inIndex: inIndex) { parser in
      var result: [Argument] = []
      while !parser.token.isSymbol(")") {
        result.append(try parser.argument(after: result))
        if !parser.accept(",") { break }
      }
      if parser.token.isSymbol(";") {
        throw parser.fail(
          "`;` cannot stand in `( )`", parser.token, help: "arguments are parted by commas")
      }
      try parser.close(open, with: ")", after: "the arguments", result.last?.value)
      return result
    }
  }

  private mutating func argument(after others: [Argument]) throws -> Argument {
    if canBeFieldName, following.isSymbol("=") {
      let name = token.text
      if others.contains(where: { $0.name == name }) {
        throw fail("the argument `\(name)` is given twice", token)
      }
      advance()
      advance()
      return Argument(name: name, value: try expression())
    }
    if token.kind == .verb, !others.isEmpty { throw bareSentence() }
    let start = token.start
    let value = try expression()
    guard token.isKeyword("for") else { return Argument(value: value) }
    let generators = try generators()
    return Argument(
      value: add(
        .comprehension(body: value, generators: generators, inBrackets: false), from: start))
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
    return try between(inIndex: true) { parser in
      var indices: [NodeID] = []
      while !parser.token.isSymbol("]") {
        indices.append(try parser.indexElement(of: base))
        if !parser.accept(",") { break }
      }
      if parser.token.isSymbol(";") {
        throw parser.fail(
          "`;` cannot stand in an index", parser.token, help: "row and column: `A[i, j]`")
      }
      try parser.close(open, with: "]", after: "the index", indices.last)
      if indices.isEmpty { throw parser.fail("an index is missing", open) }
      return parser.add(.index(base, indices), from: start)
    }
  }

  private mutating func indexElement(of base: NodeID) throws -> NodeID {
    let name = excerpt(base)
    if token.isSymbol(":") {
      let colon = token
      if following.isSymbol("]") || following.isSymbol(",") {
        advance()
        return add(.wholeIndex, at: colon)
      }
      throw fail(
        "a range needs both ends", colon,
        help: "`\(name)[1:3]` are the first three, `\(name)[1:end-1]` all but the last")
    }
    let element = try expression()
    if token.isSymbol(":") {
      throw fail(
        "a range needs both ends", token, help: "`\(name)[2:end]` goes to the last element")
    }
    switch tree[element] {
    case .number(let value, _) where value == 0:
      throw fail(
        "elements are counted from 1", tree.span(of: element),
        help: "`\(name)[1]` is the first one")
    case .prefix(.minus, let operand):
      guard case .number(let value, _) = tree[operand], value > 0 else { break }
      let last = Int(exactly: value).map { "end - \($0 - 1)" } ?? "end"
      throw fail(
        "elements are counted from 1", tree.span(of: element),
        help: value == 1
          ? "`\(name)[end]` is the last one"
          : "`\(name)[\(last)]` counts from the last one")
    default: break
    }
    return element
  }

  /// `for i in I if c, j in J`.
  mutating func generators() throws -> [Generator] {
    var result: [Generator] = []
    repeat {
      advance()
      let variable = try loopVariable()
      let source = try expression()
      let condition = acceptKeyword("if") ? try expression() : nil
      result.append(Generator(variable: variable, source: source, condition: condition))
    } while token.isSymbol(",") && following.kind == .name
      && tokens[min(next + 2, tokens.count - 1)].isKeyword("in")
    return result
  }
}
