/// Cuts a source text into tokens. The innermost open bracket decides about line ends.

struct Lexer {
  let source: SourceText
  private let bytes: [UInt8]
  private var position: Int
  private let limit: Int
  /// Open brackets, as their ASCII codes.
  private var brackets: [UInt8] = []
  private(set) var tokens: [Token] = []
  private(set) var texts: [[TextPiece]] = []
  private(set) var diagnostics: [Diagnostic] = []
  /// A text or bracket is open at the end.
  private(set) var isOpen = false
  private var helpLines: [String] = []

  /// Reads the bytes of `range`, or everything.
  init(_ source: SourceText, range: Range<Int>? = nil) {
    self.source = source
    bytes = source.bytes
    position = range?.lowerBound ?? 0
    limit = range?.upperBound ?? source.bytes.count
    if range == nil {
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
      if bytes[min(position, limit)...].starts(with: [0x23, 0x21]) { skipLine() }
    }
  }

  mutating func run() {
    var spaced = true
    while position < limit {
      let byte = bytes[position]
      switch byte {
      case 0x20, 0x09, 0x0D:
        position += 1
        spaced = true
      case 0x0A:
        lineEnd()
        spaced = true
      case 0x23:
        comment()
        spaced = true
      default:
        token(byte, spaced)
        spaced = false
      }
    }
    if !brackets.isEmpty { isOpen = true }
    add(.end, "", limit, spaced: spaced)
  }

  // MARK: Lines

  private mutating func skipLine() {
    while position < limit, bytes[position] != 0x0A { position += 1 }
  }

  private mutating func comment() {
    let start = position
    skipLine()
    guard start + 1 < position, bytes[start + 1] == 0x23 else { return }
    var text = String(decoding: bytes[(start + 2)..<position], as: UTF8.self)
    if text.hasPrefix(" ") { text.removeFirst() }
    while text.hasSuffix("\r") || text.hasSuffix(" ") { text.removeLast() }
    helpLines.append(text)
  }

  private mutating func lineEnd() {
    let here = position
    position += 1
    if let open = brackets.last, open != 0x7B { return }
    guard let last = tokens.last else {
      forgetHelpAtBlankLine()
      return
    }
    if last.kind == .newline {
      forgetHelpAtBlankLine()
      return
    }
    if continues(after: last) || nextLineContinues() { return }
    add(.newline, "\n", here, spaced: true)
  }

  /// A blank line between `##` lines and a definition parts them.
  private mutating func forgetHelpAtBlankLine() {
    var k = position - 2
    while k >= 0, bytes[k] == 0x20 || bytes[k] == 0x09 || bytes[k] == 0x0D { k -= 1 }
    if k < 0 || bytes[k] == 0x0A { helpLines = [] }
  }

  private func continues(after token: Token) -> Bool {
    switch token.kind {
    case .symbol:
      return ![")", "]", "}", "'", ";", ":", "???"].contains(token.text)
    case .keyword: return ["then", "else", "and", "or", "not", "in"].contains(token.text)
    case .clauseWord: return true
    default: return false
    }
  }

  /// Whether the next line that is no comment begins with a word that continues a statement.
  private func nextLineContinues() -> Bool {
    var k = position
    while k < limit {
      while k < limit, bytes[k] == 0x20 || bytes[k] == 0x09 || bytes[k] == 0x0D { k += 1 }
      guard k < limit, bytes[k] != 0x0A else { return false }
      guard bytes[k] == 0x23 else { break }
      while k < limit, bytes[k] != 0x0A { k += 1 }
      k += 1
    }
    if k + 1 < limit, bytes[k] == 0x7C, bytes[k + 1] == 0x3E { return true }
    var end = k
    while end < limit, (97...122).contains(bytes[end]) { end += 1 }
    guard end > k else { return false }
    if end < limit {
      let after = bytes[end]
      if after == 0x5F || (48...57).contains(after) || (65...90).contains(after) || after >= 128 {
        return false
      }
    }
    return Words.continuing.contains(String(decoding: bytes[k..<end], as: UTF8.self))
  }

  // MARK: Tokens

  private mutating func add(_ kind: TokenKind, _ text: String, _ start: Int, spaced: Bool) {
    var token = Token(
      kind: kind, text: text, start: Int32(clamping: start), end: Int32(clamping: position),
      spaced: spaced)
    if kind == .end { token.end = token.start }
    if kind != .newline, !helpLines.isEmpty {
      token.help = helpLines.joined(separator: "\n")
      helpLines = []
    }
    tokens.append(token)
  }

  mutating func report(_ message: String, _ start: Int, _ end: Int, help: String? = nil) {
    diagnostics.append(
      Diagnostic(
        .error, message, at: SourceSpan(source, Int32(clamping: start), Int32(clamping: end)),
        help: help))
  }

  private mutating func token(_ byte: UInt8, _ spaced: Bool) {
    let start = position
    switch byte {
    case 0x30...0x39: number(spaced)
    case 0x2E where position + 1 < limit && (0x30...0x39).contains(bytes[position + 1]):
      number(spaced)
    case 0x22: text(spaced)
    case 0x41...0x5A, 0x61...0x7A, 0x5F: name(spaced)
    case 0x80...: beyondASCII(spaced)
    case 0x28, 0x5B, 0x7B:
      brackets.append(byte)
      position += 1
      add(.symbol, String(UnicodeScalar(byte)), start, spaced: spaced)
    case 0x29, 0x5D, 0x7D:
      let opening: UInt8 = byte == 0x29 ? 0x28 : byte - 2
      if let k = brackets.lastIndex(of: opening) { brackets.removeSubrange(k...) }
      position += 1
      add(.symbol, String(UnicodeScalar(byte)), start, spaced: spaced)
    default: symbol(spaced)
    }
  }

  private mutating func number(_ spaced: Bool) {
    let start = position
    func digit(_ k: Int) -> Bool { k < limit && (0x30...0x39).contains(bytes[k]) }
    func digits() {}
    while digit(position) || (position < limit && bytes[position] == 0x5F && digit(position + 1)) {
      position += 1
    }
    if position < limit, bytes[position] == 0x2E, digit(position + 1) {
      position += 1
      while digit(position) || (position < limit && bytes[position] == 0x5F && digit(position + 1))
      { position += 1 }
    }
    if position < limit, bytes[position] == 0x65 {
      var k = position + 1
      if k < limit, bytes[k] == 0x2B || bytes[k] == 0x2D { k += 1 }
      if digit(k) {
        while digit(k) { k += 1 }
        position = k
      }
    }
    let spelling = String(decoding: bytes[start..<position], as: UTF8.self)
    let value = Double(spelling.filter { $0 != "_" }) ?? .nan
    add(.number(value), spelling, start, spaced: spaced)
  }

  private mutating func name(_ spaced: Bool) {
    let start = position
    var scalars = String.UnicodeScalarView()
    while position < limit, let (scalar, length) = scalar(at: position), scalar.continuesName {
      scalars.append(scalar)
      position += length
    }
    let name = String(scalars)
    let isField = tokens.last.map { $0.isSymbol(".") } ?? false
    let kind: TokenKind
    if isField {
      kind = .name
    } else if Words.keywords.contains(name) {
      kind = .keyword
    } else if Words.verbs.contains(name) {
      kind = .verb
    } else if Words.clauses.contains(name) {
      kind = .clauseWord
    } else {
      kind = .name
    }
    add(kind, name, start, spaced: spaced)
  }

  /// The scalar at a byte offset and its length.
  private func scalar(at offset: Int) -> (Unicode.Scalar, Int)? {
    let first = bytes[offset]
    if first < 0x80 { return (Unicode.Scalar(first), 1) }
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard offset + length <= limit else { return nil }
    let text = String(decoding: bytes[offset..<(offset + length)], as: UTF8.self)
    return text.unicodeScalars.first.map { ($0, length) }
  }

  private mutating func beyondASCII(_ spaced: Bool) {
    let start = position
    guard let (scalar, length) = scalar(at: position) else {
      position += 1
      return
    }
    if scalar.superscript != nil {
      var meaning = ""
      while position < limit, let (next, n) = self.scalar(at: position),
        let digit = next.superscript, (digit == "T") == (scalar.value == 0x1D40)
      {
        meaning.append(digit)
        position += n
        if digit == "T" { break }
      }
      add(.superscript, meaning, start, spaced: spaced)
      return
    }
    if scalar.value == 0xA0 || scalar.properties.isWhitespace {
      position += length
      return
    }
    if scalar.beginsName {
      name(spaced)
      return
    }
    position += length
    if let plain = scalar.plainSign {
      add(plain == "in" ? .keyword : .symbol, plain, start, spaced: spaced)
      return
    }
    switch scalar.value {
    case 0x2207: add(.symbol, "∇", start, spaced: spaced)
    case 0x221A: add(.symbol, "√", start, spaced: spaced)
    case 0x221E: add(.name, "inf", start, spaced: spaced)
    case 0x2190:
      report("`←` is not known here", start, position, help: "a value is given with `=`")
      add(.invalid, "←", start, spaced: spaced)
    case 0x201C, 0x201D:
      report("text stands in straight quotes, `\"…\"`", start, position)
      add(.invalid, "\"", start, spaced: spaced)
    case 0x2026:
      report("`…` stands for something left out", start, position, help: "a gap is written `???`")
      add(.invalid, "…", start, spaced: spaced)
    default:
      report("the character `\(Character(scalar))` means nothing here", start, position)
      add(.invalid, String(Character(scalar)), start, spaced: spaced)
    }
  }

  private static let symbols: [String] = [
    "???", "...", "**", "->", "|>", "==", "!=", "<=", ">=", "~=", "+=", "-=", "*=", "/=", "&&",
    "||", ".*", "./", ".^", ".(", ".'", ".+", ".-", ".\\", "+", "-", "*", "/", "\\", "^", "<", ">",
    "=", ",", ";", ":", "'", ".", "~", "!", "@", "%", "|", "&", "?", "$", "`",
  ]

  private mutating func symbol(_ spaced: Bool) {
    let start = position
    for symbol in Self.symbols
    where bytes[position...].prefix(symbol.utf8.count).elementsEqual(
      symbol.utf8)
    {
      // A dot before a digit belongs to the number: `x.5` is refused by the parser.
      position += symbol.utf8.count
      if symbol == ".(" { brackets.append(0x28) }
      add(.symbol, symbol, start, spaced: spaced)
      return
    }
    position += 1
    report("this character means nothing here", start, position)
    add(.invalid, "", start, spaced: spaced)
  }

  // MARK: Text

  private mutating func text(_ spaced: Bool) {
    let start = position
    position += 1
    var pieces: [TextPiece] = []
    var literal: [UInt8] = []
    func flush() {
      if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
      literal = []
    }
    while position < limit, bytes[position] != 0x22 {
      let byte = bytes[position]
      if byte == 0x0A { break }
      if byte == 0x5C, position + 1 < limit {
        escape(&literal)
      } else if byte == 0x7B {
        flush()
        pieces.append(interpolation())
      } else {
        literal.append(byte)
        position += 1
      }
    }
    flush()
    if position < limit, bytes[position] == 0x22 {
      position += 1
    } else {
      report("this text has no end", start, position, help: "it ends with `\"`")
      if position >= limit { isOpen = true }
    }
    if pieces.isEmpty { pieces = [.literal("")] }
    texts.append(pieces)
    add(.text, "", start, spaced: spaced)
    tokens[tokens.count - 1].payload = Int32(clamping: texts.count - 1)
  }

  private mutating func escape(_ literal: inout [UInt8]) {
    let next = bytes[position + 1]
    switch next {
    case 0x6E: literal.append(0x0A)
    case 0x74: literal.append(0x09)
    case 0x22, 0x5C, 0x7B, 0x7D: literal.append(next)
    default:
      report(
        "this escape is not known", position, position + 2,
        help: "known are `\\n`, `\\t`, `\\\"`, `\\\\`, `\\{`")
    }
    position += 2
  }

  /// From `{` to the matching `}`; a final `:` with a printf format is the format.
  private mutating func interpolation() -> TextPiece {
    let start = position + 1
    var depth = 0
    var inText = false
    var end = start
    var colon: Int?
    while end < limit, bytes[end] != 0x0A {
      let byte = bytes[end]
      if inText {
        if byte == 0x5C { end += 1 } else if byte == 0x22 { inText = false }
      } else if byte == 0x22 {
        inText = true
      } else if byte == 0x28 || byte == 0x5B || byte == 0x7B {
        depth += 1
      } else if byte == 0x29 || byte == 0x5D {
        depth -= 1
      } else if byte == 0x7D {
        if depth <= 0 { break }
        depth -= 1
      } else if byte == 0x3A, depth == 0 {
        colon = end
      }
      end += 1
    }
    position = min(end + 1, limit)
    guard end < limit, bytes[end] == 0x7D else {
      report("this `{` has no `}`", start - 1, end, help: "a brace in a text is written `\\{`")
      position = end
      return .literal("")
    }
    if let colon {
      let format = String(decoding: bytes[(colon + 1)..<end], as: UTF8.self)
      if let last = format.last, "defgsx".contains(last),
        format.dropLast().allSatisfy({ "0123456789.+-# ".contains($0) })
      {
        return .expression(start..<colon, format: format)
      }
    }
    return .expression(start..<end, format: nil)
  }
}
