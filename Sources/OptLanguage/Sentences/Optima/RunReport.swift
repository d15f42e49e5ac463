/// The result of a run: a record of everything known about it, and the lines that are shown.
import OptNumerics
import OptSolvers
import OptSyntax

/// What a person sees of a result.
struct RunReport: Report {
  let headline: String
  var details: [String]
  /// Blanks before the details.
  var indent = 2

  func lines(_ style: DisplayStyle) -> [String] {
    [headline] + details.map { String(repeating: " ", count: indent) + $0 }
  }

  // MARK: Parts

  /// The line that is shown while a run goes on.
  static func progress(_ info: StepInfo, _ sign: Double) -> String {
    let value = NumberFormat.short(sign * info.value)
    let norm =
      info.gradientNorm.isNaN ? "" : " · |∇| = \(NumberFormat.short(info.gradientNorm, digits: 3))"
    return "step \(info.step) · value \(value)\(norm) · \(duration(info.seconds))"
  }

  /// A time in three digits; below a tenth of a millisecond in whole microseconds, or if `exact` in
  /// nanoseconds.
  static func duration(_ seconds: Double, exact: Bool = false) -> String {
    if exact, seconds < 1e-4 { return "\(NumberFormat.short(seconds * 1e6, digits: 3)) µs" }
    if seconds < 1e-4 { return "\(NumberFormat.short((seconds * 1e6).rounded())) µs" }
    if seconds < 1 {
      let digits = seconds < 0.1 ? 2 : 3
      return "\(NumberFormat.short(seconds * 1e3, digits: digits)) ms"
    }
    return "\(NumberFormat.short(seconds, digits: 3)) s"
  }

  /// The variables of a flat point.
  static func structured(
    _ x: UnsafeBufferPointer<Double>, _ templates: [Template], _ names: [String]
  ) -> Value {
    var offsets: [Int: (Int, Int, Int)] = [:]
    var total = 0
    func note(_ template: Template) {
      switch template {
      case .numbers(let rows, let columns, let leaf):
        offsets[leaf] = (total, rows, columns)
        total += rows * columns
      case .record(_, let parts), .list(let parts): parts.forEach(note)
      case .constant: break
      }
    }
    templates.forEach(note)
    let values = templates.map { template in
      template.value { leaf in
        guard let (offset, rows, columns) = offsets[leaf] else { return .nothing }
        let buffer = Buffer(uninitialized: rows * columns)
        for k in 0..<rows * columns { buffer[k] = x[offset + k] }
        return Value(Matrix(buffer, rows: rows, columns: columns))
      }
    }
    return .record(Record(names: names, values: values))
  }

  /// A size of which two digits are enough: 220, not 2.2e2.
  static func rounded(_ x: Double) -> String {
    NumberFormat.short(Double(NumberFormat.printf("%.1e", x)) ?? x)
  }

  /// The method with the options that were given.
  static func label(_ solution: Solution) -> String { solution.method }

  static func count(_ n: Int, _ noun: String) -> String {
    n == 1 ? "1 \(noun)" : "\(n) \(noun)\(noun.hasSuffix("ch") ? "es" : "s")"
  }

  /// Why the run ended, with the tolerance that was met.
  static func reason(_ solution: Solution, _ sign: Double) -> String {
    switch solution.reason {
    case .gradientSmall:
      let tolerance = solution.criteria.first { $0.name == "gradient" }?.tolerance ?? 1e-8
      return "converged: gradient < \(NumberFormat.short(tolerance))"
    case .conditionsHold:
      let tolerance = solution.criteria.first { $0.name == "complementarity" }?.tolerance ?? 1e-8
      return "converged: optimality conditions < \(RunReport.rounded(tolerance))"
    case .residualsOrthogonal:
      let offset = solution.criteria.first { $0.name == "relative offset" }
      return "converged: relative offset < \(NumberFormat.short(offset?.tolerance ?? 0))"
    case .precisionFloor: return "converged: at the precision floor"
    case .unbounded where sign < 0: return "the value grows without bound"
    case .valueNotFinite, .gradientNotFinite: return "the best point so far is kept"
    case .timeLimit(let seconds): return "used the \(NumberFormat.short(seconds)) s allowed"
    default: return solution.reason.sentence
    }
  }
}

extension MethodValue {
  /// As the report calls it: `gd(rate = 0.01)`.
  var label: String {
    let given: MethodOptions
    switch kind {
    case .known(_, let options), .search(_, let options): given = options
    case .written, .restarts: return name
    }
    guard let entry, !given.isEmpty else { return name }
    let parts = entry.options.compactMap { option -> String? in
      switch given.value(option.name) {
      case .number(let number): "\(option.name) = \(NumberFormat.short(number))"
      case .word(let word): "\(option.name) = \"\(word)\""
      case .search(let search): "\(option.name) = \(search.name)"
      case nil: nil
      }
    }
    return "\(name)(\(parts.joined(separator: ", ")))"
  }
}

extension Machine {
  /// The record of a run. Ending without success, unless the user named the limit, is remembered
  /// for the exit code.
  func result(
    _ solution: Solution, _ templates: [Template], _ names: [String],
    _ sign: Double, _ seed: RandomState, label: String, _ restrictions: ConstraintReport? = nil,
    choice: String, _ span: SourceSpan
  ) throws -> Value {
    switch solution.reason {
    case .valueNotFinite(step: 0), .gradientNotFinite(step: 0):
      throw notFinite(solution, restrictions, span)
    case .unbounded where solution.steps == 0 && !solution.start.value.isFinite:
      throw notFinite(solution, restrictions, span)
    case .notOffered(let what):
      throw Diagnostic(.error, "\(label) needs \(what), which this cost does not have", at: span)
    case .notSaved(let why):
      throw Diagnostic(
        .error, "\(label) cannot save its run: \(why)", at: span,
        help: "leave `checkpoint` out, or name another method after `using`")
    case .notResumed(let why):
      throw Diagnostic(
        .error, "the run cannot be resumed: \(why)", at: span,
        help: "resume with the cost, the variables and the method that the checkpoint was made with"
      )
    case .notHonoured(let what):
      let able = MethodCatalogue.names(honouring: what == "bounds" ? .bounds : .constraints)
      let searchesGlobally = MethodCatalogue.entry(named: solution.method)?.make([:]).isGlobal
      throw Diagnostic(
        .error, "\(label) cannot keep to \(what)", at: span,
        help: searchesGlobally == true
          ? "write `from \(names.first ?? "x") ~ uniform(a, b) … using restarts(20, sqp)`: "
            + "local searches from many starts, which can"
          : "these can: \(able.joined(separator: ", "))")
    default: break
    }
    if solution.reason.isFailure { sawUnconverged = true }
    func structure(_ x: [Double]) -> Value {
      x.withUnsafeBufferPointer { RunReport.structured($0, templates, names) }
    }
    func single(_ value: Value) -> Value {
      if names.count == 1, case .record(let record) = value { return record.values[0] }
      return value
    }
    let point = structure(solution.x)
    let slope = solution.gradient.map { single(structure($0.map { sign * $0 })) } ?? .nothing
    let last = Value.record([
      ("x", single(structure(solution.last.x))), ("value", .number(sign * solution.last.value)),
      ("step", .number(Double(solution.last.step))),
    ])
    var fields: [(String, Value)] = [
      ("value", .number(sign * solution.value)), ("solution", point), ("gradient", slope),
      ("status", .text(status(solution.reason))),
      ("reason", .text(RunReport.reason(solution, sign))),
      ("converged", .boolean(solution.reason.isSuccess)),
      ("steps", .number(Double(solution.steps))),
      ("evaluations", .number(Double(solution.counts.evaluations))),
      ("values", .number(Double(solution.counts.values))),
      ("gradients", .number(Double(solution.counts.gradients))),
      ("hessians", .number(Double(solution.counts.hessians))),
      ("products", .number(Double(solution.counts.products))),
      ("criteria", criteria(solution)), ("last", last), ("trace", trace(solution, sign)),
      ("path", path(solution)), ("seconds", .number(solution.seconds)),
      ("seed", .number(Double(seed.seed))), ("method", .text(label)),
      ("choice", .text(choice)),
    ]
    if solution.isAnswered {
      fields.append(("raw", structure(solution.last.x)))
    }
    fields += minima(solution, sign)
    let report = self.report(solution, point, sign, label, restrictions)
    if let restrictions {
      fields += restrictions.fields(solution, sign)
    }
    return .record(
      Record(names: fields.map(\.0), values: fields.map(\.1), report: report))
  }

  private func status(_ reason: StopReason) -> String {
    switch reason {
    case .gradientSmall, .conditionsHold, .residualsOrthogonal, .precisionFloor, .simplexSmall,
      .searched:
      "converged"
    case .valueReached, .changeSmall, .userCondition: "reached"
    case .stepLimit, .evaluationLimit, .timeLimit: "limit"
    case .interrupted: "interrupted"
    case .valueNotFinite, .gradientNotFinite: "not finite"
    case .lineSearchFailed, .noProgress: "no progress"
    case .unbounded: "unbounded"
    case .infeasible: "infeasible"
    case .notOffered: "not offered"
    case .notHonoured: "not honoured"
    case .notSaved: "not saved"
    case .notResumed: "not resumed"
    }
  }

  private func report(
    _ solution: Solution, _ point: Value, _ sign: Double, _ label: String,
    _ restrictions: ConstraintReport?
  ) -> RunReport {
    var value = sign * solution.value
    // What is left of a cost that goes to 0 is rounding.
    if value.magnitude < 1e-16 * max(solution.unit, solution.start.value.magnitude) { value = 0 }
    let place = pointText(point)
    let number = NumberFormat.short(value, digits: options.digits)
    let isLocal = restrictions != nil && !solution.isGlobal
    let kind = (isLocal ? "local " : "") + (sign < 0 ? "maximum" : "minimum")
    let headline: String
    var details: [String] = []
    switch solution.reason {
    case .gradientSmall, .conditionsHold, .residualsOrthogonal, .precisionFloor, .simplexSmall,
      .searched:
      headline = "\(kind) \(number) at \(place)"
    case .valueNotFinite(let step):
      let last = solution.last.value
      headline = "stopped: value became \(last.isNaN ? "nan" : "infinite") at step \(step)"
      if value.isFinite { details.append("best value \(number) at \(place)") }
    case .gradientNotFinite(let step):
      headline = "stopped: the gradient is not finite at step \(step)"
      details.append("best value \(number) at \(place)")
    case .interrupted:
      headline = "interrupted: best value \(number) at \(place)"
    case .unbounded:
      headline = "unbounded: value \(number) at \(place)"
      if let direction = Self.direction(solution) {
        details.append("the value \(sign < 0 ? "grows" : "falls") along \(direction)")
      }
    case .infeasible:
      headline = restrictions?.conflictText(solution) ?? "infeasible: value \(number) at \(place)"
      details.append("least violation at \(place)")
    case .lineSearchFailed, .noProgress, .stepLimit(_, isDefault: true):
      headline = "not converged: best value \(number) at \(place)"
    default:
      headline = "value \(number) at \(place)"
    }
    if let culprit = solution.culprit { details += Self.lines(culprit) }
    if let minima = solution.minima { details += Self.lines(minima, sign) }
    var facts = [label, RunReport.count(solution.steps, "step")]
    var counts = [RunReport.count(solution.counts.values, "value")]
    if solution.counts.gradients > 0 {
      counts.append(RunReport.count(solution.counts.gradients, "gradient"))
    }
    if solution.counts.hessians > 0 {
      counts.append(RunReport.count(solution.counts.hessians, "Hessian"))
    }
    facts.append(counts.joined(separator: ", "))
    if let residual = solution.criteria.first(where: { $0.name == "stationarity" }) {
      facts.append("|∇L| = \(RunReport.rounded(residual.value))")
    } else if let gradient = solution.gradient {
      let norm = gradient.reduce(0) { max($0, $1.magnitude) }
      let projected = solution.gradientNorm ?? norm
      let what = projected == norm ? "|∇|" : "|∇| within the bounds"
      facts.append("\(what) = \(RunReport.rounded(projected))")
    }
    facts.append(RunReport.reason(solution, sign))
    facts.append(RunReport.duration(solution.seconds))
    let findings = restrictions?.findings(solution, sign) ?? []
    if findings.count <= 2 { facts += findings }
    details.append(facts.joined(separator: " · "))
    if findings.count > 2 { details += findings }
    if restrictions != nil {
      details += solution.trace.events.prefix(3).map { "step \($0.step): \($0.what)" }
    }
    details += restrictions?.remarks ?? []
    return RunReport(headline: headline, details: details)
  }

  /// Where an unbounded run went, scaled to a largest component of 1.
  private static func direction(_ solution: Solution) -> String? {
    let way = zip(solution.x, solution.start.x).map { $0 - $1 }
    guard let largest = way.map(\.magnitude).max(), largest > 0, largest.isFinite else {
      return nil
    }
    let parts = way.enumerated().filter { $1.magnitude > 1e-3 * largest }.map {
      "\(solution.layout.name(ofComponent: $0)): "
        + NumberFormat.short($1 / largest, digits: 3)
    }
    return parts.prefix(6).joined(separator: ", ") + (parts.count > 6 ? ", …" : "")
  }

  func pointText(_ point: Value) -> String {
    guard case .record(let record) = point else { return shown(point) }
    return zip(record.names, record.values).map { name, value in
      let text = shown(value)
      if text.contains("\n") || text.count > 200 {
        return "\(name) (\(value.kindDescription))"
      }
      return "\(name) = \(text)"
    }.joined(separator: ", ")
  }

  static func lines(_ culprit: Fault) -> [String] {
    var line = culprit.expression
    if !culprit.operands.isEmpty { line += " where " + culprit.operands.joined(separator: ", ") }
    if let place = culprit.place { line += " (\(place))" }
    return [line]
  }

  private func notFinite(
    _ solution: Solution, _ restrictions: ConstraintReport?, _ span: SourceSpan
  ) -> Diagnostic {
    if let code = restrictions?.notFinite(solution) {
      return Diagnostic(
        .error, "the constraint `\(code.text)` has no finite value or derivative at the start",
        at: code.span, help: "start from a point where both sides are numbers")
    }
    var what = "the cost is not finite at the start"
    if case .gradientNotFinite = solution.reason {
      what = "the gradient of the cost is not finite at the start"
    }
    return Diagnostic(
      .error, what, at: span, notes: solution.culprit.map(Self.lines) ?? [],
      help: "start from a point where the cost is a number")
  }

  // MARK: Tables

  /// One row a criterion.
  private func criteria(_ solution: Solution) -> Value {
    let list = solution.criteria
    func numbers(_ values: [Double]) -> Table.Column {
      .numbers(Matrix(values, rows: values.count, columns: 1))
    }
    return .table(
      Table(
        names: ["name", "value", "tolerance", "met"],
        columns: [
          .texts(list.map(\.name)), numbers(list.map(\.value)), numbers(list.map(\.tolerance)),
          .texts(list.map { $0.isMet ? "yes" : "no" }),
        ], rowCount: list.count))
  }

  private func trace(_ solution: Solution, _ sign: Double) -> Value {
    let rows = solution.trace.rowCount
    let columns = solution.trace.columns.map { name, values in
      Table.Column.numbers(
        Matrix(name == "value" ? values.map { sign * $0 } : values, rows: rows, columns: 1))
    }
    return .table(
      Table(names: solution.trace.columns.map(\.name), columns: columns, rowCount: rows))
  }

  /// One row a step, one column a number of the variables.
  private func path(_ solution: Solution) -> Value {
    let n = solution.x.count
    guard solution.pathRows > 0, n > 0 else { return .nothing }
    let names = solution.layout.componentNames
    let columns = (0..<n).map { k in
      Table.Column.numbers(
        Matrix(
          (0..<solution.pathRows).map { solution.path[$0 * n + k] }, rows: solution.pathRows,
          columns: 1))
    }
    return .table(Table(names: names, columns: columns, rowCount: solution.pathRows))
  }
}
