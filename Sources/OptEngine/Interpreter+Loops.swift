/// Loops, turn by turn and node by node.
import OptGraph
import OptNumerics

extension Interpreter {
  /// The column of a loop whose operands are known.
  func looped(_ node: LoopNode) -> Buffer {
    let loop = node.loop
    let inner = Interpreter(loop.body)
    let result = Buffer(count: loop.count)
    func input(_ index: Int32) -> Expression { Expression(graph: loop.body, index: index) }
    func lay(_ values: Buffer, at place: Int) {
      for k in 0..<values.count { result[place + k] = values[k] }
    }
    var state = node.initial.map { value($0.index) }
    let columns = node.sequences.map { value($0.index) }
    for (index, operand) in zip(loop.invariants, node.invariants) {
      inner.bind(input(index), value(operand.index))
    }
    for k in 0..<loop.turns {
      let turn = loop.isReversed ? loop.turns - 1 - k : k
      inner.forget()
      inner.bind(input(loop.index), Buffer([Double(turn)]))
      for (n, carry) in loop.carries.enumerated() {
        inner.bind(input(carry.input), state[n])
        if let place = loop.statePlaces[n] { lay(state[n], at: place + turn * state[n].count) }
      }
      for (index, column) in zip(loop.sequences, columns) {
        let size = loop.size(index)
        let item = Buffer(uninitialized: size)
        for i in 0..<size { item[i] = column[turn * size + i] }
        inner.bind(input(index), item)
      }
      for (n, stack) in loop.stacks.enumerated() {
        lay(inner.value(of: input(stack)), at: loop.stackPlaces[n] + turn * loop.size(stack))
      }
      state = loop.carries.map { inner.value(of: input($0.next)) }
    }
    for (n, values) in state.enumerated() { lay(values, at: loop.finalPlaces[n]) }
    return result
  }
}
