/// Takes the body of a traced loop out of the graph it was traced in.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

/// What depends on the loop becomes the body; what does not stays outside and is read.
struct LoopExtraction {
  private let tracer: Tracer
  private let loop: OpenLoop
  private let graph: Graph
  private var builder: LoopBuilder
  /// Nodes of the body by their number outside.
  private var moved: [Int32: Expression]
  private var nexts: [Expression] = []

  init(_ tracer: Tracer, _ loop: OpenLoop) {
    self.tracer = tracer
    self.loop = loop
    graph = tracer.graph
    builder = LoopBuilder(turns: loop.turns)
    moved = [loop.turn.index: builder.index]
  }

  /// What goes from turn to turn.
  mutating func carry(_ input: Expression, from initial: Expression, to next: Expression) {
    moved[input.index] = builder.carry(initial, input.shape)
    nexts.append(next)
  }

  /// A value of which that of the last turn is wanted.
  mutating func result(_ value: Expression) {
    _ = builder.carry(graph.number(0), value.shape)
    nexts.append(value)
  }

  /// A condition of which is wanted whether it held in any turn.
  mutating func check(_ condition: Expression) {
    let sum = builder.carry(graph.number(0), .scalar)
    // The sum is read by a node that is made when the body is there.
    checks.append((nexts.count, sum))
    nexts.append(condition)
  }
  private var checks: [(Int, Expression)] = []

  /// The values after the last turn.
  mutating func build() throws -> [Expression] {
    let live = graph.reachable(from: nexts.map(\.index))
    let body = builder.body
    for index in Int(loop.first)..<max(live.count, Int(loop.first))
    where live[index] && loop.depends(Int32(index)) && moved[Int32(index)] == nil {
      let node = graph.nodes[index]
      if let item = sequence(Int32(index), node) {
        moved[Int32(index)] = item
        continue
      }
      graph.forEachOperand(of: node) { read($0) }
      body.currentOrigin = graph.origins[index]
      moved[Int32(index)] = graph.rebuild(Int32(index), in: body) { operand in
        operand < 0 ? operand : moved[operand]?.index ?? -1
      }
    }
    for next in nexts { read(next.index) }
    for (k, next) in nexts.enumerated() {
      if let value = moved[next.index] { builder.setNext(k, value) }
    }
    for (k, sum) in checks {
      if let value = moved[nexts[k].index] { builder.setNext(k, sum.apply(.or, value)) }
    }
    return builder.build(in: graph).finals
  }

  /// Makes a node from outside known in the body.
  private mutating func read(_ index: Int32) {
    guard moved[index] == nil, !loop.depends(index) else { return }
    let outside = Expression(graph: graph, index: index)
    switch outside.node.operation {
    case .array:
      moved[index] = builder.body.array(
        graph.arrays[Int(outside.node.payload)], outside.shape)
    default: moved[index] = builder.invariant(outside)
    }
  }

  /// An element that only the turn decides on, of an array from outside: read in the order of turns.
  private mutating func sequence(_ index: Int32, _ node: Node) -> Expression? {
    guard node.operation == .gather, !loop.depends(node.a) else { return nil }
    let shape = graph.shape(of: index)
    let offsets = Expression(graph: graph, index: node.b)
    guard shape.isScalar, isKnownByTurn(node.b) else { return nil }
    let array = Expression(graph: graph, index: node.a)
    let column = Shape(rows: loop.turns, columns: 1)
    let size = Double(array.shape.count)
    if let places = tracer.affine(offsets), places.isWhole,
      places.steps.dropLast().allSatisfy({ $0 == 0 }), let step = places.steps.last
    {
      let last = places.start + step * Double(loop.turns - 1)
      if min(places.start, last) >= 0, max(places.start, last) < size {
        let map = StridedMap(offset: Int(places.start), strides: [Int(step), 0])
        return builder.sequence(array.view(map, column), shape)
      }
    }
    guard let known = valuesByTurn(offsets) else { return nil }
    return builder.sequence(array.gather(graph.array(known, column)), shape)
  }

  /// Whether a node depends on the turn and on constants alone.
  private func isKnownByTurn(_ index: Int32) -> Bool {
    let turn = loop.turn.index
    let live = graph.reachable(from: [index])
    for k in live.indices where live[k] && graph.nodes[k].operation == .input {
      if Int32(k) != turn { return false }
    }
    return true
  }

  /// The values of a node that the turn decides on, for all turns.
  private func valuesByTurn(_ value: Expression) -> Buffer? {
    Self.valuesByTurn(value, loop, tracer)
  }

  static func valuesByTurn(_ value: Expression, _ loop: OpenLoop, _ tracer: Tracer) -> Buffer? {
    guard loop.turns <= 1 << 22 else { return nil }
    let graph = Graph()
    let turns = Buffer(count: loop.turns)
    for k in 0..<loop.turns { turns[k] = Double(k) }
    let lanes = Shape(lanes: [Int32(clamping: loop.turns)], rows: 1, columns: 1)
    let made = tracer.graph.copy(
      [value], into: graph, known: [loop.turn.index: graph.array(turns, lanes)])
    return Interpreter(graph).value(of: made[0].broadcast(to: lanes))
  }
}
