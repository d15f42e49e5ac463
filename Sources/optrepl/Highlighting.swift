/// Colours of the line being typed.

import OptSyntax

/// Colours for a text at the prompt.
enum Highlighting {
  /// Ranges of Unicode scalars with the control sequence of their colour. The bracket at the cursor
  /// and its partner are bold.
  static func spans(_ text: String, cursor: Int) -> [(Range<Int>, String)] {
    let scalars = Array(text.unicodeScalars)
    // The reader counts bytes, the screen scalars.
    var places: [Int] = []
    for (place, scalar) in scalars.enumerated() {
      places += repeatElement(place, count: UTF8.width(scalar))
    }
    places.append(scalars.count)
    var isPlain = [Bool](repeating: true, count: scalars.count)
    var spans: [(Range<Int>, String)] = []
    for span in Highlighter.spans(text) {
      let range = places[span.range.lowerBound]..<places[span.range.upperBound]
      if let style = style(of: span.kind) { spans.append((range, style)) }
      if span.kind == .text || span.kind == .comment {
        for place in range { isPlain[place] = false }
      }
    }
    for place in matchingBrackets(scalars, isPlain, cursor) {
      spans.append((place..<(place + 1), "\u{1B}[1m"))
    }
    return spans
  }

  private static func style(of kind: Highlighter.Kind) -> String? {
    switch kind {
    case .keyword, .verb, .clauseWord: "\u{1B}[1;35m"
    case .number: "\u{1B}[36m"
    case .text: "\u{1B}[32m"
    case .comment: "\u{1B}[2m"
    case .name, .symbol: nil
    }
  }

  /// The places of a bracket at or before the cursor and of the one that belongs to it.
  private static func matchingBrackets(
    _ text: [Unicode.Scalar], _ isPlain: [Bool], _ cursor: Int
  ) -> [Int] {
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
}
