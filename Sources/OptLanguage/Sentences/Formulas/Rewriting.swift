/// `simplify`, `expand`, `factor`, `collect` and `substitute`: formulas in another form.
import OptGraph
import OptNumerics
import OptSyntax

extension Sentences {
  static let simplify = SentenceForm(
    verb: .simplify, usage: "simplify E",
    summary: "The expression in a simpler form, as a formula.",
    example: "simplify sin(x)^2 + cos(x)^2"
  ) { compiler, sentence, id in
    try compiler.refuseClauses(sentence, except: [])
    return try compiler.formulaCode(sentence, id) { trace, _ in
      let whole = try trace.numbers()
      let (form, isComplete) = whole.simplified()
      guard isComplete else {
        return trace.asItIs(whole, because: "this is too large to simplify")
      }
      return Formula.of(form)
    }
  }

  static let expand = SentenceForm(
    verb: .expand, usage: "expand E",
    summary: "Multiplies products and powers of sums out.",
    example: "expand (x + 1)^3"
  ) { compiler, sentence, id in
    try compiler.refuseClauses(sentence, except: [])
    return try compiler.formulaCode(sentence, id, unrolls: true) { trace, _ in
      try trace.rewritten(try trace.number()) { try $0.expanded() }
    }
  }

  static let factor = SentenceForm(
    verb: .factor, usage: "factor E",
    summary: "Writes a polynomial as a product.",
    example: "factor x^2 - 1"
  ) { compiler, sentence, id in
    try compiler.refuseClauses(sentence, except: [])
    return try compiler.formulaCode(sentence, id, unrolls: true) { trace, _ in
      try trace.rewritten(try trace.number()) { try $0.factored() }
    }
  }

  static let collect = SentenceForm(
    verb: .collect, usage: "collect E by x, y, …",
    summary: "Gathers the powers of a variable.",
    example: "collect a*x + b*x + x^2 by x"
  ) { compiler, sentence, id in
    try compiler.refuseClauses(sentence, except: [.by])
    let names = try compiler.byNames(sentence, id)
    return try compiler.formulaCode(sentence, id, by: names, unrolls: true) { trace, _ in
      let whole = try trace.number()
      let variables = names.compactMap { trace.variables[$0.name] }
      return try trace.rewritten(whole, following: variables) {
        try $0.collected(by: $1)
      }
    }
  }

  static let substitute = SentenceForm(
    verb: .substitute, usage: "substitute E with x = F, y = G, …",
    summary: "Puts values or expressions in the place of names, all at once.",
    example: "substitute x^2 + y with x = 2"
  ) { compiler, sentence, id in
    try compiler.refuseClauses(sentence, except: [.with])
    guard let with = sentence.clause(.with) else {
      throw Diagnostic(
        .error, "`substitute` needs what to put in", at: compiler.span(id),
        help: "write `substitute … with x = …`")
    }
    let bindings = try compiler.bindings(with, sentence.subjects)
    return try compiler.formulaCode(sentence, id, with: bindings) { trace, _ in
      Formula.of(try trace.numbers())
    }
  }
}

extension FormulaTrace {
  /// The formula of `whole` after `rewrite`; as it is, with a note, where that is too large.
  func rewritten(
    _ whole: Expression, _ rewrite: (Expression) throws -> Expression
  ) throws -> Formula {
    try rewritten(whole, following: []) { expression, _ in try rewrite(expression) }
  }

  /// The same for a rewriting that needs to know what became of `inputs`.
  func rewritten(
    _ whole: Expression, following inputs: [Expression],
    _ rewrite: (Expression, [Expression]) throws -> Expression
  ) throws -> Formula {
    let (_, roots) = whole.graph.forDisplay([whole] + inputs)
    do {
      let formula = Formula(
        displayed: try rewrite(roots[0], Array(roots.dropFirst())), isWhole: true)
      if !formula.isUnreadable { return formula }
    } catch is TooManyTerms {}
    return asItIs(whole, because: "the result would be too large")
  }
}
