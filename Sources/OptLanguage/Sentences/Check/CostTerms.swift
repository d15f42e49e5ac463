/// A cost taken apart into its summands.
import OptGraph
import OptSyntax

/// The summands of an expression, each with the factor that stands before the sum.
struct CostTerms {
  struct Term {
    let expression: Expression
    let text: String
  }
  private(set) var terms: [Term] = []

  /// A part that is still to be taken apart, with what it is multiplied by.
  private struct Part {
    let expression: Expression
    let factor: Expression?
    let isNegative: Bool
    /// The part with the factor.
    let whole: Expression
  }

  /// Most summands that are looked at.
  private static let largestCount = 40

  init(of cost: Expression, _ tracer: Tracer) {
    let graph = cost.graph
    var pending = [Part(expression: cost, factor: nil, isNegative: false, whole: cost)]
    var isWhole = true
    while let part = pending.popLast(), terms.count < Self.largestCount {
      let node = part.expression.node
      func operand(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }
      func push(_ index: Int32, turned: Bool = false) {
        pending.append(
          Part(
            expression: operand(index), factor: part.factor,
            isNegative: turned != part.isNegative, whole: operand(index)))
      }
      if node.isApply(.add) {
        push(node.b)
        push(node.a)
        isWhole = false
      } else if node.isApply(.subtract) {
        push(node.b, turned: true)
        push(node.a)
        isWhole = false
      } else if node.isApply(.negate) {
        push(node.a, turned: true)
      } else if let inner = Self.scaledSum(part.expression) {
        let factor = part.factor.map { $0 * inner.factor } ?? inner.factor
        pending.append(
          Part(
            expression: inner.sum, factor: factor, isNegative: part.isNegative, whole: part.whole))
      } else {
        let whole = Self.scaled(part, part.expression)
        // The cost itself is no part of the cost.
        if !isWhole {
          terms.append(Term(expression: whole, text: Self.text(part.whole, tracer)))
        }
        addEnds(part, tracer)
      }
    }
  }

  private static func scaled(_ part: Part, _ expression: Expression) -> Expression {
    let whole = part.factor.map { expression * $0 } ?? expression
    return part.isNegative ? -whole : whole
  }

  /// A number times, or a sum divided by, something that no variable changes.
  private static func scaledSum(
    _ expression: Expression
  ) -> (factor: Expression, sum: Expression)? {
    let (graph, node) = (expression.graph, expression.node)
    func operand(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }
    if node.isApply(.multiply) {
      for (factor, sum) in [(node.a, node.b), (node.b, node.a)] where isFixed(operand(factor)) {
        return (operand(factor), operand(sum))
      }
    }
    if node.isApply(.divide), isFixed(operand(node.b)) {
      return (graph.number(1) / operand(node.b), operand(node.a))
    }
    return nil
  }

  /// A single number that does not depend on the variables; only plain ones are recognised.
  private static func isFixed(_ expression: Expression) -> Bool {
    guard expression.shape.isScalar else { return false }
    let node = expression.node
    if node.operation == .input {
      return expression.graph.inputs[Int(node.payload)].role != .variable
    }
    return node.operation == .number
  }

  /// Of a sum over elements or turns its first and its last summand.
  private mutating func addEnds(_ part: Part, _ tracer: Tracer) {
    let (graph, node) = (part.expression.graph, part.expression.node)
    guard node.operation == .reduce, part.expression.shape.isScalar else { return }
    guard graph.reductions[Int(node.payload)].kind == .sum else { return }
    let summands = Expression(graph: graph, index: node.a)
    let count = summands.shape.count
    guard count > 1 else { return }
    let text = Self.text(part.expression, tracer)
    for (place, name) in [(0, "first"), (count - 1, "last")] {
      let one = summands.view(StridedMap(offset: place, strides: [0, 0]), .scalar)
      terms.append(
        Term(expression: Self.scaled(part, one), text: "\(name) summand of `\(text)`"))
    }
  }

  /// The source of a node, or its formula.
  private static func text(_ expression: Expression, _ tracer: Tracer) -> String {
    let origin = Int(expression.graph.origins[Int(expression.index)])
    if tracer.origins.indices.contains(origin) {
      let text = tracer.origins[origin].text
      if !text.isEmpty, text.count <= 60, !text.contains("\n") { return text }
    }
    return Formula.of(expression).text
  }
}
