/// What a check found, as lines for a person and as a record for a program.
import OptCalculus
import OptSolvers
import OptNumerics
import OptSyntax

/// The comparison of one matrix of derivatives.
struct DerivativeReport {
  enum Kind: String {
    case gradient
    case jacobian = "Jacobian"
    case hessian = "Hessian"
  }

  let kind: Kind
  let function: CheckedFunction
  let given: [Double]
  /// The automatic derivatives beside those that were written by hand.
  let exact: [Double]?
  /// The function's name, for advice.
  let name: String?
  let check: DerivativeCheck
  let evaluations: Int

  /// Compares `given` with differences: of values, or for a Hessian of automatic gradients.
  init(
    _ kind: Kind, _ function: CheckedFunction, given: [Double], isOwn: Bool = false,
    name: String? = nil, stop: Stop, at span: SourceSpan
  ) throws {
    self.kind = kind
    self.function = function
    self.given = given
    self.name = name
    let point = function.point
    let isStopped = { stop.isRequested }
    let differences = FiniteDifferences(
      at: point, outputs: kind == .hessian ? point.count : function.outputs,
      isStopped: isStopped, evaluate: kind == .hessian ? function.gradient : function.values)
    let here = isOwn ? try Self.automatic(kind, function, point) : given
    exact = isOwn && here.allSatisfy(\.isFinite) ? here : nil
    let spread = try Self.spread(kind, function, here)
    var check = DerivativeCheck(
      differences, given: given, exact: exact, spread: spread, isStopped: isStopped)
    check.run()
    if stop.isRequested { throw Interrupted(span: span) }
    self.check = check
    evaluations = differences.evaluations
  }

  /// What rounding makes of derivatives: how the automatic ones differ at neighbouring points.
  private static func spread(
    _ kind: Kind, _ function: CheckedFunction, _ here: [Double]
  ) throws -> [Double] {
    var most = [Double](repeating: 0, count: here.count)
    for (sample, units) in [-3.0, -1, 2, 4].enumerated() {
      let near = function.point.enumerated().map { k, x in
        x + ((k &* 7 &+ k / 3 &+ sample) & 1 == 0 ? units : -units) * x.ulp
      }
      let there = try automatic(kind, function, near)
      for k in most.indices where there[k].isFinite && here[k].isFinite {
        most[k] = max(most[k], (there[k] - here[k]).magnitude)
      }
    }
    return most
  }

  private static func automatic(
    _ kind: Kind, _ function: CheckedFunction, _ x: [Double]
  ) throws -> [Double] {
    switch kind {
    case .gradient: function.gradient(at: x)
    case .jacobian: try function.jacobian(at: x)
    case .hessian: try function.hessian(at: x)
    }
  }

  // MARK: Parts

  func components(_ verdict: DerivativeCheck.Verdict) -> [DerivativeCheck.Component] {
    check.components.filter { $0.verdict == verdict }
  }

  /// The worst first; those that are as wrong as each other, rounding apart, in their order.
  var wrong: [DerivativeCheck.Component] {
    components(.wrong).sorted { a, b in
      let (x, y) = (Self.digits(a.relativeError), Self.digits(b.relativeError))
      return x == y ? (a.output, a.input) < (b.output, b.input) : x > y
    }
  }
  private static func digits(_ x: Double) -> Double {
    Double(NumberFormat.printf("%.2e", x)) ?? x
  }
  var kinks: [DerivativeCheck.Component] { components(.kink) }
  /// Components without a derivative to compare with.
  var others: [DerivativeCheck.Component] {
    check.components.filter {
      $0.verdict == .jump || $0.verdict == .vertical || $0.verdict == .unclear
    }
  }
  var isOK: Bool { wrong.isEmpty && others.isEmpty }

  /// The largest relative error that differences show where they are good enough to tell.
  var worst: DerivativeCheck.Component? {
    check.components.filter { $0.verdict == .right && $0.isResolved }.max {
      $0.relativeError < $1.relativeError
    }
  }

  /// Components that rounding of the values hides.
  var hidden: [DerivativeCheck.Component] {
    check.components.filter { $0.verdict == .right && !$0.isResolved }
  }

  /// The largest relative difference from the automatic derivatives that rounding does not explain.
  var deviation: Double {
    guard let exact else { return 0 }
    var largest = 0.0
    for (k, (own, other)) in zip(given, exact).enumerated() {
      let gap = (own - other).magnitude
      if gap > 100 * check.spread[k] {
        largest = max(largest, gap / max(own.magnitude, other.magnitude))
      }
    }
    return largest
  }

  func label(_ component: DerivativeCheck.Component) -> String {
    label(component.output, component.input)
  }

  /// What a derivative is called: by its variable, and by its result where there are several.
  func label(_ output: Int, _ input: Int) -> String {
    let variable = function.layout.name(ofComponent: input)
    switch kind {
    case .gradient: return variable
    case .hessian: return "\(function.layout.name(ofComponent: output)), \(variable)"
    case .jacobian:
      let result = Block(
        name: "result", rows: function.size.rows, columns: function.size.columns)
      return "\(result.name(of: output)) by \(variable)"
    }
  }

  /// The relative size of an error that the random directions were to find.
  private static let soughtError = 1e-4
  /// The smallest chance that is claimed: the assumptions are not better than that.
  private static let leastChance = 1e-12

  var missedChance: Double {
    max(Self.leastChance, check.missedChance(relative: Self.soughtError))
  }

  // MARK: The record

  func result(constraints: [(text: String, report: DerivativeReport)]) -> Value {
    let text = CheckText(self)
    var lines = text.lines
    for (name, report) in constraints {
      let own = CheckText(report).lines
      lines.append("  \(name): \(own[0])")
      if !report.isOK { lines += own.dropFirst().map { "  " + $0 } }
    }
    var fields = fields(text)
    if !constraints.isEmpty {
      let all = isOK && constraints.allSatisfy { $0.report.isOK }
      fields[0] = ("ok", .boolean(all))
      fields.append(
        (
          "constraints",
          .list(
            constraints.map { name, report in
              .record([("constraint", .text(name))] + report.fields(CheckText(report)))
            })
        ))
    }
    return .record(
      Record(
        names: fields.map(\.0), values: fields.map(\.1),
        report: RunReport(
          headline: lines[0], details: lines.dropFirst().map { String($0.dropFirst(2)) })))
  }

  private func fields(_ text: CheckText) -> [(String, Value)] {
    func list(_ part: [DerivativeCheck.Component]) -> Value {
      .list(
        part.map { component in
          .record([
            ("name", .text(label(component))), ("given", .number(component.given)),
            ("differences", .number(component.difference)),
            ("left", .number(component.left)), ("right", .number(component.right)),
            ("relative_error", .number(component.relativeError)),
          ])
        })
    }
    return [
      ("ok", .boolean(isOK)), ("verdict", .text(text.lines[0])),
      ("kind", .text(kind.rawValue.lowercased())),
      ("slope", check.order.map { .number($0) } ?? .nothing),
      ("error", .number(check.components.map(\.relativeError).max() ?? 0)),
      ("confidence", isOK && missedChance < 1 ? .number(1 - missedChance) : .nothing),
      ("pattern", text.pattern.map { .text($0) } ?? .nothing),
      ("components", table), ("wrong", list(wrong)), ("kinks", list(kinks)),
      ("other", list(others)), ("evaluations", .number(Double(evaluations))),
    ]
  }

  /// One row for each derivative that was compared.
  private var table: Value {
    let all = check.components
    func numbers(_ value: (DerivativeCheck.Component) -> Double) -> Table.Column {
      .numbers(Matrix(all.map(value), rows: all.count, columns: 1))
    }
    return .table(
      Table(
        names: ["name", "given", "differences", "uncertainty", "relative_error", "verdict"],
        columns: [
          .texts(all.map(label)), numbers(\.given), numbers(\.difference), numbers(\.error),
          numbers(\.relativeError), .texts(all.map { "\($0.verdict)" }),
        ], rowCount: all.count))
  }
}
