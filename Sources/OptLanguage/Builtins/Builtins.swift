/// The table of what is always there: constants, functions, methods.
import OptGraph
import OptSolvers

package enum Builtins {
  /// All built-in functions that are not rows of the table of elementary functions.
  package static let list: [Builtin] = [
    derivatives, sums, extremes, norms, ordering, linearAlgebra, factorizations, sparse,
    construction,
    joining, sizes, random, texts, files, fits, globalMethods,
  ].flatMap { $0 }

  /// Functions by name, elementary ones included.
  nonisolated(unsafe) static let functions: [String: Function] = {
    var all: [String: Function] = [:]
    for (k, row) in ElementaryFunctions.table.enumerated() where !row.isOperator {
      all[row.name] = Function(
        .elementary(FunctionID(index: k)), isShared: true)
    }
    for builtin in list { all[builtin.name] = Function(.builtin(builtin), isShared: true) }
    return all
  }()

  nonisolated(unsafe) static let constants: [String: Value] = [
    "pi": .number(.pi), "π": .number(.pi), "e": .number(M_E_), "inf": .number(.infinity),
    "nan": .number(.nan),
  ]
  private static let M_E_ = 2.718281828459045

  nonisolated(unsafe) static let methods: [String: MethodValue] = Dictionary(
    MethodCatalogue.entries.map { ($0.name, MethodValue(.known($0, [:]), name: $0.name)) }
      + LineSearchCatalogue.entries.map {
        ($0.name, MethodValue(.search($0, [:]), name: $0.name))
      },
    uniquingKeysWith: { first, _ in first })
}
