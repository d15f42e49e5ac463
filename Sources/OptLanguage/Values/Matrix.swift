/// Known numbers, rows × columns, in memory row by row.
import OptGraph
import OptNumerics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A matrix of doubles. The buffer may be shared; `makeOwn` comes before every write.
package final class Matrix {
  package private(set) var buffer: Buffer
  package let rows: Int
  package let columns: Int
  /// Whether the elements are answers of comparisons: as an index it selects.
  package let isMask: Bool

  /// `buffer.count` is rows × columns.
  package init(_ buffer: Buffer, rows: Int, columns: Int, isMask: Bool = false) {
    self.buffer = buffer
    self.rows = rows
    self.columns = columns
    self.isMask = isMask
  }

  package convenience init(
    _ numbers: [Double], rows: Int, columns: Int, isMask: Bool = false
  ) {
    self.init(Buffer(numbers), rows: rows, columns: columns, isMask: isMask)
  }

  package var count: Int { buffer.count }
  package var isVector: Bool { rows == 1 || columns == 1 }
  package var elements: UnsafeBufferPointer<Double> { buffer.elements }
  package var shape: Shape { Shape(rows: rows, columns: columns) }

  package subscript(row: Int, column: Int) -> Double { buffer[row * columns + column] }

  /// Pointer for writing, to elements that nobody else holds.
  package func makeOwn() -> UnsafeMutablePointer<Double> {
    if buffer.isPart || !isKnownUniquelyReferenced(&buffer) { buffer = buffer.copy() }
    return buffer.pointer
  }

  package func copy(isMask: Bool = false) -> Matrix {
    Matrix(buffer, rows: rows, columns: columns, isMask: isMask)
  }

  /// The same elements in the same order with another size of the same count.
  package func reshaped(rows: Int, columns: Int) -> Matrix {
    Matrix(buffer, rows: rows, columns: columns, isMask: isMask)
  }

  package var transposed: Matrix {
    if isVector { return reshaped(rows: columns, columns: rows) }
    let result = Buffer(uninitialized: count)
    let (from, to) = (buffer.pointer, result.pointer)
    // Blocks of 16×16 stay in the first cache.
    for top in stride(from: 0, to: rows, by: 16) {
      for left in stride(from: 0, to: columns, by: 16) {
        for i in top..<min(top + 16, rows) {
          for j in left..<min(left + 16, columns) { to[j * rows + i] = from[i * columns + j] }
        }
      }
    }
    return Matrix(result, rows: columns, columns: rows, isMask: isMask)
  }

  /// Largest number of elements a matrix may have: what fits into half of the computer's memory, and
  /// at most 8 GiB of numbers.
  package static let largestCount: Int = {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    guard pages > 0, size > 0 else { return 1 << 30 }
    return max(1 << 20, min(1 << 30, pages.multipliedReportingOverflow(by: size / 16).partialValue))
  }()

  /// rows × columns if a matrix of that size can be had.
  package static func count(rows: Double, columns: Double) -> Int? {
    guard rows >= 0, columns >= 0, rows * columns <= Double(largestCount),
      rows <= Double(largestCount), columns <= Double(largestCount)
    else { return nil }
    let count = Int(rows) * Int(columns)
    return MemoryLimit.allows(count) ? count : nil
  }
}
