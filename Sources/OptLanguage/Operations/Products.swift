/// Products, quotients, powers, transposes and solutions of linear systems.
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  /// `a * b`: the matrix product; a number scales anything.
  func product(_ a: Value, _ b: Value, _ span: SourceSpan) throws -> Value {
    guard let s = a.size, let t = b.size else {
      if case .function(let f) = a { throw notCalled(f, span) }
      if case .function(let f) = b { throw notCalled(f, span) }
      return try binary(.multiply, a, b, span)
    }
    if s == (1, 1) || t == (1, 1) { return try binary(.multiply, a, b, span) }
    guard s.columns == t.rows else {
      let elementwise = Broadcast.size(s, t) != nil
      throw Diagnostic(
        .error,
        "cannot multiply \(a.kindDescription) by \(b.kindDescription): the inner sizes "
          + "\(s.columns) and \(t.rows) differ", at: span,
        help: elementwise
          ? "`.*` multiplies element by element"
            + (s == t && s.columns == 1 ? ", `dot(a, b)` is the inner product" : "") : nil)
    }
    if a.sparse != nil || b.sparse != nil { return try sparseProduct(a, b, span) }
    guard Matrix.count(rows: Double(s.rows), columns: Double(t.columns)) != nil else {
      throw Matrix.tooLarge(s.rows, t.columns, span)
    }
    if let x = a.matrix, let y = b.matrix {
      try require(x.rows, y.columns, span)
      return Value(Dense.product(x, y))
    }
    _ = try place(span)
    return Value(try expression(a, span).product(expression(b, span)))
  }

  private func notCalled(_ f: Function, _ span: SourceSpan) -> Diagnostic {
    let name = f.name ?? "the function"
    return Diagnostic(
      .error, "a function cannot be multiplied", at: span,
      help: "call it: `\(name)(\(f.parameterNames.joined(separator: ", ")))`")
  }

  /// `a / b`: division by a number.
  func quotient(_ a: Value, _ b: Value, _ span: SourceSpan) throws -> Value {
    if let t = b.size, t != (1, 1) {
      throw Diagnostic(
        .error, "cannot divide \(a.kindDescription) by \(b.kindDescription)", at: span,
        help: "`./` divides element by element, `\\` solves `A x = b`")
    }
    return try binary(.divide, a, b, span)
  }

  /// `a ^ b`: of numbers, and whole powers of square matrices.
  func power(_ a: Value, _ b: Value, _ span: SourceSpan) throws -> Value {
    guard let s = a.size, let t = b.size else { return try binary(.power, a, b, span) }
    if s == (1, 1) && t == (1, 1) { return try binary(.power, a, b, span) }
    guard t == (1, 1), s.rows == s.columns,
      let n = Int(exactly: try concrete(b, "an exponent", span)), abs(n) <= 1_000_000
    else {
      throw Diagnostic(
        .error,
        "`^` is a power of numbers or square matrices, found \(a.kindDescription)"
          + " to the power of \(b.kindDescription)", at: span,
        help: "`.^` works element by element")
    }
    var base = n < 0 ? try inverse(a, span) : a
    var rest = n.magnitude
    var result: Value?
    while rest > 0 {
      if rest & 1 == 1 { result = try result.map { try product($0, base, span) } ?? base }
      rest >>= 1
      if rest > 0 { base = try product(base, base, span) }
    }
    if let result { return result }
    if a.sparse != nil { return Value(SparseMatrix.identity(s.rows)) }
    return Value(Dense.identity(s.rows))
  }

  func transpose(_ a: Value, _ span: SourceSpan) throws -> Value {
    switch a {
    case .number, .boolean, .lanes: return a
    case .matrix(let m): return .matrix(m.transposed)
    case .sparse(let s): return .sparse(s.transposed)
    case .traced(let t):
      return Value(try expression(a, span).transposed, isMask: t.isMask)
    case .record(let record):
      return .record(
        Record(names: record.names, values: try record.values.map { try transpose($0, span) }))
    default:
      throw Diagnostic(.error, "\(a.kindDescription) has no transpose", at: span)
    }
  }

  /// `A'` of numbers, `f'` of a function.
  func prime(_ a: Value, _ span: SourceSpan) throws -> Value {
    if case .function = a { return try derived(.prime, a, span) }
    return try transpose(a, span)
  }

  /// `A \ b`: the solution of A x = b; least squares when A is not square.
  func solve(_ a: Value, _ b: Value, _ span: SourceSpan) throws -> Value {
    guard let s = a.size, let t = b.size else {
      throw Diagnostic(
        .error, "`\\` wants matrices, found \(a.kindDescription) and \(b.kindDescription)",
        at: span)
    }
    if s == (1, 1) { return try binary(.divide, b, a, span) }
    guard s.rows == t.rows else {
      throw Diagnostic(
        .error,
        "cannot solve with \(a.kindDescription) and \(b.kindDescription): they have "
          + "\(s.rows) and \(t.rows) rows", at: span)
    }
    if a.sparse != nil || b.sparse != nil {
      let right = try writtenOut(b, span)
      if let x = a.sparse, let y = right.matrix { return try sparseSolve(x, y, span) }
      return try solve(writtenOut(a, span), right, span)
    }
    if let x = a.matrix, let y = b.matrix {
      guard let solution = Dense.solve(x, y) else {
        throw Diagnostic(
          .error, "the matrix is singular: `A x = b` has no unique solution", at: span,
          help: "add a small multiple of `eye(\(x.columns))`, or look at `svd(A)`")
      }
      return Value(solution)
    }
    _ = try place(span)
    let kind: Factorization = s.rows == s.columns ? .lu : .qr
    return Value(try expression(a, span).factor(kind).solve(expression(b, span)))
  }

  func inverse(_ a: Value, _ span: SourceSpan) throws -> Value {
    guard let s = a.size, s.rows == s.columns else {
      throw Diagnostic(
        .error, "only a square matrix has an inverse, found \(a.kindDescription)", at: span)
    }
    if s == (1, 1) { return try binary(.divide, .number(1), a, span) }
    if a.sparse != nil { return try inverse(writtenOut(a, span), span) }
    return try solve(a, Value(Dense.identity(s.rows)), span)
  }
}
