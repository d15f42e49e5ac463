/// Operators, brackets and characters beyond ASCII.

extension Lexer {
  private static let symbols: [String] = [
    "???", "...", "**", "->", "|>", "==", "!=", "<=", ">=", "~=", "+=", "-=", "*=", "/=", ":=",
    "&&", "||", "//", ".*", "./", ".^", ".(", ".'", ".+", ".-", ".\\", "+", "-", "*", "/", "\\",
    "^", "<", ">", "=", ",", ";", ":", "'", ".", "~", "!", "@", "%", "|", "&", "?", "$", "`",
  ]

  /// The symbols that begin with each byte, longer ones first.
  private static let symbolsByFirst: [[String]] = (0..<128).map { first in
    symbols.filter { $0.utf8.first.map(Int.init) == first }
  }

  mutating func symbol(_ spaced: Bool) {
    let start = position
    for symbol in Self.symbolsByFirst[Int(bytes[position] & 0x7F)] {
      let length = symbol.utf8.count
      if length > 1, !(position + length <= limit && bytes[position...].starts(with: symbol.utf8)) {
        continue
      }
      position += length
      if symbol == ".(" { openBracket(0x28) }
      add(.symbol, symbol, start, spaced: spaced)
      return
    }
    position += 1
    refuse(
      "the character U+\(hexadecimal(UInt32(bytes[start]))) means nothing here", start,
      spaced: spaced)
  }

  /// The scalar at a byte offset and its length.
  func scalar(at offset: Int) -> (Unicode.Scalar, Int)? {
    guard offset < limit else { return nil }
    let first = bytes[offset]
    if first < 0x80 { return (Unicode.Scalar(first), 1) }
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard offset + length <= limit else { return nil }
    var value = UInt32(first) & (length == 4 ? 0x07 : length == 3 ? 0x0F : 0x1F)
    for k in 1..<length { value = value << 6 | UInt32(bytes[offset + k] & 0x3F) }
    return Unicode.Scalar(value).map { ($0, length) }
  }

  /// Skips one blank that is not ASCII.
  mutating func skipBlank() -> Bool {
    guard bytes[position] >= 0x80, let (scalar, length) = scalar(at: position),
      scalar.properties.isWhitespace
    else { return false }
    position += length
    return true
  }

  mutating func beyondASCII(_ spaced: Bool) {
    let start = position
    guard let (scalar, length) = scalar(at: position) else {
      position = limit
      refuse("this is not UTF-8", start, spaced: spaced)
      return
    }
    if scalar.superscript != nil { return superscripts(scalar, spaced) }
    if scalar.beginsName { return name(spaced) }
    position += length
    if let plain = scalar.plainSign {
      add(plain == "in" ? .keyword : .symbol, plain, start, spaced: spaced)
      return
    }
    switch scalar.value {
    case 0x2207: add(.symbol, "∇", start, spaced: spaced)
    case 0x221A: add(.symbol, "√", start, spaced: spaced)
    case 0x221E: add(.name, "inf", start, spaced: spaced)
    default:
      if let help = Self.foreignSigns[scalar] {
        refuse("`\(scalar)` is not known here", start, spaced: spaced, help: help)
      } else {
        let shown =
          scalar.isVisible ? "`\(Character(scalar))`" : "U+\(hexadecimal(scalar.value))"
        refuse("the character \(shown) means nothing here", start, spaced: spaced)
      }
    }
  }

  /// A run of superscript digits, or one `ᵀ`.
  private mutating func superscripts(_ first: Unicode.Scalar, _ spaced: Bool) {
    let start = position
    var meaning = ""
    while let (next, length) = scalar(at: position), let digit = next.superscript,
      (digit == "T") == (first.value == 0x1D40)
    {
      meaning.append(digit)
      position += length
      if digit == "T" { break }
    }
    add(.superscript, meaning, start, spaced: spaced)
  }

  private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  private static let foreignSigns: [Unicode.Scalar: String] = [
    "←": "a value is given with `=`", "⇐": "a value is given with `=`",
    "“": "text stands in straight quotes, `\"…\"`", "”": "text stands in straight quotes, `\"…\"`",
    "„": "text stands in straight quotes, `\"…\"`", "«": "text stands in straight quotes, `\"…\"`",
    "‘": "text stands in double quotes, `\"…\"`", "’": "the transpose is written `A'`",
    "′": "a derivative or transpose is written with `'`",
    "…": "a gap is written `???`", "÷": "write `/`", "∗": "write `*`",
    "–": "the minus sign is `-`", "—": "the minus sign is `-`", "‐": "the minus sign is `-`",
    "∂": "a derivative is `differentiate E by x`, a gradient `∇f`",
    "∑": "a sum is written `sum(x[i] for i in 1:n)`",
    "∏": "a product is written `prod(x[i] for i in 1:n)`",
    "∫": "there are no integrals here", "∥": "a norm is written `norm(x)`",
    "‖": "a norm is written `norm(x)`", "¬": "write `not`", "∧": "write `and`",
    "∨": "write `or`", "∉": "write `not (x in v)`", "≈": "write `abs(a - b) < 1e-9`",
    "≡": "write `==`", "⇒": "write `->`", "↦": "write `->`", "∘": "write `x -> f(g(x))`",
    "⊗": "write `kron(A, B)`", "⊙": "write `.*`", "∆": "write `Δ` or a name",
    "½": "write `(1/2)`", "¼": "write `(1/4)`", "¾": "write `(3/4)`", "ⁿ": "write `x^n`",
    "⁺": "write `x^…`", "°": "angles are in radians: `x*π/180`", "∛": "write `cbrt(x)`",
  ]
}
