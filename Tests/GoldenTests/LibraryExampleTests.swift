/// Every `## Example:` line of the library is true, and every definition has help.
import Foundation
import OptLanguage
import OptSyntax
import Testing

/// The examples in the library's help.
enum LibraryExamples {
  /// Whether a session evaluates anything yet.
  static let isAlive = output(of: "print(1 + 1)") == ["2"]

  /// An example with the file it stands in.
  struct Example: Sendable, CustomTestStringConvertible {
    var file: String
    var expression: String
    var testDescription: String { "\(file): \(expression)" }
  }

  static let examples: [Example] = programs(in: "stdlib").flatMap { file -> [Example] in
    let lines = (try? text(of: file).components(separatedBy: "\n")) ?? []
    return lines.compactMap { line in
      line.hasPrefix("## Example: ")
        ? Example(file: file, expression: String(line.dropFirst("## Example: ".count))) : nil
    }
  }

  /// What a program prints and reports.
  static func output(of program: String) -> [String] {
    final class Lines { var all: [String] = [] }
    let lines = Lines()
    let session = Session { event in
      switch event {
      case .printed(let text): lines.all.append(text)
      case .diagnostic(let diagnostic): lines.all.append(DiagnosticRenderer.render(diagnostic))
      default: break
      }
    }
    _ = session.run(program, name: "<example>")
    return lines.all
  }
}

@Suite struct LibraryExampleTests {
  @Test(.enabled(if: LibraryExamples.isAlive), arguments: LibraryExamples.examples)
  func isTrue(_ example: LibraryExamples.Example) {
    #expect(LibraryExamples.output(of: "print(all(\(example.expression)))") == ["true"])
  }

  @Test(arguments: LibraryExamples.examples)
  func canBeRead(_ example: LibraryExamples.Example) {
    let text = "all(\(example.expression))"
    let result = Parser.parse(SourceText(name: example.file, text: text))
    #expect(result.diagnostics.map { DiagnosticRenderer.render($0) } == [])
  }

  @Test(arguments: programs(in: "stdlib"))
  func everyDefinitionHasHelp(_ path: String) throws {
    let tree = Parser.parse(SourceText(name: path, text: try text(of: path))).tree
    for id in tree.statements {
      guard case .definition(let definition) = tree[id] else {
        Issue.record("\(path) holds something that is not a definition")
        continue
      }
      let first = definition.help?.split(separator: "\n").first ?? ""
      #expect(!first.isEmpty, "\(definition.name) has no help")
      #expect(first.count <= 100)
    }
  }
}
