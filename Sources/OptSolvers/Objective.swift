/// What a solver sees of a problem: numbers in, numbers out. Neither text nor graphs.
import OptNumerics

/// What can be asked of an objective in one evaluation.
package struct Ask: OptionSet, Sendable, Hashable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }
  /// Without the generic code of `OptionSet`: small costs are asked every few dozen nanoseconds.
  @inline(__always)
  package init(arrayLiteral asks: Ask...) {
    var bits: UInt16 = 0
    for ask in asks { bits |= ask.rawValue }
    rawValue = bits
  }
  package static let value = Ask(rawValue: 1)
  package static let gradient = Ask(rawValue: 2)
  /// Hessian times the vector `along`.
  package static let product = Ask(rawValue: 4)
  /// Dense Hessian, n×n row by row.
  package static let hessian = Ask(rawValue: 8)
  /// The residuals r whose sum of squares is the value.
  package static let residuals = Ask(rawValue: 16)
  /// The derivatives of the residuals, residualCount×n row by row.
  package static let jacobian = Ask(rawValue: 32)
  /// The rows c(x) of all constraints, in order.
  package static let constraints = Ask(rawValue: 64)
  /// Their derivatives, constraintCount×n row by row.
  package static let constraintJacobian = Ask(rawValue: 128)
  /// Hessian of f + Σ λᵢcᵢ, n×n row by row, for the constraintCount numbers λ in `along`.
  package static let lagrangian = Ask(rawValue: 256)
  /// Of `.constraintJacobian`, `.lagrangian` and `.hessian` only the elements that `sparsity` names, one
  /// after the other.
  package static let sparse = Ask(rawValue: 512)
}

/// Which derivatives may differ from 0.
package struct Sparsity: Sendable {
  /// Of the rows of all constraints.
  package let jacobian: SparsePattern
  /// Second ones of f + Σ λᵢcᵢ; symmetric.
  package let lagrangian: SparsePattern

  package init(jacobian: SparsePattern, lagrangian: SparsePattern) {
    self.jacobian = jacobian
    self.lagrangian = lagrangian
  }
}

/// How an evaluation ended.
package enum Outcome: Sendable, Equatable {
  case done
  /// A value or derivative asked for is NaN or infinite; `culprit` tells where it arose.
  case notFinite
  case stopped
}

/// Which sub-expression became NaN or infinite.
package struct Fault: Sendable, Equatable {
  /// The sub-expression as text, e.g. `log(b - 3)`.
  package var expression: String
  /// Operand values, e.g. `b - 3 = -0.02`.
  package var operands: [String]
  /// Its place in the program, rendered by whoever owns the text.
  package var place: String?
  package init(expression: String, operands: [String], place: String? = nil) {
    self.expression = expression
    self.operands = operands
    self.place = place
  }
}

/// A named variable's place in the flat parameter vector, row by row.
package struct Block: Sendable, Equatable {
  package var name: String
  package var rows: Int
  package var columns: Int
  package var count: Int { rows * columns }
  package init(name: String, rows: Int, columns: Int) {
    self.name = name
    self.rows = rows
    self.columns = columns
  }
}

/// Where an evaluation puts its results; only the pointers asked for are set.
package struct Answer {
  package var value: Double = .nan
  package var gradient: UnsafeMutablePointer<Double>?
  package var product: UnsafeMutablePointer<Double>?
  package var hessian: UnsafeMutablePointer<Double>?
  package var residuals: UnsafeMutablePointer<Double>?
  package var jacobian: UnsafeMutablePointer<Double>?
  package var constraints: UnsafeMutablePointer<Double>?
  package var constraintJacobian: UnsafeMutablePointer<Double>?
  package var lagrangian: UnsafeMutablePointer<Double>?
  package init() {}
}

/// A function to be minimised. One thread at a time.
///
/// What describes it has no defaults: an objective made of another one that forgot to pass the number
/// of residuals on, say, would have answers written past the end of their memory.
package protocol Objective: AnyObject {
  /// The variables in order; the counts add up to the dimension.
  var layout: [Block] { get }
  /// What it can answer.
  var offers: Ask { get }
  /// The box that the variables must stay in; nil if there is none.
  var bounds: Bounds? { get }
  /// What else restricts the variables; bounds are not repeated here.
  var constraints: [Constraint] { get }
  /// Whether the value is a quadratic function and all constraints are affine.
  var isQuadratic: Bool { get }
  /// Whether the value and the rows of all constraints are quadratic functions, or affine ones.
  var hasQuadraticLagrangian: Bool { get }
  /// Where derivatives are stored for `.sparse`; nil where it is not offered, as for few variables.
  var sparsity: Sparsity? { get }
  /// Number of residuals, if it offers them.
  var residualCount: Int { get }
  /// The same objective for use on another thread at the same time; nil if there can be none.
  func copy() -> (any Objective)?
  /// Evaluates at `x` (n numbers). `along` is the vector for `.product`, or the multipliers for
  /// `.lagrangian`.
  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome
  /// After `.notFinite`: the innermost sub-expression that is to blame at `x`.
  func culprit(at x: UnsafePointer<Double>) -> Fault?
}

extension Objective {
  /// Number of variables.
  package var dimension: Int { layout.reduce(0) { $0 + $1.count } }
}
