/// Handles to nodes, with the operators that build new ones.
import OptNumerics

/// A node of a graph. Copying it copies nothing.
///
/// The methods here require shapes that fit (the evaluator has checked the language's sizes and
/// reported errors with their place); where they do not fit the result is a NaN constant.
package struct Expression: Hashable, Sendable {
  package let graph: Graph
  package let index: Int32

  package init(graph: Graph, index: Int32) {
    self.graph = graph
    self.index = index
  }

  package var node: Node { graph.nodes[Int(index)] }
  package var shape: Shape { graph.shape(of: index) }

  /// The value of a number node.
  package var constant: Double? {
    let n = node
    return n.operation == .number ? graph.numbers[Int(n.payload)] : nil
  }

  package static func == (a: Expression, b: Expression) -> Bool {
    a.graph === b.graph && a.index == b.index
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(index) }
}

extension Graph {
  /// `function` on `arguments`, elementwise with broadcasting, folded when all are numbers.
  package func apply(_ function: FunctionID, _ arguments: [Expression]) -> Expression {
    switch arguments.count {
    case 1: return apply(function, arguments[0])
    case 2: return apply(function, arguments[0], arguments[1])
    default:
      var shape = Shape.scalar
      for argument in arguments {
        guard let joined = shape.broadcast(with: argument.shape) else { return number(.nan) }
        shape = joined
      }
      guard arguments.count == 3 else { return number(.nan) }
      return append(
        .apply, shape, arguments[0].index, arguments[1].index, arguments[2].index,
        payload: Int32(function.index))
    }
  }

  package func apply(_ function: FunctionID, _ x: Expression) -> Expression {
    let node = x.node
    if node.operation == .number, case .unary(let f) = function.row.evaluate {
      return number(f(numbers[Int(node.payload)]))
    }
    if function == .negate, node.operation == .apply,
      node.payload == Int32(FunctionID.negate.index)
    {
      return Expression(graph: self, index: node.a)
    }
    return append(.apply, shapeID: node.shape, x.index, payload: Int32(function.index))
  }

  package func apply(_ function: FunctionID, _ a: Expression, _ b: Expression) -> Expression {
    let (left, right) = (nodes[Int(a.index)], nodes[Int(b.index)])
    if left.operation == .number || right.operation == .number {
      if let simpler = simplified(function, a, b) { return simpler }
    }
    let shape: Int32
    if left.shape == right.shape || right.shape == Self.scalarID {
      shape = left.shape
    } else if left.shape == Self.scalarID {
      shape = right.shape
    } else {
      guard let joined = a.shape.broadcast(with: b.shape) else { return number(.nan) }
      shape = intern(joined)
    }
    // Sums and products keep the order they were written in, but both orders are one node.
    if function == .multiply || function == .add {
      return append(
        commutative: Node(
          operation: .apply, shape: shape, a: a.index, b: b.index, c: -1,
          payload: Int32(function.index)))
    }
    return append(
      .apply, shapeID: shape, a.index, b.index, payload: Int32(function.index))
  }

  /// Rewrites with a number that keep the value for all IEEE inputs.
  private func simplified(
    _ function: FunctionID, _ a: Expression, _ b: Expression
  ) -> Expression? {
    let (x, y) = (a.constant, b.constant)
    if let x, let y, case .binary(let f) = function.row.evaluate { return number(f(x, y)) }
    switch function {
    case .multiply:
      if x == 1 { return b }
      if y == 1 { return a }
      if x == -1 { return -b }
      if y == -1 { return -a }
    case .divide where y == 1: return a
    case .power where y == 1: return a
    case .power where y == 0: return number(1).broadcast(to: a.shape)
    default: break
    }
    return nil
  }

  package func select(_ condition: Expression, _ a: Expression, _ b: Expression) -> Expression {
    if let known = condition.constant {
      let side = known != 0 ? a : b
      let shape = a.shape.broadcast(with: b.shape) ?? side.shape
      return side.broadcast(to: shape)
    }
    if a == b { return a }
    guard let sides = a.shape.broadcast(with: b.shape),
      let shape = sides.broadcast(with: condition.shape)
    else { return number(.nan) }
    return append(.select, shape, condition.index, a.index, b.index)
  }

  /// Pieces laid into zeros of `shape`, added where they overlap or else the later one on top.
  package func assemble(
    _ shape: Shape, adds: Bool, _ pieces: [(expression: Expression, map: StridedMap)]
  ) -> Expression {
    if pieces.count == 1, pieces[0].expression.shape == shape,
      pieces[0].map.offset == 0, pieces[0].map.isContiguous(for: shape)
    {
      return pieces[0].expression
    }
    let assembly = Assembly(
      pieces: pieces.map { Assembly.Piece(node: $0.expression.index, map: $0.map) }, adds: adds)
    return append(.assemble, shape, payload: intern(assembly))
  }

  /// Zeros of `shape`.
  package func zeros(_ shape: Shape) -> Expression { number(0).broadcast(to: shape) }
}

extension Expression {
  package func apply(_ function: FunctionID) -> Expression { graph.apply(function, self) }
  package func apply(_ function: FunctionID, _ other: Expression) -> Expression {
    graph.apply(function, self, other)
  }

  package static func + (a: Expression, b: Expression) -> Expression { a.apply(.add, b) }
  package static func - (a: Expression, b: Expression) -> Expression { a.apply(.subtract, b) }
  package static func * (a: Expression, b: Expression) -> Expression { a.apply(.multiply, b) }
  package static func / (a: Expression, b: Expression) -> Expression { a.apply(.divide, b) }
  package static prefix func - (a: Expression) -> Expression { a.apply(.negate) }
  package static func + (a: Expression, b: Double) -> Expression { a + a.graph.number(b) }
  package static func + (a: Double, b: Expression) -> Expression { b.graph.number(a) + b }
  package static func - (a: Expression, b: Double) -> Expression { a - a.graph.number(b) }
  package static func - (a: Double, b: Expression) -> Expression { b.graph.number(a) - b }
  package static func * (a: Expression, b: Double) -> Expression { a * a.graph.number(b) }
  package static func * (a: Double, b: Expression) -> Expression { b.graph.number(a) * b }
  package static func / (a: Expression, b: Double) -> Expression { a / a.graph.number(b) }
  package static func / (a: Double, b: Expression) -> Expression { b.graph.number(a) / b }

  /// The elements at `map`, as an array of `shape`.
  package func view(_ map: StridedMap, _ shape: Shape) -> Expression {
    if shape == self.shape, map.offset == 0, map.isContiguous(for: shape) { return self }
    if constant != nil, shape.isScalar { return self }
    return graph.append(.view, shape, index, payload: graph.intern(map))
  }

  /// This value repeated along the dimensions where `shape` is larger.
  package func broadcast(to shape: Shape) -> Expression {
    if shape == self.shape { return self }
    let levels = shape.lanes.count
    let mine = self.shape.dimensions(levels: levels)
    let target = shape.dimensions
    guard mine.count == target.count else { return graph.number(.nan) }
    var strides = [Int](repeating: 0, count: target.count)
    var step = 1
    for k in stride(from: mine.count - 1, through: 0, by: -1) {
      strides[k] = mine[k] == 1 ? 0 : step
      step *= mine[k]
    }
    return view(StridedMap(strides: strides), shape)
  }

  /// The same elements in the same order with other sizes per lane.
  package func reshape(rows: Int, columns: Int) -> Expression {
    let target = shape.with(rows: rows, columns: columns)
    return view(StridedMap(strides: target.strides), target)
  }

  package var transposed: Expression {
    let s = shape
    if s.rows == 1 && s.columns == 1 { return self }
    var strides = s.strides
    strides.swapAt(strides.count - 1, strides.count - 2)
    return view(
      StridedMap(strides: strides), s.with(rows: Int(s.columns), columns: Int(s.rows)))
  }

  /// Folds the given positions of `shape.dimensions`.
  package func reduce(_ kind: Reduction.Kind, _ dimensions: [Int]) -> Expression {
    let s = shape
    var sizes = s.dimensions
    let folded = dimensions.filter { sizes[$0] != 1 }
    if folded.isEmpty {
      if kind == .argMaximum || kind == .argMinimum { return graph.number(1).broadcast(to: s) }
      return self
    }
    for k in folded { sizes[k] = 1 }
    let result = Shape(
      lanes: sizes.dropLast(2).map { Int32($0) }, rows: sizes[sizes.count - 2],
      columns: sizes[sizes.count - 1])
    return graph.append(
      .reduce, result, index,
      payload: graph.intern(Reduction(kind: kind, dimensions: folded)))
  }

  /// Folds rows and columns, lane by lane.
  package func reduceElements(_ kind: Reduction.Kind) -> Expression {
    let levels = shape.lanes.count
    return reduce(kind, [levels, levels + 1])
  }

  /// Folds the lanes of `level`.
  package func reduceLanes(_ kind: Reduction.Kind, level: Int) -> Expression {
    level < shape.lanes.count ? reduce(kind, [level]) : self
  }

  package func scan(_ dimension: Int, reversed: Bool = false) -> Expression {
    graph.append(
      .scan, shape, index, payload: graph.intern(Scan(dimension: dimension, reversed: reversed)))
  }

  package func gather(_ offsets: Expression) -> Expression {
    graph.append(.gather, offsets.shape, index, offsets.index)
  }

  package func scatter(_ offsets: Expression, into shape: Shape) -> Expression {
    graph.append(.scatter, shape, index, offsets.index)
  }

  package var order: Expression { graph.append(.order, shape, index) }

  /// Matrix product, each side transposed on request.
  package func product(
    _ other: Expression, transposeLeft: Bool = false, transposeRight: Bool = false
  ) -> Expression {
    let (s, t) = (shape, other.shape)
    let rows = transposeLeft ? s.columns : s.rows
    let columns = transposeRight ? t.rows : t.columns
    guard let lanes = s.with(rows: 1, columns: 1).broadcast(with: t.with(rows: 1, columns: 1))
    else { return graph.number(.nan) }
    return graph.append(
      .product, lanes.with(rows: Int(rows), columns: Int(columns)), index, other.index,
      payload: (transposeLeft ? 1 : 0) | (transposeRight ? 2 : 0))
  }

  /// The factor node; its own shape is that of the matrix.
  package func factor(_ kind: Factorization) -> Expression {
    graph.append(.factor, shape, index, payload: kind.rawValue)
  }

  /// On a factor node: the solution of `A x = b`.
  package func solve(_ right: Expression, transposed: Bool = false) -> Expression {
    let (s, t) = (shape, right.shape)
    let rows = transposed ? s.rows : s.columns
    guard let lanes = s.with(rows: 1, columns: 1).broadcast(with: t.with(rows: 1, columns: 1))
    else { return graph.number(.nan) }
    return graph.append(
      .solve, lanes.with(rows: Int(rows), columns: Int(t.columns)), index, right.index,
      payload: transposed ? 1 : 0)
  }

  /// On a factor node: its `k`-th part.
  package func part(_ k: Int) -> Expression {
    let s = shape
    let (m, n) = (Int(s.rows), Int(s.columns))
    let small = min(m, n)
    let size: (Int, Int)
    switch (Factorization(rawValue: node.payload) ?? .lu, k) {
    case (.lu, _), (.cholesky, 1): size = (1, 1)
    case (.cholesky, _): size = (n, n)
    case (.qr, 0): size = (m, small)
    case (.qr, _): size = (small, n)
    case (.symmetricEigen, 0): size = (n, 1)
    case (.symmetricEigen, _): size = (n, n)
    case (.svd, 0): size = (small, 1)
    case (.svd, 1): size = (m, small)
    case (.svd, _): size = (n, small)
    }
    return graph.append(
      .part, s.with(rows: size.0, columns: size.1), index, payload: Int32(k))
  }
}
