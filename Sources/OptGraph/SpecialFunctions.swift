/// Evaluations that the C library lacks.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

package enum SpecialFunctions {
  /// Logarithm of |Γ(x)|, without touching the C library's global sign.
  static func logGamma(_ x: Double) -> Double {
    #if canImport(Glibc)
      var sign: Int32 = 0
      return lgamma_r(x, &sign)
    #else
      return lgamma(x)
    #endif
  }

  static func sigmoid(_ x: Double) -> Double {
    if x >= 0 { return 1 / (1 + exp(-x)) }
    let e = exp(x)
    return e / (1 + e)
  }

  /// ψ(x): reflection, recurrence up to 10, then the asymptotic series (Abramowitz and Stegun,
  /// 6.3.5, 6.3.7, 6.3.18).
  static func digamma(_ x: Double) -> Double {
    if x <= 0 {
      if x == x.rounded(.down) { return .nan }
      return digamma(1 - x) - Double.pi / tan(Double.pi * (x - x.rounded(.down)))
    }
    guard x.isFinite else { return x }
    var y = x
    var below = 0.0
    while y < 10 {
      below += 1 / y
      y += 1
    }
    let z = 1 / (y * y)
    let tail =
      z
      * (1 / 12 - z
        * (1 / 120 - z
          * (1 / 252 - z
            * (1 / 240 - z
              * (1 / 132 - z
                * (691 / 32760 - z * (1 / 12)))))))
    return log(y) - 0.5 / y - tail - below
  }

  /// B₂, B₄, …: Bernoulli numbers.
  private static func bernoulli(_ k: Int) -> Double {
    switch k {
    case 1: 1.0 / 6
    case 2: -1.0 / 30
    case 3: 1.0 / 42
    case 4: -1.0 / 30
    case 5: 5.0 / 66
    case 6: -691.0 / 2730
    case 7: 7.0 / 6
    case 8: -3617.0 / 510
    case 9: 43867.0 / 798
    default: -174611.0 / 330
    }
  }

  /// ψ⁽ⁿ⁾(x) for whole n from 0 to 100, by recurrence and the asymptotic series (Abramowitz and
  /// Stegun, 6.4.6, 6.4.7, 6.4.11); NaN for other n.
  static func polygamma(_ n: Double, _ x: Double) -> Double {
    guard n >= 0, n <= 100, n == n.rounded(.down), !x.isNaN else { return .nan }
    if n == 0 { return digamma(x) }
    let order = Int(n)
    let odd = order % 2 == 1
    if x <= 0 {
      if x == x.rounded(.down) { return odd ? .infinity : .nan }
      let reflected = polygamma(n, 1 - x)
      let slope = cotangentDerivative(order, x)
      return odd ? -reflected - slope : reflected - slope
    }
    let factorial = tgamma(n + 1)
    var y = x
    var below = 0.0
    while y < n + 12 {
      below += 1 / pow(y, n + 1)
      y += 1
    }
    // Σ over the lattice from y on: (n-1)!/yⁿ + n!/(2yⁿ⁺¹) + Σ B₂ₖ (2k+n-1)!/((2k)! y²ᵏ⁺ⁿ).
    var tail = 0.0
    var factor = (n + 1) / 2
    for k in 1...10 {
      tail += bernoulli(k) * factor / pow(y, Double(2 * k))
      let d = Double(2 * k)
      factor *= (d + n) * (d + n + 1) / ((d + 1) * (d + 2))
    }
    let lattice = (1 / n + 0.5 / y + tail) / pow(y, n)
    let size = factorial * (below + lattice)
    return odd ? size : -size
  }

  /// The n-th derivative of π cot(πx), as a polynomial in the cotangent.
  private static func cotangentDerivative(_ n: Int, _ x: Double) -> Double {
    let c = 1 / tan(Double.pi * (x - x.rounded(.down)))
    var coefficients = [0.0, 1.0]
    for _ in 0..<n {
      // d/dx p(c) = -π (1 + c²) p'(c)
      var next = [Double](repeating: 0, count: coefficients.count + 1)
      for k in 1..<coefficients.count {
        let slope = -Double.pi * Double(k) * coefficients[k]
        next[k - 1] += slope
        next[k + 1] += slope
      }
      coefficients = next
    }
    var value = 0.0
    for coefficient in coefficients.reversed() { value = value * c + coefficient }
    return Double.pi * value
  }

  /// The n-th derivative of sin(x)/x for whole n from 0 to 100: the Taylor series for small |x|,
  /// else the recurrence x s⁽ⁿ⁾ + n s⁽ⁿ⁻¹⁾ = sin⁽ⁿ⁾(x).
  static func sincDerivative(_ n: Double, _ x: Double) -> Double {
    guard n >= 0, n <= 100, n == n.rounded(.down), !x.isNaN else { return .nan }
    let order = Int(n)
    if x.magnitude > max(1.5, n) {
      var value = sin(x) / x
      for k in 0..<order {
        // sin⁽ᵏ⁺¹⁾
        let slope: Double
        switch (k + 1) % 4 {
        case 0: slope = sin(x)
        case 1: slope = cos(x)
        case 2: slope = -sin(x)
        default: slope = -cos(x)
        }
        value = (slope - Double(k + 1) * value) / x
      }
      return value
    }
    // Σ (-1)ᵏ x²ᵏ⁻ⁿ / ((2k+1) (2k-n)!)
    var k = (order + 1) / 2
    var power = order % 2 == 1 ? x : 1.0
    var sum = 0.0
    for _ in 0..<200 {
      let term = power / Double(2 * k + 1)
      sum += k % 2 == 1 ? -term : term
      if term.magnitude < 1e-18 * sum.magnitude || term == 0 { break }
      let m = Double(2 * k - order)
      power *= x * x / ((m + 1) * (m + 2))
      k += 1
    }
    return sum
  }
}
