/// Why a run ended, each case with its sentence.

/// Why a run ended. Only `isSuccess` cases claim a minimum.
package enum StopReason: Sendable, Equatable {
  /// The gradient is below the tolerance, verified at the returned point.
  case gradientSmall
  /// The residuals are orthogonal to the derivatives of the model, to within the tolerance.
  case residualsOrthogonal
  /// The first-order conditions of a constrained minimum hold to within their tolerances, verified at
  /// the returned point.
  case conditionsHold
  /// No decrease larger than the rounding error of the objective is left.
  case precisionFloor
  /// The value is below the target the user named.
  case valueReached
  /// The variables changed by less than the user's tolerance.
  case changeSmall
  /// The simplex is small in the variables and in the value.
  case simplexSmall
  /// A condition of the user became true.
  case userCondition
  /// A global search is over.
  case searched(SearchEnd)
  case stepLimit(Int, isDefault: Bool)
  case evaluationLimit(Int)
  case timeLimit(Double)
  case interrupted
  case valueNotFinite(step: Int)
  case gradientNotFinite(step: Int)
  case lineSearchFailed
  case noProgress
  case unbounded
  /// No point near satisfies all constraints: their violation cannot be made smaller.
  case infeasible
  /// The method needs something that the objective does not offer, e.g. "a gradient".
  case notOffered(String)
  /// The method cannot keep to restrictions of the variables, e.g. "bounds".
  case notHonoured(String)
  /// The state of the run cannot be saved.
  case notSaved(String)
  /// What was saved does not belong to this run.
  case notResumed(String)

  /// One sentence for the report, without a full stop.
  package var sentence: String {
    switch self {
    case .gradientSmall: return "converged: the gradient is zero to within its tolerance"
    case .residualsOrthogonal:
      return "converged: the residuals are orthogonal to the model's derivatives"
    case .conditionsHold:
      return "converged: the optimality conditions hold to within their tolerances"
    case .precisionFloor:
      return "converged: at the precision floor, no decrease above rounding error is left"
    case .valueReached: return "the value reached its target"
    case .changeSmall: return "the change in one step fell below its tolerance"
    case .simplexSmall: return "converged: the simplex is small in the variables and in the value"
    case .userCondition: return "the stop condition became true"
    case .searched(let end): return end.sentence
    case .stepLimit(let limit, isDefault: false):
      return "made the \(counted(limit, "step")) asked for"
    case .stepLimit(let limit, isDefault: true):
      return "not converged within the default limit of \(counted(limit, "step"))"
    case .evaluationLimit(let limit): return "used the \(counted(limit, "evaluation")) allowed"
    case .timeLimit(let seconds): return "used the \(seconds) s allowed"
    case .interrupted: return "interrupted; the best point so far is kept"
    case .valueNotFinite(step: 0): return "the value at the start is not a finite number"
    case .valueNotFinite(let step):
      return "the value became infinite or NaN at step \(step); the best point so far is kept"
    case .gradientNotFinite(let step): return "the gradient is not finite at step \(step)"
    case .lineSearchFailed:
      return "not converged: no step along the search direction lowers the value"
    case .noProgress:
      return "not converged: no further progress, although the gradient is not small"
    case .infeasible: return "infeasible: the violation of the constraints cannot be made smaller"
    case .unbounded: return "the value falls without bound"
    case .notOffered(let what):
      return "the method needs \(what), which the objective does not offer"
    case .notHonoured(let what): return "the method cannot keep to \(what)"
    case .notSaved(let why): return "the run cannot be saved: \(why)"
    case .notResumed(let why): return "the run cannot be resumed: \(why)"
    }
  }

  /// The run claims a minimum, or reached what the user named as the goal.
  package var isSuccess: Bool {
    switch self {
    case .gradientSmall, .conditionsHold, .residualsOrthogonal, .precisionFloor, .valueReached,
      .changeSmall,
      .simplexSmall,
      .userCondition, .searched:
      return true
    default: return false
    }
  }

  /// The run claims a minimum.
  package var claimsMinimum: Bool {
    switch self {
    case .valueReached, .changeSmall, .userCondition: return false
    default: return isSuccess
    }
  }

  /// A limit that the user named: neither success nor failure.
  package var isLimitOfUser: Bool {
    switch self {
    case .stepLimit(_, let isDefault): return !isDefault
    case .evaluationLimit, .timeLimit: return true
    default: return false
    }
  }

  /// Ended unconverged for a reason that the user did not name.
  package var isFailure: Bool { !isSuccess && !isLimitOfUser && self != .interrupted }

  private func counted(_ count: Int, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
  }
}
