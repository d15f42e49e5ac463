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
  /// The definitions counter when the reads were last found unchanged.
  var checkedAt: Int
  var executables: [Executable?] = Array(repeating: nil, count: Query.allCases.count)

  init(_ tracer: Tracer, _ inputs: [Expression], _ result: Value, checkedAt: Int) {
    self.tracer = tracer
    self.inputs = inputs
    self.result = result
    self.checkedAt = checkedAt
  }
}

/// A compiled query of one path.
final class Executable {
  let program: Program
  let workspace: Workspace
  /// Outputs before the guards.
  let resultCount: Int
  /// Which flat input each input of the program is; nil for globals and unused ones.
  let leaves: [Int?]
  let guards: [Guard]
  /// Optima and roots on the way.
  let implicit: [ImplicitFunction]
  /// Where the numbers of the first result belong, when it stands for a sparse matrix.
  let pattern: SparsePattern?
  /// The direction of a product, after the flat inputs.
  private let globals: [(input: Int, cell: Cell)]
  private var boundGlobals: [Matrix] = []
  private var boundAt = -1
  private let keyInput: Int?
  private let key: Buffer

  init(
    _ path: TracedPath, _ outputs: [Expression], extraInputs: [Expression] = [],
    at span: SourceSpan
  ) throws {
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
    var places: [Int32: Int] = [:]
    for (k, input) in (path.inputs + extraInputs).enumerated() { places[input.index] = k }
    let used = program.isUsed
    leaves = graph.inputNodes.prefix(used.count).enumerated().map { k, node in
      used[k] ? places[node] : nil
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

  /// Runs with the flat inputs at `pointers`; false when it was stopped.
  func run(
    _ pointers: UnsafePointer<UnsafePointer<Double>>, definitions: Int, draw: Double,
    _ stop: Stop
  ) -> Bool {
    for k in 0..<leaves.count {
      if let leaf = leaves[k] { workspace.bind(k, to: pointers[leaf]) }
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
  func shape(_ k: Int) -> Shape { program.outputShapes[k] }
}
