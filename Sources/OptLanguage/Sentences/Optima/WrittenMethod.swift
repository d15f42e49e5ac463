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
  private let startFunction: Value
  private let stepFunction: Value
  private let objective: CostObjective
  private let span: SourceSpan

  init(
    _ machine: Machine, name: String, start: Value, step: Value, objective: CostObjective,
    _ span: SourceSpan
  ) {
    self.machine = machine
    self.name = name
    startFunction = start
    stepFunction = step
    self.objective = objective
    self.span = span
  }

  func start(_ run: Run) -> any Iteration {
    do {
      let start = Buffer(uninitialized: run.dimension)
      start.pointer.update(from: run.x, count: run.dimension)
      let column = Value(Matrix(start, rows: run.dimension, columns: 1))
      let state = try machine.apply(
        startFunction, [column], spans: [span], at: span, calleeSpan: span)
      return try WrittenIteration(machine, stepFunction, state, run.dimension, objective, span)
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
  private let span: SourceSpan

  init(
    _ machine: Machine, _ step: Value, _ state: Value, _ dimension: Int,
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
    ]
    let template = Template.of(state, named: "s", &leaves, booleans: true)
    let parts = template.leaves(of: state) ?? []
    var numbers: [Double] = []
    for part in parts { numbers += part.numbers ?? [] }
    self.state = Buffer(numbers)
    next = Buffer(uninitialized: dimension)
    let names = record.names
    traced = TracedFunction(machine, leaves: leaves, variableCount: 0, at: span) {
      [unowned machine] values in
      let result = try machine.apply(
        step, [values[0], values[1], template.value { values[$0] }], spans: [span, span, span],
        at: span, calleeSpan: span)
      guard case .record(let after) = result, let θ = after["θ"] else {
        throw Diagnostic(
          .error,
          "a method's `step` gives a record with `θ` and the new state, found "
            + result.kindDescription, at: span)
      }
      for name in names where after[name] == nil {
        throw Diagnostic(.error, "a method's `step` gives no new `\(name)`", at: span)
      }
      let rest = Value.record(
        Record(names: names, values: names.map { after[$0] ?? .nothing }))
      guard θ.size ?? (0, 0) == (dimension, 1), let kept = template.leaves(of: rest) else {
        throw Diagnostic(
          .error, "a method's `step` changes the size of `θ` or of its state", at: span)
      }
      return try machine.flattened(.list([θ] + kept), span)
    }
    traced.pointers[2] = UnsafePointer(self.state.pointer)
    var offset = 0
    for k in 2..<leaves.count {
      traced.pointers[k] = UnsafePointer(self.state.pointer + offset)
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
    do {
      guard let executable = try traced.run(.value) else { return .halted }
      let flat = executable.output(0)
      let n = run.dimension
      guard executable.shape(0).count == n + state.count else {
        throw Diagnostic(
          .error, "a method's `step` changes the size of `θ` or of its state", at: span)
      }
      state.pointer.update(from: flat + n, count: state.count)
      next.pointer.update(from: flat, count: n)
      run.accept(next.pointer)
      return .moved
    } catch {
      objective.failure = error
      return .halted
    }
  }
}
