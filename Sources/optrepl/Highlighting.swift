/// Colours of the line being typed.

import OptSyntax

/// Colours for a text at the prompt.
enum Highlighting {
  /// What a piece of text is.
  enum Kind { case keyword, verb, number, text, comment, name, symbol }

  /// Ranges of Unicode scalars with the control sequence of their colour. The bracket at the cursor
  /// and its partner are bold.
  static func spans(_ text: String, cursor: Int) -> [(Range<Int>, String)] {
    let pieces = pieces(of: text)
    var spans: [(Range<Int>, String)] = []
    for piece in pieces {
      if let style = style(of: piece.kind) { spans.append((piece.range, style)) }
    }
    let scalars = Array(text.unicodeScalars)
    for place in matchingBrackets(scalars, pieces, cursor) {
      spans.append((place..<(place + 1), "\u{1B}[1m"))
    }
    return spans
  }

  private static func style(of kind: Kind) -> String? {
    switch kind {
    case .keyword, .verb: "\u{1B}[1;35m"
    case .number: "\u{1B}[36m"
    case .text: "\u{1B}[32m"
    case .comment: "\u{1B}[2m"
    case .name, .symbol: nil
    }
  }

  /// The places of a bracket at or before the cursor and of the one that belongs to it.
  private static func matchingBrackets(
    _ text: [Unicode.Scalar], _ pieces: [(range: Range<Int>, kind: Kind)], _ cursor: Int
  ) -> [Int] {
    var isPlain = [Bool](repeating: true, count: text.count)
    for piece in pieces where piece.kind == .text || piece.kind == .comment {
      for place in piece.range { isPlain[place] = false }
    }
    let partners: [Unicode.Scalar: Unicode.Scalar] = [
      "(": ")", "[": "]", "{": "}", ")": "(", "]": "[", "}": "{",
    ]
    for place in [cursor, cursor - 1] where text.indices.contains(place) && isPlain[place] {
      guard let partner = partners[text[place]] else { continue }
      let step = "([{".unicodeScalars.contains(text[place]) ? 1 : -1
      var depth = 0
      var other = place
      while text.indices.contains(other) {
        if isPlain[other], text[other] == text[place] { depth += 1 }
        if isPlain[other], text[other] == partner { depth -= 1 }
        if depth == 0 { return [place, other] }
        other += step
      }
    }
    return []
  }

  // MARK: Pieces

  /// The pieces of a text, as ranges of Unicode scalars.
  private static func pieces(of text: String) -> [(range: Range<Int>, kind: Kind)] {
    let scalars = Array(text.unicodeScalars)
    var pieces: [(range: Range<Int>, kind: Kind)] = []
    var start = 0
    while start < scalars.count {
      let (end, kind) = piece(scalars, from: start)
      if let kind { pieces.append((start..<end, kind)) }
      start = end
    }
    return pieces
  }

  private static func piece(_ text: [Unicode.Scalar], from start: Int) -> (end: Int, kind: Kind?) {
    func end(while condition: (Unicode.Scalar) -> Bool) -> Int {
      text[(start + 1)...].firstIndex { !condition($0) } ?? text.count
    }
    switch text[start] {
    case "#": return (end { $0 != "\n" }, .comment)
    case "\"":
      var place = start + 1
      while place < text.count, text[place] != "\"", text[place] != "\n" {
        place += text[place] == "\\" ? 2 : 1
      }
      return (min(place + 1, text.count), .text)
    case "0"..."9": return (end { $0 == "." || $0 == "_" || ("0"..."9").contains($0) }, .number)
    case "_",
      _ where text[start].properties.isAlphabetic:
      let end = end { $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0) }
      var word = String.UnicodeScalarView()
      word.append(contentsOf: text[start..<end])
      return (end, Words.all.contains(String(word)) ? .keyword : .name)
    default: return (start + 1, nil)
    }
  }
}
