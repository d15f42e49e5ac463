/// `( … )` and `[ … ]`: grouping, records, vectors, matrices, comprehensions.

extension Parser {
  /// `( … )`: grouping, or a record of named fields.
  mutating func parenthesis(_ open: Token) throws -> Factor {
    advance()
    return try between(inIndex: inIndex) { parser in
      if parser.token.isSymbol(")") {
        throw parser.fail("these brackets are empty", open, help: "`nothing` is the empty value")
      }
      if parser.canBeFieldName, parser.following.isSymbol("=") {
        return Factor(try parser.record(open), touching: true)
      }
      let inner = try parser.expression()
      if parser.token.isSymbol(",") {
        throw parser.fail(
          "`(a, b)` is not a value", parser.token,
          help: "a vector is written `[a, b]`, a record `(x = a, y = b)`")
      }
      try parser.refuseSemicolon()
      try parser.close(open, with: ")", after: "the expression", inner)
      // The brackets belong to the node's place.
      let place = parser.span(from: open.start)
      parser.tree.setSpan(place, of: inner)
      return Factor(
        id: inner, admitsTouching: true, multipliesBracket: parser.tree[inner].isArithmetic)
    }
  }

  private mutating func refuseSemicolon() throws {
    if token.isSymbol(";") {
      throw fail(
        "`;` cannot stand in `( )`", token,
        help: "statements stand in `{ }`, rows of a matrix in `[ ]`")
    }
  }

  private mutating func record(_ open: Token) throws -> NodeID {
    var fields: [Argument] = []
    while !token.isSymbol(")") {
      guard canBeFieldName, following.isSymbol("=") else {
        if isAtEnd { throw unclosed(open, with: ")") }
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
    try refuseSemicolon()
    try close(open, with: ")", after: "the fields", fields.last?.value)
    return add(.record(fields), from: open.start)
  }

  /// `[ … ]`: vector, matrix, list or comprehension.
  mutating func brackets(_ open: Token) throws -> NodeID {
    let isComprehension = pairs.isComprehension(next)
    advance()
    return try between(elements: !isComprehension, inIndex: false) { parser in
      var rows: [[NodeID]] = [[]]
      while !parser.token.isSymbol("]") {
        if parser.token.kind == .verb, rows != [[]] { throw parser.bareSentence() }
        let element = try parser.expression()
        if parser.token.isKeyword("for"), rows == [[]] {
          parser.inBrackets = false
          let generators = try parser.generators()
          try parser.close(open, with: "]", after: "the comprehension", nil)
          return parser.add(
            .comprehension(body: element, generators: generators, inBrackets: true),
            from: open.start)
        }
        rows[rows.count - 1].append(element)
        if parser.accept(",") { continue }
        guard parser.accept(";") else { break }
        if !parser.token.isSymbol("]") { rows.append([]) }
      }
      try parser.close(open, with: "]", after: "the elements", rows.last?.last)
      return parser.add(.brackets(rows == [[]] ? [] : rows), from: open.start)
    }
  }
}
