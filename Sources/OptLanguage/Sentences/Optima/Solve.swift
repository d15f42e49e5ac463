/// `solve E1 == E2, … from x = …`: roots of equations.
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

extension Sentences {
  static let solve = SentenceForm(
    verb: .solve,
    usage: "solve E1 == E2, … from x = …, y = … [until STOPS]\nsolve E1 == E2 from x in [a, b]",
    summary: "Finds values of the variables after `from` for which both sides are equal.",
    example: "solve cos(x) == x from x = 1"
  ) { compiler, sentence, id in try compiler.solve(sentence, id) }
}

/// One equation: its two sides as functions of the variables.
private struct EquationCode {
  let left: Code
  let right: Code
  let span: SourceSpan
}

/// The compiled form of one sentence.
private struct SolveCode {
  let bindings: [BindingCode]
  let equations: [EquationCode]
  let stops: StopsCode?
  let span: SourceSpan
  let subjectSpan: SourceSpan
}

extension Compiler {
  fileprivate func solve(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    try refuseClauses(sentence, except: [.from, .until])
    guard let from = sentence.clause(.from) else {
      throw Diagnostic(
        .error, "`solve` needs a start: which names are unknown, and where to begin", at: span(id),
        help: "write `solve … from x = 1`")
    }
    for case .membership in from.items { return try allRoots(sentence, from, id) }
    let bindings = try self.bindings(from, sentence.subjects)
    let parameters = bindings.map { Parameter(name: $0.name, span: $0.span) }
    var equations: [EquationCode] = []
    func side(_ id: NodeID) throws -> Code {
      closure(try function(name: nil, parameters: parameters, body: id, at: span(id)))
    }
    var pending = Array(sentence.subjects.reversed())
    while let subject = pending.popLast() {
      switch tree[subject] {
      case .infix(.and, let a, let b): pending += [b, a]
      case .comparison(let first, let links) where links.allSatisfy({ $0.comparison == .equal }):
        var left = first
        for link in links {
          equations.append(
            EquationCode(
              left: try side(left), right: try side(link.operand), span: span(subject)))
          left = link.operand
        }
      case .comparison:
        throw fail(
          "an equation is written with `==`", subject,
          help: "inequalities belong to `minimize … subject to …`")
      default:
        throw fail(
          "an equation has two sides", subject, help: "write `\(span(subject).text) == 0`")
      }
    }
    let until = sentence.clause(.until)
    let stops = try until.map { try self.stops($0, sign: 1) }
    if let stops, let until {
      let known = ["steps", "evaluations", "seconds"]
      if stops.custom != nil || stops.items.contains(where: { !known.contains($0.name) }) {
        throw Diagnostic(
          .error, "`solve` goes on until no smaller step is left", at: until.span,
          help: "it can be limited by `steps = …`, `evaluations = …`, `seconds = …`")
      }
    }
    let subjects = sentence.subjects.map { span($0) }
    var subjectSpan = subjects[0]
    if let last = subjects.last { subjectSpan.end = last.end }
    let code = SolveCode(
      bindings: bindings, equations: equations, stops: stops, span: span(id),
      subjectSpan: subjectSpan)
    let machine = machine
    return { frame in try machine.run(code, frame) }
  }
}

extension Machine {
  fileprivate func run(_ code: SolveCode, _ frame: Frame) throws -> Value {
    let starts = try code.bindings.map { try $0.value(frame) }
    for (start, binding) in zip(starts, code.bindings) {
      guard let bad = start.numbers?.first(where: { !$0.isFinite }) else { continue }
      throw Diagnostic(
        .error, "`\(binding.name)` starts at \(NumberFormat.short(bad)), and a start is finite",
        at: binding.valueSpan)
    }
    let sides = try code.equations.flatMap { [try $0.left(frame), try $0.right(frame)] }
    let stops = try code.stops?.value(self, frame) ?? .standard
    if try dependsOnTrace(starts, sides) {
      return try innerRoot(code, starts, sides, stops)
    }
    let resume = suspendTrace()
    defer { resume() }
    var leaves: [Leaf] = []
    let names = code.bindings.map(\.name)
    let templates = zip(names, starts).map { Template.of($1, named: $0, &leaves) }
    let traced = TracedFunction(
      self, leaves: leaves, variableCount: leaves.count, at: code.subjectSpan
    ) { [unowned self] values in
      try self.residuals(code, sides, templates.map { $0.value { values[$0] } })
    }
    let start = templates.numbers(of: starts)
    let system = EquationSystem(traced)
    try system.prepare(start, code.span)
    let solution = OptSolvers.solve(system, from: start, until: stops, stop: stop)
    if let failure = system.failure, !(failure is Interrupted) { throw failure }
    return try result(solution, system, templates, names, code.span)
  }

  /// The differences of the sides, all in one column.
  private func residuals(
    _ code: SolveCode, _ sides: [Value], _ values: [Value]
  ) throws -> Value {
    let spans = code.bindings.map(\.span)
    let parts = try code.equations.enumerated().map { k, equation -> Expression in
      let both = try [sides[2 * k], sides[2 * k + 1]].map { side in
        let value = try apply(
          side, values, spans: spans, at: equation.span, calleeSpan: equation.span)
        guard value.isNumeric, !value.isMask else {
          throw Diagnostic(
            .error, "the sides of an equation are numbers, found \(value.kindDescription)",
            at: equation.span)
        }
        return value
      }
      return try expression(
        binary(.subtract, both[0], both[1], equation.span), equation.span)
    }
    return Value(try place(code.subjectSpan).packed(parts))
  }

  /// The root inside of a function that is traced, as a node of its graph.
  private func innerRoot(
    _ code: SolveCode, _ starts: [Value], _ sides: [Value], _ stops: Stops
  ) throws -> Value {
    let sentence = try innerSentence(
      "solve", code.bindings, starts, sides, sign: 1, code.span, code.subjectSpan
    ) { [unowned self] sides, values in try self.residuals(code, sides, values) }
    guard let tracer else { return .nothing }
    let system = EquationSystem(sentence.traced)
    try atPoint(of: sentence, tracer) { try system.prepare($0, code.span) }
    let found = try implicit(
      sentence,
      compute: { [unowned self] parameters, start in
        let resume = self.suspendTrace()
        defer { resume() }
        sentence.bind(start, parameters)
        system.failure = nil
        let solution = OptSolvers.solve(
          system, from: Array(UnsafeBufferPointer(start: start, count: system.dimension)),
          until: stops, stop: self.stop)
        return system.result(solution, code.span)
      },
      residuals: { path in [try self.expression(path.result, code.span)] })
    return .record(
      Record(names: ["solution"], values: [found.variables], report: InnerReport()))
  }

  // MARK: The result

  private func result(
    _ solution: RootSolution, _ system: EquationSystem, _ templates: [Template],
    _ names: [String], _ span: SourceSpan
  ) throws -> Value {
    if solution.reason == .notFinite(step: 0) {
      let culprit = solution.x.withUnsafeBufferPointer { x in
        x.baseAddress.flatMap { system.culprit(at: $0) }
      }
      throw Diagnostic(
        .error, solution.reason.sentence, at: span, notes: culprit.map(Self.lines) ?? [],
        help: "start from a point where both sides are numbers")
    }
    if solution.reason.isFailure { sawUnconverged = true }
    let point = solution.x.withUnsafeBufferPointer {
      RunReport.structured($0, templates, names)
    }
    var details: [String] = []
    let place = pointText(point)
    let residual = RunReport.rounded(solution.residual)
    let headline: String
    switch solution.reason {
    case .root: headline = "root at \(place)"
    case .multipleRoot:
      headline = "root at \(place)"
      let along = solution.flat.map { ", flat along \(system.traced.leaves.named($0))" } ?? ""
      details.append(
        "the Jacobian is singular there\(along): a multiple root, of which about half the digits "
          + "are right, or one of many")
    case .noRoot: headline = "no root found: the residual \(residual) at \(place) is a minimum"
    case .jump: headline = "no root found: a pole or jump at \(place)"
    case .escapes: headline = "no root found: the unknowns grow without bound"
    case .interrupted: headline = "interrupted: residual \(residual) at \(place)"
    default: headline = "not converged: residual \(residual) at \(place)"
    }
    if case .noRoot = solution.reason {
      details.append("another start may lead to a root, if there is one")
    }
    var facts = [
      solution.method, RunReport.count(solution.steps, "step"),
      RunReport.count(solution.evaluations, "evaluation") + ", "
        + RunReport.count(solution.jacobians, "Jacobian"),
      "|residual| = \(residual)",
    ]
    switch solution.reason {
    case .root: facts.append("converged")
    case .multipleRoot: facts.append("converged slowly")
    case .noRoot, .escapes: break
    default: facts.append(solution.reason.sentence)
    }
    facts.append(RunReport.duration(solution.seconds))
    details.append(facts.joined(separator: " · "))
    let fields: [(String, Value)] = [
      ("residual", .number(solution.residual)), ("solution", point),
      ("residuals", .vector(solution.residuals)), ("status", .text(status(solution.reason))),
      ("reason", .text(solution.reason.sentence)),
      ("converged", .boolean(solution.reason.isSuccess)),
      ("steps", .number(Double(solution.steps))),
      ("evaluations", .number(Double(solution.evaluations))),
      ("jacobians", .number(Double(solution.jacobians))),
      ("seconds", .number(solution.seconds)), ("method", .text(solution.method)),
    ]
    return .record(
      Record(
        names: fields.map(\.0), values: fields.map(\.1),
        report: RunReport(headline: headline, details: details)))
  }

  private func status(_ reason: RootReason) -> String {
    switch reason {
    case .root, .multipleRoot: "converged"
    case .noRoot, .jump, .escapes: "no root"
    case .stepLimit, .evaluationLimit, .timeLimit: "limit"
    case .interrupted: "interrupted"
    case .notFinite: "not finite"
    }
  }
}
