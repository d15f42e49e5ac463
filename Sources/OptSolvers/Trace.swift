/// The record of a run: one row per step, thinned out when it grows long.

/// One row per step. Beyond `capacity` rows every other row is dropped and recording continues at
/// half the density, so that memory stays bounded.
package struct Trace: Sendable {
  package private(set) var steps: [Int] = []
  package private(set) var values: [Double] = []
  /// ‖∇f‖∞; NaN for methods without gradients.
  package private(set) var gradientNorms: [Double] = []
  /// Largest change of a variable in the step.
  package private(set) var stepSizes: [Double] = []
  /// The method's step length or learning rate; NaN if it has none.
  package private(set) var rates: [Double] = []
  /// What happened beside the steps, e.g. a change of method.
  package private(set) var events: [(step: Int, what: String)] = []
  /// Every how many steps a row is kept.
  package private(set) var stride = 1

  private static let capacity = 100_000
  private static let eventCapacity = 1000

  package init() {}

  package var rowCount: Int { steps.count }

  /// The columns by name, for tables and plots.
  package var columns: [(name: String, values: [Double])] {
    [
      ("step", steps.map(Double.init)), ("value", values), ("gradient", gradientNorms),
      ("change", stepSizes), ("rate", rates),
    ]
  }

  mutating func append(
    step: Int, value: Double, gradientNorm: Double, stepSize: Double, rate: Double
  ) {
    if stride > 1, step % stride != 0 { return }
    if steps.count >= Self.capacity {
      thin()
      if step % stride != 0 { return }
    }
    steps.append(step)
    values.append(value)
    gradientNorms.append(gradientNorm)
    stepSizes.append(stepSize)
    rates.append(rate)
  }

  /// The rows up to a step, that step included.
  func until(_ step: Int) -> Trace {
    var result = self
    let count = steps.firstIndex { $0 > step } ?? steps.count
    result.steps = Array(steps.prefix(count))
    result.values = Array(values.prefix(count))
    result.gradientNorms = Array(gradientNorms.prefix(count))
    result.stepSizes = Array(stepSizes.prefix(count))
    result.rates = Array(rates.prefix(count))
    return result
  }

  /// The rows, without the events.
  mutating func archive(_ archive: Archive) {
    var numbers = steps.map(Double.init)
    archive.list("steps", &numbers)
    steps = numbers.compactMap { Int(exactly: $0) }
    archive.list("values", &values)
    archive.list("gradients", &gradientNorms)
    archive.list("changes", &stepSizes)
    archive.list("rates", &rates)
    archive.count("stride", &stride)
    let counts = [values.count, gradientNorms.count, stepSizes.count, rates.count]
    if stride < 1 || counts.contains(where: { $0 != steps.count }) {
      archive.fail("its trace is damaged")
      self = Trace()
    }
  }

  mutating func note(_ what: String, step: Int) {
    if events.count < Self.eventCapacity { events.append((step, what)) }
  }

  private mutating func thin() {
    stride *= 2
    let kept = steps.indices.filter { steps[$0] % stride == 0 }
    values = kept.map { values[$0] }
    gradientNorms = kept.map { gradientNorms[$0] }
    stepSizes = kept.map { stepSizes[$0] }
    rates = kept.map { rates[$0] }
    steps = kept.map { steps[$0] }
  }
}
