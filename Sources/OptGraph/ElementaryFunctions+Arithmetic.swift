/// Rows of the operators: arithmetic, powers, comparisons, and logic on masks.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ElementaryFunctions {
  static let arithmetic: [ElementaryFunction] = [
    .binary(
      "add", "+", "Sum.", on: [-3...3, -3...3], { $0 + $1 }, example: "1 + 2 == 3",
      isOperator: true,
      partials: { a, _, _ in [a.graph.number(1), a.graph.number(1)] }),
    .binary(
      "subtract", "-", "Difference.", on: [-3...3, -3...3], { $0 - $1 }, example: "3 - 2 == 1",
      isOperator: true,
      partials: { a, _, _ in [a.graph.number(1), a.graph.number(-1)] }),
    .binary(
      "multiply", "\\cdot", "Product, element by element.", on: [-3...3, -3...3], { $0 * $1 },
      example: "2 * 3 == 6", isOperator: true,
      partials: { a, b, _ in [b, a] }),
    .binary(
      "divide", "/", "Quotient, element by element.", on: [-3...3, 0.5...3], { $0 / $1 },
      example: "6 / 3 == 2", isOperator: true,
      partials: { _, b, y in [1 / b, -(y / b)] }),
    .unary(
      "negate", "-", "Opposite.", on: -3...3, { -$0 }, example: "-(3) == 0 - 3", isOperator: true,
      derivative: { x, _ in x.graph.number(-1) }),
    .binary(
      "power", "^", "Power. Whole exponents multiply, so the base may be negative.",
      on: [0.3...3, -3...3], { power($0, $1) }, example: "2^10 == 1024", isOperator: true,
      partials: { x, n, y in powerPartials(x, n, y) }),
  ]

  static let comparisons: [ElementaryFunction] = [
    comparison("less", "<", "Whether a is less than b.", { $0 < $1 ? 1 : 0 }, "1 < 2"),
    comparison(
      "lessOrEqual", "\\le", "Whether a is at most b.", { $0 <= $1 ? 1 : 0 }, "2 <= 2"),
    comparison("greater", ">", "Whether a is greater than b.", { $0 > $1 ? 1 : 0 }, "2 > 1"),
    comparison(
      "greaterOrEqual", "\\ge", "Whether a is at least b.", { $0 >= $1 ? 1 : 0 }, "2 >= 2"),
    comparison("equal", "=", "Whether a equals b.", { $0 == $1 ? 1 : 0 }, "2 == 1 + 1"),
    comparison("notEqual", "\\ne", "Whether a differs from b.", { $0 != $1 ? 1 : 0 }, "1 != 2"),
    comparison(
      "and", "\\land", "Whether both hold.", { $0 != 0 && $1 != 0 ? 1 : 0 }, "true and 1 < 2"),
    comparison(
      "or", "\\lor", "Whether at least one holds.", { $0 != 0 || $1 != 0 ? 1 : 0 },
      "false or 1 < 2"),
    .unary(
      "not", "\\lnot", "Whether it does not hold.", on: -3...3, { $0 == 0 ? 1 : 0 },
      example: "not false", isOperator: true, derivative: { _, _ in nil }),
  ]

  private static func comparison(
    _ name: String, _ latex: String, _ summary: String,
    _ evaluate: @escaping @convention(c) (Double, Double) -> Double, _ example: String
  ) -> ElementaryFunction {
    .binary(
      name, latex, summary, on: [-3...3, -3...3], evaluate, example: example, isOperator: true,
      partials: { _, _, _ in [nil, nil] })
  }

  // MARK: Powers

  /// Whole exponents up to this size are products; larger ones go through `pow`, which rounds
  /// once and not once per factor.
  package static let longestPowerChain = 32

  /// The exponent as a whole number that `power` computes by multiplication.
  package static func chainLength(_ exponent: Double) -> Int? {
    guard abs(exponent) <= Double(longestPowerChain), exponent == exponent.rounded(.towardZero)
    else { return nil }
    return Int(exponent)
  }

  /// The product that stands for the `count`-th power of `x`, `count` ≥ 1: repeated squaring from
  /// the lowest bit (Knuth, The Art of Computer Programming 2, 4.6.3, algorithm A). Everything that
  /// expands a power goes through here, so that all agree to the bit.
  package static func chain<Value>(
    _ x: Value, _ count: Int, _ multiply: (Value, Value) -> Value
  ) -> Value {
    var square = x
    var rest = count
    while rest & 1 == 0 && rest > 0 {
      square = multiply(square, square)
      rest >>= 1
    }
    var result = square
    rest >>= 1
    while rest > 0 {
      square = multiply(square, square)
      if rest & 1 == 1 { result = multiply(result, square) }
      rest >>= 1
    }
    return result
  }

  /// `x` to the power `n`, as the language means it.
  package static func power(_ x: Double, _ n: Double) -> Double {
    guard let whole = chainLength(n) else { return pow(x, n) }
    if whole == 0 { return 1 }
    let product = chain(x, whole < 0 ? -whole : whole) { $0 * $1 }
    return whole < 0 ? 1 / product : product
  }

  /// By the base `n x^(n-1)`, also at `x = 0` with `n = 0`; by the exponent `x^n log x`, and 0 at
  /// `x = 0`, where it is not used with a positive exponent.
  private static func powerPartials(
    _ x: Expression, _ n: Expression, _ y: Expression
  ) -> [Expression?] {
    if let known = n.constant {
      if known == 0 { return [nil, nil] }
      if known == 2 { return [2 * x, nil] }
      return [known * x.apply(.power, x.graph.number(known - 1)), nil]
    }
    let zero = x.graph.number(0)
    let atZero = x.apply(.equal, zero)
    let base = n * x.apply(.power, n - 1)
    let constant = atZero.apply(.and, n.apply(.equal, zero))
    let byBase = x.constant == nil ? x.graph.select(constant, zero, base) : nil
    if let known = x.constant, known > 0 { return [byBase, y * log(known)] }
    return [byBase, x.graph.select(atZero, zero, y * log(x))]
  }
}
