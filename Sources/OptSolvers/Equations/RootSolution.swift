/// The result of a search for a root: the point, why the search ended, counts.
import OptNumerics

/// Why a search for a root ended. Only `isSuccess` cases claim one.
package enum RootReason: Sendable, Equatable {
  /// The residuals are zero to rounding, and the Jacobian has an inverse.
  case root
  /// The residuals are zero to rounding, but the Jacobian is singular: about half the digits count.
  case multipleRoot
  /// The residuals cannot be made smaller near the point.
  case noRoot
  /// The sides of one equation change places without meeting: a pole or a jump.
  case jump
  /// The residuals become smaller while the unknowns grow without bound.
  case escapes
  case stepLimit(Int, isDefault: Bool)
  case evaluationLimit(Int)
  case timeLimit(Double)
  case interrupted
  case notFinite(step: Int)

  /// One sentence for the report, without a full stop.
  package var sentence: String {
    switch self {
    case .root: "converged: no smaller step is left"
    case .multipleRoot:
      "converged slowly: the Jacobian is singular there, which leaves about half the digits"
    case .noRoot: "the equations cannot be met better near this point"
    case .jump: "the two sides change places at this point without meeting: a pole or a jump"
    case .escapes: "the residual becomes smaller only as the unknowns grow without bound"
    case .stepLimit(let limit, isDefault: false): "made the \(limit) steps asked for"
    case .stepLimit(let limit, isDefault: true): "not converged within \(limit) steps"
    case .evaluationLimit(let limit): "used the \(limit) evaluations allowed"
    case .timeLimit(let seconds): "used the \(seconds) s allowed"
    case .interrupted: "interrupted; the best point so far is kept"
    case .notFinite(step: 0): "a residual or its derivative is not finite at the start"
    case .notFinite(let step): "a residual or its derivative is not finite at step \(step)"
    }
  }

  package var isSuccess: Bool { self == .root || self == .multipleRoot }

  /// A limit that the user named: neither success nor failure.
  package var isLimitOfUser: Bool {
    switch self {
    case .stepLimit(_, let isDefault): !isDefault
    case .evaluationLimit, .timeLimit: true
    default: false
    }
  }

  /// Ended without a root for a reason that the user did not name.
  package var isFailure: Bool { !isSuccess && !isLimitOfUser && self != .interrupted }
}

/// What a search for a root returns.
package struct RootSolution: Sendable {
  /// The point with the smallest residuals seen last.
  package var x: [Double]
  /// The residuals there.
  package var residuals: [Double]
  package var reason: RootReason
  package var steps: Int
  /// Evaluations of the residuals, with or without Jacobian.
  package var evaluations: Int
  /// Evaluations of the Jacobian.
  package var jacobians: Int
  package var seconds: Double
  /// `newton`, or `newton, bracketing` where the root was enclosed.
  package var method: String
  /// The change of the unknowns that the Jacobian at `x` does not see, where it is singular.
  package var flat: [Double]?

  /// The largest residual.
  package var residual: Double { residuals.reduce(0) { $1.isNaN ? .nan : max($0, abs($1)) } }
}
