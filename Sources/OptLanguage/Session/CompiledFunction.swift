/// Functions of a session whose results are matrices, as compiled code that Swift programs call.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

/// A function of the language with numbers as its result, such as `hessian(f)`, compiled for
/// arguments of fixed sizes. Used by the thread that made it, while its session runs nothing else.
public final class CompiledFunction {
  /// The places of the elements of a sparse matrix: row `i` has the elements
  /// `starts[i]..<starts[i + 1]`, at the 0-based columns `columns`.
  public struct Places: Sendable {
    /// Where each row begins, and the number of elements.
    public let starts: [Int32]
    /// The column of each element, ascending in a row.
    public let columns: [Int32]
  }

  private let session: Session
  private let traced: TracedFunction
  private let offsets: [Int]
  /// How many numbers the arguments hold together.
  public let count: Int
  /// The size of the result.
  public private(set) var rows = 0
  /// The size of the result.
  public private(set) var columns = 0
  /// Where the numbers of the result belong; nil if they are all elements, row by row.
  public private(set) var places: Places?
  /// How many numbers the result has.
  public private(set) var resultCount = 0
  /// How long compiling took.
  public private(set) var times = CompileTimes()

  /// Compiles `function`, an expression such as `hessian(f)`, for arguments of the sizes of the
  /// expressions `start`.
  ///
  /// - Throws: a `Diagnostic` when the texts are wrong or the function fails at the start.
  public init(_ session: Session, _ function: String, at start: [String]) throws {
    let machine = session.machine
    let callee = try session.evaluate(function)
    let arguments = try Arguments(try start.map { try session.evaluate($0) })
    let traced = TracedFunction(
      machine, leaves: arguments.leaves, variableCount: arguments.leaves.count, at: .none
    ) { inputs in
      let values = arguments.values(inputs)
      if case .function(let function) = callee, case .derived(let derived) = function.kind {
        let result = try machine.inGraph(
          derived, values, [], [], [], .none, areInputs: true)
        return try machine.flattened(result, .none)
      }
      let result = try machine.apply(callee, values, spans: [], at: .none, calleeSpan: .none)
      return try machine.flattened(result, .none)
    }
    self.session = session
    self.traced = traced
    offsets = arguments.offsets
    count = arguments.numbers.count
    let numbers = arguments.numbers
    let executable = try LargeStack.run { [offsets] in
      Result {
        machine.state.pointee.stackFloor = LargeStack.floor()
        return try numbers.withUnsafeBufferPointer { numbers -> Executable? in
          guard let base = numbers.baseAddress else { return nil }
          for k in 0..<offsets.count { traced.pointers[k] = base + offsets[k] }
          return try traced.run(.value)
        }
      }
    }.get()
    machine.state.pointee.stackFloor = LargeStack.floor()
    guard let executable else { return }
    executable.compile()
    let shape = executable.shape(0)
    (rows, columns, resultCount) = (Int(shape.rows), Int(shape.columns), shape.count)
    if let pattern = executable.pattern {
      places = Places(starts: pattern.starts, columns: pattern.indices)
      (rows, columns) = (pattern.rows, pattern.columns)
    }
    times = traced.compileTimes(.value)
  }

  /// The numbers of the result at `count` numbers; valid until the next call. Nil when stopped, or
  /// when the function fails there.
  public func result(at x: UnsafePointer<Double>) -> UnsafePointer<Double>? {
    for k in 0..<offsets.count { traced.pointers[k] = x + offsets[k] }
    return try? traced.run(.value)?.output(0)
  }
}

/// Arguments of a fixed structure, and their numbers one after the other.
struct Arguments {
  let leaves: [Leaf]
  let offsets: [Int]
  let numbers: [Double]
  private let templates: [Template]

  /// - Throws: a `Diagnostic` when there are no numbers.
  init(_ values: [Value]) throws {
    var leaves: [Leaf] = []
    templates = values.enumerated().map { k, value in
      Template.of(value, named: "x\(k + 1)", &leaves)
    }
    numbers = zip(templates, values).flatMap { template, value in
      (template.leaves(of: value) ?? []).flatMap { $0.numbers ?? [] }
    }
    guard !numbers.isEmpty else {
      throw Diagnostic(.error, "a function is compiled for arguments with numbers", at: .none)
    }
    self.leaves = leaves
    var (offsets, total): ([Int], Int) = ([], 0)
    for leaf in leaves {
      offsets.append(total)
      total += leaf.count
    }
    self.offsets = offsets
  }

  /// The arguments made of `inputs`, one a leaf.
  func values(_ inputs: [Value]) -> [Value] { templates.map { $0.value { inputs[$0] } } }
}
