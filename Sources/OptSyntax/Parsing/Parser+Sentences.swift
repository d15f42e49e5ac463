/// Sentences: a verb, what it is about, and clauses in any order.

extension Parser {
  /// Verbs whose subjects are a list.
  private static let listVerbs: Set<Verb> = [
    .plot, .contour, .surface, .histogram, .scatter, .compare,
  ]

  mutating func sentence() throws -> NodeID {
    try nested { parser in
      let (outerBrackets, outerIn) = (parser.inBrackets, parser.stopAtIn)
      parser.inBrackets = false
      parser.stopAtIn = false
      defer {
        parser.inBrackets = outerBrackets
        parser.stopAtIn = outerIn
      }
      return try parser.unnestedSentence()
    }
  }

  private mutating func unnestedSentence() throws -> NodeID {
    let word = token
    guard let verb = Verb(rawValue: word.text) else { throw fail("unknown word", word) }
    advance()
    var sentence = Sentence(verb: verb, verbSpan: span(word), subjects: [], clauses: [])
    if verb == .explain, token.kind == .name, following.kind == .clauseWord,
      following.text == "of"
    {
      sentence.aspect = token.text
      advance()
      advance()
    } else if verb == .explain, token.kind == .name, token.text == "engine",
      following.kind == .name
    {
      sentence.aspect = token.text
      advance()
    }
    if endsStatement || token.kind == .clauseWord {
      throw fail("`\(word.text)` wants an expression after it", token.kind == .end ? token : word)
    }
    sentence.subjects.append(try subject())
    if verb == .fit {
      guard accept("~") else {
        throw fail("`fit` is written `fit y ~ formula to table from …`", token)
      }
      sentence.subjects.append(try subject())
    }
    if Self.listVerbs.contains(verb) {
      while accept(",") { sentence.subjects.append(try subject()) }
    }
    while let clause = try clause(verb) {
      if sentence.clause(clause.word) != nil {
        throw fail("the clause `\(clause.word.rawValue)` stands twice", clause.span)
      }
      sentence.clauses.append(clause)
    }
    return add(.sentence(sentence), from: word.start)
  }

  private mutating func subject() throws -> NodeID { try expression() }

  private mutating func clause(_ verb: Verb) throws -> Clause? {
    skipNewlineBeforeClause()
    guard token.kind == .clauseWord else { return nil }
    let word = token
    let clauseWord: ClauseWord
    if word.text == "subject" {
      guard following.kind == .clauseWord, following.text == "to" else {
        throw fail("`subject` is followed by `to`", word)
      }
      advance()
      clauseWord = .subjectTo
    } else {
      guard let known = ClauseWord(rawValue: word.text) else { return nil }
      clauseWord = known
    }
    advance()
    var items: [ClauseItem] = []
    repeat { items.append(try item(clauseWord)) } while accept(",")
    return Clause(word: clauseWord, items: items, span: span(from: word.start))
  }

  private mutating func skipNewlineBeforeClause() {
    if token.kind == .newline, following.kind == .clauseWord,
      Words.continuing.contains(following.text)
    {
      advance()
    }
  }

  private mutating func item(_ word: ClauseWord) throws -> ClauseItem {
    let start = token.start
    if endsStatement { throw fail("`\(word.rawValue)` wants something after it", token) }
    if canBeFieldName, following.isSymbol("=") {
      let name = token.text
      if word == .subjectTo {
        throw fail("a constraint compares", following, help: "write `==`")
      }
      advance()
      advance()
      let value = try expression()
      return .binding(name: name, value: value, span: span(from: start))
    }
    if token.kind == .name, following.isSymbol("~") {
      let name = token.text
      advance()
      advance()
      let distribution = try expression()
      return .draw(name: name, distribution: distribution, span: span(from: start))
    }
    if word == .over, token.kind == .name, following.isKeyword("in") {
      let name = token.text
      advance()
      advance()
      let source = try expression()
      return .membership(name: name, source: source, span: span(from: start))
    }
    return .expression(try expression())
  }
}
