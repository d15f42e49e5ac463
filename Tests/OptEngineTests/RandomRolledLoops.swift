/// Random loops whose body is a graph of its own, and the same turn by turn.
import OptCalculus
import OptGraph
import OptNumerics

struct RandomRolledLoop {
  let graph = Graph()
  var noise: Noise
  var inputs: [(expression: Expression, values: Buffer)] = []
  /// The column of the loop, and what the same loop comes to when it is written out.
  private(set) var rolled: Expression
  private(set) var unrolled: Expression
  /// The last state and what was stacked as one column, and the same of a loop of loops.
  private(set) var results: Expression
  private(set) var segmented: Expression

  private static let functions = ["sin", "cos", "tanh", "sigmoid", "atan", "erf"]
  private static let pairs = ["add", "subtract", "multiply"]
  private static let wild: [Double] = [0, -0.0, .nan, .infinity, -1e308, .leastNonzeroMagnitude]

  init(_ seed: UInt64, isWild: Bool = false) {
    noise = Noise(seed)
    rolled = graph.number(0)
    unrolled = rolled
    results = rolled
    segmented = rolled
    let turns = noise.pick([1, 2, 3, 4, 5, 7, 16, 33])
    let isScalar = noise.chance(0.5)
    let hasLanes = !isScalar && noise.chance(0.4)
    var builder = LoopBuilder(turns: turns, isReversed: noise.chance(0.3))
    func shape(_ noise: inout Noise) -> Shape {
      if isScalar || noise.chance(0.4) { return .scalar }
      let rows = noise.pick([1, 3])
      return hasLanes && noise.chance(0.6)
        ? Shape(lanes: [2], rows: rows, columns: 1) : Shape(rows: rows, columns: 1)
    }
    func input(_ shape: Shape, _ noise: inout Noise) -> Expression {
      let x = graph.input(
        Input(name: "x\(inputs.count)", role: .variable, shape: shape))
      let values = Buffer(count: shape.count)
      for k in 0..<shape.count {
        values[k] =
          isWild && noise.chance(0.1) ? noise.pick(Self.wild) : noise.next() * 2 - 1
      }
      inputs.append((x, values))
      return x
    }
    var pool = [builder.index * 0.01]
    var carried: [Expression] = []
    for _ in 0..<1 + noise.below(3) {
      let own = shape(&noise)
      let start = noise.chance(0.2) ? graph.number(0.5) : input(own, &noise)
      carried.append(builder.carry(start, own))
    }
    for _ in 0..<noise.below(3) {
      let own = shape(&noise)
      let column = input(Shape(rows: turns * own.count, columns: 1), &noise)
      pool.append(builder.sequence(column, own))
    }
    for _ in 0..<noise.below(3) { pool.append(builder.invariant(input(shape(&noise), &noise))) }
    pool += carried
    for _ in 0..<2 + noise.below(12) {
      let (x, y) = (noise.pick(pool), noise.pick(pool))
      guard x.shape.broadcast(with: y.shape) != nil else { continue }
      var made: Expression?
      switch noise.below(6) {
      case 0, 1: made = ElementaryFunctions.find(noise.pick(Self.functions)).map { x.apply($0) }
      case 2: made = builder.body.select(x.apply(.less, y), x, y * 0.5)
      case 3 where x.shape.elements > 1: made = x.reduceElements(.sum)
      case 4: made = x.apply(.divide, y * y + 1.5)
      default:
        made = ElementaryFunctions.find(noise.pick(Self.pairs)).map { x.apply($0, y) }
      }
      if let made { pool.append(made) }
    }
    // What is carried stays bounded.
    for (k, input) in carried.enumerated() {
      let next = noise.pick(pool)
      let value = noise.chance(0.3) ? carried[noise.below(carried.count)] : next.apply(.sin)
      let sum = noise.chance(0.5) ? value : value + input * 0.5
      if input.shape.broadcast(with: sum.shape) == input.shape { builder.setNext(k, sum) }
    }
    for _ in 0..<noise.below(3) { _ = builder.stack(noise.pick(pool)) }
    func column(_ made: (finals: [Expression], stacks: [Expression])) -> Expression {
      graph.packed(
        (made.finals + made.stacks).map { part in
          let flat = Shape(rows: part.shape.count, columns: 1)
          return part.view(StridedMap(strides: flat.strides), flat)
        })
    }
    results = column(builder.build(in: graph))
    let last = Int32(graph.count - 1)
    let place = (0...last).last { graph.nodes[Int($0)].operation == .loop } ?? last
    rolled = Expression(graph: graph, index: place)
    unrolled = LoopNode(graph, place).unrolled()
    segmented = column(builder.build(in: graph, mostStates: 6))
  }

  /// A number that all of a column takes part in.
  func sum(_ column: Expression) -> Expression {
    let weights = Buffer(count: column.shape.count)
    for k in 0..<weights.count { weights[k] = 1 + Double(k % 7) / 8 }
    return (column * graph.array(weights, column.shape)).reduceElements(.sum)
  }
}

extension LoopNode {
  /// The column without a loop.
  func unrolled() -> Expression {
    let graph = result.graph
    var state = initial
    var pieces: [(expression: Expression, map: StridedMap)] = []
    func lay(_ value: Expression, _ place: Int) {
      pieces.append((value, StridedMap(offset: place, strides: value.shape.strides)))
    }
    for k in 0..<loop.turns {
      let turn = loop.isReversed ? loop.turns - 1 - k : k
      var known = [loop.index: graph.number(Double(turn))]
      for (n, carry) in loop.carries.enumerated() {
        known[carry.input] = state[n]
        if let place = loop.statePlaces[n] { lay(state[n], place + turn * state[n].shape.count) }
      }
      for (input, column) in zip(loop.sequences, sequences) {
        let shape = loop.body.shape(of: input)
        known[input] = column.view(
          StridedMap(offset: turn * shape.count, strides: shape.strides), shape)
      }
      for (input, value) in zip(loop.invariants, invariants) { known[input] = value }
      let made = loop.body.copy(loop.roots, into: graph, known: known)
      for (n, stack) in loop.stacks.enumerated() {
        let shape = loop.body.shape(of: stack)
        lay(
          made[loop.carries.count + n].broadcast(to: shape),
          loop.stackPlaces[n] + turn * shape.count)
      }
      state = loop.carries.indices.map {
        made[$0].broadcast(to: loop.body.shape(of: loop.carries[$0].input))
      }
    }
    for (n, value) in state.enumerated() { lay(value, loop.finalPlaces[n]) }
    return graph.assemble(result.shape, adds: false, pieces)
  }
}
