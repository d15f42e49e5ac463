/// Loops that stay loops: a body of its own, carried out once a turn.

/// What a `loop` node does: `body` computes from the state before a turn the state after it.
///
/// The node's value is one column. In it lie, one after the other: the state after the last turn;
/// for each of `stacks` its values of all turns, in the order of the turns' numbers; for each carried
/// value its values before each turn. A pass drops what nobody reads.
package final class Loop: Sendable {
  /// A value that goes from turn to turn: an input of the body, and what it is after the turn.
  package struct Carry: Sendable {
    package let input: Int32
    package let next: Int32
    /// Whether the values before each turn are part of the column.
    package let keepsStates: Bool
    package init(input: Int32, next: Int32, keepsStates: Bool) {
      self.input = input
      self.next = next
      self.keepsStates = keepsStates
    }
  }

  package let body: Graph
  /// How many turns; their numbers are 0 ..< turns.
  package let turns: Int
  /// Whether the turn with the largest number is the first.
  package let isReversed: Bool
  /// The input of the body that is the turn's number.
  package let index: Int32
  package let carries: [Carry]
  /// Inputs of the body that read the next elements of an operand in every turn.
  package let sequences: [Int32]
  /// Inputs of the body that are the same in every turn.
  package let invariants: [Int32]
  /// Nodes of the body whose values of all turns are kept.
  package let stacks: [Int32]

  package init(
    body: Graph, turns: Int, isReversed: Bool, index: Int32, carries: [Carry], sequences: [Int32],
    invariants: [Int32], stacks: [Int32]
  ) {
    self.body = body
    self.turns = turns
    self.isReversed = isReversed
    self.index = index
    self.carries = carries
    self.sequences = sequences
    self.invariants = invariants
    self.stacks = stacks
    var place = 0
    finalPlaces = carries.map { carry in
      defer { place += body.shape(of: carry.input).count }
      return place
    }
    stackPlaces = stacks.map { stack in
      defer { place += turns * body.shape(of: stack).count }
      return place
    }
    statePlaces = carries.map { carry in
      guard carry.keepsStates else { return nil }
      defer { place += turns * body.shape(of: carry.input).count }
      return place
    }
    count = place
  }

  /// Where parts of the column begin, and its length.
  package let finalPlaces: [Int]
  package let stackPlaces: [Int]
  package let statePlaces: [Int?]
  package let count: Int

  /// Elements of a node of the body.
  package func size(_ node: Int32) -> Int { body.shape(of: node).count }

  /// All nodes of the body that are wanted.
  package var roots: [Expression] {
    (carries.map(\.next) + stacks).map { Expression(graph: body, index: $0) }
  }
}

/// A loop with its operands: initial state, sequences, invariants.
struct LoopUse: Hashable {
  let loop: Loop
  let operands: [Int32]

  static func == (a: LoopUse, b: LoopUse) -> Bool {
    a.loop === b.loop && a.operands == b.operands
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(loop))
    hasher.combine(operands)
  }
}

/// A loop node with its operands.
package struct LoopNode {
  package let loop: Loop
  /// Of the size of the carried values.
  package let initial: [Expression]
  /// Columns: the elements of the first turn, then those of the second …
  package let sequences: [Expression]
  package let invariants: [Expression]
  package let result: Expression

  package init(_ graph: Graph, _ index: Int32) {
    let use = graph.loops[Int(graph.nodes[Int(index)].payload)]
    loop = use.loop
    let all = use.operands.map { Expression(graph: graph, index: $0) }
    let (a, b) = (loop.carries.count, loop.sequences.count)
    initial = Array(all[..<a])
    sequences = Array(all[a..<a + b])
    invariants = Array(all[(a + b)...])
    result = Expression(graph: graph, index: index)
  }

  private func part(_ place: Int, _ shape: Shape) -> Expression {
    result.view(StridedMap(offset: place, strides: shape.strides), shape)
  }

  /// The value of a carry after the last turn.
  package func final(_ k: Int) -> Expression {
    part(loop.finalPlaces[k], loop.body.shape(of: loop.carries[k].input))
  }

  /// The values of a stack, as a column.
  package func stack(_ k: Int) -> Expression {
    part(loop.stackPlaces[k], Shape(rows: loop.turns * loop.size(loop.stacks[k]), columns: 1))
  }

  /// The values of a carry before each turn, as a column.
  package func states(_ k: Int) -> Expression? {
    loop.statePlaces[k].map {
      part($0, Shape(rows: loop.turns * loop.size(loop.carries[k].input), columns: 1))
    }
  }
}

extension Graph {
  /// The node that runs `loop`; operands have the sizes that it says.
  package func loop(_ loop: Loop, _ operands: [Expression]) -> Expression {
    append(
      .loop, Shape(rows: loop.count, columns: 1),
      payload: intern(LoopUse(loop: loop, operands: operands.map(\.index))))
  }
}
