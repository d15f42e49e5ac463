/// One path through a traced function, and what is compiled for it.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

/// One path through a function: a graph, and the decisions under which it is right.
final class TracedPath {
  let tracer: Tracer
  let inputs: [Expression]
  let result: Value
  /// What each constraint compares with 0.
  let constraints: [Value]
  /// The definitions counter when the reads were last found unchanged.
  var checkedAt: Int
  /// How long the trace took.
  let tracing: Duration
  /// Derivatives as stored elements, once they were asked for.
  var stored: StoredLagrangian?
  var executables: [Executable?] = Array(repeating: nil, count: Query.allCases.count)

  init(
    _ tracer: Tracer, _ inputs: [Expression], _ result: Value, constraints: [Value] = [],
    checkedAt: Int, tracing: Duration
  ) {
    self.tracing = tracing
    self.tracer = tracer
    self.inputs = inputs
    self.result = result
    self.constraints = constraints
    self.checkedAt = checkedAt
  }
}

/// A compiled query of one path.
final class Executable {
  let program: Program
  let workspace: Workspace
  /// Outputs before the guards.
  let resultCount: Int
  /// Inputs of the program that are flat inputs, and which.
  private let leaves: [(input: Int, leaf: Int)]
  let guards: [Guard]
  /// Optima and roots on the way.
  let implicit: [ImplicitFunction]
  /// Where the numbers of the first result belong, when it stands for a sparse matrix.
  let pattern: SparsePattern?
  /// The direction of a product, after the flat inputs.
  /// Results that may be written where the caller wants them, and how far from the first.
  private var placed: [(output: Int, offset: Int)] = []
  private let globals: [(input: Int, cell: Cell)]
  private var boundGlobals: [Matrix] = []
  private var boundAt = -1
  private let keyInput: Int?
  /// How long it took to build the derivatives.
  let differentiating: Duration
  private let key: Buffer

  init(
    _ path: TracedPath, _ outputs: [Expression], extraInputs: [Expression] = [],
    placedFrom: Int? = nil, differentiating: Duration, at span: SourceSpan
  ) throws {
    self.differentiating = differentiating
    let graph = path.tracer.graph
    guards = path.tracer.guards.filter { $0.predicate.constant == nil }
    resultCount = outputs.count
    pattern = path.tracer.pattern
    program = Program(graph, outputs: outputs + guards.map(\.predicate))
    implicit = program.hosts.compactMap { $0 as? ImplicitFunction }
    guard program.memoryCount <= Matrix.largestCount else {
      throw Diagnostic(
        .error,
        "this needs \(NumberFormat.short(Double(program.memoryCount) * 8e-9)) GB for values on "
          + "the way", at: span)
    }
    workspace = program.makeWorkspace()
    var offset = 0
    for k in (placedFrom ?? outputs.count)..<outputs.count {
      if program.placesOutput(k) { placed.append((k, offset)) }
      offset += outputs[k].shape.count
    }
    var places: [Int32: Int] = [:]
    for (k, input) in (path.inputs + extraInputs).enumerated() { places[input.index] = k }
    let used = program.isUsed
    leaves = graph.inputNodes.prefix(used.count).enumerated().compactMap { k, node in
      used[k] ? places[node].map { (k, $0) } : nil
    }
    var globals: [(input: Int, cell: Cell)] = []
    for (k, node) in graph.inputNodes.prefix(used.count).enumerated() where used[k] {
      if let entry = path.tracer.globals.first(where: { $0.expression.index == node }) {
        globals.append((k, entry.cell))
      }
    }
    self.globals = globals
    key = Buffer(count: 1)
    let keyNode = path.tracer.randomKey?.index
    keyInput = graph.inputNodes.prefix(used.count).firstIndex { $0 == keyNode }
    if let keyInput { workspace.bind(keyInput, to: UnsafePointer(key.pointer)) }
  }

  /// The same program with memory of its own.
  init(copying other: Executable) {
    program = other.program
    workspace = program.makeWorkspace()
    resultCount = other.resultCount
    leaves = other.leaves
    guards = other.guards
    implicit = other.implicit
    pattern = other.pattern
    placed = other.placed
    globals = other.globals
    keyInput = other.keyInput
    differentiating = other.differentiating
    key = Buffer(count: 1)
    if let keyInput { workspace.bind(keyInput, to: UnsafePointer(key.pointer)) }
  }

  /// Whether it took no decision and computes nothing outside of its program.
  var holdsEverywhere: Bool { guards.isEmpty && program.hosts.isEmpty }

  /// Runs with the flat inputs at `pointers`, and with the results of `placedFrom` on one after the
  /// other at `target` where that can be; false when it was stopped.
  func run(
    _ pointers: UnsafePointer<UnsafePointer<Double>>, definitions: Int, draw: Double,
    into target: UnsafeMutablePointer<Double>?, _ stop: Stop
  ) -> Bool {
    for k in 0..<placed.count {
      workspace.bindOutput(placed[k].output, to: target.map { $0 + placed[k].offset })
    }
    for k in 0..<leaves.count {
      workspace.bind(leaves[k].input, to: pointers[leaves[k].leaf])
    }
    if definitions != boundAt, !globals.isEmpty {
      boundGlobals = []
      for (input, cell) in globals {
        guard let matrix = cell.value.pointee.matrix else { continue }
        boundGlobals.append(matrix)
        workspace.bind(input, to: UnsafePointer(matrix.buffer.pointer))
      }
    }
    boundAt = definitions
    key[0] = draw
    return workspace.run(stop)
  }

  /// Inputs of the program that are flat inputs, and which; nil if there are others.
  var directInputs: [(input: Int, leaf: Int)]? {
    globals.isEmpty && keyInput == nil ? leaves : nil
  }

  /// Makes machine code now.
  func compile() { workspace.compile() }

  /// The index of the first guard that does not hold for the last run.
  var firstBrokenGuard: Int? {
    for (k, condition) in guards.enumerated() {
      let value = workspace.output(resultCount + k)
      for i in 0..<condition.expected.count
      where value[i] != condition.expected.pointer[i]
        && !(value[i].isNaN && condition.expected.pointer[i].isNaN)
      {
        return k
      }
    }
    return nil
  }

  func output(_ k: Int) -> UnsafePointer<Double> { workspace.output(k) }

  /// Puts output `k` at `target` if it is not there. Whether its `count` elements are finite.
  func copy(_ k: Int, to target: UnsafeMutablePointer<Double>, count: Int) -> Bool {
    let source = workspace.output(k)
    if count < 16 {
      // x - x is 0 for finite numbers only.
      var test = 0.0
      for i in 0..<count {
        target[i] = source[i]
        test += source[i] - source[i]
      }
      return test == 0
    }
    if source != UnsafePointer(target) {
      target.update(from: source, count: count)
    }
    return workspace.isFinite(k, count: count)
  }
  func shape(_ k: Int) -> Shape { program.outputShapes[k] }
}
