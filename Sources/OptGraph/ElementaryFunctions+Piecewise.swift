/// Rows of functions with kinks and steps. At a kink the derivative is 0, or that of the first
/// argument.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ElementaryFunctions {
  static let piecewise: [ElementaryFunction] = [
    .unary(
      "abs", "\\operatorname{abs}", "Absolute value. Its derivative at 0 is 0.", on: -3...3,
      { $0.magnitude }, example: "abs(-3) == 3", derivative: { x, _ in sign(x) }),
    .unary(
      "sign", "\\operatorname{sign}", "1, 0 or -1.", on: -3...3,
      { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 == 0 ? 0 : $0 }, example: "sign(-3) == -1",
      derivative: { _, _ in nil }),
    .unary(
      "floor", "\\operatorname{floor}", "The largest whole number not above x.", on: -3...3,
      { floor($0) }, example: "floor(-1.5) == -2", derivative: { _, _ in nil }),
    .unary(
      "ceil", "\\operatorname{ceil}", "The smallest whole number not below x.", on: -3...3,
      { ceil($0) }, example: "ceil(1.2) == 2", derivative: { _, _ in nil }),
    .unary(
      "round", "\\operatorname{round}", "The nearest whole number, halves away from 0.",
      on: -3...3, { round($0) }, example: "round(2.5) == 3", derivative: { _, _ in nil }),
    .binary(
      "mod", "\\operatorname{mod}", "Remainder a - b floor(a/b), with the sign of b.",
      on: [-7...7, 0.7...3], { modulo($0, $1) }, example: "mod(-1, 3) == 2",
      partials: { a, b, _ in [a.graph.number(1), -floor(a / b)] }),
    .binary(
      "min", "\\min", "The smaller one; a tie is given to the first argument.",
      on: [-3...3, -3...3], { $1 < $0 || $1 != $1 ? $1 : $0 }, example: "min(2, 1) == 1",
      partials: { a, b, _ in [a.apply(.lessOrEqual, b), a.apply(.greater, b)] }),
    .binary(
      "max", "\\max", "The larger one; a tie is given to the first argument.",
      on: [-3...3, -3...3], { $1 > $0 || $1 != $1 ? $1 : $0 }, example: "max(2, 1) == 2",
      partials: { a, b, _ in [a.apply(.greaterOrEqual, b), a.apply(.less, b)] }),
    .unary(
      "stop_gradient", "\\operatorname{stop\\_gradient}",
      "The value itself, which derivatives take for a constant.", on: -3...3, { $0 },
      example: "stop_gradient(2) == 2", derivative: { _, _ in nil }),
  ]

  /// The remainder with the sign of `b`; exact, through `fmod`.
  private static func modulo(_ a: Double, _ b: Double) -> Double {
    let rest = fmod(a, b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }
}
