/// Sums multiplied out, divided and factored, over whatever is not a sum or product itself.

extension TermList {
  /// The number of terms up to which sums are multiplied out.
  private static let most = 80

  /// The product of all sums in it multiplied out, like terms added; nil where nothing is to be
  /// multiplied out or it gets too long. Takes from `work` what it does.
  func expanded(_ work: inout Int) -> TermList? {
    guard terms.contains(where: { $0.bracket != nil }) else { return nil }
    var result = TermSum()
    var stack = Array(terms.reversed())
    while let term = stack.popLast() {
      guard let place = term.bracket else {
        result.add(term)
        guard result.count <= Self.most else { return nil }
        continue
      }
      var rest = term
      let bracket = rest.factors[place]
      if bracket.exponent == 1 {
        rest.factors.remove(at: place)
      } else {
        rest.factors[place].exponent = bracket.exponent.minus(1)
      }
      var inside = TermList()
      inside.add(bracket.base, 1)
      work -= inside.terms.count
      guard work > 0, stack.count + inside.terms.count <= 4 * Self.most else { return nil }
      for part in inside.terms.reversed() {
        var product = rest
        product.multiply(by: part)
        stack.append(product)
      }
    }
    return result.list.sorted
  }

  /// Polynomials in one name from the highest power down, or up if that avoids a sign in front.
  var sorted: TermList {
    guard let name = terms.first(where: { !$0.factors.isEmpty })?.factors[0].base,
      name.node.operation == .input,
      terms.allSatisfy({
        $0.factors.isEmpty
          || $0.factors.count == 1 && $0.factors[0].base == name && $0.factors[0].exponent.isWhole
      })
    else { return self }
    var result = self
    result.terms.sort { $0.exponent(of: name).value > $1.exponent(of: name).value }
    if let first = result.terms.first, let last = result.terms.last, first.coefficient.value < 0,
      last.coefficient.value > 0
    {
      result.terms.reverse()
    }
    return result
  }

  /// The exact quotient by `divisor`, if there is one.
  func divided(by divisor: TermList, _ work: inout Int) -> TermList? {
    // The divisor's leading term in one of its bases, where that is a single term.
    guard let (base, leading) = divisor.leadingTerm else { return nil }
    let degree = leading.exponent(of: base)
    var rest = TermSum()
    for term in terms { rest.add(term) }
    var quotient = TermSum()
    for _ in 0..<40 {
      guard let top = rest.largest(in: base) else { return quotient.list }
      guard top.exponent(of: base).value >= degree.value else { return nil }
      var factor = top
      factor.multiply(by: leading, power: -1)
      quotient.add(factor)
      work -= divisor.terms.count
      guard work > 0, rest.count <= Self.most else { return nil }
      for term in divisor.terms {
        var product = term
        product.multiply(by: factor)
        product.coefficient = product.coefficient.negated
        rest.add(product)
      }
    }
    return nil
  }

  private var leadingTerm: (base: Expression, term: Term)? {
    for candidate in terms {
      for factor in candidate.factors where factor.exponent.isWhole && factor.exponent.above > 0 {
        let degrees = terms.map { $0.exponent(of: factor.base).value }
        let highest = degrees.max() ?? 0
        if degrees.filter({ $0 == highest }).count == 1,
          let place = degrees.firstIndex(of: highest), terms[place].coefficient.isExact
        {
          return (factor.base, terms[place])
        }
      }
    }
    return nil
  }

  /// The powers and the number that all terms have in common, and what is left of them; nil if
  /// there are none. Negative powers count, so this is the way over a common denominator too.
  func commonFactor() -> (factor: Term, rest: TermList)? {
    guard terms.count > 1 else { return nil }
    var common = Term()
    for term in terms {
      for factor in term.factors where !common.factors.contains(where: { $0.base == factor.base }) {
        let exponents = terms.map { $0.exponent(of: factor.base) }
        guard let least = exponents.min(by: { $0.value < $1.value }), least != 0 else { continue }
        common.factors.append(Term.Factor(base: factor.base, exponent: least))
      }
    }
    let all = common
    common.factors.removeAll { factor in
      factor.exponent.above < 0 && !factor.base.isPositive
        && terms.contains { !$0.keepsPower(of: factor.base, in: all) }
    }
    common.coefficient = content
    if common.factors.isEmpty, common.coefficient == 1 { return nil }
    var rest = TermSum()
    for term in terms {
      var part = term
      part.multiply(by: common, power: -1)
      rest.add(part)
    }
    return (common, rest.list)
  }

  /// What the numbers in front have in common; negative if all are.
  private var content: Ratio {
    guard let first = terms.first else { return 1 }
    let sign: Ratio = terms.allSatisfy { $0.coefficient.value < 0 } ? -1 : 1
    if terms.allSatisfy(\.coefficient.isExact) {
      var (above, below) = (0.0, 1.0)
      for term in terms {
        above = Ratio.commonDivisor(above, term.coefficient.above)
        let common = Ratio.commonDivisor(below, term.coefficient.below)
        below = below / common * term.coefficient.below
      }
      guard above < 1e9, below < 1e9 else { return sign }
      var result = Ratio(above, over: below).times(sign)
      result.isDecimal = terms.contains { $0.coefficient.isDecimal }
      return result
    }
    let ratios = terms.map { Ratio($0.coefficient.value / first.coefficient.value) }
    guard ratios.allSatisfy({ $0.isExact && $0.below < 1000 && $0.above.magnitude < 1000 }),
      zip(ratios, terms).allSatisfy({
        $0.times(first.coefficient).value == $1.coefficient.value
      })
    else { return sign }
    return first.coefficient
  }
}

extension Term {
  /// The place of a sum that can be multiplied out.
  fileprivate var bracket: Int? {
    factors.firstIndex {
      $0.exponent.isWhole && $0.exponent.above > 0 && $0.exponent.above <= 8 && Term.isSum($0.base)
    }
  }

  /// x^(n - 1) is kept as xⁿ · x⁻¹, but is defined at 0 where x⁻¹ is not: x⁻¹ may leave the term
  /// only with all of xⁿ.
  fileprivate func keepsPower(of base: Expression, in common: Term) -> Bool {
    factors.allSatisfy { factor in
      let node = factor.base.node
      return !node.isApply(.power) || node.a != base.index
        || common.exponent(of: factor.base) == factor.exponent
    }
  }

  func exponent(of base: Expression) -> Ratio {
    factors.first { $0.base == base }?.exponent ?? 0
  }
}

/// A sum that finds like terms fast; keeps their order.
struct TermSum {
  private struct Key: Hashable {
    var factors: Set<Term.Factor>
  }
  private var terms: [Term] = []
  private var places: [Key: Int] = [:]
  private(set) var count = 0

  mutating func add(_ term: Term) {
    guard term.coefficient.value != 0 else { return }
    let key = Key(factors: Set(term.factors))
    if let place = places[key] {
      let isThere = terms[place].coefficient.value != 0
      let sum = terms[place].coefficient.plus(term.coefficient)
      terms[place].coefficient = sum
      if isThere, sum.value == 0 { count -= 1 }
      if !isThere, sum.value != 0 { count += 1 }
    } else {
      places[key] = terms.count
      terms.append(term)
      count += 1
    }
  }

  var list: TermList {
    var result = TermList()
    result.terms = terms.filter { $0.coefficient.value != 0 }
    return result
  }

  /// The term of the highest power of `base`.
  func largest(in base: Expression) -> Term? {
    terms.lazy.filter { $0.coefficient.value != 0 }
      .max { $0.exponent(of: base).value < $1.exponent(of: base).value }
  }
}
