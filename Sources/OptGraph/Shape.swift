/// Sizes of what a node holds: what the program sees (rows × columns) and the lanes it varies along.

/// `lanes` + rows × columns.
///
/// A mapped body (a comprehension, a generator, `f.(x)`) is traced once: its values keep the size
/// that the program sees and get one lane dimension per nesting level of the mapping, outermost
/// first. A value that does not vary along level `k` has size 1 there; trailing levels of size 1
/// are left out. In memory lanes are outermost, then rows, then columns: row by row, as read.
package struct Shape: Hashable, Sendable {
  package var lanes: [Int32]
  package var rows: Int32
  package var columns: Int32

  package init(lanes: [Int32] = [], rows: Int, columns: Int) {
    var trimmed = lanes
    while trimmed.last == 1 { trimmed.removeLast() }
    self.lanes = trimmed
    self.rows = Int32(clamping: rows)
    self.columns = Int32(clamping: columns)
  }

  package static let scalar = Shape(rows: 1, columns: 1)

  /// Elements the program sees (one lane).
  package var elements: Int { Int(rows) * Int(columns) }
  /// Number of lanes.
  package var laneCount: Int { lanes.reduce(1) { $0 * Int($1) } }
  /// All elements of all lanes.
  package var count: Int { laneCount * elements }
  package var isScalar: Bool { lanes.isEmpty && rows == 1 && columns == 1 }

  /// All dimensions, with the lanes padded to `levels`: `[lane 0, …, rows, columns]`.
  package func dimensions(levels: Int) -> [Int] {
    var result = lanes.map(Int.init)
    while result.count < levels { result.append(1) }
    result.append(Int(rows))
    result.append(Int(columns))
    return result
  }

  /// All dimensions, `[lane 0, …, rows, columns]`.
  package var dimensions: [Int] { dimensions(levels: lanes.count) }

  /// Distance in memory between neighbours along each of `dimensions`.
  package var strides: [Int] {
    let sizes = dimensions
    var result = [Int](repeating: 1, count: sizes.count)
    for k in stride(from: sizes.count - 2, through: 0, by: -1) {
      result[k] = result[k + 1] * sizes[k + 1]
    }
    return result
  }

  /// The shape of an elementwise result; nil where the language sizes do not fit.
  /// A 1×1, a row over rows and a column over columns broadcast; lanes always do.
  package func broadcast(with other: Shape) -> Shape? {
    func join(_ a: Int32, _ b: Int32) -> Int32? { a == b ? a : a == 1 ? b : b == 1 ? a : nil }
    guard let rows = join(rows, other.rows), let columns = join(columns, other.columns) else {
      return nil
    }
    var joined: [Int32] = []
    for level in 0..<max(lanes.count, other.lanes.count) {
      let a = level < lanes.count ? lanes[level] : 1
      let b = level < other.lanes.count ? other.lanes[level] : 1
      guard let size = join(a, b) else { return nil }
      joined.append(size)
    }
    return Shape(lanes: joined, rows: Int(rows), columns: Int(columns))
  }

  /// The same lanes, another size per lane.
  package func with(rows: Int, columns: Int) -> Shape {
    Shape(lanes: lanes, rows: rows, columns: columns)
  }
}

/// Where the elements of a small array lie in a large one: element `(i₀, i₁, …)` of the small one
/// is at `offset + Σ strides[k]·iₖ` of the large one's memory. Strides belong to the small shape's
/// `dimensions`; they may be 0 (broadcast), negative (reversal) or uneven (a diagonal).
package struct StridedMap: Hashable, Sendable {
  package var offset: Int
  package var strides: [Int]
  package init(offset: Int = 0, strides: [Int]) {
    self.offset = offset
    self.strides = strides
  }

  /// Whether reading `shape` through this map is reading memory from `offset` on in order.
  package func isContiguous(for shape: Shape) -> Bool {
    let sizes = shape.dimensions
    let natural = shape.strides
    for k in 0..<sizes.count where sizes[k] != 1 && strides[k] != natural[k] { return false }
    return true
  }
}
