/// Making sparse matrices, and what the other functions do with them.
import OptGraph
import OptNumerics
import OptSyntax

extension Builtins {
  static let sparse: [Builtin] = [
    Builtin(
      "sparse(A, j = nothing, v = nothing, n = nothing, m = nothing)",
      "A matrix of which only elements other than 0 are stored. `sparse(i, j, v)` has the numbers v "
        + "at rows i and columns j, those at one place added up; n and m are its size.",
      examples: [
        "nnz(sparse([1, 0; 0, 3])) == 2",
        "full(sparse([1, 2, 2], [1, 2, 2], [5, 1, 1])) == diag([5, 2])",
        "size(sparse(1, 2, 7, 3, 3)) == [3, 3]",
      ]
    ) { try sparse($0) },
    Builtin(
      "full(S)", "A sparse matrix with all its elements; other numbers stay as they are.",
      examples: ["full(sparse([1, 0; 0, 3])) == [1, 0; 0, 3]", "full(2) == 2"]
    ) { call in
      guard let s = call[0].sparse else { return try call.numbers(0) }
      guard Matrix.count(rows: Double(s.rows), columns: Double(s.columns)) != nil else {
        throw Matrix.tooLarge(s.rows, s.columns, call.span)
      }
      return Value(Matrix(s.dense(), rows: s.rows, columns: s.columns))
    },
    Builtin(
      "nnz(A)", "The number of elements that are not 0; of a sparse matrix, of those stored.",
      examples: ["nnz([1, 0, 2]) == 2", "nnz(sparse([0, 4; 0, 0])) == 1"]
    ) { call in
      if let s = call[0].sparse { return .number(Double(s.count)) }
      let x = try call.numbers(0)
      return try call.machine.fold(
        .sum, call.machine.binary(.notEqual, x, .number(0), call.span), call.span)
    },
  ]

  // MARK: Making

  private static func sparse(_ call: Call) throws -> Value {
    guard call.has(1) || call.has(2) else {
      if call[0].sparse != nil { return call[0] }
      guard let m = try call.numbers(0).matrix else {
        throw call.fail("a sparse matrix is made of known numbers", 0)
      }
      return Value(SparseMatrix(dense: m.buffer.pointer, rows: m.rows, columns: m.columns))
    }
    guard call.has(1), call.has(2) else {
      throw call.fail(
        "`sparse` takes a matrix, or rows, columns and numbers", help: "write `sparse(i, j, v)`")
    }
    let rows = try positions(call, 0)
    let columns = try positions(call, 1)
    guard let numbers = try call.numbers(2).matrix else {
      throw call.fail("a sparse matrix is made of known numbers", 2)
    }
    let count = max(rows.count, columns.count, numbers.count)
    for (k, own) in [rows.count, columns.count, numbers.count].enumerated()
    where own != count && own != 1 {
      throw call.fail(
        "rows, columns and numbers differ in count: \(rows.count), \(columns.count) and "
          + "\(numbers.count)", k)
    }
    func spread<T>(_ list: [T]) -> [T] {
      list.count == count ? list : list + repeatElement(list[0], count: count - 1)
    }
    let height = try extent(call, 3, rows.max(), "rows")
    let width = try extent(call, 4, columns.max(), "columns")
    return Value(
      SparseMatrix(
        rows: height, columns: width, places: (spread(rows), spread(columns)),
        spread(Array(numbers.elements))))
  }

  /// 1-based positions as 0-based ones.
  private static func positions(_ call: Call, _ k: Int) throws -> [Int32] {
    guard let m = try call.numbers(k).matrix else {
      throw call.fail("positions are known numbers", k)
    }
    return try m.elements.map { x in
      guard x >= 1, x <= Double(Int32.max), x == x.rounded() else {
        throw call.fail(
          "\(NumberFormat.short(x)) is not a position", k,
          help: "positions are whole numbers from 1")
      }
      return Int32(x) - 1
    }
  }

  /// The size given as argument `k`, or one that the largest position fits into.
  private static func extent(
    _ call: Call, _ k: Int, _ largest: Int32?, _ what: String
  ) throws -> Int {
    let needed = Int(largest ?? -1) + 1
    guard call.has(k) else { return needed }
    let given = try call.count(k, "a size")
    guard given >= Double(needed), given <= Double(Int32.max) else {
      throw call.fail(
        "there is an element in \(what.dropLast()) \(needed), but the matrix is to have "
          + "\(NumberFormat.short(given)) \(what)", k)
    }
    return Int(given)
  }

  // MARK: Others

  /// Functions that take a sparse matrix as it is.
  private static let takeSparse: Set<String> = [
    "sparse", "full", "nnz", "size", "rows_of", "columns_of", "length", "print",
  ]

  /// What some functions give for a sparse first argument; nil where all elements are needed.
  nonisolated(unsafe) private static let onSparse: [String: (Call, SparseMatrix) throws -> Value?] =
    [
      "sum": { call, s in
        switch try call.axis(1) {
        case nil: return .number(Reductions.sum(s.values.elements))
        case 1: return try call.machine.sparseProduct(ones(1, s.rows), .sparse(s), call.span)
        default: return try call.machine.sparseProduct(.sparse(s), ones(s.columns, 1), call.span)
        }
      },
      "mean": { call, s in
        call.has(1)
          ? nil
          : .number(
            Reductions.sum(s.values.elements) / (Double(s.rows) * Double(s.columns)))
      },
      "max": { call, s in extreme(call, s, .maximum) },
      "min": { call, s in extreme(call, s, .minimum) },
      "diag": { _, s in s.rows == 1 || s.columns == 1 ? nil : .vector(s.diagonal) },
      "trace": { call, s in
        _ = try call.square(0)
        return .number(s.diagonal.withUnsafeBufferPointer { Reductions.sum($0) })
      },
      // Elements that are 0 add nothing to a norm.
      "norm": { call, s in
        guard !call.has(2), s.count > 0 else { return nil }
        return try functions["norm"].map {
          try call.machine.apply(
            .function($0), [stored(s)] + (call.has(1) ? [call[1]] : []),
            spans: Array(call.spans.prefix(2)), at: call.span, calleeSpan: call.span)
        }
      },
      "matrix": { call, s in
        try functions["full"].map {
          try call.machine.apply(
            .function($0), [.sparse(s)], spans: call.spans, at: call.span, calleeSpan: call.span)
        }
      },
    ]

  private static func ones(_ rows: Int, _ columns: Int) -> Value {
    .matrix(Matrix(Buffer(count: rows * columns, repeating: 1), rows: rows, columns: columns))
  }

  private static func stored(_ s: SparseMatrix) -> Value {
    Value(Matrix(s.values, rows: s.count, columns: 1))
  }

  /// The largest or smallest element; those that are not stored are 0.
  private static func extreme(
    _ call: Call, _ s: SparseMatrix, _ kind: Reduction.Kind
  ) -> Value? {
    guard call.rest.isEmpty, !call.has(1), s.count > 0 else { return nil }
    let isWhole = s.rows.multipliedReportingOverflow(by: s.columns).partialValue == s.count
    var best = isWhole ? s.values[0] : 0
    for x in s.values.elements where !(kind == .maximum ? x <= best : x >= best) {
      best = x
      if x.isNaN { break }
    }
    return .number(best)
  }

  /// Runs a built-in function some of whose arguments are sparse.
  static func run(_ builtin: Builtin, onSparse call: Call) throws -> Value {
    if takeSparse.contains(builtin.name) { return try builtin.run(call) }
    let first = call.values.first.flatMap { $0 } ?? call.rest.first
    if let s = first?.sparse, let special = onSparse[builtin.name],
      let result = try special(call, s)
    {
      return result
    }
    func all(_ value: Value, _ place: SourceSpan) throws -> Value {
      try call.machine.writtenOut(value, place)
    }
    let values = try call.values.enumerated().map { k, value in
      try value.map { try all($0, call.span(k)) }
    }
    let rest = try call.rest.enumerated().map { k, value in
      try all(value, k < call.restSpans.count ? call.restSpans[k] : call.span)
    }
    return try builtin.run(
      Call(
        machine: call.machine, function: call.function, values: values, spans: call.spans,
        rest: rest, restSpans: call.restSpans, span: call.span))
  }
}

extension Call {
  /// Whether an argument is a sparse matrix.
  var hasSparse: Bool {
    values.contains { $0?.sparse != nil } || rest.contains { $0.sparse != nil }
  }
}
