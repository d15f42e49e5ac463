/// Rows of the special functions and of the activations of neural networks.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ElementaryFunctions {
  static let special: [ElementaryFunction] = [
    .unary(
      "erf", "\\operatorname{erf}", "Error function.", on: -3...3, { erf($0) },
      example: "erf(0) == 0", derivative: { x, _ in 2 / Double.pi.squareRoot() * exp(-(x * x)) }),
    .unary(
      "erfc", "\\operatorname{erfc}", "1 - erf(x), accurate for large x.", on: -3...3,
      { erfc($0) }, example: "erfc(0) == 1",
      derivative: { x, _ in -2 / Double.pi.squareRoot() * exp(-(x * x)) }),
    .unary(
      "gamma", "\\Gamma", "Gamma function; gamma(n + 1) is the factorial of n.", on: 0.3...5,
      { tgamma($0) }, example: "gamma(5) == 24", derivative: { x, y in y * digamma(x) }),
    .unary(
      "lgamma", "\\log\\Gamma", "Logarithm of the absolute value of the gamma function.",
      on: 0.3...10, { SpecialFunctions.logGamma($0) }, example: "lgamma(1) == 0",
      derivative: { x, _ in digamma(x) }),
    .unary(
      "digamma", "\\psi", "Derivative of lgamma.", on: 0.3...10,
      { SpecialFunctions.digamma($0) }, example: "abs(digamma(1) + 0.57721566490153286) < 1e-15",
      derivative: { x, _ in x.graph.apply(.polygamma, [x.graph.number(1), x]) }),
    .binary(
      "polygamma", "\\operatorname{polygamma}", "The n-th derivative of digamma.", ["n", "x"],
      on: [0...4, 0.3...10], { SpecialFunctions.polygamma($0, $1) },
      example: "abs(polygamma(1, 1) - pi^2/6) < 1e-15",
      partials: { n, x, _ in [nil, x.graph.apply(.polygamma, [n + 1, x])] }),
    .unary(
      "sinc", "\\operatorname{sinc}", "sin(x)/x, and 1 at 0.", on: -6...6,
      { $0 == 0 ? 1 : sin($0) / $0 }, example: "sinc(0) == 1",
      derivative: { x, _ in x.graph.apply(.sincDerivative, [x.graph.number(1), x]) }),
    .binary(
      "sinc_derivative", "\\operatorname{sinc\\_derivative}",
      "The n-th derivative of sinc, accurate near 0.", ["n", "x"], on: [0...4, -6...6],
      { SpecialFunctions.sincDerivative($0, $1) }, example: "sinc_derivative(1, 0) == 0",
      partials: { n, x, _ in [nil, x.graph.apply(.sincDerivative, [n + 1, x])] }),
  ]

  static let activations: [ElementaryFunction] = [
    .unary(
      "sigmoid", "\\sigma", "Logistic function 1/(1 + exp(-x)).", on: -8...8,
      { SpecialFunctions.sigmoid($0) }, example: "sigmoid(0) == 0.5",
      derivative: { x, y in y * sigmoid(-x) }),
    .unary(
      "softplus", "\\operatorname{softplus}", "log(1 + exp(x)), without overflow.", on: -8...8,
      { ($0 > 0 ? $0 : $0 == $0 ? 0 : $0) + log1p(exp(-$0.magnitude)) },
      example: "softplus(1000) == 1000", derivative: { x, _ in sigmoid(x) }),
    .unary(
      "relu", "\\operatorname{relu}", "max(x, 0). Its derivative at 0 is 0.", on: -3...3,
      { $0 > 0 ? $0 : $0 == $0 ? 0 : $0 }, example: "relu(-2) == 0",
      derivative: { x, _ in x.apply(.greater, x.graph.number(0)) }),
    .unary(
      "gelu", "\\operatorname{gelu}", "x times the normal distribution function of x.",
      on: -4...4, { 0.5 * $0 * erfc(-$0 * 0.5.squareRoot()) }, example: "gelu(0) == 0",
      derivative: { x, _ in
        let below = 0.5 * erfc(-0.5.squareRoot() * x)
        let density = (0.5 / Double.pi).squareRoot() * exp(-0.5 * (x * x))
        return below + x * density
      }),
  ]
}
