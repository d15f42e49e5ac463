/// Polynomials with exact coefficients in atoms, which are nodes of a graph.

/// A sum of numbers times monomials, none of them 0, in graded order.
package struct Polynomial: Equatable, Sendable {
  struct Part: Equatable, Sendable {
    var monomial: Monomial
    var coefficient: Ratio
  }

  private(set) var parts: [Part]

  /// 0.
  package static let zero = Polynomial(parts: [])
  /// 1.
  package static let one = Polynomial(Ratio(1))

  private init(parts: [Part]) { self.parts = parts }

  init(_ number: Ratio, _ monomial: Monomial = .one) {
    parts = number.value == 0 ? [] : [Part(monomial: monomial, coefficient: number)]
  }

  /// A whole number.
  package init(_ number: Int) { self.init(Ratio(Double(number))) }

  /// The sum of `sum`, like ones added.
  init(summing sum: [Part]) {
    var places: [Monomial: Int] = [:]
    var list: [Part] = []
    for part in sum {
      if let place = places[part.monomial] {
        list[place].coefficient = list[place].coefficient.plus(part.coefficient)
      } else {
        places[part.monomial] = list.count
        list.append(part)
      }
    }
    parts = list.filter { $0.coefficient.value != 0 }
    parts.sort { $0.monomial.precedes($1.monomial) }
  }

  package var isZero: Bool { parts.isEmpty }
  /// Whether all coefficients are finite.
  package var isFinite: Bool { parts.allSatisfy(\.coefficient.value.isFinite) }
  /// The only part, if there is one.
  var single: Part? { parts.count == 1 ? parts[0] : nil }
  /// The number that it is, if it has no atoms.
  var number: Ratio? {
    if parts.isEmpty { return Ratio(0) }
    return single.flatMap { $0.monomial.isOne ? $0.coefficient : nil }
  }
  /// The atoms, ascending.
  var atoms: [Int32] { Set(parts.flatMap { $0.monomial.powers.map(\.atom) }).sorted() }
  /// Whether every coefficient is a quotient of whole numbers.
  var isExact: Bool { parts.allSatisfy(\.coefficient.isExact) }

  package func plus(_ other: Polynomial) -> Polynomial {
    if isZero { return other }
    if other.isZero { return self }
    return Polynomial(summing: parts + other.parts)
  }

  package func minus(_ other: Polynomial) -> Polynomial { plus(other.scaled(by: Ratio(-1))) }

  func scaled(by number: Ratio) -> Polynomial {
    if number.value == 0 { return .zero }
    return Polynomial(
      parts: parts.map {
        Part(monomial: $0.monomial, coefficient: $0.coefficient.times(number))
      })
  }

  /// This times `above` over `below`.
  package func times(_ above: Int, over below: Int = 1) -> Polynomial {
    scaled(by: Ratio(Double(above), over: Double(below)))
  }

  func times(_ monomial: Monomial) -> Polynomial {
    Polynomial(
      summing: parts.map {
        Part(monomial: $0.monomial.times(monomial), coefficient: $0.coefficient)
      })
  }

  /// The product multiplied out; nil if it has more than `limit` parts.
  func times(_ other: Polynomial, limit: Int) -> Polynomial? {
    if let number { return other.scaled(by: number) }
    if let number = other.number { return scaled(by: number) }
    guard parts.count * other.parts.count <= 100 * limit else { return nil }
    var products: [Part] = []
    products.reserveCapacity(parts.count * other.parts.count)
    for a in parts {
      for b in other.parts {
        products.append(
          Part(
            monomial: a.monomial.times(b.monomial), coefficient: a.coefficient.times(b.coefficient))
        )
      }
    }
    let result = Polynomial(summing: products)
    return result.parts.count <= limit ? result : nil
  }

  /// A number and a monomial that divide every part, and what is left: parts with whole
  /// coefficients without common divisor, the first positive, if all coefficients are quotients of
  /// whole numbers or one is a multiple of all.
  var content: (number: Ratio, monomial: Monomial, rest: Polynomial) {
    guard let first = parts.first else { return (Ratio(1), .one, self) }
    let monomial = parts.dropFirst().reduce(first.monomial) { $0.common($1.monomial) }
    var (number, rest) = (Ratio(1), self)
    if !isExact {
      rest = Polynomial(
        parts: parts.map {
          let quotient = $0.coefficient.value / first.coefficient.value
          return Part(
            monomial: $0.monomial, coefficient: Ratio.fraction(quotient) ?? Ratio(quotient))
        })
      guard rest.isExact else {
        return (Ratio(1), monomial, times(monomial.raised(to: -1)))
      }
      number = first.coefficient
    }
    var (above, below) = (0.0, 1.0)
    for part in rest.parts {
      above = Ratio.commonDivisor(above, part.coefficient.above)
      if above == 0 { above = part.coefficient.above.magnitude }
      below *= part.coefficient.below / Ratio.commonDivisor(below, part.coefficient.below)
    }
    if rest.parts[0].coefficient.value < 0 { above = -above }
    let common = Ratio(above, over: below)
    guard common.isExact else { return (number, monomial, rest.times(monomial.raised(to: -1))) }
    return (
      number.times(common), monomial,
      rest.scaled(by: Ratio(1).over(common)).times(monomial.raised(to: -1))
    )
  }
}

extension Ratio {
  /// The small whole numbers whose quotient is `value` but for rounding.
  static func fraction(_ value: Double, below largest: Int = 99) -> Ratio? {
    guard value.magnitude < 1e6 else { return value == value.rounded() ? Ratio(value) : nil }
    for below in 1...largest {
      let above = (value * Double(below)).rounded()
      if (above / Double(below) - value).magnitude <= 2 * value.ulp, above != 0 || value == 0 {
        return Ratio(above, over: Double(below))
      }
    }
    return nil
  }

  /// The decimal fraction that `value` is written as, if it is short.
  static func decimal(_ value: Double) -> Ratio? {
    guard value.magnitude < 1e6 else { return nil }
    for (digits, scale) in [10.0, 100, 1_000, 10_000, 100_000, 1_000_000].enumerated() {
      let above = (value * scale).rounded()
      if above.magnitude < 1e9, above / scale == value, digits < 6 {
        return Ratio(above, over: scale)
      }
    }
    return nil
  }
}
