/// Checkpoints in files: `until steps = 1000, checkpoint = "run.txt"` and `resume "run.txt"`.
import OptNumerics
import OptSolvers
import OptSyntax

/// What a run must share with a saved one to go on from it.
struct RunSubject: Equatable {
  var method: String
  /// Name and value of every option.
  var options: [String]
  /// Names and sizes.
  var variables: [String]

  var lines: [String] {
    [method, options.joined(separator: "\t"), variables.joined(separator: "\t")]
  }

  init(method: String, options: [String], variables: [String]) {
    self.method = method
    self.options = options
    self.variables = variables
  }

  init(lines: [String]) {
    method = lines[0]
    options = lines[1].split(separator: "\t").map(String.init)
    variables = lines[2].split(separator: "\t").map(String.init)
  }

  /// What differs from a saved run, and nothing else.
  func difference(from saved: RunSubject) -> String {
    if method != saved.method {
      return "`\(saved.method)` saved it, and this run is one of `\(method)`"
    }
    func pair(_ here: [String], _ there: [String]) -> (saved: String, here: String) {
      let different = { (a: [String], b: [String]) in
        a.filter { !b.contains($0) }.joined(separator: ", ")
      }
      return (different(there, here), different(here, there))
    }
    let isOption = variables == saved.variables
    let names =
      isOption ? pair(options, saved.options) : pair(variables, saved.variables)
    let what = isOption ? "" : "variables "
    return "it was saved with \(what)\(names.saved), and this run has \(names.here)"
  }
}

/// The text of a checkpoint: a line that says what it is, three that say of which run, a line a row
/// with the shortest digits that give the same bits back, and a sum over all of it.
struct CheckpointFile {
  var subject: RunSubject
  var rows: [ArchiveRow]

  private static let title = "optrepl checkpoint 2"

  var bytes: [UInt8] {
    var text = ([Self.title] + subject.lines).joined(separator: "\n") + "\n"
    for row in rows {
      text += row.name
      for number in row.numbers { text += " \(number)" }
      text += "\n"
    }
    let bytes = Array(text.utf8)
    return bytes + Array("end \(Self.sum(bytes[...]))\n".utf8)
  }

  init(subject: RunSubject, rows: [ArchiveRow]) {
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
    let lines = bytes.split(separator: 10, omittingEmptySubsequences: false).dropLast()
    guard let last = lines.last, lines.count >= 5,
      String(decoding: last, as: UTF8.self) == "end \(Self.sum(bytes[..<last.startIndex]))"
    else { throw damaged("is a damaged checkpoint: its end does not fit the rest") }
    subject = RunSubject(lines: lines[1...3].map { String(decoding: $0, as: UTF8.self) })
    rows = try lines[4..<(lines.count - 1)].map { line in
      let words = line.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
      let numbers = words.dropFirst().compactMap { Double($0) }
      guard numbers.count == words.count - 1, let name = words.first else {
        throw damaged("is a damaged checkpoint")
      }
      return ArchiveRow(name: name, numbers: numbers)
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
    let subject = RunSubject(
      method: label, options: method.options.map { "\($0.name) = \($0.value)" },
      variables: layout.map { "\($0.name) \($0.rows)×\($0.columns)" })
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
            notes: [subject.difference(from: file.subject)])
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
