/// Where a text ends: inside which brackets, clause and statement the next word would stand.
import OptSyntax

/// What a scan of an unfinished text finds, without a parser: the text is not a program yet.
struct CompletionContext {
  /// An open bracket.
  struct Bracket {
    var sign: Character
    /// What stands directly before it: `f`, `p.f`, or nothing.
    var callee: String
    /// Names given so far as `name =`.
    var given: [String] = []
    /// The clause word that was open around it.
    var clause: String?
    var verb: String?
    /// Names that stand between the verb and its first clause.
    var subject: [String] = []
  }

  /// The unfinished word, and where it begins in characters.
  private(set) var word = ""
  private(set) var start = 0
  /// `p.layer` before the dot of an unfinished field; nil when there is no dot.
  private(set) var owner: String?
  private(set) var brackets: [Bracket] = []
  /// The sentence that is open at the end, and its last clause.
  private(set) var verb: String?
  private(set) var clause: String?
  private(set) var subject: [String] = []
  /// The word or sign before the unfinished word; empty at the beginning of a statement.
  private(set) var previous = ""
  /// Whether the text ends in a text in quotes or a comment.
  private(set) var isInText = false

  init(_ text: String) {
    let characters = Array(text)
    var end = characters.count
    while end > 0, Self.isNamePart(characters[end - 1]) { end -= 1 }
    // The number of `2quantity` is a factor.
    while end < characters.count, characters[end].isNumber { end += 1 }
    start = end
    word = String(characters[end...])
    scan(characters[..<end])
    if end > 1, characters[end - 1] == "." { owner = path(characters[..<(end - 1)]) }
  }

  static func isNamePart(_ character: Character) -> Bool {
    guard let scalar = character.unicodeScalars.first else { return false }
    if "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ".contains(character) { return false }
    return character == "_" || character.isLetter || character.isNumber
      || (0x2080...0x209C).contains(scalar.value)
  }

  /// `a.b.c` at the end of a text; nil when something else stands there.
  private func path(_ characters: ArraySlice<Character>) -> String? {
    var begin = characters.endIndex
    while begin > characters.startIndex,
      Self.isNamePart(characters[begin - 1]) || characters[begin - 1] == "."
    { begin -= 1 }
    // The number of `2p.` is a factor.
    while begin < characters.endIndex, characters[begin].isNumber { begin += 1 }
    guard begin < characters.endIndex, characters[begin] != "." else {
      return nil
    }
    return String(characters[begin...])
  }

  // MARK: Scanning

  private mutating func scan(_ characters: ArraySlice<Character>) {
    var at = characters.startIndex
    while at < characters.endIndex {
      let character = characters[at]
      if character == "#" {
        while at < characters.endIndex, !characters[at].isNewline { at += 1 }
        if at == characters.endIndex { isInText = true }
      } else if character == "\"" {
        at = skipText(characters, from: at)
      } else if Self.isNamePart(character) {
        let begin = at
        while at < characters.endIndex, Self.isNamePart(characters[at]) { at += 1 }
        take(String(characters[begin..<at]))
      } else {
        at += 1
        sign(character, characters, at)
      }
    }
  }

  /// The place after a text in quotes.
  private mutating func skipText(_ characters: ArraySlice<Character>, from start: Int) -> Int {
    var at = start + 1
    while at < characters.endIndex, characters[at] != "\"", !characters[at].isNewline {
      at += characters[at] == "\\" ? 2 : 1
    }
    if at >= characters.endIndex { isInText = true }
    previous = "\""
    return min(at + 1, characters.endIndex)
  }

  private mutating func take(_ name: String) {
    if Words.verbs.contains(name), previous != "." {
      (verb, clause, subject) = (name, nil, [])
    } else if Words.clauses.contains(name), previous != "." {
      if verb != nil { clause = name }
    } else if verb != nil, clause == nil, !Words.keywords.contains(name), previous != "." {
      subject.append(name)
    }
    previous = previous == "." ? "." + name : name
  }

  private mutating func sign(_ sign: Character, _ characters: ArraySlice<Character>, _ next: Int) {
    switch sign {
    case "(", "[", "{":
      let callee = sign == "(" ? path(characters[..<(next - 1)]) ?? "" : ""
      brackets.append(
        Bracket(sign: sign, callee: callee, clause: clause, verb: verb, subject: subject))
      if sign == "{" { (verb, clause, subject) = (nil, nil, []) }
      previous = String(sign)
    case ")", "]", "}":
      if let bracket = brackets.popLast() {
        // What was named inside belongs to the subject of the sentence around.
        let inner = bracket.clause == nil && bracket.verb != nil ? subject : bracket.subject
        (verb, clause, subject) = (bracket.verb, bracket.clause, inner)
      }
      previous = String(sign)
    case "=":
      let isPlain = next >= characters.endIndex || characters[next] != "="
      if isPlain, let last = brackets.indices.last, !"=<>!".contains(previous) {
        brackets[last].given.append(previous)
      }
      previous = "="
    case ";": endStatement()
    case let sign where sign.isNewline:
      let isOpen = brackets.last.map { $0.sign != "{" } ?? false
      if !isOpen, !continues(characters, from: next) { endStatement() }
    case let sign where sign.isWhitespace: break
    default: previous = String(sign)
    }
  }

  private mutating func endStatement() {
    previous = ""
    (verb, clause, subject) = (nil, nil, [])
  }

  /// Whether the next line begins with a clause word, or with nothing yet at the prompt.
  private func continues(_ characters: ArraySlice<Character>, from next: Int) -> Bool {
    if ["+", "-", "*", "/", ",", "=", "^", ">"].contains(previous) { return true }
    let rest = characters[next...].drop { $0 == " " || $0 == "\t" }
    let word = String(rest.prefix { Self.isNamePart($0) })
    return Words.clauses.contains(word) || word == "else" || word == "then"
      || verb != nil && rest.isEmpty && next < characters.endIndex
  }
}
