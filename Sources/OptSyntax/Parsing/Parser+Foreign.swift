/// Spellings of other languages, and what stands where a statement should have ended.

extension Parser {
  /// A symbol of another language, with what is written here; nil if it is none.
  private static let foreignSymbols: [String: String] = [
    "||": "write `or`", "&&": "write `and`", "&": "write `and`",
    "|": "the absolute value is `abs(x)`, `or` joins conditions", "~=": "write `!=`",
    "**": "a power is written `x^2`",
    "%": "the remainder is `mod(a, b)`, a comment begins with `#`",
    "@": "`A*B` is the matrix product, `x -> x^2` a function",
    "//": "a comment begins with `#`, `floor(a/b)` divides whole numbers",
    ":=": "a value is given with `=`", ".'": "the transpose is written `A'`",
    ".\\": "write `b./a`", "...": "a line goes on if it ends with an operator or an open bracket",
    "?": "write `if … then … else …`", "$": "names stand alone: `x`",
    "`": "names stand alone: `x`",
    ".+": "`+` already works element by element", ".-": "`-` already works element by element",
  ]

  /// Refuses the symbol that comes if it is one of another language.
  mutating func refuseForeignSymbol() throws {
    guard token.kind == .symbol, let help = Self.foreignSymbols[token.text] else { return }
    throw fail("`\(token.text)` is not known here", token, help: help)
  }

  /// `x += 1` after the node `left`.
  mutating func refuseUpdate(of left: NodeID) throws {
    switch token.text {
    case "+=", "-=", "*=", "/=":
      let name = excerpt(left)
      throw fail(
        "`\(token.text)` is not known here", token,
        help: "write `\(name) = \(name) \(token.text.dropLast()) …`")
    default: break
    }
  }

  /// `if c :` and `if c : x`, where the colon was read as a range.
  mutating func refuseColon(_ word: String, _ head: NodeID, help: String) throws {
    if token.isSymbol(":") { throw fail("`\(word) … :` is not known here", token, help: help) }
    var last = head
    if case .comparison(_, let links) = tree[head], let link = links.last { last = link.operand }
    if case .infix(.isIn, _, let source) = tree[last] { last = source }
    if case .range = tree[last] {
      throw fail("`\(word) … :` is not known here", tree.span(of: last), help: help)
    }
  }

  /// Words that other languages begin a statement with, and reserved words as names.
  mutating func refuseForeignStatement() throws {
    switch token.kind {
    case .keyword, .verb, .clauseWord:
      if following.isSymbol("="), !token.isKeyword("help") {
        throw fail(
          "`\(token.text)` is a word of the language and cannot name a value", token,
          help: "`\(token.text)_` is free")
      }
    case .name:
      let isNamed = following.kind == .name || following.kind == .text
      if isNamed, let help = Words.statements[token.text] {
        throw fail("`\(token.text)` is not known here", token, help: help)
      }
      var isNumber = false
      if case .number = following.kind { isNumber = true }
      if token.text == "print", isNamed || isNumber {
        throw fail("`print` is a function", token, help: "write `print(…)`")
      }
    default: break
    }
  }

  /// `lambda x: x^2` and `f"…"` where an expression may stand.
  mutating func refuseForeignName(_ name: Token) throws {
    if name.text == "f" || name.text == "r", token.kind == .text, !token.spaced {
      throw fail(
        "`\(name.text)\"…\"` is not known here", name,
        help: "every text is formatted: `\"loss = {loss:.3f}\"`")
    }
    if name.text == "lambda", token.kind == .name || token.isSymbol(":") {
      throw fail("`lambda` is not known here", name, help: "a function is written `x -> …`")
    }
    if name.text == "function", token.isSymbol("("), let close = pairs.closing(next),
      tokens[close + 1].kind == .name || tokens[close + 1].isSymbol("{")
    {
      throw fail("`function` is not known here", name, help: "a function is written `x -> …`")
    }
  }

  /// Something stands after a statement that should have ended.
  mutating func unexpected(after statement: NodeID) -> Failed {
    if token.kind == .invalid { return Failed() }
    let first = firstName(of: statement)
    if token.kind == .clauseWord { return strayClause(after: first) }
    if token.kind == .name, let help = Words.statements[token.text] {
      return fail("`\(token.text)` is not known here", token, help: help)
    }
    if let first, let help = Words.statements[first.name] {
      return fail("`\(first.name)` is not known here", first.span, help: help)
    }
    if token.isSymbol("!") {
      return fail("`!` is not known here", token, help: "`n!` is `gamma(n + 1)`")
    }
    if token.isSymbol("~") {
      return fail(
        "`~` is not known here", token, help: "`fit y ~ E to t`, `from x ~ uniform(0, 1)`")
    }
    if token.isSymbol("=") {
      return fail("`=` gives a value and cannot stand here", token, help: "`==` compares")
    }
    if token.isSymbol(")") || token.isSymbol("]") || token.isSymbol("}") {
      return fail("this `\(token.text)` closes nothing", token)
    }
    if token.kind == .text || token.isSymbol("'") {
      return fail(
        "expected the end of the statement, found \(describe(token))", token,
        help: "text stands in double quotes and is joined in one: `\"{a} {b}\"`")
    }
    return fail("expected the end of the statement, found \(describe(token))", token)
  }

  /// A clause word after something that is not a sentence.
  private mutating func strayClause(after first: (name: String, span: SourceSpan)?) -> Failed {
    if let first {
      let near = Suggestions.nearest(first.name, in: Words.verbs.sorted())
      if !near.isEmpty {
        let words = near.joined(separator: "` or `")
        return fail("unknown word `\(first.name)`, did you mean `\(words)`?", first.span)
      }
    }
    return fail(
      "`\(token.text)` belongs to a sentence, and no verb stands before it", token,
      help: "a sentence begins with its verb, such as `minimize`")
  }

  /// The name that a statement begins with, behind `x =`.
  private func firstName(of id: NodeID) -> (name: String, span: SourceSpan)? {
    var current = id
    while true {
      switch tree[current] {
      case .name(let name): return (name, tree.span(of: current))
      case .infix(_, let left, _), .call(let left, _), .index(let left, _), .field(let left, _),
        .comparison(let left, _), .prime(let left), .range(let left, _, _):
        current = left
      case .silenced(let inner): current = inner
      case .assignment(_, let value): current = value
      case .definition(let definition): current = definition.body
      case .lambda(_, let body): current = body
      default: return nil
      }
    }
  }
}
