/// Numbers that a Swift program gives to a session.
import OptNumerics
import OptSyntax

extension Session {
  /// Gives the global `name` a matrix, whose `elements` go row by row.
  ///
  /// - Throws: a `Diagnostic` if there are not rows × columns elements.
  public func define(
    _ name: String, rows: Int, columns: Int, _ elements: UnsafeBufferPointer<Double>
  ) throws {
    let (count, overflows) = rows.multipliedReportingOverflow(by: columns)
    guard rows >= 0, columns >= 0, !overflows, count == elements.count,
      count <= Matrix.largestCount
    else {
      throw Diagnostic(
        .error, "`\(name)` cannot be \(rows)×\(columns) with \(elements.count) elements", at: .none)
    }
    let buffer = Buffer(uninitialized: count)
    if let base = elements.baseAddress { buffer.pointer.update(from: base, count: count) }
    let cell = machine.user.cell(name)
    cell.value.pointee = Value(Matrix(buffer, rows: rows, columns: columns))
    cell.version &+= 1
    machine.state.pointee.definitions &+= 1
  }
}
