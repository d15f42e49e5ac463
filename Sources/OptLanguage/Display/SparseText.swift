/// Sparse matrices as text: a header and the corners, with points for what is not stored.
import OptNumerics

enum SparseText {
  /// `10000×10000 sparse matrix, 29998 nonzeros`.
  static func header(_ s: SparseMatrix) -> String {
    "\(s.rows)×\(s.columns) sparse matrix, " + RunReport.count(s.count, "nonzero")
  }

  static func block(_ s: SparseMatrix, _ style: DisplayStyle) -> [String] {
    guard s.rows > 0, s.columns > 0 else { return [header(s)] }
    let rows = MatrixText.ends(s.rows)
    var columns = MatrixText.ends(s.columns)
    var texts = columns.map { j in
      MatrixText.aligned(
        rows.map { i in
          s.pattern.place(i, j).map { NumberFormat.short(s.values[$0], digits: style.digits) }
            ?? "·"
        })
    }
    let kept = MatrixText.fitting(texts.map { $0[0].count }, style.width ?? MatrixText.usualWidth)
    texts = kept.map { texts[$0] }
    columns = kept.map { columns[$0] }
    return [header(s)] + MatrixText.lines(texts, rows: rows, columns: columns)
  }
}
