/// Rules of loops: the derivative of a loop is a loop.
///
/// Forward mode carries the tangents along with the state. Reverse mode goes through the turns
/// backwards with the states that the loop kept, and computes the body again in every turn.
import OptGraph

extension LoopNode {
  /// The number of lane levels inside.
  package var laneLevels: Int { loop.body.laneLevels(of: loop.roots) }

  /// The nodes of the body that depend on one of `inputs`, up to the last one that is wanted.
  fileprivate func dependents(on inputs: [Int32]) -> [Bool] {
    var dependence = Dependence(
      loop.body, on: inputs.map { Expression(graph: loop.body, index: $0) })
    return dependence.all(to: max(loop.roots.map(\.index).max() ?? 0, loop.lastInput))
  }

  /// Which carried values depend on something that varies, where `start`, `sequences` and
  /// `invariants` say so of the operands.
  fileprivate func varying(
    _ start: [Bool], _ sequences: [Bool], _ invariants: [Bool]
  ) -> (carries: [Bool], nodes: [Bool]) {
    var carries = start
    let outer =
      zip(loop.sequences, sequences).filter(\.1).map(\.0)
      + zip(loop.invariants, invariants).filter(\.1).map(\.0)
    while true {
      let own = zip(loop.carries, carries).filter(\.1).map(\.0.input)
      let nodes = dependents(on: outer + own)
      var changed = false
      for (k, carry) in loop.carries.enumerated() where !carries[k] && nodes[Int(carry.next)] {
        carries[k] = true
        changed = true
      }
      if !changed { return (carries, nodes) }
    }
  }

  /// A builder of a loop with all turns of this one, and what became of the body in it.
  fileprivate func copied(
    carries: Bool, reversed: Bool
  ) -> (builder: LoopBuilder, known: [Int32: Expression]) {
    var builder = LoopBuilder(
      turns: loop.turns, isReversed: reversed ? !loop.isReversed : loop.isReversed)
    var known = [loop.index: builder.index]
    if carries {
      for (carry, start) in zip(loop.carries, initial) {
        known[carry.input] = builder.carry(start, loop.body.shape(of: carry.input))
      }
    }
    for (input, operand) in zip(loop.sequences, sequences) {
      known[input] = builder.sequence(operand, loop.body.shape(of: input))
    }
    for (input, operand) in zip(loop.invariants, invariants) {
      known[input] = builder.invariant(operand)
    }
    return (builder, known)
  }
}

extension Loop {
  fileprivate var lastInput: Int32 {
    (carries.map(\.input) + sequences + invariants + [index]).max() ?? 0
  }
}

// MARK: - Forward mode

extension ForwardSweep {
  /// A loop with the tangents of the state as further state. The tangents' lanes are further lanes
  /// of its parts.
  func pushLoop(_ index: Int32) -> Expression? {
    let node = LoopNode(graph, index)
    let loop = node.loop
    let tangents = (
      initial: node.initial.map { full($0.index) },
      sequences: node.sequences.map { full($0.index) },
      invariants: node.invariants.map { full($0.index) }
    )
    let (moves, varies) = node.varying(
      tangents.initial.map { $0 != nil }, tangents.sequences.map { $0 != nil },
      tangents.invariants.map { $0 != nil })
    var directions = Shape.scalar
    for part in tangents.initial + tangents.sequences + tangents.invariants {
      guard let part else { continue }
      directions = directions.withLanes(of: part.shape)
    }
    // Lanes that parts of the state have anyway are none of the directions.
    let columns = node.sequences.reduce(Shape.scalar) { $0.withLanes(of: $1.shape) }
    let own = (node.initial + node.invariants).reduce(columns) { $0.withLanes(of: $1.shape) }
    let further = directions.beyond(own)
    func wide(_ input: Int32) -> Shape { loop.body.shape(of: input).withLanes(of: further) }

    var (builder, known) = node.copied(carries: true, reversed: false)
    var along: [(input: Int32, tangent: Expression)] = []
    var moving: [Int] = []
    for (k, carry) in loop.carries.enumerated() where moves[k] {
      let start = tangents.initial[k] ?? graph.number(0)
      along.append((carry.input, builder.carry(start, wide(carry.input))))
      moving.append(k)
    }
    for (k, input) in loop.sequences.enumerated() {
      guard let tangent = tangents.sequences[k] else { continue }
      let shape = loop.body.shape(of: input)
      let operand = tangent.byTurns(loop.turns, shape, further)
      along.append((input, builder.sequence(operand, wide(input))))
    }
    for (k, input) in loop.invariants.enumerated() {
      guard let tangent = tangents.invariants[k] else { continue }
      along.append((input, builder.invariant(tangent)))
    }

    // The body and its tangents.
    let wanted = moving.map { loop.carries[$0].next } + loop.stacks.filter { varies[Int($0)] }
    let inputs = loop.carries.map(\.input) + loop.sequences + loop.invariants
    let roots = (loop.carries.map(\.next) + wanted + inputs).map {
      Expression(graph: loop.body, index: $0)
    }
    let made = loop.body.copy(roots, into: builder.body, known: known)
    for k in loop.carries.indices { builder.setNext(k, made[k]) }
    let targets = Array(made[loop.carries.count..<loop.carries.count + wanted.count])
    let results = pushforward(
      targets, along: along.compactMap { item in known[item.input].map { ($0, item.tangent) } })
    for (k, result) in zip(moving.indices, results) {
      builder.setNext(loop.carries.count + k, result)
    }
    var stacks: [Int: Int] = [:]
    let kept = loop.stacks.indices.filter { varies[Int(loop.stacks[$0])] }
    for (k, result) in zip(kept, results.dropFirst(moving.count)) {
      stacks[k] = builder.stack(result.broadcast(to: wide(loop.stacks[k])))
    }
    var states: [Int: Int] = [:]
    for (n, k) in moving.enumerated() where loop.carries[k].keepsStates {
      states[k] = builder.stack(along[n].tangent)
    }
    let (finals, columnsMade) = builder.build(in: graph)

    // The tangent of the column.
    var pieces: [(expression: Expression, map: StridedMap)] = []
    let target = Shape(rows: loop.count, columns: 1).withLanes(of: further)
    func lay(_ part: Expression, _ place: Int, _ count: Int) {
      let shape = Shape(rows: count, columns: 1).withLanes(of: further)
      pieces.append((part.broadcast(to: shape), StridedMap(offset: place, strides: target.strides)))
    }
    for (n, k) in moving.enumerated() {
      let size = loop.size(loop.carries[k].input)
      let shape = loop.body.shape(of: loop.carries[k].input)
      lay(
        finals[loop.carries.count + n].byDirections(1, shape, further), loop.finalPlaces[k], size)
      if let place = loop.statePlaces[k], let stack = states[k] {
        lay(
          columnsMade[stack].byDirections(loop.turns, shape, further), place, loop.turns * size)
      }
    }
    for k in loop.stacks.indices {
      guard let stack = stacks[k] else { continue }
      let shape = loop.body.shape(of: loop.stacks[k])
      lay(
        columnsMade[stack].byDirections(loop.turns, shape, further), loop.stackPlaces[k],
        loop.turns * shape.count)
    }
    return pieces.isEmpty ? nil : graph.assemble(target, adds: false, pieces)
  }
}

extension Shape {
  /// The lanes that `own` has not, as a 1×1 shape.
  fileprivate func beyond(_ own: Shape) -> Shape {
    Shape(
      lanes: lanes.enumerated().map { k, size in
        k < own.lanes.count && own.lanes[k] != 1 ? 1 : size
      }, rows: 1, columns: 1)
  }
}

extension Expression {
  /// Of a column with the lanes `further`, in which the elements of `shape` follow each other turn
  /// by turn: a column in which all lanes of a turn follow each other.
  fileprivate func byTurns(_ turns: Int, _ shape: Shape, _ further: Shape) -> Expression {
    if further.isScalar { return self }
    let whole = broadcast(
      to: Shape(rows: turns * shape.count, columns: 1).withLanes(of: further))
    let wide = shape.withLanes(of: further)
    let own = shape.spreadStrides(in: wide)
    let lanes = further.spreadStrides(in: wide, times: turns * shape.count)
    let strides = [shape.count] + zip(own, lanes).map(+)
    let turned = whole.view(
      StridedMap(strides: strides),
      Shape(
        lanes: [Int32(clamping: turns)] + wide.lanes, rows: Int(wide.rows),
        columns: Int(wide.columns)))
    let column = Shape(rows: turns * wide.count, columns: 1)
    return turned.view(StridedMap(strides: column.strides), column)
  }

  /// The other way round.
  fileprivate func byDirections(_ turns: Int, _ shape: Shape, _ further: Shape) -> Expression {
    let wide = shape.withLanes(of: further)
    let column = Shape(rows: turns * shape.count, columns: 1).withLanes(of: further)
    if further.isScalar { return view(StridedMap(strides: column.strides), column) }
    let (own, all) = (wide.strides, wide.dimensions)
    let mine = shape.dimensions(levels: wide.lanes.count)
    let others = further.dimensions(levels: wide.lanes.count)
    // Directions first, then turns, then what a turn has itself.
    var lanes: [Int32] = []
    var strides: [Int] = []
    for k in all.indices.dropLast(2) where others[k] != 1 && mine[k] == 1 {
      lanes.append(Int32(clamping: others[k]))
      strides.append(own[k])
    }
    lanes.append(Int32(clamping: turns))
    strides.append(wide.count)
    for k in mine.indices.dropLast(2) where mine[k] != 1 {
      lanes.append(Int32(clamping: mine[k]))
      strides.append(own[k])
    }
    let turned = view(
      StridedMap(strides: strides + own.suffix(2)).trimmed(lanes),
      Shape(lanes: lanes, rows: Int(shape.rows), columns: Int(shape.columns)))
    return turned.view(StridedMap(strides: column.strides), column)
  }
}

extension StridedMap {
  /// Without the strides of trailing lanes of size 1, which a shape leaves out.
  fileprivate func trimmed(_ lanes: [Int32]) -> StridedMap {
    let kept = (lanes.lastIndex { $0 != 1 } ?? -1) + 1
    return StridedMap(offset: offset, strides: Array(strides[..<kept]) + strides.suffix(2))
  }
}

extension Shape {
  /// Strides of this shape along the dimensions of `wide`, which broadcasts from it.
  fileprivate func spreadStrides(in wide: Shape, times factor: Int = 1) -> [Int] {
    let sizes = dimensions(levels: wide.lanes.count)
    var result = [Int](repeating: 0, count: sizes.count)
    var step = factor
    for k in stride(from: sizes.count - 1, through: 0, by: -1) where sizes[k] != 1 {
      result[k] = step
      step *= sizes[k]
    }
    return result
  }
}

// MARK: - Reverse mode

extension ReverseSweep {
  /// A loop in the other direction whose state is the adjoint of the state, and sums for what all
  /// turns read.
  mutating func pullLoop(_ index: Int32, _ adjoint: Masked) {
    let node = LoopNode(graph, index)
    let loop = node.loop
    let seeds = adjoint.value.broadcast(to: graph.shape(of: index)).parts(of: loop)
    let wanted = (
      initial: node.initial.map { wants($0.index) },
      sequences: node.sequences.map { wants($0.index) },
      invariants: node.invariants.map { wants($0.index) }
    )
    let (varies, nodes) = node.varying(wanted.initial, wanted.sequences, wanted.invariants)
    let active = node.active(varies, seeds)
    let stacks = loop.stacks.indices.filter {
      seeds.stacks[$0] != nil && nodes[Int(loop.stacks[$0])]
    }

    var (builder, known) = node.copied(carries: false, reversed: true)
    for (k, carry) in loop.carries.enumerated() {
      guard let states = node.states(k) else { return }
      known[carry.input] = builder.sequence(states, loop.body.shape(of: carry.input))
    }
    // Carries: adjoints of the state, then sums.
    let moving = loop.carries.indices.filter { active[$0] }
    var outputs: [(node: Int32, seed: Expression)] = []
    for k in moving {
      let shape = loop.body.shape(of: loop.carries[k].input)
      outputs.append(
        (loop.carries[k].next, builder.carry(seeds.finals[k] ?? graph.number(0), shape)))
    }
    for k in stacks {
      guard let seed = seeds.stacks[k] else { continue }
      let shape = loop.body.shape(of: loop.stacks[k])
      outputs.append((loop.stacks[k], builder.sequence(seed, shape)))
    }
    var targets: [Int32] = moving.map { loop.carries[$0].input }
    let sequences = loop.sequences.indices.filter { wanted.sequences[$0] }
    let invariants = loop.invariants.indices.filter { wanted.invariants[$0] }
    targets += sequences.map { loop.sequences[$0] } + invariants.map { loop.invariants[$0] }
    let sums = invariants.map { k in
      builder.carry(graph.number(0), loop.body.shape(of: loop.invariants[k]))
    }

    let roots = (outputs.map(\.node) + targets).map { Expression(graph: loop.body, index: $0) }
    let made = loop.body.copy(roots, into: builder.body, known: known)
    let slopes = pullback(
      zip(made, outputs).map { ($0, seed: $1.seed) }, to: Array(made[outputs.count...]))
    for (n, k) in moving.enumerated() {
      var slope = slopes[n]
      if let column = seeds.states[k] {
        let shape = loop.body.shape(of: loop.carries[k].input)
        slope = slope + builder.sequence(column, shape)
      }
      builder.setNext(n, slope)
    }
    let columns = sequences.indices.map { n in
      builder.stack(
        slopes[moving.count + n].broadcast(to: loop.body.shape(of: loop.sequences[sequences[n]])))
    }
    for n in invariants.indices {
      builder.setNext(
        moving.count + n, sums[n] + slopes[moving.count + sequences.count + n])
    }
    let (finals, stacksMade) = builder.build(in: graph)

    let alive = adjoint.predicate.map { predicate in
      predicate.reduce(.maximum, Array(predicate.shape.dimensions.indices))
    }
    func add(_ part: Expression, _ operand: Expression) {
      adjoints.add(masked(part, alive), to: operand.index, where: alive)
    }
    for (n, k) in moving.enumerated() where wanted.initial[k] { add(finals[n], node.initial[k]) }
    for (n, k) in sequences.enumerated() { add(stacksMade[columns[n]], node.sequences[k]) }
    for (n, k) in invariants.enumerated() { add(finals[moving.count + n], node.invariants[k]) }
  }
}

/// The adjoint of a loop's column, part by part; nil where it is 0.
private struct LoopSeeds {
  var finals: [Expression?]
  var stacks: [Expression?]
  var states: [Expression?]
}

extension LoopNode {
  /// Which carries have an adjoint and pass it on to something that varies.
  fileprivate func active(_ varies: [Bool], _ seeds: LoopSeeds) -> [Bool] {
    var active = loop.carries.indices.map { k in
      varies[k] && (seeds.finals[k] != nil || seeds.states[k] != nil)
    }
    let stacks = loop.stacks.indices.filter { seeds.stacks[$0] != nil }.map { loop.stacks[$0] }
    while true {
      let roots = stacks + loop.carries.indices.filter { active[$0] }.map { loop.carries[$0].next }
      let live = loop.body.reachable(from: roots)
      var changed = false
      for (k, carry) in loop.carries.enumerated()
      where varies[k] && !active[k] && Int(carry.input) < live.count && live[Int(carry.input)] {
        active[k] = true
        changed = true
      }
      if !changed { return active }
    }
  }
}

extension Expression {
  /// The parts of an adjoint of a loop's column. Of pieces that were added up only those that lie in
  /// a part make it.
  fileprivate func parts(of loop: Loop) -> LoopSeeds {
    let n = node
    let pieces = n.operation == .assemble ? graph.assemblies[Int(n.payload)] : nil
    func part(_ place: Int, _ shape: Shape) -> Expression? {
      guard let pieces, pieces.adds else {
        return constant == 0 ? nil : view(StridedMap(offset: place, strides: shape.strides), shape)
      }
      var inside: [(expression: Expression, map: StridedMap)] = []
      for piece in pieces.pieces {
        let own = graph.shape(of: piece.node)
        let (low, high) = piece.map.reach(own)
        if high < place || low >= place + shape.count { continue }
        guard low >= place, high < place + shape.count else {
          return view(StridedMap(offset: place, strides: shape.strides), shape)
        }
        var map = piece.map
        map.offset -= place
        inside.append((Expression(graph: graph, index: piece.node), map))
      }
      return inside.isEmpty ? nil : graph.assemble(shape, adds: true, inside)
    }
    func column(_ place: Int?, _ size: Int) -> Expression? {
      place.flatMap { part($0, Shape(rows: loop.turns * size, columns: 1)) }
    }
    return LoopSeeds(
      finals: loop.carries.indices.map { k in
        part(loop.finalPlaces[k], loop.body.shape(of: loop.carries[k].input))
      },
      stacks: loop.stacks.indices.map { column(loop.stackPlaces[$0], loop.size(loop.stacks[$0])) },
      states: loop.carries.indices.map {
        column(loop.statePlaces[$0], loop.size(loop.carries[$0].input))
      })
  }
}
