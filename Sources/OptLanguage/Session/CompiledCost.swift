/// Functions of a session as compiled code that Swift programs call.
import OptNumerics
import OptSolvers
import OptSyntax

/// A function of the language that gives one number, compiled with its gradient for arguments of
/// fixed sizes. Used by the thread that made it, while its session runs nothing else.
public final class CompiledCost {
  private let session: Session
  let objective: CostObjective
  private let start: [Double]
  /// How many numbers the arguments hold together.
  public let count: Int

  /// Compiles `function`, an expression such as `f`, for arguments of the sizes of the expressions
  /// `start`.
  ///
  /// - Throws: a `Diagnostic` when the texts are wrong or the function fails at the start.
  public init(_ session: Session, _ function: String, at start: [String]) throws {
    let machine = session.machine
    let callee = try session.evaluate(function)
    let arguments = try Arguments(try start.map { try session.evaluate($0) })
    let traced = TracedFunction(
      machine, leaves: arguments.leaves, variableCount: arguments.leaves.count, at: .none
    ) { inputs in
      try machine.apply(
        callee, arguments.values(inputs), spans: [], at: .none, calleeSpan: .none)
    }
    let numbers = arguments.numbers
    self.session = session
    count = numbers.count
    self.start = numbers
    objective = CostObjective(traced, machine)
    try LargeStack.run { [objective] in
      Result {
        machine.state.pointee.stackFloor = LargeStack.floor()
        try objective.prepare(numbers)
      }
    }.get()
    machine.state.pointee.stackFloor = LargeStack.floor()
  }

  /// The stop flag of the session.
  var stop: Stop { session.machine.stop }

  /// The value at `count` numbers; NaN where it cannot be computed.
  public func value(at x: UnsafePointer<Double>) -> Double {
    var answer = Answer()
    return evaluate(.value, x, &answer)
  }

  /// The value, and the gradient at `gradient`; NaN where they cannot be computed.
  public func value(
    at x: UnsafePointer<Double>, gradient: UnsafeMutablePointer<Double>
  ) -> Double {
    if let (value, _) = objective.callDirectly(x, gradient) { return value }
    var answer = Answer()
    answer.gradient = gradient
    return evaluate(Self.both, x, &answer)
  }

  /// Makes machine code for the value with its gradient now, and not when it has been computed often
  /// enough to pay; tells how long compiling took.
  @discardableResult
  public func compile() -> CompileTimes {
    guard !start.isEmpty else { return CompileTimes() }
    var answer = Answer()
    let gradient = Buffer(count: count)
    answer.gradient = gradient.pointer
    start.withUnsafeBufferPointer { start in
      if let start = start.baseAddress { _ = evaluate(Self.both, start, &answer) }
    }
    objective.traced.compiled(.valueAndGradient)?.compile()
    start.withUnsafeBufferPointer { start in
      // The second call finds the machine code.
      if let start = start.baseAddress { _ = evaluate(Self.both, start, &answer) }
    }
    return objective.traced.compileTimes(.valueAndGradient)
  }

  private static let both: Ask = [.value, .gradient]

  private func evaluate(
    _ ask: Ask, _ x: UnsafePointer<Double>, _ answer: inout Answer
  ) -> Double {
    objective.evaluate(ask, at: x, along: nil, into: &answer) == .stopped
      ? .nan : answer.value
  }
}
