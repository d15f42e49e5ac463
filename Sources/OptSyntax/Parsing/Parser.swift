/// Reads tokens into a syntax tree: operator precedence by binding powers, statements by their
/// first word. An error ends its statement; reading goes on with the next one.

/// What a text was read as.
package struct ParseResult: Sendable {
  package var tree: SyntaxTree
  package var diagnostics: [Diagnostic]
  /// The text stops in the middle of something: an open bracket or text, an operator at the end.
  package var isIncomplete: Bool
}

/// The reader of one source text.
package struct Parser {
  let source: SourceText
  var tree = SyntaxTree()
  var tokens: [Token]
  let texts: [[TextPiece]]
  var next = 0
  var diagnostics: [Diagnostic]
  /// How deep expressions are nested here.
  var depth = 0
  /// Whether the innermost open bracket is `[ ]` with elements side by side.
  var inBrackets = false
  /// Whether a single `end` or `:` may stand here.
  var inIndex = false
  /// Whether `in` belongs to what is around the expression.
  var stopAtIn = false
  var isIncomplete: Bool

  /// Deepest nesting of brackets and blocks that is read.
  static let maximumDepth = 400

  /// Thrown after an error was reported.
  struct Failed: Error {}

  package static func parse(_ source: SourceText) -> ParseResult {
    var lexer = Lexer(source)
    lexer.run()
    var parser = Parser(source, lexer)
    parser.program()
    return ParseResult(
      tree: parser.tree, diagnostics: parser.diagnostics, isIncomplete: parser.isIncomplete)
  }

  init(_ source: SourceText, _ lexer: Lexer) {
    self.source = source
    tokens = lexer.tokens
    texts = lexer.texts
    diagnostics = lexer.diagnostics
    isIncomplete = lexer.isOpen
  }

  // MARK: Tokens

  var token: Token { tokens[next] }
  var following: Token { tokens[min(next + 1, tokens.count - 1)] }
  var previousEnd: Int32 { next > 0 ? tokens[next - 1].end : 0 }
  var isAtEnd: Bool { token.kind == .end }

  mutating func advance() { if next < tokens.count - 1 { next += 1 } }

  mutating func accept(_ symbol: String) -> Bool {
    guard token.isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func acceptKeyword(_ word: String) -> Bool {
    guard token.isKeyword(word) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: String, _ what: String, open: Token? = nil) throws {
    if accept(symbol) { return }
    if let open, isAtEnd { throw unclosed(open, with: symbol) }
    throw fail("expected `\(symbol)` \(what), found \(describe(token))", token)
  }

  func span(_ token: Token) -> SourceSpan { SourceSpan(source, token.start, token.end) }
  func span(from start: Int32) -> SourceSpan {
    SourceSpan(source, start, max(start, previousEnd))
  }

  func describe(_ token: Token) -> String {
    switch token.kind {
    case .end: "the end of the text"
    case .newline: "the end of the line"
    case .text: "a text"
    case .superscript: "a superscript"
    default: "`\(token.text)`"
    }
  }

  /// Reports an error; throw what it returns.
  mutating func fail(_ message: String, _ token: Token, help: String? = nil) -> Failed {
    if token.kind == .end { isIncomplete = true }
    return fail(message, span(token), help: help)
  }

  mutating func fail(_ message: String, _ span: SourceSpan, help: String? = nil) -> Failed {
    diagnostics.append(Diagnostic(.error, message, at: span, help: help))
    return Failed()
  }

  /// The text ends before the bracket `open` does.
  mutating func unclosed(_ open: Token, with symbol: String) -> Failed {
    isIncomplete = true
    return fail("this `\(open.text)` is not closed", open, help: "it ends with `\(symbol)`")
  }

  mutating func add(_ node: SyntaxNode, from start: Int32) -> NodeID {
    tree.append(node, at: span(from: start))
  }

  /// Runs `body` one level deeper.
  mutating func nested<Result>(_ body: (inout Parser) throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.maximumDepth {
      throw fail(
        "this is nested too deeply", token,
        help: "at most \(Self.maximumDepth) levels of brackets are read")
    }
    return try body(&self)
  }

  // MARK: The program

  mutating func program() {
    while !isAtEnd {
      if token.kind == .newline || token.isSymbol(";") {
        advance()
        continue
      }
      do {
        let statement = try terminated()
        tree.statements.append(statement)
      } catch {
        recover()
      }
    }
    if !diagnostics.contains(where: { $0.severity == .error }) { isIncomplete = false }
  }

  /// One statement with its end; `;` silences it.
  mutating func terminated() throws -> NodeID {
    let start = token.start
    let statement = try statement()
    if accept(";") {
      return tree[statement].isBareExpression
        ? add(.silenced(statement), from: start) : statement
    }
    if token.kind == .newline {
      let line = token
      advance()
      try refuseContinuation(after: line, statementStart: start)
      return statement
    }
    if isAtEnd || token.isSymbol("}") { return statement }
    throw unexpected(after: statement)
  }

  /// A line that begins with an operator and is indented deeper than the statement above it.
  private mutating func refuseContinuation(after line: Token, statementStart: Int32) throws {
    guard token.kind == .symbol, ["+", "-", "*", "/"].contains(token.text) else { return }
    func column(_ offset: Int32) -> Int32 {
      var k = Int(offset)
      while k > 0, source.bytes[k - 1] != 0x0A { k -= 1 }
      return offset - Int32(clamping: k)
    }
    if column(token.start) > column(statementStart) {
      throw fail(
        "this line begins with `\(token.text)`, but the one above is complete", token,
        help: "end the line above with the operator, or put brackets around both")
    }
  }

  /// After an error: on to the next statement outside of all brackets.
  private mutating func recover() {
    depth = 0
    inBrackets = false
    inIndex = false
    var open = 0
    while !isAtEnd {
      if token.kind == .symbol {
        if ["(", "[", "{", ".("].contains(token.text) { open += 1 }
        if [")", "]", "}"].contains(token.text) { open = max(0, open - 1) }
      }
      if open == 0, token.kind == .newline || token.isSymbol(";") {
        advance()
        return
      }
      advance()
    }
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
