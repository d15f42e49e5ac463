/// Making loops.
import OptNumerics

/// A loop in the making. The body is built in `body`, out of inputs that are asked for here.
package struct LoopBuilder {
  package let body = Graph()
  package let turns: Int
  package let isReversed: Bool
  /// The number of the turn.
  package let index: Expression
  private(set) var carries:
    [(input: Expression, next: Expression, initial: Expression, keepsStates: Bool)] = []
  private(set) var sequences: [(input: Expression, operand: Expression)] = []
  private(set) var invariants: [(input: Expression, operand: Expression)] = []
  private(set) var stacks: [Expression] = []

  package init(turns: Int, isReversed: Bool = false) {
    self.turns = turns
    self.isReversed = isReversed
    index = body.input(Input(name: "", role: .data, shape: .scalar))
  }

  private func input(_ name: String, _ shape: Shape) -> Expression {
    body.input(Input(name: name, role: .variable, shape: shape))
  }

  /// A value that goes from turn to turn, `initial` before the first. Until `setNext` it stays what
  /// it is. Messages call it `name`.
  package mutating func carry(
    _ initial: Expression, _ shape: Shape, named name: String = ""
  ) -> Expression {
    let input = input(name, shape)
    carries.append((input, input, initial.broadcast(to: shape), true))
    return input
  }

  /// What the carry that was asked for as number `k` is after a turn.
  package mutating func setNext(_ k: Int, _ next: Expression) {
    carries[k].next = next.broadcast(to: carries[k].input.shape)
  }

  /// Whether the values of carry `k` before each turn are kept.
  package mutating func keepStates(_ k: Int, _ keeps: Bool) { carries[k].keepsStates = keeps }

  /// The elements of the column `operand` that belong to a turn.
  package mutating func sequence(_ operand: Expression, _ shape: Shape) -> Expression {
    let input = input("", shape)
    sequences.append((input, operand))
    return input
  }

  /// A value from outside.
  package mutating func invariant(_ operand: Expression) -> Expression {
    if operand.constant != nil { return body.number(operand.constant ?? .nan) }
    let input = input(operand.inputName, operand.shape)
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

  /// The loop in `graph`: the state after the last turn, and for each stack its values as a column.
  /// One whose states would be more than `mostStates` numbers becomes a loop of loops.
  package func build(
    in graph: Graph, mostStates: Int = Self.mostStates
  ) -> (finals: [Expression], stacks: [Expression]) {
    let size = carries.reduce(0) { $0 + $1.input.shape.count }
    if turns > 3, turns.multipliedReportingOverflow(by: size).partialValue > mostStates {
      return segmented(in: graph, mostStates: mostStates)
    }
    let made = node(in: graph)
    return (carries.indices.map(made.final), stacks.indices.map(made.stack))
  }

  /// The same as one node.
  package func node(in graph: Graph) -> LoopNode {
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
        Loop.Carry(input: $0.input.index, next: $0.next.index, keepsStates: $0.keepsStates)
      }, sequences: sequences.map(\.input.index), invariants: invariants.map(\.input.index),
      stacks: stacks.map(\.index))
    let node = graph.loop(
      loop, carries.map(\.initial) + sequences.map(\.operand) + invariants.map(\.operand))
    return LoopNode(graph, node.index)
  }
}

extension Expression {
  /// The name of an input.
  var inputName: String {
    let n = node
    return n.operation == .input ? graph.inputs[Int(n.payload)].name : ""
  }
}
