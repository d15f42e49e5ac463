/// A slow, plain evaluation of graphs, written apart from the engine so that the derivative rules
/// are tested against the meaning of the nodes and nothing else.
import OptGraph
import OptNumerics

struct Reference {
  var graph: Graph
  /// Values of input nodes, by node.
  var inputs: [Int32: [Double]]

  func value(_ root: Expression) -> [Double] { values([root])[0] }

  func values(_ roots: [Expression]) -> [[Double]] {
    let live = graph.reachable(from: roots.map(\.index))
    var memo = [[Double]](repeating: [], count: live.count)
    for index in live.indices where live[index] { memo[index] = compute(Int32(index), memo) }
    return roots.map { memo[Int($0.index)] }
  }

  private func compute(_ index: Int32, _ memo: [[Double]]) -> [Double] {
    let n = graph.nodes[Int(index)]
    let shape = graph.shape(of: index)
    func operand(_ k: Int32) -> [Double] { memo[Int(k)] }
    func spread(_ k: Int32) -> [Double] { Self.spread(memo[Int(k)], graph.shape(of: k), shape) }
    switch n.operation {
    case .number: return [graph.numbers[Int(n.payload)]]
    case .array: return Array(graph.arrays[Int(n.payload)].elements)
    case .input: return inputs[index] ?? []
    case .apply:
      let a = spread(n.a)
      switch FunctionID(index: Int(n.payload)).row.evaluate {
      case .unary(let f): return a.map { f($0) }
      case .binary(let f): return zip(a, spread(n.b)).map { f($0, $1) }
      case .ternary(let f):
        let (b, c) = (spread(n.b), spread(n.c))
        return a.indices.map { f(a[$0], b[$0], c[$0]) }
      }
    case .select:
      let (p, a, b) = (spread(n.a), spread(n.b), spread(n.c))
      return p.indices.map { p[$0] != 0 ? a[$0] : b[$0] }
    case .view:
      let a = operand(n.a)
      return Self.offsets(graph.maps[Int(n.payload)], shape).map { a[$0] }
    case .assemble:
      var result = [Double](repeating: 0, count: shape.count)
      let assembly = graph.assemblies[Int(n.payload)]
      for piece in assembly.pieces {
        let offsets = Self.offsets(piece.map, graph.shape(of: piece.node))
        for (offset, x) in zip(offsets, operand(piece.node)) {
          result[offset] = assembly.adds ? result[offset] + x : x
        }
      }
      return result
    case .surrogate: return spread(n.a)
    case .host:
      var result = [Double](repeating: 0, count: shape.count)
      graph.hosts[Int(n.payload)].evaluate(operand(n.a), from: operand(n.b), into: &result)
      return result
    case .loop: return []  // Compared with what it comes to written out, elsewhere.
    case .gather:
      let a = operand(n.a)
      return operand(n.b).map { a[Int($0)] }
    case .scatter:
      var result = [Double](repeating: 0, count: shape.count)
      for (x, offset) in zip(operand(n.a), operand(n.b)) { result[Int(offset)] += x }
      return result
    case .reduce: return reduce(operand(n.a), graph.shape(of: n.a), shape, n)
    case .scan:
      let scan = graph.scans[Int(n.payload)]
      var result = operand(n.a)
      let step = shape.strides[scan.dimension]
      let size = shape.dimensions[scan.dimension]
      for k in result.indices {
        let i = scan.reversed ? result.count - 1 - k : k
        let position = i / step % size
        if scan.reversed ? position < size - 1 : position > 0 {
          result[i] += result[scan.reversed ? i + step : i - step]
        }
      }
      return result
    case .order:
      let a = operand(n.a)
      var result: [Double] = []
      for lane in stride(from: 0, to: a.count, by: shape.elements) {
        let sorted = (0..<shape.elements).sorted { (a[lane + $0], $0) < (a[lane + $1], $1) }
        result += sorted.map(Double.init)
      }
      return result
    case .product, .solve, .part:
      return lanes(index, n, shape, memo)
    case .factor: return operand(n.a)
    case .random: return [Double](repeating: 0.5, count: shape.count)
    }
  }

  private func reduce(_ a: [Double], _ from: Shape, _ to: Shape, _ n: Node) -> [Double] {
    let kind = graph.reductions[Int(n.payload)].kind
    let levels = from.lanes.count
    let small = to.dimensions(levels: levels)
    var strides = [Int](repeating: 0, count: small.count)
    var step = 1
    for k in stride(from: small.count - 1, through: 0, by: -1) {
      strides[k] = small[k] == 1 ? 0 : step
      step *= small[k]
    }
    var groups = [[Double]](repeating: [], count: to.count)
    for (x, place) in zip(a, Self.offsets(StridedMap(strides: strides), from)) {
      groups[place].append(x)
    }
    return groups.map { group in
      switch kind {
      case .sum: return group.reduce(0, +)
      case .product: return group.reduce(1, *)
      case .maximum: return group.max() ?? -.infinity
      case .minimum: return group.min() ?? .infinity
      case .argMaximum: return Double((group.firstIndex(of: group.max() ?? 0) ?? 0) + 1)
      case .argMinimum: return Double((group.firstIndex(of: group.min() ?? 0) ?? 0) + 1)
      }
    }
  }

  /// Matrix operations, lane by lane.
  private func lanes(_ index: Int32, _ n: Node, _ shape: Shape, _ memo: [[Double]]) -> [Double] {
    func lane(_ k: Int32, _ lane: Int) -> Matrix {
      let s = graph.shape(of: k)
      let whole = shape.with(rows: Int(s.rows), columns: Int(s.columns))
      let all = Self.spread(memo[Int(k)], s, whole)
      let start = lane * s.elements
      return Matrix(Int(s.rows), Int(s.columns), Array(all[start..<start + s.elements]))
    }
    var result: [Double] = []
    for k in 0..<shape.laneCount {
      let a = lane(n.a, k)
      switch n.operation {
      case .product:
        let b = lane(n.b, k)
        let left = n.payload & 1 != 0 ? a.transposed : a
        result += (left * (n.payload & 2 != 0 ? b.transposed : b)).values
      case .solve:
        let kind = Factorization(rawValue: graph.nodes[Int(n.a)].payload) ?? .lu
        let whole = kind == .cholesky ? a.symmetric : a
        let matrix = n.payload & 1 != 0 ? whole.transposed : whole
        result += matrix.pseudoSolve(lane(n.b, k)).values
      default:
        let kind = Factorization(rawValue: graph.nodes[Int(n.a)].payload) ?? .lu
        result += a.part(kind, Int(n.payload)).values
      }
    }
    return result
  }

  static func spread(_ a: [Double], _ from: Shape, _ to: Shape) -> [Double] {
    if from == to { return a }
    let mine = from.dimensions(levels: to.lanes.count)
    var strides = [Int](repeating: 0, count: mine.count)
    var step = 1
    for k in stride(from: mine.count - 1, through: 0, by: -1) {
      strides[k] = mine[k] == 1 ? 0 : step
      step *= mine[k]
    }
    return offsets(StridedMap(strides: strides), to).map { a[$0] }
  }

  static func offsets(_ map: StridedMap, _ shape: Shape) -> [Int] {
    var result = [map.offset]
    for (size, step) in zip(shape.dimensions, map.strides) {
      result = result.flatMap { base in (0..<size).map { base + $0 * step } }
    }
    return result
  }
}
