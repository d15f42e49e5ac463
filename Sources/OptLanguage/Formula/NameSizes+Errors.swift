/// What is said where sizes of names without a value do not fit.
import OptSyntax

extension NameSizes {
  func description(_ size: Size) -> String {
    switch (isOne(size.rows), isOne(size.columns)) {
    case (true, true): "a number"
    case (false, true): "a vector"
    case (true, false): "a row"
    case (false, false): "a matrix"
    }
  }

  func misfit(
    _ op: InfixOperator, _ a: FormulaPlace, _ x: Size, _ b: FormulaPlace, _ y: Size,
    _ place: FormulaPlace
  ) -> Diagnostic {
    let verbs: [InfixOperator: (String, String)] = [
      .add: ("add", "and"), .subtract: ("combine", "and"), .multiply: ("multiply", "by"),
      .juxtapose: ("multiply", "by"), .elementDivide: ("divide", "by"),
      .solve: ("solve with", "and"),
    ]
    let (verb, join) = verbs[op] ?? ("combine", "and")
    let isProduct = op == .multiply || op == .juxtapose
    var help: String?
    if isProduct, !isOne(x.rows), isOne(x.columns), isOne(y.columns) {
      help = "`\(a.span.text)'*\(b.span.text)` is the inner product, `.*` goes element by element"
    } else if !isProduct, isOne(x.rows) == isOne(y.columns) {
      help = "transpose one of them with `'`"
    }
    return Diagnostic(
      .error,
      "cannot \(verb) `\(a.span.text)`, \(description(x)), \(join) `\(b.span.text)`, "
        + description(y), at: place.span, notes: uses(below: place), help: help)
  }

  /// Why the names below a place count as vectors and matrices.
  private func uses(below place: FormulaPlace) -> [String] {
    names.symbols.compactMap { symbol in
      guard let kind = symbol.kind, let use = symbol.use,
        place.scope.tree.mentions(symbol.name, in: place.id)
      else { return nil }
      let what = kind == .matrix ? "a matrix" : "a vector"
      return "`\(symbol.name)` has no value and counts as \(what) because of `\(use.text)`"
    }
  }
}
