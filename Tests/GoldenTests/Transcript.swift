/// Runs programs the way a person sees them: what was typed, then what came back.
import Foundation
import OptLanguage
import OptSyntax

/// Turns programs into transcripts.
enum Transcript {
  /// Types a program statement by statement: each is echoed after `> `, its further lines after two
  /// blanks, and followed by what it shows, prints and reports.
  static func typed(_ program: String) -> String {
    enterRoot()
    let lines = Lines()
    let session = Session { lines.append($0) }
    for (number, statement) in statements(of: program).enumerated() {
      let source = statement.components(separatedBy: "\n")
      for (k, line) in source.enumerated() {
        lines.all.append(line.isEmpty ? "" : (k == 0 ? "> " : "  ") + line)
      }
      _ = session.run(statement, name: "<input \(number + 1)>")
    }
    return masked(lines.all)
  }

  /// The output of a program run as a file, and how it ended unless all was well.
  static func ran(_ path: String) throws -> String {
    enterRoot()
    let lines = Lines()
    let session = Session { lines.append($0) }
    let status = session.run(try text(of: path), name: path)
    if status != .succeeded { lines.all.append("(\(status))") }
    return masked(lines.all)
  }

  /// Collects output; a class, because sessions keep a closure.
  private final class Lines {
    var all: [String] = []

    func append(_ event: SessionEvent) {
      switch event {
      case .shown(let text, _), .printed(let text): all.append(text)
      case .diagnostic(let diagnostic): all.append(DiagnosticRenderer.render(diagnostic))
      case .progress: break
      }
    }
  }

  /// Splits a program where someone at a prompt would press Enter: after a line that completes a
  /// statement, unless the next one continues it. Help lines stay with what they describe.
  static func statements(of program: String) -> [String] {
    let continuing = ["else", "then", "|>"] + Words.clauses.subtracting(["of"]).sorted()
    var found: [String] = []
    var open: [String] = []
    var lines = program.components(separatedBy: "\n")
    while lines.last?.isEmpty == true { lines.removeLast() }
    for (k, line) in lines.enumerated() {
      if open.isEmpty, line.trimmingCharacters(in: .whitespaces).isEmpty { continue }
      open.append(line)
      let next = k + 1 < lines.count ? lines[k + 1].trimmingCharacters(in: .whitespaces) : ""
      let first = next.prefix { !$0.isWhitespace && $0 != "(" }
      if continuing.contains(String(first)) || line.hasPrefix("##") { continue }
      let text = open.joined(separator: "\n")
      if Parser.parse(SourceText(name: "<input>", text: text)).isIncomplete { continue }
      found.append(text)
      open = []
    }
    if !open.isEmpty { found.append(open.joined(separator: "\n")) }
    return found
  }

  /// Durations differ from run to run; what rounding leaves over and the memory of the
  /// computer differ from machine to machine.
  private static func masked(_ lines: [String]) -> String {
    lines.joined(separator: "\n").components(separatedBy: "\n").map { line in
      line.replacing(#/\d+(\.\d+)? (µs|ms|s)(?=$| · )/#, with: "…")
        .replacing(#/(\|∇L?\| = |\|residual\| = |relative error )[\d.]+e-\d+/#) {
          "\($0.output.1)…"
        }
        .replacing(#/(matrix may take up to )\d+(\.\d+)? GB/#) { "\($0.output.1)… GB" }
    }.joined(separator: "\n") + "\n"
  }
}
