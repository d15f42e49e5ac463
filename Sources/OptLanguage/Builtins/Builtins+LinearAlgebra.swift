/// Determinants, inverses, diagonals and products of matrices.
import OptGraph
import OptNumerics
import OptSyntax

extension Builtins {
  static let linearAlgebra: [Builtin] = [
    Builtin(
      "inv(A)", "The inverse of a square matrix; to solve A x = b write `A \\ b`.",
      examples: ["inv([2, 0; 0, 4]) == [0.5, 0; 0, 0.25]", "inv(4) == 0.25"]
    ) { try inverse($0) },
    Builtin(
      "det(A)", "The determinant of a square matrix.",
      examples: ["det([1, 2; 3, 4]) == -2", "det(eye(4)) == 1", "det([1, 2; 2, 4]) == 0"]
    ) { call in
      let n = try call.square(0)
      let isFormula = call.machine.makesFormula
      return try call.machine.structural([call[0]], call.span) {
        isFormula && n > 1 ? $0[0].factor(.lu).part(0) : $0[0].determinant(n)
      }
    },
    Builtin(
      "logdet(A)",
      "The logarithm of the determinant, without overflow; nan where it is negative.",
      examples: ["abs(logdet([2, 0; 0, 4]) - log(8)) < 1e-15", "logdet(eye(3)) == 0"]
    ) { call in
      _ = try call.square(0)
      let isFormula = call.machine.makesFormula
      return try call.machine.structural([call[0]], call.span) { parts in
        let factor = parts[0].factor(.lu)
        return isFormula ? factor.part(1) : factor.part(1) + factor.part(2).apply(.log)
      }
    },
    Builtin(
      "trace(A)", "The sum of the diagonal of a square matrix.",
      examples: ["trace([1, 2; 3, 4]) == 5"]
    ) { call in
      let n = try call.square(0)
      return try call.machine.structural([call[0]], call.span) {
        $0[0].diagonal(n).reduceElements(.sum)
      }
    },
    Builtin(
      "diag(v)",
      "The square matrix with a vector on its diagonal; of a matrix, its diagonal as a vector.",
      examples: ["diag([1, 2]) == [1, 0; 0, 2]", "diag([1, 2; 3, 4]) == [1, 4]"]
    ) { try diagonal($0) },
    Builtin(
      "outer(a, b)", "The matrix of all products of an element of a with one of b.",
      examples: ["outer([1, 2], [3, 4, 5]) == [3, 4, 5; 6, 8, 10]"]
    ) { call in
      let (a, b) = (try call.column(0), try call.column(1))
      let (m, n) = (a.size?.rows ?? 0, b.size?.rows ?? 0)
      guard Matrix.count(rows: Double(m), columns: Double(n)) != nil else {
        throw Matrix.tooLarge(m, n, call.span)
      }
      let row = try call.machine.reshape(b, 1, n, call.span)
      if let x = a.matrix, let y = row.matrix { return Value(Dense.product(x, y)) }
      return try call.machine.structural([a, row], call.span) { $0[0].product($0[1]) }
    },
    Builtin(
      "kron(A, B)", "The Kronecker product: B scaled by each element of A, block by block.",
      examples: [
        "kron([1, 2], [3, 4]) == [3, 4, 6, 8]",
        "kron(eye(2), [1, 2]') == "
          + "[1, 2, 0, 0; 0, 0, 1, 2]",
      ]
    ) { try kronecker($0) },
  ]

  // MARK: Work

  private static func inverse(_ call: Call) throws -> Value {
    let n = try call.square(0)
    if n == 1 { return try call.machine.inverse(call[0], call.span) }
    guard let m = call[0].matrix else { return try call.machine.inverse(call[0], call.span) }
    guard let result = Dense.solve(m, Dense.identity(n)) else {
      throw call.fail(
        "the matrix is singular, so it has no inverse", 0,
        help: "`A \\ b` of a matrix that is not square is least squares; `rank(A)` and `svd(A)` "
          + "tell more")
    }
    return Value(result)
  }

  private static func diagonal(_ call: Call) throws -> Value {
    guard let (rows, columns) = call[0].size else {
      throw call.wants("a vector or a matrix", call[0], call.span(0))
    }
    if rows != 1 && columns != 1 {
      return try call.machine.structural([call[0]], call.span) {
        $0[0].diagonal(min(rows, columns))
      }
    }
    let n = rows * columns
    guard Matrix.count(rows: Double(n), columns: Double(n)) != nil else {
      throw Matrix.tooLarge(n, n, call.span)
    }
    let column = try call.column(0)
    return try call.machine.structural([column], call.span) { parts in
      let target = parts[0].shape.with(rows: n, columns: n)
      var strides = target.strides
      strides[strides.count - 2] = n + 1
      strides[strides.count - 1] = 0
      return parts[0].graph.assemble(
        target, adds: false, [(expression: parts[0], map: StridedMap(strides: strides))])
    }
  }

  private static func kronecker(_ call: Call) throws -> Value {
    let (a, b) = (try call.numbers(0), try call.numbers(1))
    let (s, t) = (a.size ?? (1, 1), b.size ?? (1, 1))
    let (rows, columns) = (Double(s.rows) * Double(t.rows), Double(s.columns) * Double(t.columns))
    guard Matrix.count(rows: rows, columns: columns) != nil else {
      throw Matrix.tooLarge(rows, columns, call.span)
    }
    let (m, n) = (Int(rows), Int(columns))
    if s == (1, 1) || t == (1, 1) { return try call.machine.binary(.multiply, a, b, call.span) }
    var left: [Int] = []
    var right: [Int] = []
    left.reserveCapacity(m * n)
    right.reserveCapacity(m * n)
    for i in 0..<m {
      for j in 0..<n {
        left.append(i / t.rows * s.columns + j / t.columns)
        right.append(i % t.rows * t.columns + j % t.columns)
      }
    }
    return try call.machine.structural([a, b], call.span) {
      $0[0].picked(left, rows: m, columns: n) * $0[1].picked(right, rows: m, columns: n)
    }
  }
}

extension Call {
  /// A vector, a row or a number as a column.
  func column(_ k: Int) throws -> Value {
    guard let (rows, columns) = self[k].size, rows == 1 || columns == 1 || rows * columns == 0
    else { throw wants("a vector", self[k], span(k)) }
    return columns == 1 ? self[k] : try machine.reshape(self[k], rows * columns, 1, span)
  }
}

extension Expression {
  /// The first `n` elements of the diagonal as a column.
  func diagonal(_ n: Int) -> Expression {
    var strides = shape.strides
    strides[strides.count - 2] += strides[strides.count - 1]
    strides[strides.count - 1] = 0
    return view(StridedMap(strides: strides), shape.with(rows: n, columns: 1))
  }

  /// The element at a 0-based place, in every lane.
  func element(_ row: Int, _ column: Int) -> Expression {
    view(
      StridedMap(offset: row * Int(shape.columns) + column, strides: shape.laneStrides),
      shape.with(rows: 1, columns: 1))
  }

  /// Small determinants by their formula, which is exact for small whole numbers and has a
  /// derivative where the matrix is singular; others by a factorisation.
  func determinant(_ n: Int) -> Expression {
    switch n {
    case 1: return self
    case 2: return element(0, 0) * element(1, 1) - element(0, 1) * element(1, 0)
    case 3:
      func minor(_ j: Int, _ k: Int) -> Expression {
        element(1, j) * element(2, k) - element(1, k) * element(2, j)
      }
      return element(0, 0) * minor(1, 2) - element(0, 1) * minor(0, 2)
        + element(0, 2) * minor(0, 1)
    default: return factor(.lu).part(0)
    }
  }

  /// The elements at known 0-based offsets, in every lane.
  func picked(_ offsets: [Int], rows: Int, columns: Int) -> Expression {
    let target = shape.with(rows: rows, columns: columns)
    let places = graph.array(
      Buffer(offsets.map(Double.init)), Shape(rows: rows, columns: columns))
    return gather(inLanes(places).broadcast(to: target))
  }

  /// Offsets within a lane as offsets in the whole memory of this array.
  func inLanes(_ places: Expression) -> Expression {
    guard shape.laneCount > 1 else { return places }
    let size = shape.elements
    let base = Buffer((0..<shape.laneCount).map { Double($0 * size) })
    return graph.array(base, shape.with(rows: 1, columns: 1)) + places
  }
}
