/// What a reverse sweep has added up for each node.
import OptGraph

/// An adjoint and the predicate under which it lives.
///
/// The adjoint is 0 where the predicate is 0, and whatever is multiplied with it there may be NaN:
/// contributions are selected, not multiplied, so the side of a condition that was not taken never
/// contributes to a derivative of any order. The shapes of both broadcast to that of the node.
struct Masked {
  var value: Expression
  var predicate: Expression?
}

/// Per node a dense part and a list of pieces.
///
/// Reading n elements of a vector one by one leaves n pieces in a list and one `assemble` at the
/// end, where adding up n vectors would take quadratic time.
struct Adjoints {
  private struct Pieces {
    var values: [(expression: Expression, map: StridedMap)] = []
    var masks: [(expression: Expression, map: StridedMap)] = []
    var scattered: [(value: Expression, offsets: Expression, mask: Expression?)] = []
  }

  private let graph: Graph
  private let first: Int
  /// The dense part, or -1.
  private var dense: [Int32]
  /// The predicate of the dense part; -1: none yet, -2: always alive.
  private var mask: [Int32]
  private var pieces: [Int32: Pieces] = [:]

  private static let none: Int32 = -1
  private static let always: Int32 = -2

  init(_ graph: Graph, first: Int, count: Int) {
    self.graph = graph
    self.first = first
    dense = [Int32](repeating: Self.none, count: count)
    mask = dense
  }

  func has(_ node: Int32) -> Bool {
    dense[Int(node) - first] >= 0 || !pieces.isEmpty && pieces[node] != nil
  }

  // MARK: Adding

  mutating func add(_ value: Expression, to node: Int32, where predicate: Expression?) {
    let k = Int(node) - first
    if dense[k] < 0 {
      dense[k] = value.index
    } else {
      // The sweep runs backwards; in this order formulas read in the order they were written.
      dense[k] = (value + Expression(graph: graph, index: dense[k])).index
    }
    note(predicate, k)
  }

  /// Adds `value`, laid at `map` into zeros of the node's shape.
  mutating func add(
    piece value: Expression, at map: StridedMap, to node: Int32, where predicate: Expression?
  ) {
    pieces[node, default: Pieces()].values.append((value, map))
    if let predicate {
      let whole = predicate.broadcast(to: value.shape)
      pieces[node, default: Pieces()].masks.append((whole, map))
    } else {
      mask[Int(node) - first] = Self.always
    }
  }

  /// Adds `value` at computed offsets.
  mutating func add(
    scattered value: Expression, at offsets: Expression, to node: Int32,
    where predicate: Expression?
  ) {
    let whole = predicate?.broadcast(to: value.shape)
    pieces[node, default: Pieces()].scattered.append((value, offsets, whole))
    if predicate == nil { mask[Int(node) - first] = Self.always }
  }

  private mutating func note(_ predicate: Expression?, _ k: Int) {
    guard let predicate, mask[k] != Self.always else {
      mask[k] = Self.always
      return
    }
    if mask[k] >= 0 {
      mask[k] = Expression(graph: graph, index: mask[k]).apply(.or, predicate).index
    } else {
      mask[k] = predicate.index
    }
  }

  // MARK: Taking

  /// The sum of what was added to `node`, which is forgotten.
  mutating func take(_ node: Int32) -> Masked {
    let k = Int(node) - first
    let denseValue = dense[k] >= 0 ? Expression(graph: graph, index: dense[k]) : nil
    let denseMask = mask[k] >= 0 ? Expression(graph: graph, index: mask[k]) : nil
    let isAlways = mask[k] == Self.always
    guard !pieces.isEmpty, let list = pieces.removeValue(forKey: node) else {
      return Masked(value: denseValue ?? graph.number(0), predicate: isAlways ? nil : denseMask)
    }
    let shape = graph.shape(of: node)
    let value = joined(
      denseValue, list.values, list.scattered.map { ($0.value, $0.offsets) }, shape)
    if isAlways { return Masked(value: value, predicate: nil) }
    let scatteredMasks = list.scattered.compactMap { piece in
      piece.mask.map { ($0, piece.offsets) }
    }
    return Masked(
      value: value, predicate: joined(denseMask, list.masks, scatteredMasks, shape))
  }

  private func joined(
    _ dense: Expression?, _ pieces: [(expression: Expression, map: StridedMap)],
    _ scattered: [(value: Expression, offsets: Expression)], _ shape: Shape
  ) -> Expression {
    var total = dense
    if !pieces.isEmpty {
      var all = pieces
      if let dense {
        all.insert((dense.broadcast(to: shape), StridedMap(strides: shape.strides)), at: 0)
      }
      total = graph.assemble(shape, adds: true, all)
    }
    if !scattered.isEmpty {
      let list = scattered.count == 1 ? scattered[0] : stacked(scattered)
      let sum = list.value.scatter(list.offsets, into: shape)
      total = total.map { $0 + sum } ?? sum
    }
    return total ?? graph.number(0)
  }

  /// Many scattered pieces as one column.
  private func stacked(
    _ list: [(value: Expression, offsets: Expression)]
  ) -> (value: Expression, offsets: Expression) {
    var values: [(expression: Expression, map: StridedMap)] = []
    var offsets: [(expression: Expression, map: StridedMap)] = []
    var position = 0
    for piece in list {
      let shape = piece.value.shape
      let map = StridedMap(offset: position, strides: shape.strides)
      values.append((piece.value, map))
      offsets.append((piece.offsets, map))
      position += shape.count
    }
    let column = Shape(rows: position, columns: 1)
    return (
      graph.assemble(column, adds: false, values), graph.assemble(column, adds: false, offsets)
    )
  }
}
