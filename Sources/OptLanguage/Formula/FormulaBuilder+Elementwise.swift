/// Sums, products, powers, functions and conditions in formulas.
import OptGraph
import OptSyntax

extension FormulaBuilder {
  mutating func elementwise(_ index: Int32, _ node: Node, _ scope: LaneScope) -> Piece {
    let function = FunctionID(index: Int(node.payload))
    switch function {
    case .add, .subtract: return sum(index, scope)
    case .multiply: return productChain(index, scope)
    case .divide: return quotient(build(node.a, scope), build(node.b, scope))
    case .negate:
      let inner = build(node.a, scope)
      return Piece(id: negated(inner.id), rows: inner.rows, columns: inner.columns)
    case .power: return power(build(node.a, scope), exponent(node.b, scope))
    case .and, .or:
      let (a, b) = (condition(node.a, scope), condition(node.b, scope))
      return joined(a, b, isMask: true) { $0.infix(function == .and ? .and : .or, a.id, b.id) }
    case .not:
      let inner = condition(node.a, scope)
      var result = inner
      result.id = add(.prefix(.not, inner.id))
      return result
    case .sqrt: return root(build(node.a, scope))
    default: break
    }
    if let comparison = Self.comparisons[function] {
      let (a, b) = (build(node.a, scope), build(node.b, scope))
      return joined(a, b, isMask: true) {
        $0.add(.comparison(a.id, [ComparisonLink(comparison, b.id)]))
      }
    }
    let operands = graph.operands(of: index).map { build($0, scope) }
    var result = operands.first ?? Piece(id: omitted(), rows: 1, columns: 1)
    for operand in operands.dropFirst() {
      result.rows = max(result.rows, operand.rows)
      result.columns = max(result.columns, operand.columns)
    }
    result.isMask = false
    result.id = call(function.row.name, operands.map(\.id))
    return result
  }

  private static let comparisons: [FunctionID: ComparisonOperator] = [
    .less: .less, .lessOrEqual: .lessOrEqual, .greater: .greater,
    .greaterOrEqual: .greaterOrEqual, .equal: .equal, .notEqual: .notEqual,
  ]

  /// Two pieces as one of their common size.
  private mutating func joined(
    _ a: Piece, _ b: Piece, isMask: Bool = false, _ node: (inout FormulaBuilder) -> NodeID
  ) -> Piece {
    Piece(
      id: node(&self), rows: a.rows == 1 ? b.rows : a.rows,
      columns: a.columns == 1 ? b.columns : a.columns, isMask: isMask)
  }

  // MARK: Chains

  /// The operands of a chain of `operations` that groups to the left, the first one first.
  private func chain(_ index: Int32, _ operations: [FunctionID]) -> [(FunctionID, Int32)] {
    var links: [(FunctionID, Int32)] = []
    var current = index
    while true {
      let node = graph.nodes[Int(current)]
      let function = FunctionID(index: Int(node.payload))
      guard node.operation == .apply, operations.contains(function),
        current == index || named[current] == nil
      else { break }
      links.append((function, node.b))
      current = node.a
    }
    links.append((operations[0], current))
    return links.reversed()
  }

  private mutating func sum(_ index: Int32, _ scope: LaneScope) -> Piece {
    let links = chain(index, [.add, .subtract])
    var result = build(links[0].1, scope)
    result.isMask = false
    for (function, operand) in links.dropFirst() {
      guard hasRoom else {
        result.id = infix(.add, result.id, omitted())
        break
      }
      let term = build(operand, scope)
      let a = result
      result = joined(a, term) { $0.added(a.id, term.id, isMinus: function == .subtract) }
    }
    return result
  }

  private mutating func productChain(_ index: Int32, _ scope: LaneScope) -> Piece {
    let links = chain(index, [.multiply])
    var result: Piece?
    var below: NodeID?
    var isNegative = false
    var rest = links[...]
    // A fraction in front divides at the end: x³/3.
    let first = Expression(graph: graph, index: links[0].1)
    if let value = first.constant, let parts = quotient(value.magnitude) {
      below = parts.below
      rest = rest.dropFirst()
      isNegative = value < 0
      result = parts.above.map { Piece(id: $0, rows: 1, columns: 1) }
    }
    var factors: [(piece: Piece, isProduct: Bool)] = []
    var isCut = false
    for (_, operand) in rest {
      guard hasRoom else {
        isCut = true
        break
      }
      factors.append((build(operand, scope), graph.nodes[Int(operand)].operation == .product))
    }
    // Numbers go before vectors and matrices, except where x xᵀ y reads as well.
    let isWide = factors.contains { $0.piece.columns != 1 }
    func leads(_ factor: (piece: Piece, isProduct: Bool)) -> Bool {
      factor.piece.isScalar && (isWide || !factor.isProduct)
    }
    for factor in factors.filter({ leads($0) }) + factors.filter({ !leads($0) }) {
      result = result.map { multiplied($0, factor.piece) } ?? factor.piece
    }
    if isCut {
      let dots = omitted()
      if let start = result?.id { result?.id = infix(.multiply, start, dots) }
    }
    var product = result ?? Piece(id: omitted(), rows: 1, columns: 1)
    if isNegative { product.id = negated(product.id) }
    if let below { product = quotient(product, Piece(id: below, rows: 1, columns: 1)) }
    product.isMask = false
    return product
  }

  /// The product, element by element if neither is a number. Products group to the left.
  mutating func multiplied(_ a: Piece, _ b: Piece) -> Piece {
    let op: InfixOperator = a.isScalar || b.isScalar ? .multiply : .elementMultiply
    return joined(a, b) { $0.multiplied(a.id, op, b.id) }
  }

  /// `a op (b * c)` as `a * b * c`, where `a` is a number or all are matrix products.
  mutating func multiplied(_ a: NodeID, _ op: InfixOperator, _ b: NodeID) -> NodeID {
    guard op == .multiply else { return infix(op, a, b) }
    var factors: [NodeID] = []
    var current = b
    while case .infix(.multiply, let left, let right) = tree[current] {
      factors.append(right)
      current = left
    }
    var result = infix(.multiply, a, current)
    for factor in factors.reversed() { result = infix(.multiply, result, factor) }
    return result
  }

  /// A quotient over something is one over a product: a/(b c).
  private mutating func quotient(_ a: Piece, _ b: Piece) -> Piece {
    if a.isScalar, b.isScalar, number(b.id) == nil,
      case .infix(.divide, let above, let below) = tree[a.id]
    {
      let product = multiplied(below, .multiply, b.id)
      return Piece(id: infix(.divide, above, product), rows: 1, columns: 1)
    }
    return joined(a, b) { $0.infix(b.isScalar ? .divide : .elementDivide, a.id, b.id) }
  }

  private mutating func power(_ a: Piece, _ b: Piece) -> Piece {
    joined(a, b) {
      $0.infix(a.isScalar && b.isScalar ? .power : .elementPower, a.id, b.id)
    }
  }

  /// An exponent; halves and quarters are fractions: x^(3/2).
  private mutating func exponent(_ index: Int32, _ scope: LaneScope) -> Piece {
    guard let value = Expression(graph: graph, index: index).constant,
      value != value.rounded(), let above = Int(exactly: value * 4), above.magnitude < 100
    else { return build(index, scope) }
    let (a, b) = above % 2 == 0 ? (above / 2, 2) : (above, 4)
    let parts = (integer(Int(a.magnitude)), integer(b))
    let fraction = infix(.divide, parts.0, parts.1)
    return Piece(id: a < 0 ? negated(fraction) : fraction, rows: 1, columns: 1)
  }

  private mutating func root(_ x: Piece) -> Piece {
    var result = x
    result.isMask = false
    switch tree[x.id] {
    case .name, .number: result.id = add(.prefix(.squareRoot, x.id))
    default: result.id = call("sqrt", [x.id])
    }
    return result
  }

  // MARK: Signs

  /// `a + b` or `a - b`; a sign of `b` turns one into the other.
  mutating func added(_ a: NodeID, _ b: NodeID, isMinus: Bool = false) -> NodeID {
    if !isMinus, !keepsBrackets, case .infix(let op, let first, let rest) = tree[b],
      op == .add || op == .subtract
    {
      // The terms of a sum follow one by one.
      let start = added(a, first)
      return infix(op, start, rest)
    }
    if let positive = withoutSign(b) { return infix(isMinus ? .add : .subtract, a, positive) }
    return infix(isMinus ? .subtract : .add, a, b)
  }

  /// The opposite; in a product the sign goes to the first factor.
  mutating func negated(_ id: NodeID) -> NodeID {
    if let positive = withoutSign(id) { return positive }
    var spine: [(InfixOperator, NodeID)] = []
    var current = id
    while case .infix(let op, let left, let right) = tree[current], op.isProduct {
      spine.append((op, right))
      current = left
    }
    var result = add(.prefix(.minus, current))
    for (op, right) in spine.reversed() { result = infix(op, result, right) }
    return result
  }

  /// What follows a leading sign, if there is one.
  mutating func withoutSign(_ id: NodeID) -> NodeID? {
    var spine: [(InfixOperator, NodeID)] = []
    var current = id
    while case .infix(let op, let left, let right) = tree[current], op.isProduct {
      spine.append((op, right))
      current = left
    }
    guard case .prefix(.minus, var result) = tree[current] else { return nil }
    for (op, right) in spine.reversed() { result = infix(op, result, right) }
    return result
  }

  // MARK: Conditions

  /// A node as a condition: numbers are compared with 0.
  mutating func condition(_ index: Int32, _ scope: LaneScope) -> Piece {
    var piece = build(index, scope)
    if !piece.isMask {
      piece.id = add(.comparison(piece.id, [ComparisonLink(.notEqual, integer(0))]))
      piece.isMask = true
    }
    return piece
  }

  mutating func choice(_ node: Node, _ scope: LaneScope) -> Piece {
    // Formulas show what holds where there is a derivative.
    if Refusal(of: node, in: graph) != nil { return build(node.c, scope) }
    let test = condition(node.a, scope)
    var (yes, no) = (build(node.b, scope), build(node.c, scope))
    let size = joined(yes, no) { _ in yes.id }
    if test.isScalar {
      let shape = Shape(rows: size.rows, columns: size.columns)
      (yes, no) = (whole(yes, of: shape), whole(no, of: shape))
      let id = add(.conditional(condition: test.id, then: yes.id, otherwise: no.id))
      return Piece(
        id: id, rows: size.rows, columns: size.columns, isMask: yes.isMask && no.isMask)
    }
    // `if` wants one boolean; a mask counts 1 and 0.
    let isZero = (yes: number(yes.id) == 0, no: number(no.id) == 0)
    let taken = number(yes.id) == 1 ? test : multiplied(test, yes)
    if isZero.no { return taken }
    var other = test
    other.id = add(.prefix(.not, test.id))
    let rest = number(no.id) == 1 ? other : multiplied(other, no)
    if isZero.yes { return rest }
    return joined(taken, rest) { $0.infix(.add, taken.id, rest.id) }
  }

  /// The value of a literal.
  func number(_ id: NodeID) -> Double? {
    if case .number(let value, _) = tree[id] { return value }
    return nil
  }
}

extension InfixOperator {
  /// Whether a sign of the left side is one of the whole.
  fileprivate var isProduct: Bool {
    switch self {
    case .multiply, .juxtapose, .divide, .elementMultiply, .elementDivide: true
    default: false
    }
  }
}
