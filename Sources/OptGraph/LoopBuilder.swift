/// Making loops.
import OptNumerics

/// A loop in the making. The body is built in `body`, out of inputs that are asked for here.
package struct LoopBuilder {
  package let body = Graph()
  package let turns: Int
  package let isReversed: Bool
  /// The number of the turn.
  package let index: Expression
  private var carries: [(input: Expression, next: Expression, initial: Expression)] = []
  private var sequences: [(input: Expression, operand: Expression)] = []
  private var invariants: [(input: Expression, operand: Expression)] = []
  private var stacks: [Expression] = []

  package init(turns: Int, isReversed: Bool = false) {
    self.turns = turns
    self.isReversed = isReversed
    index = body.input(Input(name: "turn", role: .data, shape: .scalar))
  }

  private func input(_ name: String, _ shape: Shape) -> Expression {
    body.input(Input(name: name, role: .variable, shape: shape))
  }

  /// A value that goes from turn to turn, `initial` before the first. Until `setNext` it stays what
  /// it is.
  package mutating func carry(_ initial: Expression, _ shape: Shape) -> Expression {
    let input = input("state \(carries.count + 1)", shape)
    carries.append((input, input, initial.broadcast(to: shape)))
    return input
  }

  /// What the carry that was asked for as number `k` is after a turn.
  package mutating func setNext(_ k: Int, _ next: Expression) {
    carries[k].next = next.broadcast(to: carries[k].input.shape)
  }

  /// The elements of the column `operand` that belong to a turn.
  package mutating func sequence(_ operand: Expression, _ shape: Shape) -> Expression {
    let input = input("item \(sequences.count + 1)", shape)
    sequences.append((input, operand))
    return input
  }

  /// A value from outside.
  package mutating func invariant(_ operand: Expression) -> Expression {
    if operand.constant != nil { return body.number(operand.constant ?? .nan) }
    let input = input("known \(invariants.count + 1)", operand.shape)
    invariants.append((input, operand))
    return input
  }

  /// Keeps the values of all turns; the number of the stack.
  package mutating func stack(_ value: Expression) -> Int {
    stacks.append(value)
    return stacks.count - 1
  }

  /// Numbers that the states of one loop may take: 64 MB.
  package static let mostStates = 8_000_000

  /// The loop as a node of `graph`: the state after the last turn, and for each stack its values as
  /// a column.
  package func build(in graph: Graph) -> (finals: [Expression], stacks: [Expression]) {
    let roots = carries.map(\.next) + stacks
    let live = body.reachable(from: roots.map(\.index))
    func isRead(_ input: Expression) -> Bool {
      Int(input.index) < live.count && live[Int(input.index)]
    }
    let (sequences, invariants) = (
      sequences.filter { isRead($0.input) }, invariants.filter { isRead($0.input) }
    )
    let loop = Loop(
      body: body, turns: turns, isReversed: isReversed, index: index.index,
      carries: carries.map {
        Loop.Carry(input: $0.input.index, next: $0.next.index, keepsStates: true)
      }, sequences: sequences.map(\.input.index), invariants: invariants.map(\.input.index),
      stacks: stacks.map(\.index))
    let node = graph.loop(
      loop, carries.map(\.initial) + sequences.map(\.operand) + invariants.map(\.operand))
    let made = LoopNode(graph, node.index)
    return (carries.indices.map(made.final), stacks.indices.map(made.stack))
  }
}
