/// Derivatives that do not exist are refused by name: NaN from a node that tells why. Replaying the
/// graph finds it.

/// Why there is no derivative.
package enum Refusal: UInt64, CaseIterable, Sendable {
  case repeatedEigenvalue = 1
  case repeatedEigenvector
  case repeatedSingularValue
  case repeatedSingularVector
  case zeroSingularValue
  case zeroDeterminant
  case dependentColumns

  /// The reason, as a clause.
  package var text: String {
    switch self {
    case .repeatedEigenvalue: "an eigenvalue that is repeated has no derivative by itself"
    case .repeatedEigenvector: "eigenvectors of a repeated eigenvalue have no derivative"
    case .repeatedSingularValue: "a singular value that is repeated has no derivative by itself"
    case .repeatedSingularVector: "singular vectors of a repeated value have no derivative"
    case .zeroSingularValue: "a singular value that is 0 has no derivative"
    case .zeroDeterminant: "the derivative of the determinant of a singular matrix is not available"
    case .dependentColumns: "the factors of dependent columns have no derivative"
    }
  }

  /// What could be done instead.
  package var help: String {
    switch self {
    case .repeatedEigenvalue, .repeatedEigenvector, .repeatedSingularValue,
      .repeatedSingularVector:
      "sums over all of them have a gradient; a small change of the matrix separates them"
    case .zeroSingularValue: "the sum of their squares is `norm(A)^2`, which has one"
    case .zeroDeterminant: "up to 3×3 there is one; `logdet` has none there"
    case .dependentColumns: "a small change of the matrix makes its columns independent"
    }
  }

  /// A NaN of its own, so that nodes with different reasons differ.
  private var bits: UInt64 { 0x7FF8_0000_5EF0_0000 | rawValue }

  /// NaN where `condition` holds, else `value`.
  package func refuse(where condition: Expression, _ value: Expression) -> Expression {
    value.graph.select(condition, value.graph.number(Double(bitPattern: bits)), value)
  }

  /// The reason that a node refuses with where its first operand is not 0.
  package init?(of node: Node, in graph: Graph) {
    guard node.operation == .select,
      let number = Expression(graph: graph, index: node.b).constant,
      let found = Self.allCases.first(where: { $0.bits == number.bitPattern })
    else { return nil }
    self = found
  }
}
