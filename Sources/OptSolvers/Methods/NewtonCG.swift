/// The truncated Newton method: Hessian products instead of a Hessian.
import OptNumerics

/// Solves Newton's equations by conjugate gradients, only as far as it pays.
///
///     ∇²f p ≈ −∇f,  x ← x + αp
///
/// Each inner step costs one product of the Hessian with a vector, about two gradients; no matrix is
/// kept. Where the curvature is negative the step so far is taken. Choose it for many variables with
/// hard curvature. Nocedal & Wright 2006, Alg. 7.1.
package struct NewtonCG: Method {
  /// How the step length is found.
  package var search: any LineSearch

  package init(search: any LineSearch = StrongWolfe()) { self.search = search }

  package static let entry = MethodEntry(
    name: "newton_cg", summary: "Newton's steps from Hessian products; many variables",
    help: """
      Solves Newton's equations by conjugate gradients with products of the Hessian and a vector, only
      as far as it pays, and searches along the step.
      """,
    options: [LineSearchCatalogue.option("strong_wolfe")], needs: [.gradient, .product],
    make: { NewtonCG(search: $0.search("search") ?? StrongWolfe()) })

  package var name: String { "newton_cg" }
  package var options: [MethodOption] { [MethodOption(name: "search", value: search.label)] }
  package var needs: Ask { [.gradient, .product] }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run, search) }

  private final class State: Iteration {
    private let n: Int
    private let search: any LineSearch
    private let inner: TruncatedCG
    private let vectors: Buffer
    private let direction: UnsafeMutablePointer<Double>
    private let newGradient: UnsafeMutablePointer<Double>
    private var length = 0.0
    private var decrease: Double?

    init(_ run: Run, _ search: any LineSearch) {
      n = run.dimension
      self.search = search
      inner = TruncatedCG(dimension: n)
      vectors = Buffer(count: 2 * n)
      direction = vectors.pointer
      newGradient = direction + n
    }

    func step(_ run: Run) -> Advance {
      if run.requireGradient() != .done { return run.halt == nil ? .notFinite : .halted }
      let (end, predicted) = inner.solve(run, radius: .infinity, into: direction)
      if end == .halted { return .halted }
      decrease = end == .solved ? predicted : nil
      var slope = dot(run.gradient, direction, n)
      if !(slope < 0) || !slope.isFinite {
        for index in 0..<n { direction[index] = -run.gradient[index] }
        slope = -dot(run.gradient, run.gradient, n)
      }
      let isNewton = decrease != nil
      let first = isNewton ? 1 : 1 / max(1, euclideanNorm(direction, n))
      guard
        let found = search.search(
          run, along: direction, slope: slope, first: first, gradient: newGradient)
      else { return run.halt == nil ? .stuck(.lineSearch) : .halted }
      length = found.step
      run.accept(run.trial, value: found.value, gradient: newGradient)
      return .moved
    }

    func archive(_ archive: Archive, _ run: Run) {
      archive.number("length", &length)
      archive.optional("decrease", &decrease)
    }

    /// The decrease of the step just made is not what is left: only where the method got stuck is the
    /// model that of the current point.
    func measures(_ run: Run) -> Measures { Measures(rate: length) }
  }
}
