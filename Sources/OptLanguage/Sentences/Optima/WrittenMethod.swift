/// Methods written in the language: `method(start = θ -> …, step = (θ, g, s) -> …)`.
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

/// A method whose step is a function of the variables, the gradient and the state, all flat columns.
struct WrittenMethod: Method, @unchecked Sendable {
  let name: String
  var options: [MethodOption] { [] }
  var needs: Ask { .gradient }
  var needsDeterministicCosts: Bool { false }

  private let machine: Machine
  private let method: MethodValue
  private let objective: CostObjective
  private let span: SourceSpan

  init(
    _ machine: Machine, _ method: MethodValue, objective: CostObjective, _ span: SourceSpan
  ) {
    self.machine = machine
    self.method = method
    name = method.name
    self.objective = objective
    self.span = span
  }

  func start(_ run: Run) -> any Iteration {
    do {
      let start = Buffer(uninitialized: run.dimension)
      start.pointer.update(from: run.x, count: run.dimension)
      let column = Value(Matrix(start, rows: run.dimension, columns: 1))
      let (function, _) = try machine.parts(of: method, at: .number(0), span)
      let state = try machine.apply(function, [column], spans: [span], at: span, calleeSpan: span)
      return try WrittenIteration(machine, method, state, run.dimension, objective, span)
    } catch {
      objective.failure = error
      return Failed()
    }
  }

  /// Stands for a method that could not start.
  private final class Failed: Iteration {
    func step(_ run: Run) -> Advance { .halted }
  }
}

/// The compiled step of one run.
private final class WrittenIteration: Iteration {
  private let traced: TracedFunction
  private let objective: CostObjective
  /// The state, leaf after leaf.
  private let state: Buffer
  private let next: Buffer
  /// The number of the step, and the value there of what is minimised.
  private let context = Buffer(count: 2)
  private let span: SourceSpan
  private var seed: Double
  private var rate: Double?
  /// Where in the state the field `answer` lies, if there is one.
  private var answerOffset: Int?

  init(
    _ machine: Machine, _ method: MethodValue, _ state: Value, _ dimension: Int,
    _ objective: CostObjective, _ span: SourceSpan
  ) throws {
    self.objective = objective
    self.span = span
    guard case .record(let record) = state else {
      throw Diagnostic(
        .error, "a method's `start` gives a record, its state, found \(state.kindDescription)",
        at: span)
    }
    var leaves = [
      Leaf(rows: dimension, columns: 1, name: "θ"), Leaf(rows: dimension, columns: 1, name: "g"),
      Leaf(rows: 1, columns: 1, name: "t"), Leaf(rows: 1, columns: 1, name: "f"),
    ]
    let given = leaves.count
    let template = Template.of(state, named: "s", &leaves, booleans: true)
    let parts = template.leaves(of: state) ?? []
    var numbers: [Double] = []
    for part in parts { numbers += part.numbers ?? [] }
    self.state = Buffer(numbers)
    next = Buffer(uninitialized: dimension)
    seed = Double(machine.random.draw % (1 << 20)) * 4_294_967_296
    traced = TracedFunction(machine, leaves: leaves, variableCount: 0, at: span) {
      [unowned machine] values in
      let result = try machine.step(
        method, [values[0], values[1], template.value { values[$0] }],
        StepContext(step: values[2], value: values[3]), span)
      guard case .record(let after) = result, let θ = after["θ"] else {
        throw Diagnostic(
          .error,
          "a method's `step` gives a record with `θ` and the new state, found "
            + result.kindDescription, at: span)
      }
      for name in record.names where after[name] == nil {
        throw Diagnostic(.error, "a method's `step` gives no new `\(name)`", at: span)
      }
      guard θ.size ?? (0, 0) == (dimension, 1), let kept = template.leaves(of: result) else {
        throw Diagnostic(
          .error, "a method's `step` changes the size of `θ` or of its state", at: span)
      }
      let rate = try machine.rate(of: method, at: values[2], span) ?? .number(.nan)
      return try machine.flattened(.list([θ] + kept + [rate]), span)
    }
    traced.pointers[2] = UnsafePointer(context.pointer)
    traced.pointers[3] = UnsafePointer(context.pointer + 1)
    var offset = 0
    for k in given..<leaves.count {
      traced.pointers[k] = UnsafePointer(self.state.pointer + offset)
      if leaves[k].name.hasSuffix(".answer"), leaves[k].count == dimension { answerOffset = offset }
      offset += leaves[k].count
    }
  }

  func step(_ run: Run) -> Advance {
    switch run.requireGradient() {
    case .stopped: return .halted
    case .notFinite: return .notFinite
    case .done: break
    }
    traced.pointers[0] = UnsafePointer(run.x)
    traced.pointers[1] = UnsafePointer(run.gradient)
    context[0] = Double(run.step)
    context[1] = run.value
    traced.draw = seed + Double(run.step)
    do {
      guard let executable = try traced.run(.value) else { return .halted }
      let flat = executable.output(0)
      let n = run.dimension
      guard executable.shape(0).count == n + state.count + 1 else {
        throw Diagnostic(
          .error, "a method's `step` changes the size of `θ` or of its state", at: span)
      }
      state.pointer.update(from: flat + n, count: state.count)
      next.pointer.update(from: flat, count: n)
      let used = flat[n + state.count]
      rate = used.isNaN ? nil : used
      run.accept(next.pointer)
      return .moved
    } catch {
      objective.failure = error
      return .halted
    }
  }

  func measures(_ run: Run) -> Measures { Measures(rate: rate) }

  func answer(_ run: Run) -> UnsafePointer<Double>? {
    answerOffset.map { UnsafePointer(state.pointer + $0) }
  }

  func archive(_ archive: Archive, _ run: Run) {
    archive.numbers("state", state.pointer, state.count)
    archive.number("seed", &seed)
    archive.optional("rate", &rate)
    objective.archive(archive)
  }
}
