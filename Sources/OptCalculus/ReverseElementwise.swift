/// Reverse rules of elementwise nodes: the table's partials, and `select` with its predicates.
import OptGraph

extension ReverseSweep {
  mutating func pullApply(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    let shape = graph.shape(of: index)
    switch FunctionID(index: Int(node.payload)) {
    case .add:
      contribute(adjoint.value, node.a, shape, adjoint.predicate)
      contribute(adjoint.value, node.b, shape, adjoint.predicate)
    case .subtract:
      contribute(adjoint.value, node.a, shape, adjoint.predicate)
      if wants(node.b) { contribute(-adjoint.value, node.b, shape, adjoint.predicate) }
    case .negate:
      contribute(-adjoint.value, node.a, shape, adjoint.predicate)
    case .multiply:
      pull(adjoint, node.a, expression(node.b), shape)
      pull(adjoint, node.b, expression(node.a), shape)
    case let function:
      let operands = [node.a, node.b, node.c].filter { $0 >= 0 }
      let partials = function.row.partials(operands.map(expression), expression(index))
      for (operand, partial) in zip(operands, partials) {
        if let partial { pull(adjoint, operand, partial, shape) }
      }
    }
  }

  mutating func pullSelect(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    let shape = graph.shape(of: index)
    let condition = expression(node.a)
    let zero = graph.number(0)
    if wants(node.b) {
      let side = condition.asMask
      contribute(
        graph.select(condition, adjoint.value, zero), node.b, shape,
        adjoint.predicate.map { $0.apply(.and, side) } ?? side)
    }
    if wants(node.c) {
      let side = condition.apply(.not)
      contribute(
        graph.select(condition, zero, adjoint.value), node.c, shape,
        adjoint.predicate.map { $0.apply(.and, side) } ?? side)
    }
  }

  /// Adds adjoint · partial to the operand.
  private mutating func pull(
    _ adjoint: Masked, _ operand: Int32, _ partial: Expression, _ shape: Shape
  ) {
    guard wants(operand) else { return }
    if partial.givesMask {
      // As on a side of a condition: what is not taken never contributes.
      let zero = graph.number(0)
      contribute(
        graph.select(partial, adjoint.value, zero), operand, shape,
        adjoint.predicate.map { $0.apply(.and, partial) } ?? partial)
      return
    }
    var value = adjoint.value.times(partial)
    if let known = partial.constant, known.isFinite {
      // Nothing to hide: the adjoint is 0 where the predicate is.
    } else {
      value = masked(value, adjoint.predicate)
    }
    contribute(value, operand, shape, adjoint.predicate)
  }

  /// Adds `value`, which broadcasts to `shape`, to an operand that may be smaller.
  mutating func contribute(
    _ value: Expression, _ operand: Int32, _ shape: Shape, _ predicate: Expression?
  ) {
    guard wants(operand) else { return }
    let target = graph.shape(of: operand)
    adjoints.add(
      value.summed(from: shape, to: target), to: operand,
      where: predicate?.anyAlive(from: shape, to: target))
  }
}

extension Expression {
  /// 1 where this is not 0, else 0.
  var asMask: Expression { givesMask ? self : apply(.notEqual, graph.number(0)) }

  /// The product with a partial derivative. A mask selects, so that `sqrt(max(x, 0))` has the
  /// derivative 0, not ∞·0, left of 0.
  func times(_ partial: Expression) -> Expression {
    partial.givesMask ? graph.select(partial, self, graph.number(0)) : self * partial
  }
}
