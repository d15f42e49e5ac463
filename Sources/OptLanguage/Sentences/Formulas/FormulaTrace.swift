/// The expression of a formula sentence, traced without a point.
import OptGraph
import OptSyntax

/// A name after `by`.
struct ByName {
  let name: String
  let span: SourceSpan
}

/// The expression of a formula sentence as a graph.
struct FormulaTrace {
  let machine: Machine
  let tracer: Tracer
  let verb: Verb
  /// What the expression gave.
  let value: Value
  /// The place of the expression.
  let span: SourceSpan
  /// The names after `by`, as inputs.
  let variables: [String: Expression]

  /// The expression as numbers of any size.
  func numbers() throws -> Expression {
    guard value.isNumeric, !value.isMask else {
      let start =
        verb == .differentiate
        ? "cannot differentiate" : "`\(verb.rawValue)` wants an expression, found"
      throw Diagnostic(.error, "\(start) \(value.kindDescription)", at: span, help: callHelp)
    }
    return try machine.expression(value, span)
  }

  /// The expression as one number.
  func number() throws -> Expression {
    let whole = try numbers()
    guard whole.shape.isScalar else {
      throw Diagnostic(
        .error,
        "`\(verb.rawValue)` works on an expression that is a number, found "
          + value.kindDescription, at: span,
        help: "take one element, `(…)[1]`, or a sum of them")
    }
    return whole
  }

  /// How a function is called.
  private var callHelp: String? {
    guard case .function(let function) = value else { return nil }
    let names = function.positionalNames
    return names.isEmpty ? nil : "call it: `\(span.text)(\(names.joined(separator: ", ")))`"
  }

  /// Says that the formula is shown as it is, and gives it so.
  func asItIs(_ expression: Expression, because reason: String) -> Formula {
    machine.output(
      .diagnostic(Diagnostic(.note, "\(reason): shown as it is", at: span)))
    return Formula.of(expression)
  }
}
