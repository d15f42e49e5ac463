/// Nodes as text, for messages of tests and debuggers.

extension Expression: CustomDebugStringConvertible {
  package var debugDescription: String { described(depth: 6) }

  /// An S-expression of bounded depth and size: `(add x (sin %12))`.
  package func described(depth: Int) -> String {
    var budget = 400
    return graph.describe(index, depth, &budget)
  }
}

extension Graph {
  /// Recursion is bounded by `depth`, the text by `budget` nodes.
  fileprivate func describe(_ index: Int32, _ depth: Int, _ budget: inout Int) -> String {
    let node = nodes[Int(index)]
    let shape = self.shape(of: index)
    budget -= 1
    switch node.operation {
    case .number: return "\(numbers[Int(node.payload)])"
    case .input: return inputs[Int(node.payload)].name
    case .array: return "array\(node.payload):\(shape.described)"
    default: break
    }
    guard depth > 0, budget > 0 else { return "%\(index)" }
    var parts = [head(node, shape)]
    for operand in operands(of: index) {
      guard budget > 0 else {
        parts.append("…")
        break
      }
      parts.append(describe(operand, depth - 1, &budget))
    }
    return "(" + parts.joined(separator: " ") + ")"
  }

  private func head(_ node: Node, _ shape: Shape) -> String {
    switch node.operation {
    case .apply: return FunctionID(index: Int(node.payload)).row.name
    case .view:
      let map = maps[Int(node.payload)]
      return "view:\(shape.described)@\(map.offset)\(map.strides)"
    case .assemble:
      return (assemblies[Int(node.payload)].adds ? "assemble+:" : "assemble:") + shape.described
    case .reduce:
      let reduction = reductions[Int(node.payload)]
      return "\(reduction.kind)\(reduction.dimensions)"
    case .factor: return "factor:\(Factorization(rawValue: node.payload) ?? .lu)"
    case .part, .product, .solve: return "\(node.operation):\(node.payload)"
    default: return "\(node.operation):\(shape.described)"
    }
  }
}

extension Shape {
  /// `4|3x1`: lanes, then rows and columns.
  package var described: String {
    let inner = "\(rows)x\(columns)"
    return lanes.isEmpty ? inner : lanes.map { "\($0)" }.joined(separator: ",") + "|" + inner
  }
}
