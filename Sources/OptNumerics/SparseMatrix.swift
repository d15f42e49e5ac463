/// Matrices of which only some elements are stored; all others are 0.

/// A pattern and a number for each of its places. Not changed once made.
package final class SparseMatrix: Sendable {
  package let pattern: SparsePattern
  /// As many as the pattern has places, row by row.
  package let values: Buffer

  package init(_ pattern: SparsePattern, _ values: Buffer) {
    self.pattern = pattern
    self.values = values
  }

  package var rows: Int { pattern.rows }
  package var columns: Int { pattern.columns }
  /// Stored elements.
  package var count: Int { pattern.count }

  /// An element; 0 where none is stored.
  package subscript(row: Int, column: Int) -> Double {
    pattern.place(row, column).map { values[$0] } ?? 0
  }

  /// Numbers at places; those at one place are added up.
  package convenience init(
    rows: Int, columns: Int, places: (rows: [Int32], columns: [Int32]), _ numbers: [Double]
  ) {
    let pattern = SparsePattern(rows: rows, columns: columns, places: places)
    let values = Buffer(count: pattern.count)
    for (k, x) in numbers.enumerated() {
      if let place = pattern.place(Int(places.rows[k]), Int(places.columns[k])) {
        values[place] += x
      }
    }
    self.init(pattern, values)
  }

  /// The elements of a dense matrix that are not 0.
  package convenience init(dense: UnsafePointer<Double>, rows: Int, columns: Int) {
    var starts: [Int32] = [0]
    var indices: [Int32] = []
    var numbers: [Double] = []
    for i in 0..<rows {
      for j in 0..<columns where dense[i * columns + j] != 0 {
        indices.append(Int32(clamping: j))
        numbers.append(dense[i * columns + j])
      }
      starts.append(Int32(clamping: indices.count))
    }
    self.init(
      SparsePattern(rows: rows, columns: columns, starts: starts, indices: indices),
      Buffer(numbers))
  }

  /// All elements, row by row.
  package func dense() -> Buffer {
    let result = Buffer(count: rows * columns)
    for i in 0..<rows {
      for k in pattern.range(i) { result[i * columns + Int(pattern.indices[k])] = values[k] }
    }
    return result
  }

  /// Columns × rows.
  package var transposed: SparseMatrix {
    let (turned, places) = pattern.transposed()
    return SparseMatrix(turned, Buffer(places.map { values[Int($0)] }))
  }

  /// The diagonal.
  package var diagonal: [Double] { (0..<min(rows, columns)).map { self[$0, $0] } }

  /// Another number at each place.
  package func mapped(_ f: (Double) -> Double) -> SparseMatrix {
    SparseMatrix(pattern, Buffer(values.elements.map(f)))
  }

  /// `f` of each pair of elements where one of the two is stored; `f(0, 0)` is 0. What becomes 0 is
  /// not stored.
  package func combined(
    _ other: SparseMatrix, _ f: (Double, Double) -> Double
  ) -> SparseMatrix {
    var starts: [Int32] = [0]
    var indices: [Int32] = []
    var numbers: [Double] = []
    for i in 0..<rows {
      let (mine, theirs) = (pattern.range(i), other.pattern.range(i))
      var (k, l) = (mine.lowerBound, theirs.lowerBound)
      while k < mine.upperBound || l < theirs.upperBound {
        let a = k < mine.upperBound ? pattern.indices[k] : Int32.max
        let b = l < theirs.upperBound ? other.pattern.indices[l] : Int32.max
        let result = f(a <= b ? values[k] : 0, b <= a ? other.values[l] : 0)
        if result != 0 {
          indices.append(min(a, b))
          numbers.append(result)
        }
        if a <= b { k += 1 }
        if b <= a { l += 1 }
      }
      starts.append(Int32(clamping: indices.count))
    }
    return SparseMatrix(
      SparsePattern(rows: rows, columns: columns, starts: starts, indices: indices),
      Buffer(numbers))
  }

  /// Some rows and columns, by 0-based positions in any order.
  package func part(rows chosenRows: [Int], columns chosenColumns: [Int]) -> SparseMatrix {
    // Where each column goes: places[first[j]..<first[j + 1]].
    var first = [Int32](repeating: 0, count: columns + 1)
    for j in chosenColumns { first[j + 1] += 1 }
    for j in 0..<columns { first[j + 1] += first[j] }
    var next = first
    var places = [Int32](repeating: 0, count: chosenColumns.count)
    for (new, j) in chosenColumns.enumerated() {
      places[Int(next[j])] = Int32(clamping: new)
      next[j] += 1
    }
    let isAscending = zip(chosenColumns, chosenColumns.dropFirst()).allSatisfy { $0 < $1 }
    var starts: [Int32] = [0]
    var indices: [Int32] = []
    var numbers: [Double] = []
    var row: [(column: Int32, value: Double)] = []
    for i in chosenRows {
      row.removeAll(keepingCapacity: true)
      for k in pattern.range(i) {
        let j = Int(pattern.indices[k])
        for place in first[j]..<first[j + 1] { row.append((places[Int(place)], values[k])) }
      }
      if !isAscending { row.sort { $0.column < $1.column } }
      for (column, value) in row {
        indices.append(column)
        numbers.append(value)
      }
      starts.append(Int32(clamping: indices.count))
    }
    return SparseMatrix(
      SparsePattern(
        rows: chosenRows.count, columns: chosenColumns.count, starts: starts, indices: indices),
      Buffer(numbers))
  }
}
