/// What each piece of an input is, for colouring it while it is typed.

/// Classifies the pieces of a text; unfinished and wrong text is classified as far as it goes.
package enum Highlighter {
  /// What a piece is.
  package enum Kind: String, Sendable, CaseIterable {
    /// A reserved word, such as `if`.
    case keyword
    /// The first word of a sentence, such as `minimize`.
    case verb
    /// The word that opens a clause, such as `from`.
    case clauseWord
    /// A number, superscripts included.
    case number
    /// A text with its quotes.
    case text
    /// From `#` to the end of the line.
    case comment
    /// A name.
    case name
    /// An operator or a bracket.
    case symbol
  }

  /// The pieces of `text` in order, as ranges of its UTF-8 bytes; blanks are left out.
  package static func spans(_ text: String) -> [(range: Range<Int>, kind: Kind)] {
    var lexer = Lexer(SourceText(name: "<highlight>", text: text))
    lexer.run()
    let bytes = lexer.source.bytes
    var result: [(range: Range<Int>, kind: Kind)] = []
    var end = 0
    for token in lexer.tokens {
      let start = max(Int(token.start), end)
      appendComments(in: end..<start, of: bytes, to: &result)
      end = max(Int(token.end), start)
      if let kind = kind(of: token), start < end { result.append((start..<end, kind)) }
    }
    appendComments(in: end..<bytes.count, of: bytes, to: &result)
    return result
  }

  /// Whether `text` can be read as it stands: no bracket, text or operator waits for more.
  /// A text with an error in its middle is complete.
  package static func isComplete(_ text: String) -> Bool {
    !Parser.parse(SourceText(name: "<input>", text: text)).isIncomplete
  }

  private static func kind(of token: Token) -> Kind? {
    switch token.kind {
    case .number, .superscript: .number
    case .text: .text
    case .name: .name
    case .keyword: .keyword
    case .verb: .verb
    case .clauseWord: .clauseWord
    case .symbol, .invalid: .symbol
    case .newline, .end: nil
    }
  }

  /// Between two tokens stand only blanks and comments.
  private static func appendComments(
    in range: Range<Int>, of bytes: [UInt8], to result: inout [(range: Range<Int>, kind: Kind)]
  ) {
    var position = range.lowerBound
    while position < range.upperBound {
      guard bytes[position] == 0x23 else {
        position += 1
        continue
      }
      let start = position
      while position < range.upperBound, bytes[position] != 0x0A { position += 1 }
      result.append((start..<position, .comment))
    }
  }
}
