/// Checkpoints in files: `until steps = 1000, checkpoint = "run.txt"` and `resume "run.txt"`.
import OptNumerics
import OptSolvers
import OptSyntax

/// The text of a checkpoint: a line that says what it is, one that names the sentence, a line a row
/// with the shortest digits that give the same bits back, and a sum over all of it.
struct CheckpointFile {
  /// The method and the variables with their sizes: what a run must share to go on.
  var subject: String
  var rows: [ArchiveRow]

  private static let title = "optrepl checkpoint 1"

  var bytes: [UInt8] {
    var text = "\(Self.title)\n\(subject)\n"
    for row in rows {
      text += row.name
      for number in row.numbers { text += " \(number)" }
      text += "\n"
    }
    let bytes = Array(text.utf8)
    return bytes + Array("end \(Self.sum(bytes[...]))\n".utf8)
  }

  init(subject: String, rows: [ArchiveRow]) {
    self.subject = subject
    self.rows = rows
  }

  /// Reads a file; throws a message that says what is wrong with it.
  init(_ bytes: [UInt8], path: String, _ span: SourceSpan) throws {
    func damaged(_ what: String) -> Diagnostic {
      Diagnostic(.error, "`\(path)` \(what)", at: span)
    }
    guard bytes.starts(with: Array(Self.title.utf8)) else {
      throw damaged("is no checkpoint of this version")
    }
    let lines = bytes.split(separator: 10)
    guard let last = lines.last, lines.count >= 3,
      String(decoding: last, as: UTF8.self) == "end \(Self.sum(bytes[..<last.startIndex]))"
    else { throw damaged("is a damaged checkpoint: its end does not fit the rest") }
    subject = String(decoding: lines[1], as: UTF8.self)
    rows = try lines[2..<(lines.count - 1)].map { line in
      let words = line.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
      let numbers = words.dropFirst().compactMap { Double($0) }
      guard numbers.count == words.count - 1 else { throw damaged("is a damaged checkpoint") }
      return ArchiveRow(name: words[0], numbers: numbers)
    }
  }

  /// FNV-1a.
  private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
  }
}

/// The compiled places of files in a sentence.
struct CheckpointCode {
  let save: StopsCode.Item?
  let resume: StopsCode.Item?
}

extension Compiler {
  /// The clause `resume` with its file.
  func resumeItem(_ clause: Clause) throws -> StopsCode.Item {
    guard clause.items.count == 1, case .expression(let id) = clause.items[0] else {
      throw Diagnostic(
        .error, "`resume` takes the name of one file", at: clause.span,
        help: "write `resume \"run.txt\"`")
    }
    return StopsCode.Item(name: "resume", code: try expression(id), span: span(id))
  }
}

extension Machine {
  /// What a run saves and takes up. An error in writing is told after the run.
  func checkpoint(
    _ code: CheckpointCode, _ frame: Frame, method: any Method, label: String, _ layout: [Block],
    _ objective: CostObjective
  ) throws -> Checkpoint {
    let variables = layout.map { "\($0.name) \($0.rows)×\($0.columns)" }
    let options = method.options.map { "\($0.name) = \($0.value)" }
    let subject =
      "\(label) (\(options.joined(separator: ", "))) over \(variables.joined(separator: ", "))"
    var checkpoint = Checkpoint()
    if let item = code.resume {
      let path = try fileName(item, frame)
      switch FileAccess.read(resolvedPath(path)) {
      case .failure(let problem):
        throw Diagnostic(.error, "cannot read `\(path)`: \(problem.reason)", at: item.span)
      case .success(let bytes):
        let file = try CheckpointFile(bytes, path: path, item.span)
        guard file.subject == subject else {
          throw Diagnostic(
            .error, "`\(path)` is the checkpoint of another run", at: item.span,
            notes: ["saved: \(file.subject)", "here: \(subject)"])
        }
        checkpoint.resumed = file.rows
      }
    }
    if let item = code.save {
      let path = try fileName(item, frame)
      let place = resolvedPath(path)
      checkpoint.save = { [objective] rows in
        let file = CheckpointFile(subject: subject, rows: rows)
        // The old file stays until the new one is whole.
        let draft = place + ".new"
        let problem =
          FileAccess.write(file.bytes, to: draft) ?? FileAccess.rename(draft, to: place)
        guard let problem, objective.failure == nil else { return }
        objective.failure = Diagnostic(
          .error, "cannot write `\(path)`: \(problem.reason)", at: item.span)
      }
    }
    return checkpoint
  }

  private func fileName(_ item: StopsCode.Item, _ frame: Frame) throws -> String {
    let value = try item.code(frame)
    guard case .text(let text) = value else {
      throw Diagnostic(
        .error, "`\(item.name)` wants the name of a file, found \(value.kindDescription)",
        at: item.span)
    }
    return text.string
  }
}
