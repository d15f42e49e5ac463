/// Products and sums as lists, for the pass for display.

/// A number times powers of expressions.
struct Term {
  struct Factor {
    var base: Expression
    var exponent: Double
  }

  var coefficient = Ratio(1)
  var factors: [Factor] = []

  /// `expression` to the power `power` taken apart. Products are split under whole powers only.
  init(of expression: Expression, power: Double = 1) {
    let graph = expression.graph
    var stack = [(expression, power)]
    while let (x, exponent) = stack.popLast() {
      let node = x.node
      let whole = exponent == exponent.rounded() && exponent.magnitude <= 64
      func operand(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }
      if let value = x.constant {
        if whole {
          coefficient = coefficient.times(Ratio(value).raised(to: exponent))
        } else {
          let result = x.apply(.power, graph.number(exponent)).constant ?? .nan
          coefficient = coefficient.times(Ratio(result))
        }
      } else if whole, node.isApply(.multiply) {
        stack.append((operand(node.b), exponent))
        stack.append((operand(node.a), exponent))
      } else if whole, node.isApply(.divide) {
        stack.append((operand(node.b), -exponent))
        stack.append((operand(node.a), exponent))
      } else if whole, node.isApply(.negate) {
        if exponent.truncatingRemainder(dividingBy: 2) != 0 {
          coefficient = coefficient.times(Ratio(-1))
        }
        stack.append((operand(node.a), exponent))
      } else if whole, node.isApply(.sqrt) {
        insert(operand(node.a), exponent / 2)
      } else if whole, node.isApply(.power), let inner = operand(node.b).constant {
        if inner == inner.rounded() {
          stack.append((operand(node.a), inner * exponent))
        } else {
          insert(operand(node.a), inner * exponent)
        }
      } else {
        insert(x, exponent)
      }
    }
  }

  private mutating func insert(_ base: Expression, _ exponent: Double) {
    if let place = factors.firstIndex(where: { $0.base == base }) {
      factors[place].exponent += exponent
      if factors[place].exponent == 0 { factors.remove(at: place) }
    } else if insertIntoPower(base, exponent) {
    } else if exponent != 0 {
      factors.append(Factor(base: base, exponent: exponent))
    }
  }

  /// x · x^(n - 1) as xⁿ, where n is not a number.
  private mutating func insertIntoPower(_ base: Expression, _ exponent: Double) -> Bool {
    func parts(_ x: Expression) -> (base: Int32, exponent: Expression)? {
      let node = x.node
      guard node.isApply(.power) else { return nil }
      return (node.a, Expression(graph: x.graph, index: node.b))
    }
    for place in factors.indices {
      let other = factors[place]
      let power: (base: Int32, exponent: Expression)
      let more: Double
      if let mine = parts(base), mine.base == other.base.index, exponent == 1 {
        (power, more) = (mine, other.exponent)
      } else if let theirs = parts(other.base), theirs.base == base.index, other.exponent == 1 {
        (power, more) = (theirs, exponent)
      } else {
        continue
      }
      let x = Expression(graph: base.graph, index: power.base)
      let whole = x.apply(.power, power.exponent.increasedForDisplay(by: more))
      factors.remove(at: place)
      insert(whole, 1)
      return true
    }
    return false
  }

  /// Multiplies by `other` or, with `power` -1, divides by it.
  mutating func multiply(by other: Term, power: Double) {
    coefficient =
      power < 0 ? coefficient.over(other.coefficient) : coefficient.times(other.coefficient)
    for factor in other.factors { insert(factor.base, factor.exponent * power) }
  }

  func scaled(_ number: Double) -> Term {
    var result = self
    result.coefficient = coefficient.times(Ratio(number))
    return result
  }

  /// Whether both are the same but for the number.
  func isLike(_ other: Term) -> Bool {
    factors.count == other.factors.count
      && factors.allSatisfy { factor in
        other.factors.contains { $0.base == factor.base && $0.exponent == factor.exponent }
      }
  }

  /// Names first, then brackets, then functions.
  private static func rank(_ base: Expression) -> Int {
    let node = base.node
    switch node.operation {
    case .input, .array: return 0
    case .view: return base.graph.nodes[Int(node.a)].operation == .input ? 0 : 2
    case .apply: return node.isApply(.add) || node.isApply(.subtract) ? 1 : 2
    default: return 2
    }
  }

  func rendered(in graph: Graph) -> Expression {
    withSoftmax.renderedPlainly(in: graph)
  }

  private func renderedPlainly(in graph: Graph) -> Expression {
    if coefficient.value == 0 || factors.isEmpty { return Self.number(coefficient, graph) }
    // A sign before a bracket goes into it.
    if coefficient == Ratio(-1), factors.count == 1, factors[0].exponent == 1 {
      let node = factors[0].base.node
      if node.isApply(.subtract) {
        return Expression(graph: graph, index: node.b) - Expression(graph: graph, index: node.a)
      }
    }
    var (above, below) = (coefficient.above, coefficient.below)
    let inverse = 1 / above
    if factors.contains(where: { $0.exponent < 0 }), above.magnitude < 1,
      inverse == inverse.rounded()
    {
      // 0.5/√x as 1/(2√x)
      below *= inverse.magnitude
      above = above < 0 ? -1 : 1
    }
    let order = factors.enumerated().sorted {
      (Self.rank($0.element.base), $0.offset) < (Self.rank($1.element.base), $1.offset)
    }.map(\.element)
    let top = order.filter { $0.exponent > 0 }.map { Self.power($0.base, $0.exponent) }
    let bottom = order.filter { $0.exponent < 0 }.map { Self.power($0.base, -$0.exponent) }
    var numerator = Self.product(above.magnitude, top, graph)
    if above < 0 { numerator = Self.negated(above, top, numerator, graph) }
    if bottom.isEmpty && below == 1 { return numerator }
    return graph.append(
      .apply, numerator.shape.broadcast(with: Self.product(below, bottom, graph).shape) ?? .scalar,
      numerator.index, Self.product(below, bottom, graph).index,
      payload: Int32(FunctionID.divide.index))
  }

  private static func number(_ ratio: Ratio, _ graph: Graph) -> Expression {
    if ratio.below == 1 { return graph.number(ratio.value) }
    return graph.append(
      .apply, .scalar, graph.number(ratio.above).index, graph.number(ratio.below).index,
      payload: Int32(FunctionID.divide.index))
  }

  private static func negated(
    _ above: Double, _ top: [Expression], _ positive: Expression, _ graph: Graph
  ) -> Expression {
    if top.isEmpty { return graph.number(above) }
    return above == -1 ? -positive : product(above, top, graph)
  }

  private static func product(
    _ number: Double, _ factors: [Expression], _ graph: Graph
  ) -> Expression {
    guard var result = factors.first else { return graph.number(number) }
    if number != 1 { result = graph.number(number) * result }
    for factor in factors.dropFirst() { result = result * factor }
    return result
  }

  private static func power(_ base: Expression, _ exponent: Double) -> Expression {
    if exponent == 1 { return base }
    if exponent == 0.5 { return base.apply(.sqrt) }
    return base.apply(.power, base.graph.number(exponent))
  }
}

/// The terms of a sum, in order.
struct TermList {
  private(set) var terms: [Term] = []

  /// Sums of more terms are not taken apart.
  private static let longest = 100

  /// Adds sign · expression, term by term.
  mutating func add(_ expression: Expression, _ sign: Double) {
    var stack = [(expression, sign)]
    while let (x, sign) = stack.popLast() {
      let node = x.node
      func operand(_ index: Int32) -> Expression { Expression(graph: x.graph, index: index) }
      if terms.count + stack.count < Self.longest {
        if node.isApply(.add) || node.isApply(.subtract) {
          stack.append((operand(node.b), node.isApply(.add) ? sign : -sign))
          stack.append((operand(node.a), sign))
          continue
        }
        if node.isApply(.negate) {
          stack.append((operand(node.a), -sign))
          continue
        }
      }
      insert(Term(of: x).scaled(sign))
    }
  }

  private mutating func insert(_ term: Term) {
    if let place = terms.firstIndex(where: { $0.isLike(term) }) {
      terms[place].coefficient = terms[place].coefficient.plus(term.coefficient)
      if terms[place].coefficient.value == 0 { terms.remove(at: place) }
    } else if term.coefficient.value != 0 {
      terms.append(term)
    }
  }

  /// The sum in order; if it would begin with a sign, the first term without one leads, if the sum
  /// has two terms.
  static func rendered(_ terms: [Term], in graph: Graph) -> Expression {
    var list = terms
    if list.count == 2, list[0].coefficient.value < 0, list[1].coefficient.value > 0 {
      list.swapAt(0, 1)
    }
    guard let first = list.first else { return graph.number(0) }
    var result = first.rendered(in: graph)
    for term in list.dropFirst() {
      if term.coefficient.value < 0 {
        result = result - term.scaled(-1).rendered(in: graph)
      } else {
        result = result + term.rendered(in: graph)
      }
    }
    return result
  }
}
