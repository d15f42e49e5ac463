/// Numbers taken off and put before what is written already, without looking into it: what nests
/// deeply stays cheap.

extension Term {
  /// A product as it stands: `-2x y/(3z)` has -2/3, [x, y] and [z].
  private struct Written {
    var coefficient: Ratio = 1
    var top: [Expression] = []
    var bottom: [Expression] = []

    init(_ x: Expression) {
      var node = x.node
      func operand(_ index: Int32) -> Expression { Expression(graph: x.graph, index: index) }
      var numerator = x
      if node.isApply(.negate) {
        coefficient = -1
        numerator = operand(node.a)
        node = numerator.node
      }
      if node.isApply(.divide) {
        append(operand(node.b), below: true)
        numerator = operand(node.a)
        if numerator.node.isApply(.negate) {
          coefficient = coefficient.negated
          numerator = operand(numerator.node.a)
        }
      }
      append(numerator, below: false)
    }

    private mutating func append(_ x: Expression, below: Bool) {
      var chain: [Expression] = []
      var current = x
      while current.node.isApply(.multiply), chain.count < 64 {
        chain.append(Expression(graph: x.graph, index: current.node.b))
        current = Expression(graph: x.graph, index: current.node.a)
      }
      chain.append(current)
      for factor in chain.reversed() {
        let value = factor.constant.map { Ratio($0) }
        if let value, value.isExact, value.value != 0 {
          coefficient = below ? coefficient.over(value) : coefficient.times(value)
        } else if below {
          bottom.append(factor)
        } else {
          top.append(factor)
        }
      }
    }

    func rendered(in graph: Graph) -> Expression {
      Term.quotient(coefficient, top, bottom, graph)
    }
  }

  /// `x` as an exact number times a unit, the same for `2x`, `x/3` and `-x`. Of a sum only a
  /// sign in front is taken.
  static func split(_ x: Expression) -> (count: Ratio, unit: Expression) {
    if isSum(x) {
      guard let first = summands(x).first, Written(first.x).coefficient.value < 0 else {
        return (1, x)
      }
      return (-1, multiple(x, -1))
    }
    var product = Written(x)
    let count = product.coefficient
    guard count != 1, !product.top.isEmpty || !product.bottom.isEmpty else { return (1, x) }
    product.coefficient = 1
    return (count, product.rendered(in: x.graph))
  }

  /// `count` times `x`; a sign goes into a sum.
  static func multiple(_ x: Expression, _ count: Ratio) -> Expression {
    if count == 1 { return x }
    if count == -1, isSum(x) {
      var result: Expression?
      for (sign, operand) in summands(x) {
        if let sum = result {
          result = sign < 0 ? sum + operand : sum - operand
        } else {
          result = multiple(operand, -1)
        }
      }
      return result ?? x
    }
    if let value = x.constant { return x.graph.number(Ratio(value).times(count).value) }
    var product = Written(x)
    product.coefficient = product.coefficient.times(count)
    return product.rendered(in: x.graph)
  }

  /// The number among the terms of a sum, and the rest.
  static func constantTerm(of x: Expression) -> (constant: Ratio, others: Expression)? {
    guard isSum(x) else { return nil }
    var constant: Ratio?
    var others: Expression?
    for (sign, operand) in summands(x) {
      if constant == nil, let value = operand.constant, Ratio(value).isExact {
        constant = Ratio(sign * value)
      } else if let sum = others {
        others = sign < 0 ? sum - operand : sum + operand
      } else {
        others = sign < 0 ? multiple(operand, -1) : operand
      }
    }
    guard let constant, let others else { return nil }
    return (constant, others)
  }

  static func isSum(_ x: Expression) -> Bool {
    x.node.isApply(.add) || x.node.isApply(.subtract)
  }

  private static func summands(_ x: Expression) -> [(sign: Double, x: Expression)] {
    var result: [(sign: Double, x: Expression)] = []
    var current = x
    while isSum(current), result.count < 64 {
      let node = current.node
      result.append((node.isApply(.add) ? 1 : -1, Expression(graph: x.graph, index: node.b)))
      current = Expression(graph: x.graph, index: node.a)
    }
    result.append((1, current))
    return result.reversed()
  }
}
