/// `check E at …` and `check f against g at …`: is the gradient right?
import OptNumerics
import OptSolvers
import OptSyntax

extension Sentences {
  static let check = SentenceForm(
    verb: .check, usage: "check E at x = …   or   check f against g at x = …",
    summary: "Compares a gradient with finite differences of the values, component by component.",
    example: "check x^2 y at x = 3, y = 2"
  ) { compiler, sentence, id in try compiler.check(sentence, id) }
}

extension Compiler {
  fileprivate func check(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    try refuseClauses(sentence, except: [.at, .against])
    let subject = sentence.subjects[0]
    guard let at = sentence.clause(.at) else {
      throw Diagnostic(
        .error, "`check` needs a point", at: span(id), help: "write `check … at x = 1`")
    }
    let against = try sentence.clause(.against).map { clause -> (Code, SourceSpan) in
      guard clause.items.count == 1, case .expression(let id) = clause.items[0] else {
        throw Diagnostic(.error, "`against` takes one function", at: clause.span)
      }
      return (try expression(id), span(id))
    }
    let bindings = try self.bindings(at, against == nil ? [subject] : [])
    let cost: Code
    if against == nil {
      let parameters = bindings.map { Parameter(name: $0.name, span: $0.span) }
      cost = closure(
        try function(name: nil, parameters: parameters, body: subject, at: span(subject)))
    } else {
      cost = try expression(subject)
    }
    let (machine, here, subjectSpan) = (machine, span(id), span(subject))
    return { frame in
      try machine.check(
        cost(frame), against.map { (try $0.0(frame), $0.1) }, bindings, frame, subjectSpan, here)
    }
  }
}

extension Machine {
  fileprivate func check(
    _ cost: Value, _ against: (Value, SourceSpan)?, _ bindings: [BindingCode], _ frame: Frame,
    _ subjectSpan: SourceSpan, _ span: SourceSpan
  ) throws -> Value {
    var leaves: [Leaf] = []
    let points = try bindings.map { try $0.value(frame) }
    let names = bindings.map(\.name)
    let templates = zip(names, points).map { Template.of($1, named: $0, &leaves) }
    let start = zip(templates, points).flatMap { template, value in
      (template.leaves(of: value) ?? []).flatMap { $0.numbers ?? [] }
    }
    let call: ([Value]) throws -> Value = { [unowned self] values in
      // A function that is named is called with the variables by name.
      let arguments = templates.map { $0.value { values[$0] } }
      if against == nil {
        return try self.apply(
          cost, arguments, spans: bindings.map(\.span), at: subjectSpan, calleeSpan: subjectSpan)
      }
      return try self.called(cost, names, arguments, bindings, subjectSpan)
    }
    let traced = TracedFunction(
      self, leaves: leaves, variableCount: leaves.count, at: subjectSpan
    ) { values in
      let value = try call(values)
      guard value.isNumeric, value.size ?? (0, 0) == (1, 1), !value.isMask else {
        throw Diagnostic(
          .error, "`check` wants one number, found \(value.kindDescription)", at: subjectSpan,
          help: value.kindDescription == "a function" ? "call it: `f(x)`" : nil)
      }
      return value
    }
    let resume = suspendTrace()
    defer { resume() }
    let objective = CostObjective(traced, self)
    try objective.prepare(start)
    let given: [Double]
    if let (function, place) = against {
      given = try gradient(function, names, points, templates, bindings, place)
    } else {
      given = try automaticGradient(objective, start, span)
    }
    var check = GradientCheck(objective, at: start, given: given, stop: stop)
    try check.run()
    if let failure = objective.failure { throw failure }
    return result(check, leaves, given)
  }

  /// A function called with the variables that are its parameters.
  private func called(
    _ function: Value, _ names: [String], _ arguments: [Value], _ bindings: [BindingCode],
    _ span: SourceSpan
  ) throws -> Value {
    guard case .function(let f) = function else {
      throw Diagnostic(
        .error, "`check … against …` compares functions, found \(function.kindDescription)",
        at: span)
    }
    let parameters = f.parameterNames
    if names.allSatisfy({ parameters.contains($0) }) {
      // In the order of the function's own parameters.
      let order = parameters.compactMap { names.firstIndex(of: $0) }
      if order.count == names.count, parameters.prefix(order.count).allSatisfy(names.contains) {
        return try apply(
          function, order.map { arguments[$0] }, spans: order.map { bindings[$0].span }, at: span,
          calleeSpan: span)
      }
      let named = zip(names, arguments).enumerated().map { k, pair in
        (name: pair.0, value: pair.1, span: bindings[k].span)
      }
      return try apply(function, [], named: named, spans: [], at: span, calleeSpan: span)
    }
    return try apply(
      function, arguments, spans: bindings.map(\.span), at: span, calleeSpan: span)
  }

  /// The gradient that the user's function gives, flat.
  private func gradient(
    _ function: Value, _ names: [String], _ points: [Value], _ templates: [Template],
    _ bindings: [BindingCode], _ span: SourceSpan
  ) throws -> [Double] {
    let value = try called(function, names, points, bindings, span)
    var flat: [Double]?
    if points.count == 1, templates[0].leaves(of: value) != nil {
      flat = templates[0].leaves(of: value)?.flatMap { $0.numbers ?? [] }
    } else if case .record(let record) = value {
      // One field a variable.
      flat = []
      for (name, template) in zip(names, templates) {
        guard let field = record[name], let parts = template.leaves(of: field) else {
          flat = nil
          break
        }
        flat?.append(contentsOf: parts.flatMap { $0.numbers ?? [] })
      }
    } else if case .list(let list) = value, list.items.count == templates.count {
      flat = []
      for (item, template) in zip(list.items, templates) {
        flat?.append(contentsOf: (template.leaves(of: item) ?? []).flatMap { $0.numbers ?? [] })
      }
    }
    let count = points.reduce(0) { $0 + ($1.numbers?.count ?? 0) }
    let numbers = flat ?? value.numbers ?? []
    guard numbers.count == count else {
      throw Diagnostic(
        .error, "the gradient has \(numbers.count) components, the point \(count)", at: span)
    }
    return numbers
  }

  private func automaticGradient(
    _ objective: CostObjective, _ start: [Double], _ span: SourceSpan
  ) throws -> [Double] {
    let result = Buffer(count: start.count)
    var answer = Answer()
    answer.gradient = result.pointer
    let outcome = start.withUnsafeBufferPointer { x in
      x.baseAddress.map {
        objective.evaluate([.value, .gradient], at: $0, along: nil, into: &answer)
      } ?? .done
    }
    if let failure = objective.failure { throw failure }
    if outcome == .stopped { throw Interrupted(span: span) }
    if outcome == .notFinite {
      let culprit = start.withUnsafeBufferPointer { x in
        x.baseAddress.flatMap { objective.culprit(at: $0) }
      }
      throw Diagnostic(
        .error,
        answer.value.isFinite ? "the gradient is not finite here" : "the value is not finite here",
        at: span, notes: culprit.map(Machine.lines) ?? [])
    }
    return Array(result.elements)
  }

  // MARK: The report

  private func result(
    _ check: GradientCheck, _ leaves: [Leaf], _ given: [Double]
  ) -> Value {
    func name(_ component: Int) -> String {
      var rest = component
      for leaf in leaves {
        if rest < leaf.count {
          if leaf.count == 1 { return leaf.name }
          if leaf.columns == 1 { return "\(leaf.name)[\(rest + 1)]" }
          return "\(leaf.name)[\(rest / leaf.columns + 1), \(rest % leaf.columns + 1)]"
        }
        rest -= leaf.count
      }
      return "x"
    }
    let wrong = check.components.filter { $0.verdict == .wrong }
    let kinks = check.components.filter { $0.verdict == .kink }
    let unclear = check.components.filter { $0.verdict == .unclear }
    let worst = check.components.filter { $0.verdict == .right }.max {
      $0.relativeError < $1.relativeError
    }
    var lines: [String] = []
    let method = "central differences"
    if wrong.isEmpty {
      var headline = "gradient ok"
      if !kinks.isEmpty {
        headline += " except at \(RunReport.count(kinks.count, "kink"))"
      }
      if let worst {
        let error = NumberFormat.short(worst.relativeError, digits: 1)
        headline += " · largest relative error \(error) (in \(name(worst.index)))"
      }
      headline += ", \(method)"
      if check.components.count < given.count {
        headline += " of \(check.components.count) of \(given.count) components"
      }
      lines.append(headline)
    } else {
      lines.append(
        "gradient wrong in \(wrong.count) of \(check.components.count) component"
          + "\(check.components.count == 1 ? "" : "s"), \(method)")
      for component in wrong.sorted(by: { $0.relativeError > $1.relativeError }).prefix(8) {
        let (g, d) = (
          NumberFormat.short(component.given), NumberFormat.short(component.difference)
        )
        lines.append("  \(name(component.index)): given \(g), differences \(d)\(hint(component))")
      }
      if wrong.count > 8 { lines.append("  … and \(wrong.count - 8) more") }
    }
    for component in kinks.prefix(8) {
      let (left, right) = (
        NumberFormat.short(component.leftSlope), NumberFormat.short(component.rightSlope)
      )
      lines.append(
        "  kink in \(name(component.index)): slope \(left) on the left, \(right) on the right, "
          + "given \(NumberFormat.short(component.given))")
    }
    for component in unclear.prefix(8) {
      lines.append("  \(name(component.index)): the differences are not finite here")
    }
    func list(_ part: [GradientCheck.Component]) -> Value {
      .list(
        part.map { component in
          .record([
            ("name", .text(name(component.index))), ("given", .number(component.given)),
            ("differences", .number(component.difference)),
            ("relative_error", .number(component.relativeError)),
          ])
        })
    }
    let fields: [(String, Value)] = [
      ("ok", .boolean(wrong.isEmpty && unclear.isEmpty)),
      ("error", .number(check.components.map(\.relativeError).max() ?? 0)),
      ("wrong", list(wrong)), ("kinks", list(kinks)),
    ]
    return .record(
      Record(
        names: fields.map(\.0), values: fields.map(\.1),
        report: RunReport(
          headline: lines[0], details: lines.dropFirst().map { String($0.dropFirst(2)) })))
  }

  /// The usual mistakes, by their ratio.
  private func hint(_ component: GradientCheck.Component) -> String {
    let (g, d) = (component.given, component.difference)
    guard d != 0, g != 0 else { return g == 0 ? " (missing)" : "" }
    let ratio = g / d
    for (factor, what) in [
      (-1.0, "the sign"), (2, "a factor 2 too large"), (0.5, "a factor 2 too small"),
      (-2, "the sign and a factor 2"),
    ] where abs(ratio - factor) < 1e-4 * abs(factor) {
      return " (\(what))"
    }
    return ""
  }
}
