/// Matrices as text: on one line, or aligned in columns.
import OptNumerics
import OptSyntax

/// Lays numbers out.
enum MatrixText {
  /// Elements up to which a matrix inside something else is written out.
  static let largestInline = 16
  /// Rows and columns up to which a matrix is shown whole.
  static let largestShown = 12
  /// Elements of a vector that are shown where no width is set.
  private static let longestVector = 20
  /// Characters of a line where no width is set.
  static let usualWidth = 80

  /// An element: `true` and `false` in vectors of answers.
  static func element(_ matrix: Matrix, _ k: Int, digits: Int) -> String {
    matrix.isMask
      ? matrix.buffer[k] != 0 ? "true" : "false"
      : NumberFormat.short(matrix.buffer[k], digits: digits)
  }

  /// All elements between brackets.
  static func inline(_ matrix: Matrix, digits: Int) -> String {
    inline(
      (0..<matrix.count).map { element(matrix, $0, digits: digits) }, rows: matrix.rows,
      columns: matrix.columns)
  }

  /// Elements between brackets: `[1, 2]`, `[1, 2]'`, `[1, 2; 3, 4]`.
  static func inline(_ texts: [String], rows: Int, columns: Int) -> String {
    if texts.isEmpty { return rows == 0 && columns <= 1 ? "[]" : "[](\(rows)×\(columns))" }
    if columns == 1 || rows == 1 {
      return "[" + texts.joined(separator: ", ") + "]" + (columns == 1 ? "" : "'")
    }
    let lines = (0..<rows).map { row in
      texts[(row * columns)..<((row + 1) * columns)].joined(separator: ", ")
    }
    return "[" + lines.joined(separator: "; ") + "]"
  }

  /// A vector or row on one line, cut where it would be longer than a line.
  static func vector(_ matrix: Matrix, _ style: DisplayStyle) -> String {
    let tail = matrix.columns == 1 ? "]" : "]'"
    let width = style.width ?? usualWidth
    let most = style.width == nil ? longestVector : Int.max
    var parts: [String] = []
    var length = 1 + tail.count
    // With this part and all before it, the note on what is left out still fits.
    var fitting = 0
    for k in 0..<matrix.count {
      let part = element(matrix, k, digits: style.digits)
      length += part.count + (k == 0 ? 0 : 2)
      if length > width || k >= most { break }
      parts.append(part)
      if length + ", … \(matrix.count) more".count <= width { fitting = parts.count }
    }
    if parts.count == matrix.count { return "[" + parts.joined(separator: ", ") + tail }
    fitting = max(1, min(fitting, most))
    if parts.isEmpty { parts = [element(matrix, 0, digits: style.digits)] }
    return "[" + parts.prefix(fitting).joined(separator: ", ")
      + ", … \(matrix.count - fitting) more" + tail
  }

  /// A header and the elements in columns; of large matrices the corners.
  static func block(_ matrix: Matrix, _ style: DisplayStyle) -> [String] {
    let (rows, columns) = (matrix.rows, matrix.columns)
    var header = "\(rows)×\(columns) " + (matrix.isMask ? "mask" : "matrix")
    if matrix.count == 0 { return ["empty " + header] }
    let shownRows = style.isWhole ? Array(0..<rows) : ends(rows)
    var shownColumns = style.isWhole ? Array(0..<columns) : ends(columns)
    let numbers = shownRows.flatMap { i in shownColumns.map { j in matrix[i, j] } }
    let exponent =
      matrix.isMask || style.isWhole ? nil : commonExponent(numbers, digits: style.digits)
    if let exponent { header += ", in units of 1e\(exponent)" }
    let scale = exponent.map { Double("1e\($0)") ?? 1 } ?? 1
    var texts = shownColumns.map { j in
      aligned(
        shownRows.map { NumberFormat.short(matrix[$0, j] / scale, digits: style.digits) })
    }
    let kept = fitting(texts.map { $0[0].count }, style.width ?? usualWidth)
    texts = kept.map { texts[$0] }
    shownColumns = kept.map { shownColumns[$0] }
    return [header] + lines(texts, rows: shownRows, columns: shownColumns)
  }

  /// Lines of columns, with signs where rows or columns are missing between two that are shown.
  static func lines(_ texts: [[String]], rows: [Int], columns: [Int]) -> [String] {
    var result: [String] = []
    for (i, row) in rows.enumerated() {
      if i > 0, rows[i - 1] != row - 1 {
        let blanks = texts.map { String(repeating: " ", count: max(0, $0[0].count - 1)) + "⋮" }
        result.append(line(blanks, columns, gap: "⋱"))
      }
      result.append(line(texts.map { $0[i] }, columns, gap: "⋯"))
    }
    return result
  }

  private static func line(_ parts: [String], _ columns: [Int], gap: String) -> String {
    var result = ""
    for (k, part) in parts.enumerated() {
      if k > 0, columns[k - 1] != columns[k] - 1 { result += "  " + gap }
      result += "  " + part
    }
    while result.last == " " { result.removeLast() }
    return result
  }

  /// Positions 0..<count, or those near both ends.
  static func ends(_ count: Int) -> [Int] {
    if count <= largestShown { return Array(0..<count) }
    let first = (largestShown + 1) / 2
    return Array(0..<first) + Array((count - (largestShown - first - 1))..<count)
  }

  /// Which of the columns, given by their widths, are shown: from both ends, as many as fit.
  static func fitting(_ widths: [Int], _ width: Int) -> [Int] {
    var total = widths.reduce(0) { $0 + $1 + 2 }
    var kept = Array(widths.indices)
    while total + (kept.count < widths.count ? 3 : 0) > width, kept.count > 2 {
      let middle = kept.count / 2
      total -= widths[kept[middle]] + 2
      kept.remove(at: middle)
    }
    return kept
  }

  /// Numbers one under the other, their points in one place.
  static func aligned(_ texts: [String]) -> [String] {
    let parts = texts.map { text -> (before: Int, after: Int) in
      let before = text.prefix { $0 != "." && $0 != "e" }.count
      // Words stand at the right, like whole numbers.
      return text.hasSuffix("nan") || text.hasSuffix("inf")
        ? (text.count, 0) : (before, text.count - before)
    }
    let before = parts.map(\.before).max() ?? 0
    let after = parts.map(\.after).max() ?? 0
    return zip(texts, parts).map { text, part in
      String(repeating: " ", count: before - part.before) + text
        + String(repeating: " ", count: after - part.after)
    }
  }

  /// The power of ten to divide by where numbers of similar size would all need one.
  private static func commonExponent(_ numbers: [Double], digits: Int) -> Int? {
    var (smallest, largest) = (Double.infinity, 0.0)
    var needsExponent = false
    for x in numbers where x != 0 && x.isFinite {
      smallest = min(smallest, abs(x))
      largest = max(largest, abs(x))
      if !needsExponent { needsExponent = NumberFormat.short(x, digits: digits).contains("e") }
    }
    guard needsExponent, largest <= smallest * 1e5 else { return nil }
    let text = NumberFormat.printf("%.0e", largest)
    guard let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...])
    else { return nil }
    // Beyond these a power of ten is no ordinary number.
    return abs(exponent) < 300 ? exponent : nil
  }
}
