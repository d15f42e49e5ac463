/// Which method a run uses when none is named.

/// The largest number of variables for which a dense matrix is kept by default.
package let largestDenseDimension = 300

/// The method without `using`: bfgs for up to a few hundred variables, lbfgs beyond,
/// nelder_mead if no gradient is offered.
package func defaultMethod(for objective: any Objective) -> any Method {
  guard objective.offers.contains(.gradient) else { return NelderMead() }
  return objective.dimension <= largestDenseDimension ? BFGS() : LBFGS()
}
