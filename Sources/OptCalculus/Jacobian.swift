/// First derivatives as a matrix over flattened outputs and inputs.
import OptGraph
import OptNumerics

/// How the derivatives of the elements of `outputs` (rows, in order) by those of `inputs` (columns)
/// are found: with a pattern of few elements by one direction for each colour of columns or of rows,
/// else column by column or row by row, whichever are fewer. None of them may have lanes.
package struct JacobianPlan {
  private let outputs: [Expression]
  private let inputs: [Expression]
  let rows: Int
  let columns: Int
  private let compressed: Compressed?

  private struct Compressed {
    var reads: Reads
    /// Of the derivatives by the reads; its transpose where `byRows`.
    var pattern: SparsePattern
    var coloring: Coloring
    var byRows: Bool
    /// Of those by the inputs.
    var result: SparsePattern
  }

  /// Fewer elements are not worth a pattern.
  private static let fewest = 256

  /// Looks for the pattern of the derivatives of all `outputs` by the flattened `inputs`.
  package init(of outputs: [Expression], by inputs: [Expression]) {
    self.outputs = outputs
    self.inputs = inputs
    let rows = outputs.reduce(0) { $0 + $1.shape.count }
    let columns = inputs.reduce(0) { $0 + $1.shape.count }
    (self.rows, self.columns) = (rows, columns)
    guard rows > 1, columns > 1,
      rows.multipliedReportingOverflow(by: columns).partialValue >= Self.fewest,
      (inputs + outputs).allSatisfy({ $0.shape.lanes.isEmpty })
    else {
      compressed = nil
      return
    }
    let reads = Reads(outputs, by: inputs) ?? Reads(whole: outputs, by: inputs)
    let found = Self.compress(reads, rows, columns)
    compressed = found.flatMap { $0.coloring.count * 3 <= min(rows, columns) ? $0 : nil }
  }

  private static func compress(_ reads: Reads, _ rows: Int, _ columns: Int) -> Compressed? {
    guard let graph = reads.outputs.first?.graph else { return nil }
    var sweep = SparsitySweep(graph, outputs: reads.outputs, by: reads.variables)
    guard sweep.run() else { return nil }
    var own: (rows: [Int32], columns: [Int32]) = ([], [])
    var result: (rows: [Int32], columns: [Int32]) = ([], [])
    var row: Int32 = 0
    for output in reads.outputs {
      let sets = sweep.sets(output.index)
      for k in 0..<output.shape.count {
        for member in sets?.members(of: k) ?? [] where reads.owners[Int(member)] >= 0 {
          own.rows.append(row)
          own.columns.append(member)
          result.rows.append(row)
          result.columns.append(reads.owners[Int(member)])
        }
        row += 1
      }
    }
    let pattern = SparsePattern(rows: rows, columns: reads.owners.count, places: own)
    let turned = pattern.transposed().pattern
    // A direction for every element of the fullest row is needed at least.
    let fullestRow = pattern.fullestRow
    let fullestColumn = turned.fullestRow
    let byColumns = fullestRow <= 2 * fullestColumn ? Coloring.columns(pattern) : nil
    let byRows =
      byColumns.map { $0.count > 2 * fullestColumn } ?? true ? Coloring.columns(turned) : nil
    let matrix = SparsePattern(rows: rows, columns: columns, places: result)
    // A reverse direction costs about two forward ones.
    if let byRows, byColumns.map({ 2 * byRows.count < $0.count }) ?? true {
      return Compressed(
        reads: reads, pattern: turned, coloring: byRows, byRows: true, result: matrix)
    }
    return byColumns.map {
      Compressed(reads: reads, pattern: pattern, coloring: $0, byRows: false, result: matrix)
    }
  }

  /// The stored elements; nil where there is no pattern or, unless `always`, the matrix is small or has
  /// too many that may differ from 0.
  package func sparse(always: Bool = false) -> SparseDerivatives? {
    guard let compressed else { return nil }
    return SparseDerivatives(compressed.result, always: always) { harvest(compressed, in: $0, $1) }
  }

  /// All elements.
  package func dense() -> Expression {
    if let compressed {
      return harvest(compressed, in: Shape(rows: rows, columns: columns)) { $0 * columns + $1 }
    }
    guard 2 * rows < columns else { return denseJacobian(of: outputs, by: inputs) }
    let (turned, weights) = transposedProduct(outputs, inputs)
    return denseJacobian(of: turned, by: weights).transposed.without(weights)
  }

  private func harvest(
    _ compressed: Compressed, in shape: Shape, _ place: (Int, Int) -> Int?
  ) -> Expression {
    let reads = compressed.reads
    let byRows = compressed.byRows
    let (results, weights) =
      byRows ? transposedProduct(reads.outputs, reads.variables) : (reads.outputs, [])
    let variables = byRows ? weights : reads.variables
    let (resultParts, variableParts) = (Parts(results), Parts(variables))
    var harvest = Harvest()
    for a in 0..<compressed.pattern.rows {
      let output = resultParts.part[a]
      for at in compressed.pattern.range(a) {
        let b = Int(compressed.pattern.indices[at])
        harvest.add(
          color: compressed.coloring.colors[b], output: output, variable: variableParts.part[b],
          source: a - resultParts.starts[Int(output)],
          row: byRows ? Int32(clamping: b) : Int32(clamping: a),
          column: reads.owners[byRows ? a : b])
      }
    }
    let derivatives = CompressedDerivatives(results, by: variables, compressed.coloring)
    let laid = harvest.laid(derivatives, in: shape, results[0].graph, place)
    return reads.restored(laid.without(weights))
  }
}

extension SparsePattern {
  fileprivate var fullestRow: Int { (0..<rows).lazy.map { self.range($0).count }.max() ?? 0 }
}

extension Expression {
  /// With zeros for inputs that it does not depend on but may still name.
  fileprivate func without(_ inputs: [Expression]) -> Expression {
    let zero = graph.number(0)
    let replacements = Dictionary(inputs.map { ($0.index, zero) }) { first, _ in first }
    return graph.substitute([self], replacements)[0]
  }
}

/// Jᵀw as a function of new inputs w, one of the shape of each output. It is linear in them, so its
/// derivatives by them are the rows of J: reverse mode for many rows at once.
private func transposedProduct(
  _ outputs: [Expression], _ inputs: [Expression]
) -> (product: [Expression], weights: [Expression]) {
  let weights = outputs.map { output in
    output.graph.input(Input(name: "weight", role: .data, shape: output.shape))
  }
  let product = pullback(zip(outputs, weights).map { ($0, seed: $1) }, to: inputs)
  return (product, weights)
}

/// The derivatives of the elements of `outputs` (rows, in order) by those of `inputs` (columns), as
/// a dense matrix.
package func jacobian(of outputs: [Expression], by inputs: [Expression]) -> Expression {
  JacobianPlan(of: outputs, by: inputs).dense()
}

/// Column by column, all directions in one lane level, so that the graph does not grow with their
/// number.
func denseJacobian(of outputs: [Expression], by inputs: [Expression]) -> Expression {
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
    let whole = column.broadcast(to: output.shape.withDirections(total, level: level))
    let block = whole.view(
      StridedMap(strides: [1, count]), Shape(rows: count, columns: total))
    pieces.append((block, StridedMap(offset: offset * total, strides: [total, 1])))
    offset += count
  }
  return graph.assemble(target, adds: false, pieces)
}

/// For each input the unit vectors of the flattened inputs as lanes of `level`.
private func unitDirections(
  _ inputs: [Expression], _ total: Int, _ level: Int
) -> [(Expression, tangent: Expression)] {
  var offset = 0
  return inputs.map { input in
    let count = input.shape.count
    let shape = input.shape.withDirections(total, level: level)
    let start = offset * count
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
      if node.operation == .loop { levels = max(levels, LoopNode(self, Int32(index)).laneLevels) }
    }
    return levels
  }
}
