/// Elements of a traced matrix: a view with offsets where the positions are evenly spaced, else a
/// gather.
import OptGraph
import OptNumerics
import OptSyntax

/// One reading `x[row, column]` of an expression.
struct Slice {
  private let machine: Machine
  private let x: Expression
  private let row: Part
  private let column: Part

  /// The positions along one dimension.
  private enum Part {
    /// 0-based offsets, the same in all lanes.
    case list([Int])
    /// A 0-based offset per lane.
    case lanes([Int], Shape)
    /// The same, evenly spaced: the first one and a step along each lane level.
    case even(Int, [Int], Shape)
    /// 1-based, computed.
    case computed(Expression, SourceSpan)

    var count: Int {
      if case .list(let list) = self { return list.count }
      return 1
    }
    var shape: Shape {
      switch self {
      case .list: .scalar
      case .lanes(_, let shape), .even(_, _, let shape): shape
      case .computed(let e, _): e.shape
      }
    }
  }

  init(
    _ machine: Machine, _ x: Expression, _ row: Index, _ column: Index,
    _ names: (String, String)
  ) throws {
    self.machine = machine
    self.x = x
    func part(_ index: Index, _ size: Int, _ name: String) throws -> Part {
      switch index {
      case .lanes(let l, let span):
        if let (first, steps) = l.offsets(below: size) { return .even(first, steps, l.shape) }
        return .lanes(
          try machine.lanePositions(l, size, name, span, l.shape), l.shape)
      case .computed(let e, let span): return .computed(e, span)
      default: return .list(try machine.offsets(index, size, name))
      }
    }
    self.row = try part(row, Int(x.shape.rows), names.0)
    self.column = try part(column, Int(x.shape.columns), names.1)
  }

  func expression() throws -> Expression {
    let lanes = x.shape.with(rows: 1, columns: 1)
      .broadcast(with: row.shape)?.broadcast(with: column.shape)
    guard let lanes else { return x.graph.number(.nan) }
    let shape = lanes.with(rows: row.count, columns: column.count)
    if let map = evenMap(shape) { return x.view(map, shape) }
    return x.gather(try offsets(shape))
  }

  // MARK: Evenly spaced positions

  private func evenMap(_ shape: Shape) -> StridedMap? {
    let levels = shape.lanes.count
    let columns = Int(x.shape.columns)
    var map = StridedMap(offset: 0, strides: [Int](repeating: 0, count: levels + 2))
    let (own, ownSizes) = (x.shape.strides, x.shape.dimensions)
    for k in 0..<x.shape.lanes.count where ownSizes[k] != 1 { map.strides[k] = own[k] }
    for (part, unit, dimension) in [(row, columns, levels), (column, 1, levels + 1)] {
      switch part {
      case .computed: return nil
      case .list(let list):
        guard let first = list.first else { continue }
        let step = list.count > 1 ? list[1] - first : 0
        for k in 1..<max(list.count, 1) where list[k] - list[k - 1] != step { return nil }
        map.offset += first * unit
        map.strides[dimension] = step * unit
      case .lanes(let positions, let own):
        guard let (start, steps) = Self.even(positions, own) else { return nil }
        map.offset += start * unit
        for (k, step) in steps.enumerated() { map.strides[k] += step * unit }
      case .even(let start, let steps, _):
        map.offset += start * unit
        for (k, step) in steps.enumerated() { map.strides[k] += step * unit }
      }
    }
    return map
  }

  /// Start and step along each lane level if the positions are evenly spaced.
  private static func even(_ positions: [Int], _ shape: Shape) -> (Int, [Int])? {
    guard let start = positions.first, positions.allSatisfy({ $0 >= 0 }) else { return nil }
    let sizes = shape.lanes.map(Int.init)
    let strides = shape.strides
    var steps: [Int] = []
    for k in sizes.indices {
      steps.append(sizes[k] > 1 ? positions[strides[k]] - start : 0)
    }
    var k = 0
    var isEven = true
    StridedMap(offset: start, strides: steps + [0, 0]).forEachOffset(in: shape) { expected in
      if positions[k] != expected { isEven = false }
      k += 1
    }
    return isEven ? (start, steps) : nil
  }

  // MARK: Any positions

  /// Flat 0-based offsets of shape `shape`, a known array unless a position is computed.
  private func offsets(_ shape: Shape) throws -> Expression {
    let graph = x.graph
    let columns = Int(x.shape.columns)
    func column(_ part: Part, isRow: Bool) throws -> Expression {
      switch part {
      case .computed(let e, let span):
        let size = Double(isRow ? x.shape.rows : x.shape.columns)
        if let tracer = machine.tracer, let places = tracer.affine(e), places.isWhole {
          let (low, high) = places.range(tracer.openLoops)
          if low >= 1, high <= size { return e - 1 }
        }
        let exists = e.apply(.greaterOrEqual, graph.number(1))
          .apply(.and, e.apply(.lessOrEqual, graph.number(size)))
          .apply(.and, e.apply(.equal, e.apply(.floor)))
        try machine.guardNever(exists.apply(.not), "a position that does not exist", span)
        return graph.select(exists, e - 1, graph.number(.nan))
      case .list(let list):
        let size = isRow ? Shape(rows: list.count, columns: 1) : Shape(rows: 1, columns: list.count)
        return graph.array(Buffer(list.map(Double.init)), size)
      case .lanes(let positions, let shape):
        return graph.array(Buffer(positions.map(Double.init)), shape)
      case .even(let first, let steps, let shape):
        let buffer = Buffer(uninitialized: shape.count)
        var k = 0
        StridedMap(offset: first, strides: steps + [0, 0]).forEachOffset(in: shape) {
          buffer.pointer[k] = Double($0)
          k += 1
        }
        return graph.array(buffer, shape)
      }
    }
    var total =
      Double(columns) * (try column(row, isRow: true)) + (try column(self.column, isRow: false))
    if x.shape.laneCount > 1 {
      let lanes = x.shape.with(rows: 1, columns: 1)
      let size = x.shape.elements
      let base = Buffer((0..<x.shape.laneCount).map { Double($0 * size) })
      total = graph.array(base, lanes) + total
    }
    return total.broadcast(to: shape)
  }
}
