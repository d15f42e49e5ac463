/// Small matrices of derivatives, element by element: `[2sin(y), 2x cos(y); …]`.
import OptGraph
import OptNumerics

/// Writes the elements of every node of a graph as numbers.
///
/// Hessians and Jacobians are one sweep over all directions at once, which vary along lanes. People
/// write their elements, so small ones are taken apart.
struct Elements {
  private let source: Graph
  private let target = Graph()
  /// Per node its elements, in memory order.
  private var values: [[Expression]]
  private var work = 0

  /// More elements than this are not taken apart.
  private static let most = 16
  private static let mostWork = 5_000

  /// `root` from its elements; nil unless it is a small matrix of derivatives by all directions.
  static func written(_ root: Expression) -> Expression? {
    let graph = root.graph
    let shape = root.shape
    guard shape.lanes.isEmpty, shape.count > 1, shape.count <= most,
      root.index < Int32(mostWork)
    else { return nil }
    let live = graph.reachable(from: [root.index])
    let hasDirections = live.indices.contains { index in
      live[index] && graph.nodes[index].operation == .array
        && isDirections(Int32(index), graph)
    }
    guard hasDirections else { return nil }
    var elements = Elements(source: graph, values: Array(repeating: [], count: live.count))
    for (input, node) in zip(graph.inputs, graph.inputNodes) {
      elements.define(elements.target.input(input), node)
    }
    for index in live.indices where live[index] && elements.values[index].isEmpty {
      guard let list = elements.taken(Int32(index)) else { return nil }
      elements.values[index] = list
      elements.work += list.count
      if elements.work > mostWork { return nil }
    }
    let pieces = elements.values[Int(root.index)].enumerated().map {
      (expression: $1, map: StridedMap(offset: $0, strides: [0, 0]))
    }
    return elements.target.assemble(shape, adds: false, pieces)
  }

  private init(source: Graph, values: [[Expression]]) {
    self.source = source
    self.values = values
  }

  /// Unit vectors, one a lane.
  private static func isDirections(_ index: Int32, _ graph: Graph) -> Bool {
    guard !graph.shape(of: index).lanes.isEmpty else { return false }
    let values = graph.arrays[Int(graph.nodes[Int(index)].payload)].elements
    return values.allSatisfy { $0 == 0 || $0 == 1 }
  }

  private mutating func define(_ input: Expression, _ node: Int32) {
    let count = input.shape.count
    guard Int(node) < values.count, count <= Self.mostWork else { return }
    let strides = input.shape.dimensions.map { _ in 0 }
    values[Int(node)] =
      input.shape.isScalar
      ? [input]
      : (0..<count).map {
        input.view(StridedMap(offset: $0, strides: Array(strides.suffix(2))), .scalar)
      }
  }

  /// The elements of a node; nil where they have no formula of their own.
  private func taken(_ index: Int32) -> [Expression]? {
    let node = source.nodes[Int(index)]
    let shape = source.shape(of: index)
    guard shape.count <= 256 else { return nil }
    switch node.operation {
    case .number: return [target.number(source.numbers[Int(node.payload)])]
    case .array:
      return source.arrays[Int(node.payload)].elements.map { target.number($0) }
    case .apply:
      let function = FunctionID(index: Int(node.payload))
      let operands = source.operands(of: index).map { spread($0, shape) }
      return (0..<shape.count).map { k in target.apply(function, operands.map { $0[k] }) }
    case .select:
      let (p, a, b) = (spread(node.a, shape), spread(node.b, shape), spread(node.c, shape))
      return p.indices.map { target.select(p[$0], a[$0], b[$0]) }
    case .view:
      let inner = values[Int(node.a)]
      var result: [Expression] = []
      source.maps[Int(node.payload)].forEachOffset(in: shape) {
        result.append(inner.indices.contains($0) ? inner[$0] : target.number(.nan))
      }
      return result
    case .assemble: return assembled(source.assemblies[Int(node.payload)], shape)
    case .reduce: return reduced(node, shape)
    case .product: return product(node, shape)
    default: return nil
    }
  }

  private func spread(_ index: Int32, _ shape: Shape) -> [Expression] {
    let list = values[Int(index)]
    let own = source.shape(of: index)
    if own == shape { return list }
    return Self.places(of: own, in: shape).map { list[$0] }
  }

  /// For each element of `large` the one of `small` that broadcasts to it.
  private static func places(of small: Shape, in large: Shape) -> [Int] {
    let sizes = small.dimensions(levels: large.lanes.count)
    var strides = sizes.map { _ in 0 }
    var step = 1
    for k in sizes.indices.reversed() {
      strides[k] = sizes[k] == 1 ? 0 : step
      step *= sizes[k]
    }
    var result: [Int] = []
    StridedMap(strides: strides).forEachOffset(in: large) { result.append($0) }
    return result
  }

  private func assembled(_ assembly: Assembly, _ shape: Shape) -> [Expression] {
    var result = [Expression?](repeating: nil, count: shape.count)
    for piece in assembly.pieces {
      var next = values[Int(piece.node)].makeIterator()
      piece.map.forEachOffset(in: source.shape(of: piece.node)) { offset in
        guard let value = next.next(), result.indices.contains(offset) else { return }
        result[offset] = assembly.adds ? result[offset].map { $0 + value } ?? value : value
      }
    }
    return result.map { $0 ?? target.number(0) }
  }

  private func reduced(_ node: Node, _ shape: Shape) -> [Expression]? {
    let function: FunctionID
    switch source.reductions[Int(node.payload)].kind {
    case .sum: function = .add
    case .product: function = .multiply
    case .maximum: function = .max
    case .minimum: function = .min
    case .argMaximum, .argMinimum: return nil
    }
    var result = [Expression?](repeating: nil, count: shape.count)
    let places = Self.places(of: shape, in: source.shape(of: node.a))
    for (value, place) in zip(values[Int(node.a)], places) {
      result[place] = result[place].map { $0.apply(function, value) } ?? value
    }
    return result.map { $0 ?? target.number(0) }
  }

  private func product(_ node: Node, _ shape: Shape) -> [Expression] {
    func operand(_ index: Int32) -> (values: [Expression], rows: Int, columns: Int) {
      let own = source.shape(of: index)
      let (rows, columns) = (Int(own.rows), Int(own.columns))
      return (spread(index, shape.with(rows: rows, columns: columns)), rows, columns)
    }
    let (a, b) = (operand(node.a), operand(node.b))
    let (turnA, turnB) = (node.payload & 1 != 0, node.payload & 2 != 0)
    let length = turnA ? a.rows : a.columns
    var result: [Expression] = []
    for lane in 0..<shape.laneCount {
      let (startA, startB) = (lane * a.rows * a.columns, lane * b.rows * b.columns)
      for i in 0..<Int(shape.rows) {
        for j in 0..<Int(shape.columns) {
          var sum: Expression?
          for k in 0..<length {
            let left = a.values[startA + (turnA ? k * a.columns + i : i * a.columns + k)]
            let right = b.values[startB + (turnB ? j * b.columns + k : k * b.columns + j)]
            sum = sum.map { $0 + left * right } ?? left * right
          }
          result.append(sum ?? target.number(0))
        }
      }
    }
    return result
  }
}
