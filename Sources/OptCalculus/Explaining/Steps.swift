/// Where a function depends on its variables in steps, so that derivatives see nothing of it.
import OptGraph

/// The nodes on the way from `inputs` to `y` that are constant between jumps: `floor`, comparisons
/// counted as numbers, positions of extremes, computed indices. Their derivative is taken as 0.
/// A condition of a choice is none of them: its sides have derivatives.
package func steps(of y: Expression, by inputs: [Expression]) -> [Expression] {
  let graph = y.graph
  let count = Int(y.index) + 1
  var dependence = Dependence(graph, on: inputs)
  let depends = dependence.all(to: y.index)
  // Which nodes a derivative of `y` passes through.
  var flows = [Bool](repeating: false, count: count)
  flows[count - 1] = true
  var found: [Expression] = []
  for index in stride(from: count - 1, through: 0, by: -1) where flows[index] && depends[index] {
    let node = graph.nodes[index]
    let isStep: Bool
    switch node.operation {
    case .apply: isStep = FunctionID(index: Int(node.payload)).isStep
    case .order: isStep = true
    case .reduce:
      let kind = graph.reductions[Int(node.payload)].kind
      isStep = kind == .argMaximum || kind == .argMinimum
    case .gather, .scatter: isStep = depends[Int(node.b)]
    default: isStep = false
    }
    if isStep { found.append(Expression(graph: graph, index: Int32(index))) }
    switch node.operation {
    case .apply where isStep, .order: break
    case .select:
      flows[Int(node.b)] = true
      flows[Int(node.c)] = true
    case .gather, .scatter: flows[Int(node.a)] = true
    case .reduce where isStep: break
    case .apply where FunctionID(index: Int(node.payload)) == .stopGradient: break
    default: for operand in graph.operands(of: Int32(index)) { flows[Int(operand)] = true }
    }
  }
  return found.reversed()
}

extension FunctionID {
  /// Whether the function is constant between jumps: no partial derivative is anything but 0.
  fileprivate var isStep: Bool { index < Self.stepRows.count && Self.stepRows[index] }

  private static let stepRows: [Bool] = ElementaryFunctions.table.indices.map { index in
    let row = ElementaryFunctions.table[index]
    if FunctionID(index: index) == .stopGradient { return false }
    let graph = Graph()
    let arguments = row.parameters.map {
      graph.input(Input(name: $0, role: .variable, shape: .scalar))
    }
    let value = graph.append(
      .apply, .scalar, arguments.first?.index ?? -1, arguments.count > 1 ? arguments[1].index : -1,
      arguments.count > 2 ? arguments[2].index : -1, payload: Int32(index))
    return row.partials(arguments, value).allSatisfy { $0 == nil }
  }
}
