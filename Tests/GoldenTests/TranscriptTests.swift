/// Transcripts and examples: each program's output is kept in a file beside it.
///
/// `UPDATE_GOLDEN=1` writes the files anew; the changes are then reviewed like code.
import Foundation
import Testing

@Suite(.enabled(if: LibraryExamples.isAlive), .serialized)
struct TranscriptTests {
  @Test(arguments: transcripts)
  func transcript(of path: String) throws {
    let isFile = path.contains("/Transcripts/files/")
    let output = isFile ? try Transcript.ran(path) : Transcript.typed(try text(of: path))
    try compare(output, with: path)
  }

  @Test(arguments: programs(in: "examples"))
  func example(_ path: String) throws {
    try compare(try Transcript.ran(path), with: path)
  }

  private func compare(_ output: String, with path: String) throws {
    let file = root.appending(path: String(path.dropLast(4)) + ".out")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      try output.write(to: file, atomically: true, encoding: .utf8)
      return
    }
    guard let expected = try? String(contentsOf: file, encoding: .utf8) else {
      Issue.record("\(file.lastPathComponent) is missing: `make golden` writes it")
      return
    }
    if output == expected { return }
    let (got, wanted) = (
      output.components(separatedBy: "\n"), expected.components(separatedBy: "\n")
    )
    let line = zip(got, wanted).prefix { $0 == $1 }.count
    let from = max(0, line - 3)
    let excerpt = { (lines: [String]) in
      lines.dropFirst(from).prefix(8).joined(separator: "\n")
    }
    Issue.record(
      """
      \(path) differs from line \(line + 1) of its output on; `make golden` accepts it.
      --- expected
      \(excerpt(wanted))
      --- got
      \(excerpt(got))
      """)
  }
}
