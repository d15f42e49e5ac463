/// How large something is.
import OptSyntax

extension Builtins {
  static let sizes: [Builtin] = [
    Builtin(
      "length(v)",
      "The number of elements of a vector or matrix, items of a list, fields of a record, rows of "
        + "a table, characters of a text.",
      examples: ["length([1, 2, 3]) == 3", "length([1, 2; 3, 4]) == 4", "length(\"θ = 1\") == 5"]
    ) { call in
      switch call[0] {
      case .list(let list): return .number(Double(list.items.count))
      case .text(let text): return .number(Double(text.string.count))
      case .table(let table): return .number(Double(table.rowCount))
      case .record(let record): return .number(Double(record.names.count))
      default:
        guard let (rows, columns) = call[0].size else {
          throw Diagnostic(
            .error, "\(call[0].kindDescription) has no length", at: call.span(0))
        }
        return .number(Double(rows * columns))
      }
    },
    Builtin(
      "rows_of(A)", "The number of rows of a matrix or table; of a list its items.",
      examples: ["rows_of([1, 2, 3]) == 3", "rows_of([1, 2, 3]') == 1"]
    ) { .number(Double(try extent($0).rows)) },
    Builtin(
      "columns_of(A)", "The number of columns of a matrix or table.",
      examples: ["columns_of([1, 2; 3, 4]) == 2", "columns_of([1, 2, 3]) == 1"]
    ) { .number(Double(try extent($0).columns)) },
    Builtin(
      "size(A)", "The numbers of rows and columns as a vector: `zeros(size(A))` is as large as A.",
      examples: ["size([1, 2, 3]) == [3, 1]", "zeros(size([1, 2; 3, 4])) == zeros(2, 2)"]
    ) { call in
      let (rows, columns) = try extent(call)
      return .vector([Double(rows), Double(columns)])
    },
  ]

  private static func extent(_ call: Call) throws -> (rows: Int, columns: Int) {
    switch call[0] {
    case .table(let table): return (table.rowCount, table.names.count)
    case .list(let list): return (list.items.count, 1)
    default:
      guard let size = call[0].size else {
        throw call.wants("a matrix or a table", call[0], call.span(0))
      }
      return size
    }
  }
}
