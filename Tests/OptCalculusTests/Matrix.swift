/// Textbook dense algebra for the reference evaluation.
import OptGraph

struct Matrix {
  var rows: Int
  var columns: Int
  var values: [Double]

  init(_ rows: Int, _ columns: Int, _ values: [Double]) {
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  static func make(_ rows: Int, _ columns: Int, _ f: (Int, Int) -> Double) -> Matrix {
    Matrix(rows, columns, (0..<rows).flatMap { i in (0..<columns).map { f(i, $0) } })
  }

  subscript(i: Int, j: Int) -> Double {
    get { values[i * columns + j] }
    set { values[i * columns + j] = newValue }
  }

  var transposed: Matrix { .make(columns, rows) { self[$1, $0] } }
  /// What the lower triangle stands for.
  var symmetric: Matrix { .make(rows, columns) { $0 >= $1 ? self[$0, $1] : self[$1, $0] } }

  static func * (a: Matrix, b: Matrix) -> Matrix {
    .make(a.rows, b.columns) { i, j in (0..<a.columns).reduce(0) { $0 + a[i, $1] * b[$1, j] } }
  }

  /// Solution and determinant by elimination with row exchanges.
  func eliminated(_ right: Matrix) -> (solution: Matrix, determinant: Double) {
    var (a, x) = (self, right)
    var determinant = 1.0
    for k in 0..<rows {
      let pivot = (k..<rows).max { a[$0, k].magnitude < a[$1, k].magnitude } ?? k
      if pivot != k {
        for j in 0..<columns { (a[k, j], a[pivot, j]) = (a[pivot, j], a[k, j]) }
        for j in 0..<x.columns { (x[k, j], x[pivot, j]) = (x[pivot, j], x[k, j]) }
        determinant = -determinant
      }
      determinant *= a[k, k]
      for i in 0..<rows where i != k {
        let factor = a[i, k] / a[k, k]
        for j in 0..<columns { a[i, j] -= factor * a[k, j] }
        for j in 0..<x.columns { x[i, j] -= factor * x[k, j] }
      }
    }
    for i in 0..<rows { for j in 0..<x.columns { x[i, j] /= a[i, i] } }
    return (x, determinant)
  }

  /// Solution, least squares solution or solution of least norm.
  func pseudoSolve(_ b: Matrix) -> Matrix {
    let t = transposed
    if rows > columns { return (t * self).eliminated(t * b).solution }
    if rows < columns { return t * (self * t).eliminated(b).solution }
    return eliminated(b).solution
  }

  var cholesky: Matrix {
    var l = Matrix.make(rows, columns) { _, _ in 0 }
    for i in 0..<rows {
      for j in 0...i {
        let sum = (0..<j).reduce(self[i, j]) { $0 - l[i, $1] * l[j, $1] }
        l[i, j] = i == j ? sum.squareRoot() : sum / l[j, j]
      }
    }
    return l
  }

  /// Gram and Schmidt, twice for accuracy.
  var orthogonal: (q: Matrix, r: Matrix) {
    let k = min(rows, columns)
    var q = Matrix.make(rows, k) { self[$0, $1] }
    for j in 0..<k {
      for _ in 0..<2 {
        for i in 0..<j {
          let dot = (0..<rows).reduce(0) { $0 + q[$1, i] * q[$1, j] }
          for row in 0..<rows { q[row, j] -= dot * q[row, i] }
        }
      }
      let norm = (0..<rows).reduce(0) { $0 + q[$1, j] * q[$1, j] }.squareRoot()
      for row in 0..<rows { q[row, j] /= norm }
    }
    return (q, q.transposed * self)
  }

  /// Jacobi's rotations; vectors with a positive sum.
  var eigen: (values: Matrix, vectors: Matrix) {
    var a = self
    var v = Matrix.make(rows, rows) { $0 == $1 ? 1 : 0 }
    for _ in 0..<60 {
      for p in 0..<rows {
        for q in 0..<p where a[p, q].magnitude > 1e-300 {
          let theta = (a[q, q] - a[p, p]) / (2 * a[p, q])
          let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let turn = Matrix.make(rows, rows) { i, j in
            if i == p && j == p || i == q && j == q { return c }
            if i == p && j == q { return t * c }
            if i == q && j == p { return -t * c }
            return i == j ? 1 : 0
          }
          a = turn.transposed * a * turn
          v = v * turn
        }
      }
    }
    let order = (0..<rows).sorted { a[$0, $0] < a[$1, $1] }
    let signs = order.map { k in (0..<rows).reduce(0) { $0 + v[$1, k] } < 0 ? -1.0 : 1.0 }
    return (
      .make(rows, 1) { i, _ in a[order[i], order[i]] },
      .make(rows, rows) { i, j in signs[j] * v[i, order[j]] }
    )
  }

  func part(_ kind: Factorization, _ k: Int) -> Matrix {
    switch (kind, k) {
    case (.lu, _):
      let d = eliminated(self).determinant
      return Matrix(1, 1, [k == 0 ? d : k == 1 ? log(d.magnitude) : d < 0 ? -1 : 1])
    case (.cholesky, 0): return cholesky
    case (.cholesky, _): return Matrix(1, 1, [log(symmetric.eliminated(self).determinant)])
    case (.qr, 0): return orthogonal.q
    case (.qr, _):
      let r = orthogonal.r
      return .make(r.rows, r.columns) { $0 <= $1 ? r[$0, $1] : 0 }
    case (.symmetricEigen, 0): return symmetric.eigen.values
    case (.symmetricEigen, _): return symmetric.eigen.vectors
    case (.svd, let part):
      let small = min(rows, columns)
      let (values, v) = (transposed * self).eigen
      let order = Array((0..<columns).reversed().prefix(small))
      let s = order.map { values[$0, 0].squareRoot() }
      if part == 0 { return Matrix(small, 1, s) }
      let right = Matrix.make(columns, small) { v[$0, order[$1]] }
      if part == 2 { return right }
      let left = self * right
      return .make(rows, small) { left[$0, $1] / s[$1] }
    }
  }

  private func log(_ x: Double) -> Double {
    if case .unary(let f)? = ElementaryFunctions.find("log")?.row.evaluate { return f(x) }
    return .nan
  }
}
