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
    case .repeatedEigenvalue: "a repeated eigenvalue has no derivative by itself"
    case .repeatedEigenvector: "eigenvectors of a repeated eigenvalue have no derivative"
    case .repeatedSingularValue: "a repeated singular value has no derivative by itself"
    case .repeatedSingularVector: "singular vectors of a repeated value have no derivative"
    case .zeroSingularValue: "a singular value that is 0 has no derivative"
    case .zeroDeterminant: "beyond 3×3 only regular matrices have that of the determinant"
    case .dependentColumns: "columns are dependent"
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
