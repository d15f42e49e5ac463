/// Matrix products as lists, for the pass for display.
import OptNumerics

/// Numbers times a product of matrices: none of them 1×1, a product itself or an identity.
struct MatrixProduct {
  /// Everything that is 1×1.
  var scale: Term
  /// From left to right, the sizes fit.
  var factors: [Expression] = []

  /// Longer products are not taken apart.
  static let longest = 24

  init(in graph: Graph) { scale = Term() }

  /// `parts` from left to right, taken apart.
  init(of parts: [Expression], in graph: Graph) {
    self.init(in: graph)
    var stack = Array(parts.reversed())
    while let x = stack.popLast() {
      let node = x.node
      func operand(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }
      if x.shape.elements == 1 {
        scale.multiply(by: Term(of: x), power: 1)
      } else if node.operation == .product, node.payload == 0,
        factors.count + stack.count < Self.longest
      {
        stack.append(operand(node.b))
        stack.append(operand(node.a))
      } else if !x.isIdentity {
        let base = withoutNumber(x)
        // What is left may be a product again; it is smaller.
        if base.index < x.index { stack.append(base) } else { factors.append(base) }
      }
    }
  }

  /// The matrix of which `x` is a multiple, the number going in front.
  private mutating func withoutNumber(_ x: Expression) -> Expression {
    let repeated = x.beforeRepeating
    if repeated != x, repeated.shape.isScalar {
      scale.multiply(by: Term(of: repeated), power: 1)
      return x.graph.number(1).broadcast(to: x.shape)
    }
    let node = x.node
    if node.isApply(.add) || node.isApply(.subtract) { return withoutCommonNumber(x) }
    guard node.isApply(.multiply) || node.isApply(.divide) || node.isApply(.negate) else {
      return x
    }
    guard x.softmaxOperand == nil else { return x }
    let (numbers, rest) = Term(of: x).withSoftmax.numbersApart
    guard let first = rest.factors.first else { return x }
    let isSingle = rest.factors.count == 1 && first.exponent == 1
    let base = isSingle ? first.base : rest.rendered(in: x.graph)
    guard base.shape == x.shape else { return x }
    scale.multiply(by: numbers, power: 1)
    return base
  }

  /// 2λa - 2λb as a - b, what is the same in all terms going in front.
  private mutating func withoutCommonNumber(_ x: Expression) -> Expression {
    var list = TermList()
    list.add(x, 1)
    // As a quotient of whole numbers if one of them is.
    let ratios = list.terms.map(\.coefficient)
    guard let first = ratios.first(where: { $0.below != 1 }) ?? ratios.first else { return x }
    let isNegative = ratios.allSatisfy { $0.value < 0 }
    let common = isNegative == (first.value < 0) ? first : first.times(Ratio(-1))
    let isSameSize = ratios.allSatisfy { $0.value.magnitude == common.value.magnitude }
    let shared = list.terms[0].numbersApart.numbers.factors.filter { factor in
      list.terms.allSatisfy { term in
        term.factors.contains { $0.base == factor.base && $0.exponent == factor.exponent }
      }
    }
    guard !shared.isEmpty || isSameSize && common != Ratio(1) else { return x }
    for factor in shared {
      scale.multiply(by: Term(of: factor.base), power: factor.exponent)
    }
    let rest = list.terms.map { term in
      var result = term
      result.factors.removeAll { factor in shared.contains { $0.base == factor.base } }
      return result
    }
    guard isSameSize, common != Ratio(1) else {
      return TermList.rendered(rest, in: x.graph).broadcast(to: x.shape)
    }
    scale.coefficient = scale.coefficient.times(common)
    let terms = rest.map { term in
      var result = term
      result.coefficient = Ratio(term.coefficient.value < 0 && !isNegative ? -1 : 1)
      return result
    }
    return TermList.rendered(terms, in: x.graph).broadcast(to: x.shape)
  }

  /// A A⁻¹ drops out; xᵀ A x inside a longer product is a number in front.
  mutating func simplify(in graph: Graph) {
    var kept: [Expression] = []
    for factor in factors {
      if let last = kept.last, factor.isInverse(of: last) || last.isInverse(of: factor) {
        kept.removeLast()
      } else if let a = kept.last?.diagonalElements, let b = factor.diagonalElements {
        var both = Term(of: a)
        both.multiply(by: Term(of: b), power: 1)
        kept[kept.count - 1] = both.rendered(in: graph).broadcast(to: a.shape).onDiagonal
      } else {
        kept.append(factor)
      }
    }
    // The product falls into segments where the sizes meet in 1.
    var segments: [[Expression]] = []
    for factor in kept {
      if let last = segments.last?.last, last.shape.columns != 1 {
        segments[segments.count - 1].append(factor)
      } else {
        segments.append([factor])
      }
    }
    factors = []
    for segment in segments {
      guard let first = segment.first, let last = segment.last else { continue }
      if segments.count > 1, first.shape.rows == 1, last.shape.columns == 1 {
        scale.multiply(by: Term(of: Self.multiplied(segment, in: graph)), power: 1)
      } else {
        factors += segment
      }
    }
  }

  /// The product of matrices alone, grouped to the left.
  static func multiplied(_ factors: [Expression], in graph: Graph) -> Expression {
    guard var result = factors.first else { return graph.number(1) }
    for factor in factors.dropFirst() { result = result.product(factor) }
    return result
  }

  /// exp(z) over its sum, which is a number in front, as one factor; transposed likewise.
  var withSoftmax: (scale: Term, factors: [Expression]) {
    var (scale, factors) = (scale, factors)
    for (k, factor) in factors.enumerated() {
      let base = factor.beforeTransposing ?? factor
      guard base.node.isApply(.exp),
        let place = scale.factors.firstIndex(where: {
          $0.exponent.value <= -1 && base.apply(.divide, $0.base).softmaxOperand != nil
        })
      else { continue }
      let weights = base.apply(.divide, scale.factors[place].base)
      factors[k] = factor == base ? weights : weights.transposed
      scale.multiply(by: Term(of: scale.factors[place].base), power: 1)
    }
    return (scale, factors)
  }

  /// All of it, an identity of `shape` where no matrix is left.
  func rendered(_ shape: Shape, in graph: Graph) -> Expression {
    let (scale, factors) = withSoftmax
    var result = scale
    // Halves are written as quotients.
    if [2, 4, 8].contains(result.coefficient.below) { result.coefficient.isDecimal = false }
    let isNumber = shape.elements == 1
    if factors.isEmpty && isNumber { return result.rendered(in: graph).broadcast(to: shape) }
    let matrix =
      factors.isEmpty ? graph.identity(shape.rows) : Self.multiplied(factors, in: graph)
    result.multiply(by: Term(of: matrix), power: 1)
    return result.rendered(in: graph).broadcast(to: shape)
  }
}

extension Term {
  /// What is 1×1, and the rest.
  var numbersApart: (numbers: Term, rest: Term) {
    var (numbers, rest) = (self, self)
    rest.coefficient = Ratio(1)
    numbers.factors = factors.filter { $0.base.shape.elements == 1 }
    rest.factors = factors.filter { $0.base.shape.elements != 1 }
    return (numbers, rest)
  }
}

extension Expression {
  /// Whether this is a known identity matrix of more than one row.
  package var isIdentity: Bool {
    let n = node
    guard n.operation == .array, shape.lanes.isEmpty, shape.rows == shape.columns else {
      return false
    }
    let size = Int(shape.rows)
    let values = graph.arrays[Int(n.payload)].elements
    for k in 0..<size where values[k * size + k] != 1 { return false }
    // Off the diagonal, and only if the diagonal is right.
    for (k, value) in values.enumerated() where value != 0 && k / size != k % size {
      return false
    }
    return true
  }

  /// If this is the inverse of a matrix: that matrix, and whether it is transposed.
  package var inverted: (matrix: Expression, transposed: Bool)? {
    let n = node
    guard n.operation == .solve, Expression(graph: graph, index: n.b).isIdentity else { return nil }
    let factor = graph.nodes[Int(n.a)]
    return (Expression(graph: graph, index: factor.a), n.payload & 1 != 0)
  }

  /// Whether this times `other` is the identity.
  fileprivate func isInverse(of other: Expression) -> Bool {
    guard let (matrix, transposed) = inverted else { return false }
    return transposed ? matrix == other.beforeTransposing : matrix == other
  }
}
