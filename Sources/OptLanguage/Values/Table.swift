/// Named columns of equal length.
import OptNumerics
import OptSyntax

/// A table: what `read` gives for a CSV file, and the trace of a run.
package final class Table {
  package enum Column {
    /// A missing cell is NaN.
    case numbers(Matrix)
    case texts([String])
  }

  package let names: [String]
  package let columns: [Column]
  package let rowCount: Int

  /// All columns have `rowCount` elements.
  package init(names: [String], columns: [Column], rowCount: Int) {
    self.names = names
    self.columns = columns
    self.rowCount = rowCount
  }

  package func column(_ name: String) -> Value? {
    names.firstIndex(of: name).map { value(of: columns[$0]) }
  }

  package func value(of column: Column) -> Value {
    switch column {
    case .numbers(let m): Value(m)
    case .texts(let strings): .list(strings.map { .text($0) })
    }
  }

  /// One row as a record.
  package func row(_ k: Int) -> Value {
    .record(
      Record(
        names: names,
        values: columns.map { column in
          switch column {
          case .numbers(let m): .number(m.buffer[k])
          case .texts(let strings): .text(strings[k])
          }
        }))
  }

  /// Some rows and columns, by 0-based positions.
  package func part(rows: [Int], columns chosen: [Int]) -> Table {
    Table(
      names: chosen.map { names[$0] },
      columns: chosen.map { k in
        switch columns[k] {
        case .numbers(let m):
          .numbers(Matrix(rows.map { m.buffer[$0] }, rows: rows.count, columns: 1))
        case .texts(let strings): .texts(rows.map { strings[$0] })
        }
      }, rowCount: rows.count)
  }
}

extension Machine {
  /// `t[rows]`, `t[rows, columns]`, `t["name"]`.
  func tableElement(_ table: Table, _ indices: [Index], _ span: SourceSpan) throws -> Value {
    if indices.count == 1 {
      if case .key(let name, let place) = indices[0] {
        return try field(.table(table), name, place)
      }
      let rows = try offsets(indices[0], table.rowCount, "row")
      if case .position = indices[0] { return table.row(rows[0]) }
      return .table(table.part(rows: rows, columns: Array(table.names.indices)))
    }
    let rows = try offsets(indices[0], table.rowCount, "row")
    if case .key(let name, let place) = indices[1] {
      let column = try field(.table(table), name, place)
      return try element(column, [indices[0]], span)
    }
    let columns = try offsets(indices[1], table.names.count, "column")
    if case .position = indices[1] {
      return try element(table.value(of: table.columns[columns[0]]), [indices[0]], span)
    }
    if case .position = indices[0] {
      return table.part(rows: rows, columns: columns).row(0)
    }
    return .table(table.part(rows: rows, columns: columns))
  }
}
