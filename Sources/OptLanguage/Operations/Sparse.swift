/// Operators and indices on sparse matrices. What has no sparse form is done on all elements, where
/// they are few enough.
import OptGraph
import OptNumerics
import OptSyntax

extension SparseMatrix {
  /// Elements up to which a sparse matrix is written out for what has no sparse form: 4096×4096.
  static let largestWrittenOut = 1 << 24

  /// The ones of an n×n identity.
  static func identity(_ n: Int) -> SparseMatrix {
    let all = (0..<n).map { Int32(clamping: $0) }
    return SparseMatrix(
      SparsePattern(rows: n, columns: n, starts: all + [Int32(clamping: n)], indices: all),
      Buffer(count: n, repeating: 1))
  }
}

extension Value {
  var sparse: SparseMatrix? {
    if case .sparse(let s) = self { s } else { nil }
  }

  /// A sparse matrix, or the number it is when it has one element.
  init(_ sparse: SparseMatrix) {
    self = sparse.rows == 1 && sparse.columns == 1 ? .number(sparse[0, 0]) : .sparse(sparse)
  }
}

extension Machine {
  /// The value itself, or all elements of a sparse matrix.
  func writtenOut(_ value: Value, _ span: SourceSpan) throws -> Value {
    guard case .sparse(let s) = value else { return value }
    let (count, overflows) = s.rows.multipliedReportingOverflow(by: s.columns)
    guard !overflows, count <= SparseMatrix.largestWrittenOut else {
      throw Diagnostic(
        .error,
        "this has no sparse form, and \(value.kindDescription) is too large to be written out",
        at: span,
        help: "sparse are `+`, `-`, `*`, `\\`, `'`, `.*` and scaling; `S[i, j]`, `diag`, `norm`, "
          + "`sum`, `max`, `min`, `trace`, `nnz`; up to 4096×4096 all else works too")
    }
    try require(s.rows, s.columns, span)
    return Value(Matrix(s.dense(), rows: s.rows, columns: s.columns))
  }

  // MARK: Elementwise

  /// A function of the table on a sparse matrix: it stays sparse where `f(0)` is 0.
  func sparseUnary(
    _ function: FunctionID, _ s: SparseMatrix, _ span: SourceSpan
  ) throws -> Value {
    if case .unary(let f) = function.row.evaluate, f(0) == 0 { return Value(s.mapped { f($0) }) }
    return try unary(function, writtenOut(.sparse(s), span), span)
  }

  /// A function of the table where at least one side is sparse.
  func sparseBinary(
    _ function: FunctionID, _ a: Value, _ b: Value, _ span: SourceSpan
  ) throws -> Value {
    guard case .binary(let f) = function.row.evaluate, let s = a.size, let t = b.size else {
      throw cannot(function, a, b, span)
    }
    if let x = a.sparse, let number = b.scalar, f(0, number) == 0 {
      return Value(x.mapped { f($0, number) })
    }
    if let y = b.sparse, let number = a.scalar, f(number, 0) == 0 {
      return Value(y.mapped { f(number, $0) })
    }
    if s == t, function == .add || function == .subtract, let x = a.sparse, let y = b.sparse {
      return Value(x.combined(y) { f($0, $1) })
    }
    if s == t, function == .multiply {
      if let x = a.sparse, let product = masked(x, by: b) { return product }
      if let y = b.sparse, let product = masked(y, by: a) { return product }
    }
    return try binary(function, writtenOut(a, span), writtenOut(b, span), span)
  }

  /// The elements of `s` times those of a known matrix at the same places.
  private func masked(_ s: SparseMatrix, by other: Value) -> Value? {
    let element: (Int, Int) -> Double
    switch other {
    case .sparse(let t): element = { t[$0, $1] }
    case .matrix(let m): element = { m[$0, $1] }
    default: return nil
    }
    let values = Buffer(uninitialized: s.count)
    for i in 0..<s.rows {
      for k in s.pattern.range(i) {
        values[k] = s.values[k] * element(i, Int(s.pattern.indices[k]))
      }
    }
    return Value(SparseMatrix(s.pattern, values))
  }

  // MARK: Products and systems

  /// The matrix product where at least one side is sparse; the inner sizes are equal.
  func sparseProduct(_ a: Value, _ b: Value, _ span: SourceSpan) throws -> Value {
    switch (a, b) {
    case (.sparse(let x), .sparse(let y)):
      guard let product = x.times(y, limit: Matrix.largestCount / 4) else {
        throw Matrix.tooLarge(x.rows, y.columns, span)
      }
      return Value(product)
    case (.sparse(let x), .matrix(let y)):
      try require(x.rows, y.columns, span)
      return Value(
        Matrix(
          x.times(y.buffer.pointer, width: y.columns), rows: x.rows, columns: y.columns))
    case (.matrix(let x), .sparse(let y)):
      try require(x.rows, y.columns, span)
      return Value(
        Matrix(
          y.timesFromLeft(x.buffer.pointer, height: x.rows), rows: x.rows, columns: y.columns))
    case (.sparse(let x), .traced) where b.size?.columns == 1:
      let vector = try expression(b, span)
      if vector.shape.lanes.isEmpty { return Value(x.times(vector)) }
    case (.traced, .sparse(let y)) where a.size?.rows == 1:
      let row = try expression(a, span)
      if row.shape.lanes.isEmpty {
        return Value(y.transposed.times(row.transposed).transposed)
      }
    default: break
    }
    return try product(writtenOut(a, span), writtenOut(b, span), span)
  }

  /// `A \ b` for a sparse matrix and known numbers; both have the same number of rows.
  func sparseSolve(_ s: SparseMatrix, _ b: Matrix, _ span: SourceSpan) throws -> Value {
    guard s.rows == s.columns else { return try sparseLeastSquares(s, b, span) }
    return Value(Matrix(try solution(s, b, span), rows: s.rows, columns: b.columns))
  }

  private func solution(
    _ s: SparseMatrix, _ b: Matrix, _ span: SourceSpan, smallestPivot: Double = 0
  ) throws -> Buffer {
    switch s.solve(b.buffer.pointer, width: b.columns) {
    case .solved(let x, let pivots) where pivots >= smallestPivot || pivots.isNaN: return x
    case .solved, .singular:
      throw Diagnostic(
        .error, "the matrix is singular: `A x = b` has no unique solution", at: span,
        help: "add a small multiple of the identity, `sparse(1:n, 1:n, 1e-8)`")
    case .noMemory:
      throw Diagnostic(
        .error, "the factors of this sparse matrix do not fit into memory", at: span)
    case .noLibrary:
      if s.rows * s.rows <= SparseMatrix.largestWrittenOut,
        case .matrix(let dense) = try writtenOut(.sparse(s), span),
        let x = Dense.solve(dense, b)
      {
        return x.buffer
      }
      throw Diagnostic(
        .error, "sparse systems need UMFPACK, which is not installed", at: span,
        help:
          "install SuiteSparse: the package `libumfpack5` or `libumfpack6` of Debian and Ubuntu, "
          + "`suite-sparse` of Homebrew")
    }
  }

  /// Least squares, or least norm for a wide matrix, by the symmetric system of A and the residuals
  /// (Å. Björck, "Numerical Methods for Least Squares Problems", 1996, section 2.5.3): it squares no
  /// condition number, as AᵀA does.
  private func sparseLeastSquares(
    _ s: SparseMatrix, _ b: Matrix, _ span: SourceSpan
  ) throws -> Value {
    let (m, n) = (s.rows, s.columns)
    let isTall = m > n
    let (tall, short) = (max(m, n), min(m, n))
    let scale = (s.values.elements.lazy.map(\.magnitude).max() ?? 0) / 16
    var rows = (0..<tall).map { Int32(clamping: $0) }
    var columns = rows
    var numbers = [Double](repeating: scale == 0 ? 1 : scale, count: tall)
    let own = s.pattern.rowIndices
    for k in 0..<s.count {
      let column = s.pattern.indices[k]
      let (long, brief) = isTall ? (own[k], column) : (column, own[k])
      let far = Int32(clamping: tall) + brief
      rows += [long, far]
      columns += [far, long]
      numbers += [s.values[k], s.values[k]]
    }
    let system = SparseMatrix(
      rows: tall + short, columns: tall + short, places: (rows, columns), numbers)
    let right = Buffer(count: (tall + short) * b.columns)
    let start = isTall ? 0 : tall * b.columns
    (right.pointer + start).update(from: b.buffer.pointer, count: b.count)
    let whole = try solution(
      system, Matrix(right, rows: tall + short, columns: b.columns), span, smallestPivot: 1e-14)
    // Tall: the residual over the scale, then x. Wide: x, then the multipliers.
    let result = Buffer(uninitialized: n * b.columns)
    let from = isTall ? tall * b.columns : 0
    result.pointer.update(from: whole.pointer + from, count: n * b.columns)
    return Value(Matrix(result, rows: n, columns: b.columns))
  }

  // MARK: Elements

  /// `S[i, j]`: an element, a row or column as a vector, a sparse part.
  func sparseElement(
    _ s: SparseMatrix, _ indices: [Index], _ span: SourceSpan
  ) throws -> Value {
    guard indices.count == 2 else {
      let all = try writtenOut(.sparse(s), span)
      return try element(all, indices, span)
    }
    let rows = try offsets(indices[0], s.rows, "row")
    let columns = try offsets(indices[1], s.columns, "column")
    switch (indices[0], indices[1]) {
    case (.position, .position): return .number(s[rows[0], columns[0]])
    case (.position, _), (_, .position):
      let part = s.part(rows: rows, columns: columns)
      return Value(Matrix(part.dense(), rows: part.rows, columns: part.columns))
    default: return Value(s.part(rows: rows, columns: columns))
    }
  }
}

extension SparseMatrix {
  /// The product with a column of a graph: its elements are gathered, scaled and added up row by row.
  fileprivate func times(_ column: Expression) -> Expression {
    let graph = column.graph
    let shape = Shape(rows: count, columns: 1)
    func array(_ places: [Int32]) -> Expression {
      graph.array(Buffer(places.map(Double.init)), shape)
    }
    let terms = graph.array(values, shape) * column.gather(array(pattern.indices))
    return terms.scatter(array(pattern.rowIndices), into: Shape(rows: rows, columns: 1))
  }
}
