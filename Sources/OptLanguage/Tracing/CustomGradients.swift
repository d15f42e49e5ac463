/// `custom(f, gradient = g)`: functions with a gradient that the user wrote.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

extension Machine {
  /// A call of a function with a gradient of its own. Both functions are traced; the value is that
  /// of the one, and derivatives are made of the other.
  func callCustom(
    _ custom: CustomFunction, _ arguments: [Value],
    _ named: [(name: String, value: Value, span: SourceSpan)], _ spans: [SourceSpan],
    _ span: SourceSpan
  ) throws -> Value {
    func call(_ function: Function, _ arguments: [Value]) throws -> Value {
      try apply(
        .function(function), arguments, named: named, spans: spans, at: span, calleeSpan: span)
    }
    let value = try call(custom.base, arguments)
    guard tracer != nil, arguments.contains(where: { $0.isTraced }) else { return value }
    guard value.isNumeric, value.size ?? (0, 0) == (1, 1), !value.isMask else {
      throw Diagnostic(
        .error,
        "`custom` wants a function whose result is a number, but \(subject(custom.base)) gives "
          + value.kindDescription, at: custom.span,
        help: "give each element of the result a function and a gradient of its own")
    }
    var leaves: [Leaf] = []
    let names = custom.base.positionalNames
    let templates = arguments.enumerated().map { k, value in
      Template.of(value, named: k < names.count ? names[k] : "x", &leaves)
    }
    let point = try zip(templates, arguments).flatMap { template, argument in
      try (template.leaves(of: argument) ?? []).map { try expression($0, span) }
    }
    let slope = try parts(
      of: try call(custom.gradient, arguments), custom, templates, leaves, span)
    try check(custom, leaves, point, slope, span) { values in
      try call(custom.base, templates.map { $0.value { values[$0] } })
    }
    let graph = try place(span)
    return Value(
      graph.surrogate(
        try expression(value, span), point: graph.packed(point), slope: graph.packed(slope)))
  }

  /// The numbers of a gradient, leaf by leaf: in the structure that `∇f` gives, or all in one
  /// vector.
  private func parts(
    of gradient: Value, _ custom: CustomFunction, _ templates: [Template], _ leaves: [Leaf],
    _ span: SourceSpan
  ) throws -> [Expression] {
    var fields = [gradient]
    if templates.count > 1, case .record(let record) = gradient { fields = record.values }
    if fields.count == templates.count {
      let found = zip(templates, fields).compactMap { $0.leaves(of: $1) }
      if found.count == templates.count {
        return try found.flatMap { try $0.map { try expression($0, span) } }
      }
    }
    let count = leaves.reduce(0) { $0 + $1.count }
    if gradient.isNumeric, !gradient.isMask, gradient.size ?? (0, 0) == (count, 1) {
      return try expression(gradient, span).unpacked(leaves.map(\.shape))
    }
    throw Diagnostic(
      .error,
      "the gradient given for \(subject(custom.base)) must be like its arguments, found "
        + gradient.kindDescription, at: custom.span,
      help: count == 1
        ? "it is one number" : "it has \(count) numbers, in the form that `∇f` gives or in a column"
    )
  }

  /// Compares the gradient with differences where it is first used.
  private func check(
    _ custom: CustomFunction, _ leaves: [Leaf], _ point: [Expression], _ slope: [Expression],
    _ span: SourceSpan, _ call: @escaping ([Value]) throws -> Value
  ) throws {
    guard !custom.isChecked, let tracer, tracer.hasPoint, tracer.predicates.isEmpty,
      !point.contains(where: tracer.dependsOnLoop),
      point.allSatisfy({ tracer.firstSymbol(in: $0) == nil || tracer.purpose == .execution })
    else { return }
    /// The numbers of the first lane.
    func numbers(_ expressions: [Expression]) -> [Double] {
      expressions.flatMap { expression in
        let buffer = tracer.interpreter.value(of: expression)
        return (0..<expression.shape.elements).map { buffer[$0] }
      }
    }
    let (start, given) = (numbers(point), numbers(slope))
    guard start.allSatisfy(\.isFinite) else { return }
    custom.isChecked = true
    let resume = suspendTrace()
    defer { resume() }
    guard
      let function = try? CheckedFunction(
        self, leaves: leaves, point: start, at: span, call: call), !function.isRandom
    else { return try poll(span) }
    let report = try DerivativeReport(
      .gradient, function, given: given, isOwn: true, stop: stop, at: span)
    if let failure = function.failure { throw failure }
    // Where a function needs a gradient of its own the automatic one may be rounding only; what is
    // beyond the digits of the value does not count.
    let value = abs(function.value(at: start))
    let wrong = report.wrong.first {
      let gap = abs($0.given - $0.difference)
      return !(gap * max(abs(start[$0.input]), 1) < 1e-8 * value)
    }
    guard let wrong else { return }
    custom.isChecked = false
    throw wrongGradient(custom, function, wrong)
  }

  private func wrongGradient(
    _ custom: CustomFunction, _ function: CheckedFunction, _ wrong: DerivativeCheck.Component
  ) -> Diagnostic {
    let component = function.layout.name(ofComponent: wrong.input)
    let (f, g) = (custom.base.name ?? "f", custom.gradient.name ?? "g")
    var points: [String] = []
    var offset = 0
    for leaf in function.layout {
      let part = function.point[offset..<offset + leaf.count].map {
        NumberFormat.short($0, digits: 6)
      }
      offset += leaf.count
      points.append(
        "\(leaf.name) = "
          + (part.count == 1
            ? part[0] : part.count <= 8 ? "[\(part.joined(separator: ", "))]" : "…"))
    }
    let place = points.joined(separator: ", ")
    return Diagnostic(
      .error,
      "the gradient given for \(subject(custom.base)) is wrong in \(component): it is "
        + "\(NumberFormat.short(wrong.given)), differences give "
        + NumberFormat.short(wrong.difference), at: custom.span,
      notes: ["compared at \(place)"],
      help: "`check \(f) against \(g) at \(place)` tells more; "
        + "`custom(…, check = false)` leaves the comparison out")
  }
}
