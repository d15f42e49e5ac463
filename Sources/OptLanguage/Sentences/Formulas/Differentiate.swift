/// `differentiate E by x` and `show f`.
import OptCalculus
import OptGraph
import OptNumerics
import OptSyntax

extension Sentences {
  static let differentiate = SentenceForm(
    verb: .differentiate, usage: "differentiate E by x, y, …",
    summary: "The derivative of E as a formula and a function; names without a value are symbols.",
    example: "differentiate x^2 sin(x) by x"
  ) { compiler, sentence, id in
    try compiler.refuseClauses(sentence, except: [.by])
    let names = try compiler.byNames(sentence, id)
    return try compiler.formulaCode(sentence, id, by: names) { trace, _ in
      var y = try trace.numbers()
      for name in names {
        guard let variable = trace.variables[name.name] else { continue }
        trace.machine.noteSteps(of: y, by: [variable], trace.tracer, "")
        y = try trace.machine.derivativeFormula(of: y, by: variable, name.name, name.span)
      }
      return y.isTooLargeForDisplay
        ? trace.asItIs(y, because: "the derivative is too large to simplify") : Formula.of(y)
    }
  }

  static let show = SentenceForm(
    verb: .show, usage: "show f   or   show E",
    summary: "Shows the formula of a function or expression.",
    example: "show 2x + x"
  ) { compiler, sentence, id in
    try compiler.refuseClauses(sentence, except: [])
    let subject = sentence.subjects[0]
    let formula = try compiler.formulaCode(sentence, id) { trace, _ in
      Formula.of(try trace.numbers())
    }
    let direct = try compiler.expression(subject)
    let isName = compiler.tree.isName(subject)
    return { frame in
      // A name that is defined shows what it stands for, and so does what is not numbers.
      if isName, let found = try? direct(frame) { return found }
      do {
        return try formula(frame)
      } catch let error as Diagnostic {
        if let value = try? direct(frame), !value.isNumeric { return value }
        throw error
      }
    }
  }
}

extension Machine {
  /// The derivative of `y` by `variable`, which is called `name`, in the shape that suits both: a
  /// gradient, a derivative or a Jacobian.
  func derivativeFormula(
    of y: Expression, by variable: Expression, _ name: String, _ span: SourceSpan
  ) throws -> Expression {
    if y.shape.isScalar { return gradient(of: y, by: [variable])[0] }
    if variable.shape.isScalar {
      return pushforward([y], along: [(variable, tangent: y.graph.number(1))])[0]
    }
    return try jacobianFormula(of: y, by: variable, name, span)
  }
}
