/// Which method a run uses when none is named.
import OptNumerics

/// The largest number of variables for which a dense matrix is kept by default.
package let largestDenseDimension = 300

/// The largest number of variables for which the default method asks for a Hessian.
package let largestHessianDimension = 64

/// The method without `using`: bfgs for up to a few hundred variables, lbfgs beyond,
/// nelder_mead if no gradient is offered.
///
/// Where second derivatives are offered for few variables, bfgs has its claim checked by one exact
/// Hessian, and newton goes on where bfgs is stuck or the Hessian shows more to gain.
package func defaultMethod(for objective: any Objective) -> any Method {
  guard objective.offers.contains(.gradient) else { return NelderMead() }
  if !objective.constraints.isEmpty || objective.restrictions.contains(.bounds) { return SQP() }
  if objective.dimension > largestDenseDimension { return LBFGS() }
  if objective.offers.contains(.hessian), objective.dimension <= largestHessianDimension {
    return CheckedBFGS()
  }
  return BFGS()
}

/// bfgs that ends with a look at the exact Hessian.
struct CheckedBFGS: Method {
  var name: String { "bfgs" }
  var options: [MethodOption] {
    BFGS().options + [MethodOption(name: "check", value: "exact Hessian, newton if it objects")]
  }
  var needs: Ask { .gradient }
  var needsDeterministicCosts: Bool { true }

  func start(_ run: Run) -> any Iteration { State(run) }

  private final class State: Iteration {
    private let primary: any Iteration
    private var newton: NewtonIteration?
    private var isNewton = false
    /// Newton's measures at the current point, once it was asked there.
    private var checked: Measures?

    init(_ run: Run) { primary = BFGS().start(run) }

    private func secondary(_ run: Run) -> NewtonIteration {
      let newton = newton ?? NewtonIteration(run)
      self.newton = newton
      return newton
    }

    func step(_ run: Run) -> Advance {
      checked = nil
      return isNewton ? secondary(run).step(run) : primary.step(run)
    }

    func measures(_ run: Run) -> Measures {
      checked ?? (isNewton ? secondary(run).measures(run) : primary.measures(run))
    }

    func confirms(_ run: Run) -> Bool {
      let newton = secondary(run)
      if !isNewton { newton.restart(run) }
      let isConfirmed = newton.confirms(run)
      checked = newton.measures(run)
      if !isConfirmed, run.halt == nil, !isNewton {
        run.note("the Hessian shows more to gain; newton goes on")
        isNewton = true
      }
      return isConfirmed
    }

    func recover(_ run: Run) -> Bool {
      checked = nil
      isNewton.toggle()
      if isNewton {
        secondary(run).restart(run)
        run.note("bfgs got stuck; newton goes on")
      } else {
        primary.restart(run)
        run.note("newton got stuck; bfgs goes on")
      }
      return true
    }

    func restart(_ run: Run) {
      checked = nil
      primary.restart(run)
      newton?.restart(run)
    }
  }
}
