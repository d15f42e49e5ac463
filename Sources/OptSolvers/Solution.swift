/// The result of a run: best point, why it ended, criteria, counts, trace.
import OptNumerics

/// A stop criterion with its value at the end against its tolerance.
package struct Criterion: Sendable, Equatable {
  package var name: String
  package var value: Double
  package var tolerance: Double
  package var isMet: Bool
  package init(name: String, value: Double, tolerance: Double, isMet: Bool) {
    self.name = name
    self.value = value
    self.tolerance = tolerance
    self.isMet = isMet
  }
}

/// How often the objective was asked for what.
package struct Counts: Sendable, Equatable {
  /// Calls of the objective, whatever was asked.
  package var evaluations = 0
  package var values = 0
  package var gradients = 0
  package var hessians = 0
  package var products = 0
  package init() {}
}

/// A point with its value.
package struct Point: Sendable, Equatable {
  package var x: [Double]
  package var value: Double
  package var step: Int
  package init(x: [Double], value: Double, step: Int) {
    self.x = x
    self.value = value
    self.step = step
  }
}

/// What a run returns.
package struct Solution: Sendable {
  /// The best point seen.
  package var x: [Double]
  /// The value at `x`; NaN only if the start itself has none.
  package var value: Double
  /// The gradient at `x`, if the method used gradients.
  package var gradient: [Double]?
  /// ‖∇f‖∞ at `x` without what pushes against a bound, where `gradient` is known.
  package var gradientNorm: Double?
  /// What default tolerances are multiplied by, see `Run.unit`.
  package var unit = 1.0
  /// The step in which `x` was found.
  package var bestStep: Int
  /// Where the run ended; differs from `x` for methods that do not descend at every step.
  package var last: Point
  package var start: Point
  package var reason: StopReason
  package var steps: Int
  package var counts: Counts
  package var seconds: Double
  package var method: String
  package var options: [MethodOption]
  package var layout: [Block]
  package var criteria: [Criterion]
  /// The decrease that the model still expects at the end, ½gᵀH⁻¹g, if the method has a model.
  package var expectedDecrease: Double?
  package var trace: Trace
  /// The points of the steps row by row, start included; see `pathRows`.
  package var path: [Double]
  /// Rows of `path`: step 0, 1, …; at most 10 001, none if there are more than 50 variables.
  package var pathRows: Int
  /// `x` is what the method itself returns, such as an average of its iterates, not the best point.
  package var isAnswered = false
  /// What is to blame if a value or gradient is not finite.
  package var culprit: Fault?
  /// The largest violation of a constraint at `x`.
  package var violation = 0.0
  /// The rows of the constraints at `x`, and λ of the Lagrangian f + Σ λᵢcᵢ: not negative for c ≤ 0,
  /// not positive for c ≥ 0.
  package var rows: [Double] = []
  package var multipliers: [Double] = []
  /// The rows where the run ended; NaN where their derivatives are not finite.
  package var rowsAtEnd: [Double] = []
  /// ∇f + Σ λᵢ∇cᵢ at `x`: what bounds balance.
  package var slope: [Double]?
  /// Proved to be lower than at all other points that satisfy the restrictions.
  package var isGlobal = false
  /// What cannot hold at once, where the run found that.
  package var conflict: Conflict?
  /// The local minima that were found, if the method collects them.
  package var minima: Minima?
}
