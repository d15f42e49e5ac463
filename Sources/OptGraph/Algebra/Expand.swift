/// `expand` and `collect`: sums multiplied out, and ordered by powers.

extension Expression {
  /// Products and whole powers of sums multiplied out, inside functions too; terms by falling
  /// degree. Functions of sums stay whole: `exp(a + b)` may not overflow where `exp(a) exp(b)`
  /// does, and `log(a b)` has a value where `log(a)` has none.
  ///
  /// - Throws: `TooManyTerms`.
  package func expanded() throws -> Expression {
    var pass = try PolynomialPass(self, expands: true)
    return pass.rendered(self)
  }

  /// Ordered by the powers of `variables`, highest first: `c x² + (a + b) x`. The rest of each term
  /// is multiplied out. nil where a power of a variable would have to leave a function.
  ///
  /// - Throws: `TooManyTerms`.
  package func collected(by variables: [Expression]) throws -> Expression {
    var pass = try PolynomialPass(self, expands: true)
    guard let whole = pass.polynomial(self) else { return pass.rendered(self) }
    let atoms = Set(variables.map { pass.rendered($0).index })
    var groups: [(power: Monomial, parts: [Polynomial.Part])] = []
    var places: [Monomial: Int] = [:]
    for part in whole.parts {
      let (rest, power) = part.monomial.split(atoms)
      let place = places[power] ?? groups.count
      places[power] = place
      if place == groups.count { groups.append((power, [])) }
      groups[place].parts.append(Polynomial.Part(monomial: rest, coefficient: part.coefficient))
    }
    groups.sort { $0.power.precedes($1.power) }
    var terms: [Term] = []
    for (power, parts) in groups {
      let factor = Polynomial(summing: parts)
      if factor.parts.count == 1 || power.isOne {
        terms += factor.times(power).parts.map(pass.ring.term)
        continue
      }
      // The sum stands in front, as a coefficient does.
      let sum = pass.ring.rendered(factor)
      var term = pass.ring.term(Polynomial.Part(monomial: power, coefficient: Ratio(1)))
      var above = Term(factor: sum)
      above.factors = term.factors.filter { $0.exponent.above > 0 }
      let product = above.factors.isEmpty ? sum : sum * above.rendered(in: pass.ring.graph)
      term.factors.removeAll { $0.exponent.above > 0 }
      term.factors.insert(Term.Factor(base: product, exponent: 1), at: 0)
      terms.append(term)
    }
    return TermList.rendered(terms, in: pass.ring.graph)
  }
}

extension Term {
  /// An expression that is not taken apart.
  init(factor: Expression) {
    self.init(of: factor.graph.number(1))
    factors = [Factor(base: factor, exponent: 1)]
  }
}
