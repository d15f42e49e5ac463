/// Pieces of an input for colouring, and that no byte is lost.

import OptSyntax
import Testing

@Suite struct LexerTests {
  @Test(arguments: [
    (
      "f(x) = 2x² # twice",
      "name f|symbol (|name x|symbol )|symbol =|number 2|name x|number ²|comment # twice"
    ),
    (
      "minimize f from x = 1e-3",
      "verb minimize|name f|clauseWord from|name x|symbol =|number 1e-3"
    ),
    ("if a then \"b{c}\"", "keyword if|name a|keyword then|text \"b{c}\""),
    ("\"open {x", "text \"open {x"), ("x = €", "name x|symbol =|symbol €"),
    ("r.from", "name r|symbol .|name from"), ("\u{FEFF}x", "name x"), ("", ""),
    ("# a\n\n## b\nx", "comment # a|comment ## b|name x"),
    ("a \u{0} b", "name a|symbol \u{0}|name b"), ("#!opt\nx", "comment #!opt|name x"),
  ])
  func isClassified(_ row: (text: String, pieces: String)) {
    let bytes = Array(row.text.utf8)
    let pieces = Highlighter.spans(row.text).map { span in
      "\(span.kind.rawValue) \(String(decoding: bytes[span.range], as: UTF8.self))"
    }
    #expect(pieces.joined(separator: "|") == row.pieces)
  }

  @Test func coversEveryByte() {
    var random = Xorshift(state: 7)
    for example in Examples.all {
      for _ in 0..<50 {
        var bytes = Array(example.utf8)
        for _ in 0..<3 {
          let piece = Examples.fragments[random.below(Examples.fragments.count)]
          bytes.insert(contentsOf: piece.utf8, at: random.below(bytes.count))
        }
        let text = String(decoding: bytes, as: UTF8.self)
        expectCovered(text)
      }
    }
    for _ in 0..<2_000 {
      let bytes = (0..<random.below(60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      expectCovered(String(decoding: bytes, as: UTF8.self))
    }
  }

  /// Spans are in order, apart, and only blanks are left out.
  private func expectCovered(_ text: String) {
    let bytes = Array(text.utf8)
    var end = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    for span in Highlighter.spans(text) + [(bytes.count..<bytes.count, .symbol)] {
      #expect(span.range.lowerBound >= end && span.range.upperBound <= bytes.count)
      guard span.range.lowerBound >= end else { return }
      let between = String(decoding: bytes[end..<span.range.lowerBound], as: UTF8.self)
      #expect(between.unicodeScalars.allSatisfy { $0.properties.isWhitespace }, "\(text)")
      end = span.range.upperBound
    }
  }

  @Test(arguments: [
    ("minimise", "minimize"), ("maximzie", "maximize"), ("sovle", "solve"), ("form", "from"),
    ("plto", "plot"), ("ot", "to"),
  ])
  func nearWordIsSuggested(_ row: (word: String, near: String)) {
    #expect(Suggestions.nearest(row.word, in: Words.all.sorted()).first == row.near)
  }

  @Test func farWordsAreNotSuggested() {
    #expect(Suggestions.nearest("xyzzy", in: Words.all).isEmpty)
    #expect(Suggestions.nearest("x", in: ["yz", "x"]).isEmpty)
    #expect(Suggestions.nearest("", in: ["a"]).isEmpty)
    #expect(Suggestions.nearest("abc", in: ["abd", "abd", "abe", "abf", "abg"]).count == 3)
  }

  @Test func foreignWordsAreNotReserved() {
    for (word, help) in Words.foreign {
      #expect(!Words.all.contains(word), "\(word)")
      #expect(!help.isEmpty)
    }
    #expect(Words.foreign["len"] == "the number of elements is `length(x)`")
    #expect(Words.foreign["range"]?.contains("1:n") == true)
    #expect(Words.foreign["True"]?.contains("true") == true)
  }
}
