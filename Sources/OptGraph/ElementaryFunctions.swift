/// The one table of elementary functions: everything known about `tanh` is one row of it.

package enum ElementaryFunctions {
  /// All rows, by theme.
  package static let table: [ElementaryFunction] = [
    arithmetic, comparisons, piecewise, trigonometric, hyperbolic, exponential, special,
    activations,
  ].flatMap { $0 }

  private static let ids: [String: Int] = Dictionary(
    table.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// The row called `name`.
  package static func find(_ name: String) -> FunctionID? { ids[name].map(FunctionID.init(index:)) }

  /// A row that the code mentions by name. A test checks that all of them are there.
  static func required(_ name: String) -> FunctionID { FunctionID(index: ids[name] ?? 0) }
}
