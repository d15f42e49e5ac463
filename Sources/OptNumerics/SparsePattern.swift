/// Where a sparse matrix has elements.

/// Rows × columns and, row by row, the columns that are stored, ascending.
package final class SparsePattern: Sendable {
  package let rows: Int
  package let columns: Int
  /// Row `i` has the elements `starts[i]..<starts[i + 1]`.
  package let starts: [Int32]
  /// The 0-based columns.
  package let indices: [Int32]

  /// `starts` has rows + 1 elements, `indices` ascend in each row.
  package init(rows: Int, columns: Int, starts: [Int32], indices: [Int32]) {
    self.rows = rows
    self.columns = columns
    self.starts = starts
    self.indices = indices
  }

  /// The pattern with these places, in any order, with or without repetitions.
  package convenience init(
    rows: Int, columns: Int, places: (rows: [Int32], columns: [Int32])
  ) {
    // Two passes of a counting sort: by column, then stably by row.
    let byColumn = Self.order(
      places.columns, columns, Array(0..<Int32(clamping: places.rows.count)))
    let order = Self.order(places.rows, rows, byColumn)
    var starts: [Int32] = [0]
    var indices: [Int32] = []
    starts.reserveCapacity(rows + 1)
    indices.reserveCapacity(order.count)
    var k = 0
    for row in 0..<rows {
      let begin = indices.count
      while k < order.count, Int(places.rows[Int(order[k])]) == row {
        let column = places.columns[Int(order[k])]
        if indices.count == begin || indices[indices.count - 1] != column { indices.append(column) }
        k += 1
      }
      starts.append(Int32(clamping: indices.count))
    }
    self.init(rows: rows, columns: columns, starts: starts, indices: indices)
  }

  /// `items` ordered stably by `keys[item]`, all keys below `limit`.
  private static func order(_ keys: [Int32], _ limit: Int, _ items: [Int32]) -> [Int32] {
    var next = [Int32](repeating: 0, count: limit + 1)
    for item in items { next[Int(keys[Int(item)]) + 1] += 1 }
    for k in 0..<limit { next[k + 1] += next[k] }
    var result = [Int32](repeating: 0, count: items.count)
    for item in items {
      let key = Int(keys[Int(item)])
      result[Int(next[key])] = item
      next[key] += 1
    }
    return result
  }

  /// Stored elements.
  package var count: Int { indices.count }

  /// The stored elements of a row.
  package func range(_ row: Int) -> Range<Int> { Int(starts[row])..<Int(starts[row + 1]) }

  /// The place of an element among the stored ones.
  package func place(_ row: Int, _ column: Int) -> Int? {
    var (low, high) = (Int(starts[row]), Int(starts[row + 1]))
    while low < high {
      let middle = (low + high) / 2
      if Int(indices[middle]) < column { low = middle + 1 } else { high = middle }
    }
    return low < Int(starts[row + 1]) && Int(indices[low]) == column ? low : nil
  }

  /// The row of every stored element.
  package var rowIndices: [Int32] {
    var result: [Int32] = []
    result.reserveCapacity(count)
    for row in 0..<rows {
      result += repeatElement(Int32(clamping: row), count: range(row).count)
    }
    return result
  }

  /// The pattern of the transpose, and for each of its elements its place in this one.
  package func transposed() -> (pattern: SparsePattern, places: [Int32]) {
    let order = Self.order(indices, columns, Array(0..<Int32(clamping: count)))
    let mine = rowIndices
    var starts = [Int32](repeating: 0, count: columns + 1)
    for column in indices { starts[Int(column) + 1] += 1 }
    for k in 0..<columns { starts[k + 1] += starts[k] }
    let turned = SparsePattern(
      rows: columns, columns: rows, starts: starts, indices: order.map { mine[Int($0)] })
    return (turned, order)
  }
}
