/// Costs that are sums of squares: what least squares methods work on.
import OptCalculus
import OptGraph

/// The parts rᵢ of a cost Σ rᵢ², or of Σ ρ(rᵢ²) with a loss ρ that grows more slowly.
struct SumOfSquares {
  /// A column of m numbers.
  var residuals: Expression
  /// √ρ′ for each of them; nil where the loss is the square itself.
  var roots: Expression?

  /// What the solvers take for residuals: their squares with the slopes that ρ has now, so that twice
  /// their product with the Jacobian is the gradient of the cost.
  var values: [Expression] { [roots.map { $0 * residuals } ?? residuals] }

  /// These and their derivatives, in which the slopes are held fixed.
  func valuesAndJacobian(_ variables: [Expression]) -> [Expression] {
    let matrix = jacobian(of: [residuals], by: variables)
    return values + [roots.map { $0 * matrix } ?? matrix]
  }
}

extension TracedPath {
  /// The parts of the result `y` of this path, if it is a sum of squares.
  func squares(of y: Expression) -> SumOfSquares? {
    if tracer.squares == nil { tracer.squares = SumOfSquares(recognizing: y) }
    return tracer.squares
  }
}
