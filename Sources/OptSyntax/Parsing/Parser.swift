/// Reads tokens into a syntax tree: operator precedence by recursive descent, statements by their
/// first word. An error ends its statement; reading goes on with the next one.

/// What a text was read as.
package struct ParseResult: Sendable {
  /// The nodes; a statement with an error is left out or `invalid`.
  package var tree: SyntaxTree
  /// What is wrong, in the order of the text.
  package var diagnostics: [Diagnostic]
  /// The text stops in the middle of something: an open bracket, an operator at the end.
  package var isIncomplete: Bool
}

/// The reader of one source text.
package struct Parser {
  let source: SourceText
  var tree = SyntaxTree()
  var tokens: [Token]
  var texts: [[TextPiece]]
  var pairs: BracketPairs
  var next = 0
  var diagnostics: [Diagnostic]
  /// How deep expressions are nested here.
  var depth = 0
  /// Whether the innermost open bracket is `[ ]` with elements side by side.
  var inBrackets = false
  /// Whether `end` may stand here.
  var inIndex = false
  /// The text stops in the middle of something, and nothing before that is wrong.
  var isIncomplete = false
  /// An error at the end of the text is reported once.
  var reportedEnd = false

  /// Deepest nesting of brackets and blocks that is read. A level takes 3 KB of stack, in a build
  /// without optimisation 25 KB.
  package static let maximumDepth = 150

  /// Most errors that are reported for one text.
  package static let maximumErrors = 100

  /// Thrown after an error was reported.
  struct Failed: Error {}

  /// Reads a text. Never fails: what is wrong is in the result's diagnostics.
  package static func parse(_ source: SourceText) -> ParseResult {
    if let zero = source.bytes.firstIndex(of: 0) {
      let span = SourceSpan(source, Int32(clamping: zero), Int32(clamping: zero + 1))
      return ParseResult(
        tree: SyntaxTree(),
        diagnostics: [
          Diagnostic(.error, "this is not a text: it holds the character U+0000", at: span)
        ], isIncomplete: false)
    }
    var lexer = Lexer(source)
    lexer.run()
    var parser = Parser(source, lexer)
    parser.program()
    parser.sortDiagnostics()
    return ParseResult(
      tree: parser.tree, diagnostics: parser.diagnostics, isIncomplete: parser.isIncomplete)
  }

  init(_ source: SourceText, _ lexer: Lexer) {
    self.source = source
    tokens = lexer.tokens
    texts = lexer.texts
    diagnostics = lexer.diagnostics
    pairs = BracketPairs(lexer.tokens)
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

  /// The closing bracket after what stands in it.
  mutating func close(_ open: Token, with symbol: String, after what: String, _ inner: NodeID?)
    throws
  {
    if accept(symbol) { return }
    if isAtEnd { throw unclosed(open, with: symbol) }
    if let inner, token.kind == .clauseWord { throw unexpected(after: inner) }
    if let inner, token.isSymbol("=") || token.kind == .invalid { throw unexpected(after: inner) }
    throw fail("expected `\(symbol)` after \(what), found \(describe(token))", token)
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

  /// The program text of a node, shortened for a message.
  func excerpt(_ id: NodeID) -> String {
    let text = tree.text(id, in: source, atMost: 40)
    return text.contains("\n") ? "…" : text
  }

  /// Adds a node that reaches from `start` to the token before this one. The place is made first:
  /// while a copy of the parser lives, every change of the tree would copy all nodes.
  mutating func add(_ node: SyntaxNode, from start: Int32) -> NodeID {
    let place = span(from: start)
    return tree.append(node, at: place)
  }

  /// Adds a node in the place of a token.
  mutating func add(_ node: SyntaxNode, at token: Token) -> NodeID {
    let place = SourceSpan(source, token.start, token.end)
    return tree.append(node, at: place)
  }

  func startOf(_ id: NodeID) -> Int32 { tree.span(of: id).start }

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

  /// Runs `body` with what holds between brackets: elements side by side, and whether `end` may
  /// stand there.
  mutating func between<Result>(
    elements: Bool = false, inIndex: Bool, _ body: (inout Parser) throws -> Result
  ) throws -> Result {
    let outer = (inBrackets, self.inIndex)
    inBrackets = elements
    self.inIndex = inIndex
    defer { (inBrackets, self.inIndex) = outer }
    return try nested(body)
  }
}

/// Which bracket closes which, found in one pass.
struct BracketPairs {
  /// For each opening bracket the token that closes it, else -1; for a closing one -2.
  private var closing: [Int32]
  /// The `[` whose first row is one element followed by `for`.
  private var comprehensions: Set<Int> = []

  init(_ tokens: [Token]) {
    closing = [Int32](repeating: -1, count: tokens.count)
    var open: [(token: Int, hasElements: Bool)] = []
    for (k, token) in tokens.enumerated() {
      switch token.kind {
      case .symbol:
        switch token.text {
        case "(", "[", "{", ".(": open.append((k, false))
        case ")", "]", "}":
          if let last = open.popLast() {
            closing[last.token] = Int32(clamping: k)
            closing[k] = -2
          }
        case ",", ";":
          if !open.isEmpty { open[open.count - 1].hasElements = true }
        default: break
        }
      case .keyword where token.text == "for":
        if let last = open.last, !last.hasElements { comprehensions.insert(last.token) }
      default: break
      }
    }
  }

  /// The token that closes the bracket at `open`.
  func closing(_ open: Int) -> Int? { closing[open] < 0 ? nil : Int(closing[open]) }

  /// Whether the token closes a bracket.
  func closes(_ token: Int) -> Bool { closing[token] == -2 }

  /// Whether a `for` stands in the bracket before any comma.
  func isComprehension(_ open: Int) -> Bool { comprehensions.contains(open) }
}

extension SyntaxTree {
  /// The program text of a node; a longer one is cut.
  func text(_ id: NodeID, in source: SourceText, atMost limit: Int) -> String {
    let span = span(of: id)
    guard span.start >= 0, span.end <= source.bytes.count, span.start <= span.end else { return "" }
    let bytes = source.bytes[Int(span.start)..<Int(span.end)]
    if bytes.count <= limit { return String(decoding: bytes, as: UTF8.self) }
    var end = bytes.startIndex + limit
    while end > bytes.startIndex, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    return String(decoding: bytes[..<end], as: UTF8.self) + "…"
  }
}
