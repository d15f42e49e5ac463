/// `differentiate E by x` and `show f`: formulas.
import OptCalculus
import OptGraph
import OptNumerics
import OptSyntax

extension Sentences {
  static let differentiate = SentenceForm(
    verb: .differentiate, usage: "differentiate E by x, y, …",
    summary: "The derivative of E as a formula and a function; names without a value are symbols.",
    example: "differentiate x^2 sin(x) by x"
  ) { compiler, sentence, id in try compiler.differentiate(sentence, id) }

  static let show = SentenceForm(
    verb: .show, usage: "show f   or   show E",
    summary: "Shows the formula of a function or expression.",
    example: "show 2x + x"
  ) { compiler, sentence, id in try compiler.show(sentence, id) }
}

extension Compiler {
  fileprivate func differentiate(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    try refuseClauses(sentence, except: [.by])
    guard let by = sentence.clause(.by) else {
      throw Diagnostic(
        .error, "`differentiate` needs a variable", at: span(id),
        help: "write `differentiate … by x`")
    }
    let subject = sentence.subjects[0]
    var names: [(name: String, span: SourceSpan)] = []
    for item in by.items {
      guard case .expression(let id) = item, case .name(let name) = tree[id] else {
        throw Diagnostic(.error, "`by` takes names of variables", at: by.span)
      }
      guard tree.mentions(name, in: subject) else {
        throw fail(
          "`\(name)` does not occur in the expression", id, help: joinedNames(name, in: subject))
      }
      names.append((name, span(id)))
    }
    var unique: [String] = []
    for (name, _) in names where !unique.contains(name) { unique.append(name) }
    let made = try function(
      name: nil, parameters: unique.map { Parameter(name: $0, span: by.span) }, body: subject,
      at: span(subject))
    let cost = closure(made)
    let cells = unique.map { namespace.cell($0) }
    let (machine, here, subjectSpan) = (machine, span(id), span(subject))
    return { frame in
      try machine.differentiate(
        cost(frame), names, unique, cells, subjectSpan, here, self.namespace)
    }
  }

  /// `ax` in the expression may have been meant as `a x`.
  private func joinedNames(_ name: String, in root: NodeID) -> String? {
    var pending = [root]
    while let id = pending.popLast() {
      if case .name(let other) = tree[id], other.count > name.count, other.hasSuffix(name) {
        return "did you mean `\(other.dropLast(name.count)) \(name)`?"
      }
      pending.append(contentsOf: tree.below(id))
    }
    return nil
  }

  fileprivate func show(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    try refuseClauses(sentence, except: [])
    let subject = sentence.subjects[0]
    let made = try function(name: nil, parameters: [], body: subject, at: span(subject))
    let value = closure(made)
    let direct = try expression(subject)
    let (machine, here) = (machine, span(subject))
    let isName: Bool
    if case .name = tree[subject] { isName = true } else { isName = false }
    return { frame in
      // A name that is defined shows what it stands for.
      if isName, let found = try? direct(frame) { return found }
      return try machine.shownFormula(value(frame), here)
    }
  }
}

extension Machine {
  /// The symbols of a formula: names without a value that were read, by name.
  fileprivate func formulaTracer() -> Tracer {
    let tracer = Tracer(.display, hasPoint: false)
    tracer.symbols = [:]
    return tracer
  }

  fileprivate func differentiate(
    _ cost: Value, _ by: [(name: String, span: SourceSpan)], _ unique: [String], _ cells: [Cell],
    _ subjectSpan: SourceSpan, _ span: SourceSpan, _ namespace: Namespace
  ) throws -> Value {
    let outer = tracer
    defer { tracer = outer }
    var valued: [String: (rows: Int, columns: Int)] = [:]
    for (name, cell) in zip(unique, cells) where cell.isSet {
      // A variable that has a value now lends its size.
      valued[name] = cell.value.pointee.size ?? (1, 1)
    }
    let (formula, symbols) = try withOpenSizes(
      of: cost, valued: valued, { (made: (Formula, [String])) in made.0.text }
    ) { sizes in
      try self.formula(cost, by, unique, valued, sizes, subjectSpan, span)
    }

    return try formulaFunction(formula, unique + symbols, cost, unique, span, namespace)
  }

  /// The formula, and the symbols in it.
  private func formula(
    _ cost: Value, _ by: [(name: String, span: SourceSpan)], _ unique: [String],
    _ valued: [String: (rows: Int, columns: Int)], _ sizes: [String: OpenShape],
    _ subjectSpan: SourceSpan, _ span: SourceSpan
  ) throws -> (Formula, [String]) {
    let tracer = formulaTracer()
    tracer.openShapes = sizes
    return try tracing(tracer) { () -> (Formula, [String]) in
      var variables: [String: Expression] = [:]
      let arguments = unique.map { name -> Value in
        let input = tracer.symbol(name, valued[name])
        variables[name] = input
        return .traced(TracedNumbers(input))
      }
      var value = try apply(
        cost, arguments, spans: by.map(\.span), at: subjectSpan, calleeSpan: subjectSpan)
      for (name, place) in by {
        guard let variable = variables[name] else { continue }
        guard value.isNumeric, !value.isMask else {
          throw Diagnostic(
            .error, "cannot differentiate \(value.kindDescription)", at: subjectSpan,
            help: value.kindDescription == "a function" ? "call it: `f(x)`" : nil)
        }
        let y = try expression(value, place)
        if y.shape.isScalar {
          value = Value(gradient(of: y, by: [variable])[0])
        } else if variable.shape.isScalar {
          value = Value(
            pushforward([y], along: [(variable, tangent: tracer.graph.number(1))])[0])
        } else {
          value = Value(try jacobianFormula(of: y, by: variable, name, place))
        }
      }
      let symbols = (tracer.symbols ?? [:]).keys.sorted().filter { !unique.contains($0) }
      return (Formula.of(try expression(value, span)), symbols)
    }
  }

  /// A formula as a function of its names that shows as the formula.
  private func formulaFunction(
    _ formula: Formula, _ names: [String], _ cost: Value, _ by: [String], _ span: SourceSpan,
    _ namespace: Namespace
  ) throws -> Value {
    let parameters = names.map { Parameter(name: $0, span: span) }
    let made: (code: FunctionCode, captured: [Code])
    if formula.pastesBack {
      let compiler = Compiler(formula.tree, self, namespace)
      made = try compiler.formula(formula, parameters, span)
    } else {
      let compiler = Compiler(formula.tree, self, namespace)
      made = (
        FunctionCode(
          name: nil,
          parameters: names.map { FunctionCode.Parameter(name: $0, fallback: nil, span: span) },
          help: nil, span: span, tree: compiler.tree, bodyNode: formula.root), []
      )
      made.code.slotCount = names.count
      made.code.body = { [unowned self] frame in
        guard by.count == 1, names.count == 1 else {
          throw Diagnostic(.error, "this formula cannot be called", at: span)
        }
        return try self.apply(
          self.derived(.gradient, cost, span), [frame[0]], spans: [span], at: span,
          calleeSpan: span)
      }
    }
    made.code.formulaText = formula.text
    return .function(Function(.closure(made.code, captures: [])))
  }

  fileprivate func shownFormula(_ cost: Value, _ span: SourceSpan) throws -> Value {
    typealias Shown = (value: Value, formula: Formula?, names: [String])
    let value = try withOpenSizes(
      of: cost, valued: [:], { (shown: Shown) in shown.formula?.text ?? "" }
    ) { sizes in
      let tracer = formulaTracer()
      tracer.openShapes = sizes
      return try tracing(tracer) { () -> Shown in
        let value = try apply(cost, [], spans: [], at: span, calleeSpan: span)
        guard value.isNumeric else { return (value, nil, []) }
        let formula = Formula.of(try expression(value, span))
        return (value, formula, (tracer.symbols ?? [:]).keys.sorted())
      }
    }
    guard let formula = value.formula else { return value.value }
    return try formulaFunction(formula, value.names, cost, [], span, user)
  }
}

extension Compiler {
  /// Compiles a formula as the body of a function; its parts are computed once, in front.
  fileprivate func formula(
    _ formula: Formula, _ parameters: [Parameter], _ span: SourceSpan
  ) throws -> (code: FunctionCode, captured: [Code]) {
    guard !formula.parts.isEmpty else {
      return try function(name: nil, parameters: parameters, body: formula.root, at: span)
    }
    var tree = formula.tree
    var statements: [NodeID] = []
    for part in formula.parts {
      let target = tree.append(.name(part.name), at: span)
      statements.append(tree.append(.assignment(target: target, value: part.root), at: span))
    }
    let body = tree.append(.block(statements + [formula.root]), at: span)
    let compiler = Compiler(tree, machine, namespace)
    return try compiler.function(name: nil, parameters: parameters, body: body, at: span)
  }
}
