/// Second derivatives: the pattern is found first, then one direction for each colour is followed
/// forward through the gradient.
import OptGraph
import OptNumerics

/// How the symmetric matrix of second derivatives of `y` (one number) by the flattened `inputs` is
/// found: forward over reverse, with as few directions as its pattern allows.
package struct HessianPlan {
  private let y: Expression
  private let inputs: [Expression]
  let total: Int
  private let compressed: Compressed?

  private struct Compressed {
    var reads: Reads
    var gradient: [Expression]
    /// Of the second derivatives by the reads.
    var pattern: SparsePattern
    var coloring: Coloring
    /// Of those by the inputs.
    var result: SparsePattern
  }

  /// Fewer variables are not worth a pattern, nor is one that needs more than a third as many
  /// directions.
  private static let fewest = 16
  /// Directions by reads beyond which those by whole inputs are looked at too.
  private static let fewDirections = 16

  /// Sizes of matrices of which one triangle is computed and mirrored, which the engine makes use of.
  private static let mirrored = 32...512

  /// Looks for the pattern of the second derivatives of `y`, one number, by the flattened `inputs`.
  package init(of y: Expression, by inputs: [Expression]) {
    self.y = y
    self.inputs = inputs
    let total = inputs.reduce(0) { $0 + $1.shape.count }
    self.total = total
    guard total >= Self.fewest, y.shape.isScalar, inputs.allSatisfy({ $0.shape.lanes.isEmpty })
    else {
      compressed = nil
      return
    }
    var best = Reads([y], by: inputs).flatMap { Self.compress($0, total) }
    if best.map({ $0.coloring.count > Self.fewDirections }) ?? true,
      let other = Self.compress(Reads(whole: [y], by: inputs), total),
      other.coloring.count < best?.coloring.count ?? .max
    {
      best = other
    }
    compressed = best.flatMap { $0.coloring.count * 3 <= total ? $0 : nil }
  }

  private static func compress(_ reads: Reads, _ total: Int) -> Compressed? {
    let gradient = gradient(of: reads.outputs[0], by: reads.variables)
    guard let graph = gradient.first?.graph else { return nil }
    var sweep = SparsitySweep(graph, outputs: gradient, by: reads.variables)
    guard sweep.run() else { return nil }
    var rows: [Int32] = []
    var columns: [Int32] = []
    var row: Int32 = 0
    for part in gradient {
      let sets = sweep.sets(part.index)
      for k in 0..<part.shape.count {
        for column in sets?.members(of: k) ?? [] {
          rows += [row, column]
          columns += [column, row]
        }
        row += 1
      }
    }
    let size = reads.owners.count
    let pattern = SparsePattern(rows: size, columns: size, places: (rows, columns))
    guard let coloring = Coloring.star(pattern) else { return nil }
    var places: (rows: [Int32], columns: [Int32]) = ([], [])
    for (a, b) in zip(rows, columns) {
      let (i, j) = (reads.owners[Int(a)], reads.owners[Int(b)])
      if i >= 0 && j >= 0 {
        places.rows.append(i)
        places.columns.append(j)
      }
    }
    let result = SparsePattern(rows: total, columns: total, places: places)
    return Compressed(
      reads: reads, gradient: gradient, pattern: pattern, coloring: coloring, result: result)
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
      return harvest(compressed, in: Shape(rows: total, columns: total)) { $0 * total + $1 }
    }
    let gradient = gradient(of: y, by: inputs)
    let matrix = denseJacobian(of: gradient, by: inputs)
    guard Self.mirrored.contains(total), !y.graph.hasSurrogates(gradient) else {
      return 0.5 * (matrix + matrix.transposed)
    }
    let isLower = y.graph.triangle(Int32(total), below: 1, diagonal: 1, above: 0)
    return y.graph.select(isLower, matrix, matrix.transposed)
  }

  /// Reads every element off one of the two products that show it, and adds it at its place and the
  /// place mirrored.
  private func harvest(
    _ compressed: Compressed, in shape: Shape, _ place: (Int, Int) -> Int?
  ) -> Expression {
    let (pattern, colors) = (compressed.pattern, compressed.coloring.colors)
    let owners = compressed.reads.owners
    let isDirect = pattern.directlyReadable(colors)
    let parts = Parts(compressed.reads.variables)
    var harvest = Harvest()
    for a in 0..<pattern.rows {
      for at in pattern.range(a) {
        let b = Int(pattern.indices[at])
        guard a <= b, owners[a] >= 0, owners[b] >= 0 else { continue }
        let (row, column) = isDirect[at] ? (a, b) : (b, a)
        for mirrored in a == b ? [false] : [false, true] {
          harvest.add(
            color: colors[column], output: parts.part[row], variable: parts.part[column],
            mirrored: mirrored, source: row - parts.starts[Int(parts.part[row])],
            row: owners[mirrored ? column : row], column: owners[mirrored ? row : column])
        }
      }
    }
    let derivatives = CompressedDerivatives(
      compressed.gradient, by: compressed.reads.variables, compressed.coloring)
    return compressed.reads.restored(harvest.laid(derivatives, in: shape, y.graph, place))
  }
}

extension Graph {
  /// Whether any of `roots` depends on a derivative that is not that of its value.
  fileprivate func hasSurrogates(_ roots: [Expression]) -> Bool {
    let live = reachable(from: roots.map(\.index))
    return live.indices.contains { live[$0] && nodes[$0].operation == .surrogate }
  }
}

/// Where the elements of several arrays lie in one row of all.
struct Parts {
  /// The first element of each array.
  var starts: [Int] = []
  /// The array of each element.
  var part: [Int32] = []

  init(_ arrays: [Expression]) {
    for (k, array) in arrays.enumerated() {
      starts.append(part.count)
      part += repeatElement(Int32(clamping: k), count: array.shape.count)
    }
  }
}

extension SparsePattern {
  /// For every element whether it is the only one of its column's colour in its row.
  func directlyReadable(_ colors: [Int32]) -> [Bool] {
    var seen: [Int32: Int] = [:]
    var result = [Bool](repeating: true, count: count)
    for row in 0..<rows {
      seen.removeAll(keepingCapacity: true)
      for at in range(row) {
        let color = colors[Int(indices[at])]
        if let other = seen[color] {
          result[at] = false
          result[other] = false
        }
        seen[color] = at
      }
    }
    return result
  }
}

/// The symmetric matrix of second derivatives of `y` (one number) by the flattened `inputs`, with
/// all its elements.
package func hessian(of y: Expression, by inputs: [Expression]) -> Expression {
  HessianPlan(of: y, by: inputs).dense()
}

/// The Hessian of `y` times the vectors `along`, one of the shape of each input: forward over
/// reverse.
package func hvp(
  of y: Expression, by inputs: [Expression], along: [Expression]
) -> [Expression] {
  pushforward(
    gradient(of: y, by: inputs), along: zip(inputs, along).map { ($0, tangent: $1) })
}
