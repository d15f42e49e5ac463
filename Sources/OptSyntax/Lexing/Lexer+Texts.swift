/// Texts in double quotes, with the expressions between their braces.

extension Lexer {
  mutating func text(_ spaced: Bool) {
    let start = position
    position += 1
    var pieces: [TextPiece] = []
    var literal: [UInt8] = []
    func flush() {
      if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
      literal = []
    }
    while position < limit, bytes[position] != 0x22, bytes[position] != 0x0A {
      let byte = bytes[position]
      if byte == 0x5C, position + 1 < limit, bytes[position + 1] != 0x0A {
        escape(&literal)
      } else if byte == 0x7B {
        flush()
        if let piece = interpolation() { pieces.append(piece) }
      } else {
        literal.append(byte)
        position += 1
      }
    }
    flush()
    if byte(position) == 0x22 {
      position += 1
    } else {
      report("this text has no end", start, position, help: "it ends with `\"` on the same line")
    }
    texts.append(pieces.isEmpty ? [.literal("")] : pieces)
    add(.text, "", start, spaced: spaced)
  }

  private mutating func escape(_ literal: inout [UInt8]) {
    let start = position
    let next = bytes[position + 1]
    position += 2
    switch next {
    case 0x6E: literal.append(0x0A)
    case 0x74: literal.append(0x09)
    case 0x22, 0x5C, 0x7B, 0x7D: literal.append(next)
    default:
      if let (_, length) = scalar(at: start + 1) { position = start + 1 + length }
      report(
        "this escape is not known", start, position,
        help: "known are `\\n`, `\\t`, `\\\"`, `\\\\`, `\\{`")
    }
  }

  /// What the scan for the end of an expression is in.
  private enum Inside {
    case text
    /// Code with that many open brackets.
    case code(Int)
  }

  /// From `{` to the matching `}`; a final `:` with a printf format is the format.
  private mutating func interpolation() -> TextPiece? {
    let start = position + 1
    var inside: [Inside] = [.code(0)]
    var end = start
    var colon: Int?
    scan: while end < limit, bytes[end] != 0x0A, let innermost = inside.last {
      let byte = bytes[end]
      switch innermost {
      case .text:
        if byte == 0x5C {
          if self.byte(end + 1) != 0x0A { end += 1 }
        } else if byte == 0x22 {
          inside.removeLast()
        } else if byte == 0x7B {
          inside.append(.code(0))
        }
      case .code(let depth):
        switch byte {
        case 0x22: inside.append(.text)
        case 0x28, 0x5B, 0x7B: inside[inside.count - 1] = .code(depth + 1)
        case 0x29, 0x5D: inside[inside.count - 1] = .code(max(0, depth - 1))
        case 0x7D where depth > 0: inside[inside.count - 1] = .code(depth - 1)
        case 0x7D:
          if inside.count == 1 { break scan }
          inside.removeLast()
        case 0x3A where depth == 0 && inside.count == 1: colon = end
        default: break
        }
      }
      end += 1
    }
    end = min(end, limit)
    position = end
    guard byte(end) == 0x7D else {
      report("this `{` has no `}`", start - 1, start, help: "a brace in a text is written `\\{`")
      return nil
    }
    position += 1
    if let colon, let format = format(bytes[(colon + 1)..<end]) {
      return .expression(start..<colon, format: format)
    }
    return .expression(start..<end, format: nil)
  }

  /// A printf format without its `%`: `.3f`, `5d`, `+.2e`.
  private func format(_ bytes: ArraySlice<UInt8>) -> String? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let last = text.last, "defgsx".contains(last),
      text.dropLast().allSatisfy({ "0123456789.+-# ".contains($0) })
    else { return nil }
    return text
  }
}
