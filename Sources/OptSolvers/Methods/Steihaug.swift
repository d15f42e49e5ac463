/// A trust region with truncated conjugate gradients.
import OptNumerics

/// Minimises the model within ‖p‖ ≤ Δ from products of the Hessian with vectors.
///
///     p ≈ argmin gᵀp + ½pᵀ∇²f p, ‖p‖ ≤ Δ, by conjugate gradients to the boundary at most
///
/// Goes on along directions of negative curvature, so that saddle points are left; keeps no matrix.
/// Choose it for many variables with hard curvature where newton_cg gets stuck. Steihaug 1983, SIAM
/// J. Numer. Anal. 20(3); Nocedal & Wright 2006, Alg. 4.1 and 7.2.
package struct Steihaug: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "steihaug", summary: "trust region from Hessian products; many variables",
    help: """
      Minimises the quadratic model within a trusted radius by conjugate gradients, with products of
      the Hessian and a vector; follows negative curvature to the boundary.
      """,
    options: [], needs: [.gradient, .product], make: { _ in Steihaug() })

  package var name: String { "steihaug" }
  package var options: [MethodOption] { [] }
  package var needs: Ask { [.gradient, .product] }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration {
    let inner = TruncatedCG(dimension: run.dimension)
    return RadiusIteration(run) { run, radius, step in
      let (end, decrease) = inner.solve(run, radius: radius, into: step)
      return end == .halted || end == .notFinite ? nil : decrease
    }
  }
}
