/// When a run is to end: the defaults, or what the user named after `until`.

/// Where a run stands after a step; what progress callbacks and user conditions see.
package struct StepInfo {
  package var step: Int
  package var value: Double
  /// ‖∇f‖∞, NaN if no gradient is known.
  package var gradientNorm: Double
  /// Largest change of a variable in this step, relative to max(1, its largest magnitude).
  package var change: Double
  package var evaluations: Int
  package var seconds: Double
  package var bestValue: Double
  /// The current point, valid during the call only.
  package var x: UnsafePointer<Double>
  package var dimension: Int
}

/// The conditions that end a run. A field that is nil is not tested.
package struct Stops {
  /// At most this many steps.
  package var steps: Int?
  /// At most this many evaluations of the objective, with or without derivatives.
  package var evaluations: Int?
  package var seconds: Double?
  /// ‖∇f‖∞ below this.
  package var gradient: Double?
  /// The value below this.
  package var value: Double?
  /// Largest change of a variable in one step, relative to max(1, |x|), below this.
  package var change: Double?
  /// The relative offset of a least squares problem below this; see `Measures.offset`.
  package var offset: Double?
  /// Passes over the data. Whoever feeds the batches counts them and names `steps` or a condition
  /// to match; the driver only takes the objective as one that changes from step to step.
  package var epochs: Int?
  package var condition: ((StepInfo) -> Bool)?
  /// Whether the defaults are in force: then a claim of convergence also needs a small expected
  /// decrease and the method's own confirmation.
  package private(set) var isDefault: Bool

  /// Only what is named; an empty set of stops leaves the default step limit in force.
  package init(
    steps: Int? = nil, evaluations: Int? = nil, seconds: Double? = nil, gradient: Double? = nil,
    value: Double? = nil, change: Double? = nil, epochs: Int? = nil,
    condition: ((StepInfo) -> Bool)? = nil
  ) {
    self.steps = steps
    self.evaluations = evaluations
    self.seconds = seconds
    self.gradient = gradient
    self.value = value
    self.change = change
    self.epochs = epochs
    self.condition = condition
    isDefault = false
  }

  /// The stops without `until`: gradient below 1e-8, verified, or at the precision floor.
  package static var standard: Stops {
    var stops = Stops(gradient: 1e-8)
    stops.isDefault = true
    return stops
  }

  /// The stops of a fit without `until`: the residuals are orthogonal to the derivatives of the model,
  /// which does not depend on units, or at the precision floor.
  package static var fit: Stops {
    var stops = Stops()
    stops.offset = 1e-9
    stops.isDefault = true
    return stops
  }

  /// The step limit where the user named no budget.
  package static let defaultSteps = 100_000

  /// A budget was named, so the default step limit is not in force.
  package var namesBudget: Bool {
    steps != nil || evaluations != nil || seconds != nil
  }
}
