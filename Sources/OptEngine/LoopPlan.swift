/// Loops of a program: a program for the body, and where operands and results lie around it.
import OptGraph
import OptNumerics

/// One loop of a program; immutable.
final class LoopPlan: @unchecked Sendable {
  /// An input of the body and where its elements come from.
  struct Source {
    var input: Int
    var from: Place
    var count: Int
  }
  /// An output of the body and where its elements go.
  struct Target {
    var output: Int
    var to: Place
    var count: Int
  }

  let body: Program
  let turns: Int
  let isReversed: Bool
  /// The input that is the turn's number.
  let index: Int
  /// The state: where it starts; output k of the body is carry k after a turn.
  let carries: [Source]
  let sequences: [Source]
  let invariants: [Source]
  let stacks: [Target]
  /// Where the last state goes, and per carry that before each turn, if that is kept.
  let finals: [Place]
  let states: [Place?]
  /// Elements of the state.
  let stateCount: Int

  /// How many of the loops that follow may run at the same time as this one, and do.
  var companions = 0

  /// A loop whose body is `body`.
  init(_ node: LoopNode, _ body: Program, _ out: Place, _ location: (Int32) -> Place) {
    let loop = node.loop
    self.body = body
    turns = loop.turns
    isReversed = loop.isReversed
    func input(_ index: Int32) -> Int { Int(loop.body.nodes[Int(index)].payload) }
    func source(_ index: Int32, _ operand: Expression) -> Source {
      Source(input: input(index), from: location(operand.index), count: loop.size(index))
    }
    func place(_ offset: Int) -> Place { Place(base: out.base, offset: out.offset + offset) }
    index = input(loop.index)
    carries = zip(loop.carries, node.initial).map { source($0.input, $1) }
    sequences = zip(loop.sequences, node.sequences).map { source($0, $1) }
    invariants = zip(loop.invariants, node.invariants).map { source($0, $1) }
    let first = loop.carries.count
    stacks = loop.stacks.enumerated().map { k, stack in
      Target(output: first + k, to: place(loop.stackPlaces[k]), count: loop.size(stack))
    }
    finals = loop.finalPlaces.map(place)
    states = loop.statePlaces.map { $0.map(place) }
    stateCount = carries.reduce(0) { $0 + $1.count }
  }

  /// All places around that the loop reads.
  var reads: [Place] { (carries + sequences + invariants).map(\.from) }

  /// About how many nanoseconds it takes on the portable machine.
  var work: Int {
    let (product, overflows) = turns.multipliedReportingOverflow(by: body.work + 20)
    return overflows ? 1 << 40 : min(product, 1 << 40)
  }
}
