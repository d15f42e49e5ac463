/// Tables as text: the names of the columns, the first rows, the size.
import OptNumerics
import OptSyntax

/// Lays tables out.
enum TableText {
  /// Rows up to which a table is shown whole, and those shown of longer ones.
  private static let (whole, first) = (12, 10)
  /// Characters of a cell.
  private static let widestCell = 30

  /// `14 rows × 2 columns`
  static func size(_ table: Table) -> String {
    let (rows, columns) = (table.rowCount, table.names.count)
    return "\(rows) row\(rows == 1 ? "" : "s") × \(columns) column\(columns == 1 ? "" : "s")"
  }

  /// The lines of a table.
  static func lines(_ table: Table, _ style: DisplayStyle, _ width: Int) -> [String] {
    guard !table.names.isEmpty else { return [size(table)] }
    let count = table.rowCount <= whole || style.isWhole ? table.rowCount : first
    // A table of a thousand columns is not laid out to show ten.
    let candidates = table.names.count <= 60 ? Array(table.names.indices) : ends(table.names.count)
    let texts = candidates.map { column(table, $0, count, style) }
    let kept = MatrixText.fitting(texts.map { $0[0].width }, width)
    var result = MatrixText.lines(
      kept.map { texts[$0].map(\.text) }, rows: Array(0...count),
      columns: kept.map { candidates[$0] })
    if count < table.rowCount { result.append("  ⋮") }
    return result + [size(table)]
  }

  private static func ends(_ count: Int) -> [Int] { Array(0..<30) + Array((count - 30)..<count) }

  /// The name and the first cells of a column, equally wide.
  private static func column(
    _ table: Table, _ k: Int, _ count: Int, _ style: DisplayStyle
  ) -> [(text: String, width: Int)] {
    var cells: [String]
    switch table.columns[k] {
    case .numbers(let m):
      cells = MatrixText.aligned(
        (0..<count).map { NumberFormat.short(m.buffer[$0], digits: style.digits) })
    case .texts(let strings): cells = strings.prefix(count).map(cell)
    }
    cells.insert(cell(table.names[k]), at: 0)
    let widths = cells.map { DiagnosticRenderer.width($0) }
    let widest = widths.max() ?? 0
    return zip(cells, widths).map { text, width in
      (String(repeating: " ", count: widest - width) + text, widest)
    }
  }

  /// A cell on one line.
  private static func cell(_ text: String) -> String {
    let quoted = String(ValueText.quoted(text).dropFirst().dropLast())
    let plain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 } ? text : quoted
    return plain.count <= widestCell ? plain : plain.prefix(widestCell - 1) + "…"
  }
}
