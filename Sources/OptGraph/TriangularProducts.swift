/// Products of which only one triangle is wanted.
///
/// A matrix of second derivatives is symmetric, so one triangle of it is computed and mirrored:
/// `select(mask, M, Mᵀ)` with a known mask. Where M is a sum that ends in products, these need no
/// elements below their diagonal.
import OptNumerics

extension Graph {
  /// A product with this flag computes what lies on and above the diagonal; the rest of it is 0. For
  /// graphs that are planned next.
  package static let isTriangular: Int32 = 4

  /// Smaller products are not worth a look.
  private static let fewestRows = 32

  /// The roots, with products of which only the upper triangle is read, in the order of memory, as
  /// triangular ones.
  package func withTriangularProducts(_ roots: [Expression]) -> [Expression] {
    let live = reachable(from: roots.map(\.index))
    let mirrors = live.indices.filter { live[$0] && isMirror(Int32($0)) }
    if mirrors.isEmpty { return roots }
    var uses = [Int32](repeating: 0, count: live.count)
    for root in roots { uses[Int(root.index)] += 1 }
    for k in live.indices where live[k] { forEachOperand(of: nodes[k]) { uses[Int($0)] += 1 } }
    var replaced: [Int32: Expression] = [:]
    for mirror in mirrors {
      guard let matrix = upperTriangle(behind: nodes[mirror], uses) else { continue }
      var stack = [matrix]
      while let index = stack.popLast() {
        let node = nodes[Int(index)]
        switch node.operation {
        case .product where isSquareInMemory(node):
          replaced[index] = append(
            .product, shape(of: index), node.a, node.b,
            payload: node.payload | Self.isTriangular)
        case .apply:
          forEachOperand(of: node) {
            if uses[Int($0)] == 1, shape(of: $0) == shape(of: index) { stack.append($0) }
          }
        case .view where isWholeInOrder(index):
          if uses[Int(node.a)] == 1 { stack.append(node.a) }
        default: break
        }
      }
    }
    return replaced.isEmpty ? roots : substitute(roots, replaced)
  }

  private func isMirror(_ index: Int32) -> Bool {
    let (node, shape) = (nodes[Int(index)], shape(of: index))
    return node.operation == .select && shape.lanes.isEmpty && shape.rows == shape.columns
      && Int(shape.rows) >= Self.fewestRows && nodes[Int(node.a)].operation == .array
      && self.shape(of: node.a) == shape
  }

  /// What `mirror` reads one triangle of: its elements on and above the diagonal in memory, and only
  /// `mirror` reads them.
  private func upperTriangle(behind mirror: Node, _ uses: [Int32]) -> Int32? {
    let mask = arrays[Int(nodes[Int(mirror.a)].payload)]
    let own = shape(of: mirror.b)
    let n = Int(own.rows)
    var (readers, matrix): (Int32, Int32) = (0, -1)
    for (side, operand) in [(true, mirror.b), (false, mirror.c)] {
      let node = nodes[Int(operand)]
      let isView = node.operation == .view
      let source = isView ? node.a : operand
      guard matrix < 0 || matrix == source, shape(of: operand) == own,
        shape(of: source).count == n * n, !isView || uses[Int(operand)] == 1
      else { return nil }
      matrix = source
      readers += 1
      let map = isView ? maps[Int(node.payload)] : StridedMap(strides: own.strides)
      var (k, fits) = (0, true)
      map.forEachOffset(in: own) { offset in
        if (mask[k] != 0) == side, offset / n > offset % n { fits = false }
        k += 1
      }
      if !fits { return nil }
    }
    return uses[Int(matrix)] == readers ? matrix : nil
  }

  /// Whether the result is as many numbers in a row as there are rows, all of one product.
  private func isSquareInMemory(_ node: Node) -> Bool {
    let (shape, left, right) = (shapes[Int(node.shape)], shape(of: node.a), shape(of: node.b))
    guard left.lanes.isEmpty else { return false }
    if right.lanes.isEmpty { return shape.rows == shape.columns }
    return shape.columns == 1 && shape.laneCount == Int(shape.rows)
      && right.laneCount == shape.laneCount
  }

  private func isWholeInOrder(_ index: Int32) -> Bool {
    let (node, own) = (nodes[Int(index)], shape(of: index))
    let map = maps[Int(node.payload)]
    return map.offset == 0 && map.isContiguous(for: own) && own.count == shape(of: node.a).count
  }
}
