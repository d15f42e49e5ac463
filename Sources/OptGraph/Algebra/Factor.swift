/// `factor`: polynomials as products.

extension Expression {
  /// This as a product: numbers and common factors in front, then factors with rational
  /// coefficients that cannot be factored further over the rationals. Products are taken factor by
  /// factor; what is no polynomial stays whole.
  ///
  /// - Throws: `TooManyTerms`.
  package func factored() throws -> Expression {
    let whole = Term(of: self)
    let target = Graph()
    var known: [Int32: Expression] = [:]
    for (input, node) in zip(graph.inputs, graph.inputNodes) { known[node] = target.input(input) }
    var result = Term(of: target.number(1))
    result.coefficient = whole.coefficient
    var brackets: [(factor: Polynomial, base: Expression, exponent: Double)] = []
    for factor in whole.factors {
      let copy = graph.copy([factor.base], into: target, known: known)[0]
      guard factor.exponent.isWhole, factor.base.shape.isScalar,
        let parts = try copy.polynomialFactors()
      else {
        result.multiply(by: Term(of: copy, power: factor.exponent), power: 1)
        continue
      }
      let power = factor.exponent.value
      result.coefficient = result.coefficient.times(parts.number.raised(to: power))
      result.multiply(by: parts.common, power: factor.exponent)
      for (polynomial, base, count) in parts.factors {
        let exponent = Double(count) * power
        if let place = brackets.firstIndex(where: { $0.base == base }) {
          brackets[place].exponent += exponent
        } else {
          brackets.append((polynomial, base, exponent))
        }
      }
    }
    brackets.sort { $0.factor.standsBefore($1.factor) }
    result.factors += brackets.filter { $0.exponent != 0 }.map {
      Term.Factor(base: $0.base, exponent: Ratio($0.exponent))
    }
    return result.rendered(in: target)
  }

  /// A sum as a number times a monomial times factors, all in this graph; nil if it is no sum.
  private func polynomialFactors() throws -> (
    number: Ratio, common: Term, factors: [(Polynomial, Expression, Int)]
  )? {
    guard node.isApply(.add) || node.isApply(.subtract) else { return nil }
    let pass = try PolynomialPass(self, expands: true)
    guard let sum = pass.polynomial(self), sum.parts.count > 1 else { return nil }
    var known: [Int32: Expression] = [:]
    for (mine, other) in zip(graph.inputNodes, pass.ring.graph.inputNodes) {
      known[other] = Expression(graph: graph, index: mine)
    }
    func moved(_ expression: Expression) -> Expression {
      pass.ring.graph.copy([expression], into: graph, known: known)[0]
    }
    let (number, monomial, rest) = sum.content
    var common = pass.ring.term(Polynomial.Part(monomial: monomial, coefficient: Ratio(1)))
    common.factors = common.factors.map {
      Term.Factor(base: moved($0.base), exponent: $0.exponent)
    }
    let factors = rest.irreducibleFactors()
    return (number, common, factors.map { ($0, moved(pass.ring.rendered($0)), $1) })
  }
}

extension Polynomial {
  /// The order of factors: low degrees first, then short ones, then small numbers, those with a
  /// minus before those with a plus: `x (x - 1)(x + 1)(x - 2)`.
  fileprivate func standsBefore(_ other: Polynomial) -> Bool {
    let (mine, theirs) = (parts[0].monomial.degree, other.parts[0].monomial.degree)
    if mine != theirs { return mine < theirs }
    if parts.count != other.parts.count { return parts.count < other.parts.count }
    for (a, b) in zip(parts, other.parts) where a.monomial != b.monomial {
      return a.monomial.precedes(b.monomial)
    }
    for (a, b) in zip(parts.reversed(), other.parts.reversed()) where a != b {
      let (x, y) = (a.coefficient.value, b.coefficient.value)
      return x.magnitude != y.magnitude ? x.magnitude < y.magnitude : x < y
    }
    return false
  }

  /// The factors of a polynomial that `content` has freed of common ones. In several variables
  /// Kronecker's way: x, y, … become t, t^d, …, so that products of factors of the image can be read
  /// back; each is tried by multiplication.
  func irreducibleFactors() -> [(factor: Polynomial, count: Int)] {
    let atoms = self.atoms
    var degrees: [Int] = []
    for atom in atoms {
      var highest = 0
      for part in parts {
        let exponent = part.monomial.exponent(of: atom)
        guard exponent >= 0, exponent <= 64, exponent == exponent.rounded() else {
          return [(self, 1)]
        }
        highest = Swift.max(highest, Int(exponent))
      }
      degrees.append(highest)
    }
    guard isExact, !atoms.isEmpty else { return [(self, 1)] }
    var strides: [Int] = []
    var stride = 1
    for degree in degrees {
      strides.append(stride)
      stride *= degree + 1
      guard stride <= 1 << 20 else { return [(self, 1)] }
    }
    let packing = Packing(atoms: atoms, degrees: degrees, strides: strides)
    guard let image = packing.image(of: self), !image.isZero else { return [(self, 1)] }
    if atoms.count == 1 {
      return image.factors().map { (packing.polynomial($0.factor), $0.count) }
    }
    guard image.degree <= IntegerPolynomial.highestDegree else { return [(self, 1)] }
    return joined(image, packing)
  }

  private func joined(
    _ image: IntegerPolynomial, _ packing: Packing
  ) -> [(factor: Polynomial, count: Int)] {
    var pieces = image.factors().flatMap { Array(repeating: $0.factor, count: $0.count) }
    var (rest, restImage) = (self, image)
    var result: [(factor: Polynomial, count: Int)] = []
    var (size, budget) = (1, 5_000)
    while 2 * size <= pieces.count, budget > 0 {
      var found: [Int]?
      IntegerPolynomial.forEachSubset(of: pieces.count, size: size) { subset in
        budget -= 1
        guard budget > 0 else { return false }
        var product = pieces[subset[0]]
        for k in subset.dropFirst() {
          guard let next = product.times(pieces[k]) else { return true }
          product = next
        }
        guard let quotient = restImage.divided(by: product) else { return true }
        let (factor, other) = (packing.polynomial(product), packing.polynomial(quotient))
        guard factor.parts.count > 1, factor.times(other, limit: 4_000) == rest else { return true }
        (rest, restImage) = (other, quotient)
        let positive = factor.content.rest
        if let place = result.firstIndex(where: { $0.factor == positive }) {
          result[place].count += 1
        } else {
          result.append((positive, 1))
        }
        found = subset
        return false
      }
      if let found {
        for k in found.reversed() { pieces.remove(at: k) }
      } else {
        size += 1
      }
    }
    let positive = rest.content.rest
    if let place = result.firstIndex(where: { $0.factor == positive }) {
      result[place].count += 1
    } else if !rest.atoms.isEmpty {
      result.append((positive, 1))
    }
    return result
  }
}

/// Several variables as powers of one.
private struct Packing {
  let atoms: [Int32]
  let degrees: [Int]
  let strides: [Int]

  func image(of polynomial: Polynomial) -> IntegerPolynomial? {
    var result = [Int](repeating: 0, count: zip(degrees, strides).reduce(1) { $0 + $1.0 * $1.1 })
    for part in polynomial.parts {
      guard part.coefficient.below == 1, let number = Int(exactly: part.coefficient.above) else {
        return nil
      }
      var place = 0
      for (atom, stride) in zip(atoms, strides) {
        place += Int(part.monomial.exponent(of: atom)) * stride
      }
      result[place] = number
    }
    return IntegerPolynomial(result)
  }

  func polynomial(_ image: IntegerPolynomial) -> Polynomial {
    var parts: [Polynomial.Part] = []
    for (place, number) in image.coefficients.enumerated() where number != 0 {
      var monomial = Monomial.one
      for (k, atom) in atoms.enumerated() {
        let exponent = place / strides[k] % (degrees[k] + 1)
        if exponent > 0 {
          monomial = monomial.times(Monomial(atom: atom, exponent: Double(exponent)))
        }
      }
      parts.append(Polynomial.Part(monomial: monomial, coefficient: Ratio(Double(number))))
    }
    return Polynomial(summing: parts)
  }
}
