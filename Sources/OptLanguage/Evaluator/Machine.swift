/// The evaluator's machine: the stack of frames, the state of jumps, the tracer, the global names.
import OptGraph
import OptNumerics
import OptSyntax

/// Slots of one call: parameters, captured values, local variables.
package typealias Frame = UnsafeMutablePointer<Value>

/// A compiled expression or statement.
///
/// Programs are trees of closures: 40 ns for an iteration of a scalar loop, and structured, so that
/// the tracer can run both sides of a condition and the body of a map once.
package typealias Code = (Frame) throws -> Value

/// How a statement left its block.
enum Jump { case none, breakLoop, continueLoop, returnValue }

/// Plain state behind one pointer, so that reading it costs no exclusivity checks.
struct MachineState {
  var jump = Jump.none
  var returned = Value.nothing
  /// First free slot of the stack.
  var top: Frame
  let limit: Frame
  var depth = 0
  var isTracing = false
  /// Counts definitions: while it stands still, compiled paths need no check of what they read.
  var definitions = 0
  /// Where the native stack should not reach; 0 where that is not known.
  var stackFloor: UInt = 0
}

/// Runs programs. One thread at a time.
package final class Machine {
  let state: UnsafeMutablePointer<MachineState>
  private let stack: Frame
  private static let stackSize = 1 << 20
  /// Deepest nesting of calls.
  static let maximumDepth = 10_000

  /// Raised by Ctrl-C and by the time limit.
  package let stop = Stop()
  /// The time limit of the text that runs.
  var alarm: Alarm?
  /// The user's names and those of the library.
  let user: Namespace
  let library: Namespace

  /// What every draw gives instead of random numbers, as a share of a uniform distribution's width.
  var drawnShare: Double?

  /// The trace that is being made; nil while numbers are computed.
  var tracer: Tracer? {
    didSet { state.pointee.isTracing = tracer != nil }
  }

  /// Programs compiled for derivatives of built-in functions.
  var sharedFunctionCalls: [ObjectIdentifier: CompiledCalls] = [:]

  /// The step that a method written in the language is making, for methods made of others.
  var stepContext: StepContext?

  /// The trace that goes on after what is computed now outside of it.
  var suspended: Tracer?

  var random: RandomState
  /// Where `print`, warnings and progress go.
  var output: (SessionEvent) -> Void
  var options: SessionOptions
  /// Folders of the files that are running, innermost last.
  var folders: [String] = []
  /// Files loaded by `use`, by path.
  var usedFiles: Set<String> = []
  /// Whether a sentence ended without having converged.
  var sawUnconverged = false

  init(options: SessionOptions, output: @escaping (SessionEvent) -> Void) {
    self.options = options
    self.output = output
    stack = .allocate(capacity: Self.stackSize)
    state = .allocate(capacity: 1)
    state.initialize(to: MachineState(top: stack, limit: stack + Self.stackSize))
    random = RandomState(seed: options.seed)
    library = Namespace(parent: nil)
    user = Namespace(parent: library)
  }

  /// Long chains of values are freed recursively, which needs the room that made them.
  deinit {
    let (user, library) = (user, library)
    LargeStack.run {
      user.removeAll()
      library.removeAll()
    }
    state.deinitialize(count: 1)
    state.deallocate()
    stack.deallocate()
  }

  // MARK: Frames

  /// Takes `count` slots from the stack, all unset.
  @inline(__always)
  func enter(_ count: Int, _ span: @autoclosure () -> SourceSpan) throws -> Frame {
    let frame = state.pointee.top
    let end = frame + count
    if state.pointee.depth >= Self.maximumDepth || end > state.pointee.limit
      || LargeStack.isAlmostUsed(state.pointee.stackFloor)
    {
      throw Diagnostic(
        .error,
        state.pointee.depth >= Self.maximumDepth
          ? "functions call each other more than \(Self.maximumDepth) levels deep"
          : "functions call each other too deep for the memory of a call", at: span(),
        help: "a recursion needs a case that ends it")
    }
    frame.initialize(repeating: .unset, count: count)
    state.pointee.top = end
    state.pointee.depth += 1
    return frame
  }

  @inline(__always)
  func leave(_ frame: Frame, _ count: Int) {
    frame.deinitialize(count: count)
    state.pointee.top = frame
    state.pointee.depth -= 1
  }

  /// Called once an iteration of every loop. One iteration may take long, so each one looks at the
  /// flag, which is a plain load.
  @inline(__always)
  func tick(_ span: SourceSpan) throws {
    if stop.isRequested { throw Interrupted(span: span) }
  }

  /// Called at every call of a function.
  @inline(__always)
  func poll(_ span: SourceSpan) throws {
    if stop.isRequested { throw Interrupted(span: span) }
  }
}

/// Thrown when the stop flag is raised.
struct Interrupted: Error {
  let span: SourceSpan
}

/// Where random numbers come from: a key and the number of the next draw.
struct RandomState {
  var seed: UInt64
  var draw: UInt64 = 0

  /// Seed and draw in one number, for functions that draw their own random numbers: whole, below
  /// 2⁵², and different from one draw to the next.
  var key: Double {
    let block = Random.philox(
      counter: (
        UInt32(truncatingIfNeeded: draw), UInt32(truncatingIfNeeded: draw >> 32), 0, 0x6B65_7973
      ), key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    return Double((UInt64(block.0) << 32 | UInt64(block.1)) >> 12)
  }
}
