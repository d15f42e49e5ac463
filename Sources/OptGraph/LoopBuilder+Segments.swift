/// Loops of loops: what bounds the memory of derivatives.
///
/// Reverse mode needs the state before each turn. A loop of n turns whose states would take too much
/// is made one of √n turns, each of which is a loop of √n turns: then those of the outer loop are
/// kept, and those of an inner one are computed again when it is gone through backwards. (A.
/// Griewank, "Achieving logarithmic growth of temporal and spatial complexity in reverse automatic
/// differentiation", Optimization Methods and Software 1, 1992, with two levels, or more where two
/// are not enough.)

extension LoopBuilder {
  /// The same as `build`, by segments.
  func segmented(
    in graph: Graph, mostStates: Int
  ) -> (finals: [Expression], stacks: [Expression]) {
    let length = Int(Double(turns).squareRoot().rounded(.up))
    let count = turns / length
    let rest = turns - count * length
    var state = carries.map(\.initial)
    var heads: [Expression] = []
    var tails: [Expression] = []
    func segments() {
      var outer = LoopBuilder(turns: count, isReversed: isReversed)
      let start = outer.index * Double(length)
      let parts = Operands(
        state: zip(carries, state).map {
          outer.carry($1, $0.input.shape, named: $0.input.inputName)
        },
        sequences: sequences.map { input, operand in
          let size = length * input.shape.count
          let head = operand.columnPart(from: 0, count: count * size)
          return outer.sequence(head, Shape(rows: size, columns: 1))
        }, invariants: invariants.map { outer.invariant($0.operand) })
      let inner = copied(
        turns: length, start: start, parts, in: outer.body, mostStates: mostStates)
      for (k, value) in inner.finals.enumerated() { outer.setNext(k, value) }
      for value in inner.stacks { _ = outer.stack(value) }
      (state, heads) = outer.build(in: graph, mostStates: mostStates)
    }
    func remainder() {
      guard rest > 0 else { return }
      let parts = Operands(
        state: state,
        sequences: sequences.map { input, operand in
          let size = input.shape.count
          return operand.columnPart(from: count * length * size, count: rest * size)
        }, invariants: invariants.map(\.operand))
      (state, tails) = copied(
        turns: rest, start: graph.number(Double(count * length)), parts, in: graph,
        mostStates: mostStates)
    }
    if isReversed {
      remainder()
      segments()
    } else {
      segments()
      remainder()
    }
    guard rest > 0 else { return (state, heads) }
    let columns = zip(heads, tails).map { head, tail in
      let (a, b) = (head.shape.count, tail.shape.count)
      return graph.assemble(
        Shape(rows: a + b, columns: 1), adds: false,
        [
          (head, StridedMap(strides: [1, 1])), (tail, StridedMap(offset: a, strides: [1, 1])),
        ])
    }
    return (state, columns)
  }

  private struct Operands {
    var state: [Expression]
    var sequences: [Expression]
    var invariants: [Expression]
  }

  /// This loop for the turns from `start` on, with other operands.
  private func copied(
    turns: Int, start: Expression, _ operands: Operands, in graph: Graph, mostStates: Int
  ) -> (finals: [Expression], stacks: [Expression]) {
    var builder = LoopBuilder(turns: turns, isReversed: isReversed)
    var known = [index.index: builder.invariant(start) + builder.index]
    for (carry, value) in zip(carries, operands.state) {
      known[carry.input.index] = builder.carry(
        value, carry.input.shape, named: carry.input.inputName)
    }
    for (sequence, value) in zip(sequences, operands.sequences) {
      let shape = sequence.input.shape
      known[sequence.input.index] = builder.sequence(value, shape)
    }
    for (invariant, value) in zip(invariants, operands.invariants) {
      known[invariant.input.index] = builder.invariant(value)
    }
    let made = body.copy(carries.map(\.next) + stacks, into: builder.body, known: known)
    for k in carries.indices { builder.setNext(k, made[k]) }
    for value in made.dropFirst(carries.count) { _ = builder.stack(value) }
    return builder.build(in: graph, mostStates: mostStates)
  }
}

extension Expression {
  /// Of a column, `count` elements.
  fileprivate func columnPart(from start: Int, count: Int) -> Expression {
    let part = Shape(rows: count, columns: 1)
    return view(StridedMap(offset: start, strides: part.strides), part)
  }
}
