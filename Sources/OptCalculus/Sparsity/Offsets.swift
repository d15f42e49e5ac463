/// Offsets that are known before a run: of broadcasts, views and computed indices.
import OptGraph
import OptNumerics

extension Shape {
  /// The offset of this shape's element for each element of `shape`; nil where both are the same.
  func offsets(broadcastTo shape: Shape) -> [Int32]? {
    if self == shape { return nil }
    let mine = dimensions(levels: shape.lanes.count)
    var strides = [Int](repeating: 0, count: mine.count)
    var step = 1
    for k in stride(from: mine.count - 1, through: 0, by: -1) {
      strides[k] = mine[k] == 1 ? 0 : step
      step *= mine[k]
    }
    return StridedMap(strides: strides).offsets(in: shape).map { Int32(clamping: $0) }
  }
}

extension StridedMap {
  /// The offset of each element of `shape`.
  func offsets(in shape: Shape) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(shape.count)
    forEachOffset(in: shape) { result.append($0) }
    return result
  }
}

extension Graph {
  /// The numbers of a known array or number.
  func knownArray(_ index: Int32) -> Buffer? {
    let node = nodes[Int(index)]
    switch node.operation {
    case .array: return arrays[Int(node.payload)]
    case .number: return Buffer([numbers[Int(node.payload)]])
    default: return nil
    }
  }

  /// Offsets that are known: an array, or a sum of arrays.
  func knownOffsets(_ index: Int32) -> [Int]? {
    func whole(_ x: Double) -> Int { x > -1 && x < 1e15 ? Int(x) : -1 }
    if let known = knownArray(index) { return (0..<known.count).map { whole(known[$0]) } }
    let node = nodes[Int(index)]
    guard node.operation == .apply, FunctionID(index: Int(node.payload)) == .add,
      let a = knownArray(node.a), let b = knownArray(node.b)
    else { return nil }
    let shape = shape(of: index)
    let left = self.shape(of: node.a).offsets(broadcastTo: shape)
    let right = self.shape(of: node.b).offsets(broadcastTo: shape)
    return (0..<shape.count).map { k in
      whole(a[left.map { Int($0[k]) } ?? k] + b[right.map { Int($0[k]) } ?? k])
    }
  }
}
