/// Arithmetic of polynomials whose atoms are nodes of a graph: names, functions, roots, and sums
/// that stand in brackets.

/// Thrown where an expression multiplied out would have too many terms.
package struct TooManyTerms: Error {
  package init() {}
}

package struct PolynomialRing {
  package let graph: Graph
  /// Whether products of sums are multiplied out; otherwise a sum in a product is an atom.
  let expands: Bool
  /// Most terms of a polynomial.
  let limit: Int
  /// Whether decimal fractions occurred: then coefficients are written as such where they can be.
  private(set) var usesDecimals = false
  /// The sums that atoms stand for.
  private var sums: [Int32: Polynomial] = [:]
  /// The whole numbers of which atoms are the square roots.
  private var roots: [Int32: Double] = [:]
  private(set) var pi: Expression?

  package init(_ graph: Graph, expands: Bool, limit: Int = 250) {
    self.graph = graph
    self.expands = expands
    self.limit = limit
  }

  // MARK: Atoms and numbers

  package func atom(_ expression: Expression) -> Polynomial {
    Polynomial(Ratio(1), Monomial(atom: expression.index))
  }

  /// `value` as a fraction, a multiple of a root or of π, where it is one but for rounding.
  package mutating func number(_ value: Double) -> Polynomial {
    if value == value.rounded() { return Polynomial(Ratio(value)) }
    if (value * 16) == (value * 16).rounded(), let exact = Ratio.fraction(value) {
      return Polynomial(exact)
    }
    if let decimal = Ratio.decimal(value) {
      usesDecimals = true
      return Polynomial(decimal)
    }
    return constant(value) ?? Polynomial(Ratio(value))
  }

  /// The same for results of functions, which may be any number; nil if nothing is recognised.
  package mutating func constant(_ value: Double) -> Polynomial? {
    if let fraction = Ratio.fraction(value) { return Polynomial(fraction) }
    if let square = Ratio.fraction(value * value, below: 50), square.above < 1000 {
      // √(p/q) = √(p q)/q, squares in front.
      var (inside, outside) = (square.above * square.below, 1.0)
      for root in stride(from: 31.0, through: 2, by: -1)
      where inside.truncatingRemainder(dividingBy: root * root) == 0 {
        inside /= root * root
        outside *= root
      }
      let ratio = Ratio(value < 0 ? -outside : outside, over: square.below)
      if (ratio.value * inside.squareRoot() - value).magnitude <= 2 * value.ulp, inside < 100 {
        let node = unfolded(.sqrt, graph.number(inside))
        roots[node.index] = inside
        return Polynomial(ratio, Monomial(atom: node.index))
      }
    }
    if let part = Ratio.fraction(value / .pi, below: 24), part.above.magnitude < 100 {
      let symbol = pi ?? graph.input(Input(name: "π", role: .global, shape: .scalar))
      pi = symbol
      return Polynomial(part, Monomial(atom: symbol.index))
    }
    if let part = Ratio.fraction(value * Double.pi.squareRoot(), below: 24),
      part.above.magnitude < 100
    {
      let symbol = pi ?? graph.input(Input(name: "π", role: .global, shape: .scalar))
      pi = symbol
      return Polynomial(part, Monomial(atom: symbol.index, exponent: -0.5))
    }
    return nil
  }

  /// A function of known numbers that is not computed.
  package func unfolded(_ function: FunctionID, _ operands: Expression...) -> Expression {
    operands[0].graph.append(
      .apply, .scalar, operands[0].index, operands.count > 1 ? operands[1].index : -1,
      payload: Int32(function.index))
  }

  // MARK: Arithmetic

  package mutating func product(_ a: Polynomial, _ b: Polynomial) throws -> Polynomial {
    var (left, right) = (a, b)
    if !expands, a.parts.count > 1 || holdsSum(a), b.parts.count > 1 || holdsSum(b) {
      (left, right) = (bracketed(a), bracketed(b))
    }
    guard let product = left.times(right, limit: limit) else { throw TooManyTerms() }
    return try checked(product)
  }

  /// The quotient; nil if the divisor is 0.
  package mutating func quotient(_ a: Polynomial, _ b: Polynomial) throws -> Polynomial? {
    if let number = b.number, number.value != 0 { return a.scaled(by: Ratio(1).over(number)) }
    // Equal sums cancel.
    if a.parts.count == b.parts.count, a.parts.count > 1 {
      let (above, below) = (a.content, b.content)
      if above.rest == below.rest {
        return Polynomial(
          above.number.over(below.number),
          above.monomial.times(below.monomial, power: -1))
      }
    }
    guard let inverse = try power(b, -1) else { return nil }
    return try product(a, inverse)
  }

  /// `base` to a power; nil where that is no polynomial in atoms.
  package mutating func power(_ base: Polynomial, _ exponent: Double) throws -> Polynomial? {
    guard exponent.magnitude <= 1000 else { return nil }
    let isWhole = exponent == exponent.rounded()
    if let single = base.single {
      if isWhole {
        let number = single.coefficient.raised(to: exponent)
        guard number.value.isFinite, number.value != 0 else { return nil }
        return try checked(Polynomial(number, single.monomial.raised(to: exponent)))
      }
      // √(x²) is not x: only a single atom gets a broken power.
      let powers = single.monomial.powers
      if single.coefficient == Ratio(1), powers.count == 1,
        powers[0].exponent == 1 || powers[0].exponent != powers[0].exponent.rounded()
      {
        return try checked(Polynomial(Ratio(1), single.monomial.raised(to: exponent)))
      }
    }
    if base.isZero { return exponent > 0 ? .zero : nil }
    guard isWhole else {
      if let number = base.number { return root(of: number, exponent) }
      let whole = rendered(base)
      sums[whole.index] = base
      return Polynomial(Ratio(1), Monomial(atom: whole.index, exponent: exponent))
    }
    if exponent > 0, expands { return try multipliedOut(base, Int(exponent)) }
    guard let single = bracketed(base).single else { return nil }
    let number = single.coefficient.raised(to: exponent)
    guard number.value.isFinite, number.value != 0 else { return nil }
    return Polynomial(number, single.monomial.raised(to: exponent))
  }

  private mutating func root(of number: Ratio, _ exponent: Double) -> Polynomial? {
    guard number.value > 0 else { return nil }
    let value = ElementaryFunctions.power(number.value, exponent)
    if let known = constant(value) { return known }
    let base = rendered(Polynomial(number))
    let node =
      exponent == 0.5
      ? unfolded(.sqrt, base) : unfolded(.power, base, graph.number(exponent))
    return atom(node)
  }

  private mutating func multipliedOut(_ base: Polynomial, _ count: Int) throws -> Polynomial {
    // Σ kᵢ = count has (count + m - 1 over m - 1) solutions, that many terms at most arise.
    var terms = 1.0
    for k in 1..<max(base.parts.count, 2) { terms *= Double(count + k) / Double(k) }
    guard terms <= Double(20 * limit) else { throw TooManyTerms() }
    var result = base
    for _ in 1..<count { result = try product(result, base) }
    return result
  }

  /// A number times powers, in which the sum is an atom.
  private mutating func bracketed(_ sum: Polynomial) -> Polynomial {
    guard sum.parts.count > 1 else { return sum }
    let (number, monomial, rest) = sum.content
    guard rest.parts.count > 1 else { return sum }
    let whole = rendered(rest)
    sums[whole.index] = rest
    return Polynomial(number, monomial.times(Monomial(atom: whole.index)))
  }

  /// Atoms that stand for sums and now have whole positive powers, multiplied out.
  private mutating func opened(_ polynomial: Polynomial) throws -> Polynomial {
    func openable(_ monomial: Monomial) -> Monomial.Power? {
      monomial.powers.first {
        $0.exponent > 0 && $0.exponent == $0.exponent.rounded() && sums[$0.atom] != nil
      }
    }
    var current = polynomial
    while current.parts.contains(where: { openable($0.monomial) != nil }) {
      var next = Polynomial.zero
      for part in current.parts {
        let plain = Polynomial(part.coefficient, part.monomial)
        guard let power = openable(part.monomial), let sum = sums[power.atom] else {
          next = next.plus(plain)
          continue
        }
        let rest = plain.times(Monomial(atom: power.atom, exponent: -power.exponent))
        let whole = try multipliedOut(sum, Int(power.exponent))
        guard let product = rest.times(whole, limit: limit) else { throw TooManyTerms() }
        next = next.plus(product)
      }
      current = next
    }
    return current
  }

  private mutating func checked(_ polynomial: Polynomial) throws -> Polynomial {
    let plain = withoutPowersOfRoots(polynomial)
    return expands ? try opened(plain) : plain
  }

  /// √2³ is 2√2, and 1/√2 is √2/2.
  private func withoutPowersOfRoots(_ polynomial: Polynomial) -> Polynomial {
    func change(_ power: Monomial.Power) -> (number: Double, whole: Double)? {
      guard let number = roots[power.atom] else { return nil }
      let whole = (power.exponent / 2).rounded(.down)
      return whole == 0 || power.exponent != power.exponent.rounded() ? nil : (number, whole)
    }
    guard polynomial.parts.contains(where: { $0.monomial.powers.contains { change($0) != nil } })
    else { return polynomial }
    return Polynomial(
      summing: polynomial.parts.map { part in
        var result = part
        for power in part.monomial.powers {
          guard let (number, whole) = change(power) else { continue }
          result.monomial = result.monomial.times(
            Monomial(atom: power.atom, exponent: -2 * whole))
          result.coefficient = result.coefficient.times(Ratio(number).raised(to: whole))
        }
        return result
      })
  }

  private func holdsSum(_ polynomial: Polynomial) -> Bool {
    polynomial.parts.contains { $0.monomial.powers.contains { sums[$0.atom] != nil } }
  }

  // MARK: Expressions

  /// A number times powers of what an expression is a product of.
  package func product(_ expression: Expression) -> Polynomial {
    let term = Term(of: expression)
    return Polynomial(
      term.coefficient,
      term.factors.reduce(.one) {
        $0.times(Monomial(atom: $1.base.index, exponent: $1.exponent.value))
      })
  }

  /// The polynomial as a sum, highest degree first.
  package func rendered(_ polynomial: Polynomial) -> Expression {
    TermList.rendered(polynomial.parts.map(term), in: graph)
  }

  func term(_ part: Polynomial.Part) -> Term {
    var result = Term(of: graph.number(1))
    result.coefficient = written(part.coefficient)
    result.factors = part.monomial.powers.map {
      Term.Factor(
        base: Expression(graph: graph, index: $0.atom), exponent: Ratio($0.exponent))
    }
    result.factors = result.factors.enumerated().sorted {
      let (a, b) = (name($0.element.base), name($1.element.base))
      return a == b ? $0.offset < $1.offset : a < b
    }.map(\.element)
    return result
  }

  /// Names in the order of the alphabet, what has no name behind them.
  func name(_ base: Expression) -> String {
    let node = base.node
    if base.index == pi?.index { return "" }
    return node.operation == .input ? graph.inputs[Int(node.payload)].name : "\u{10FFFF}"
  }

  /// A coefficient as it is written: 0.01 rather than 1/100 if decimal fractions were given.
  private func written(_ number: Ratio) -> Ratio {
    guard usesDecimals, number.isExact, number.below != 1 else { return number }
    var rest = number.below
    for prime in [2.0, 5.0] {
      while rest.truncatingRemainder(dividingBy: prime) == 0 { rest /= prime }
    }
    return rest == 1 ? Ratio(number.value) : number
  }
}
