/// Making vectors and matrices of a given size.
import OptGraph
import OptNumerics
import OptSyntax

extension Builtins {
  static let construction: [Builtin] = [
    Builtin(
      "zeros(n = 1, m = 1)", "A vector of n zeros, or an n×m matrix of them.",
      examples: ["zeros(2) == [0, 0]", "zeros(1, 2) == [0, 0]'", "size(zeros(3, 0)) == [3, 0]"]
    ) { try filled($0, 0, .number(0)) },
    Builtin(
      "ones(n = 1, m = 1)", "A vector of n ones, or an n×m matrix of them.",
      examples: ["ones(2) == [1, 1]", "sum(ones(2, 3)) == 6"]
    ) { try filled($0, 0, .number(1)) },
    Builtin(
      "fill(x, n = 1, m = 1)", "A vector of n times the number x, or an n×m matrix of it.",
      examples: ["fill(7, 2) == [7, 7]", "fill(0.5, 1, 2) == [0.5, 0.5]'"]
    ) { try filled($0, 1, $0.number(0)) },
    Builtin(
      "eye(n, m = n)", "The n×m matrix with ones on its diagonal and zeros elsewhere.",
      examples: ["eye(2) == [1, 0; 0, 1]", "eye(1, 2) == [1, 0]'"]
    ) { call in
      var (rows, columns) = try call.sizes(from: 0)
      if !call.has(1), columns == 1, call[0].size ?? (0, 0) == (1, 1) { columns = rows }
      guard Matrix.count(rows: Double(rows), columns: Double(columns)) != nil else {
        throw Matrix.tooLarge(rows, columns, call.span)
      }
      let result = Buffer(count: rows * columns)
      for k in 0..<min(rows, columns) { result[k * (columns + 1)] = 1 }
      return Value(Matrix(result, rows: rows, columns: columns))
    },
    Builtin(
      "linspace(a, b, n = 100)", "A vector of n numbers from a to b at equal distances.",
      examples: ["linspace(0, 1, 5) == [0, 0.25, 0.5, 0.75, 1]", "linspace(2, 3, 1) == 2"]
    ) { try spaced($0) },
    Builtin(
      "reshape(x, n, m = 1)",
      "The same elements in the same order, row by row, as an n×m matrix.",
      examples: [
        "reshape([1, 2, 3, 4], 2, 2) == [1, 2; 3, 4]", "reshape([1, 2; 3, 4], 4) == [1, 2, 3, 4]",
      ]
    ) { call in
      let x = try call.numbers(0)
      let (rows, columns) = try call.sizes(from: 1)
      let count = x.foldedCount(nil)
      guard rows * columns == count else {
        throw call.fail(
          "cannot reshape \(x.kindDescription) to \(rows)×\(columns): it has \(count) elements, "
            + "not \(rows * columns)")
      }
      return try call.machine.reshape(x, rows, columns, call.span)
    },
  ]

  private static func filled(_ call: Call, _ k: Int, _ x: Value) throws -> Value {
    let (rows, columns) = try call.sizes(from: k)
    if let known = x.scalar {
      return Value(
        Matrix(
          Buffer(count: rows * columns, repeating: known), rows: rows, columns: columns,
          isMask: x.isMask))
    }
    return try call.machine.structural([x], call.span) {
      $0[0].broadcast(to: $0[0].shape.with(rows: rows, columns: columns))
    }
  }

  private static func spaced(_ call: Call) throws -> Value {
    let (a, b) = (try call.number(0), try call.number(1))
    let n = call.has(2) ? try call.count(2, "the number of points") : 100
    guard Matrix.count(rows: n, columns: 1) != nil else {
      throw Matrix.tooLarge(n, 1, call.span)
    }
    let count = Int(n)
    let last = Double(max(count - 1, 1))
    if let a = a.scalar, let b = b.scalar {
      let result = Buffer(uninitialized: count)
      for k in 0..<count { result.pointer[k] = a + (b - a) * (Double(k) / last) }
      if count > 1 { result[count - 1] = b }
      return Value(Matrix(result, rows: count, columns: 1))
    }
    let steps = Value(
      Matrix((0..<count).map { Double($0) / last }, rows: count, columns: 1))
    return try call.machine.structural([a, b, steps], call.span) { parts in
      (1 - parts[2]) * parts[0] + parts[2] * parts[1]
    }
  }
}
