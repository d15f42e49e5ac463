/// What power series need of the ring of their coefficients.

extension PolynomialRing {
  /// Σ cₖ baseᵏ, lowest powers first.
  package func series(
    _ coefficients: [(power: Int, factor: Polynomial)], in base: Expression
  ) -> Expression {
    var terms: [Term] = []
    for (power, factor) in coefficients {
      if power == 0 {
        terms += factor.parts.map(term)
        continue
      }
      let whole = power == 1 ? base : base.apply(.power, graph.number(Double(power)))
      guard let single = factor.single else {
        if !factor.isZero { terms.append(Term(factor: rendered(factor) * whole)) }
        continue
      }
      terms.append(term(single, times: whole, isName: base.node.operation == .input))
    }
    // -(x - a) at the beginning stays so.
    if let first = terms.first, first.coefficient == Ratio(-1), first.factors.count == 1,
      first.factors[0].exponent == 1, first.factors[0].base == base, base.node.operation == .apply
    {
      terms[0] = Term(factor: -base)
    }
    return TermList.rendered(terms, in: graph)
  }

  /// A term of a series: what the power is multiplied with stands in front of a bracket, among
  /// names in their order.
  private func term(_ part: Polynomial.Part, times power: Expression, isName: Bool) -> Term {
    var result = term(part)
    if isName, result.factors.allSatisfy({ $0.base.node.operation == .input }) {
      result.multiply(by: Term(of: power), power: 1)
      let ordered = result.factors.enumerated().sorted {
        let (a, b) = (name($0.element.base), name($1.element.base))
        return a == b ? $0.offset < $1.offset : a < b
      }
      result.factors = ordered.map(\.element)
      return result
    }
    var front = Term(of: graph.number(1))
    front.factors = result.factors.filter { $0.exponent.above > 0 }
    let product = front.factors.isEmpty ? power : front.rendered(in: graph) * power
    result.factors =
      [Term.Factor(base: product, exponent: 1)] + result.factors.filter { $0.exponent.above < 0 }
    return result
  }

  /// `x - point`, or `x` at 0.
  package func distance(_ x: Expression, from point: Polynomial) -> Expression {
    let shift = point.scaled(by: Ratio(-1)).parts.map(term)
    return TermList.rendered([Term(factor: x)] + shift, in: graph)
  }

  /// The value, if no name takes part. `known` keeps the values of atoms.
  package func value(of polynomial: Polynomial, _ known: inout [Int32: Double]) -> Double? {
    var sum = 0.0
    for part in polynomial.parts {
      var product = part.coefficient.value
      for power in part.monomial.powers {
        guard let value = known[power.atom] ?? value(of: power.atom) else { return nil }
        known[power.atom] = value
        product *= ElementaryFunctions.power(value, power.exponent)
      }
      sum += product
    }
    return sum
  }

  /// The value of an atom without names.
  private func value(of atom: Int32) -> Double? {
    let live = graph.reachable(from: [atom])
    var values = [Double](repeating: .nan, count: live.count)
    for index in live.indices where live[index] {
      let node = graph.nodes[index]
      switch node.operation {
      case .number: values[index] = graph.numbers[Int(node.payload)]
      case .input:
        guard Int32(index) == pi?.index else { return nil }
        values[index] = .pi
      case .apply:
        switch FunctionID(index: Int(node.payload)).row.evaluate {
        case .unary(let f): values[index] = f(values[Int(node.a)])
        case .binary(let f): values[index] = f(values[Int(node.a)], values[Int(node.b)])
        case .ternary: return nil
        }
      default: return nil
      }
    }
    return values[Int(atom)]
  }
}
