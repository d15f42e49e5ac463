/// Polynomials in one variable with whole coefficients, and their factors.

/// Coefficients by rising degree, the last not 0. Arithmetic that would overflow gives nil.
struct IntegerPolynomial: Equatable {
  private(set) var coefficients: [Int]

  init(_ coefficients: [Int]) {
    self.coefficients = coefficients
    while self.coefficients.last == 0 { self.coefficients.removeLast() }
  }

  var degree: Int { coefficients.count - 1 }
  var leading: Int { coefficients.last ?? 0 }
  var isZero: Bool { coefficients.isEmpty }

  /// Divided by the common divisor of the coefficients, the last one positive.
  var primitive: IntegerPolynomial {
    var divisor = 0
    for c in coefficients { divisor = Self.commonDivisor(divisor, c) }
    guard divisor != 0 else { return self }
    if leading < 0 { divisor = -divisor }
    return IntegerPolynomial(coefficients.map { $0 / divisor })
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (abs(a), abs(b))
    while y != 0 { (x, y) = (y, x % y) }
    return x
  }

  var derivative: IntegerPolynomial? {
    var result: [Int] = []
    for (k, c) in coefficients.enumerated().dropFirst() {
      let (product, overflows) = c.multipliedReportingOverflow(by: k)
      if overflows { return nil }
      result.append(product)
    }
    return IntegerPolynomial(result)
  }

  func times(_ other: IntegerPolynomial) -> IntegerPolynomial? {
    guard !isZero, !other.isZero else { return IntegerPolynomial([]) }
    var result = [Int](repeating: 0, count: degree + other.degree + 1)
    for (i, a) in coefficients.enumerated() where a != 0 {
      for (j, b) in other.coefficients.enumerated() {
        let (product, overflows) = a.multipliedReportingOverflow(by: b)
        let (sum, carries) = result[i + j].addingReportingOverflow(product)
        if overflows || carries { return nil }
        result[i + j] = sum
      }
    }
    return IntegerPolynomial(result)
  }

  /// The quotient; nil if there is a rest or a coefficient is not whole.
  func divided(by divisor: IntegerPolynomial) -> IntegerPolynomial? {
    guard !divisor.isZero, degree >= divisor.degree else { return nil }
    var rest = coefficients
    var quotient = [Int](repeating: 0, count: degree - divisor.degree + 1)
    for k in stride(from: quotient.count - 1, through: 0, by: -1) {
      let top = rest[k + divisor.degree]
      guard top % divisor.leading == 0 else { return nil }
      let q = top / divisor.leading
      quotient[k] = q
      for (j, d) in divisor.coefficients.enumerated() where q != 0 {
        let (product, overflows) = q.multipliedReportingOverflow(by: d)
        let (difference, carries) = rest[k + j].subtractingReportingOverflow(product)
        if overflows || carries { return nil }
        rest[k + j] = difference
      }
    }
    return rest.allSatisfy { $0 == 0 } ? IntegerPolynomial(quotient) : nil
  }

  // MARK: Factors

  /// Polynomials of higher degree stay whole.
  static let highestDegree = 48

  /// Factors that cannot be factored over the rationals, each with its multiplicity. What is too
  /// large to be taken apart stays whole; the product is always the primitive polynomial.
  func factors() -> [(factor: IntegerPolynomial, count: Int)] {
    var rest = primitive
    guard rest.degree > 0 else { return [] }
    var result: [(factor: IntegerPolynomial, count: Int)] = []
    let zeros = rest.coefficients.prefix { $0 == 0 }.count
    if zeros > 0 {
      result.append((IntegerPolynomial([0, 1]), zeros))
      rest = IntegerPolynomial(Array(rest.coefficients.dropFirst(zeros)))
    }
    guard rest.degree > 0 else { return result }
    if rest.degree <= Self.highestDegree, let simple = rest.withoutRepeats() {
      for factor in simple.irreducibleFactors() {
        var count = 0
        while let quotient = rest.divided(by: factor) {
          rest = quotient
          count += 1
        }
        if count > 0 { result.append((factor, count)) }
      }
    }
    if rest.degree > 0 { result.append((rest, 1)) }
    return result
  }

  /// The product of the different factors; nil if it cannot be found.
  private func withoutRepeats() -> IntegerPolynomial? {
    guard let derivative else { return nil }
    for field in PrimeField.large {
      let (f, g) = (field.polynomial(self), field.polynomial(derivative))
      guard f.count == coefficients.count, !g.isEmpty else { continue }
      let common = field.commonDivisor(f, g)
      if common.count == 1 { return self }
      let whole = field.lifted(common, leading: leading).primitive
      if derivative.divided(by: whole) != nil, let quotient = divided(by: whole) {
        return quotient.primitive
      }
    }
    return nil
  }

  /// Factors of a polynomial without repeated ones: modulo a prime larger than twice any
  /// coefficient that is met in practice, then products of those tried by division, so that what is
  /// found is right whatever the size (von zur Gathen and Gerhard, Modern Computer Algebra,
  /// algorithm 15.2).
  private func irreducibleFactors() -> [IntegerPolynomial] {
    if degree == 1 { return [self] }
    var best: (field: PrimeField, factors: [[UInt64]])?
    for field in PrimeField.large {
      guard let found = field.factors(ofSimple: self) else { continue }
      if found.count < best?.factors.count ?? .max { best = (field, found) }
      if found.count == 1 { return [self] }
      if found.count <= 6 { break }
    }
    guard let (field, found) = best else { return [self] }
    var modular = found
    var rest = self
    var result: [IntegerPolynomial] = []
    var size = 1
    var budget = 20_000
    while 2 * size <= modular.count {
      var found: [Int]?
      Self.forEachSubset(of: modular.count, size: size) { subset in
        budget -= 1
        guard budget > 0 else { return false }
        if let (factor, quotient) = rest.divided(byProductOf: subset.map { modular[$0] }, field) {
          result.append(factor)
          rest = quotient
          found = subset
          return false
        }
        return true
      }
      if let found {
        for k in found.reversed() { modular.remove(at: k) }
      } else if budget <= 0 {
        break
      } else {
        size += 1
      }
    }
    if rest.degree > 0 { result.append(rest) }
    return result
  }

  private func divided(
    byProductOf parts: [[UInt64]], _ field: PrimeField
  ) -> (factor: IntegerPolynomial, quotient: IntegerPolynomial)? {
    // The last coefficient decides most cases.
    var constant = field.element(leading)
    for part in parts { constant = field.product(constant, part[0]) }
    let last = field.symmetric(constant)
    let (all, overflows) = leading.multipliedReportingOverflow(by: coefficients[0])
    guard last != 0, overflows || all % last == 0 else { return nil }
    let product = parts.dropFirst().reduce(parts[0]) { field.product($0, $1) }
    let factor = field.lifted(product, leading: leading).primitive
    guard let quotient = divided(by: factor) else { return nil }
    return (factor, quotient)
  }

  /// Calls `body` with ascending positions until it gives false.
  static func forEachSubset(of count: Int, size: Int, _ body: ([Int]) -> Bool) {
    guard size <= count else { return }
    var subset = Array(0..<size)
    while true {
      if !body(subset) { return }
      guard let k = subset.indices.last(where: { subset[$0] < count - size + $0 }) else { return }
      subset[k] += 1
      for j in subset.indices where j > k { subset[j] = subset[j - 1] + 1 }
    }
  }
}
