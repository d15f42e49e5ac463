/// What is known about one elementary function: the type of a row of the table.

/// Names a row of `ElementaryFunctions.table`.
package struct FunctionID: Hashable, Sendable {
  package let index: Int
  package init(index: Int) { self.index = index }

  package var row: ElementaryFunction { ElementaryFunctions.table[index] }

  // Rows that the graph itself builds.
  package static let add = ElementaryFunctions.required("add")
  package static let subtract = ElementaryFunctions.required("subtract")
  package static let multiply = ElementaryFunctions.required("multiply")
  package static let divide = ElementaryFunctions.required("divide")
  package static let negate = ElementaryFunctions.required("negate")
  package static let power = ElementaryFunctions.required("power")
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
  /// Where the property tests sample each argument.
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
