/// Derivations of elementwise nodes: sums, products, quotients, powers, functions.
import OptGraph

extension DerivationBuilder {
  mutating func elementwise(_ e: Expression) -> Draft {
    let node = e.node
    let function = FunctionID(index: Int(node.payload))
    switch function {
    case .add, .subtract: return sum(e)
    case .negate:
      let inner = at(node.a)
      if isSum(inner), !isCall(inner) { return sum(e) }
      if inner.node.isApply(.multiply), !isCall(inner) { return product(e) }
      let part = derive(inner)
      return Draft(
        rule: .constantMultiple(graph.number(-1)), operands: [inner], parts: [part],
        combination: -derivative(part))
    case .multiply: return product(e)
    case .divide: return quotient(e)
    default: return applied(function, e)
    }
  }

  private func isSum(_ e: Expression) -> Bool {
    e.node.isApply(.add) || e.node.isApply(.subtract)
  }

  // MARK: Sums and products

  /// The terms of a chain of sums with their signs, as many as one step names.
  private func terms(_ e: Expression) -> [(term: Expression, sign: Double)] {
    var result: [(term: Expression, sign: Double)] = []
    var waiting: [(term: Expression, sign: Double)] = [(e, 1)]
    while let (term, sign) = waiting.popLast() {
      let node = term.node
      let isOpen =
        (term == e || !isCall(term)) && result.count + waiting.count < Derivation.widest
      if isOpen, isSum(term) {
        waiting.append((at(node.b), node.isApply(.add) ? sign : -sign))
        waiting.append((at(node.a), sign))
      } else if isOpen, node.isApply(.negate) {
        waiting.append((at(node.a), -sign))
      } else {
        result.append((term, sign))
      }
    }
    return result
  }

  private mutating func sum(_ e: Expression) -> Draft {
    let terms = terms(e)
    var parts: [Int] = []
    var total: Expression?
    for (term, sign) in terms {
      let part = derive(term)
      parts.append(part)
      let slope = derivative(part)
      if slope.constant == 0 { continue }
      if let before = total {
        total = sign < 0 ? before - slope : before + slope
      } else {
        total = sign < 0 ? -slope : slope
      }
    }
    return Draft(
      rule: .sum, operands: terms.map(\.term), parts: parts,
      combination: total ?? graph.number(0))
  }

  /// The factors of a chain of products, as many as one step names; signs are numbers.
  private func factors(_ e: Expression) -> [Expression] {
    var result: [Expression] = []
    var waiting = [e]
    while let factor = waiting.popLast() {
      let node = factor.node
      let isOpen =
        (factor == e || !isCall(factor)) && result.count + waiting.count < Derivation.widest
      if isOpen, node.isApply(.multiply) {
        waiting.append(at(node.b))
        waiting.append(at(node.a))
      } else if isOpen, node.isApply(.negate) {
        result.append(graph.number(-1))
        waiting.append(at(node.a))
      } else {
        result.append(factor)
      }
    }
    return result
  }

  private func multiplied(_ factors: [Expression]) -> Expression {
    guard let first = factors.first else { return graph.number(1) }
    return factors.dropFirst().reduce(first) { times($0, $1) }
  }

  private mutating func product(_ e: Expression) -> Draft {
    let all = factors(e)
    var constants: [Expression] = []
    var moving: [Expression] = []
    for factor in all {
      if depends(factor) { moving.append(factor) } else { constants.append(factor) }
    }
    if !constants.isEmpty {
      let (constant, rest) = (multiplied(constants), multiplied(moving))
      let part = derive(rest)
      return Draft(
        rule: .constantMultiple(constant), operands: [rest], parts: [part],
        combination: times(constant, derivative(part)))
    }
    let parts = moving.map { derive($0) }
    let summands = parts.indices.map { k -> Expression in
      var factors = moving
      factors[k] = derivative(parts[k])
      return multiplied(factors)
    }
    return Draft(
      rule: .product, operands: moving, parts: parts,
      combination: summands.dropFirst().reduce(summands[0]) { $0 + $1 })
  }

  private mutating func quotient(_ e: Expression) -> Draft {
    let (above, below) = (at(e.node.a), at(e.node.b))
    if !depends(below) {
      let part = derive(above)
      return Draft(
        rule: .constantMultiple(1 / below), operands: [above], parts: [part],
        combination: derivative(part) / below)
    }
    let square = below.apply(.power, graph.number(2))
    if !depends(above) {
      let part = derive(below)
      return Draft(
        rule: .reciprocal(above), operands: [below], parts: [part],
        combination: -(times(above, derivative(part)) / square))
    }
    let parts = [derive(above), derive(below)]
    return Draft(
      rule: .quotient, operands: [above, below], parts: parts,
      combination: (times(derivative(parts[0]), below) - times(above, derivative(parts[1])))
        / square)
  }

  // MARK: Functions

  private mutating func applied(_ function: FunctionID, _ e: Expression) -> Draft {
    let node = e.node
    let operands = [node.a, node.b, node.c].filter { $0 >= 0 }.map(at)
    let moving = operands.indices.filter { depends(operands[$0]) }
    guard moving.count == 1 else { return several(function, e, operands, moving) }
    let place = moving[0]
    let inner = operands[place].beforeRepeating
    let rule = Self.rule(function, place)
    if inner == variable {
      guard let partial = function.row.partials(operands, e)[place] else {
        return Draft(rule: .stepwise, combination: graph.number(0))
      }
      return Draft(
        rule: rule,
        combination: partial.givesMask ? tangent.times(partial) : times(partial, tangent))
    }
    let symbol = graph.input(Input(name: letter, role: .variable, shape: .scalar))
    var arguments = operands
    arguments[place] = symbol
    let outer = graph.apply(function, arguments)
    guard let partial = function.row.partials(arguments, outer)[place],
      let atInner = function.row.partials(operands, e)[place]
    else { return Draft(rule: .stepwise, combination: graph.number(0)) }
    let slope = tidied(partial)
    let part = derive(inner)
    let there =
      inner.shape.isScalar
      ? graph.substitute([slope], [symbol.index: inner])[0] : tidied(atInner)
    return Draft(
      rule: .chain(
        OuterFunction(variable: symbol, function: outer, derivative: slope, id: function)),
      operands: [inner], parts: [part],
      combination: slope.givesMask
        ? derivative(part).times(there) : times(there, derivative(part)))
  }

  /// The rule for a function of which one argument moves.
  private static func rule(_ function: FunctionID, _ place: Int) -> DerivationRule {
    switch function {
    case .power: place == 0 ? .power : .exponential
    case .min, .max: .extreme
    default: .function(function)
    }
  }

  /// A function of several arguments that move.
  private mutating func several(
    _ function: FunctionID, _ e: Expression, _ operands: [Expression], _ moving: [Int]
  ) -> Draft {
    let partials = function.row.partials(operands, e)
    guard partials.contains(where: { $0 != nil }) else {
      return Draft(rule: .stepwise, combination: graph.number(0))
    }
    let parts = moving.map { derive(operands[$0]) }
    if function == .power {
      let (u, v) = (operands[0], operands[1])
      let (du, dv) = (derivative(parts[0]), derivative(parts[1]))
      return Draft(
        rule: .variablePower, operands: operands, parts: parts,
        combination: times(e, times(dv, u.apply(.log)) + times(v, du) / u))
    }
    return Draft(
      rule: function == .min || function == .max ? .extreme : .function(function),
      operands: moving.map { operands[$0] }, parts: parts,
      combination: change(
        of: e, along: zip(moving, parts).map { (operands[$0], $1) }))
  }
}
