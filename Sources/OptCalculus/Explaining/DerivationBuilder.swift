/// Builds derivations: which step an expression needs, and what is known about it.
import OptGraph

/// Grows a derivation. Recursion is bounded by the number of steps.
struct DerivationBuilder {
  let graph: Graph
  let variable: Expression
  let tangent: Expression
  private let calls: Set<Int32>
  /// What the inner expression of the chain rule is called.
  let letter: String
  private let most: Int
  private(set) var steps: [DerivationStep] = []
  private(set) var isCut = false
  /// Steps begun.
  private var count = 0
  private var known: [Int32: Int] = [:]
  private var dependence: Dependence

  /// Operations of a formula that is worth simplifying.
  private static let readable = 400

  /// What a step is made of before its derivative is simplified.
  struct Draft {
    var rule: DerivationRule
    var operands: [Expression] = []
    var parts: [Int] = []
    var combination: Expression
  }

  init(
    _ variable: Expression, _ tangent: Expression, _ calls: Set<Int32>, _ letter: String,
    most: Int
  ) {
    self.most = most
    graph = variable.graph
    dependence = Dependence(variable.graph, on: [variable])
    self.variable = variable
    self.tangent = tangent
    self.calls = calls
    self.letter = letter
  }

  // MARK: Steps

  /// The step of an expression, new or the one that was there.
  mutating func derive(_ expression: Expression) -> Int {
    let expression = expression.beforeRepeating
    if let step = known[expression.index] { return step }
    let draft: Draft
    if depends(expression), calls.contains(expression.index), expression != variable {
      count += 1
      let body = append(self.draft(expression), expression)
      draft = Draft(rule: .definition, parts: [body], combination: steps[body].derivative)
    } else {
      draft = self.draft(expression)
    }
    let step = append(draft, expression)
    known[expression.index] = step
    return step
  }

  /// The derivative that step `k` found.
  func derivative(_ k: Int) -> Expression { steps[k].derivative }

  private mutating func append(_ draft: Draft, _ expression: Expression) -> Int {
    steps.append(
      DerivationStep(
        expression: expression, rule: draft.rule, operands: draft.operands, parts: draft.parts,
        combination: draft.combination, derivative: tidied(draft.combination)))
    return steps.count - 1
  }

  private mutating func draft(_ e: Expression) -> Draft {
    let isFirst = count == 0
    count += 1
    if e == variable { return Draft(rule: .variable, combination: tangent) }
    guard depends(e) else { return Draft(rule: .constant, combination: graph.number(0)) }
    if count > most {
      isCut = true
      return Draft(rule: .atOnce, combination: change(of: e))
    }
    if !isFirst, let slope = constantSlope(e) {
      return Draft(rule: .linear, combination: slope)
    }
    if let special = special(e) { return special }
    switch e.node.operation {
    case .apply: return elementwise(e)
    case .select:
      let parts = [e.node.b, e.node.c].map { derive(at($0)) }
      return Draft(
        rule: .condition(at(e.node.a)), operands: [at(e.node.b), at(e.node.c)], parts: parts,
        combination: graph.select(at(e.node.a), derivative(parts[0]), derivative(parts[1])))
    default: return structural(e)
    }
  }

  // MARK: Questions

  func at(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }

  /// Whether a node depends on the variable.
  mutating func depends(_ e: Expression) -> Bool { dependence.holds(for: e.index) }

  func isCall(_ e: Expression) -> Bool { calls.contains(e.index) }

  /// The derivative of `e` if it does not depend on the variable and `e` holds no call, which would
  /// be worth a step.
  private mutating func constantSlope(_ e: Expression) -> Expression? {
    let reach = graph.reachable(from: [e.index])
    for call in calls where call != e.index && Int(call) < reach.count && reach[Int(call)] {
      if depends(at(call)) { return nil }
    }
    let slope = change(of: e)
    return depends(slope) || slope.beforeRepeating.constant == 0 ? nil : tidied(slope)
  }

  /// The derivative of `e` by one forward sweep.
  private func change(of e: Expression) -> Expression {
    pushforward([e], along: [(variable, tangent: tangent)])[0]
  }

  /// The derivative of `e` along those of the steps of its operands.
  func change(of e: Expression, along parts: [(Expression, Int)]) -> Expression {
    pushforward([e], along: parts.map { ($0, tangent: derivative($1)) })[0]
  }

  /// The product in this order, where the graph may know the other one.
  func times(_ a: Expression, _ b: Expression) -> Expression {
    guard a.constant == nil || b.constant == nil, a.constant?.magnitude != 1,
      b.constant?.magnitude != 1, let shape = a.shape.broadcast(with: b.shape)
    else { return a * b }
    return graph.append(
      .apply, shape, a.index, b.index, payload: Int32(FunctionID.multiply.index))
  }

  /// `e` after the pass for display, in this graph. What nobody reads stays as it is.
  func tidied(_ e: Expression) -> Expression {
    let size = graph.reachable(from: [e.index]).lazy.filter { $0 }.count
    guard size <= Self.readable else { return e }
    let (other, roots) = graph.forDisplay([e])
    var inputs: [Int32: Expression] = [:]
    for (theirs, mine) in zip(other.inputNodes, graph.inputNodes) { inputs[theirs] = at(mine) }
    return other.copy(roots, into: graph, known: inputs)[0].beforeRepeating
  }
}
