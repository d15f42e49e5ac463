/// One trace: the graph that grows while the evaluator runs a function on symbolic inputs.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

/// A decision that a traced path rests on: the program is right where the predicate has this value.
struct Guard {
  var predicate: Expression
  let expected: Buffer
  /// The place of the condition.
  let span: SourceSpan
}

/// Thrown where a mapped body cannot be traced once for all its turns; it is unrolled then.
struct CannotBatch: Error {
  let reason: String
  let span: SourceSpan
  init(_ reason: String, _ span: SourceSpan) {
    self.reason = reason
    self.span = span
  }
}

/// A condition under which lanes are alive.
enum Predicate {
  case known(LaneNumbers)
  case traced(Expression)
}

/// A call of a function that has a name.
struct NotedCall {
  let name: String
  /// The parameters' values when it was called.
  let arguments: [Value]
  let result: Expression
}

/// What one trace knows beside its graph.
final class Tracer {
  enum Purpose {
    /// To be compiled: known numbers are constants.
    case execution
    /// To be shown: every global name is an input that prints as itself.
    case display
  }

  let graph = Graph()
  let interpreter: Interpreter
  let purpose: Purpose
  /// Whether the inputs have values, so that conditions can be decided.
  let hasPoint: Bool
  var guards: [Guard] = []
  /// What the path read, with the versions it saw.
  private(set) var reads: [(cell: Cell, version: Int)] = []
  private var readCells: Set<ObjectIdentifier> = []
  /// Inputs that stand for global names, with the values they have now.
  private(set) var globals: [(cell: Cell, expression: Expression, isMask: Bool)] = []
  private var globalValues: [ObjectIdentifier: Value] = [:]
  /// Sizes of the open lane levels, outermost first.
  var levels: [Int32] = []
  /// Conditions under which what is traced now is alive.
  var predicates: [Predicate] = []
  /// Conditions that are traced as `select` though they could be decided.
  var merged: Set<SourceSpan> = []
  /// Conditions whose sides cannot be merged.
  var unmergeable: Set<SourceSpan> = []
  /// Conditions whose sides are being merged, outermost first.
  var merging: [SourceSpan] = []
  /// Loops whose bodies are being traced once for all turns, outermost first.
  var openLoops: [OpenLoop] = []
  /// Fewest turns for which a level is opened; shorter loops are unrolled.
  var fewestTurns = 5
  /// Comprehensions that could not be batched, with the reason.
  var unrolled: [ObjectIdentifier: CannotBatch] = [:]
  /// Places of nodes, by origin.
  private(set) var origins: [SourceSpan] = []
  /// Names without a meaning, which stand for values of their own; nil where they are errors.
  var symbols: [String: Expression]?
  /// Names without a meaning that are no numbers, and numbers that stand for their sizes.
  var openShapes: [String: OpenShape] = [:]
  /// Where the result, a column of numbers, belongs in the sparse matrix that it stands for.
  var pattern: SparsePattern?
  /// The parts whose squares make up the result, where it was made of them.
  var squares: SumOfSquares?
  /// The comparisons of `subject to` whose sides took a decision on this path.
  var decidedComparisons: Set<Int> = []
  /// Whether something was printed: then every evaluation is traced anew.
  var hasEffects = false
  /// Draws of random numbers so far.
  var draws = 0
  /// The input that carries the key of random draws, once needed.
  var randomKey: Expression?
  /// The value of the key at the point of the trace.
  var draw = 0.0
  /// Whether calls of named functions are noted: explanations say which function a step belongs to.
  var notesCalls = false
  /// The calls that were noted, inner ones first.
  private(set) var calls: [NotedCall] = []
  /// Whether global names are inputs that print as themselves.
  var namesGlobals: Bool

  /// Calls beyond this many are not noted.
  private static let mostCalls = 1000

  /// Most nodes that a function may have.
  static let largestGraph = 2_000_000
  /// The same for this trace.
  var largestGraph = Tracer.largestGraph
  /// Whether loops may be differentiated; where only their values are wanted, they keep no states and
  /// may read nothing whose place must be checked.
  var keepsStates = true

  init(_ purpose: Purpose, hasPoint: Bool) {
    self.purpose = purpose
    self.hasPoint = hasPoint
    namesGlobals = purpose == .display
    interpreter = Interpreter(graph)
  }

  /// A tracer for a formula: it has no point, and names without a meaning are symbols.
  static func ofFormula() -> Tracer {
    let tracer = Tracer(.display, hasPoint: false)
    tracer.symbols = [:]
    return tracer
  }

  /// New nodes belong to `span`.
  func mark(_ span: SourceSpan) {
    if origins.last != span { origins.append(span) }
    graph.currentOrigin = Int32(clamping: origins.count - 1)
  }

  /// Notes that the path depends on what a name means.
  func noteRead(_ cell: Cell) {
    guard readCells.insert(ObjectIdentifier(cell)).inserted else { return }
    reads.append((cell, cell.version))
  }

  /// Notes that a function of the language was called, and the node that it gave.
  func noteCall(_ name: String, _ arguments: [Value], _ result: Value) {
    guard case .traced(let numbers) = result, calls.count < Self.mostCalls else { return }
    calls.append(NotedCall(name: name, arguments: arguments, result: numbers.expression))
  }

  /// The input that stands for a global number or matrix.
  func input(for cell: Cell, _ matrix: Matrix) -> Value {
    if let known = globalValues[ObjectIdentifier(cell)] { return known }
    let expression = graph.input(Input(name: cell.name, role: .global, shape: matrix.shape))
    interpreter.bind(expression, matrix.buffer)
    globals.append((cell, expression, matrix.isMask))
    let value = Value.traced(TracedNumbers(expression, isMask: matrix.isMask))
    globalValues[ObjectIdentifier(cell)] = value
    return value
  }

  /// A new input for a name without a value, or with one of which only the size counts.
  func symbol(_ name: String, _ valued: (rows: Int, columns: Int)? = nil) -> Expression {
    let open = valued == nil ? openShapes[name] : nil
    let shape = Shape(
      rows: valued?.rows ?? open?.rows ?? 1, columns: valued?.columns ?? open?.columns ?? 1)
    var input = Input(name: name, role: .variable, shape: shape)
    if let open { input.isOpen = open.isOpen }
    return graph.input(input)
  }

  /// A known field of a global record, as an input that prints its path.
  func namedInput(_ name: String, _ matrix: Matrix) -> Value {
    let expression = graph.input(Input(name: name, role: .global, shape: matrix.shape))
    interpreter.bind(expression, matrix.buffer)
    return .traced(TracedNumbers(expression, isMask: matrix.isMask))
  }

  /// The lanes of all open levels.
  var laneShape: Shape { Shape(lanes: levels, rows: 1, columns: 1) }

  /// Which lanes of `shape` are alive as far as is known; nil when all are.
  func aliveLanes(_ shape: Shape) -> (mask: Buffer, isKnown: Bool)? {
    guard !predicates.isEmpty else { return nil }
    let mask = Buffer(count: shape.count, repeating: 1)
    var isKnown = true
    for predicate in predicates {
      switch predicate {
      case .traced: isKnown = false
      case .known(let numbers):
        guard numbers.shape.broadcast(with: shape) == shape else {
          isKnown = false
          continue
        }
        let spread = Broadcast.spread(numbers, shape)
        for k in 0..<shape.count where spread.pointer[k] == 0 { mask.pointer[k] = 0 }
      }
    }
    return (mask, isKnown)
  }
}

extension Machine {
  /// The graph being traced, its next nodes belonging to `span`.
  func place(_ span: SourceSpan) throws -> Graph {
    guard let tracer else {
      throw Diagnostic(.error, "a symbolic value was used outside of its function", at: span)
    }
    if tracer.graph.count > tracer.largestGraph {
      let reason = tracer.unrolled.values.first
      throw Diagnostic(
        .error, "the function unrolls to more than \(tracer.largestGraph) operations",
        at: reason?.span ?? span,
        notes: reason.map { ["the loop was unrolled: " + $0.reason] } ?? [])
    }
    if tracer.graph.count & 1023 == 0, stop.isRequested { throw Interrupted(span: span) }
    tracer.mark(span)
    return tracer.graph
  }

  /// The node that stands for numbers of any kind.
  func expression(_ value: Value, _ span: SourceSpan) throws -> Expression {
    let graph = try place(span)
    switch value {
    case .number(let x): return graph.number(x)
    case .boolean(let b): return graph.number(b ? 1 : 0)
    case .matrix(let m): return graph.array(m.buffer, m.shape)
    case .lanes(let l): return graph.array(l.buffer, l.shape)
    case .traced(let t):
      let expression = t.expression
      guard expression.graph === graph else {
        throw Diagnostic(
          .error, "a number that is being differentiated cannot be used in a run inside", at: span,
          help: "`minimize` and `solve` pass derivatives on; hand other things known numbers")
      }
      return expression
    default:
      throw Diagnostic(.error, "expected numbers, found \(value.kindDescription)", at: span)
    }
  }

  /// Reading a global name while tracing.
  func tracedRead(_ cell: Cell, _ span: SourceSpan) throws -> Value {
    let value = cell.isSet ? cell.value.pointee : try meaning(of: cell, span)
    guard let tracer else { return value }
    tracer.noteRead(cell)
    guard cell.isSet else { return value }
    let isInput = tracer.namesGlobals || cell.changesWhileTraced > 2
    guard isInput else { return value }
    switch value {
    case .number, .matrix:
      return value.matrix.map { tracer.input(for: cell, $0) } ?? value
    case .record(let record) where tracer.namesGlobals && record.report == nil:
      return named(record, cell.name, tracer)
    default: return value
    }
  }

  private func named(_ record: Record, _ name: String, _ tracer: Tracer) -> Value {
    let values = zip(record.names, record.values).map { field, value -> Value in
      switch value {
      case .number, .matrix:
        return value.matrix.map { tracer.namedInput("\(name).\(field)", $0) } ?? value
      case .record(let inner): return named(inner, "\(name).\(field)", tracer)
      default: return value
      }
    }
    return .record(Record(names: record.names, values: values))
  }
}
