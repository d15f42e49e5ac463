/// Cuts a source text into tokens. The innermost open bracket decides about line ends.

/// The cutter of one text. Between two tokens stand only blanks, comments and line ends that end
/// nothing.
struct Lexer {
  let source: SourceText
  let bytes: [UInt8]
  var position: Int
  let limit: Int
  private(set) var tokens: [Token] = []
  var texts: [[TextPiece]] = []
  private(set) var diagnostics: [Diagnostic] = []
  /// `##` lines that wait for their definition.
  var helpLines: [String] = []
  /// Open brackets, as their ASCII codes, and how many there are of each.
  private var brackets: [UInt8] = []
  private var open: (round: Int, square: Int, curly: Int) = (0, 0, 0)
  /// Up to here the lines are known not to decide whether a statement goes on.
  var lookedAhead: (upTo: Int, continues: Bool) = (-1, false)

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
      switch bytes[position] {
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
        if skipBlank() {
          spaced = true
        } else {
          token(bytes[position], spaced)
          spaced = false
        }
      }
    }
    add(.end, "", limit, spaced: spaced)
  }

  /// The innermost open bracket.
  var innermost: UInt8? { brackets.last }

  func isDigit(_ offset: Int) -> Bool { offset < limit && (0x30...0x39).contains(bytes[offset]) }

  /// The byte at an offset, 0 beyond the end.
  func byte(_ offset: Int) -> UInt8 { offset < limit ? bytes[offset] : 0 }

  mutating func add(_ kind: TokenKind, _ text: String, _ start: Int, spaced: Bool) {
    var token = Token(
      kind: kind, text: text, start: Int32(clamping: start), end: Int32(clamping: position),
      spaced: spaced)
    if kind == .end { token.end = token.start }
    if kind == .text { token.payload = Int32(clamping: texts.count - 1) }
    if kind != .newline, !helpLines.isEmpty {
      token.help = helpLines.joined(separator: "\n")
      helpLines = []
    }
    tokens.append(token)
  }

  mutating func report(_ message: String, _ start: Int, _ end: Int, help: String? = nil) {
    let span = SourceSpan(source, Int32(clamping: start), Int32(clamping: end))
    diagnostics.append(Diagnostic(.error, message, at: span, help: help))
  }

  /// Reports signs that mean nothing; neighbours are reported together.
  mutating func refuse(_ message: String, _ start: Int, spaced: Bool, help: String? = nil) {
    if help == nil, !spaced, let last = tokens.last, last.kind == .invalid, last.end == start,
      diagnostics.last?.span.end == last.end, diagnostics.last?.help == nil
    {
      diagnostics[diagnostics.count - 1].span.end = Int32(clamping: position)
      tokens[tokens.count - 1].end = Int32(clamping: position)
      return
    }
    report(message, start, position, help: help)
    add(
      .invalid, String(decoding: bytes[start..<position], as: UTF8.self), start, spaced: spaced)
  }

  private mutating func token(_ byte: UInt8, _ spaced: Bool) {
    let start = position
    switch byte {
    case 0x30...0x39: number(spaced)
    case 0x2E where isDigit(position + 1): number(spaced)
    case 0x22: text(spaced)
    case 0x41...0x5A, 0x61...0x7A, 0x5F: name(spaced)
    case 0x80...: beyondASCII(spaced)
    case 0x28, 0x5B, 0x7B:
      position += 1
      openBracket(byte)
      add(.symbol, String(UnicodeScalar(byte)), start, spaced: spaced)
    case 0x29, 0x5D, 0x7D:
      position += 1
      closeBracket(byte)
      add(.symbol, String(UnicodeScalar(byte)), start, spaced: spaced)
    default: symbol(spaced)
    }
  }

  mutating func openBracket(_ byte: UInt8) {
    brackets.append(byte)
    count(byte, 1)
  }

  /// Closes the innermost bracket of that kind and all that was opened after it.
  private mutating func closeBracket(_ byte: UInt8) {
    let opening: UInt8 = byte == 0x29 ? 0x28 : byte - 2
    let waiting =
      switch opening {
      case 0x28: open.round
      case 0x5B: open.square
      default: open.curly
      }
    guard waiting > 0 else { return }
    while let last = brackets.popLast() {
      count(last, -1)
      if last == opening { return }
    }
  }

  private mutating func count(_ bracket: UInt8, _ change: Int) {
    switch bracket {
    case 0x28: open.round += change
    case 0x5B: open.square += change
    default: open.curly += change
    }
  }

  private mutating func number(_ spaced: Bool) {
    let start = position
    digits()
    if byte(position) == 0x2E, isDigit(position + 1) {
      position += 1
      digits()
    }
    if byte(position) == 0x65 {
      let sign = byte(position + 1) == 0x2B || byte(position + 1) == 0x2D
      let first = position + (sign ? 2 : 1)
      if isDigit(first) {
        position = first
        while isDigit(position) { position += 1 }
      }
    }
    let spelling = String(decoding: bytes[start..<position], as: UTF8.self)
    let plain = spelling.utf8.contains(0x5F) ? spelling.filter { $0 != "_" } : spelling
    add(.number(Double(plain) ?? .nan), spelling, start, spaced: spaced)
  }

  /// Digits, with single `_` between them.
  private mutating func digits() {
    while isDigit(position) || (byte(position) == 0x5F && isDigit(position + 1)) { position += 1 }
  }

  mutating func name(_ spaced: Bool) {
    let start = position
    while position < limit {
      let byte = bytes[position]
      if byte < 0x80 {
        guard Unicode.Scalar(byte).continuesName else { break }
        position += 1
      } else {
        guard let (scalar, length) = scalar(at: position), scalar.continuesName else { break }
        position += length
      }
    }
    let name = String(decoding: bytes[start..<position], as: UTF8.self)
    let isField = tokens.last.map { $0.isSymbol(".") } ?? false
    add(isField ? .name : Words.kinds[name] ?? .name, name, start, spaced: spaced)
  }
}
