/// Conditions in the pass for display: joined, passed through, and left out of powers' derivatives.

extension ForDisplay {
  func choice(
    _ condition: Expression, _ a: Expression, _ b: Expression
  ) -> Expression {
    if condition.constant != nil || a == b { return target.select(condition, a, b) }
    if condition.node.isApply(.not) {
      return choice(Expression(graph: target, index: condition.node.a), b, a)
    }
    return target.select(
      condition, within(a, condition, true), within(b, condition, false))
  }

  /// `side`, knowing that `condition` holds or does not hold in it.
  private func within(
    _ side: Expression, _ condition: Expression, _ holds: Bool
  ) -> Expression {
    guard side.constant == nil else { return side }
    let reach = target.reachable(from: [side.index])
    var known: [Int32: Expression] = [:]
    for index in reach.indices where reach[index] {
      let node = target.nodes[index]
      if node.operation == .select, node.a == condition.index {
        known[Int32(index)] = Expression(graph: target, index: holds ? node.b : node.c)
      }
    }
    guard !known.isEmpty else { return side }
    let result = target.substitute([side], known)[0]
    return Term(of: result).rendered(in: target)
  }

  /// A product with a choice that is 0 on one side is a choice of products.
  func throughChoice(
    _ function: FunctionID, _ a: Expression, _ b: Expression, _ depth: Int
  ) -> Expression? {
    guard depth < Self.deepest else { return nil }
    func sides(_ x: Expression) -> (Expression, Expression, Expression)? {
      let node = x.node
      guard node.operation == .select else { return nil }
      let parts = [node.a, node.b, node.c].map { Expression(graph: target, index: $0) }
      guard parts[1].constant == 0 || parts[2].constant == 0 else { return nil }
      return (parts[0], parts[1], parts[2])
    }
    if let (condition, yes, no) = sides(a) {
      return choice(
        condition, binary(function, yes, b, depth: depth + 1),
        binary(function, no, b, depth: depth + 1))
    }
    if function == .multiply, let (condition, yes, no) = sides(b) {
      return choice(
        condition, binary(function, a, yes, depth: depth + 1),
        binary(function, a, no, depth: depth + 1))
    }
    return nil
  }

  /// Choices by the same condition in one sum are one choice.
  func joinedChoices(_ terms: [Term], _ depth: Int) -> [Term] {
    var result: [Term] = []
    var first: [Int32: Int] = [:]
    for term in terms {
      guard term.factors.count == 1, term.factors[0].exponent == 1,
        term.factors[0].base.node.operation == .select
      else {
        result.append(term)
        continue
      }
      let node = term.factors[0].base.node
      let sign = term.coefficient.value
      guard let place = first[node.a] ?? opposite(of: node.a).flatMap({ first[$0] }) else {
        first[node.a] = result.count
        // A number before a choice that is 0 on one side goes into it.
        let scaled = throughChoice(
          .multiply, target.number(sign), term.factors[0].base, depth)
        result.append(sign.magnitude == 1 ? term : scaled.map { Term(of: $0) } ?? term)
        continue
      }
      let other = result[place]
      guard other.factors.count == 1, other.factors[0].exponent == 1,
        other.factors[0].base.node.operation == .select,
        let before = sides(of: other.factors[0].base.node, where: node.a)
      else {
        result.append(term)
        continue
      }
      let flip = other.coefficient.value
      func joined(_ x: Int32, _ y: Int32) -> Expression {
        sum(
          [
            (Expression(graph: target, index: x), flip),
            (Expression(graph: target, index: y), sign),
          ], depth + 1)
      }
      let both = (joined(before.yes, node.b), joined(before.no, node.c))
      let condition = Expression(graph: target, index: node.a)
      // Of two opposites the one with `≥` or `≤` is shown.
      if let opposite = opposite(of: node.a), first[opposite] == place,
        condition.node.isApply(.less) || condition.node.isApply(.greater)
      {
        result[place] = Term(
          of: target.select(Expression(graph: target, index: opposite), both.1, both.0))
      } else {
        result[place] = Term(of: target.select(condition, both.0, both.1))
        first[node.a] = place
      }
    }
    return result
  }

  /// The sides of a choice by `condition` or by its opposite: where it holds, and where not.
  private func sides(of node: Node, where condition: Int32) -> (yes: Int32, no: Int32)? {
    if node.a == condition { return (node.b, node.c) }
    return node.a == opposite(of: condition) ? (node.c, node.b) : nil
  }

  /// The comparison that holds where `condition` does not, which is `<` for `≥`.
  private func opposite(of condition: Int32) -> Int32? {
    let node = target.nodes[Int(condition)]
    let opposites: [FunctionID: FunctionID] = [
      .less: .greaterOrEqual, .greaterOrEqual: .less, .greater: .lessOrEqual,
      .lessOrEqual: .greater, .equal: .notEqual, .notEqual: .equal,
    ]
    guard node.operation == .apply,
      let other = opposites[FunctionID(index: Int(node.payload))]
    else { return nil }
    let (a, b) = (
      Expression(graph: target, index: node.a), Expression(graph: target, index: node.b)
    )
    return a.apply(other, b).index
  }
}

extension Expression {
  /// Whether all numbers in front and among its factors are finite: not so in 0⁰ log(0).
  var isDefined: Bool {
    let term = Term(of: self)
    return term.coefficient.value.isFinite
      && term.factors.allSatisfy { $0.base.constant?.isFinite ?? true }
  }
}

extension Graph {
  /// The derivatives of powers keep 0 where the rule is not defined (`powerPartials`). Written out,
  /// `n x^(n - 1)` and `x^n log(x)` are what people expect: the node of that, if `node` is such a
  /// choice.
  func powerRule(_ node: Node) -> Int32? {
    func at(_ index: Int32) -> Node { nodes[Int(index)] }
    func isZero(_ index: Int32) -> Bool { Expression(graph: self, index: index).constant == 0 }
    /// The operand that `node` compares with 0.
    func comparedWithZero(_ node: Node) -> Int32? {
      node.isApply(.equal) && isZero(node.b) ? node.a : nil
    }
    let rule = at(node.c)
    guard node.operation == .select, isZero(node.b), rule.isApply(.multiply) else { return nil }
    let test = at(node.a)
    for (one, other) in [(rule.a, rule.b), (rule.b, rule.a)] {
      let power = at(other)
      guard power.isApply(.power), at(power.b).operation != .number else { continue }
      if test.isApply(.and), comparedWithZero(at(test.a)) == power.a,
        comparedWithZero(at(test.b)) == one
      {
        return node.c
      }
      let logarithm = at(one)
      if comparedWithZero(test) == power.a, logarithm.isApply(.log), logarithm.a == power.a {
        return node.c
      }
    }
    return nil
  }
}
