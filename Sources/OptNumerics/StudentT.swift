/// Quantiles of Student's t distribution and of Fisher's F with one degree of freedom.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

package enum StudentT {
  /// P(|T| > t) for `degrees` degrees of freedom; ∞ degrees are the normal distribution.
  package static func twoSided(_ t: Double, degrees: Double) -> Double {
    let t = abs(t)
    if degrees.isInfinite { return erfc(t / 2.0.squareRoot()) }
    return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
  }

  /// The t with P(|T| ≤ t) = `level`, 0 < level < 1, by bisection in the logarithm.
  package static func quantile(level: Double, degrees: Double) -> Double {
    guard level > 0, level < 1, degrees > 0 else { return .nan }
    let outside = 1 - level
    var (low, high) = (1e-12, 1e12)
    for _ in 0..<200 where high / low > 1 + 1e-15 {
      let middle = (low * high).squareRoot()
      if twoSided(middle, degrees: degrees) > outside { low = middle } else { high = middle }
    }
    return (low * high).squareRoot()
  }

  /// Iₓ(a, b), by the continued fraction of Abramowitz & Stegun 26.5.8, evaluated after Lentz.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let front = exp(
      lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    return x < (a + 1) / (a + b + 2)
      ? front * fraction(x, a, b) / a : 1 - front * fraction(1 - x, b, a) / b
  }

  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func safe(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / safe(1 - (a + b) * x / (a + 1))
    var result = d
    for k in 1...10_000 {
      let m = Double(k)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / safe(1 + even * d)
      c = safe(1 + even / c)
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / safe(1 + odd * d)
      c = safe(1 + odd / c)
      let factor = d * c
      result *= factor
      if abs(factor - 1) < 1e-16 { break }
    }
    return result
  }
}
