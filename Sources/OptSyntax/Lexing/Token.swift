/// The words of a source text.

/// What a token is.
enum TokenKind: Equatable {
  case number(Double)
  case text
  case name
  /// A reserved word that is neither a verb nor a clause word.
  case keyword
  case verb
  case clauseWord
  /// `+`, `->`, `|>`, `.(`, …; the spelling is in `text`.
  case symbol
  /// A run of superscript characters; `text` is what it means: `2`, `-1`, `T`.
  case superscript
  case newline
  case end
  /// Already reported.
  case invalid
}

/// One token with its place.
struct Token {
  var kind: TokenKind
  var text: String
  var start: Int32
  var end: Int32
  /// Whether white space (or a comment) stands before it.
  var spaced: Bool
  /// The `##` lines directly above.
  var help: String?
  /// Index of the text literal in `Lexer.texts`.
  var payload: Int32 = -1

  func isSymbol(_ spelling: String) -> Bool { kind == .symbol && text == spelling }
  func isKeyword(_ spelling: String) -> Bool { kind == .keyword && text == spelling }
}

/// A piece of a text literal.
enum TextPiece {
  case literal(String)
  /// Byte range of an expression, and its format.
  case expression(Range<Int>, format: String?)
}
