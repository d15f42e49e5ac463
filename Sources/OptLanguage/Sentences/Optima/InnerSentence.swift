/// A `minimize` or `solve` inside of a function that is traced: what of it is a function of what, and
/// the node that stands for its result.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

/// What an inner sentence depends on: numbers of the trace around it.
struct OuterNumbers {
  /// The nodes around, each once.
  private(set) var expressions: [Expression] = []
  private(set) var masks: [Bool] = []

  /// Notes the traced numbers in `value`.
  mutating func note(_ value: Value) throws {
    var found: [TracedNumbers] = []
    var search = TracedReplacement { numbers in
      found.append(numbers)
      return nil
    }
    _ = try search(value)
    for numbers in found where !expressions.contains(numbers.expression) {
      expressions.append(numbers.expression)
      masks.append(numbers.isMask)
    }
  }

  /// `value` with `inner` in the place of the numbers that were noted.
  func replaced(_ value: Value, by inner: [Value]) throws -> Value {
    var replacement = TracedReplacement { numbers in
      expressions.firstIndex(of: numbers.expression).map { inner[$0] }
    }
    return try replacement(value)
  }

  /// Leaves that stand for them inside.
  func leaves(_ tracer: Tracer) -> [Leaf] {
    zip(expressions, masks).enumerated().map { k, part in
      let (rows, columns) = (Int(part.0.shape.rows), Int(part.0.shape.columns))
      return Leaf(
        rows: rows, columns: columns, name: tracer.name(of: part.0) ?? "parameter \(k + 1)",
        isMask: part.1)
    }
  }
}

extension Tracer {
  /// The name of an input, or the program text of what a node computes.
  fileprivate func name(of expression: Expression) -> String? {
    let node = expression.node
    if node.operation == .input { return graph.inputs[Int(node.payload)].name }
    let origin = Int(graph.origins[Int(expression.index)])
    guard origins.indices.contains(origin) else { return nil }
    let text = origins[origin].text
    return text.isEmpty || text.count > 40 ? nil : text
  }

  /// The values of expressions at the point of the trace, one behind the other.
  func numbers(_ expressions: [Expression]) -> Buffer {
    let all = Buffer(uninitialized: expressions.reduce(0) { $0 + $1.shape.count })
    var offset = 0
    for expression in expressions {
      let part = interpreter.value(of: expression)
      (all.pointer + offset).update(from: part.pointer, count: part.count)
      offset += part.count
    }
    return all
  }
}

/// A sentence inside of a trace, taken apart: what of it is a function of what.
struct InnerSentence {
  let verb: String
  let span: SourceSpan
  /// The structure of the variables.
  let templates: [Template]
  let names: [String]
  /// Where each variable begins, leaf by leaf.
  let starts: [Expression]
  let outer: OuterNumbers
  /// The variables, then what is around.
  let traced: TracedFunction
  var variableCount: Int { starts.count }
  var dimension: Int { starts.reduce(0) { $0 + $1.shape.count } }
}

extension Machine {
  /// Whether a sentence depends on what is being traced: then its result is a node.
  func dependsOnTrace(_ starts: [Value], _ functions: [Value]) throws -> Bool {
    guard tracer != nil else { return false }
    var outer = OuterNumbers()
    for function in functions { try outer.note(function) }
    return !outer.expressions.isEmpty || starts.contains { $0.isTraced }
  }

  /// Takes a sentence apart whose functions `functions` make numbers of the variables. `call` gets
  /// them without what is traced outside, and the values of the variables.
  func innerSentence(
    _ verb: String, _ bindings: [BindingCode], _ starts: [Value], _ functions: [Value],
    sign: Double, _ span: SourceSpan, _ subjectSpan: SourceSpan,
    call: @escaping ([Value], [Value]) throws -> Value
  ) throws -> InnerSentence {
    try refuseInLanes(verb, span)
    guard let tracer, tracer.purpose == .execution, tracer.hasPoint else {
      throw Diagnostic(
        .error, "the result of a `\(verb)` is found by a run and has no formula", at: span,
        help: "its derivative has values: with `g(p) = (\(verb) …).x`, write `g'(2)` or `∇g(2)`")
    }
    var outer = OuterNumbers()
    for function in functions { try outer.note(function) }
    var leaves: [Leaf] = []
    let names = bindings.map(\.name)
    let templates = zip(names, starts).map { Template.of($1, named: $0, &leaves) }
    let places = try zip(templates, starts).flatMap { template, value in
      try (template.leaves(of: value) ?? []).map { try expression($0, span) }
    }
    let count = leaves.count
    let known = outer
    let traced = TracedFunction(
      self, leaves: leaves + outer.leaves(tracer), variableCount: count, sign: sign,
      at: subjectSpan
    ) { values in
      let inner = Array(values.dropFirst(count))
      return try call(
        functions.map { try known.replaced($0, by: inner) },
        templates.map { $0.value { values[$0] } })
    }
    return InnerSentence(
      verb: verb, span: span, templates: templates, names: names, starts: places, outer: outer,
      traced: traced)
  }

  /// Runs `body` outside of the trace, with the inputs of a sentence bound to the point of the trace;
  /// it gets the start of the variables.
  func atPoint<Result>(
    of sentence: InnerSentence, _ tracer: Tracer, _ body: ([Double]) throws -> Result
  ) rethrows -> Result {
    let parameters = tracer.numbers(sentence.outer.expressions)
    let start = tracer.numbers(sentence.starts)
    let resume = suspendTrace()
    defer { resume() }
    sentence.bind(start.pointer, parameters.pointer)
    return try withExtendedLifetime((parameters, start)) { try body(Array(start.elements)) }
  }

  /// The node of an inner sentence: the variables as values of their structure, and what `outputs`
  /// makes of the path that holds at the solution, in the graph around.
  ///
  /// `compute` finds the solution. `residuals` gives F on a path, `outputs` further expressions.
  func implicit(
    _ sentence: InnerSentence, compute: @escaping ImplicitFunction.Compute,
    residuals: (TracedPath) throws -> [Expression],
    outputs: (TracedPath) throws -> [Expression] = { _ in [] }
  ) throws -> (variables: Value, outputs: [Expression], parameters: Expression) {
    guard let tracer else { throw Interrupted(span: sentence.span) }
    let graph = tracer.graph
    let outer = sentence.outer.expressions
    // The run at the point of the trace; what it finds decides the path.
    let (parameters, start) = (tracer.numbers(outer), tracer.numbers(sentence.starts))
    let found = compute(parameters.pointer, start.pointer)
    if let error = found.error { throw error }
    let resume = suspendTrace()
    let path: TracedPath
    let (inner, more): ([Expression], [Expression])
    do {
      defer { resume() }
      let point = Buffer(found.x)
      sentence.bind(point.pointer, parameters.pointer)
      path = try withExtendedLifetime((point, parameters)) { try sentence.traced.path() }
      (inner, more) = try tracing(path.tracer) { (try residuals(path), try outputs(path)) }
    }
    tracer.mark(sentence.span)
    let globals = try path.tracer.globals.map { entry in
      try entry.cell.value.pointee.matrix.map {
        try expression(tracer.input(for: entry.cell, $0), sentence.span)
      } ?? graph.number(.nan)
    }
    let variables = Array(path.inputs.prefix(sentence.variableCount))
    let function = ImplicitFunction(
      sentence.verb, at: sentence.span, residuals: inner, unknowns: variables,
      parameters: Array(path.inputs.dropFirst(sentence.variableCount)),
      fixed: path.tracer.globals.map(\.expression), compute: compute)
    let packed = outer.isEmpty ? graph.number(0) : graph.packed(outer)
    let result = graph.host(
      function, packed, from: graph.packed(sentence.starts + globals),
      count: sentence.dimension + 1)
    let places = result.unpacked(variables.map(\.shape))
    // What was decided inside is decided at the solution from now on.
    var known: [Int32: Expression] = [:]
    for (input, real) in zip(path.inputs, places + outer) { known[input.index] = real }
    for (entry, real) in zip(path.tracer.globals, globals) { known[entry.expression.index] = real }
    let origins = path.tracer.origins
    let copied = path.tracer.graph.copy(
      more + path.tracer.guards.map(\.predicate), into: graph, known: known
    ) { origin in
      if origins.indices.contains(Int(origin)) { tracer.mark(origins[Int(origin)]) }
      return graph.currentOrigin
    }
    for (condition, predicate) in zip(path.tracer.guards, copied.dropFirst(more.count)) {
      tracer.guards.append(
        Guard(predicate: predicate, expected: condition.expected, span: condition.span))
    }
    tracer.mark(sentence.span)
    let values = sentence.templates.map { $0.value { Value(places[$0]) } }
    return (
      .record(Record(names: sentence.names, values: values)), Array(copied.prefix(more.count)),
      packed
    )
  }
}

extension InnerSentence {
  /// Binds the inputs of the traced function: variables, then what is around.
  func bind(_ x: UnsafePointer<Double>, _ parameters: UnsafePointer<Double>) {
    var (variable, parameter) = (x, parameters)
    for (k, leaf) in traced.leaves.enumerated() {
      if k < variableCount {
        traced.pointers[k] = variable
        variable += leaf.count
      } else {
        traced.pointers[k] = parameter
        parameter += leaf.count
      }
    }
  }
}
