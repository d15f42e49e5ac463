/// Matrices of derivatives of which only some elements are stored.
import OptGraph
import OptNumerics

/// A matrix of derivatives of which only some elements are stored.
package struct SparseDerivatives {
  /// Where they belong.
  package let pattern: SparsePattern
  /// A column with a number for each place of the pattern.
  package let values: Expression

  /// Elements that a matrix has at least before it is worth storing only some, and the greatest part
  /// of them that may be stored.
  private static let fewest = 250_000
  private static let densest = 0.1

  /// Whether a matrix of this size is considered at all.
  static func mayBeWorth(_ rows: Int, _ columns: Int) -> Bool {
    let (count, overflows) = rows.multipliedReportingOverflow(by: columns)
    return overflows || count >= fewest
  }

  private static func isWorth(_ pattern: SparsePattern) -> Bool {
    mayBeWorth(pattern.rows, pattern.columns)
      && Double(pattern.count) < densest * Double(pattern.rows) * Double(pattern.columns)
  }

  /// What `harvest` lays into an array of the shape it is given, each element at the place of its row
  /// and column; nil unless `always` where the matrix is small or `pattern` has too many places.
  init?(
    _ pattern: SparsePattern, always: Bool,
    _ harvest: (Shape, @escaping (Int, Int) -> Int?) -> Expression
  ) {
    guard always || Self.isWorth(pattern) else { return nil }
    self.pattern = pattern
    values = harvest(Shape(rows: pattern.count, columns: 1)) { pattern.place($0, $1) }
  }
}
