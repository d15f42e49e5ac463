/// The one table of elementary functions: everything known about `tanh` is one row here.

package enum ElementaryFunctions {
  /// All rows. (Being filled.)
  package static let table: [ElementaryFunction] = [
    .init(
      name: "add", summary: "Sum.", latex: "+", parameters: ["a", "b"], domain: [-3...3, -3...3],
      evaluate: .binary({ $0 + $1 }),
      partials: { x, _ in [x[0].graph.number(1), x[0].graph.number(1)] }, example: "1 + 2 == 3",
      isOperator: true)
  ]

  private static let ids: [String: Int] = Dictionary(
    uniqueKeysWithValues: table.enumerated().map { ($1.name, $0) })

  /// The row called `name`.
  package static func find(_ name: String) -> FunctionID? { ids[name].map(FunctionID.init(index:)) }

  /// A row that the graph cannot do without.
  static func required(_ name: String) -> FunctionID { FunctionID(index: ids[name] ?? 0) }
}
