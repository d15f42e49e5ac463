/// What constraints look like as functions of the variables: affine or not, and of how many.
import OptGraph
import OptNumerics

/// The elements of an array as functions of flattened inputs.
package struct RowStructure {
  /// What one element depends on.
  package enum Dependents: Equatable, Sendable {
    case nothing
    /// Only this one of the flattened inputs.
    case one(Int)
    case several
  }

  /// Whether the second derivatives are 0 whatever the inputs are, as far as the graph shows.
  package let isAffine: Bool
  /// One for each element.
  package let dependents: [Dependents]

  /// `rows` has no lanes. An array that is too large to be followed counts as one of `several`.
  package init(of rows: Expression, by inputs: [Expression]) {
    let graph = rows.graph
    let directions = inputs.map {
      graph.input(Input(name: "direction", role: .data, shape: $0.shape))
    }
    let slope = pushforward([rows], along: zip(inputs, directions).map { ($0, tangent: $1) })
    var dependence = Dependence(graph, on: inputs)
    isAffine = !slope.contains { dependence.holds(for: $0.index) }
    var sweep = SparsitySweep(graph, outputs: [rows], by: inputs)
    let isKnown = sweep.run()
    let sets = sweep.sets(rows.index)
    dependents = (0..<rows.shape.count).map { k in
      guard isKnown else { return .several }
      guard let members = sets?.members(of: k), let first = members.first else { return .nothing }
      return members.count == 1 ? .one(Int(first)) : .several
    }
  }

  /// Whether the third derivatives of `y`, one number, are 0 whatever the inputs are, as far as the
  /// graph shows.
  package static func isQuadratic(_ y: Expression, by inputs: [Expression]) -> Bool {
    let directions = inputs.map {
      y.graph.input(Input(name: "direction", role: .data, shape: $0.shape))
    }
    let products = hvp(of: y, by: inputs, along: directions)
    var dependence = Dependence(y.graph, on: inputs)
    return !products.contains { dependence.holds(for: $0.index) }
  }

  /// For rows that are affine in one variable each: r = r₀ + s·x. Both as arrays of the shape of
  /// `rows` that no longer depend on the inputs.
  package static func affine(
    _ rows: Expression, by inputs: [Expression]
  ) -> (constant: Expression, slope: Expression) {
    let graph = rows.graph
    let ones = inputs.map { ($0, tangent: graph.number(1).broadcast(to: $0.shape)) }
    let slope = pushforward([rows], along: ones)[0].broadcast(to: rows.shape)
    let zeros = inputs.map { ($0.index, graph.zeros($0.shape)) }
    let constant = graph.substitute([rows], Dictionary(uniqueKeysWithValues: zeros))[0]
    return (constant, slope)
  }
}
