/// A cost for another thread: the compiled programs of one path with memory of their own.
import OptNumerics
import OptSolvers

/// Value and gradient, without the evaluator: nothing is traced, and no error can arise.
final class CostCopy: Objective {
  let layout: [Block]
  let bounds: Bounds?
  let offers: Ask = [.value, .gradient]
  // Only costs without constraints are copied.
  let constraints: [Constraint] = []
  let isQuadratic = false
  let residualCount = 0
  private let value: Executable
  private let gradient: Executable
  private let definitions: Int
  private let stop: Stop
  private let pointers: UnsafeMutablePointer<UnsafePointer<Double>>

  init(
    value: Executable, gradient: Executable, layout: [Block], bounds: Bounds?, definitions: Int,
    stop: Stop
  ) {
    self.value = value
    self.gradient = gradient
    self.layout = layout
    self.bounds = bounds
    self.definitions = definitions
    self.stop = stop
    pointers = .allocate(capacity: layout.count + 1)
  }

  deinit { pointers.deallocate() }

  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome {
    var place = x
    for (k, block) in layout.enumerated() {
      (pointers + k).initialize(to: place)
      place += block.count
    }
    guard ask.contains(.gradient), let target = answer.gradient else {
      guard value.run(UnsafePointer(pointers), definitions: definitions, draw: 0, into: nil, stop)
      else { return .stopped }
      answer.value = value.output(0).pointee
      return answer.value.isFinite ? .done : .notFinite
    }
    guard
      gradient.run(UnsafePointer(pointers), definitions: definitions, draw: 0, into: target, stop)
    else { return .stopped }
    answer.value = gradient.output(0).pointee
    var isFinite = answer.value.isFinite
    var offset = 0
    for (k, block) in layout.enumerated() {
      isFinite = gradient.copy(1 + k, to: target + offset, count: block.count) && isFinite
      offset += block.count
    }
    return isFinite ? .done : .notFinite
  }

  /// Told by the objective that this is a copy of.
  func culprit(at x: UnsafePointer<Double>) -> Fault? { nil }
}
