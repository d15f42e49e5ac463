/// Rules of nodes with a derivative of their own: surrogates and hosts.
import OptGraph

extension ReverseSweep {
  mutating func pullSurrogate(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    guard wants(node.b) else { return }
    let target = graph.shape(of: node.b)
    let full = target.withLanes(of: graph.shape(of: index))
    let part = masked(adjoint.value * expression(node.c), adjoint.predicate)
    adjoints.add(
      part.summed(from: full, to: target), to: node.b,
      where: adjoint.predicate?.anyAlive(from: full, to: target))
  }

  mutating func pullHost(_ index: Int32, _ node: Node, _ adjoint: Masked) {
    guard wants(node.a) else { return }
    let shape = graph.shape(of: index)
    let value = adjoint.value.wide(rows: shape.rows, columns: shape.columns)
    let part = graph.hosts[Int(node.payload)].pullback(HostNode(graph, index), adjoint: value)
    let alive = adjoint.predicate?.foldedAlive(rows: true, columns: true)
    adjoints.add(masked(part, alive), to: node.a, where: alive)
  }
}

extension ForwardSweep {
  func pushSurrogate(_ node: Node) -> Expression? {
    guard let tangent = tangent(node.b) else { return nil }
    let size = graph.shape(of: node.b)
    return (tangent.wide(rows: size.rows, columns: size.columns) * expression(node.c))
      .reduceElements(.sum)
  }

  func pushHost(_ index: Int32, _ node: Node) -> Expression? {
    guard let tangent = full(node.a) else { return nil }
    return graph.hosts[Int(node.payload)].pushforward(HostNode(graph, index), tangent: tangent)
  }
}
