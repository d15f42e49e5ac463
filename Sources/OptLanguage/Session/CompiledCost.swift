/// Functions of a session as compiled code that Swift programs call.
import OptNumerics
import OptSolvers
import OptSyntax

/// A function of the language that gives one number, compiled with its gradient for arguments of
/// fixed sizes. Used by the thread that made it, while its session runs nothing else.
public final class CompiledCost {
  private let session: Session
  private let objective: CostObjective
  /// How many numbers the arguments hold together.
  public let count: Int

  /// Compiles `function`, an expression such as `f`, for arguments of the sizes of the expressions
  /// `start`.
  ///
  /// - Throws: a `Diagnostic` when the texts are wrong or the function fails at the start.
  public init(_ session: Session, _ function: String, at start: [String]) throws {
    let machine = session.machine
    let callee = try session.evaluate(function)
    let values = try start.map { try session.evaluate($0) }
    var leaves: [Leaf] = []
    let templates = values.enumerated().map { k, value in
      Template.of(value, named: "x\(k + 1)", &leaves)
    }
    let numbers = zip(templates, values).flatMap { template, value in
      (template.leaves(of: value) ?? []).flatMap { $0.numbers ?? [] }
    }
    let traced = TracedFunction(
      machine, leaves: leaves, variableCount: leaves.count, at: .none
    ) { inputs in
      try machine.apply(
        callee, templates.map { $0.value { inputs[$0] } }, spans: [], at: .none,
        calleeSpan: .none)
    }
    self.session = session
    count = numbers.count
    objective = CostObjective(traced, machine)
    try LargeStack.run { [objective] in
      Result {
        machine.state.pointee.stackFloor = LargeStack.floor()
        try objective.prepare(numbers)
      }
    }.get()
    machine.state.pointee.stackFloor = LargeStack.floor()
  }

  /// The value at `count` numbers; NaN where it cannot be computed.
  public func value(at x: UnsafePointer<Double>) -> Double {
    var answer = Answer()
    return evaluate(.value, x, &answer)
  }

  /// The value, and the gradient at `gradient`; NaN where they cannot be computed.
  public func value(
    at x: UnsafePointer<Double>, gradient: UnsafeMutablePointer<Double>
  ) -> Double {
    var answer = Answer()
    answer.gradient = gradient
    return evaluate(Self.both, x, &answer)
  }

  private static let both: Ask = [.value, .gradient]

  private func evaluate(
    _ ask: Ask, _ x: UnsafePointer<Double>, _ answer: inout Answer
  ) -> Double {
    objective.evaluate(ask, at: x, along: nil, into: &answer) == .stopped
      ? .nan : answer.value
  }
}
