/// Bringing a contribution to the shape of the operand it belongs to.
import OptGraph

extension Expression {
  /// The transpose of broadcasting an operand to a node. `self` broadcasts to the node's shape;
  /// the result broadcasts to the operand's. Where the node is larger than the operand, elements
  /// are added up; if `self` does not vary there, it is multiplied by their number.
  func summed(from node: Shape, to operand: Shape) -> Expression {
    if node == operand { return self }
    let mine = shape
    let (folded, repeats) = Self.surplus(mine, node, operand)
    let sum = folded.isEmpty ? self : reduce(.sum, folded)
    return repeats == 1 ? sum : Double(repeats) * sum
  }

  /// The same for predicates: alive where any element is.
  func anyAlive(from node: Shape, to operand: Shape) -> Expression {
    if node == operand { return self }
    let (folded, _) = Self.surplus(shape, node, operand)
    return folded.isEmpty ? self : reduce(.maximum, folded)
  }

  /// The dimensions of `mine` to fold, and how often each sum repeats.
  private static func surplus(
    _ mine: Shape, _ node: Shape, _ operand: Shape
  ) -> (folded: [Int], repeats: Int) {
    let levels = max(mine.lanes.count, node.lanes.count, operand.lanes.count)
    let own = mine.dimensions(levels: levels)
    let large = node.dimensions(levels: levels)
    let small = operand.dimensions(levels: levels)
    var folded: [Int] = []
    var repeats = 1
    for k in 0..<own.count where small[k] == 1 && large[k] != 1 {
      if own[k] == 1 {
        repeats = repeats &* large[k]
      } else {
        folded.append(k < levels ? k : k - levels + mine.lanes.count)
      }
    }
    return (folded, repeats)
  }

  /// All rows and columns of `target`, with this expression's own lanes.
  func wide(rows: Int32, columns: Int32) -> Expression {
    let mine = shape
    if mine.rows == rows && mine.columns == columns { return self }
    return broadcast(to: mine.with(rows: Int(rows), columns: Int(columns)))
  }

  /// `count` places along `dimension` of the dimensions padded to `levels` lanes.
  func slice(_ dimension: Int, levels: Int, from start: Int, count: Int) -> Expression {
    var sizes = shape.dimensions(levels: levels)
    if start == 0 && sizes[dimension] == count { return self }
    var strides = [Int](repeating: 1, count: sizes.count)
    for k in stride(from: sizes.count - 2, through: 0, by: -1) {
      strides[k] = strides[k + 1] * sizes[k + 1]
    }
    sizes[dimension] = count
    let target = Shape(dimensions: sizes)
    let kept = Array(strides[..<target.lanes.count]) + Array(strides.suffix(2))
    return view(StridedMap(offset: start * strides[dimension], strides: kept), target)
  }
}

extension Shape {
  /// From `[lane 0, …, rows, columns]`.
  init(dimensions: [Int]) {
    self.init(
      lanes: dimensions.dropLast(2).map { Int32(clamping: $0) },
      rows: dimensions[dimensions.count - 2], columns: dimensions[dimensions.count - 1])
  }

  /// The lanes of both, and the rows and columns of this shape.
  package func withLanes(of other: Shape) -> Shape {
    let joined = with(rows: 1, columns: 1).broadcast(with: other.with(rows: 1, columns: 1))
    return (joined ?? self).with(rows: Int(rows), columns: Int(columns))
  }
}
