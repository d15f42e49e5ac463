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
  /// From the loop's first node on: what the turn and constants alone decide.
  private var timed: [Bool] = []

  init(_ tracer: Tracer, _ loop: OpenLoop) {
    self.tracer = tracer
    self.loop = loop
    graph = tracer.graph
    builder = LoopBuilder(turns: loop.turns)
    moved = [loop.turn.index: builder.index]
    findTimed(graph.count)
  }

  /// Whether a condition holds in any turn, where the turn alone decides on it.
  func holds(_ condition: Expression) -> Bool? {
    guard isTimed(condition.index), condition.shape.isScalar,
      let values = valuesByTurn(condition)
    else { return nil }
    return values.elements.contains { $0 != 0 }
  }

  /// What goes from turn to turn.
  mutating func carry(
    _ input: Expression, named name: String, from initial: Expression, to next: Expression
  ) {
    moved[input.index] = builder.carry(initial, input.shape, named: name)
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
    if tracer.keepsStates { return builder.build(in: graph).finals }
    for k in nexts.indices { builder.keepStates(k, false) }
    let node = builder.node(in: graph)
    return nexts.indices.map(node.final)
  }

  /// Makes a node from outside known in the body.
  private mutating func read(_ index: Int32) {
    guard moved[index] == nil, !loop.depends(index) else { return }
    let outside = Expression(graph: graph, index: index)
    switch outside.node.operation {
    case .array:
      moved[index] = builder.body.array(
        graph.arrays[Int(outside.node.payload)], outside.shape)
    case .factor:
      // Its state is no array that an input could hold; the pass for execution takes it out again.
      read(outside.node.a)
      moved[index] = graph.rebuild(index, in: builder.body) { moved[$0]?.index ?? -1 }
    default: moved[index] = builder.invariant(outside)
    }
  }

  /// What only the turn decides on: an element of an array from outside, or a function that takes
  /// long. It is read in the order of turns.
  private mutating func sequence(_ index: Int32, _ node: Node) -> Expression? {
    if node.operation == .apply, isTimed(index), graph.shape(of: index).isScalar,
      !Self.cheap.contains(FunctionID(index: Int(node.payload))), loop.turns <= 1 << 16,
      let known = valuesByTurn(Expression(graph: graph, index: index))
    {
      return builder.sequence(
        graph.array(known, Shape(rows: loop.turns, columns: 1)), .scalar)
    }
    guard node.operation == .gather, !loop.depends(node.a) else { return nil }
    let shape = graph.shape(of: index)
    let offsets = Expression(graph: graph, index: node.b)
    guard shape.isScalar, isTimed(node.b) else { return nil }
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

  private static let cheap: Set<FunctionID> = [
    .add, .subtract, .multiply, .negate, .divide, .less, .lessOrEqual, .greater, .greaterOrEqual,
    .equal, .notEqual, .and, .or, .not, .min, .max,
  ]

  private mutating func findTimed(_ end: Int) {
    let first = Int(loop.first)
    for index in first..<max(end, first) {
      let node = graph.nodes[index]
      var isKnown = node.operation != .input && node.operation != .random
      graph.forEachOperand(of: node) { operand in
        if Int(operand) >= first {
          isKnown = isKnown && timed[Int(operand) - first]
        } else {
          let known = graph.nodes[Int(operand)].operation
          isKnown = isKnown && (known == .number || known == .array)
        }
      }
      timed.append(isKnown || Int32(index) == loop.turn.index)
    }
  }

  private func isTimed(_ index: Int32) -> Bool {
    let k = Int(index - loop.first)
    return timed.indices.contains(k) && timed[k]
  }

  /// The values of a node that the turn decides on, for all turns.
  private func valuesByTurn(_ value: Expression) -> Buffer? {
    guard loop.turns <= 1 << 22 else { return nil }
    let graph = Graph()
    let turns = Buffer(count: loop.turns)
    for k in 0..<loop.turns { turns[k] = Double(k) }
    let lanes = Shape(lanes: [Int32(clamping: loop.turns)], rows: 1, columns: 1)
    // The turns are lanes, which what is read of the turn gets, too.
    let source = tracer.graph
    let live = source.reachable(from: [value.index])
    var made: [Int32: Expression] = [loop.turn.index: graph.array(turns, lanes)]
    for index in live.indices where live[index] && made[Int32(index)] == nil {
      let node = source.nodes[index]
      let operands = source.operands(of: Int32(index)).compactMap { made[$0] }
      switch (node.operation, operands.count) {
      case (.number, _), (.array, _):
        made[Int32(index)] = source.rebuild(Int32(index), in: graph) { $0 }
      case (.apply, 1...3):
        made[Int32(index)] = graph.apply(FunctionID(index: Int(node.payload)), operands)
      case (.select, 3):
        made[Int32(index)] = graph.select(operands[0], operands[1], operands[2])
      case (.gather, 2): made[Int32(index)] = operands[0].gather(operands[1])
      default: return nil
      }
    }
    return made[value.index].map { Interpreter(graph).value(of: $0.broadcast(to: lanes)) }
  }
}
