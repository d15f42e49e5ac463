/// One equation whose root is enclosed by two points.

/// Two points where a function has different signs.
struct Bracket {
  var a: Double
  var fa: Double
  var b: Double
  var fb: Double

  var width: Double { abs(b - a) }

  /// The end with the smaller value.
  var best: (x: Double, f: Double) { abs(fa) <= abs(fb) ? (a, fa) : (b, fb) }

  /// The bracket narrowed to neighbouring numbers, or to where `f` has no value.
  ///
  /// The point between the ends is interpolated, truncated and projected, which needs no more steps
  /// than bisection in the worst case and converges superlinearly: I. F. D. Oliveira and R. H. C.
  /// Takahashi, "An enhancement of the bisection method average performance preserving minmax
  /// optimality", ACM Trans. Math. Softw. 47 (2020), algorithm 1 with κ₁ = 0.2/(b − a), κ₂ = 2,
  /// n₀ = 1.
  func narrowed(_ f: (Double) -> Double?) -> Bracket {
    var now = self
    if a > b { now = Bracket(a: b, fa: fb, b: a, fb: fa) }
    let scale = max(abs(now.a), abs(now.b))
    let tolerance = max(scale * 1e-16, 1e-300)
    let kappa = 0.2 / now.width
    // Steps of bisection, rounded up.
    let ratio = now.width / (2 * tolerance)
    let halvings = ratio > 1 && ratio.isFinite ? Int(ratio.exponent) + 1 : 1023
    var step = 0
    while now.width > 2 * tolerance, step < halvings + 80 {
      let middle = 0.5 * (now.a + now.b)
      if middle <= now.a || middle >= now.b { break }
      let power = Double(sign: .plus, exponent: min(halvings + 1 - step, 1023), significand: 1)
      let reach = max(tolerance * power - 0.5 * now.width, 0)
      var point = (now.fb * now.a - now.fa * now.b) / (now.fb - now.fa)
      if !point.isFinite { point = middle }
      let side: Double = middle >= point ? 1 : -1
      let shift = kappa * now.width * now.width
      point = shift <= abs(middle - point) ? point + side * shift : middle
      if abs(point - middle) > reach { point = middle - side * reach }
      if point <= now.a || point >= now.b { point = middle }
      guard let value = f(point) else { break }
      if value == 0 { return Bracket(a: point, fa: 0, b: point, fb: 0) }
      if (value > 0) == (now.fa > 0) {
        now.a = point
        now.fa = value
      } else {
        now.b = point
        now.fb = value
      }
      step += 1
    }
    return now
  }
}
