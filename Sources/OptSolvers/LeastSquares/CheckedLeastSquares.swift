/// What a fit uses when no method is named.
import OptNumerics

/// `levenberg_marquardt`, which ends with a look at the exact Hessian where that is offered for few
/// variables. Newton's method goes on where the linear model of the residuals converges slowly or is
/// stuck, as it does where the residuals at the minimum are large, and where the Hessian shows more to
/// gain. Residuals that vanish are a minimum without a further look.
package struct CheckedLeastSquares: Method {
  package init() {}

  package var name: String { "levenberg_marquardt" }
  package var options: [MethodOption] {
    LevenbergMarquardt().options + [
      MethodOption(
        name: "check", value: "exact Hessian, newton if it objects or steps converge slowly")
    ]
  }
  package var needs: Ask { [.residuals, .jacobian] }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run) }

  private final class State: Iteration {
    private let primary: LeastSquaresIteration
    private var newton: NewtonIteration?
    private var isNewton = false
    private let mayUseHessian: Bool
    private var startValue: Double
    private var lastDecrease = Double.infinity
    private var slowSteps = 0
    /// Slow steps before Newton's method takes over, and its steps since.
    private var patience = 6
    private var newtonSteps = 0
    private static let largestNewtonSteps = 25

    init(_ run: Run) {
      primary = LeastSquaresIteration(run, radius: LevenbergMarquardt().radius, isDamped: true)
      mayUseHessian =
        run.objective.offers.contains(.hessian) && run.dimension <= largestHessianDimension
        && run.box == nil
      startValue = run.value
    }

    private func secondary(_ run: Run) -> NewtonIteration {
      let newton = newton ?? NewtonIteration(run)
      self.newton = newton
      return newton
    }

    func step(_ run: Run) -> Advance {
      if isNewton {
        newtonSteps += 1
        if newtonSteps <= Self.largestNewtonSteps { return secondary(run).step(run) }
        // Not near enough to a minimum: back, and longer.
        isNewton = false
        patience *= 8
        slowSteps = 0
        primary.restart(run)
        run.note("newton does not converge either; levenberg_marquardt goes on")
      }
      if mayUseHessian, isSlow(run) {
        run.note("the linear model of the residuals converges slowly; newton goes on")
        isNewton = true
        newtonSteps = 1
        secondary(run).restart(run)
        return secondary(run).step(run)
      }
      return primary.step(run)
    }

    /// Whether what the linear model expects has been falling slowly for some steps, although it is
    /// little.
    private func isSlow(_ run: Run) -> Bool {
      let decrease = primary.decrease
      slowSteps = decrease > 0.2 * lastDecrease && decrease < 0.01 * run.value ? slowSteps + 1 : 0
      lastDecrease = decrease
      return slowSteps >= patience
    }

    func measures(_ run: Run) -> Measures {
      var measures = primary.measures(run)
      if isNewton, let newton {
        let exact = newton.measures(run)
        measures.expectedDecrease = exact.expectedDecrease ?? measures.expectedDecrease
        measures.rate = exact.rate
      }
      return measures
    }

    func confirms(_ run: Run) -> Bool {
      guard primary.confirms(run) else {
        isNewton = false
        return false
      }
      guard mayUseHessian, run.value > 1e-20 * startValue else { return true }
      let newton = secondary(run)
      if !isNewton { newton.restart(run) }
      let isConfirmed = newton.confirms(run)
      if !isConfirmed, run.halt == nil, !isNewton {
        run.note("the Hessian shows more to gain; newton goes on")
        isNewton = true
        newtonSteps = 0
      }
      return isConfirmed
    }

    func recover(_ run: Run) -> Bool {
      guard mayUseHessian else { return false }
      isNewton.toggle()
      newtonSteps = 0
      if isNewton { secondary(run).restart(run) } else { primary.restart(run) }
      run.note("\(isNewton ? "levenberg_marquardt" : "newton") got stuck; the other goes on")
      return true
    }

    func archive(_ archive: Archive, _ run: Run) {
      var hasNewton = newton != nil
      archive.flag("hasNewton", &hasNewton)
      archive.flag("isNewton", &isNewton)
      archive.number("startValue", &startValue)
      archive.number("lastDecrease", &lastDecrease)
      archive.count("slowSteps", &slowSteps)
      archive.count("patience", &patience)
      archive.count("newtonSteps", &newtonSteps)
      archive.scope("linear") { primary.archive(archive, run) }
      if hasNewton { archive.scope("newton") { secondary(run).archive(archive, run) } }
    }

    func restart(_ run: Run) {
      primary.restart(run)
      newton?.restart(run)
    }
  }
}
