/// Matrix operations on known numbers, through the same nodes and kernels as traced ones.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

enum Dense {
  static func product(_ a: Matrix, _ b: Matrix) -> Matrix {
    let result = Buffer(uninitialized: a.rows * b.columns)
    LinearAlgebra.product(
      a.buffer.pointer, b.buffer.pointer, a.rows, a.columns, b.columns, into: result.pointer)
    return Matrix(result, rows: a.rows, columns: b.columns)
  }

  static func identity(_ n: Int) -> Matrix {
    let result = Buffer(count: n * n)
    for k in 0..<n { result[k * (n + 1)] = 1 }
    return Matrix(result, rows: n, columns: n)
  }

  /// The solution of A x = b, in the least squares sense when A is not square; nil when it is not
  /// unique although all numbers are finite.
  static func solve(_ a: Matrix, _ b: Matrix) -> Matrix? {
    let graph = Graph()
    let kind: Factorization = a.rows == a.columns ? .lu : .qr
    let x = graph.array(a.buffer, a.shape).factor(kind).solve(graph.array(b.buffer, b.shape))
    let result = Interpreter(graph).value(of: x)
    let isFinite = LinearAlgebra.allFinite(result.pointer, result.count)
    let wasFinite =
      LinearAlgebra.allFinite(a.buffer.pointer, a.count)
      && LinearAlgebra.allFinite(b.buffer.pointer, b.count)
    if !isFinite && wasFinite { return nil }
    return Matrix(result, rows: a.columns, columns: b.columns)
  }
}

extension Machine {
  /// Builds nodes on numbers: in the graph being traced if one of them is traced, else in a graph
  /// of its own that is evaluated at once. One definition serves both.
  func structural(
    _ arguments: [Value], _ span: SourceSpan, _ build: ([Expression]) throws -> Expression
  ) throws -> Value {
    if arguments.contains(where: { $0.isTraced }) {
      return Value(try build(arguments.map { try expression($0, span) }))
    }
    let graph = Graph()
    let inputs = try arguments.map { value -> Expression in
      guard let m = value.matrix else {
        throw Diagnostic(.error, "expected numbers, found \(value.kindDescription)", at: span)
      }
      return graph.array(m.buffer, m.shape)
    }
    let result = try build(inputs)
    let shape = result.shape
    return Value(
      Matrix(
        Interpreter(graph).value(of: result), rows: Int(shape.rows), columns: Int(shape.columns)))
  }

  /// A reduction over all elements of numbers.
  func fold(_ kind: Reduction.Kind, _ value: Value, _ span: SourceSpan) throws -> Value {
    try structural([value], span) { $0[0].reduceElements(kind) }
  }
}

enum Reductions {
  /// A sum in the fixed order.
  static func sum(_ numbers: UnsafeBufferPointer<Double>) -> Double {
    guard let base = numbers.baseAddress else { return 0 }
    return Folding.sum(base, numbers.count)
  }
}

extension Matrix {
  static func tooLarge(_ rows: Int, _ columns: Int, _ span: SourceSpan) -> Diagnostic {
    tooLarge(Double(rows), Double(columns), span)
  }

  /// The error for a matrix that cannot be had.
  static func tooLarge(_ rows: Double, _ columns: Double, _ span: SourceSpan) -> Diagnostic {
    let bytes = rows * columns * 8
    let size =
      bytes >= 1e12
      ? "\(NumberFormat.short(bytes / 1e12)) TB" : "\(NumberFormat.short(bytes / 1e9)) GB"
    return Diagnostic(
      .error,
      "a \(NumberFormat.short(rows))×\(NumberFormat.short(columns)) matrix needs \(size)",
      at: span,
      help: "a matrix may take up to "
        + "\(NumberFormat.short(Double(Matrix.largestCount) * 8e-9, digits: 3)) GB here")
  }
}
