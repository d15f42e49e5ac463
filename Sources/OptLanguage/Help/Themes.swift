/// Built-in functions by theme, for the reference.
import OptGraph

extension ElementaryFunctions {
  /// The rows that are functions, under headings.
  static var themes: [(title: String, rows: [ElementaryFunction])] {
    let groups: [(String, [String])] = [
      (
        "Trigonometry", ["sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan", "atan2"]
      ),
      ("Hyperbolic functions", ["sinh", "cosh", "tanh", "asinh", "acosh", "atanh"]),
      (
        "Exponentials, logarithms, roots",
        ["exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "hypot"]
      ),
      ("Pieces and rounding", ["abs", "sign", "floor", "ceil", "round", "mod", "min", "max"]),
      ("Special functions", ["erf", "erfc", "gamma", "lgamma", "digamma", "polygamma", "sinc"]),
      ("Activations", ["sigmoid", "softplus", "relu", "gelu"]),
    ]
    let themed = Set(groups.flatMap(\.1))
    let rest = table.filter { !$0.isOperator && !themed.contains($0.name) }
    return groups.map { title, names in
      (title, names.compactMap { find($0)?.row })
    } + [("Further elementary functions", rest)]
  }
}

extension Builtins {
  /// The functions of the builtin tables, under headings.
  static var themes: [(title: String, functions: [Builtin])] {
    let groups: [(String, Set<String>)] = [
      (
        "Sums, means, extremes",
        [
          "sum", "prod", "mean", "var", "std", "min", "max", "argmin", "argmax", "any", "all",
          "logsumexp", "softmax", "norm", "dot", "cumsum",
        ]
      ),
      ("Order", ["sort", "order", "find", "unique", "codes"]),
      ("Derivatives of functions", ["grad", "hessian", "jacobian", "hvp", "jvp", "vjp"]),
      (
        "Linear algebra",
        [
          "inv", "det", "logdet", "trace", "rank", "cond", "cholesky", "qr", "eig", "svd", "kron",
          "diag", "outer", "sparse", "full", "nnz",
        ]
      ),
      (
        "Building arrays",
        [
          "zeros", "ones", "eye", "fill", "linspace", "columns", "rows", "join", "reshape",
          "matrix",
        ]
      ),
      ("Random numbers", ["randn", "uniform", "shuffle", "sample", "seed"]),
      ("Sizes", ["length", "rows_of", "columns_of", "size"]),
      ("Texts and files", ["print", "read", "write", "split", "number"]),
    ]
    let themed = groups.reduce(into: Set<String>()) { $0.formUnion($1.1) }
    let rest = list.filter { !themed.contains($0.name) }
    let all = groups.map { title, names in (title, list.filter { names.contains($0.name) }) }
    return (all + [("Further functions", rest)]).filter { !$0.1.isEmpty }
  }
}
