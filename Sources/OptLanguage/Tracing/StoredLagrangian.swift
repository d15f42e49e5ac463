/// The derivatives of a constrained problem as stored elements.
import OptCalculus
import OptGraph
import OptNumerics

/// On one path: the derivatives of the rows, and the second ones of y + Σ λᵢcᵢ.
struct StoredLagrangian {
  /// Nil where there are no rows.
  let jacobian: SparseDerivatives?
  let hessian: SparseDerivatives
  /// λ, an input of the graph.
  let multipliers: Expression?

  /// Nil where there are too many elements. `y` is one number, `c` a column.
  init?(of y: Expression, rows c: Expression?, by variables: [Expression]) {
    guard let c else {
      guard let hessian = HessianPlan(of: y, by: variables).stored() else { return nil }
      (jacobian, multipliers, self.hessian) = (nil, nil, hessian)
      return
    }
    guard let jacobian = JacobianPlan(of: [c], by: variables).stored() else { return nil }
    let multipliers = c.graph.input(Input(name: "multipliers", role: .data, shape: c.shape))
    let lagrangian = y + (c * multipliers).reduceElements(.sum)
    guard let hessian = HessianPlan(of: lagrangian, by: variables).stored() else { return nil }
    (self.jacobian, self.multipliers, self.hessian) = (jacobian, multipliers, hessian)
  }
}
