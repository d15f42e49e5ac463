/// The documentation is true: its programs run, its sessions show what the program shows, and its
/// links lead somewhere.
///
/// A fenced `opt` block is a session if one of its lines begins with `> `, else a program. All
/// blocks of a page belong to one session, from the top of the page to its end. `UPDATE_GOLDEN=1`
/// writes the outputs anew.
import Foundation
import OptLanguage
import OptSyntax
import Testing

@Suite(.serialized) struct DocumentTests {
  static let pages: [String] = {
    let docs = root.appending(path: "docs").path()
    let files = FileManager.default.enumerator(atPath: docs)?.allObjects as? [String] ?? []
    return ["README.md"] + files.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }.sorted()
  }()

  @Test(arguments: pages)
  func blocksShowWhatTheProgramShows(_ path: String) throws {
    enterRoot()
    var page = Document(try text(of: path))
    let reader = PageReader()
    for block in page.blocks {
      let expected = Array(page.lines[block])
      let shown = reader.read(expected)
      if let trouble = shown.trouble {
        Issue.record("\(path), line \(block.lowerBound + 1): \(trouble)")
      }
      if Document.masked(shown.lines) == Document.masked(expected) { continue }
      page.replacements.append((block, shown.lines))
    }
    if page.replacements.isEmpty { return }
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      try page.replaced.write(to: root.appending(path: path), atomically: true, encoding: .utf8)
      return
    }
    for (block, lines) in page.replacements {
      Issue.record(
        """
        \(path), line \(block.lowerBound + 1): the program shows something else; `make golden` \
        accepts it.
        --- expected
        \(page.lines[block].joined(separator: "\n"))
        --- got
        \(lines.joined(separator: "\n"))
        """)
    }
  }

  @Test(arguments: pages)
  func linksLeadSomewhere(_ path: String) throws {
    let folder = root.appending(path: path).deletingLastPathComponent()
    for match in try text(of: path).matches(of: #/\]\(([^)#\s]+)(#[^)]*)?\)/#) {
      let target = String(match.1)
      if target.contains(":") { continue }
      let file = folder.appending(path: target).path()
      #expect(FileManager.default.fileExists(atPath: file), "\(path) links to \(target)")
    }
  }
}

/// A page of Markdown, line by line.
struct Document {
  let lines: [String]
  /// The lines inside of each fenced `opt` block.
  let blocks: [Range<Int>]
  /// What is to stand in some of the blocks instead.
  var replacements: [(block: Range<Int>, lines: [String])] = []

  init(_ text: String) {
    lines = text.components(separatedBy: "\n")
    var blocks: [Range<Int>] = []
    var start: Int?
    for (k, line) in lines.enumerated() {
      if let first = start {
        guard line == "```" else { continue }
        blocks.append(first..<k)
        start = nil
      } else if line == "```opt" {
        start = k + 1
      }
    }
    self.blocks = blocks
  }

  /// The page with the replacements made.
  var replaced: String {
    var all = lines
    for (block, lines) in replacements.reversed() { all.replaceSubrange(block, with: lines) }
    return all.joined(separator: "\n")
  }

  /// Durations at line ends differ from run to run.
  static func masked(_ lines: [String]) -> [String] {
    lines.map { $0.replacing(#/\d+(\.\d+)? (µs|ms|s)(?=$| · )/#, with: "…") }
  }
}

/// Runs the blocks of one page in one session.
private final class PageReader {
  private var shown: [String] = []
  private var errors: [String] = []
  private var inputCount = 0
  private lazy var session = Session { [unowned self] in receive($0) }

  private func receive(_ event: SessionEvent) {
    switch event {
    case .shown(let text, _), .printed(let text): shown += text.components(separatedBy: "\n")
    case .diagnostic(let diagnostic):
      let text = DiagnosticRenderer.render(diagnostic)
      shown += text.components(separatedBy: "\n")
      errors.append(text)
    case .progress: break
    }
  }

  /// What a block should look like, and what is wrong with a program.
  func read(_ block: [String]) -> (lines: [String], trouble: String?) {
    guard block.contains(where: { $0.hasPrefix("> ") }) else {
      errors = []
      let status = session.run(block.joined(separator: "\n"), name: "<page>")
      return (block, status == .succeeded ? nil : errors.first ?? "ends \(status)")
    }
    shown = []
    for input in Self.inputs(of: block) {
      inputCount += 1
      shown += input.enumerated().map { k, line in (k == 0 ? "> " : "  ") + line }
      _ = session.run(input.joined(separator: "\n"), name: "<input \(inputCount)>")
    }
    return (shown, nil)
  }

  /// What was typed in a session: lines after `> `, with the lines below that continue them.
  private static func inputs(of block: [String]) -> [[String]] {
    var inputs: [[String]] = []
    var isOpen = false
    for line in block {
      if line.hasPrefix("> ") {
        inputs.append([String(line.dropFirst(2))])
        isOpen = true
      } else if isOpen, line.hasPrefix("  "), continues(line, inputs[inputs.count - 1]) {
        inputs[inputs.count - 1].append(String(line.dropFirst(2)))
      } else {
        isOpen = false
      }
    }
    return inputs
  }

  private static func continues(_ line: String, _ input: [String]) -> Bool {
    let text = line.trimmingCharacters(in: .whitespaces)
    let word = String(text.prefix { !$0.isWhitespace && $0 != "(" })
    if ["else", "then", "|>"].contains(word) || Words.clauses.contains(word) { return true }
    if input.last?.hasPrefix("##") == true { return true }
    let source = SourceText(name: "<input>", text: input.joined(separator: "\n"))
    return Parser.parse(source).isIncomplete
  }
}
