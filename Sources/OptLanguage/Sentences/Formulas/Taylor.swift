/// `taylor E by x at a to n`.
import OptCalculus
import OptGraph
import OptSyntax

extension Sentences {
  /// Higher orders are not computed.
  private static let highestOrder = 40

  static let taylor = SentenceForm(
    verb: .taylor, usage: "taylor E by x at a to n",
    summary: "The Taylor polynomial of E around x = a up to the power n.",
    example: "taylor exp(x) by x at 0 to 4"
  ) { compiler, sentence, id in
    try compiler.refuseClauses(sentence, except: [.by, .at, .to])
    let names = try compiler.byNames(sentence, id, one: true)
    let name = names[0].name
    let at = try compiler.only(.at, sentence, id, help: "write `at 0`, or another point")
    let to = try compiler.only(.to, sentence, id, help: "write `to 4`, or another order")
    let (point, order) = (try compiler.expression(at), try compiler.expression(to))
    let (atSpan, toSpan) = (compiler.span(at), compiler.span(to))
    return try compiler.formulaCode(sentence, id, by: names, unrolls: true) { trace, frame in
      let count = try trace.order(trace.outside { try order(frame) }, toSpan, highestOrder)
      let whole = try trace.number()
      guard let variable = trace.variables[name], variable.shape.isScalar else {
        throw Diagnostic(
          .error, "`taylor` takes a variable that is one number", at: names[0].span)
      }
      // A point with a value is that number; unknown names in it are symbols.
      let known = try? trace.outside { try point(frame) }
      let value = try known ?? point(frame)
      guard trace.tracer.symbols?[name] == nil else {
        throw Diagnostic(
          .error, "the point cannot depend on `\(name)` itself", at: atSpan,
          help: "write a number, or a name of its own: `at a`")
      }
      guard value.isNumeric, value.size ?? (1, 1) == (1, 1) else {
        throw Diagnostic(
          .error, "the point is a number, found \(value.kindDescription)", at: atSpan)
      }
      let center = try trace.machine.expression(value, atSpan)
      let (_, roots) = whole.graph.forDisplay([whole, center, variable])
      do {
        let result = try roots[0].taylor(by: roots[2], at: roots[1], to: count)
        return Formula(displayed: result, isWhole: true, keepsBrackets: true)
      } catch let failure as NoTaylorPolynomial {
        let part = Formula.of(failure.part).text
        throw Diagnostic(
          .error, "`\(part)` \(failure.reason) at \(name) = \(atSpan.text)", at: trace.span,
          help: "choose another point after `at`")
      } catch is TooManyTerms {
        throw Diagnostic(
          .error, "the Taylor polynomial would be too large", at: trace.span,
          help: "choose a lower order after `to`")
      }
    }
  }
}

extension Compiler {
  /// The one expression of a clause that must be there.
  fileprivate func only(
    _ word: ClauseWord, _ sentence: Sentence, _ id: NodeID, help: String
  ) throws -> NodeID {
    guard let clause = sentence.clause(word) else {
      throw Diagnostic(
        .error, "`\(sentence.verb.rawValue)` needs `\(word.rawValue)`", at: span(id), help: help)
    }
    switch clause.items.first {
    case .expression(let item) where clause.items.count == 1: return item
    case .binding(let name, let value, _) where clause.items.count == 1:
      guard case .expression(let by)? = sentence.clause(.by)?.items.first,
        case .name(name) = tree[by]
      else { fallthrough }
      return value
    default:
      throw Diagnostic(
        .error, "`\(word.rawValue)` takes one value here", at: clause.span, help: help)
    }
  }
}

extension FormulaTrace {
  /// What `code` gives outside of the trace, where names without a value are errors.
  fileprivate func outside(_ code: () throws -> Value) throws -> Value {
    let tracer = machine.tracer
    machine.tracer = nil
    defer { machine.tracer = tracer }
    return try code()
  }

  fileprivate func order(
    _ value: Value, _ span: SourceSpan, _ highest: Int
  ) throws -> Int {
    guard case .number(let number) = value, let order = Int(exactly: number), order >= 0 else {
      throw Diagnostic(
        .error,
        "the order is a whole number from 0, found "
          + (value.scalar.map { NumberFormat.short($0) } ?? value.kindDescription), at: span)
    }
    guard order <= highest else {
      throw Diagnostic(
        .error, "Taylor polynomials are computed up to the order \(highest)", at: span)
    }
    return order
  }
}
