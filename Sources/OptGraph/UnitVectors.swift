/// Products of a matrix with unit vectors, which are its columns.
import OptNumerics

extension Expression {
  /// `matrix` (or its transpose) times this, if this holds the unit vectors of consecutive elements
  /// in consecutive lanes, as directions of a derivative do: a view of the columns of the matrix,
  /// with zeros in lanes without one. A known matrix is put in the order of the lanes at once.
  func columns(of matrix: Expression, transposed: Bool) -> Expression? {
    guard matrix.shape.lanes.isEmpty, shape.columns == 1, let first = firstUnitLane else {
      return nil
    }
    let (lanes, count) = (shape.laneCount, Int(shape.rows))
    let columns = Int(matrix.shape.columns)
    let length = transposed ? columns : Int(matrix.shape.rows)
    let level = shape.lanes.count - 1
    var strides = [Int](repeating: 0, count: level + 3)
    strides[level] = transposed ? columns : 1
    strides[level + 1] = transposed ? 1 : columns
    var own = shape.lanes
    own[level] = shape.rows
    let block = matrix.reordered(
      StridedMap(strides: strides), Shape(lanes: own, rows: length, columns: 1))
    if count == lanes { return block }
    let whole = shape.with(rows: length, columns: 1)
    return graph.assemble(
      whole, adds: false, [(block, StridedMap(offset: first * length, strides: whole.strides))])
  }

  /// Known arrays beyond this many elements are not written down a second time.
  private static let mostReordered = 1 << 18

  private func reordered(_ map: StridedMap, _ shape: Shape) -> Expression {
    let n = node
    guard n.operation == .array, shape.count <= Self.mostReordered, !map.isContiguous(for: shape)
    else { return view(map, shape) }
    let known = graph.arrays[Int(n.payload)]
    let buffer = Buffer(uninitialized: shape.count)
    var k = 0
    map.forEachOffset(in: shape) {
      buffer[k] = known[$0]
      k += 1
    }
    return graph.array(buffer, shape)
  }

  /// The lane of the unit vector of the first element, if lane by lane this column is zero or the
  /// unit vector of the next element.
  private var firstUnitLane: Int? {
    let (lanes, count) = (shape.laneCount, Int(shape.rows))
    guard lanes >= count, count > 1, Int(shape.lanes.last ?? 1) == lanes else { return nil }
    let n = node
    switch n.operation {
    case .array:
      let known = graph.arrays[Int(n.payload)]
      guard let first = known.elements.firstIndex(where: { $0 != 0 }), first % count == 0 else {
        return nil
      }
      var next = first
      for (k, value) in known.elements.enumerated() where value != 0 {
        guard value == 1, k == next else { return nil }
        next += count + 1
      }
      return next == first + count * (count + 1) ? first / count : nil
    case .assemble:
      let pieces = graph.assemblies[Int(n.payload)].pieces
      guard pieces.count == 1, let piece = pieces.first, piece.map.offset >= 0,
        piece.map.offset % count == 0, piece.map.offset / count <= lanes - count
      else { return nil }
      let ones = Expression(graph: graph, index: piece.node)
      guard ones.beforeRepeating.constant == 1, ones.shape == Shape(rows: count, columns: 1),
        piece.map.strides.first == count + 1
      else { return nil }
      return piece.map.offset / count
    default: return nil
    }
  }
}
