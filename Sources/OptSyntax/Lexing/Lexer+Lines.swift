/// Where a statement ends: line ends, comments, and lines that continue the one above.

extension Lexer {
  mutating func skipLine() {
    while position < limit, bytes[position] != 0x0A { position += 1 }
  }

  /// A comment to the end of its line; a line of `##` is help for the definition below.
  mutating func comment() {
    let start = position
    skipLine()
    guard byte(start + 1) == 0x23, start + 1 < position, beginsLine(start) else { return }
    var text = String(decoding: bytes[(start + 2)..<position], as: UTF8.self)
    if text.hasPrefix(" ") { text.removeFirst() }
    while let last = text.unicodeScalars.last, last == "\r" || last == " " || last == "\t" {
      text.unicodeScalars.removeLast()
    }
    helpLines.append(text)
  }

  /// Whether only blanks stand before it on its line.
  private func beginsLine(_ offset: Int) -> Bool {
    var k = offset - 1
    while k >= 0, isBlank(bytes[k]) { k -= 1 }
    return k < 0 || bytes[k] == 0x0A
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  mutating func lineEnd() {
    let here = position
    position += 1
    if !helpLines.isEmpty, beginsLine(here) { helpLines = [] }
    if let innermost, innermost != 0x7B { return }
    guard let last = tokens.last, last.kind != .newline else { return }
    if continues(after: last) || nextLineContinues() { return }
    add(.newline, "\n", here, spaced: true)
  }

  /// Operators that want something after them.
  private static let continuing: Set<String> = [
    "+", "-", "*", "/", "\\", "^", ".*", "./", ".^", "=", "==", "!=", "<", "<=", ">", ">=", ",",
    "->", "|>", "~", "∇", "√", "{", "+=", "-=", "*=", "/=", ":=", "&&", "||", "**", "~=",
  ]

  /// Whether a line that ends with this token goes on in the next one.
  private func continues(after token: Token) -> Bool {
    if tokens.count > 1, tokens[tokens.count - 2].isKeyword("help") { return false }
    switch token.kind {
    case .symbol: return Self.continuing.contains(token.text)
    case .keyword:
      return switch token.text {
      case "then", "else", "and", "or", "not", "in": true
      default: false
      }
    case .clauseWord: return true
    default: return false
    }
  }

  /// Whether the next line that is no comment begins with a word that continues a statement.
  private mutating func nextLineContinues() -> Bool {
    if position <= lookedAhead.upTo { return lookedAhead.continues }
    var k = position
    var continues = false
    while k < limit {
      while k < limit, isBlank(bytes[k]) { k += 1 }
      guard byte(k) == 0x23 else {
        continues = continuingWord(at: k)
        break
      }
      while k < limit, bytes[k] != 0x0A { k += 1 }
      k += 1
    }
    lookedAhead = (k, continues)
    return continues
  }

  private func continuingWord(at start: Int) -> Bool {
    if byte(start) == 0x7C, byte(start + 1) == 0x3E { return true }
    var end = start
    while (97...122).contains(byte(end)) { end += 1 }
    if let (next, _) = scalar(at: end), next.continuesName { return false }
    return end > start
      && Words.continuing.contains(String(decoding: bytes[start..<end], as: UTF8.self))
  }
}
