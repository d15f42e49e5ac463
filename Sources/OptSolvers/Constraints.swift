/// What restricts the variables of a problem: a box and constraints, as the solvers see them.

/// A box for the variables, ±∞ where there is none. Methods that offer bounds never ask for a value
/// outside of it.
package struct Bounds: Sendable, Equatable {
  /// One number a variable, at most `upper`.
  package var lower: [Double]
  package var upper: [Double]

  package init(lower: [Double], upper: [Double]) {
    self.lower = lower
    self.upper = upper
  }

  /// No bounds for `count` variables.
  package static func none(_ count: Int) -> Bounds {
    Bounds(
      lower: Array(repeating: -.infinity, count: count),
      upper: Array(repeating: .infinity, count: count))
  }

  /// Whether any variable has a bound.
  package var isBounding: Bool {
    lower.contains { $0 > -.infinity } || upper.contains { $0 < .infinity }
  }
}

/// The bounds of a run, as methods read them in their loops.
package struct Box {
  package let lower: UnsafePointer<Double>
  package let upper: UnsafePointer<Double>

  /// The nearest number within the bounds of variable `index`; NaN stays NaN.
  @inline(__always)
  package func clamp(_ value: Double, _ index: Int) -> Double {
    value < lower[index] ? lower[index] : value > upper[index] ? upper[index] : value
  }

  /// Whether variable `index` is at a bound and a descent step would cross it, or cannot move.
  @inline(__always)
  package func holds(_ value: Double, _ slope: Double, _ index: Int) -> Bool {
    slope > 0 && value <= lower[index] || slope < 0 && value >= upper[index]
      || lower[index] == upper[index]
  }
}

/// One constraint as it was written: `count` rows lower ≤ c(x) ≤ upper, where c is the left side
/// minus the right side. An equation has lower = upper = 0.
package struct Constraint: Sendable, Equatable {
  /// The source text, e.g. `x^2 + y^2 <= 1`.
  package var label: String
  package var count: Int
  /// 0 or −∞, the same for all rows.
  package var lower: Double
  /// 0 or ∞.
  package var upper: Double
  /// All rows are affine functions of the variables.
  package var isLinear: Bool

  package init(label: String, count: Int, lower: Double, upper: Double, isLinear: Bool) {
    self.label = label
    self.count = count
    self.lower = lower
    self.upper = upper
    self.isLinear = isLinear
  }

  package var isEquation: Bool { lower == upper }
}

extension Objective {
  package var sparsity: Sparsity? { nil }
  package var hasQuadraticLagrangian: Bool { isQuadratic }
  package func copy() -> (any Objective)? { nil }

  /// The restrictions that a method must honour here.
  package var restrictions: Restrictions {
    var all: Restrictions = []
    if let bounds, bounds.isBounding { all.insert(.bounds) }
    if !constraints.isEmpty { all.insert(.constraints) }
    return all
  }

  /// Rows of all constraints together.
  package var constraintCount: Int { constraints.reduce(0) { $0 + $1.count } }
}
