/// Rebuilding graphs: with some nodes replaced, or in another graph.
import OptNumerics

extension Graph {
  /// `roots` with nodes replaced by others of the same shape or one that broadcasts to it. Only
  /// what depends on a replaced node is built anew.
  package func substitute(
    _ roots: [Expression], _ replacements: [Int32: Expression]
  ) -> [Expression] {
    guard let first = replacements.keys.min() else { return roots }
    let live = reachable(from: roots.map(\.index))
    let end = live.count
    guard Int(first) < end else { return roots }
    // New places of the nodes from `first` on; the ones before stay.
    var moved = [Int32](repeating: 0, count: end - Int(first))
    for k in moved.indices { moved[k] = first + Int32(k) }
    let origin = currentOrigin
    defer { currentOrigin = origin }
    for index in Int(first)..<end where live[index] {
      let place = index - Int(first)
      if let replacement = replacements[Int32(index)] {
        moved[place] = replacement.broadcast(to: shape(of: Int32(index))).index
        continue
      }
      let node = nodes[index]
      func now(_ operand: Int32) -> Int32 {
        operand < first ? operand : moved[Int(operand - first)]
      }
      var changes = false
      forEachOperand(of: node) { if now($0) != $0 { changes = true } }
      if changes {
        currentOrigin = origins[index]
        moved[place] = rebuild(Int32(index), in: self, now).index
      }
    }
    return roots.map { root in
      root.index < first
        ? root : Expression(graph: self, index: moved[Int(root.index - first)])
    }
  }

  /// `roots` built again in `other`. A node of `known` (an input, say) becomes that expression of
  /// `other`; other inputs become new ones. `origin` gives the origin there of an origin here.
  package func copy(
    _ roots: [Expression], into other: Graph, known: [Int32: Expression] = [:],
    origin place: (Int32) -> Int32 = { $0 }
  ) -> [Expression] {
    let live = reachable(from: roots.map(\.index))
    var moved = [Int32](repeating: -1, count: live.count)
    let origin = other.currentOrigin
    defer { other.currentOrigin = origin }
    for index in live.indices where live[index] {
      other.currentOrigin = place(origins[index])
      if let replacement = known[Int32(index)] {
        moved[index] = replacement.index
      } else {
        moved[index] = rebuild(Int32(index), in: other) { $0 < 0 ? $0 : moved[Int($0)] }.index
      }
    }
    return roots.map { Expression(graph: other, index: moved[Int($0.index)]) }
  }

  /// Node `index` with other operands, in this or another graph. Elementwise nodes go through the
  /// constructors, so that numbers fold; the rest keeps its shape.
  package func rebuild(_ index: Int32, in graph: Graph, _ now: (Int32) -> Int32) -> Expression {
    let node = nodes[Int(index)]
    let shape = self.shape(of: index)
    func operand(_ old: Int32) -> Expression { Expression(graph: graph, index: now(old)) }
    func append(_ payload: Int32) -> Expression {
      graph.append(
        node.operation, shape, now(node.a), now(node.b), now(node.c), payload: payload)
    }
    switch node.operation {
    case .number: return graph.number(numbers[Int(node.payload)])
    case .array: return graph.array(arrays[Int(node.payload)], shape)
    case .input: return graph.input(inputs[Int(node.payload)])
    case .apply:
      let function = FunctionID(index: Int(node.payload))
      if node.c >= 0 {
        return graph.apply(function, [operand(node.a), operand(node.b), operand(node.c)])
      }
      return node.b >= 0
        ? graph.apply(function, operand(node.a), operand(node.b))
        : graph.apply(function, operand(node.a))
    case .select:
      return graph.select(operand(node.a), operand(node.b), operand(node.c))
        .broadcast(to: shape)
    case .view:
      return operand(node.a).broadcast(to: self.shape(of: node.a))
        .view(maps[Int(node.payload)], shape)
    case .assemble:
      let assembly = assemblies[Int(node.payload)]
      return graph.assemble(
        shape, adds: assembly.adds,
        assembly.pieces.map { piece in
          (operand(piece.node).broadcast(to: self.shape(of: piece.node)), piece.map)
        })
    case .reduce: return append(graph.intern(reductions[Int(node.payload)]))
    case .scan: return append(graph.intern(scans[Int(node.payload)]))
    case .random: return append(graph.intern(draws[Int(node.payload)]))
    case .surrogate:
      return graph.surrogate(
        operand(node.a), point: operand(node.b), slope: operand(node.c))
    case .host: return append(graph.intern(hosts[Int(node.payload)]))
    case .loop:
      let use = loops[Int(node.payload)]
      return graph.loop(
        use.loop, use.operands.map { operand($0).broadcast(to: self.shape(of: $0)) })
    case .gather, .scatter, .order, .product, .factor, .solve, .part: return append(node.payload)
    }
  }
}
