/// `explain engine f at …`: what is computed for a value and a gradient, and how long it takes.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

extension Compiler {
  func explainEngine(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    if case .sentence(let inner) = tree[sentence.subjects[0]] {
      throw fail(
        "`explain engine` takes a function or an expression, found `\(inner.verb.rawValue)`",
        sentence.subjects[0], help: "write `explain engine f at x = 1`")
    }
    let subject = try costAtPoint(
      sentence, id, "explain engine", reason: ", whose sizes the program is made for")
    let machine = machine
    return { frame in
      try machine.explainedEngine(
        subject.cost(frame), subject.bindings, frame, subject.span)
    }
  }
}

extension Machine {
  /// The record of what is computed.
  fileprivate func explainedEngine(
    _ cost: Value, _ bindings: [BindingCode], _ frame: Frame, _ span: SourceSpan
  ) throws -> Value {
    let point = try knownPoint(bindings, frame, "explain engine", span)
    let (leaves, templates) = (point.leaves, point.templates)
    let names = bindings.map(\.name)
    let numbers = point.numbers.flatMap { $0 }
    let resume = suspendTrace()
    defer { resume() }
    let traced = TracedFunction(self, leaves: leaves, variableCount: leaves.count, at: span) {
      [unowned self] inputs in
      let arguments = templates.map { $0.value { inputs[$0] } }
      let value = try self.apply(
        cost, arguments, spans: bindings.map(\.span), at: span, calleeSpan: span)
      guard case .function(let function) = value else {
        return try self.costNumber(value, names, span)
      }
      // A bare name is the function that is meant.
      let order = function.positionalNames
      let sorted =
        order.allSatisfy(names.contains)
        ? order.compactMap { names.firstIndex(of: $0).map { arguments[$0] } } : arguments
      let result = try self.apply(
        value, sorted.isEmpty ? arguments : sorted, spans: [], at: span, calleeSpan: span)
      return try self.costNumber(result, names, span)
    }
    var offset = 0
    return try numbers.withUnsafeBufferPointer { numbers in
      guard let base = numbers.baseAddress else { return .nothing }
      for (k, leaf) in leaves.enumerated() {
        traced.pointers[k] = base + offset
        offset += leaf.count
      }
      let value = try CompiledQuery(traced, .value, "value", self, span)
      let gradient = try CompiledQuery(traced, .valueAndGradient, "value and gradient", self, span)
      return EngineReport(subject: span.text, queries: [value, gradient]).record
    }
  }
}

/// One compiled query with what was measured of it.
struct CompiledQuery {
  let name: String
  let steps: [StepSummary]
  let times: StepTimes
  let compileTimes: CompileTimes
  /// Bytes of values on the way and of results.
  let memory: Int
  /// Why there is no machine code; nil if there is.
  let engineNote: String?
  /// The text in the program that each step comes from.
  let sources: [String?]
  let decisions: Int

  /// Compiles and measures `query` at the point that `traced.pointers` name.
  init(
    _ traced: TracedFunction, _ query: Query, _ name: String, _ machine: Machine,
    _ span: SourceSpan
  ) throws {
    guard let executable = try traced.run(query) else { throw Interrupted(span: span) }
    executable.compile()
    guard let times = executable.workspace.measure(machine.stop) else {
      throw Interrupted(span: span)
    }
    self.name = name
    self.times = times
    steps = executable.program.summary
    compileTimes = traced.compileTimes(query)
    memory = 8 * executable.program.memoryCount
    engineNote = executable.program.engineNote
    decisions = executable.guards.count
    let origins = try traced.path().tracer.origins
    sources = steps.map { step in
      let place = Int(step.origin)
      guard origins.indices.contains(place) else { return nil }
      let text = origins[place].text
      return text.isEmpty || text.contains("\n") ? nil : text
    }
  }

  /// Seconds that the arithmetic and the memory would take at full speed: 16 operations on arrays or
  /// one on scalars in a nanosecond, 20 bytes in a nanosecond.
  var estimate: Double { steps.reduce(0) { $0 + Self.estimate($1) } }

  private static func estimate(_ step: StepSummary) -> Double {
    let operations = Double(step.operations) * Double(step.elements)
    let arithmetic = operations / (step.bytes == 0 ? 1e9 : 16e9)
    let turn = step.body.reduce(0) { $0 + estimate($1) }
    return max(arithmetic, Double(step.bytes) / 20e9) + Double(step.elements) * turn
  }

  var seconds: Double { times.run.seconds }
}
