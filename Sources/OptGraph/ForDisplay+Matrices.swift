/// Matrices in the pass for display: products and their transposes, inverses and diagonals.
///
/// Transposes go to the single factors, numbers to the front, identities away. All of it holds for
/// all values for which both sides are defined: associativity, (AB)ᵀ = BᵀAᵀ, A⁻¹A = I.
import OptNumerics

/// Products that are numbers and the same read backwards: yᵀ A x and xᵀ Aᵀ y.
final class ProductOrders {
  fileprivate var first: [Int32: Int32] = [:]
}

extension ForDisplay {
  // MARK: Products

  func product(_ index: Int32, _ node: Node) -> Expression {
    var (a, b) = (moved(node.a), moved(node.b))
    if node.payload & 1 != 0 { a = transposed(a) }
    if node.payload & 2 != 0 { b = transposed(b) }
    return multiplied([unmasked(a, beside: b), unmasked(b, beside: a)], source.shape(of: index))
  }

  /// `if any(mask) then x else 0` as x beside a factor that is itself 0 where the mask is.
  private func unmasked(_ x: Expression, beside other: Expression) -> Expression {
    let (inner, isTurned) = x.beforeTransposing.map { ($0, true) } ?? (x, false)
    let node = inner.node
    func operand(_ index: Int32) -> Expression { Expression(graph: target, index: index) }
    guard node.operation == .select, operand(node.c).beforeRepeating.constant == 0 else { return x }
    var mask = operand(node.a).beforeRepeating
    guard mask.node.operation == .reduce,
      target.reductions[Int(mask.node.payload)].kind == .maximum
    else { return x }
    mask = operand(mask.node.a)
    let masks = Term(of: other.beforeTransposing ?? other).factors.map(\.base)
    guard masks.contains(mask) || masks.contains(where: { $0.beforeTransposing == mask })
    else { return x }
    let value = operand(node.b).broadcast(to: inner.shape)
    return isTurned ? transposed(value) : value
  }

  /// The product of matrices, of which the result has `shape`.
  func multiplied(_ parts: [Expression], _ shape: Shape) -> Expression {
    var product = MatrixProduct(of: parts, in: target)
    product.simplify(in: target)
    let value = product.rendered(shape, in: target)
    guard shape.elements == 1, product.factors.count > 1 else { return value }
    // The first order in which a number is met stays.
    let made = MatrixProduct.multiplied(product.factors, in: target)
    let turned = MatrixProduct.multiplied(
      product.factors.reversed().map { transposed($0) }, in: target)
    guard let known = orders.first[made.index] else {
      orders.first[made.index] = made.index
      orders.first[turned.index] = made.index
      return value
    }
    if known == made.index { return value }
    product.factors = [Expression(graph: target, index: known)]
    return product.rendered(shape, in: target)
  }

  // MARK: Transposes

  private static let deepestTranspose = 12

  func matrixView(_ index: Int32, _ node: Node) -> Expression {
    let (map, shape) = (source.maps[Int(node.payload)], source.shape(of: index))
    let operand = moved(node.a)
    return map.transposes(operand.shape, to: shape)
      ? transposed(operand) : operand.viewThrough(map, shape)
  }

  /// The transpose, of products factor by factor.
  func transposed(_ x: Expression, depth: Int = 0) -> Expression {
    let shape = x.shape
    let turned = shape.with(rows: Int(shape.columns), columns: Int(shape.rows))
    if shape.elements == 1 || x.isIdentity || x.diagonalElements != nil { return x }
    if let inner = x.beforeTransposing { return inner }
    let small = x.beforeRepeating
    if small != x, small.shape.isScalar { return small.broadcast(to: turned) }
    let node = x.node
    guard depth < Self.deepestTranspose else { return x.transposed }
    func operand(_ index: Int32) -> Expression { Expression(graph: target, index: index) }
    switch node.operation {
    case .product:
      let factors = MatrixProduct(of: [x], in: target).factors
      return multiplied(
        factors.reversed().map { transposed($0, depth: depth + 1) }, turned)
    case .solve:
      guard let (matrix, flipped) = x.inverted else { return x.transposed }
      return inverse(of: matrix, transposed: !flipped)
    case .apply where x.softmaxOperand == nil && gains(x, depth):
      let parts = target.operands(of: x.index).map { index -> Expression in
        let part = operand(index)
        return part.shape.elements == 1
          ? part : transposed(part.broadcast(to: shape), depth: depth + 1).beforeRepeating
      }
      let function = FunctionID(index: Int(node.payload))
      switch parts.count {
      case 1: return unary(function, parts[0]).broadcast(to: turned)
      case 2: return binary(function, parts[0], parts[1]).broadcast(to: turned)
      default: return target.apply(function, parts).broadcast(to: turned)
      }
    default: return x.transposed
    }
  }

  /// Whether transposing the operands is no more to write: the only one that is not a number, or
  /// those that are transposed already.
  private func gains(_ x: Expression, _ depth: Int) -> Bool {
    let parts = target.operands(of: x.index).map { Expression(graph: target, index: $0) }
      .filter { $0.shape.elements != 1 }
    let node = x.node
    if parts.count == 1,
      node.isApply(.multiply) || node.isApply(.divide) || node.isApply(.negate)
    {
      return true
    }
    return parts.reduce(0) { $0 + marks($1, depth + 1) } <= 0
  }

  /// How many more transposes the transpose of `x` has written.
  private func marks(_ x: Expression, _ depth: Int) -> Int {
    if x.shape.elements == 1 { return 0 }
    if x.beforeTransposing != nil { return -1 }
    guard depth < Self.deepestTranspose, x.node.operation == .apply else { return 1 }
    let parts = target.operands(of: x.index).map { Expression(graph: target, index: $0) }
    return parts.reduce(0) { $0 + marks($1, depth + 1) }
  }

  // MARK: Systems

  func solution(_ index: Int32, _ node: Node) -> Expression {
    let shape = source.shape(of: index)
    let factor = source.nodes[Int(node.a)]
    var (matrix, right) = (moved(factor.a), moved(node.b))
    var flipped = node.payload & 1 != 0
    if factor.payload == Factorization.lu.rawValue, let inner = matrix.beforeTransposing {
      (matrix, flipped) = (inner, !flipped)
    }
    if flipped, transposed(matrix) == matrix { flipped = false }
    if right.isIdentity {
      return solved(matrix, factor, right, flipped)
    }
    if inverted.contains(node.a) {
      return multiplied([inverse(of: matrix, transposed: flipped), right], shape)
    }
    // Numbers go in front, and what follows a column stays outside.
    var parts = MatrixProduct(of: [right], in: target)
    guard let first = parts.factors.first else { return copied(index) }
    let isOuter = first.shape.columns == 1 && parts.factors.count > 1
    let inside = isOuter ? first : MatrixProduct.multiplied(parts.factors, in: target)
    parts.factors =
      [solved(matrix, factor, inside, flipped)] + (isOuter ? Array(parts.factors.dropFirst()) : [])
    return parts.rendered(shape, in: target)
  }

  private func solved(
    _ matrix: Expression, _ factor: Node, _ right: Expression, _ flipped: Bool
  ) -> Expression {
    let kind = Factorization(rawValue: factor.payload) ?? .lu
    return matrix.factor(kind).solve(right, transposed: flipped)
  }

  private func inverse(of matrix: Expression, transposed: Bool) -> Expression {
    let isFlipped = transposed && self.transposed(matrix) != matrix
    return matrix.factor(.lu).solve(target.identity(matrix.shape.rows), transposed: isFlipped)
  }

  // MARK: Diagonals

  /// One number along the diagonal: a multiple of the identity.
  func onDiagonal(_ index: Int32, _ node: Node) -> Expression? {
    let shape = source.shape(of: index)
    let pieces = source.assemblies[Int(node.payload)].pieces
    guard pieces.count == 1, shape.lanes.isEmpty, shape.rows == shape.columns, shape.rows > 1,
      pieces[0].map.offset == 0, pieces[0].map.strides.first == Int(shape.columns) + 1
    else { return nil }
    let value = moved(pieces[0].node)
    guard value.shape == Shape(rows: Int(shape.rows), columns: 1),
      value.beforeRepeating.shape.isScalar
    else { return nil }
    return binary(.multiply, value.beforeRepeating, target.identity(shape.rows))
  }
}

extension StridedMap {
  /// Whether a view by this map transposes the matrix of each lane.
  fileprivate func transposes(_ inner: Shape, to shape: Shape) -> Bool {
    guard offset == 0, shape == inner.with(rows: Int(inner.columns), columns: Int(inner.rows))
    else { return false }
    let turned = ForExecution.transposition(of: inner).strides
    let sizes = shape.dimensions
    return sizes.indices.allSatisfy { sizes[$0] == 1 || strides[$0] == turned[$0] }
  }
}

extension Graph {
  /// The factorisations of which the whole inverse is used.
  func invertedFactors(_ live: [Bool]) -> Set<Int32> {
    var result: Set<Int32> = []
    for index in live.indices where live[index] && nodes[index].operation == .solve {
      let node = nodes[index]
      if nodes[Int(node.a)].payload == Factorization.lu.rawValue,
        Expression(graph: self, index: node.b).isIdentity
      {
        result.insert(node.a)
      }
    }
    return result
  }
}
