/// `minimize E from … using … until …` and `maximize`.
import OptNumerics
import OptSolvers
import OptSyntax

extension Sentences {
  static let minimize = SentenceForm(
    verb: .minimize,
    usage: "minimize E from x = …, y = … [subject to CONSTRAINTS] [using METHOD] [until STOPS]",
    summary: "Finds values of the variables after `from` for which E is smallest.",
    example: "minimize (x - 3)^2 from x = 0"
  ) { compiler, sentence, id in try compiler.optimization(sentence, id, sign: 1) }

  static let maximize = SentenceForm(
    verb: .maximize,
    usage: "maximize E from x = …, y = … [subject to CONSTRAINTS] [using METHOD] [until STOPS]",
    summary: "Finds values of the variables after `from` for which E is largest.",
    example: "maximize x*exp(-x) from x = 0.2"
  ) { compiler, sentence, id in try compiler.optimization(sentence, id, sign: -1) }
}

/// The compiled form of one sentence.
struct Optimization {
  let bindings: [BindingCode]
  /// Makes the function of the variables.
  let cost: Code
  let constraints: [ConstraintCode]
  let method: Code?
  let methodSpan: SourceSpan
  let stops: StopsCode?
  let resume: StopsCode.Item?
  let sign: Double
  let span: SourceSpan
  let subjectSpan: SourceSpan
}

extension Compiler {
  fileprivate func optimization(
    _ sentence: Sentence, _ id: NodeID, sign: Double
  ) throws -> Code {
    let verb = sentence.verb.rawValue
    if let over = sentence.clause(.over) {
      if case .membership(let name, _, let span)? = over.items.first,
        case .brackets? = over.items.first.flatMap({ tree.source(of: $0) }).map({ tree[$0] })
      {
        throw Diagnostic(
          .error, "`over` is for batches of data", at: span,
          help: "bounds are written `from \(name) = … subject to \(bounds(name, over))`")
      }
      return notYet(over)
    }
    try refuseClauses(sentence, except: [.from, .subjectTo, .using, .until, .resume])
    guard let from = sentence.clause(.from) else {
      throw Diagnostic(
        .error, "`\(verb)` needs a start: which names are variables, and where to begin",
        at: span(id), help: "write `\(verb) … from x = 0`")
    }
    let subjectTo = sentence.clause(.subjectTo)
    let bindings = try self.bindings(from, sentence.subjects + sides(subjectTo))
    let subject = sentence.subjects[0]
    let parameters = bindings.map { Parameter(name: $0.name, span: $0.span) }
    let made = try function(
      name: nil, parameters: parameters, body: subject, at: span(subject))
    let using = sentence.clause(.using)
    let method = try using.map { clause -> Code in
      guard clause.items.count == 1, case .expression(let id) = clause.items[0] else {
        throw Diagnostic(.error, "`using` takes one method", at: clause.span)
      }
      return try expression(id)
    }
    let optimization = Optimization(
      bindings: bindings, cost: closure(made),
      constraints: try subjectTo.map { try constraints($0, parameters) } ?? [], method: method,
      methodSpan: using?.span ?? span(id),
      stops: try sentence.clause(.until).map { try stops($0, sign: sign) },
      resume: try sentence.clause(.resume).map(resumeItem), sign: sign,
      span: span(id),
      subjectSpan: span(subject))
    let machine = machine
    return { frame in try machine.run(optimization, frame) }
  }
}

extension Compiler {
  /// `0 <= x <= 5` for `over x in [0, 5]`.
  fileprivate func bounds(_ name: String, _ over: Clause) -> String {
    guard let source = over.items.first.flatMap({ tree.source(of: $0) }),
      case .brackets(let rows) = tree[source], rows.count == 1, rows[0].count == 2
    else { return "a <= \(name) <= b" }
    return "\(span(rows[0][0]).text) <= \(name) <= \(span(rows[0][1]).text)"
  }
}

extension Function {
  /// Whether a call without arguments is possible.
  var canBeCalledBare: Bool {
    switch kind {
    case .closure(let code, _): code.requiredCount == 0
    case .builtin(let builtin): builtin.requiredCount == 0
    case .elementary, .derived, .custom: false
    }
  }
}

extension SyntaxTree {
  func source(of item: ClauseItem) -> NodeID? {
    if case .membership(_, let source, _) = item { return source }
    return nil
  }
}

extension Machine {
  fileprivate func run(_ optimization: Optimization, _ frame: Frame) throws -> Value {
    let span = optimization.span
    let seed = random
    let starts = try optimization.bindings.map { try $0.value(frame) }
    for (start, binding) in zip(starts, optimization.bindings) {
      guard let bad = start.numbers?.first(where: { !$0.isFinite }) else { continue }
      throw Diagnostic(
        .error, "`\(binding.name)` starts at \(NumberFormat.short(bad)), and a start is finite",
        at: binding.valueSpan)
    }
    let cost = try optimization.cost(frame)
    let sides = try optimization.constraints.flatMap {
      [try $0.left(frame), try $0.right(frame)]
    }
    let method = try optimization.method.map { try self.method($0(frame), optimization.methodSpan) }
    let stops = try optimization.stops?.value(self, frame) ?? .standard
    if try dependsOnTrace(starts, [cost] + sides) {
      return try innerRun(optimization, starts, cost, method, stops)
    }
    let resume = suspendTrace()
    defer { resume() }

    var leaves: [Leaf] = []
    let names = optimization.bindings.map(\.name)
    let templates = zip(names, starts).map { Template.of($1, named: $0, &leaves) }
    let spans = optimization.bindings.map(\.span)
    let traced = TracedFunction(
      self, leaves: leaves, variableCount: leaves.count, sign: optimization.sign,
      hasConstraints: !sides.isEmpty, at: optimization.subjectSpan
    ) { [unowned self] values in
      let point = templates.map { $0.value { values[$0] } }
      let value = try self.costNumber(
        self.apply(
          cost, point, spans: spans, at: optimization.subjectSpan,
          calleeSpan: optimization.subjectSpan),
        names, optimization.subjectSpan)
      if sides.isEmpty { return value }
      let compared = try self.compared(optimization.constraints, sides, point, spans)
      return .list(List([value] + compared))
    }
    let objective = CostObjective(traced, self)
    var start = templates.numbers(of: starts)
    try objective.prepare(start)
    let restrictions = try restrict(objective, to: optimization.constraints, &start)
    random.draw &+= 1
    var stopped = stops
    let chosen = try solver(method, objective, start.count, optimization)
    if !chosen.needs.isDisjoint(with: [.gradient, .jacobian]) { try noteSteps(of: traced) }
    stopped.condition = try optimization.stops?.condition(
      self, frame, templates, names, objective)
    let sign = optimization.sign
    let region =
      chosen.isGlobal
      ? try searchRegion(
        optimization.bindings, frame, templates, starts, objective, chosen,
        optimization.methodSpan) : nil
    let files = CheckpointCode(save: optimization.stops?.checkpoint, resume: optimization.resume)
    let checkpoint = try checkpoint(
      files, frame, method: chosen, label: method?.label ?? chosen.name, objective.layout, objective
    )
    let solution = OptSolvers.minimize(
      objective, from: start, using: chosen, until: stopped, checkpoint: checkpoint, stop: stop,
      region: region
    ) { [unowned self] info in
      self.output(.progress(RunReport.progress(info, sign)))
    }
    output(.progress(nil))
    if let failure = objective.failure {
      // What stopped the run may be Ctrl-C inside the cost: then the best point is kept.
      if !(failure is Interrupted) || !solution.value.isFinite { throw failure }
    }
    return try result(
      solution, templates, names, optimization.sign, seed,
      label: method?.label ?? RunReport.label(solution), restrictions,
      choice: method == nil ? choice(for: objective).reason : "named after `using`", span)
  }

  /// The method of a run: the one that was named, or the default.
  func solver(
    _ method: MethodValue?, _ objective: CostObjective, _ dimension: Int,
    _ optimization: Optimization
  ) throws -> any Method {
    guard let method else {
      guard objective.isRandom else { return defaultMethod(for: objective) }
      throw Diagnostic(
        .error, "the cost draws random numbers: name a method that can work with it",
        at: optimization.span, help: "write `using adam(rate = 0.01) until steps = 1000`")
    }
    let chosen = try solver(method, objective, dimension, optimization.span)
    if objective.isRandom, chosen.needsDeterministicCosts {
      throw Diagnostic(
        .error, "the cost draws random numbers, and \(chosen.name) compares its values",
        at: optimization.methodSpan,
        help: "write `using adam(rate = 0.01)`, or draw the numbers once outside of the cost")
    }
    return chosen
  }

  /// The value of a cost as one number, or an error that says what to write.
  func costNumber(
    _ value: Value, _ names: [String], _ span: SourceSpan
  ) throws -> Value {
    if value.isNumeric, value.size ?? (0, 0) == (1, 1), !value.isMask { return value }
    if case .function(let f) = value {
      let call = "\(f.name ?? "f")(\(names.joined(separator: ", ")))"
      throw Diagnostic(
        .error, "a cost is a number, found a function", at: span, help: "write `\(call)`")
    }
    throw Diagnostic(
      .error, "a cost is one number, found \(value.kindDescription)", at: span,
      help: value.isMask || !value.isNumeric
        ? nil : "`sum(…)`, `norm(…)` or `mean(…)` make one number of many")
  }

  /// A value after `using` as a method.
  func method(_ value: Value, _ span: SourceSpan) throws -> MethodValue {
    switch value {
    case .method(let method): return method
    case .function(let function):
      if let method = try method(madeBy: function, span) { return method }
      fallthrough
    default:
      throw Diagnostic(
        .error, "`using` wants a method, found \(value.kindDescription)", at: span,
        help: methodHelp(value))
    }
  }

  /// What to write in place of a value that is no method.
  private func methodHelp(_ value: Value) -> String {
    if case .text(let text) = value {
      let name = text.string.lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }
        .joined()
      let names = MethodCatalogue.entries.map(\.name)
      let plain = ["l_bfgs_b": "lbfgsb", "l_bfgs": "lbfgs", "slsqp": "sqp", "cobyla": "sqp"]
      let near = plain[name].map { [$0] } ?? Suggestions.nearest(name, in: names)
      if let best = names.first(where: { $0 == name }) ?? near.first {
        return "a method is a name, not a text: write `using \(best)`"
      }
    }
    return "write `using bfgs`, `using sqp` with constraints, `using adam(rate = 0.01)` for noisy "
      + "costs, `using global` for many minima, or nothing: a method is then chosen; "
      + "`help methods` lists them all"
  }

  func solver(
    _ method: MethodValue, _ objective: CostObjective, _ dimension: Int, _ span: SourceSpan
  ) throws -> any Method {
    switch method.kind {
    case .known(let entry, let options):
      if entry.keepsMatrix,
        Double(dimension) * Double(dimension) > Double(Matrix.largestCount) / 4
      {
        var refusal = Matrix.tooLarge(dimension, dimension, span)
        refusal.message = "`\(entry.name)` keeps a matrix: " + refusal.message
        refusal.help = "write `using lbfgs`, which keeps a few vectors"
        throw refusal
      }
      return entry.make(options)
    case .restarts(let count, let inner):
      let local = try inner.map { try solver($0, objective, dimension, span) }
      return Restarts(
        count, local ?? defaultMethod(for: objective),
        isParallel: inner.map { if case .known = $0.kind { true } else { false } } ?? true)
    case .search(let entry, _):
      throw Diagnostic(
        .error, "`\(entry.name)` is a line search, not a method", at: span,
        help: "write `using bfgs(search = \(entry.name))`")
    case .written: return WrittenMethod(self, method, objective: objective, span)
    }
  }
}
