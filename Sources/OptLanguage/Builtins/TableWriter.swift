/// Values as text for files: separated values with all digits.
import OptNumerics
import OptSyntax

struct TableWriter {
  private let call: Call
  init(_ call: Call) { self.call = call }

  func text(_ value: Value) throws -> String {
    switch value {
    case .text(let text): return text.string
    case .table(let table): return self.table(table)
    case .number(let x): return DecimalNumber.text(x) + "\n"
    case .boolean(let b): return b ? "1\n" : "0\n"
    case .matrix(let m):
      var result = ""
      for i in 0..<m.rows {
        for j in 0..<m.columns {
          if j > 0 { result += "," }
          result += DecimalNumber.text(m[i, j])
        }
        result += "\n"
      }
      return result
    case .record(let record): return try self.record(record)
    case .list(let list): return try self.list(list.items)
    default:
      throw Diagnostic(
        .error, "`write` cannot write \(value.kindDescription)", at: call.span(0),
        help: "it writes tables, matrices, records, lists and texts")
    }
  }

  private func table(_ table: Table) -> String {
    var lines = [table.names.map(Self.cell).joined(separator: ",")]
    lines.reserveCapacity(table.rowCount + 1)
    for i in 0..<table.rowCount {
      lines.append(
        table.columns.map { column in
          switch column {
          case .numbers(let m): m.buffer[i].isNaN ? "" : DecimalNumber.text(m.buffer[i])
          case .texts(let texts): Self.cell(texts[i])
          }
        }.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A column for each field, all of the same length.
  private func record(_ record: Record) throws -> String {
    var columns: [Table.Column] = []
    var rowCount: Int?
    for (name, value) in zip(record.names, record.values) {
      let (column, count) = try self.column(value, name)
      if let rowCount, rowCount != count {
        throw call.fail(
          "the fields of the record have \(rowCount) and \(count) elements", 0,
          help: "a record is written as columns of the same length")
      }
      rowCount = count
      columns.append(column)
    }
    return table(Table(names: record.names, columns: columns, rowCount: rowCount ?? 0))
  }

  private func column(_ value: Value, _ name: String) throws -> (Table.Column, Int) {
    switch value {
    case .text(let text): return (.texts([text.string]), 1)
    case .list(let list):
      let texts = list.items.compactMap { item -> String? in
        if case .text(let text) = item { return text.string }
        return item.scalar.map(DecimalNumber.text)
      }
      if texts.count == list.items.count { return (.texts(texts), texts.count) }
    default:
      if let m = value.matrix, m.isVector {
        return (.numbers(m.reshaped(rows: m.count, columns: 1)), m.count)
      }
    }
    throw call.fail("the field `\(name)` is \(value.kindDescription), not a column", 0)
  }

  /// A row for each record, or a line for each text.
  private func list(_ items: [Value]) throws -> String {
    var records: [Record] = []
    for case .record(let record) in items { records.append(record) }
    guard let first = records.first, records.count == items.count else {
      return try items.map { item in
        switch item {
        case .text(let text): Self.cell(text.string)
        default:
          if let m = item.matrix, m.isVector {
            m.elements.map(DecimalNumber.text).joined(separator: ",")
          } else {
            throw call.fail("`write` cannot write a list with \(item.kindDescription)", 0)
          }
        }
      }.map { $0 + "\n" }.joined()
    }
    for record in records where record.names != first.names {
      throw call.fail("the records of the list have different fields", 0)
    }
    let columns = try first.names.indices.map { k in
      try column(.list(records.map { $0.values[k] }), first.names[k]).0
    }
    return table(Table(names: first.names, columns: columns, rowCount: records.count))
  }

  /// Quoted where it would not be read back as it is.
  private static func cell(_ text: String) -> String {
    let needsQuotes =
      text.contains { $0 == "," || $0 == ";" || $0 == "\t" || $0 == "\"" || $0.isNewline }
      || text.hasPrefix(" ") || text.hasSuffix(" ")
    guard needsQuotes else { return text }
    var result = "\""
    for character in text { result += character == "\"" ? "\"\"" : String(character) }
    return result + "\""
  }
}
