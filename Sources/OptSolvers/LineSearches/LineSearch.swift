/// What a line search is to the methods that use one, and the list of them.
import OptNumerics

/// Finds how far to go along a descent direction.
package protocol LineSearch: Sendable {
  /// The name in the language, e.g. `hager_zhang`.
  var name: String { get }
  /// For the report: the name with the constants in force.
  var label: String { get }
  /// Whether accepted steps satisfy sᵀy > 0, which keeps a quasi-Newton matrix positive definite.
  var bendsUpward: Bool { get }
  /// Searches from `run.x` along `direction`, whose slope is gᵀp < 0, with `first` as the first
  /// trial step. The accepted point is left in `run.trial`, its gradient in `gradient`. Nil if no
  /// step was acceptable; `run.halt` tells whether that is a refusal.
  func search(
    _ run: Run, along direction: UnsafePointer<Double>, slope: Double, first: Double,
    gradient: UnsafeMutablePointer<Double>
  ) -> (step: Double, value: Double)?
}

/// What the catalogue says about a line search.
package struct LineSearchEntry: CatalogueEntry {
  package var name: String
  package var summary: String
  package var help: String
  package var options: [OptionEntry]
  /// Makes the search from the options given; others keep their defaults.
  package var make: @Sendable (MethodOptions) -> any LineSearch
}

/// The line searches, in the order help shows them.
package enum LineSearchCatalogue {
  package static let entries: [LineSearchEntry] = [
    Backtracking.entry,
    StrongWolfe.entry,
    HagerZhang.entry,
  ]

  /// The option `search` of a method with the default `name`.
  static func option(_ name: String, among names: [String]? = nil) -> OptionEntry {
    OptionEntry(
      name: "search", defaultValue: name, doc: "line search",
      kind: .search(names ?? entries.map(\.name)))
  }
}

/// A step with value and slope there, on the line that is searched.
struct LineSample {
  var step: Double
  var value: Double
  var slope: Double
}

/// The line of one search: evaluates, counts the trials that are left.
struct SearchLine {
  let run: Run
  let direction: UnsafePointer<Double>
  let gradient: UnsafeMutablePointer<Double>
  let origin: LineSample
  /// The rounding error of the value, within which the slope decides alone.
  let slack: Double
  var left: Int

  init(
    _ run: Run, _ direction: UnsafePointer<Double>, _ slope: Double,
    _ gradient: UnsafeMutablePointer<Double>, trials: Int
  ) {
    self.run = run
    self.direction = direction
    self.gradient = gradient
    origin = LineSample(step: 0, value: run.value, slope: slope)
    slack = 4 * run.noise
    left = trials
  }

  /// Value and slope at `step`; nil if not finite or refused.
  mutating func sample(_ step: Double) -> LineSample? {
    left -= 1
    move(run.x, step, direction, into: run.trial, run.dimension)
    if let box = run.box {
      // Rounding must not lead out of the box.
      for index in 0..<run.dimension { run.trial[index] = box.clamp(run.trial[index], index) }
    }
    var answer = Answer()
    answer.gradient = gradient
    guard run.evaluate([.value, .gradient], at: run.trial, into: &answer) == .done else {
      return nil
    }
    let slope = dot(gradient, direction, run.dimension)
    return slope.isFinite ? LineSample(step: step, value: answer.value, slope: slope) : nil
  }
}
