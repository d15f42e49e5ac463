/// Products as expressions, in the order people write.

extension Term {
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

  /// Names stand in the order of the alphabet, π in front.
  private static func name(_ base: Expression) -> String {
    let node = base.node
    guard node.operation == .input else { return "" }
    let input = base.graph.inputs[Int(node.payload)]
    return input.name == "π" ? "" : input.name.lowercased()
  }

  /// Whether it is a power of names alone.
  var isOfNames: Bool { factors.allSatisfy { Self.rank($0.base) == 0 && $0.exponent.above > 0 } }

  /// Number first, then names, brackets and functions; negative powers below the line.
  func rendered(in graph: Graph) -> Expression {
    if coefficient.value == 0 || factors.isEmpty { return Self.number(coefficient, graph) }
    let factors = Self.joined(withSoftmax.factors, graph)
    // A sign before a bracket goes into it.
    if coefficient == -1, factors.count == 1, factors[0].exponent == 1 {
      let node = factors[0].base.node
      if node.isApply(.subtract) {
        return Expression(graph: graph, index: node.b) - Expression(graph: graph, index: node.a)
      }
    }
    let order = factors.enumerated().sorted {
      (Self.rank($0.element.base), Self.name($0.element.base), $0.offset)
        < (Self.rank($1.element.base), Self.name($1.element.base), $1.offset)
    }.map(\.element)
    return Self.quotient(
      coefficient, order.filter { $0.exponent.above > 0 }.map { Self.power($0.base, $0.exponent) },
      order.filter { $0.exponent.above < 0 }.map { Self.power($0.base, $0.exponent.negated) },
      graph, hasRoots: factors.contains { !$0.exponent.isWhole })
  }

  /// number · top / bottom.
  static func quotient(
    _ number: Ratio, _ top: [Expression], _ bottom: [Expression], _ graph: Graph,
    hasRoots: Bool = false
  ) -> Expression {
    let (above, below) = fraction(number, hasRoots: hasRoots, hasBottom: !bottom.isEmpty)
    var numerator = product(above.magnitude, top, graph)
    if above < 0 { numerator = negated(above, top, numerator, graph) }
    if bottom.isEmpty && below == 1 { return numerator }
    let denominator = product(below, bottom, graph)
    return graph.append(
      .apply, numerator.shape.broadcast(with: denominator.shape) ?? .scalar, numerator.index,
      denominator.index, payload: Int32(FunctionID.divide.index))
  }

  /// The numbers above and below the line. Written decimal fractions stay, but not where roots
  /// call for fractions: `3√x/2`.
  private static func fraction(
    _ number: Ratio, hasRoots: Bool, hasBottom: Bool
  ) -> (above: Double, below: Double) {
    let isHalf = number.above.magnitude == 1 && number.below <= 4
    let isShort = number.isDecimal && !hasRoots && !isHalf
    if number.below != 1, !isShort { return (number.above, number.below) }
    let inverse = 1 / number.value
    if hasBottom, number.value.magnitude < 1, inverse == inverse.rounded(), inverse.isFinite {
      return (number.value < 0 ? -1 : 1, inverse.magnitude)
    }
    return (number.value, 1)
  }

  /// Exponentials joined: exp(x)² exp(y) as exp(2x + y), xⁿ · x⁻¹ as x^(n - 1).
  private static func joined(_ factors: [Factor], _ graph: Graph) -> [Factor] {
    func operand(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }
    func isRaised(_ x: Expression) -> Bool {
      x.node.isApply(.power) && operand(x.node.b).constant == nil
    }
    func isExponential(_ x: Expression) -> Bool {
      x.node.isApply(.exp) && operand(x.node.a).constant == nil
    }
    guard factors.contains(where: { isExponential($0.base) || isRaised($0.base) }) else {
      return factors
    }
    var result: [Factor] = []
    var places: [Int32: Int] = [:]
    var exponents: [(place: Int, parts: [Expression])] = []
    for factor in factors {
      let node = factor.base.node
      let isExponential = isExponential(factor.base)
      guard isExponential || isRaised(factor.base) else { continue }
      // The base e has no node.
      let base = isExponential ? -1 : node.a
      let part = multiple(operand(isExponential ? node.a : node.b), factor.exponent)
      if let place = places[base] {
        exponents[place].parts.append(part)
      } else {
        places[base] = exponents.count
        exponents.append((result.count, [part]))
        result.append(factor)
      }
    }
    var isTaken = Set<Int32>()
    for (base, place) in places {
      if base >= 0, let other = factors.first(where: { $0.base.index == base }),
        other.exponent.isExact, !isRaised(other.base)
      {
        exponents[place].parts.append(number(other.exponent, graph))
        isTaken.insert(base)
      }
    }
    for (base, place) in places {
      let (at, parts) = exponents[place]
      let whole = parts.count == 1 ? parts[0] : TermList(parts).rendered(in: graph)
      let power = base < 0 ? whole.apply(.exp) : operand(base).apply(.power, whole)
      result[at] = Factor(base: power, exponent: 1)
    }
    let raised = result.filter { $0.base.constant != 1 }
    var list: [Factor] = []
    var next = raised.makeIterator()
    for factor in factors {
      if isExponential(factor.base) || isRaised(factor.base) {
        if let joined = next.next() { list.append(joined) }
      } else if !isTaken.contains(factor.base.index) {
        list.append(factor)
      }
    }
    return list
  }

  init(number: Ratio) { coefficient = number }

  private static func number(_ ratio: Ratio, _ graph: Graph) -> Expression {
    if ratio.below == 1 || ratio.isDecimal { return graph.number(ratio.value) }
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

  private static func power(_ base: Expression, _ exponent: Ratio) -> Expression {
    if exponent == 1 { return base }
    if exponent == Ratio(1, over: 2) { return base.apply(.sqrt) }
    return base.apply(.power, base.graph.number(exponent.value))
  }
}
