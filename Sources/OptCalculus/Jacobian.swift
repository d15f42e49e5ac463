/// Derivatives as matrices over flattened variables: Jacobian and Hessian, and Hessian products.
import OptGraph
import OptNumerics

/// The derivatives of the elements of `outputs` (rows, in order) by those of `inputs` (columns).
/// None of them may have lanes.
package func jacobian(of outputs: [Expression], by inputs: [Expression]) -> Expression {
  guard let graph = outputs.first?.graph ?? inputs.first?.graph else {
    return Graph().number(.nan)
  }
  let total = inputs.reduce(0) { $0 + $1.shape.count }
  let rows = outputs.reduce(0) { $0 + $1.shape.count }
  let level = graph.laneLevels(of: outputs)
  let directions = unitDirections(inputs, total, level)
  let columns = pushforward(outputs, along: directions)
  let target = Shape(rows: rows, columns: total)
  var pieces: [(expression: Expression, map: StridedMap)] = []
  var offset = 0
  for (output, column) in zip(outputs, columns) {
    // In memory: direction by direction the elements of one output.
    let count = output.shape.count
    let lanes = [Int32](repeating: 1, count: level) + [Int32(clamping: total)]
    let whole = column.broadcast(
      to: Shape(
        lanes: lanes, rows: Int(output.shape.rows), columns: Int(output.shape.columns)))
    let block = whole.view(
      StridedMap(strides: [1, count]), Shape(rows: count, columns: total))
    pieces.append((block, StridedMap(offset: offset * total, strides: [total, 1])))
    offset += count
  }
  return graph.assemble(target, adds: false, pieces)
}

/// The symmetric matrix of second derivatives of `y` (one number) by the flattened `inputs`:
/// forward over reverse, all directions in one lane level, so that the graph does not grow with
/// their number.
package func hessian(of y: Expression, by inputs: [Expression]) -> Expression {
  let matrix = jacobian(of: gradient(of: y, by: inputs), by: inputs)
  return 0.5 * (matrix + matrix.transposed)
}

/// The Hessian of `y` times the vectors `along`, one of the shape of each input.
package func hvp(
  of y: Expression, by inputs: [Expression], along: [Expression]
) -> [Expression] {
  pushforward(
    gradient(of: y, by: inputs), along: zip(inputs, along).map { ($0, tangent: $1) })
}

/// For each input the unit vectors of the flattened inputs as lanes of `level`.
private func unitDirections(
  _ inputs: [Expression], _ total: Int, _ level: Int
) -> [(Expression, tangent: Expression)] {
  var offset = 0
  return inputs.map { input in
    let count = input.shape.count
    let lanes = [Int32](repeating: 1, count: level) + [Int32(clamping: total)]
    let shape = Shape(
      lanes: lanes, rows: Int(input.shape.rows), columns: Int(input.shape.columns))
    let start = offset * count + 0
    offset += count
    if total * count <= 4096 {
      let buffer = Buffer(count: total * count)
      for k in 0..<count { buffer[start + k * (count + 1)] = 1 }
      return (input, tangent: input.graph.array(buffer, shape))
    }
    let ones = input.graph.number(1).broadcast(to: Shape(rows: count, columns: 1))
    let unit = input.graph.assemble(
      shape, adds: false, [(ones, StridedMap(offset: start, strides: [count + 1, 0]))])
    return (input, tangent: unit)
  }
}

extension Graph {
  /// The number of lane levels that any node has which `roots` depend on, inside of hosts, too.
  package func laneLevels(of roots: [Expression]) -> Int {
    let live = reachable(from: roots.map(\.index))
    var levels = 0
    for index in live.indices where live[index] {
      levels = max(levels, shape(of: Int32(index)).lanes.count)
      let node = nodes[index]
      if node.operation == .host { levels = max(levels, hosts[Int(node.payload)].laneLevels) }
    }
    return levels
  }
}
