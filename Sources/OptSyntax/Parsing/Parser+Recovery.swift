/// Reporting errors, and finding the place where reading can go on after one.

extension Parser {
  /// Reports an error; throw what it returns.
  mutating func fail(_ message: String, _ token: Token, help: String? = nil) -> Failed {
    if token.kind == .end {
      if diagnostics.isEmpty { isIncomplete = true }
      if reportedEnd { return Failed() }
      reportedEnd = true
    }
    return fail(message, span(token), help: help)
  }

  mutating func fail(_ message: String, _ span: SourceSpan, help: String? = nil) -> Failed {
    diagnostics.append(Diagnostic(.error, message, at: span, help: help))
    return Failed()
  }

  /// The text ends before the bracket `open` does.
  mutating func unclosed(_ open: Token, with symbol: String) -> Failed {
    if diagnostics.isEmpty { isIncomplete = true }
    if reportedEnd { return Failed() }
    reportedEnd = true
    return fail("this `\(open.text)` is not closed", open, help: "it ends with `\(symbol)`")
  }

  /// Errors in the order of the text, the first ones only.
  mutating func sortDiagnostics() {
    let places = diagnostics.indices.sorted {
      (diagnostics[$0].span.start, $0) < (diagnostics[$1].span.start, $1)
    }
    let more = places.count - Self.maximumErrors
    diagnostics = places.prefix(Self.maximumErrors).map { diagnostics[$0] }
    if more > 0 {
      diagnostics[diagnostics.count - 1].notes.append("there are further errors, not shown here")
    }
  }

  // MARK: The program

  mutating func program() {
    while !isAtEnd, diagnostics.count <= Self.maximumErrors {
      if token.kind == .newline || token.isSymbol(";") {
        advance()
        continue
      }
      let start = next
      let known = diagnostics.count
      do {
        let statement = try terminated()
        tree.statements.append(statement)
      } catch {
        depth = 0
        recover(from: start)
        if !readAgainAfterUnclosed(start, known), token.isSymbol("}") { advance() }
      }
    }
  }

  /// One statement with its end; `;` silences it.
  private mutating func terminated() throws -> NodeID {
    let start = token.start
    let statement = try statement()
    if accept(";") {
      return tree[statement].isBareExpression
        ? add(.silenced(statement), from: start) : statement
    }
    if token.kind == .newline || isAtEnd {
      try refuseContinuation(after: start)
      return statement
    }
    throw unexpected(after: statement)
  }

  /// A line that begins with an operator and is indented deeper than the statement above it.
  mutating func refuseContinuation(after statementStart: Int32) throws {
    guard token.kind == .newline else { return }
    let sign = following
    guard sign.kind == .symbol, ["+", "-", "*", "/"].contains(sign.text) else { return }
    if indentation(sign.start) > indentation(statementStart) {
      advance()
      throw fail(
        "this line begins with `\(sign.text)`, but the one above is complete", sign,
        help: "end the line above with the operator, or put brackets around both")
    }
  }

  /// The column at which the line of an offset begins.
  private func indentation(_ offset: Int32) -> Int {
    var k = Int(offset)
    while k > 0, source.bytes[k - 1] != 0x0A { k -= 1 }
    let start = k
    while k < source.bytes.count, source.bytes[k] == 0x20 || source.bytes[k] == 0x09 { k += 1 }
    return k - start
  }

  /// After an error in the statement that began at token `start`: on to its end, outside of all
  /// brackets that were opened since.
  mutating func recover(from start: Int) {
    var open = 0
    for k in start..<next { open = max(0, open + bracketChange(tokens[k])) }
    while !isAtEnd {
      if open == 0 {
        if token.kind == .newline || token.isSymbol(";") || token.isSymbol("}") { return }
      }
      open = max(0, open + bracketChange(token))
      advance()
    }
  }

  private func bracketChange(_ token: Token) -> Int {
    guard token.kind == .symbol else { return 0 }
    switch token.text {
    case "(", "[", "{", ".(": return 1
    case ")", "]", "}": return -1
    default: return 0
    }
  }

  /// A bracket that is never closed swallows the rest of the text. If a later line is indented no
  /// deeper than the statement that opened it, that line is read as a statement again.
  /// What was reported there is replaced by the unclosed bracket.
  private mutating func readAgainAfterUnclosed(_ start: Int, _ known: Int) -> Bool {
    guard isAtEnd, tokens[start].kind != .end else { return false }
    var open: [Int] = []
    for k in start..<(tokens.count - 1) {
      let change = bracketChange(tokens[k])
      if change > 0 { open.append(k) } else if change < 0 { _ = open.popLast() }
    }
    guard let first = open.first else { return false }
    let least = indentation(tokens[start].start)
    var k = Int(tokens[first].end)
    while k < source.bytes.count {
      while k < source.bytes.count, source.bytes[k] != 0x0A { k += 1 }
      k += 1
      guard k < source.bytes.count, indentation(Int32(clamping: k)) <= least else { continue }
      let byte = source.bytes[k + indentation(Int32(clamping: k))]
      guard Unicode.Scalar(byte).beginsName || byte >= 0x80 else { continue }
      let here = diagnostics[known...].filter { $0.span.start < k }
      diagnostics[known...] = here[...]
      reportedEnd = false
      if here.isEmpty {
        let symbol = tokens[first].text == "[" ? "]" : tokens[first].text == "{" ? "}" : ")"
        isIncomplete = false
        _ = fail(
          "this `\(tokens[first].text)` is not closed", tokens[first],
          help: "it ends with `\(symbol)`")
      }
      readAgain(from: k)
      return true
    }
    return false
  }

  private mutating func readAgain(from offset: Int) {
    var lexer = Lexer(source, range: offset..<source.bytes.count)
    lexer.run()
    let known = Set(diagnostics.map(\.span))
    tokens = lexer.tokens
    texts = lexer.texts
    pairs = BracketPairs(tokens)
    next = 0
    diagnostics += lexer.diagnostics.filter { !known.contains($0.span) }
  }
}

extension SyntaxNode {
  /// Whether it is a statement only for its value.
  var isBareExpression: Bool {
    switch self {
    case .assignment, .definition, .forLoop, .whileLoop, .breakLoop, .continueLoop, .returnValue,
      .use, .help:
      false
    default: true
    }
  }
}
