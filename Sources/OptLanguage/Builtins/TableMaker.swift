/// From cells to a table: names of columns, and which of them hold numbers.
import OptNumerics
import OptSyntax

struct TableMaker {
  private let reader: CSVReader
  private let texts: [String]
  private let hasHeader: Bool

  init(_ reader: CSVReader, texts: [String], header: Bool?) throws(CSVReader.Problem) {
    guard !reader.lines.isEmpty else {
      throw CSVReader.Problem(line: 0, message: "the file is empty")
    }
    self.reader = reader
    self.texts = texts
    let first = reader.cells[..<reader.width]
    let isData =
      first.contains { reader.number($0) != nil }
      && first.allSatisfy { reader.number($0) != nil || reader.isMissing($0) }
    hasHeader = header ?? !isData
  }

  func table() throws(CSVReader.Problem) -> Table {
    let first = hasHeader ? 1 : 0
    let rowCount = reader.lines.count - first
    var (names, originals) = self.names()
    var columns: [Table.Column] = []
    let wanted = try textColumns(names, originals)
    for j in 0..<reader.width {
      columns.append(try column(j, from: first, rowCount, named: names[j], isText: wanted[j]))
    }
    // A separator at the end of every line makes no column.
    if reader.width > 1, hasHeader, originals.last == "", rowCount > 0,
      case .numbers(let last)? = columns.last, last.elements.allSatisfy(\.isNaN)
    {
      columns.removeLast()
      names.removeLast()
    }
    return Table(names: names, columns: columns, rowCount: rowCount)
  }

  // MARK: Names

  private func names() -> (names: [String], originals: [String]) {
    var taken: Set<String> = []
    var names: [String] = []
    var originals: [String] = []
    for j in 0..<reader.width {
      let original = hasHeader ? reader.text(reader.cells[j]) : ""
      let base = Self.usable(original) ?? "c\(j + 1)"
      var name = base
      var k = 2
      while !taken.insert(name).inserted {
        name = "\(base)_\(k)"
        k += 1
      }
      names.append(name)
      originals.append(original)
    }
    return (names, originals)
  }

  /// A text as a name: other characters become `_`.
  static func usable(_ text: String) -> String? {
    var name = ""
    for scalar in text.unicodeScalars {
      if scalar.continuesName {
        name.unicodeScalars.append(scalar)
      } else if !name.isEmpty, name.last != "_" {
        name.append("_")
      }
    }
    while name.hasSuffix("_"), !text.hasSuffix("_") { name.removeLast() }
    guard let first = name.unicodeScalars.first else { return nil }
    return first.beginsName ? name : "_" + name
  }

  private func textColumns(
    _ names: [String], _ originals: [String]
  ) throws(CSVReader.Problem) -> [Bool] {
    var wanted = [Bool](repeating: false, count: names.count)
    for text in texts {
      guard let j = names.firstIndex(of: text) ?? originals.firstIndex(of: text) else {
        let near = Suggestions.nearest(text, in: names)
        throw CSVReader.Problem(
          line: 0, message: "there is no column `\(text)`",
          help: near.isEmpty
            ? "it has: \(names.prefix(12).joined(separator: ", "))"
            : "did you mean `\(near.joined(separator: "` or `"))`?")
      }
      wanted[j] = true
    }
    return wanted
  }

  // MARK: Columns

  private func column(
    _ j: Int, from first: Int, _ rowCount: Int, named name: String, isText: Bool
  ) throws(CSVReader.Problem) -> Table.Column {
    let numbers = Buffer(uninitialized: rowCount)
    var good = 0
    var bad: [Int] = []
    if !isText {
      for i in 0..<rowCount {
        let cell = reader.cells[(i + first) * reader.width + j]
        if let x = reader.number(cell) {
          numbers[i] = x
          good += 1
        } else {
          numbers[i] = .nan
          if !reader.isMissing(cell) { bad.append(i) }
        }
      }
      if bad.isEmpty { return .numbers(Matrix(numbers, rows: rowCount, columns: 1)) }
      // A few words among many numbers are slips of the pen.
      if bad.count * 3 <= good || (bad.count == 1 && good > 1) {
        let row = bad[0] + first
        throw CSVReader.Problem(
          line: reader.lines[row],
          message: "the column `\(name)` has \(quoted(row, j)) among its numbers"
            + (bad.count > 1 ? ", and \(bad.count - 1) more" : ""),
          help:
            "a missing number is an empty cell or NA; `text = [\"\(name)\"]` reads the column as "
            + "texts")
      }
    }
    return .texts((0..<rowCount).map { reader.text(reader.cells[($0 + first) * reader.width + j]) })
  }

  private func quoted(_ row: Int, _ j: Int) -> String {
    let text = reader.text(reader.cells[row * reader.width + j])
    return "\"\(text.count > 40 ? String(text.prefix(40)) + "…" : text)\""
  }
}
