/// Node-by-node evaluation of a graph that still grows: decides branches while a program is traced,
/// names the culprit of a NaN, and is what compiled programs are tested against.
import OptGraph
import OptNumerics

/// Evaluates what is asked for and remembers it. Used by one thread.
package final class Interpreter {
  let graph: Graph
  /// Values of 1×1 nodes, and whether a node is known.
  private var scalars: [Double] = []
  private var known: [Bool] = []
  /// Values of the other nodes; of factor nodes their states.
  private var arrays: [Int32: Buffer] = [:]
  private var bound: [Int32: Buffer] = [:]

  /// An interpreter of `graph`, with no input bound.
  package init(_ graph: Graph) { self.graph = graph }

  /// Gives an input its elements, row by row. Others count as NaN.
  package func bind(_ input: Expression, _ values: Buffer) { bound[input.index] = values }

  /// Drops what was computed: after binding other values.
  package func forget() {
    scalars.removeAll(keepingCapacity: true)
    known.removeAll(keepingCapacity: true)
    arrays.removeAll(keepingCapacity: true)
  }

  /// The elements of a node: `shape.count` numbers.
  package func value(of expression: Expression) -> Buffer {
    let root = expression.index
    compute(root)
    if graph.nodes[Int(root)].operation == .factor { return value(graph.nodes[Int(root)].a) }
    return value(root)
  }

  /// The value of a node that is known.
  func value(_ index: Int32) -> Buffer {
    if let buffer = arrays[index] { return buffer }
    return Buffer(count: graph.shape(of: index).count, repeating: scalars[Int(index)])
  }

  /// A 1×1 value that is known.
  @inline(__always)
  func scalar(_ index: Int32) -> Double { scalars[Int(index)] }

  /// Computes `root` and what it needs, without recursion.
  private func compute(_ root: Int32) {
    if known.count < graph.count {
      let more = graph.count - known.count
      known.append(contentsOf: repeatElement(false, count: more))
      scalars.append(contentsOf: repeatElement(.nan, count: more))
    }
    if known[Int(root)] { return }
    let nodes = graph.nodes
    var stack = [root]
    while let index = stack.last {
      if known[Int(index)] {
        stack.removeLast()
        continue
      }
      let height = stack.count
      let node = nodes[Int(index)]
      graph.forEachOperand(of: node) { if !known[Int($0)] { stack.append($0) } }
      guard stack.count == height else { continue }
      stack.removeLast()
      evaluate(index, node)
      known[Int(index)] = true
    }
  }

  private func evaluate(_ index: Int32, _ node: Node) {
    if graph.shapes[Int(node.shape)].isScalar, node.operation != .factor {
      if let value = scalarValue(index, node) {
        scalars[Int(index)] = value
        return
      }
      scalars[Int(index)] = arrayValue(index, node)[0]
      return
    }
    arrays[index] = arrayValue(index, node)
  }

  private func scalarValue(_ index: Int32, _ node: Node) -> Double? {
    switch node.operation {
    case .number: return graph.numbers[Int(node.payload)]
    case .apply:
      switch FunctionID(index: Int(node.payload)).row.evaluate {
      case .unary(let f): return f(scalar(node.a))
      case .binary(let f): return f(scalar(node.a), scalar(node.b))
      case .ternary(let f): return f(scalar(node.a), scalar(node.b), scalar(node.c))
      }
    case .select: return scalar(node.a) != 0 ? scalar(node.b) : scalar(node.c)
    default: return nil
    }
  }

  private func arrayValue(_ index: Int32, _ node: Node) -> Buffer {
    let shape = graph.shapes[Int(node.shape)]
    switch node.operation {
    case .number:
      return Buffer(count: shape.count, repeating: graph.numbers[Int(node.payload)])
    case .array: return graph.arrays[Int(node.payload)]
    case .input:
      if let values = bound[index], values.count >= shape.count { return values }
      return Buffer(count: max(shape.count, 1), repeating: .nan)
    case .apply, .select: return elementwise(node, shape)
    case .view:
      let source = value(node.a)
      let result = Buffer(uninitialized: shape.count)
      var k = 0
      graph.maps[Int(node.payload)].forEachOffset(in: shape) { offset in
        result[k] = offset >= 0 && offset < source.count ? source[offset] : .nan
        k += 1
      }
      return result
    case .assemble: return assembled(node, shape)
    case .loop: return looped(LoopNode(graph, index))
    default: return structural(node, shape)
    }
  }

  private func elementwise(_ node: Node, _ shape: Shape) -> Buffer {
    let a = spread(node.a, shape)
    let result = Buffer(uninitialized: shape.count)
    if node.operation == .select {
      let (b, c) = (spread(node.b, shape), spread(node.c, shape))
      for k in 0..<result.count { result[k] = a[k] != 0 ? b[k] : c[k] }
      return result
    }
    switch FunctionID(index: Int(node.payload)).row.evaluate {
    case .unary(let f): for k in 0..<result.count { result[k] = f(a[k]) }
    case .binary(let f):
      let b = spread(node.b, shape)
      for k in 0..<result.count { result[k] = f(a[k], b[k]) }
    case .ternary(let f):
      let (b, c) = (spread(node.b, shape), spread(node.c, shape))
      for k in 0..<result.count { result[k] = f(a[k], b[k], c[k]) }
    }
    return result
  }

  private func assembled(_ node: Node, _ shape: Shape) -> Buffer {
    let result = Buffer(count: shape.count)
    let assembly = graph.assemblies[Int(node.payload)]
    for piece in assembly.pieces {
      let own = graph.shape(of: piece.node)
      let isScalar = own.isScalar
      let single = scalars[Int(piece.node)]
      let values = isScalar ? result : value(piece.node)
      var k = 0
      piece.map.forEachOffset(in: own) { offset in
        let x = isScalar ? single : values[k]
        k += 1
        guard offset >= 0, offset < result.count else { return }
        result[offset] = assembly.adds ? result[offset] + x : x
      }
    }
    return result
  }

  /// The elements of an operand as a node of `shape` sees them.
  func spread(_ index: Int32, _ shape: Shape) -> Buffer {
    let own = graph.shape(of: index)
    let values = value(index)
    if own == shape { return values }
    let result = Buffer(uninitialized: shape.count)
    var k = 0
    StridedMap.broadcasting(own, to: shape).forEachOffset(in: shape) { offset in
      result[k] = offset < values.count ? values[offset] : .nan
      k += 1
    }
    return result
  }

  /// The state of the factor node `index`, which is known.
  func state(_ index: Int32) -> Buffer? { arrays[index] }
}

extension StridedMap {
  /// Where elements of `shape` lie in an array of the smaller shape `small`, which repeats.
  static func broadcasting(_ small: Shape, to shape: Shape) -> StridedMap {
    let sizes = small.dimensions(levels: shape.lanes.count)
    var strides = [Int](repeating: 0, count: sizes.count)
    var step = 1
    for k in stride(from: sizes.count - 1, through: 0, by: -1) {
      strides[k] = sizes[k] == 1 ? 0 : step
      step = step &* sizes[k]
    }
    return StridedMap(strides: Array(strides.suffix(shape.lanes.count + 2)))
  }
}
