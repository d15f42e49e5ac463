/// `read` and `write`: tables in files of separated values, and texts.
import OptNumerics
import OptSyntax

extension Builtins {
  static let files: [Builtin] = [
    Builtin(
      "read(file, text = nothing, header = nothing)",
      "The table in a file of values separated by `,`, `;` or tab; a file that does not end in "
        + "`.csv`, `.tsv`, `.data` or `.dat` as a text. Empty cells, NA, nan, ? and null are "
        + "missing. `text` lists columns that are texts although they look like numbers, `header` "
        + "says whether the first row holds names.",
      examples: [
        "{ write([1, 2; 3, 4], \"/tmp/optrepl-example.csv\"); "
          + "matrix(read(\"/tmp/optrepl-example.csv\")) == [1, 2; 3, 4] }"
      ]
    ) { try read($0) },
    Builtin(
      "write(value, file)",
      "Writes a table, matrix, record or list as separated values with all digits, or a text as it "
        + "is.",
      examples: [
        "{ write(\"π\", \"/tmp/optrepl-example.txt\"); read(\"/tmp/optrepl-example.txt\") == \"π\" }"
      ]
    ) { try write($0) },
  ]

  private static func read(_ call: Call) throws -> Value {
    guard case .text(let name) = call[0] else {
      throw call.wants("the name of a file", call[0], call.span(0))
    }
    let file = name.string
    let machine = call.machine
    let path = machine.resolvedPath(file)
    let text = try machine.readText(path, shownAs: file, call.span(0))
    let end = file.lowercased()
    guard [".csv", ".tsv", ".data", ".dat"].contains(where: { end.hasSuffix($0) }) else {
      return .text(text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text)
    }
    let texts = call.has(1) ? try names(call[1], call) : []
    let header = call.has(2) ? try call.flag(2) : nil
    do throws(CSVReader.Problem) {
      let reader = try CSVReader(Array(text.utf8), separator: end.hasSuffix(".tsv") ? 9 : nil)
      let table = try TableMaker(reader, texts: texts, header: header).table()
      noteMissing(table, file, call)
      return .table(table)
    } catch {
      let place = error.line > 0 ? "`\(file)`, line \(error.line)" : "`\(file)`"
      throw call.fail("\(place): \(error.message)", 0, help: error.help)
    }
  }

  /// Says which columns have values that are not there.
  private static func noteMissing(_ table: Table, _ file: String, _ call: Call) {
    var count = 0
    var names: [String] = []
    for (name, column) in zip(table.names, table.columns) {
      guard case .numbers(let m) = column else { continue }
      let missing = m.elements.reduce(0) { $0 + ($1.isNaN ? 1 : 0) }
      if missing > 0 { names.append("`\(name)`") }
      count += missing
    }
    guard count > 0 else { return }
    let shown = names.count > 5 ? names.prefix(4) + ["\(names.count - 4) more"] : names[...]
    let list =
      shown.count > 1
      ? shown.dropLast().joined(separator: ", ") + " and " + (shown.last ?? "")
      : shown.joined()
    let what = count == 1 ? "1 missing value is nan" : "\(count) missing values are nan"
    call.machine.output(
      .diagnostic(Diagnostic(.note, "`\(file)`: \(what), in \(list)", at: call.span(0))))
  }

  private static func names(_ value: Value, _ call: Call) throws -> [String] {
    let items: [Value]
    if case .list(let list) = value { items = list.items } else { items = [value] }
    return try items.map { item in
      guard case .text(let text) = item else {
        throw call.wants("names of columns", item, call.span(1))
      }
      return text.string
    }
  }

  private static func write(_ call: Call) throws -> Value {
    guard case .text(let file) = call[1] else {
      var help: String?
      if case .text = call[0] { help = "the value comes first: `write(value, file)`" }
      throw Diagnostic(
        .error, "`write` wants the name of a file, found \(call[1].kindDescription)",
        at: call.span(1), help: help)
    }
    guard call.machine.tracer == nil else {
      throw call.fail("`write` cannot stand in a function that is differentiated or mapped")
    }
    let text = try TableWriter(call).text(call[0])
    let path = call.machine.resolvedPath(file.string)
    if let problem = FileAccess.write(Array(text.utf8), to: path) {
      throw call.fail("cannot write `\(file.string)`: \(problem.reason)", 1)
    }
    return .nothing
  }
}
