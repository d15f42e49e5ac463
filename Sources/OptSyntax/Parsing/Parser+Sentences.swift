/// Sentences: a verb, what it is about, and clauses in any order.

extension Parser {
  /// Verbs whose subjects are a list.
  private static let listVerbs: Set<Verb> = [
    .plot, .contour, .surface, .histogram, .scatter, .compare, .solve,
  ]

  mutating func sentence() throws -> NodeID {
    try between(inIndex: inIndex) { try $0.sentenceParts() }
  }

  private mutating func sentenceParts() throws -> NodeID {
    let word = token
    guard let verb = Verb(rawValue: word.text) else { throw fail("unknown word", word) }
    advance()
    var sentence = Sentence(verb: verb, verbSpan: span(word), subjects: [], clauses: [])
    if verb == .explain { sentence.aspect = aspect() }
    if isAtEnd || endsStatement || token.kind == .clauseWord {
      throw fail("`\(word.text)` wants an expression after it", token.kind == .end ? token : word)
    }
    if verb == .explain, token.kind == .verb {
      sentence.subjects.append(try self.sentence())
      return add(.sentence(sentence), from: word.start)
    }
    sentence.subjects.append(try part())
    if verb == .fit {
      guard accept("~") else {
        throw fail(
          "expected `~` after `fit \(excerpt(sentence.subjects[0]))`, found \(describe(token))",
          token, help: "`fit` is written `fit y ~ formula to table from …`")
      }
      sentence.subjects.append(try part())
    }
    if Self.listVerbs.contains(verb) {
      while accept(",") { sentence.subjects.append(try part()) }
    }
    if verb == .solve, token.isSymbol("=") {
      throw fail("an equation compares its sides", token, help: "write `==`")
    }
    while let clause = try clause() {
      if sentence.clause(clause.word) != nil {
        throw fail("the clause `\(clause.word.rawValue)` stands twice", clause.span)
      }
      sentence.clauses.append(clause)
    }
    return add(.sentence(sentence), from: word.start)
  }

  /// `gradient of` or `engine` after `explain`.
  private mutating func aspect() -> String? {
    guard token.kind == .name else { return nil }
    let word = token.text
    if following.kind == .clauseWord, following.text == "of" {
      advance()
      advance()
      return word
    }
    guard word == "engine", following.kind == .name else { return nil }
    advance()
    return word
  }

  /// An expression in a sentence: a further sentence stands in brackets.
  private mutating func part() throws -> NodeID {
    if token.kind == .verb { throw bareSentence() }
    return try expression()
  }

  /// A sentence begins where it needs brackets.
  mutating func bareSentence() -> Failed {
    fail(
      "a sentence inside another or beside other elements stands in brackets", token,
      help: "write `(\(token.text) …)`")
  }

  private mutating func clause() throws -> Clause? {
    guard token.kind == .clauseWord else { return nil }
    let word = token
    let clauseWord: ClauseWord
    if word.text == "subject" {
      guard following.kind == .clauseWord, following.text == "to" else {
        throw fail("`subject` is followed by `to`", following.kind == .end ? following : word)
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

  private mutating func item(_ word: ClauseWord) throws -> ClauseItem {
    let start = token.start
    if endsStatement || token.kind == .clauseWord && !following.isSymbol("=") {
      throw fail("`\(word.rawValue)` wants something after it, found \(describe(token))", token)
    }
    if canBeFieldName, following.isSymbol("=") {
      let name = token.text
      if word == .subjectTo {
        throw fail("a constraint compares", following, help: "write `==`")
      }
      advance()
      advance()
      return .binding(name: name, value: try part(), span: span(from: start))
    }
    if token.kind == .name, following.isSymbol("~") {
      let name = token.text
      advance()
      advance()
      return .draw(name: name, distribution: try part(), span: span(from: start))
    }
    if word == .over || word == .from, token.kind == .name, following.isKeyword("in") {
      let name = token.text
      advance()
      advance()
      return .membership(name: name, source: try part(), span: span(from: start))
    }
    let value = try part()
    if word == .subjectTo { try refuseConstraint(value) }
    return .expression(value)
  }

  /// Constraints are `==`, `<=`, `>=`, chains of them and `and`.
  private mutating func refuseConstraint(_ id: NodeID) throws {
    if token.isSymbol("=") { throw fail("a constraint compares", token, help: "write `==`") }
    switch tree[id] {
    case .infix(.isIn, let variable, let source):
      let name = excerpt(variable)
      var help = "write `a <= \(name), \(name) <= b`"
      if case .brackets(let rows) = tree[source], rows.count == 1, rows[0].count == 2 {
        help = "write `\(excerpt(rows[0][0])) <= \(name) <= \(excerpt(rows[0][1]))`"
      }
      throw fail("`in` is no constraint", tree.span(of: id), help: help)
    case .infix(.or, _, _):
      throw fail(
        "`or` is no constraint", tree.span(of: id), help: "all constraints hold at once")
    case .comparison(_, let links) where links.contains { $0.comparison == .notEqual }:
      throw fail("`!=` is no constraint", tree.span(of: id), help: "write `==`, `<=` or `>=`")
    default: break
    }
  }
}
