/// `f'`, `∇f`, `hessian(f)` and their kin: calls of derivatives of functions.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  /// The derivative of a function as a function.
  func derived(
    _ order: DerivedFunction.Order, _ value: Value, _ span: SourceSpan
  ) throws -> Value {
    guard case .function(let base) = value else {
      let what = order == .prime ? "`'`" : order == .gradient ? "`∇`" : "a derivative"
      throw Diagnostic(
        .error, "\(what) wants a function, found \(value.kindDescription)", at: span,
        help: "a formula is differentiated by `differentiate E by x`")
    }
    var depth = 1
    var inner = base
    while case .derived(let further) = inner.kind {
      inner = further.base
      depth += 1
    }
    guard depth <= Self.highestOrder else {
      throw Diagnostic(
        .error, "derivatives are taken of derivatives up to \(Self.highestOrder) times", at: span)
    }
    return .function(Function(.derived(DerivedFunction(base: base, order: order))))
  }

  private static let highestOrder = 50

  func callDerived(
    _ derived: DerivedFunction, _ arguments: [Value],
    _ named: [(name: String, value: Value, span: SourceSpan)], _ spans: [SourceSpan],
    _ span: SourceSpan
  ) throws -> Value {
    var positional = arguments
    var directions: [Value] = []
    switch derived.order {
    case .hvp, .jvp, .vjp:
      guard arguments.count >= 2, arguments.count % 2 == 0 || derived.order == .vjp else {
        throw Diagnostic(
          .error, "`\(derived.name)` takes the arguments and then a vector for each of them",
          at: span, help: "it is called as `\(derived.name)(x, v)`")
      }
      let count = derived.order == .vjp ? arguments.count - 1 : arguments.count / 2
      positional = Array(arguments.prefix(count))
      directions = Array(arguments.dropFirst(count))
    default: break
    }
    guard !positional.isEmpty else {
      if let first = named.first {
        throw Diagnostic(
          .error, "`\(derived.name)` has nothing to differentiate by", at: span,
          help: "arguments given by name are held fixed: write `\(derived.name)"
            + "(\(first.span.text))`")
      }
      throw wrongCount(
        Function(.derived(derived)), 0, named, span)
    }
    if derived.order == .prime,
      positional.count > 1 || positional[0].size.map({ $0 != (1, 1) }) ?? false
    {
      throw Diagnostic(
        .error, "`\(derived.name)` is the derivative of a function of one number", at: span,
        help: "`∇\(derived.base.name ?? "f")` is the gradient; arguments given by name are fixed")
    }
    for (k, argument) in positional.enumerated() where !argument.isDifferentiable {
      throw Diagnostic(
        .error, "cannot differentiate by \(argument.kindDescription)",
        at: k < spans.count ? spans[k] : span,
        help: "arguments given by name are held fixed: `\(derived.name)(w, n = 3)`")
    }
    if tracer != nil {
      return try inGraph(derived, positional, directions, named, spans, span)
    }
    return try compiledCall(derived, positional, directions, named, spans, span)
  }

  // MARK: Inside a trace

  /// The derivative as further nodes of the graph being traced: the arguments become inputs of
  /// their own, which are replaced by the real ones afterwards. With `areInputs` the arguments are
  /// inputs that nothing else can have seen.
  func inGraph(
    _ derived: DerivedFunction, _ positional: [Value], _ directions: [Value],
    _ named: [(name: String, value: Value, span: SourceSpan)], _ spans: [SourceSpan],
    _ span: SourceSpan, areInputs: Bool = false
  ) throws -> Value {
    guard let tracer else { return .nothing }
    let graph = try place(span)
    var leaves: [Leaf] = []
    let names = derived.base.positionalNames
    let templates = positional.enumerated().map { k, value in
      Template.of(value, named: k < names.count ? names[k] : "x", &leaves)
    }
    let parts = zip(templates, positional).flatMap { $0.leaves(of: $1) ?? [] }
    let lanes = tracer.laneShape
    var inputs: [Expression] = []
    var replacements: [Int32: Expression] = [:]
    for (leaf, part) in zip(leaves, parts) {
      if areInputs {
        inputs.append(try expression(part, span))
        continue
      }
      // A variable may differ in every lane that the function sees.
      let shape = lanes.with(rows: leaf.rows, columns: leaf.columns)
      let real = try expression(part, span).broadcast(to: shape)
      let isKnown = tracer.hasPoint || tracer.firstSymbol(in: real) == nil
      // What has no value stays a symbol, so that conditions on it are not decided.
      let role: Role = isKnown ? .data : .variable
      let input = graph.input(Input(name: leaf.name, role: role, shape: shape))
      tracer.standIn(input, for: real)
      if isKnown {
        tracer.interpreter.bind(input, tracer.interpreter.value(of: real))
      }
      inputs.append(input)
      replacements[input.index] = real
    }
    let guards = tracer.guards.count
    let arguments = templates.map { template in
      template.value { .traced(TracedNumbers(inputs[$0])) }
    }
    let value = try apply(
      .function(derived.base), arguments, named: named, spans: spans, at: span, calleeSpan: span)
    tracer.mark(span)
    let results = try differentiate(
      derived, value, inputs, templates, directions, span, mayBeSparse: areInputs)
    // The guards speak of the inputs made here.
    let roots = results.expressions + tracer.guards[guards...].map(\.predicate)
    let real = graph.substitute(roots, replacements)
    for k in guards..<tracer.guards.count {
      tracer.guards[k].predicate = real[results.expressions.count + k - guards]
    }
    return results.value(real.map { Value($0) })
  }

  /// Derivative nodes, and how they make up the value of the call.
  private struct Results {
    var expressions: [Expression]
    var value: ([Value]) -> Value
  }

  private func differentiate(
    _ derived: DerivedFunction, _ value: Value, _ inputs: [Expression], _ templates: [Template],
    _ directions: [Value], _ span: SourceSpan, mayBeSparse: Bool
  ) throws -> Results {
    try checkResult(derived, value, span)
    let y = try expression(value, span)
    let names = derived.base.positionalNames
    func structured(_ values: [Value]) -> Value {
      Self.structured(templates, names, values)
    }
    func along() throws -> [Expression] {
      let parts = try matching(directions, templates, derived, span)
      return try parts.map { try expression($0, span) }
    }
    /// The numbers of a sparse matrix as a column; the trace keeps their places.
    func stored(_ sparse: SparseDerivatives) -> Results {
      tracer?.pattern = sparse.pattern
      return Results(expressions: [sparse.values]) { $0[0] }
    }
    switch derived.order {
    case .prime:
      let ones = inputs.map { ($0, tangent: $0.graph.number(1)) }
      return Results(expressions: pushforward([y], along: ones)) { $0[0] }
    case .gradient:
      return Results(expressions: gradient(of: y, by: inputs), value: structured)
    case .jacobian:
      try refuseInLanes("jacobian", span)
      let plan = JacobianPlan(of: [y], by: inputs)
      if mayBeSparse, let sparse = plan.sparse() { return stored(sparse) }
      try refuseLarge(y.shape.count, inputs, span)
      return Results(expressions: [plan.dense()]) { $0[0] }
    case .hessian:
      try refuseInLanes("hessian", span)
      let plan = HessianPlan(of: y, by: inputs)
      if mayBeSparse, let sparse = plan.sparse() { return stored(sparse) }
      try refuseLarge(nil, inputs, span)
      return Results(expressions: [plan.dense()]) { $0[0] }
    case .hvp:
      return Results(expressions: hvp(of: y, by: inputs, along: try along()), value: structured)
    case .jvp:
      let tangents = zip(inputs, try along()).map { ($0, tangent: $1) }
      return Results(expressions: pushforward([y], along: tangents)) { $0[0] }
    case .vjp:
      guard let direction = directions.first, direction.size ?? (0, 0) == value.size ?? (1, 1)
      else {
        throw Diagnostic(
          .error,
          "the vector of `\(derived.name)` has the size of the function's result, "
            + value.kindDescription, at: span)
      }
      let weighted = (y * (try expression(direction, span))).reduceElements(.sum)
      return Results(expressions: gradient(of: weighted, by: inputs), value: structured)
    }
  }

  /// Refuses a matrix of derivatives by `inputs` that memory has no room for, with the directions
  /// that it is made of.
  private func refuseLarge(_ rows: Int?, _ inputs: [Expression], _ span: SourceSpan) throws {
    let columns = inputs.reduce(0) { $0 + $1.shape.count }
    let count = Double(max(rows ?? columns, columns)) * Double(columns)
    guard count <= Double(Matrix.largestCount) / 2 else {
      throw Matrix.tooLarge(rows ?? columns, columns, span)
    }
  }

  private func checkResult(
    _ derived: DerivedFunction, _ value: Value, _ span: SourceSpan
  ) throws {
    let name = subject(derived.base)
    guard value.isNumeric, !value.isMask else {
      throw Diagnostic(
        .error, "cannot differentiate \(name): its result is \(value.kindDescription)", at: span)
    }
    let isNumber = value.size ?? (1, 1) == (1, 1)
    switch derived.order {
    case .gradient, .hessian, .hvp:
      guard isNumber else {
        throw Diagnostic(
          .error,
          "`\(derived.name)` wants a function whose result is a number, but \(name) "
            + "gives \(value.kindDescription)", at: span,
          help: "`jacobian(\(derived.base.name ?? "f"))` is the matrix of all derivatives")
      }
    default: break
    }
  }

  /// One value a parameter: itself for one parameter, else a record.
  static func structured(
    _ templates: [Template], _ names: [String], _ values: [Value]
  ) -> Value {
    let parts = templates.map { $0.value { values[$0] } }
    if parts.count == 1 { return parts[0] }
    let fields = parts.indices.map { $0 < names.count ? names[$0] : "x\($0 + 1)" }
    return .record(Record(names: fields, values: parts))
  }

  private func matching(
    _ directions: [Value], _ templates: [Template], _ derived: DerivedFunction, _ span: SourceSpan
  ) throws -> [Value] {
    var all: [Value] = []
    for (template, direction) in zip(templates, directions) {
      guard let parts = template.leaves(of: direction) else {
        throw Diagnostic(
          .error,
          "a vector of `\(derived.name)` has another size than its argument: "
            + direction.kindDescription, at: span)
      }
      all += parts
    }
    return all
  }
}

extension Value {
  /// Whether derivatives by it make sense: numbers, and records and lists of numbers.
  var isDifferentiable: Bool {
    switch self {
    case .number, .matrix, .traced, .lanes: !isMask
    case .record(let r): r.report == nil && r.values.contains { $0.isDifferentiable }
    case .list(let l): l.items.contains { $0.isDifferentiable }
    default: false
    }
  }
}
