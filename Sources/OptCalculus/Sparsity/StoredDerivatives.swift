/// Derivatives as stored elements whatever their pattern is like, for those who keep no other form.
import OptGraph
import OptNumerics

extension SparseDerivatives {
  /// All elements of a matrix.
  init(dense matrix: Expression, rows: Int, columns: Int) {
    let all = Array(0..<Int32(clamping: columns))
    pattern = SparsePattern(
      rows: rows, columns: columns, starts: (0...rows).map { Int32(clamping: $0 * columns) },
      indices: (0..<rows).flatMap { _ in all })
    values = matrix.broadcast(to: Shape(rows: rows, columns: columns)).view(
      StridedMap(strides: [1, 1]), Shape(rows: rows * columns, columns: 1))
  }
}

/// Elements beyond which no matrix without a pattern is stored.
private let largestStored = 4_000_000

extension HessianPlan {
  /// The elements that may differ from 0, or all where there is no pattern; nil if they are too many.
  package func stored() -> SparseDerivatives? {
    if let sparse = sparse(always: true) { return sparse }
    let (count, overflows) = total.multipliedReportingOverflow(by: total)
    guard !overflows, count <= largestStored else { return nil }
    return SparseDerivatives(dense: dense(), rows: total, columns: total)
  }
}

extension JacobianPlan {
  /// The elements that may differ from 0, or all where there is no pattern; nil if they are too many.
  package func stored() -> SparseDerivatives? {
    if let sparse = sparse(always: true) { return sparse }
    let (count, overflows) = rows.multipliedReportingOverflow(by: columns)
    guard !overflows, count <= largestStored else { return nil }
    return SparseDerivatives(dense: dense(), rows: rows, columns: columns)
  }
}
