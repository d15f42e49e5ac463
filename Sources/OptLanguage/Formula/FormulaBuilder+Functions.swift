/// Functions of vectors and matrices that formulas are made of smaller parts for, by their names.
import OptGraph
import OptNumerics
import OptSyntax

extension FormulaBuilder {
  /// `norm(x)`, `logsumexp(x)`, `softmax(x)`, `trace(A)`, `one_hot(y, k)`; nil for all else.
  mutating func recognized(_ index: Int32, _ node: Node, _ scope: LaneScope) -> Piece? {
    switch node.operation {
    case .apply:
      switch FunctionID(index: Int(node.payload)) {
      case .sqrt:
        return squaresSummed(node.a).map { scalar("norm", $0, scope) }
      case .power:
        guard let exponent = Expression(graph: graph, index: node.b).constant,
          exponent * 2 == (exponent * 2).rounded(), exponent != exponent.rounded(),
          let operand = squaresSummed(node.a)
        else { return nil }
        var piece = scalar("norm", operand, scope)
        let power = number(exponent * 2)
        piece.id = infix(.power, piece.id, power)
        return piece
      case .log:
        guard let (sum, axis) = summed(node.a), isApply(sum, .exp) else { return nil }
        var piece = matrix(graph.nodes[Int(sum)].a, scope)
        piece.id = call("logsumexp", [piece.id], axis: axis)
        if axis != 2 { piece.rows = 1 }
        if axis != 1 { piece.columns = 1 }
        return piece
      case .divide:
        guard let (operand, axis) = Expression(graph: graph, index: index).softmaxOperand
        else { return nil }
        var piece = matrix(operand.index, scope)
        piece.id = call("softmax", [piece.id], axis: axis)
        return piece
      case .equal: return oneHot(node, scope)
      default: return nil
      }
    case .reduce:
      guard let (inner, axis) = summed(index), axis == nil,
        graph.nodes[Int(inner)].operation == .view, let matrix = diagonal(of: inner)
      else { return nil }
      return scalar("trace", matrix, scope)
    default: return nil
    }
  }

  private func isApply(_ index: Int32, _ function: FunctionID) -> Bool {
    let node = graph.nodes[Int(index)]
    return node.operation == .apply && node.payload == Int32(function.index)
  }

  /// What a number that is a function of all of `operand` looks like.
  private mutating func scalar(_ name: String, _ operand: Int32, _ scope: LaneScope) -> Piece {
    let inner = matrix(operand, scope)
    return Piece(id: call(name, [inner.id]), rows: 1, columns: 1)
  }

  /// If `index` is a sum over rows, columns or both, and no lanes: of what, and the axis.
  private func summed(_ index: Int32) -> (operand: Int32, axis: Int?)? {
    let node = graph.nodes[Int(index)]
    guard node.operation == .reduce, named[index] == nil,
      graph.reductions[Int(node.payload)].kind == .sum
    else { return nil }
    let inner = graph.shape(of: node.a)
    let levels = inner.lanes.count
    let folded = graph.reductions[Int(node.payload)].dimensions
    guard folded.allSatisfy({ $0 >= levels }) else { return nil }
    let overRows = inner.rows == 1 || folded.contains(levels)
    let overColumns = inner.columns == 1 || folded.contains(levels + 1)
    return (node.a, overRows && overColumns ? nil : overRows ? 1 : 2)
  }

  /// If `index` is the sum of the squares of all elements of something: that.
  private func squaresSummed(_ index: Int32) -> Int32? {
    guard let (squares, axis) = summed(index), axis == nil, isApply(squares, .power),
      Expression(graph: graph, index: graph.nodes[Int(squares)].b).constant == 2
    else { return nil }
    let operand = graph.nodes[Int(squares)].a
    return graph.shape(of: operand) == graph.shape(of: squares) ? operand : nil
  }

  /// If a view is the diagonal of a square matrix: that.
  private func diagonal(of view: Int32) -> Int32? {
    let node = graph.nodes[Int(view)]
    let (inner, shape) = (graph.shape(of: node.a), graph.shape(of: view))
    let map = graph.maps[Int(node.payload)]
    let step = inner.strides.suffix(2).reduce(0, +)
    guard inner.lanes.isEmpty, inner.rows == inner.columns, map.offset == 0,
      shape.elements == Int(inner.rows), shape.columns == 1, map.strides.first == step
    else { return nil }
    return node.a
  }

  /// `labels == column`, for all columns counted from 0.
  private mutating func oneHot(_ node: Node, _ scope: LaneScope) -> Piece? {
    let columns = graph.nodes[Int(node.b)]
    let shape = graph.shape(of: node.b)
    let product = graph.nodes[Int(node.a)]
    guard columns.operation == .array, shape.lanes.isEmpty, shape.columns > 1,
      product.operation == .product, graph.shape(of: node.a) == shape,
      graph.shape(of: product.a).columns == 1, isOnes(product.b)
    else { return nil }
    let width = Int(shape.columns)
    let values = graph.arrays[Int(columns.payload)].elements
    guard values.enumerated().allSatisfy({ $1 == Double($0 % width) }) else { return nil }
    let labels = matrix(product.a, scope)
    let count = integer(width)
    return Piece(
      id: call("one_hot", [labels.id, count]), rows: labels.rows, columns: width, isMask: true)
  }

  private func isOnes(_ index: Int32) -> Bool {
    let node = graph.nodes[Int(index)]
    switch node.operation {
    case .array: return graph.arrays[Int(node.payload)].elements.allSatisfy { $0 == 1 }
    case .view: return Expression(graph: graph, index: node.a).constant == 1
    default: return false
    }
  }
}
