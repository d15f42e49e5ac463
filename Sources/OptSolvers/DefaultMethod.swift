/// Which method a run uses when none is named.
import OptNumerics

/// The largest number of variables for which a dense matrix is kept by default.
package let largestDenseDimension = 300

/// The largest number of variables for which the default method asks for a Hessian.
package let largestHessianDimension = 64

/// The largest Jacobian of residuals that the default method keeps.
private let largestJacobian = 10_000_000

/// A method with the reason why it was chosen.
package struct MethodChoice: Sendable {
  package var method: any Method
  /// A clause for the report: "chosen because …".
  package var reason: String
}

/// What the choice depends on.
struct ProblemClass {
  let count: Int
  let offers: Ask
  let isBounded: Bool
  let isConstrained: Bool
  /// Constraints and second derivatives as stored elements.
  let isSparse: Bool
  /// A sum of at least as many squares as there are variables, with a Jacobian that can be kept.
  let isSumOfSquares: Bool

  init(_ objective: any Objective) {
    count = objective.dimension
    offers = objective.offers
    isBounded = objective.restrictions.contains(.bounds)
    isConstrained = objective.restrictions.contains(.constraints)
    isSparse = isConstrained && objective.sparsity != nil
    let rows = objective.residualCount
    isSumOfSquares =
      offers.contains(.jacobian) && count <= largestDenseDimension && rows >= count
      && rows <= largestJacobian / max(count, 1)
  }

  /// Second derivatives are offered and cheap enough to be asked for.
  var hasHessian: Bool { offers.contains(.hessian) && count <= largestHessianDimension }
}

/// The classes of problems in the order in which they are tried.
private let rules:
  [(applies: @Sendable (ProblemClass) -> Bool, method: any Method, reason: String)] = [
    (
      { $0.isConstrained && $0.isSparse }, InteriorPoint(),
      "there are constraints, many variables and second derivatives"
    ),
    (
      { $0.isConstrained && $0.count > largestDenseDimension }, AugmentedLagrangian(),
      "there are constraints and more than \(largestDenseDimension) variables"
    ),
    ({ $0.isConstrained }, SQP(), "there are constraints"),
    ({ $0.isSumOfSquares }, CheckedLeastSquares(), "the cost is a sum of squares"),
    ({ $0.isBounded && $0.hasHessian }, TrustRegion(), "there are bounds and few variables"),
    ({ $0.isBounded }, LBFGSB(), "there are bounds"),
    ({ !$0.offers.contains(.gradient) }, NelderMead(), "there is no gradient"),
    ({ $0.hasHessian }, TrustRegion(), "there are few variables and second derivatives"),
    (
      { $0.count <= largestDenseDimension }, BFGS(),
      "there are at most \(largestDenseDimension) variables"
    ),
    ({ _ in true }, LBFGS(), "there are more than \(largestDenseDimension) variables"),
  ]

/// The method without `using`, and why.
package func choice(for objective: any Objective) -> MethodChoice {
  let problem = ProblemClass(objective)
  for rule in rules where rule.applies(problem) {
    return MethodChoice(method: rule.method, reason: "chosen because \(rule.reason)")
  }
  return MethodChoice(method: LBFGS(), reason: "chosen because nothing else fits")
}

/// The method without `using`.
package func defaultMethod(for objective: any Objective) -> any Method {
  choice(for: objective).method
}
