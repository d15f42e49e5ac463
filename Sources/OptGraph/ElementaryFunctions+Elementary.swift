/// Rows of the trigonometric and hyperbolic functions, exponentials, logarithms and roots.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ElementaryFunctions {
  static let trigonometric: [ElementaryFunction] = [
    .unary(
      "sin", "\\sin", "Sine, in radians.", on: -6...6, { sin($0) }, example: "sin(0) == 0",
      derivative: { x, _ in cos(x) }),
    .unary(
      "cos", "\\cos", "Cosine, in radians.", on: -6...6, { cos($0) }, example: "cos(0) == 1",
      derivative: { x, _ in -sin(x) }),
    .unary(
      "tan", "\\tan", "Tangent, in radians.", on: -1.4...1.4, { tan($0) },
      example: "tan(0) == 0", derivative: { _, y in 1 + y * y }),
    .unary(
      "sec", "\\sec", "Secant, 1/cos(x).", on: -1.3...1.3, { 1 / cos($0) },
      example: "sec(0) == 1", derivative: { x, y in y * tan(x) }),
    .unary(
      "csc", "\\csc", "Cosecant, 1/sin(x).", on: 0.3...2.8, { 1 / sin($0) },
      example: "csc(pi/2) == 1", derivative: { x, y in -(y * cot(x)) }),
    .unary(
      "cot", "\\cot", "Cotangent, 1/tan(x).", on: 0.3...2.8, { 1 / tan($0) },
      example: "abs(cot(pi/2)) < 1e-15", derivative: { _, y in -(1 + y * y) }),
    .unary(
      "asin", "\\arcsin", "Arc sine.", on: -0.95...0.95, { asin($0) },
      example: "asin(1) == pi/2", derivative: { x, _ in 1 / sqrt((1 - x) * (1 + x)) }),
    .unary(
      "acos", "\\arccos", "Arc cosine.", on: -0.95...0.95, { acos($0) },
      example: "acos(1) == 0", derivative: { x, _ in -(1 / sqrt((1 - x) * (1 + x))) }),
    .unary(
      "atan", "\\arctan", "Arc tangent.", on: -5...5, { atan($0) }, example: "atan(1) == pi/4",
      derivative: { x, _ in 1 / (1 + x * x) }),
    .binary(
      "atan2", "\\operatorname{atan2}", "Angle of the point (x, y), in radians.", ["y", "x"],
      on: [-3...3, 0.3...3], { atan2($0, $1) }, example: "atan2(1, 0) == pi/2",
      partials: { y, x, _ in
        let square = x * x + y * y
        return [x / square, -(y / square)]
      }),
  ]

  static let hyperbolic: [ElementaryFunction] = [
    .unary(
      "sinh", "\\sinh", "Hyperbolic sine.", on: -4...4, { sinh($0) }, example: "sinh(0) == 0",
      derivative: { x, _ in cosh(x) }),
    .unary(
      "cosh", "\\cosh", "Hyperbolic cosine.", on: -4...4, { cosh($0) }, example: "cosh(0) == 1",
      derivative: { x, _ in sinh(x) }),
    .unary(
      "tanh", "\\tanh", "Hyperbolic tangent.", on: -4...4, { tanh($0) }, example: "tanh(0) == 0",
      derivative: { _, y in 1 - y * y }),
    .unary(
      "asinh", "\\operatorname{arsinh}", "Inverse hyperbolic sine.", on: -5...5, { asinh($0) },
      example: "asinh(0) == 0", derivative: { x, _ in 1 / sqrt(x * x + 1) }),
    .unary(
      "acosh", "\\operatorname{arcosh}", "Inverse hyperbolic cosine.", on: 1.1...5,
      { acosh($0) }, example: "acosh(1) == 0",
      derivative: { x, _ in 1 / sqrt((x - 1) * (x + 1)) }),
    .unary(
      "atanh", "\\operatorname{artanh}", "Inverse hyperbolic tangent.", on: -0.9...0.9,
      { atanh($0) }, example: "atanh(0) == 0",
      derivative: { x, _ in 1 / ((1 - x) * (1 + x)) }),
  ]

  static let exponential: [ElementaryFunction] = [
    .unary(
      "exp", "\\exp", "Exponential function.", on: -5...5, { exp($0) }, example: "exp(0) == 1",
      derivative: { _, y in y }),
    .unary(
      "expm1", "\\operatorname{expm1}", "exp(x) - 1, accurate near 0.", on: -5...5,
      { expm1($0) }, example: "expm1(0) == 0", derivative: { x, _ in exp(x) }),
    .unary(
      "log", "\\log", "Natural logarithm.", on: 0.1...10, { log($0) }, example: "log(1) == 0",
      derivative: { x, _ in 1 / x }),
    .unary(
      "log1p", "\\operatorname{log1p}", "log(1 + x), accurate near 0.", on: -0.9...10,
      { log1p($0) }, example: "log1p(0) == 0", derivative: { x, _ in 1 / (1 + x) }),
    .unary(
      "log2", "\\log_2", "Logarithm to base 2.", on: 0.1...10, { log2($0) },
      example: "log2(8) == 3", derivative: { x, _ in 1 / (x * log(2)) }),
    .unary(
      "log10", "\\log_{10}", "Logarithm to base 10.", on: 0.1...10, { log10($0) },
      example: "log10(100) == 2", derivative: { x, _ in 1 / (x * log(10)) }),
    .unary(
      "sqrt", "\\sqrt", "Square root.", on: 0.1...10, { $0.squareRoot() },
      example: "sqrt(9) == 3", derivative: { _, y in 0.5 / y }),
    .unary(
      "cbrt", "\\sqrt[3]", "Cube root, of negative numbers too.", on: 0.2...5, { cbrt($0) },
      example: "cbrt(-8) == -2", derivative: { _, y in 1 / (3 * (y * y)) }),
    .binary(
      "hypot", "\\operatorname{hypot}",
      "sqrt(a^2 + b^2) without overflow. Its derivatives at the origin are 0.",
      on: [-3...3, 0.3...3], { hypot($0, $1) }, example: "hypot(3, 4) == 5",
      partials: { a, b, y in
        let zero = y.graph.number(0)
        let atOrigin = y.apply(.equal, zero)
        return [y.graph.select(atOrigin, zero, a / y), y.graph.select(atOrigin, zero, b / y)]
      }),
  ]
}
