/// What is known about one elementary function: the type of a row of the table.

/// Names a row of `ElementaryFunctions.table`.
package struct FunctionID: Hashable, Sendable {
  package let index: Int
  package init(index: Int) { self.index = index }

  package var row: ElementaryFunction { ElementaryFunctions.table[index] }
}

/// One elementary function.
package struct ElementaryFunction: Sendable {
  package enum Evaluation: Sendable {
    case unary(@convention(c) (Double) -> Double)
    case binary(@convention(c) (Double, Double) -> Double)
    case ternary(@convention(c) (Double, Double, Double) -> Double)
  }

  /// Name in the language, or of the operator (`add`).
  package var name: String
  /// One sentence.
  package var summary: String
  /// LaTeX of the name, `\tanh`.
  package var latex: String
  /// Parameter names, for help and arity.
  package var parameters: [String]
  /// Where the property tests sample each argument. An argument whose range is made of whole
  /// numbers and that has no derivative (the order of `polygamma`) is sampled at whole numbers.
  package var domain: [ClosedRange<Double>]
  package var evaluate: Evaluation
  /// The partial derivative by each argument, given the arguments and the result; nil where it is
  /// zero everywhere (`floor`, comparisons).
  package var partials: @Sendable (_ arguments: [Expression], _ result: Expression) -> [Expression?]
  /// A line of the language that is true.
  package var example: String
  /// Whether the language shows it as a function; operators are written as symbols.
  package var isOperator: Bool
  package var arity: Int { parameters.count }
}

extension ElementaryFunction {
  /// A row of one argument `x`; `derivative` gets `x` and the result.
  static func unary(
    _ name: String, _ latex: String, _ summary: String, on domain: ClosedRange<Double>,
    _ evaluate: @escaping @convention(c) (Double) -> Double, example: String,
    isOperator: Bool = false,
    derivative: @escaping @Sendable (_ x: Expression, _ y: Expression) -> Expression?
  ) -> ElementaryFunction {
    ElementaryFunction(
      name: name, summary: summary, latex: latex, parameters: ["x"], domain: [domain],
      evaluate: .unary(evaluate), partials: { [derivative($0[0], $1)] }, example: example,
      isOperator: isOperator)
  }

  /// A row of two arguments; `partials` gets both and the result.
  static func binary(
    _ name: String, _ latex: String, _ summary: String, _ parameters: [String] = ["a", "b"],
    on domain: [ClosedRange<Double>],
    _ evaluate: @escaping @convention(c) (Double, Double) -> Double, example: String,
    isOperator: Bool = false,
    partials:
      @escaping @Sendable (_ a: Expression, _ b: Expression, _ y: Expression) -> [Expression?]
  ) -> ElementaryFunction {
    ElementaryFunction(
      name: name, summary: summary, latex: latex, parameters: parameters, domain: domain,
      evaluate: .binary(evaluate), partials: { partials($0[0], $0[1], $1) }, example: example,
      isOperator: isOperator)
  }
}
