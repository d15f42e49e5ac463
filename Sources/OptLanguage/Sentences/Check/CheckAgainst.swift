/// `check f against g`: derivatives that were written by hand, read by their size.
import OptSyntax

extension Machine {
  /// The derivatives that the user's function gives, compared with differences and with the
  /// automatic ones: of a function with one result a gradient or a Hessian, of one with several the
  /// Jacobian.
  func own(
    _ function: CheckedFunction, _ against: (value: Value, span: SourceSpan),
    _ point: CheckPoint, _ subject: Value, _ span: SourceSpan
  ) throws -> DerivativeReport {
    let value = try called(against.value, point, point.values, against.span)
    let (given, kind) = try derivatives(value, function, point, against.span)
    let again = try called(against.value, point, point.values, against.span)
    let same = try derivatives(again, function, point, against.span).numbers
    if !zip(given, same).allSatisfy({ $0 == $1 || $0.isNaN && $1.isNaN }) {
      throw Diagnostic(
        .error, "two calls of `\(against.span.text)` at the same point give different derivatives",
        at: against.span, help: "a gradient that draws random numbers cannot be checked")
    }
    var name: String?
    if case .function(let f) = subject { name = f.name }
    return try DerivativeReport(
      kind, function, given: given, isOwn: true, name: name, stop: stop, at: span)
  }

  private func derivatives(
    _ value: Value, _ function: CheckedFunction, _ point: CheckPoint, _ span: SourceSpan
  ) throws -> (numbers: [Double], kind: DerivativeReport.Kind) {
    let (m, n) = (function.outputs, point.numbers.count)
    if m == 1, let numbers = gradient(value, point), numbers.count == n {
      return (numbers, .gradient)
    }
    let size = value.size ?? (0, 0)
    if let numbers = value.numbers {
      if m == 1 {
        if numbers.count == n { return (numbers, .gradient) }
        if size == (n, n) { return (numbers, .hessian) }
      } else if size == (m, n) || numbers.count == m * n && (n == 1 || size.columns == n) {
        return (numbers, .jacobian)
      }
    }
    let found = value.kindDescription
    if m > 1 {
      throw Diagnostic(
        .error, "the Jacobian is \(m)×\(n), results by variables; found \(found)", at: span,
        help: size == (n, m) ? "transpose what `\(span.text)` gives: `Jᵀ`" : nil)
    }
    let count = value.numbers?.count ?? gradient(value, point)?.count
    throw Diagnostic(
      .error,
      count.map { "the gradient has \(RunReport.count($0, "component")), the point has \(n)" }
        ?? "the gradient must be numbers like the point, found \(found)",
      at: span,
      help: point.names.count > 1
        ? "write a record: `(\(point.names.map { "\($0) = …" }.joined(separator: ", ")))`"
        : n > 1 ? "a gradient has \(n) components, a Hessian \(n)×\(n)" : nil)
  }

  /// A gradient in the form of the variables: of one variable a value like it; of several a record
  /// or a list.
  private func gradient(_ value: Value, _ point: CheckPoint) -> [Double]? {
    func flat(_ template: Template, _ value: Value) -> [Double]? {
      if let parts = template.leaves(of: value) { return parts.flatMap { $0.numbers ?? [] } }
      // A row for a column, a matrix that may turn out to be transposed.
      guard case .numbers(let rows, let columns, _) = template, let numbers = value.numbers,
        numbers.count == rows * columns
      else { return nil }
      return numbers
    }
    if point.templates.count == 1, let numbers = flat(point.templates[0], value) {
      return numbers
    }
    var parts: [Value]
    switch value {
    case .record(let record): parts = point.names.compactMap { record[$0] }
    case .list(let list): parts = list.items
    default: return nil
    }
    guard parts.count == point.templates.count else { return nil }
    let numbers = zip(point.templates, parts).map { flat($0, $1) }
    return numbers.contains { $0 == nil } ? nil : numbers.flatMap { $0 ?? [] }
  }
}
