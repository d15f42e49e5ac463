/// Derivatives along a few directions that each stand for many columns, and taking them apart.
import OptGraph
import OptNumerics

/// The derivatives of `outputs` along one direction for each colour of the variables' elements.
struct CompressedDerivatives {
  private let outputs: [Expression]
  private let colors: Int
  /// The lane level of the directions, where they are lanes.
  private let level: Int
  /// Colour by colour one result for each output, or one for all colours as lanes.
  private let results: [[Expression]]
  private var areLanes: Bool { results.count == 1 && colors > 1 }

  /// Beyond this many nodes the directions become lanes: the graph does not grow with their number.
  private static let mostNodes = 100_000
  private static let mostSweeps = 32

  init(_ outputs: [Expression], by variables: [Expression], _ coloring: Coloring) {
    self.outputs = outputs
    colors = coloring.count
    let size = outputs.map { Int($0.index) + 1 }.max() ?? 0
    let isSmall = colors <= Self.mostSweeps && size * colors <= Self.mostNodes
    let level = outputs.first?.graph.laneLevels(of: outputs + variables) ?? 0
    self.level = level
    results =
      isSmall || colors == 1
      ? (0..<Int32(clamping: colors)).map { color in
        pushforward(outputs, along: Self.direction(color, variables, coloring))
      }
      : [pushforward(outputs, along: Self.lanes(level, variables, coloring))]
  }

  /// Ones at the elements of a colour; variables without any are left out.
  private static func direction(
    _ color: Int32, _ variables: [Expression], _ coloring: Coloring
  ) -> [(Expression, tangent: Expression)] {
    var offset = 0
    var result: [(Expression, tangent: Expression)] = []
    for variable in variables {
      let own = coloring.colors[offset..<(offset + variable.shape.count)]
      offset += variable.shape.count
      let graph = variable.graph
      let members = own.lazy.filter { $0 == color }.count
      if members == own.count {
        result.append((variable, tangent: graph.number(1)))
      } else if members > 0 {
        let mask = Buffer(own.map { $0 == color ? 1 : 0 })
        result.append((variable, tangent: graph.array(mask, variable.shape)))
      }
    }
    return result
  }

  /// All directions in one lane level inside all others.
  private static func lanes(
    _ level: Int, _ variables: [Expression], _ coloring: Coloring
  ) -> [(Expression, tangent: Expression)] {
    var offset = 0
    return variables.map { variable in
      let shape = variable.shape.withDirections(coloring.count, level: level)
      let (lane, elements) = (variable.shape.laneCount, variable.shape.elements)
      let buffer = Buffer(count: shape.count)
      for k in 0..<(lane * elements) {
        let color = Int(coloring.colors[offset + k])
        buffer[(k / elements * coloring.count + color) * elements + k % elements] = 1
      }
      offset += variable.shape.count
      return (variable, tangent: variable.graph.array(buffer, shape))
    }
  }

  /// What holds the derivatives of an output along a colour, and where its elements lie there.
  func holding(_ output: Int, _ color: Int) -> (Expression, place: (Int) -> Int) {
    guard areLanes else { return (results[color][output], { $0 }) }
    let shape = outputs[output].shape
    let whole = results[0][output].broadcast(to: shape.withDirections(colors, level: level))
    let (elements, colors) = (max(shape.elements, 1), colors)
    return (whole, { ($0 / elements * colors + color) * elements + $0 % elements })
  }
}

extension Shape {
  /// With further lanes at `level`, beyond all others.
  func withDirections(_ count: Int, level: Int) -> Shape {
    var lanes = lanes
    while lanes.count < level { lanes.append(1) }
    return Shape(lanes: lanes + [Int32(clamping: count)], rows: Int(rows), columns: Int(columns))
  }
}

/// Which element of which compressed derivative belongs where in the matrix.
struct Harvest {
  /// Elements of one kind lie in one array, and often in a regular order.
  private struct Kind: Hashable, Comparable {
    var color: Int32
    var output: Int32
    var variable: Int32
    var isMirrored: Bool

    static func < (a: Kind, b: Kind) -> Bool {
      (a.output, a.variable, a.color, a.isMirrored ? 1 : 0)
        < (b.output, b.variable, b.color, b.isMirrored ? 1 : 0)
    }
  }
  private struct Elements {
    var sources: [Int32] = []
    var rows: [Int32] = []
    var columns: [Int32] = []

    mutating func append(_ source: Int, _ row: Int32, _ column: Int32) {
      sources.append(Int32(clamping: source))
      rows.append(row)
      columns.append(column)
    }
  }
  private var kinds: [Kind: Elements] = [:]

  /// Element `source` of the derivatives of `output` along `color` belongs to (row, column);
  /// `variable` is that of the column.
  mutating func add(
    color: Int32, output: Int32, variable: Int32, mirrored: Bool = false, source: Int, row: Int32,
    column: Int32
  ) {
    let kind = Kind(color: color, output: output, variable: variable, isMirrored: mirrored)
    kinds[kind, default: Elements()].append(source, row, column)
  }

  /// An array of `shape` with every element added at `place(row, column)`.
  func laid(
    _ derivatives: CompressedDerivatives, in shape: Shape, _ graph: Graph,
    _ place: (Int, Int) -> Int?
  ) -> Expression {
    let zeros = graph.zeros(shape)
    var total = Adjoints(graph, first: Int(zeros.index), count: 1)
    for (kind, elements) in kinds.sorted(by: { $0.key < $1.key }) {
      let (value, offset) = derivatives.holding(Int(kind.output), Int(kind.color))
      guard !value.isZero else { continue }
      let sources = elements.sources.map { offset(Int($0)) }
      let targets = zip(elements.rows, elements.columns).map { place(Int($0), Int($1)) ?? -1 }
      lay(value, sources, targets, zeros.index, &total)
    }
    return total.take(zeros.index).value.broadcast(to: shape)
  }

  private func lay(
    _ value: Expression, _ sources: [Int], _ targets: [Int], _ node: Int32,
    _ total: inout Adjoints
  ) {
    let graph = value.graph
    if sources.count == value.shape.count, sources.elementsEqual(0..<sources.count),
      let map = StridedMap(targets, of: value.shape)
    {
      total.add(piece: value, at: map, to: node, where: nil)
      return
    }
    let column = Shape(rows: sources.count, columns: 1)
    let part: Expression
    if let map = StridedMap(sources, of: column) {
      part = value.view(map, column)
    } else {
      part = value.gather(graph.array(Buffer(sources.map(Double.init)), column))
    }
    if let map = StridedMap(targets, of: column) {
      total.add(piece: part, at: map, to: node, where: nil)
    } else {
      let offsets = graph.array(Buffer(targets.map(Double.init)), column)
      total.add(scattered: part, at: offsets, to: node, where: nil)
    }
  }
}

extension StridedMap {
  /// The map with these offsets for the elements of `shape`, if there is one that repeats none.
  init?(_ offsets: [Int], of shape: Shape) {
    guard let start = offsets.first, start >= 0 else { return nil }
    let (sizes, natural) = (shape.dimensions, shape.strides)
    var strides = [Int](repeating: 0, count: sizes.count)
    for k in sizes.indices where sizes[k] > 1 {
      strides[k] = offsets[natural[k]] - start
      if strides[k] == 0 { return nil }
    }
    self.init(offset: start, strides: strides)
    var k = 0
    var fits = true
    forEachOffset(in: shape) {
      if offsets[k] != $0 { fits = false }
      k += 1
    }
    if !fits { return nil }
  }
}

extension Expression {
  /// Whether this is 0 by construction.
  var isZero: Bool {
    let n = node
    return constant == 0
      || n.operation == .view && Expression(graph: graph, index: n.a).constant == 0
  }
}
