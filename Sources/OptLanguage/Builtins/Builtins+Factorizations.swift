/// Factorisations of matrices, as records of their parts.
import OptGraph
import OptNumerics
import OptSyntax

extension Builtins {
  static let factorizations: [Builtin] = [
    Builtin(
      "cholesky(A)",
      "The lower triangular L with A = L L' of a symmetric positive definite matrix.",
      examples: ["cholesky([4, 2; 2, 5]) == [2, 0; 1, 2]"]
    ) { call in
      _ = try symmetric(call)
      let result = try call.machine.structural([call[0]], call.span) {
        $0[0].symmetrized.factor(.cholesky).part(0)
      }
      try require(result, call, "the matrix is not positive definite")
      return result
    },
    Builtin(
      "qr(A)", "A = Q R as `(Q, R)`: Q with orthonormal columns, R upper triangular.",
      examples: [
        "norm(qr([1, 2; 3, 4]).Q*qr([1, 2; 3, 4]).R - [1, 2; 3, 4]) < 1e-14",
        "abs(qr([3, 4]).R - 5) < 1e-14",
      ]
    ) { call in
      _ = try call.filled(0)
      return try parts(call, .qr, [("Q", 0), ("R", 1)])
    },
    Builtin(
      "eig(A)",
      "Eigenvalues of a symmetric matrix, ascending, and its eigenvectors as columns: "
        + "`(values, vectors)`.",
      examples: [
        "norm(eig([2, 1; 1, 2]).values - [1, 3]) < 1e-14",
        "eig(diag([1, 2])).vectors == eye(2)",
      ]
    ) { call in
      _ = try symmetric(call)
      return try parts(call, .symmetricEigen, [("values", 0), ("vectors", 1)], symmetrized: true)
    },
    Builtin(
      "svd(A)",
      "A = U diag(values) V' as `(U, values, V)`, the singular values descending.",
      examples: ["norm(svd([3, 0; 0, -4]).values - [4, 3]) < 1e-14"]
    ) { call in
      _ = try call.filled(0)
      return try parts(call, .svd, [("U", 1), ("values", 0), ("V", 2)])
    },
    Builtin(
      "rank(A)",
      "The number of singular values that are not 0 up to rounding.",
      examples: ["rank([1, 2; 2, 4]) == 1", "rank(eye(3)) == 3"]
    ) { call in
      let (rows, columns) = try call.filled(0)
      let tolerance = Double(max(rows, columns)) * 0x1p-52
      return try call.machine.structural([call[0]], call.span) { parts in
        let values = parts[0].factor(.svd).part(0)
        let limit = values.reduceElements(.maximum) * tolerance
        return values.apply(.greater, limit).reduceElements(.sum)
      }
    },
    Builtin(
      "cond(A)",
      "The condition number: the largest singular value divided by the smallest.",
      examples: ["abs(cond([2, 0; 0, 8]) - 4) < 1e-14", "cond([1, 0; 0, 0]) == inf"]
    ) { call in
      _ = try call.filled(0)
      return try call.machine.structural([call[0]], call.span) { parts in
        let values = parts[0].factor(.svd).part(0)
        return values.reduceElements(.maximum) / values.reduceElements(.minimum)
      }
    },
  ]

  // MARK: Work

  /// A record of parts of a factorisation.
  private static func parts(
    _ call: Call, _ kind: Factorization, _ fields: [(name: String, part: Int)],
    symmetrized: Bool = false
  ) throws -> Value {
    let values = try fields.map { field in
      try call.machine.structural([call[0]], call.span) {
        (symmetrized ? $0[0].symmetrized : $0[0]).factor(kind).part(field.part)
      }
    }
    for value in values {
      try require(value, call, "`\(call.function)` did not find the factors")
    }
    return .record(Record(names: fields.map(\.name), values: values))
  }

  /// The size of a matrix that is symmetric, as far as its numbers are known.
  private static func symmetric(_ call: Call) throws -> Int {
    let n = try call.square(0)
    guard let m = call.machine.snapshot(call[0]).matrix else { return n }
    let limit = (m.elements.lazy.map(\.magnitude).max() ?? 0) * 1e-10
    for i in 0..<n {
      for j in 0..<i where abs(m[i, j] - m[j, i]) > limit {
        throw call.fail(
          "`\(call.function)` wants a symmetric matrix: the elements [\(i + 1), \(j + 1)] and "
            + "[\(j + 1), \(i + 1)] are \(NumberFormat.short(m[i, j])) and "
            + NumberFormat.short(m[j, i]), 0,
          help: "`(A + A')/2` is its symmetric part, `svd(A)` takes any matrix")
      }
    }
    return n
  }

  /// An error when known finite numbers gave a result that is not.
  private static func require(_ result: Value, _ call: Call, _ message: String) throws {
    guard let m = result.matrix, let source = call[0].matrix,
      !LinearAlgebra.allFinite(m.buffer.pointer, m.count),
      LinearAlgebra.allFinite(source.buffer.pointer, source.count)
    else { return }
    throw call.fail(message, 0)
  }
}

extension Expression {
  /// The symmetric part: what is read of a matrix that should be symmetric, so that its derivative
  /// is symmetric too.
  var symmetrized: Expression {
    shape.elements == 1 ? self : (self + transposed) / 2
  }
}
