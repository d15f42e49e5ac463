/// Polynomials modulo a prime, and their factors.

/// Whole numbers modulo a prime below 2^62. Polynomials are lists by rising degree, the last not 0.
struct PrimeField {
  let prime: UInt64

  /// The three largest primes below 2^61.
  static let large = [1, 31, 45].map { PrimeField(prime: (1 << 61) - $0) }

  // MARK: Numbers

  func element(_ x: Int) -> UInt64 {
    let rest = x % Int(prime)
    return rest < 0 ? UInt64(rest + Int(prime)) : UInt64(rest)
  }

  /// The representative of least size.
  func symmetric(_ x: UInt64) -> Int { x > prime / 2 ? Int(x) - Int(prime) : Int(x) }

  func sum(_ a: UInt64, _ b: UInt64) -> UInt64 { a + b >= prime ? a + b - prime : a + b }
  func difference(_ a: UInt64, _ b: UInt64) -> UInt64 { a >= b ? a - b : a + prime - b }

  func product(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (high, low) = a.multipliedFullWidth(by: b)
    return prime.dividingFullWidth((high, low)).remainder
  }

  func inverse(_ a: UInt64) -> UInt64 {
    var (result, square, exponent) = (UInt64(1), a, prime - 2)
    while exponent > 0 {
      if exponent & 1 == 1 { result = product(result, square) }
      square = product(square, square)
      exponent >>= 1
    }
    return result
  }

  // MARK: Polynomials

  func polynomial(_ f: IntegerPolynomial) -> [UInt64] { trimmed(f.coefficients.map(element)) }

  /// The whole polynomial `leading` · `f` with coefficients of least size.
  func lifted(_ f: [UInt64], leading: Int) -> IntegerPolynomial {
    let factor = element(leading)
    return IntegerPolynomial(f.map { symmetric(product($0, factor)) })
  }

  private func trimmed(_ f: [UInt64]) -> [UInt64] {
    var result = f
    while result.last == 0 { result.removeLast() }
    return result
  }

  private func monic(_ f: [UInt64]) -> [UInt64] {
    guard let last = f.last, last != 1 else { return f }
    let factor = inverse(last)
    return f.map { product($0, factor) }
  }

  func product(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    guard !a.isEmpty, !b.isEmpty else { return [] }
    var result = [UInt64](repeating: 0, count: a.count + b.count - 1)
    for (i, x) in a.enumerated() where x != 0 {
      for (j, y) in b.enumerated() { result[i + j] = sum(result[i + j], product(x, y)) }
    }
    return trimmed(result)
  }

  private func difference(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    var result = a + [UInt64](repeating: 0, count: max(b.count - a.count, 0))
    for (k, y) in b.enumerated() { result[k] = difference(result[k], y) }
    return trimmed(result)
  }

  /// Quotient and rest.
  private func division(_ a: [UInt64], by b: [UInt64]) -> (quotient: [UInt64], rest: [UInt64]) {
    guard let last = b.last, a.count >= b.count else { return ([], a) }
    let factor = inverse(last)
    var rest = a
    var quotient = [UInt64](repeating: 0, count: a.count - b.count + 1)
    for k in stride(from: quotient.count - 1, through: 0, by: -1) {
      let q = product(rest[k + b.count - 1], factor)
      quotient[k] = q
      for (j, y) in b.enumerated() where q != 0 {
        rest[k + j] = difference(rest[k + j], product(q, y))
      }
    }
    return (quotient, trimmed(rest))
  }

  /// The monic common divisor of highest degree.
  func commonDivisor(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    var (x, y) = (a, b)
    while !y.isEmpty { (x, y) = (y, division(x, by: y).rest) }
    return monic(x)
  }

  /// `base` to the power `exponent` modulo `f`.
  private func power(_ base: [UInt64], _ exponent: UInt64, modulo f: [UInt64]) -> [UInt64] {
    var (result, square, rest) = ([UInt64(1)], base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = division(product(result, square), by: f).rest }
      rest >>= 1
      if rest > 0 { square = division(product(square, square), by: f).rest }
    }
    return result
  }

  // MARK: Factors

  /// The monic factors modulo the prime; nil if some would coincide.
  func factors(ofSimple f: IntegerPolynomial) -> [[UInt64]]? {
    var rest = polynomial(f)
    guard rest.count == f.coefficients.count, let derivative = f.derivative,
      commonDivisor(rest, polynomial(derivative)).count == 1
    else { return nil }
    rest = monic(rest)
    // The product of all factors of degree d divides x^(p^d) - x.
    var result: [[UInt64]] = []
    let x: [UInt64] = [0, 1]
    var frobenius = x
    var degree = 1
    while rest.count - 1 >= 2 * degree {
      frobenius = power(frobenius, prime, modulo: rest)
      let part = commonDivisor(rest, difference(frobenius, x))
      if part.count > 1 {
        result += split(part, into: degree)
        rest = division(rest, by: part).quotient
        frobenius = division(frobenius, by: rest).rest
      }
      degree += 1
    }
    if rest.count > 1 { result.append(rest) }
    return result
  }

  /// Factors of equal degree (Cantor and Zassenhaus, 1981), with x + 1, x + 2, … in place of random
  /// polynomials, so that the same input gives the same output.
  private func split(_ f: [UInt64], into degree: Int) -> [[UInt64]] {
    var waiting = [f]
    var result: [[UInt64]] = []
    var shift: UInt64 = 0
    while let part = waiting.popLast() {
      guard part.count - 1 > degree, shift < 200 else {
        result.append(part)
        continue
      }
      shift += 1
      // (x + shift)^((p^degree - 1)/2) is 1 for about half of the factors.
      var conjugate = power([shift, 1], (prime - 1) / 2, modulo: part)
      var norm = conjugate
      for _ in 1..<max(degree, 1) {
        conjugate = power(conjugate, prime, modulo: part)
        norm = division(product(norm, conjugate), by: part).rest
      }
      let common = commonDivisor(part, difference(norm, [1]))
      if common.count > 1, common.count < part.count {
        waiting += [common, division(part, by: common).quotient]
      } else {
        waiting.append(part)
      }
    }
    return result
  }
}
