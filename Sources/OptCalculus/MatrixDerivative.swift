/// Derivatives of vectors by vectors in matrix form, for formulas.
///
/// The differential dy = L(dx) is linear in dx; the matrix is what stands in front of it. Source:
/// J. R. Magnus and H. Neudecker, "Matrix Differential Calculus", 1988, the first identification
/// theorem.
import OptGraph

/// The matrix of the derivatives of a number, a column or a row `y` by the column `x`, written with
/// whole matrices. nil where the differential does not say it.
package func matrixDerivative(of y: Expression, by x: Expression) -> Expression? {
  let (shape, by) = (y.shape, x.shape)
  guard shape.lanes.isEmpty, by.lanes.isEmpty, by.columns == 1, by.rows > 1,
    shape.rows == 1 || shape.columns == 1
  else { return nil }
  let graph = y.graph
  let direction = graph.input(Input(name: "dx", role: .data, shape: by))
  let differential = pushforward([y], along: [(x, tangent: direction)])[0]
  // In the form for display products are flat and transposes at the factors.
  let (shown, roots) = graph.forDisplay([differential.broadcast(to: shape)])
  guard let place = shown.inputNodes.last, let root = roots.first else { return nil }
  var form = LinearForm(root, Expression(graph: shown, index: place))
  guard let matrix = form.matrix() else { return nil }
  var inputs: [Int32: Expression] = [:]
  for (theirs, mine) in zip(shown.inputNodes, graph.inputNodes) {
    inputs[theirs] = Expression(graph: graph, index: mine)
  }
  return shown.copy([matrix], into: graph, known: inputs).first
}

/// What stands in front of a direction in an expression that is linear in it.
private struct LinearForm {
  let graph: Graph
  let root: Expression
  let direction: Expression
  /// Per node whether it depends on the direction.
  private let depends: [Bool]
  /// What is in front of the direction in nodes that were asked for: rows × length of the direction.
  private var known: [Int32: Expression] = [:]

  init(_ root: Expression, _ direction: Expression) {
    (graph, self.root, self.direction) = (root.graph, root, direction)
    var dependence = Dependence(graph, on: [direction])
    depends = dependence.all(to: root.index)
  }

  /// Differentials with more nodes are not looked through.
  private static let largest = 2_000

  mutating func matrix() -> Expression? {
    let live = graph.reachable(from: [root.index])
    guard live.lazy.filter({ $0 }).count <= Self.largest else { return nil }
    for index in live.indices where live[index] && depends[index] {
      // What cannot be written may be a part of a product that can.
      known[Int32(index)] = front(Int32(index))
    }
    if !depends[Int(root.index)] { return zeros(of: root.shape.elements) }
    return known[root.index]
  }

  private var length: Int { Int(direction.shape.rows) }

  private func zeros(of rows: Int) -> Expression {
    graph.zeros(Shape(rows: rows, columns: length))
  }

  private func operand(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }

  /// The matrix in front of the direction in a node whose operands are done.
  private func front(_ index: Int32) -> Expression? {
    if index == direction.index { return graph.identity(direction.shape.rows) }
    let node = graph.nodes[Int(index)]
    let shape = graph.shape(of: index)
    guard shape.lanes.isEmpty, shape.rows == 1 || shape.columns == 1 else { return nil }
    switch node.operation {
    case .apply: return elementwise(node, shape)
    case .select:
      guard !depends[Int(node.a)], let yes = part(node.b, shape), let no = part(node.c, shape)
      else { return nil }
      return graph.select(column(node.a, shape), yes, no)
    case .view:
      guard let inner = known[node.a] else { return nil }
      let own = graph.shape(of: node.a)
      if own.elements == 1 { return part(node.a, shape) }
      // A transpose, or the same as a column: what is in front stays.
      let map = graph.maps[Int(node.payload)]
      let step = shape.columns == 1 ? map.strides[0] : map.strides[1]
      return own.elements == shape.elements && map.offset == 0 && step == 1 ? inner : nil
    case .reduce:
      guard graph.reductions[Int(node.payload)].kind == .sum, shape.elements == 1,
        let inner = known[node.a]
      else { return nil }
      return inner.summedRows
    case .product: return product(operand(node.a), operand(node.b), node.payload)
    case .solve:
      guard !depends[Int(node.a)], let right = known[node.b], shape.columns == 1 else { return nil }
      return operand(node.a).solve(right, transposed: node.payload & 1 != 0)
    default: return nil
    }
  }

  /// What is in front in an operand, for a result of `shape`: a number counts in every row.
  private func part(_ index: Int32, _ shape: Shape) -> Expression? {
    let rows = shape.elements
    if !depends[Int(index)] {
      // Only as a side of a condition, where a 0 is no contribution.
      return operand(index).constant == 0 ? zeros(of: rows) : nil
    }
    guard let inner = known[index] else { return nil }
    if Int(inner.shape.rows) == rows { return inner }
    guard inner.shape.rows == 1 else { return nil }
    return graph.number(1).broadcast(to: Shape(rows: rows, columns: 1)).product(inner)
  }

  /// An operand that does not depend on the direction, as a column or a number.
  private func column(_ index: Int32, _ shape: Shape) -> Expression {
    let value = operand(index)
    return value.shape.rows == 1 && value.shape.columns > 1 ? value.transposed : value
  }

  private func elementwise(_ node: Node, _ shape: Shape) -> Expression? {
    switch FunctionID(index: Int(node.payload)) {
    case .negate: return known[node.a].map { -$0 }
    case .add, .subtract:
      let isDifference = node.payload == Int32(FunctionID.subtract.index)
      switch (depends[Int(node.a)], depends[Int(node.b)]) {
      case (true, true):
        guard let a = part(node.a, shape), let b = part(node.b, shape) else { return nil }
        return isDifference ? a - b : a + b
      case (true, false):
        return operand(node.b).constant == 0 ? part(node.a, shape) : nil
      case (false, true):
        guard operand(node.a).constant == 0, let b = part(node.b, shape) else { return nil }
        return isDifference ? -b : b
      default: return nil
      }
    case .multiply:
      if depends[Int(node.a)] {
        return depends[Int(node.b)] ? nil : scaled(node.a, by: column(node.b, shape), shape)
      }
      return scaled(node.b, by: column(node.a, shape), shape)
    case .divide:
      guard depends[Int(node.a)], !depends[Int(node.b)] else { return nil }
      return scaled(node.a, by: 1 / column(node.b, shape), shape)
    default: return nil
    }
  }

  /// What is in front in `weight .* operand`: diag(weight) J, and weight J if one of them is a
  /// number.
  private func scaled(_ index: Int32, by weight: Expression, _ shape: Shape) -> Expression? {
    guard let inner = known[index] else { return nil }
    if weight.shape.elements == 1 { return part(index, shape).map { weight * $0 } }
    if inner.shape.rows == 1 { return weight.product(inner) }
    return weight.onDiagonal.product(inner)
  }

  /// Of a product with the direction in one of its factors.
  private func product(_ a: Expression, _ b: Expression, _ flags: Int32) -> Expression? {
    let (flipA, flipB) = (flags & 1 != 0, flags & 2 != 0)
    switch (depends[Int(a.index)], depends[Int(b.index)]) {
    case (false, true):
      let left = flipA ? a.transposed : a
      let right = flipB ? b.shape.rows : b.shape.columns
      if right == 1, let inner = known[b.index] { return left.product(inner) }
      // A row times a matrix that is itself a product: from the left.
      guard left.shape.rows == 1, !flipB, b.node.operation == .product, b.node.payload == 0
      else { return numberTimes(left, b) }
      let outer = operand(b.node.b)
      guard !depends[Int(outer.index)], let inner = product(left, operand(b.node.a), 0)
      else { return nil }
      return outer.product(inner, transposeLeft: true)
    case (true, false):
      let right = flipB ? b.transposed : b
      let rows = flipA ? a.shape.columns : a.shape.rows
      if rows == 1, let inner = known[a.index] {
        return right.product(inner, transposeLeft: true)
      }
      if a.shape.columns == 1, !flipA, let inner = known[a.index], right.shape.elements == 1 {
        return right * inner
      }
      // (u dvᵀ) w is u (dvᵀ w).
      guard right.shape.columns == 1, !flipA, a.node.operation == .product, a.node.payload == 0
      else { return nil }
      let (first, second) = (operand(a.node.a), operand(a.node.b))
      if !depends[Int(first.index)] {
        return product(second, right, 0).map { first.product($0) }
      }
      guard !depends[Int(second.index)] else { return nil }
      return product(first, second.product(right), 0)
    default: return nil
    }
  }

  /// A number times a row that depends on the direction.
  private func numberTimes(_ number: Expression, _ row: Expression) -> Expression? {
    guard number.shape.elements == 1, let inner = known[row.index] else { return nil }
    return number * inner
  }
}

extension Expression {
  /// The sums of the columns, as a row; of diag(d) J it is dᵀ J.
  fileprivate var summedRows: Expression {
    let n = node
    if n.operation == .product, n.payload == 0 {
      let left = Expression(graph: graph, index: n.a)
      if left.node.operation == .assemble {
        let pieces = graph.assemblies[Int(left.node.payload)].pieces
        if pieces.count == 1 {
          return Expression(graph: graph, index: pieces[0].node)
            .product(Expression(graph: graph, index: n.b), transposeLeft: true)
        }
      }
      return left.summedRows.product(Expression(graph: graph, index: n.b))
    }
    if n.operation == .apply, shape == Expression(graph: graph, index: n.a).shape {
      let a = Expression(graph: graph, index: n.a)
      switch FunctionID(index: Int(n.payload)) {
      case .negate: return -a.summedRows
      case .add, .subtract:
        let b = Expression(graph: graph, index: n.b)
        guard b.shape == shape else { break }
        return FunctionID(index: Int(n.payload)) == .add
          ? a.summedRows + b.summedRows : a.summedRows - b.summedRows
      default: break
      }
    }
    return graph.number(1).broadcast(to: Shape(rows: 1, columns: Int(shape.rows))).product(self)
  }
}
