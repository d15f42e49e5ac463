/// Nothing that can be typed or opened crashes the reader or keeps it busy, and every error has a
/// place inside the text.

import Foundation
import OptSyntax
import Testing

/// How much slower a build without optimisation is; its texts are shorter by as much.
#if DEBUG
  private let slowness = 40
#else
  private let slowness = 1
#endif

/// `count` times the same text.
private func repeated(_ text: String, _ count: Int) -> String {
  String(repeating: text, count: count / slowness)
}

/// A text too long to stand in a test's name.
struct Sample: CustomTestStringConvertible, Sendable {
  let text: String
  var name: String?

  init(_ text: String, name: String? = nil) {
    self.text = text
    self.name = name
  }

  var testDescription: String {
    name ?? String(text.unicodeScalars.prefix(20).map { $0.value < 32 ? "·" : Character($0) })
  }
}

@Suite struct RobustnessTests {
  @Test(
    arguments: [
      repeated("(", 100_000), repeated("[", 100_000),
      repeated("{", 100_000), repeated("f(", 100_000),
      repeated("(", 100_000) + "1" + repeated(")", 100_000),
      repeated("-", 100_000) + "1", repeated("√", 100_000) + "1",
      repeated("not ", 100_000) + "x", repeated("x -> ", 100_000),
      repeated("2^", 100_000) + "1",
      repeated("if a then ", 100_000),
      repeated("minimize ", 100_000), repeated("a = ", 100_000),
      repeated("f(x = ", 100_000), repeated("x[", 100_000),
      repeated("explain ", 100_000), repeated("if ", 100_000),
      repeated("\"{", 20_000), repeated("2^-", 100_000),
      repeated("for i in 1:2 {", 100_000),
      repeated("(a = ", 100_000),
      repeated("f(x) = ", 100_000), repeated("∇(", 100_000),
      repeated("if a then b else ", 100_000) + "(",
    ].map { Sample($0) })
  func deepNestingIsAnError(_ sample: Sample) {
    let text = sample.text
    let result = parse(text)
    #expect(!result.diagnostics.isEmpty)
    #expect(result.diagnostics.count <= 3)
    expectPlacesInside(result, text)
    for diagnostic in result.diagnostics {
      #expect(DiagnosticRenderer.render(diagnostic).count < 2000)
    }
  }

  @Test func deepestAllowedNestingIsRead() {
    let depth = Parser.maximumDepth / 2 - 2
    for (open, close) in [
      ("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("x[", "]"), ("∇(", ")"),
    ] {
      let text =
        String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      let tree = read(text)
      #expect(outline(SyntaxPrinter(tree: tree).print()) == outline(tree))
    }
  }

  static let chains: [Sample] = [(name: String, text: String)]([
    ("sum", "1" + repeated("+1", 1_000_000)),
    ("product", "x" + repeated(" x", 200_000)),
    ("comparison", "x" + repeated(" < x", 200_000)),
    ("primes", "x" + repeated("'", 200_000)),
    ("calls", "f" + repeated("(1)", 200_000)),
    ("indices", "f" + repeated("[1]", 200_000)),
    ("fields", "f" + repeated(".a", 200_000)),
    ("numbers beside brackets", "2" + repeated("(3)", 200_000)),
    ("else if", repeated("if a then b else ", 100_000) + "c"),
    ("vector", "[1" + repeated(", 2", 300_000) + "]"),
    ("products in a vector", "[2" + repeated("(3)", 200_000) + "]"),
    ("comprehension", "[x" + repeated(" x", 200_000) + " for x in v]"),
    ("lines", repeated("x = 1\n", 1_000_000)),
    ("comments", "x\n" + repeated("# x\n", 200_000)),
    ("continued lines", "minimize x\n" + repeated("# x\n", 200_000) + "by x"),
    ("blank lines", "x" + repeated("\n", 1_000_000)),
    ("block", "{\n" + repeated("x = 1\n", 200_000) + "}"),
    ("pipes", "x" + repeated(" |> f", 200_000)),
    ("help", repeated("## a\n", 200_000) + "f(x) = 1"),
    ("long text", "\"" + repeated("a{x}", 50_000) + "\""),
  ]).map { Sample($0.text, name: $0.name) }

  @Test(arguments: chains) func longTextIsReadAndPrinted(_ row: Sample) {
    let clock = ContinuousClock()
    var tree = SyntaxTree()
    let reading = clock.measure { tree = read(row.text) }
    var printed = ""
    let printing = clock.measure { printed = SyntaxPrinter(tree: tree).print() }
    #expect(reading < .seconds(20), "\(row.testDescription)")
    #expect(printing < .seconds(20), "\(row.testDescription)")
    #expect(SyntaxPrinter(tree: read(printed)).print() == printed)
    let formula = SyntaxPrinter(tree: tree, style: .formula).print()
    #expect(!formula.isEmpty || row.text.isEmpty)
  }

  @Test(
    arguments: [
      repeated("{", 100_000) + repeated(")", 100_000),
      repeated("@\n", 100_000), repeated("(\n", 100_000),
      repeated("f(\nx", 20_000), repeated("\"\n", 100_000),
      repeated("…", 100_000), repeated("\u{1}", 1_000_000),
      repeated("x = (1\n", 20_000), repeated("{ @ \n", 50_000),
      "a\0b", "\0", repeated(")", 100_000), "\u{FEFF}", "\u{FEFF}\u{FEFF}x",
      "\u{202E}x", "\r", "\r\r\n\r", "x =", "\\", "\"\\", "\"{", "\"{}\"", "\"{x", "##", "#",
      "1" + repeated("+1", 300_000) + " 2",
    ].map { Sample($0) })
  func wrongTextIsRefused(_ sample: Sample) {
    let text = sample.text
    let result = parse(text)
    #expect(result.diagnostics.count <= Parser.maximumErrors)
    expectPlacesInside(result, text)
    for diagnostic in result.diagnostics {
      #expect(DiagnosticRenderer.render(diagnostic).count < 3000)
    }
  }

  @Test func randomChangesOfProgramsNeverCrash() {
    var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
    let sources = Examples.all.map { Array($0.utf8) }
    let pieces = Examples.fragments.map { Array($0.utf8) }
    for _ in 0..<(20_000 / slowness) {
      var bytes = sources[random.below(sources.count)]
      for _ in 0..<(1 + random.below(4)) {
        let place = random.below(bytes.count + 1)
        switch random.below(6) {
        case 0: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        case 1 where place < bytes.count: bytes.remove(at: place)
        case 2 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + random.below(12)))
        case 4: bytes.insert(contentsOf: pieces[random.below(pieces.count)], at: place)
        default:
          let other = sources[random.below(sources.count)]
          bytes = Array(bytes[..<place]) + other.suffix(random.below(other.count))
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      let result = parse(text)
      expectPlacesInside(result, text)
      _ = Highlighter.spans(text)
      if result.diagnostics.isEmpty {
        let printed = SyntaxPrinter(tree: result.tree).print()
        let again = parse(printed)
        #expect(
          again.diagnostics.isEmpty && outline(again.tree) == outline(result.tree),
          "\(text)\n---\n\(printed)\n\(again.diagnostics.map { DiagnosticRenderer.render($0) })")
        let formula = SyntaxPrinter(tree: result.tree, style: .formula).print()
        let paper = parse(formula)
        #expect(
          paper.diagnostics.isEmpty, "\(text)\n---\n\(formula)\n\(paper.diagnostics.map(\.message))"
        )
      }
    }
  }

  @Test func randomBytesNeverCrash() {
    var random = Xorshift(state: 42)
    for _ in 0..<2_000 {
      let bytes = (0..<random.below(200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let text = String(decoding: bytes, as: UTF8.self)
      expectPlacesInside(parse(text), text)
    }
  }

  /// Deep texts on a small thread; unoptimised frames are eight times as large.
  @Test func nestingFitsSmallStack() {
    let texts = [
      "(", "[", "{", "f(", "x[", "(a = ", "2^", "-", "not ", "x -> ", "if a then ", "\"{", "√",
      "∇(",
      "for i in 1:2 {", "explain ", "(x -> ", "[minimize x from x = ", "f(x = {",
      "f(x = (a) -> if a ",
    ].map { String(repeating: $0, count: 1_000) }
    let finished = DispatchSemaphore(value: 0)
    let thread = Thread {
      for text in texts {
        let result = parse(text)
        if result.diagnostics.isEmpty { return }
      }
      finished.signal()
    }
    #if DEBUG
      thread.stackSize = 4 * 1024 * 1024
    #else
      thread.stackSize = 512 * 1024
    #endif
    thread.start()
    #expect(finished.wait(timeout: .now() + 20) == .success)
  }

  private func expectPlacesInside(_ result: ParseResult, _ text: String) {
    let size = Int32(clamping: text.utf8.count)
    for diagnostic in result.diagnostics {
      let span = diagnostic.span
      let isInside = span.start >= 0 && span.start <= span.end && span.end <= size
      #expect(
        span.source != nil && isInside, "\(diagnostic.message) at \(span.start)..<\(span.end)")
      #expect(!diagnostic.message.isEmpty)
    }
  }
}

/// Random numbers that are the same in every run.
struct Xorshift: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  mutating func below(_ limit: Int) -> Int { limit <= 0 ? 0 : Int(next() % UInt64(limit)) }
}
