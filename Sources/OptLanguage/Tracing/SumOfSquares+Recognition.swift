/// Recognising a cost as a sum of squares.
import OptGraph
import OptNumerics

extension SumOfSquares {
  /// The parts of a cost that is written as a sum of squares: `sum((…).^2)`, `a^2 + b^2`,
  /// `norm(v)^2`, `dot(r, r)`, `r'*r`, a mean of squares, each times known numbers that are not
  /// negative. Nil for everything else.
  init?(recognizing cost: Expression) {
    var search = SquareSearch(graph: cost.graph)
    guard let parts = search.parts(of: cost), !parts.isEmpty else { return nil }
    let count = parts.reduce(0) { $0 + $1.shape.count }
    guard count <= Self.largestCount else { return nil }
    var offset = 0
    let pieces = parts.map { part -> (expression: Expression, map: StridedMap) in
      let size = part.shape.count
      let column = part.view(StridedMap(strides: [1, 1]), Shape(rows: size, columns: 1))
      defer { offset += size }
      return (column, StridedMap(offset: offset, strides: [1, 1]))
    }
    residuals = cost.graph.assemble(Shape(rows: count, columns: 1), adds: false, pieces)
    roots = nil
  }

  /// More parts than these are not looked at one by one.
  private static let largestCount = 1_000_000
}

/// Takes the total of an expression's elements apart into squares.
private struct SquareSearch {
  let graph: Graph

  /// The total over all elements of `expression`, times `factor`.
  private struct Total {
    var expression: Expression
    var factor: Double
    /// Known numbers that the elements are multiplied with.
    var weights: [Expression] = []
    /// Elements that the total takes, where they are not all: a view of the expression.
    var views: [(map: StridedMap, shape: Shape)] = []
  }

  private static let largestParts = 10_000

  mutating func parts(of cost: Expression) -> [Expression]? {
    var parts: [Expression] = []
    var pending = [Total(expression: cost, factor: 1)]
    var visits = 0
    while let total = pending.popLast() {
      visits += 1
      guard visits <= 4 * Self.largestParts, parts.count < Self.largestParts,
        total.factor.isFinite
      else { return nil }
      if total.factor == 0 { continue }
      if let base = square(total.expression) {
        if let inner = rooted(base) {
          pending.append(replacing(total, inner))
        } else {
          guard total.factor > 0 else { return nil }
          parts.append(part(base, total))
        }
        continue
      }
      guard let further = terms(total) else { return nil }
      pending += further.reversed()
    }
    return parts
  }

  private func operand(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }

  private func replacing(_ total: Total, _ expression: Expression) -> Total {
    var other = total
    other.expression = expression
    return other
  }

  /// b where the expression is b².
  private func square(_ e: Expression) -> Expression? {
    let node = e.node
    guard node.operation == .apply else { return nil }
    switch FunctionID(index: Int(node.payload)) {
    case .multiply where node.a == node.b: return operand(node.a)
    case .power:
      guard let exponent = operand(node.b).constant, exponent >= 2,
        exponent.truncatingRemainder(dividingBy: 2) == 0, exponent <= 64
      else { return nil }
      let base = operand(node.a)
      return exponent == 2 ? base : base.apply(.power, graph.number(exponent / 2))
    default: return nil
    }
  }

  /// s where the expression is √s or |√s|.
  private func rooted(_ e: Expression) -> Expression? {
    if let square = e.rootedSquare { return square }
    let node = e.node
    guard node.operation == .apply, FunctionID(index: Int(node.payload)) == .sqrt else {
      return nil
    }
    return operand(node.a)
  }

  /// The part whose squares make up a total.
  private func part(_ base: Expression, _ total: Total) -> Expression {
    var part = base
    for weight in total.weights { part = part * weight.apply(.sqrt) }
    for view in total.views.reversed() { part = part.view(view.map, view.shape) }
    return total.factor == 1 ? part : part * graph.number(total.factor.squareRoot())
  }

  /// Simpler totals that add up to this one; nil if it is no sum of squares.
  private func terms(_ total: Total) -> [Total]? {
    let e = total.expression
    let node = e.node
    switch node.operation {
    case .number:
      // A known number that is added changes nothing but the value.
      let value = graph.numbers[Int(node.payload)]
      return value == 0 ? [] : nil
    case .apply: return applied(total, node)
    case .reduce:
      guard graph.reductions[Int(node.payload)].kind == .sum, total.weights.isEmpty,
        total.views.isEmpty
      else { return nil }
      return [replacing(total, operand(node.a))]
    case .view: return viewed(total, node)
    case .assemble:
      guard total.weights.isEmpty, total.views.isEmpty else { return nil }
      let pieces = graph.assemblies[Int(node.payload)].pieces
      guard areApart(pieces, e.shape.count) else { return nil }
      return pieces.map { replacing(total, operand($0.node)) }
    case .product: return inner(total, node)
    default: return nil
    }
  }

  private func applied(_ total: Total, _ node: Node) -> [Total]? {
    let (a, b) = (operand(node.a), node.b >= 0 ? operand(node.b) : operand(node.a))
    let shape = total.expression.shape
    switch FunctionID(index: Int(node.payload)) {
    case .add:
      return [a, b].map { replacing(total, $0.broadcast(to: shape)) }
    case .subtract:
      var second = replacing(total, b.broadcast(to: shape))
      second.factor = -total.factor
      return [replacing(total, a.broadcast(to: shape)), second]
    case .negate:
      var opposite = replacing(total, a)
      opposite.factor = -total.factor
      return [opposite]
    case .multiply, .divide:
      let isQuotient = FunctionID(index: Int(node.payload)) == .divide
      if let k = b.constant {
        var scaled = replacing(total, a)
        scaled.factor *= isQuotient ? 1 / k : k
        return [scaled]
      }
      if !isQuotient, let k = a.constant {
        var scaled = replacing(total, b)
        scaled.factor *= k
        return [scaled]
      }
      for (known, other) in [(b, a), (a, b)] where isNonnegative(known) {
        if isQuotient, known == a { break }
        var weighted = replacing(total, other.broadcast(to: shape))
        let weight = isQuotient ? graph.number(1) / known : known
        weighted.weights.append(weight)
        // Views apply after the weights, which belong to the elements here.
        guard total.views.isEmpty else { return nil }
        return [weighted]
      }
      return nil
    default: return nil
    }
  }

  /// Known numbers none of which is negative, at least one positive.
  private func isNonnegative(_ e: Expression) -> Bool {
    let node = e.node
    guard node.operation == .array else { return false }
    let buffer = graph.arrays[Int(node.payload)]
    return buffer.elements.allSatisfy { $0 >= 0 && $0.isFinite }
  }

  private func viewed(_ total: Total, _ node: Node) -> [Total]? {
    let inner = operand(node.a)
    let shape = total.expression.shape
    let map = graph.maps[Int(node.payload)]
    if inner.shape.isScalar {
      // The same number in every place.
      var repeated = replacing(total, inner)
      guard total.weights.isEmpty, total.views.isEmpty else { return nil }
      repeated.factor *= Double(shape.count)
      return [repeated]
    }
    // A view of an elementwise expression is the expression of views.
    guard total.weights.isEmpty else { return nil }
    var seen = replacing(total, inner)
    seen.views.append((map, shape))
    return [seen]
  }

  /// aᵀa as a product of matrices that is one number.
  private func inner(_ total: Total, _ node: Node) -> [Total]? {
    guard total.expression.shape.isScalar, total.weights.isEmpty, total.views.isEmpty else {
      return nil
    }
    func column(_ index: Int32) -> Expression {
      let e = operand(index)
      let node = e.node
      guard node.operation == .view else { return e }
      let inner = operand(node.a)
      let isVector = min(inner.shape.rows, inner.shape.columns) == 1 && inner.shape.lanes.isEmpty
      let map = graph.maps[Int(node.payload)]
      return isVector && inner.shape.count == e.shape.count && map.offset == 0
        && map.strides.contains(1) ? inner : e
    }
    let (a, b) = (column(node.a), column(node.b))
    guard a == b else { return nil }
    return [replacing(total, a * a)]
  }

  /// Whether pieces lie beside each other.
  private func areApart(_ pieces: [Assembly.Piece], _ count: Int) -> Bool {
    var isTaken = [Bool](repeating: false, count: count)
    for piece in pieces {
      let shape = operand(piece.node).shape
      let sizes = shape.dimensions
      var places = [piece.map.offset]
      for (size, stride) in zip(sizes, piece.map.strides) where size > 1 {
        guard places.count * size <= count else { return false }
        places = places.flatMap { place in (0..<size).map { place + $0 * stride } }
      }
      for place in places {
        guard place >= 0, place < count, !isTaken[place] else { return false }
        isTaken[place] = true
      }
    }
    return true
  }
}
