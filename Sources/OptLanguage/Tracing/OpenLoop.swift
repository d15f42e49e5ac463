/// Loops whose body is being traced once for all turns.
import OptGraph
import OptSyntax

/// A loop that is being traced: which nodes depend on its turn.
final class OpenLoop {
  private let graph: Graph
  /// Nodes before this one do not depend on the loop.
  let first: Int32
  /// The number of the turn, from 0.
  let turn: Expression
  let turns: Int
  private var marks: [Bool] = []
  private var sources: Set<Int32> = []
  /// What must not hold in any turn, with what it is called.
  var checks: [(condition: Expression, what: String, span: SourceSpan)] = []

  init(_ graph: Graph, turns: Int) {
    self.graph = graph
    self.turns = turns
    turn = graph.input(Input(name: "turn", role: .data, shape: .scalar))
    first = turn.index
    sources = [turn.index]
  }

  /// A new input that depends on the loop.
  func input(_ shape: Shape) -> Expression {
    let input = graph.input(Input(name: "state", role: .data, shape: shape))
    note(input)
    return input
  }

  /// Says that a node that was just made depends on the loop.
  func note(_ source: Expression) {
    sources.insert(source.index)
    let k = Int(source.index - first)
    if k < marks.count { marks[k] = true }
  }

  /// Whether a node depends on the turn or on what the loop assigns.
  func depends(_ node: Int32) -> Bool {
    guard node >= first else { return false }
    let first = first
    while marks.count <= Int(node - first) {
      let next = first + Int32(marks.count)
      var found = sources.contains(next)
      if !found {
        graph.forEachOperand(of: graph.nodes[Int(next)]) {
          if $0 >= first, marks[Int($0 - first)] { found = true }
        }
      }
      marks.append(found)
    }
    return marks[Int(node - first)]
  }
}

extension Tracer {
  /// Whether an expression differs between the turns of a loop that is traced as one.
  func dependsOnLoop(_ expression: Expression) -> Bool {
    openLoops.contains { $0.depends(expression.index) }
  }

  /// `input` stands for `real` for a while: it depends on the same loops.
  func standIn(_ input: Expression, for real: Expression) {
    for loop in openLoops where loop.depends(real.index) { loop.note(input) }
  }

  /// The least and the largest value of an expression over the turns of all open loops, where it is a
  /// number plus multiples of their turns, and the multiple of the innermost.
  func affine(_ expression: Expression, depth: Int = 0) -> Affine? {
    let node = expression.node
    if let known = expression.constant {
      return Affine(start: known, steps: openLoops.map { _ in 0 })
    }
    if let k = openLoops.firstIndex(where: { $0.turn == expression }) {
      return Affine(start: 0, steps: openLoops.indices.map { $0 == k ? 1 : 0 })
    }
    guard node.operation == .apply, depth < 32 else { return nil }
    func operand(_ index: Int32) -> Affine? {
      affine(Expression(graph: graph, index: index), depth: depth + 1)
    }
    guard let a = operand(node.a) else { return nil }
    if node.isApply(.negate) { return a.times(-1) }
    guard node.b >= 0, let b = operand(node.b) else { return nil }
    if node.isApply(.add) { return a.plus(b) }
    if node.isApply(.subtract) { return a.plus(b.times(-1)) }
    if node.isApply(.multiply) {
      return a.isConstant ? b.times(a.start) : b.isConstant ? a.times(b.start) : nil
    }
    return nil
  }
}

/// A number plus multiples of the turns of loops.
struct Affine {
  var start: Double
  var steps: [Double]

  var isConstant: Bool { steps.allSatisfy { $0 == 0 } }
  /// Whether all values are whole numbers.
  var isWhole: Bool { ([start] + steps).allSatisfy { $0 == $0.rounded() && $0.magnitude < 1e15 } }

  func times(_ factor: Double) -> Affine {
    Affine(start: start * factor, steps: steps.map { $0 * factor })
  }

  func plus(_ other: Affine) -> Affine {
    Affine(start: start + other.start, steps: zip(steps, other.steps).map(+))
  }

  /// The least and the largest value over `loops`.
  func range(_ loops: [OpenLoop]) -> (low: Double, high: Double) {
    var (low, high) = (start, start)
    for (step, loop) in zip(steps, loops) {
      let reach = step * Double(loop.turns - 1)
      if reach < 0 { low += reach } else { high += reach }
    }
    return (low, high)
  }
}
