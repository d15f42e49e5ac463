/// The short way to the value and gradient of a small cost.
import OptEngine
import OptNumerics

/// A cost whose value and gradient are one piece of machine code, without decisions to check and
/// without anything to look up. A call takes a few nanoseconds more than the code itself.
final class DirectCost {
  private let executable: Executable
  private let call: DirectCall
  /// Numbers of inputs, and where they begin at the point.
  private let inputs: UnsafeMutablePointer<(input: Int, offset: Int)>
  private let inputCount: Int
  private let value: UnsafePointer<Double>
  /// Where the elements of the gradient are found.
  private let elements: UnsafeMutablePointer<UnsafePointer<Double>>
  private let elementCount: Int

  /// The largest gradient that is brought together element by element.
  private static let largestCount = 64

  /// Nil if `executable`, which gives a value and one gradient a variable, is of another kind, or is
  /// not machine code yet. `offsets` and `counts` are those of the variables.
  init?(_ executable: Executable, offsets: [Int], counts: [Int]) {
    guard executable.guards.isEmpty, executable.implicit.isEmpty,
      let inputs = executable.directInputs, let call = executable.workspace.direct,
      counts.count == offsets.count, counts.reduce(0, +) <= Self.largestCount,
      // What is no variable is bound from elsewhere, and may move.
      inputs.allSatisfy({ $0.leaf < offsets.count })
    else { return nil }
    self.executable = executable
    self.call = call
    self.inputs = .allocate(capacity: inputs.count)
    inputCount = inputs.count
    for (k, (input, leaf)) in inputs.enumerated() { self.inputs[k] = (input, offsets[leaf]) }
    value = executable.output(0)
    elementCount = counts.reduce(0, +)
    elements = .allocate(capacity: elementCount)
    var next = 0
    for (k, count) in counts.enumerated() {
      for i in 0..<count {
        elements[next] = executable.output(1 + k) + i
        next += 1
      }
    }
  }

  deinit {
    inputs.deallocate()
    elements.deallocate()
  }

  /// The value at `x`, with the gradient at `gradient`, and whether that is finite.
  @inline(__always)
  func run(
    _ x: UnsafePointer<Double>, _ gradient: UnsafeMutablePointer<Double>
  ) -> (value: Double, isFinite: Bool) {
    for k in 0..<inputCount { call.bind(inputs[k].input, to: x + inputs[k].offset) }
    call.run()
    // x - x is 0 for finite numbers only.
    var test = 0.0
    for k in 0..<elementCount {
      let element = elements[k].pointee
      gradient[k] = element
      test += element - element
    }
    return (value.pointee, test == 0)
  }
}
