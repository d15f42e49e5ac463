/// Classes of characters, without Foundation.

extension Unicode.Scalar {
  /// Whether a name may begin with it.
  package var beginsName: Bool {
    if value < 128 { return (65...90).contains(value) || (97...122).contains(value) || value == 95 }
    return isLetterBeyondASCII
  }

  /// Whether a name may go on with it.
  package var continuesName: Bool {
    beginsName || (48...57).contains(value) || isCombining || (0x2080...0x2089).contains(value)
  }

  private var isLetterBeyondASCII: Bool {
    // Superscript letters and the nabla are signs, not letters.
    if value == 0x1D40 || value == 0x2207 || value == 0xAA || value == 0xBA { return false }
    if (0x2070...0x209C).contains(value) {
      return (0x2090...0x209C).contains(value)
    }
    return properties.isAlphabetic
  }

  /// Whether it takes a place on the screen of its own.
  var isVisible: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      false
    default: !isCombining
    }
  }

  /// Whether it stands over or under the character before it.
  var isCombining: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: false
    }
  }

  /// The meaning of a superscript character.
  var superscript: Character? {
    switch value {
    case 0x2070: "0"
    case 0xB9: "1"
    case 0xB2: "2"
    case 0xB3: "3"
    case 0x2074...0x2079: Character(UnicodeScalar(UInt8(48 + value - 0x2070)))
    case 0x207B: "-"
    case 0x1D40: "T"
    default: nil
    }
  }

  /// Plain spelling of a sign that has another one.
  var plainSign: String? {
    switch value {
    case 0xB7, 0xD7, 0x22C5, 0x0387: "*"
    case 0x2212: "-"
    case 0x2264: "<="
    case 0x2265: ">="
    case 0x2260: "!="
    case 0x2208: "in"
    case 0x2192: "->"
    default: nil
    }
  }
}
