/// What sentences about formulas share: the expression traced without a point, names without a
/// value as symbols, and a result that shows as a formula and can be called and pasted back.
import OptCalculus
import OptGraph
import OptNumerics
import OptSyntax

extension Compiler {
  /// The names of `by`, which must be variables of the expression.
  func byNames(_ sentence: Sentence, _ id: NodeID, one: Bool = false) throws -> [ByName] {
    let subject = sentence.subjects[0]
    let verb = sentence.verb.rawValue
    guard let by = sentence.clause(.by) else {
      throw Diagnostic(
        .error, "`\(verb)` needs a variable", at: span(id), help: "write `\(verb) … by x`")
    }
    var names: [ByName] = []
    for item in by.items {
      guard case .expression(let item) = item, case .name(let name) = tree[item] else {
        var place = by.span
        if case .expression(let item) = item { place = span(item) }
        throw Diagnostic(
          .error, "`by` takes names of variables", at: place,
          help: "for a part of the expression, put a name in its place and use `substitute`")
      }
      if tree.calls(name, in: subject) {
        throw fail(
          "`\(name)` is a function here, not a variable", item,
          help: "write the name of a variable after `by`")
      }
      // A bare name may be a function that was not called, which is said when it is known.
      guard tree.isName(subject) || tree.mentions(name, in: subject) else {
        throw fail(
          "`\(name)` does not occur in the expression", item, help: joinedNames(name, in: subject))
      }
      names.append(ByName(name: name, span: span(item)))
    }
    if one, names.count > 1 {
      throw Diagnostic(.error, "`\(verb)` takes one variable", at: names[1].span)
    }
    return names
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

  /// The code of a sentence that rewrites its expression. `bindings` are what names in it stand
  /// for; `rewrite` makes the formula, whose variables are `names` and then the other symbols. With
  /// `unrolls` sums with few turns are written out.
  func formulaCode(
    _ sentence: Sentence, _ id: NodeID, by names: [ByName] = [],
    with bindings: [BindingCode] = [], unrolls: Bool = false,
    _ rewrite: @escaping (FormulaTrace, Frame) throws -> Formula
  ) throws -> Code {
    let subject = sentence.subjects[0]
    var variables: [String] = []
    for name in names where !variables.contains(name.name) { variables.append(name.name) }
    let parameters = (variables + bindings.map(\.name)).map {
      Parameter(name: $0, span: span(id))
    }
    let made = try function(name: nil, parameters: parameters, body: subject, at: span(subject))
    let body = closure(made)
    let bareName: String? = if case .name(let name) = tree[subject] { name } else { nil }
    let job = FormulaJob(
      verb: sentence.verb, names: names, variables: variables,
      cells: variables.map { namespace.cell($0) }, bindings: bindings, unrolls: unrolls,
      bareName: bareName,
      subjectSpan: span(subject), span: span(id), namespace: namespace)
    let machine = self.machine
    return { frame in try machine.formula(job, body(frame), frame, rewrite) }
  }
}

/// A formula sentence, compiled.
struct FormulaJob {
  let verb: Verb
  let names: [ByName]
  let variables: [String]
  /// What the variables mean outside of the sentence.
  let cells: [Cell]
  let bindings: [BindingCode]
  let unrolls: Bool
  /// The name that is the whole expression.
  let bareName: String?
  let subjectSpan: SourceSpan
  let span: SourceSpan
  let namespace: Namespace
}

extension Machine {
  /// Traces the expression, rewrites it and makes a function of the formula.
  fileprivate func formula(
    _ job: FormulaJob, _ body: Value, _ frame: Frame,
    _ rewrite: (FormulaTrace, Frame) throws -> Formula
  ) throws -> Value {
    let outer = tracer
    defer { tracer = outer }
    // Variables that have a value now lend their size, and so do bound names.
    var valued: [String: (rows: Int, columns: Int)] = [:]
    for (name, cell) in zip(job.variables, job.cells) where cell.isSet {
      valued[name] = cell.value.pointee.size ?? (1, 1)
    }
    let probe = Tracer.ofFormula()
    for binding in job.bindings {
      valued[binding.name] = try tracing(probe) { try binding.value(frame).size ?? (1, 1) }
    }
    let (formula, symbols) = try withOpenSizes(
      of: body, valued: valued, { (made: (Formula, [String])) in made.0.text }
    ) { shapes in
      try self.formula(job, body, frame, valued, shapes, rewrite)
    }
    return try function(of: formula, job.variables + symbols, body, job)
  }

  /// The formula, where names without a value have `shapes`, and its other symbols.
  private func formula(
    _ job: FormulaJob, _ body: Value, _ frame: Frame,
    _ valued: [String: (rows: Int, columns: Int)], _ shapes: [String: OpenShape],
    _ rewrite: (FormulaTrace, Frame) throws -> Formula
  ) throws -> (Formula, [String]) {
    let tracer = Tracer.ofFormula()
    tracer.openShapes = shapes
    if job.unrolls { tracer.fewestTurns = 50 }
    return try tracing(tracer) { () -> (Formula, [String]) in
      var variables: [String: Expression] = [:]
      var arguments = job.variables.map { name -> Value in
        let input = tracer.symbol(name, valued[name])
        variables[name] = input
        return .traced(TracedNumbers(input))
      }
      arguments += try job.bindings.map { try $0.value(frame) }
      var value = try apply(
        body, arguments, spans: job.names.map(\.span), at: job.subjectSpan,
        calleeSpan: job.subjectSpan)
      var parameters: [String] = []
      if case .function(let function) = value, let inner = try calledFormula(function, variables) {
        value = inner
        parameters = function.parameterNames
      }
      let trace = FormulaTrace(
        machine: self, tracer: tracer, verb: job.verb, value: value, span: job.subjectSpan,
        variables: variables)
      if let bare = job.bareName, value.isNumeric,
        let name = job.names.first(where: { $0.name != bare && !parameters.contains($0.name) })
      {
        throw Diagnostic(
          .error, "`\(name.name)` does not occur in the expression", at: name.span)
      }
      let formula = try rewrite(trace, frame)
      let symbols = (tracer.symbols ?? [:]).keys.sorted().filter { !job.variables.contains($0) }
      return (formula, symbols)
    }
  }

  /// The value of a formula made by another sentence, at symbols with the names of its parameters.
  private func calledFormula(
    _ function: Function, _ variables: [String: Expression]
  ) throws -> Value? {
    guard case .closure(let code, _) = function.kind, code.formulaText != nil, let tracer else {
      return nil
    }
    let arguments = code.parameters.map { parameter -> Value in
      let known = variables[parameter.name] ?? tracer.symbols?[parameter.name]
      let symbol = known ?? tracer.symbol(parameter.name)
      if known == nil { tracer.symbols?[parameter.name] = symbol }
      return .traced(TracedNumbers(symbol))
    }
    return try apply(
      .function(function), arguments, spans: [], at: code.span, calleeSpan: code.span)
  }

  /// A formula as a function of its names that shows as the formula; a number without names is a
  /// number.
  private func function(
    of formula: Formula, _ names: [String], _ body: Value, _ job: FormulaJob
  ) throws -> Value {
    if names.isEmpty, let number = formula.number { return .number(number) }
    let span = job.span
    let parameters = names.map { Parameter(name: $0, span: span) }
    let compiler = Compiler(formula.tree, self, job.namespace)
    let made: (code: FunctionCode, captured: [Code])
    if formula.pastesBack {
      made = try compiler.formula(formula, parameters, span)
    } else {
      let code = FunctionCode(
        name: nil,
        parameters: names.map { FunctionCode.Parameter(name: $0, fallback: nil, span: span) },
        help: nil, span: span, tree: compiler.tree, bodyNode: formula.root)
      code.slotCount = names.count
      code.body = { [unowned self] frame in
        var arguments: [String: Value] = [:]
        for (k, name) in names.enumerated() { arguments[name] = frame[k] }
        return try self.value(of: formula.source, arguments, job.namespace, span)
      }
      made = (code, [])
    }
    made.code.formulaText = formula.text
    return .function(Function(.closure(made.code, captures: [])))
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

extension SyntaxTree {
  /// Whether a name is called somewhere below a node.
  func calls(_ name: String, in root: NodeID) -> Bool {
    var pending = [root]
    while let id = pending.popLast() {
      if case .call(let callee, _) = self[id], case .name(name) = self[callee] { return true }
      pending.append(contentsOf: below(id))
    }
    return false
  }
}
