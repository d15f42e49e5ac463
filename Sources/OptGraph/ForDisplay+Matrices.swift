/// Matrices in the pass for display: products and their transposes, inverses, sums with a matrix in
/// common, and softmax.
///
/// Transposes go to the single factors, numbers to the front, identities away. All of it holds for
/// all values for which both sides are defined: associativity, (AB)ᵀ = BᵀAᵀ, A⁻¹A = I,
/// AB + CB = (A + C)B.
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
  private func multiplied(_ parts: [Expression], _ shape: Shape) -> Expression {
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
    guard depth < Self.deepestTranspose, x.node.isApply else { return 1 }
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

  // MARK: Sums

  /// A x + B x as (A + B) x, and x A + x B likewise.
  func withCommonMatrix(_ terms: [Term]) -> [Term] {
    guard terms.count > 1, terms.count <= MatrixProduct.longest else { return terms }
    var result = withOneDiagonal(terms)
    for fromLeft in [false, true] {
      var products = result.map { $0.asMatrixProduct(in: target) }
      for k in result.indices {
        guard let common = fromLeft ? products[k]?.factors.first : products[k]?.factors.last
        else { continue }
        let same = products.indices.filter { i in
          (fromLeft ? products[i]?.factors.first : products[i]?.factors.last) == common
        }
        guard same.count > 1 else { continue }
        let parts = same.compactMap { i -> (Expression, Double)? in
          guard var rest = products[i] else { return nil }
          if fromLeft { rest.factors.removeFirst() } else { rest.factors.removeLast() }
          guard let (first, last) = rest.ends else { return nil }
          let shape = Shape(
            lanes: result[i].shape.lanes, rows: Int(first.shape.rows),
            columns: Int(last.shape.columns))
          return (rest.rendered(shape, in: target), 1)
        }
        guard parts.count == same.count else { continue }
        let inner = sum(parts, Self.deepest)
        let shape = result[k].shape
        let whole = multiplied(fromLeft ? [common, inner] : [inner, common], shape)
        result[k] = Term(of: whole)
        for i in same.reversed() where i != k { result.remove(at: i) }
        return withCommonMatrix(result)
      }
      products = []
    }
    return result
  }

  /// diag(a) + diag(b) as diag(a + b).
  private func withOneDiagonal(_ terms: [Term]) -> [Term] {
    func column(_ term: Term) -> Expression? {
      let (numbers, rest) = term.numbersApart
      guard rest.factors.count == 1, rest.factors[0].exponent == 1,
        let elements = rest.factors[0].base.diagonalElements
      else { return nil }
      return binary(.multiply, numbers.rendered(in: target), elements.beforeRepeating)
        .broadcast(to: elements.shape)
    }
    let columns = terms.map { column($0) }
    let places = columns.indices.filter { columns[$0] != nil }
    guard places.count > 1, let first = places.first else { return terms }
    let total = sum(places.compactMap { columns[$0].map { ($0, 1) } }, Self.deepest)
    var result = terms
    let shape = terms[first].shape
    result[first] = Term(
      of: total.broadcast(to: Shape(rows: Int(shape.rows), columns: 1)).onDiagonal)
    for place in places.dropFirst().reversed() { result.remove(at: place) }
    return result
  }

  // MARK: Elementwise products

  /// One number where a mask holds and 0 elsewhere: the number times the mask.
  func weighted(_ choice: Expression) -> Expression {
    let node = choice.node
    func operand(_ index: Int32) -> Expression { Expression(graph: target, index: index) }
    guard node.operation == .select, operand(node.a).shape.elements != 1,
      operand(node.a).givesMask, operand(node.b).shape.isScalar, operand(node.c).constant == 0
    else { return choice }
    return binary(.multiply, operand(node.a), operand(node.b))
  }

  /// A product of matrices with exp(z) and 1/sum(exp(z)) in front.
  func withSoftmax(_ product: Term) -> Expression? {
    guard let matrices = product.asMatrixProduct(in: target),
      matrices.withSoftmax.factors != matrices.factors
    else { return nil }
    return matrices.rendered(product.shape, in: target)
  }

  /// (a/s - b/e) e as a e/s - b, where a factor cancels in a sum of matrices.
  func throughSum(_ product: Term) -> Expression? {
    guard product.factors.count > 1, product.factors.count <= 4 else { return nil }
    for (k, factor) in product.factors.enumerated() where factor.exponent == 1 {
      let node = factor.base.node
      guard node.isApply(.add) || node.isApply(.subtract), factor.base.shape.elements != 1
      else { continue }
      var list = TermList()
      list.add(factor.base, 1)
      var others = product
      others.factors.remove(at: k)
      let cancels = list.terms.contains { term in
        term.factors.contains { inner in
          inner.exponent.value < 0
            && others.factors.contains {
              $0.exponent.value > 0 && $0.base.shape.elements != 1
                && ($0.base == inner.base || $0.base.isSummed(by: inner.base))
            }
        }
      }
      guard cancels else { continue }
      return sum(
        list.terms.map { term in
          var result = term
          result.multiply(by: others, power: 1)
          return (result.rendered(in: target), 1)
        }, Self.deepest)
    }
    return nil
  }
}

extension Term {
  /// exp(z)/sum(exp(z)) as one factor, which is softmax(z).
  var withSoftmax: Term {
    guard factors.count > 1 else { return self }
    var result = self
    for k in factors.indices where factors[k].exponent.value <= -1 {
      let total = factors[k]
      guard total.base.node.operation == .reduce,
        let place = factors.firstIndex(where: {
          $0.exponent.value >= 1 && $0.base.isSummed(by: total.base)
        })
      else { continue }
      let quotient = factors[place].base.apply(.divide, total.base)
      guard quotient.softmaxOperand != nil else { continue }
      let isLess = factors[place].exponent.value < -total.exponent.value
      let power = isLess ? factors[place].exponent : total.exponent.negated
      result.factors[place].exponent = factors[place].exponent.minus(power)
      result.factors[k].exponent = total.exponent.plus(power)
      result.factors.append(Factor(base: quotient, exponent: power))
    }
    result.factors.removeAll { $0.exponent == 0 }
    return result
  }

  /// exp(-u)/(1 + exp(-u)) as 1/(1 + exp(u)).
  mutating func joinLogistic() {
    for (k, factor) in factors.enumerated()
    where factor.exponent == -1 && factor.base.node.isApply(.exp) {
      let graph = factor.base.graph
      let opposite = Term(of: factor.base, power: -1)
      guard
        let place = factors.firstIndex(where: { other in
          let node = other.base.node
          guard other.exponent == -1, node.isApply(.add),
            Expression(graph: graph, index: node.a).constant == 1
          else { return false }
          let term = Term(of: Expression(graph: graph, index: node.b))
          return term.coefficient == 1 && term.isLike(opposite)
        })
      else { continue }
      factors[place].base = 1 + factor.base
      factors.remove(at: k)
      return
    }
  }

  /// The factors that do not change along `dimensions` of `shape`, and those that do.
  func apart(_ shape: Shape, along dimensions: [Int]) -> (fixed: Term, varying: Term) {
    var (fixed, varying) = (self, self)
    varying.coefficient = Ratio(1)
    func isFixed(_ x: Expression) -> Bool {
      // x^i/x is x^(i - 1), which is defined at 0.
      if factors.contains(where: { $0.base.node.isApply(.power) && $0.base.node.a == x.index }) {
        return false
      }
      let own = x.shape.dimensions(levels: shape.lanes.count)
      return x.shape.lanes.count <= shape.lanes.count && dimensions.allSatisfy { own[$0] == 1 }
    }
    fixed.factors = factors.filter { isFixed($0.base) }
    varying.factors = factors.filter { !isFixed($0.base) }
    return (fixed, varying)
  }

  /// The size of the product.
  fileprivate var shape: Shape {
    factors.reduce(.scalar) { $0.broadcast(with: $1.base.shape) ?? $0 }
  }

  /// This as numbers times a product of two matrices or more.
  fileprivate func asMatrixProduct(in graph: Graph) -> MatrixProduct? {
    let (numbers, rest) = numbersApart
    guard rest.factors.count == 1, rest.factors[0].exponent == 1,
      rest.factors[0].base.node.operation == .product
    else { return nil }
    var product = MatrixProduct(of: [rest.factors[0].base], in: graph)
    product.scale.multiply(by: numbers, power: 1)
    return product.factors.count > 1 ? product : nil
  }
}

extension MatrixProduct {
  fileprivate var ends: (Expression, Expression)? {
    guard let first = factors.first, let last = factors.last else { return nil }
    return (first, last)
  }
}

extension Expression {
  /// Whether this is some exp(z) and `total` its sum.
  fileprivate func isSummed(by total: Expression) -> Bool {
    node.isApply(.exp) && total.node.operation == .reduce && total.node.a == index
  }

  /// If this is exp(z) over its sum: z, and what the sum is over, 1 down the columns, 2 along the
  /// rows, nil both.
  package var softmaxOperand: (operand: Expression, axis: Int?)? {
    let n = node
    guard n.isApply(.divide), Expression(graph: graph, index: n.a).node.isApply(.exp) else {
      return nil
    }
    let total = graph.nodes[Int(n.b)]
    guard total.operation == .reduce, total.a == n.a,
      graph.reductions[Int(total.payload)].kind == .sum
    else { return nil }
    let operand = Expression(graph: graph, index: graph.nodes[Int(n.a)].a)
    let shape = operand.shape
    guard shape.lanes.isEmpty else { return nil }
    let dimensions = graph.reductions[Int(total.payload)].dimensions
    if dimensions.count == 2 || shape.rows == 1 || shape.columns == 1 { return (operand, nil) }
    return (operand, dimensions[0] + 1)
  }
}

extension Expression {
  /// If this is a diagonal matrix with a column laid on its diagonal: that.
  var diagonalElements: Expression? {
    guard node.operation == .assemble, shape.lanes.isEmpty, shape.rows == shape.columns else {
      return nil
    }
    let pieces = graph.assemblies[Int(node.payload)].pieces
    guard pieces.count == 1, pieces[0].map.offset == 0,
      pieces[0].map.strides.first == Int(shape.columns) + 1
    else { return nil }
    let column = Expression(graph: graph, index: pieces[0].node)
    return column.shape == Shape(rows: Int(shape.rows), columns: 1) ? column : nil
  }

  /// The diagonal matrix of a column.
  package var onDiagonal: Expression {
    let n = Int(shape.rows)
    return graph.assemble(
      Shape(rows: n, columns: n), adds: false, [(self, StridedMap(strides: [n + 1, 0]))])
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
  /// A known n×n matrix, one value below, on and above the diagonal each.
  package func triangle(
    _ n: Int32, below: Double, diagonal: Double, above: Double
  ) -> Expression {
    let n = Int(n)
    let buffer = Buffer(uninitialized: n * n)
    for i in 0..<n {
      for j in 0..<n { buffer[i * n + j] = i > j ? below : i == j ? diagonal : above }
    }
    return array(buffer, Shape(rows: n, columns: n))
  }

  /// The identity matrix of `n` rows, always the same node.
  package func identity(_ n: Int32) -> Expression {
    if let known = identities[n] { return Expression(graph: self, index: known) }
    let made = triangle(n, below: 0, diagonal: 1, above: 0)
    identities[n] = made.index
    return made
  }

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

extension Node {
  /// Whether it is a row of the function table.
  fileprivate var isApply: Bool { operation == .apply }
}
