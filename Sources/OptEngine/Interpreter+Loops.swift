/// Loops, turn by turn and node by node.
import OptGraph
import OptNumerics

extension Interpreter {
  /// The column of a loop whose operands are known.
  func looped(_ node: LoopNode) -> Buffer {
    let loop = node.loop
    let result = Buffer(count: loop.count)
    func lay(_ values: Buffer, at place: Int) {
      for k in 0..<values.count { result[place + k] = values[k] }
    }
    let last = forEachTurn(node) { turn, state, inner in
      for (n, values) in state.enumerated() {
        if let place = loop.statePlaces[n] { lay(values, at: place + turn * values.count) }
      }
      for (n, stack) in loop.stacks.enumerated() {
        lay(
          inner.value(of: Expression(graph: loop.body, index: stack)),
          at: loop.stackPlaces[n] + turn * loop.size(stack))
      }
      return true
    }
    for (n, values) in last.enumerated() { lay(values, at: loop.finalPlaces[n]) }
    return result
  }

  /// The first turn of a loop in which something that is wanted of the body is not finite: its number,
  /// an interpreter of the body in that turn, and what is not finite.
  package func firstBadTurn(
    of index: Int32
  ) -> (turn: Int, body: Interpreter, node: Expression)? {
    let node = LoopNode(graph, index)
    for operand in graph.operands(of: index) {
      _ = value(of: Expression(graph: graph, index: operand))
    }
    var found: (turn: Int, body: Interpreter, node: Expression)?
    _ = forEachTurn(node) { turn, _, inner in
      let bad = node.loop.roots.first { root in
        let values = inner.value(of: root)
        return (0..<values.count).contains { !values[$0].isFinite }
      }
      if let bad { found = (turn, inner, bad) }
      return bad == nil
    }
    return found
  }

  /// Calls `visit` with the number of each turn, the state before it and an interpreter of the body,
  /// until it says no; the state after the last turn.
  private func forEachTurn(
    _ node: LoopNode, _ visit: (Int, [Buffer], Interpreter) -> Bool
  ) -> [Buffer] {
    let loop = node.loop
    let inner = Interpreter(loop.body)
    func input(_ index: Int32) -> Expression { Expression(graph: loop.body, index: index) }
    var state = node.initial.map { value($0.index) }
    let columns = node.sequences.map { value($0.index) }
    for (index, operand) in zip(loop.invariants, node.invariants) {
      inner.bind(input(index), value(operand.index))
    }
    for k in 0..<loop.turns {
      let turn = loop.isReversed ? loop.turns - 1 - k : k
      inner.forget()
      inner.bind(input(loop.index), Buffer([Double(turn)]))
      for (carry, values) in zip(loop.carries, state) { inner.bind(input(carry.input), values) }
      for (index, column) in zip(loop.sequences, columns) {
        let size = loop.size(index)
        let item = Buffer(uninitialized: size)
        for i in 0..<size { item[i] = column[turn * size + i] }
        inner.bind(input(index), item)
      }
      guard visit(turn, state, inner) else { return state }
      state = loop.carries.map { inner.value(of: input($0.next)) }
    }
    return state
  }
}
