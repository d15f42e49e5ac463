/// The columns of a table as a fit uses them.
import OptNumerics
import OptSyntax

/// Columns by name, all of the same number of rows.
struct FitColumns {
  private(set) var values: [String: Value] = [:]
  private(set) var rowCount = 0
  /// Rows that were left out because a cell is missing.
  private(set) var missing = 0
  /// All names of the table.
  let names: [String]

  /// The columns named `used` of a table or a record of columns; other names stay what they are
  /// outside. Rows with a missing cell among them are left out.
  init(_ table: Value, used: [String], _ span: SourceSpan) throws {
    var columns: [String: Matrix] = [:]
    switch table {
    case .table(let table):
      names = table.names
      rowCount = table.rowCount
      for name in used {
        guard let k = table.names.firstIndex(of: name) else { continue }
        switch table.columns[k] {
        case .numbers(let m): columns[name] = m
        case .texts:
          throw Diagnostic(
            .error, "the column `\(name)` holds text, and a fit wants numbers", at: span,
            help: "turn it into numbers first: `[if c == \"a\" then 1 else 0 for c in t.\(name)]`")
        }
      }
    case .record(let record) where record.report == nil:
      names = record.names
      for name in used {
        guard let value = record[name] else { continue }
        guard let matrix = value.matrix else {
          guard case .function = value else {
            throw Diagnostic(
              .error, "the column `\(name)` is \(value.kindDescription), and a fit wants numbers",
              at: span)
          }
          values[name] = value
          continue
        }
        if matrix.count == 1 { values[name] = value } else { columns[name] = matrix }
      }
      rowCount = columns.values.first?.rows ?? 1
      let rows = Set(columns.values.map(\.rows))
      if rows.count > 1 {
        let parts = used.compactMap { name in columns[name].map { "\(name) has \($0.rows)" } }
        throw Diagnostic(
          .error, "the columns have different numbers of rows", at: span,
          notes: [
            parts.joined(separator: ", ")
          ])
      }
    default:
      throw Diagnostic(
        .error,
        "a fit wants a table or a record of columns after `to`, found "
          + table.kindDescription, at: span,
        help: "write `to (x = x, y = y)`, or `to read(\"data.csv\")`")
    }
    let whole = rowCount
    let kept = (0..<whole).filter { row in
      columns.values.allSatisfy { m in
        (0..<m.columns).allSatisfy { !m.buffer[row * m.columns + $0].isNaN }
      }
    }
    rowCount = kept.count
    missing = whole - kept.count
    for (name, m) in columns {
      guard missing > 0 else {
        values[name] = Value(m)
        continue
      }
      let cells = kept.flatMap { row in
        (0..<m.columns).map { m.buffer[row * m.columns + $0] }
      }
      values[name] = .matrix(Matrix(cells, rows: kept.count, columns: m.columns))
    }
    for name in used {
      guard let m = values[name]?.matrix, let bad = m.buffer.elements.first(where: { !$0.isFinite })
      else { continue }
      throw Diagnostic(
        .error, "the column `\(name)` holds \(NumberFormat.short(bad))", at: span)
    }
  }
}
