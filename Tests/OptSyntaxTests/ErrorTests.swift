/// Every error as the user sees it: `Errors/X.opt` has the mistakes, `Errors/X.out` what is said.
/// `UPDATE_GOLDEN=1` writes the latter anew.

import Foundation
import OptSyntax
import Testing

@Suite struct ErrorTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "Errors")

  static var names: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".opt") }.map { String($0.dropLast(4)) }.sorted()
  }

  @Test(arguments: names) func isSaid(_ name: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: "\(name).opt"), encoding: .utf8)
    let result = Parser.parse(SourceText(name: "<\(name)>", text: text))
    let said =
      result.diagnostics.map { DiagnosticRenderer.render($0) }.joined(separator: "\n\n") + "\n"
    let golden = Self.folder.appending(path: "\(name).out")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try said.write(to: golden, atomically: true, encoding: .utf8)
    }
    #expect(said == (try String(contentsOf: golden, encoding: .utf8)))
  }

  /// In these files every line is a mistake, and a mistake in one hides none in another.
  @Test(arguments: ["foreign", "products", "brackets", "indices", "definitions", "sentences"])
  func isSaidForEveryLine(_ name: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: "\(name).opt"), encoding: .utf8)
    let source = SourceText(name: "<\(name)>", text: text)
    let wrong = Set(
      Parser.parse(source).diagnostics.map { diagnostic in
        source.lineStarts.lastIndex { $0 <= diagnostic.span.start } ?? 0
      })
    for (number, line) in text.split(separator: "\n").enumerated() {
      #expect(wrong.contains(number), "no error for \(line)")
    }
  }

  @Test(arguments: [
    "(", "f(1,", "[1, 2", "{", "x = 1 +", "minimize x from", "f(x) =", "if a then", "x ->",
    "minimize", "f(x) = {\n  y = 1\n", "x |>", "[1,\n2", "a and", "fit y ~",
    "for i in 1:3 {", "-", "√", "f(x = (a = ",
  ])
  func isIncomplete(_ text: String) {
    #expect(parse(text).isIncomplete)
    #expect(!Highlighter.isComplete(text))
    #expect(parse(text).diagnostics.count == 1)
  }

  @Test(arguments: [
    "", "x", "x = 1;", "f(x) = x", "x = @ (", ")", "\"abc", "x = (1 2", "if a { b }", "# x (",
    "minimize x from x = 0", "help +", "\"{x", "[1 2", "x[0",
  ])
  func isComplete(_ text: String) {
    #expect(!parse(text).isIncomplete)
    #expect(Highlighter.isComplete(text))
  }

  /// The place of an error, between the marks.
  @Test(arguments: [
    "x = 1️⃣'2️⃣abc'", "minimize f(x) from x = 0 subject to y 1️⃣=2️⃣ 2", "1️⃣minimise2️⃣ f(x) from x = 0",
    "θ = 1️⃣[2️⃣1, 2", "f(x, 1️⃣x2️⃣) = 1", "x[1️⃣-12️⃣]", "\"äö{a 1️⃣@2️⃣ b}\"", "(a1️⃣,2️⃣ b)",
    "r = 1 + 1️⃣minimize2️⃣ x from x = 0", "\r\n\r\n  a1️⃣)2️⃣", "x = (1 +1️⃣2️⃣",
  ])
  func isInItsPlace(_ marked: String) throws {
    let (text, place) = try unmark(marked)
    let result = parse(text)
    #expect(result.diagnostics.map { Int($0.span.start)..<Int($0.span.end) } == [place])
  }

  @Test(arguments: [
    ("1️⃣f(2x + 1)2️⃣ + 3", "(call f (+ (_ 2 x) 1))"), ("a + 1️⃣(b c)2️⃣", "(_ b c)"),
    ("1️⃣θ̄²2️⃣", "(^ θ̄ 2)"), ("f(1️⃣x -> x2️⃣, 2)", "(-> (x) x)"), ("x = 1️⃣[1, 2]2️⃣;", "[ 1 2 ]"),
    ("\"{1️⃣a + b2️⃣:.2f}\"", "(+ a b)"), ("1️⃣-x2️⃣ y", "(- x)"), ("1️⃣A'2️⃣*b", "(prime A)"),
  ])
  func nodeIsInItsPlace(_ row: (marked: String, outline: String)) throws {
    let (text, place) = try unmark(row.marked)
    let tree = read(text)
    let span = (0..<tree.nodes.count).map { NodeID(index: Int32($0)) }.first {
      Outline(tree: tree).of($0) == row.outline
    }.map { tree.span(of: $0) }
    #expect(span.map { Int($0.start)..<Int($0.end) } == place)
  }

  /// Takes the marks out of a text.
  private func unmark(_ marked: String) throws -> (text: String, place: Range<Int>) {
    let start = try #require(marked.range(of: "1️⃣"))
    let end = try #require(marked.range(of: "2️⃣"))
    let before = String(marked[..<start.lowerBound])
    let inside = String(marked[start.upperBound..<end.lowerBound])
    let first = before.utf8.count
    return (
      before + inside + marked[end.upperBound...], first..<(first + inside.utf8.count)
    )
  }
}
