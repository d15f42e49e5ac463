/// Which variables each element of an array may depend on, read off the graph.
import OptGraph
import OptNumerics

/// Carries index sets from variables to outputs, node by node. What is found is never too small; a
/// product with a 0 that only a run brings forth counts as a dependence.
struct SparsitySweep {
  let graph: Graph
  private let first: Int
  private let live: [Bool]
  private var sets: [IndexSets?]
  private var builder: IndexSetBuilder
  /// Members of all sets together; beyond `largest` the sweep gives up, as beyond `mostWork`.
  private var total = 0
  private static let largest = 20_000_000
  private static let mostWork = 100_000_000

  init(_ graph: Graph, outputs: [Expression], by variables: [Expression]) {
    self.graph = graph
    first = Int(variables.map(\.index).min() ?? 0)
    live = graph.reachable(from: outputs.map(\.index))
    sets = Array(repeating: nil, count: max(live.count - first, 0))
    builder = IndexSetBuilder(variables: variables.reduce(0) { $0 + $1.shape.count })
    var offset = 0
    for variable in variables {
      let k = Int(variable.index) - first
      if k < sets.count {
        sets[k] = .identity(from: offset, count: variable.shape.count)
      }
      offset += variable.shape.count
    }
  }

  /// The sets of a node; nil when it depends on no variable.
  func sets(_ node: Int32) -> IndexSets? {
    let k = Int(node) - first
    return k >= 0 && k < sets.count ? sets[k] : nil
  }

  /// False when the sets have become too large.
  mutating func run() -> Bool {
    for k in 0..<sets.count where live[first + k] && sets[k] == nil {
      let index = Int32(first + k)
      guard graph.anyOperand(of: index, { sets($0) != nil }) else { continue }
      let known = carry(index)
      guard !isTooLarge else { return false }
      total += builder.size
      sets[k] = known ?? builder.take()
    }
    return true
  }

  /// Fills the builder, or gives back sets that are there already.
  private mutating func carry(_ index: Int32) -> IndexSets? {
    let node = graph.nodes[Int(index)]
    let shape = graph.shape(of: index)
    switch node.operation {
    case .number, .array, .input, .random, .order: return nil
    case .apply:
      let depends = Self.dependence[Int(node.payload)]
      let operands = zip([node.a, node.b, node.c], depends).filter { $0.0 >= 0 && $0.1 }
      return joined(operands.map(\.0), shape)
    case .select: return joined([node.b, node.c], shape)
    case .view: return pick(node.a, graph.maps[Int(node.payload)].offsets(in: shape))
    case .assemble: return carryAssemble(node, shape)
    case .gather:
      if let known = graph.knownOffsets(node.b) { return pick(node.a, known) }
      return everything([node.a], shape)
    case .scatter: return carryScatter(node, shape)
    case .reduce: return carryReduce(node, shape)
    case .scan: return carryScan(node, shape)
    case .product: return carryProduct(node, shape)
    case .factor, .solve, .part: return everything([node.a, node.b], shape)
    case .surrogate: return everything([node.b], shape)
    case .host: return everything([node.a], shape)
    case .loop: return everything(graph.operands(of: index), shape)
    }
  }

  /// For every function of the table: which arguments its value changes with.
  private static let dependence: [[Bool]] = ElementaryFunctions.table.indices.map { k in
    let graph = Graph()
    let function = FunctionID(index: k)
    let arguments = function.row.parameters.map {
      graph.input(Input(name: $0, role: .variable, shape: .scalar))
    }
    let result = graph.apply(function, arguments)
    return function.row.partials(arguments, result).map { $0 != nil && $0?.constant != 0 }
  }

  // MARK: Rules

  /// The unions of the sets of elementwise operands.
  private mutating func joined(_ operands: [Int32], _ shape: Shape) -> IndexSets? {
    let present = operands.compactMap { operand -> (sets: IndexSets, offsets: [Int32]?)? in
      guard let sets = sets(operand) else { return nil }
      return (sets, graph.shape(of: operand).offsets(broadcastTo: shape))
    }
    guard let one = present.first else { return nil }
    if one.offsets == nil, present.allSatisfy({ $0.sets === one.sets && $0.offsets == nil }) {
      return one.sets
    }
    for k in 0..<shape.count {
      for (sets, offsets) in present { builder.add(sets, offsets.map { Int($0[k]) } ?? k) }
      builder.close()
      if isTooLarge { return nil }
    }
    return nil
  }

  private var isTooLarge: Bool {
    total + builder.size > Self.largest || builder.work > Self.mostWork
  }

  /// The sets of some elements of `source`; what lies outside depends on nothing.
  private mutating func pick(_ source: Int32, _ offsets: [Int]) -> IndexSets? {
    guard let sets = sets(source) else { return nil }
    for offset in offsets {
      if offset >= 0 && offset < sets.count { builder.add(sets, offset) }
      builder.close()
      if isTooLarge { return nil }
    }
    return nil
  }

  /// Every element depends on all of the operands.
  private mutating func everything(_ operands: [Int32], _ shape: Shape) -> IndexSets? {
    for operand in operands where operand >= 0 {
      if let sets = sets(operand) { builder.addAll(sets) }
    }
    builder.close()
    guard !isTooLarge, let union = builder.take() else { return nil }
    for _ in 0..<shape.count {
      builder.add(union, 0)
      builder.close()
      if isTooLarge { return nil }
    }
    return nil
  }

  /// Fills the builder with the unions of `contributions`, pairs of an element and what it gets.
  private mutating func collect(
    _ count: Int, _ contributions: [(sets: IndexSets, targets: [Int])]
  ) -> IndexSets? {
    var first = [Int32](repeating: 0, count: count + 1)
    for (_, targets) in contributions {
      for target in targets where target >= 0 && target < count { first[target + 1] += 1 }
    }
    for k in 0..<count { first[k + 1] += first[k] }
    var next = first
    var from = [(source: Int32, element: Int32)](
      repeating: (0, 0), count: Int(first[count]))
    for (source, part) in contributions.enumerated() {
      for (element, target) in part.targets.enumerated() where target >= 0 && target < count {
        from[Int(next[target])] = (Int32(clamping: source), Int32(clamping: element))
        next[target] += 1
      }
    }
    for k in 0..<count {
      for at in first[k]..<first[k + 1] {
        let (source, element) = from[Int(at)]
        builder.add(contributions[Int(source)].sets, Int(element))
      }
      builder.close()
      if isTooLarge { return nil }
    }
    return nil
  }

  private mutating func carryAssemble(_ node: Node, _ shape: Shape) -> IndexSets? {
    let assembly = graph.assemblies[Int(node.payload)]
    var contributions: [(sets: IndexSets, targets: [Int])] = []
    for piece in assembly.pieces {
      if let sets = sets(piece.node) {
        contributions.append((sets, piece.map.offsets(in: graph.shape(of: piece.node))))
      }
    }
    return collect(shape.count, contributions)
  }

  private mutating func carryScatter(_ node: Node, _ shape: Shape) -> IndexSets? {
    guard let sets = sets(node.a) else { return nil }
    guard let known = graph.knownOffsets(node.b) else { return everything([node.a], shape) }
    // One value may go to many places.
    return sets.count == known.count
      ? collect(shape.count, [(sets, known)]) : everything([node.a], shape)
  }

  private mutating func carryReduce(_ node: Node, _ shape: Shape) -> IndexSets? {
    let reduction = graph.reductions[Int(node.payload)]
    guard let sets = sets(node.a), reduction.kind != .argMaximum, reduction.kind != .argMinimum
    else { return nil }
    // Element by element of the operand the place of the result it is folded into.
    let operand = graph.shape(of: node.a)
    let sizes = operand.dimensions
    var strides = [Int](repeating: 0, count: sizes.count)
    var step = 1
    for k in stride(from: sizes.count - 1, through: 0, by: -1)
    where !reduction.dimensions.contains(k) {
      strides[k] = step
      step *= sizes[k]
    }
    return collect(shape.count, [(sets, StridedMap(strides: strides).offsets(in: operand))])
  }

  private mutating func carryScan(_ node: Node, _ shape: Shape) -> IndexSets? {
    guard let sets = sets(node.a) else { return nil }
    let scan = graph.scans[Int(node.payload)]
    let (step, size) = (shape.strides[scan.dimension], shape.dimensions[scan.dimension])
    for k in 0..<shape.count {
      let position = k / step % size
      for other in scan.reversed ? position..<size : 0..<(position + 1) {
        builder.add(sets, k + (other - position) * step)
      }
      builder.close()
      if isTooLarge { return nil }
    }
    return nil
  }

  private mutating func carryProduct(_ node: Node, _ shape: Shape) -> IndexSets? {
    let (left, right) = (graph.shape(of: node.a), graph.shape(of: node.b))
    let (flipA, flipB) = (node.payload & 1 != 0, node.payload & 2 != 0)
    let inner = Int(flipA ? left.rows : left.columns)
    let lanes = shape.with(rows: 1, columns: 1)
    let leftLanes = left.with(rows: 1, columns: 1).offsets(broadcastTo: lanes)
    let rightLanes = right.with(rows: 1, columns: 1).offsets(broadcastTo: lanes)
    // A known factor that is 0 carries nothing.
    let (knownA, knownB) = (graph.knownArray(node.a), graph.knownArray(node.b))
    let (setsA, setsB) = (sets(node.a), sets(node.b))
    let (rows, columns) = (Int(shape.rows), Int(shape.columns))
    for lane in 0..<shape.laneCount {
      let startA = (leftLanes.map { Int($0[lane]) } ?? lane) * left.elements
      let startB = (rightLanes.map { Int($0[lane]) } ?? lane) * right.elements
      for i in 0..<rows {
        for j in 0..<columns {
          for k in 0..<inner {
            let a = startA + (flipA ? k * rows + i : i * inner + k)
            let b = startB + (flipB ? j * inner + k : k * columns + j)
            if let setsA, knownB.map({ $0[b] != 0 }) ?? true { builder.add(setsA, a) }
            if let setsB, knownA.map({ $0[a] != 0 }) ?? true { builder.add(setsB, b) }
          }
          builder.close()
          if isTooLarge { return nil }
        }
      }
    }
    return nil
  }
}
