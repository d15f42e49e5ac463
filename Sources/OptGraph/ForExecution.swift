/// The pass that prepares a graph for the engine. What it does, and nothing else:
///
/// - drops what no root depends on; equal nodes become one;
/// - x + 0, x - 0, 0 - x, signs in sums and products, x / 2ᵏ as a product, whole and half powers;
/// - known factors: (c x) y as c (x y), c x + c y as c (x + y), sums of c x as c times the sum, where
///   nothing else reads c x; -(c x) as (-c) x only then;
/// - arithmetic of known numbers and small known arrays;
/// - masks: `mask ≠ 0`, `not not`, a select of 1 and 0, a select in a select of the same condition;
/// - repeated values: elementwise nodes work on the value before it is repeated, sums of it multiply;
/// - a view of a view, a reduction of a reduction;
/// - transposes inside products become flags; products over a length of 1 become elementwise; products
///   with unit vectors become columns;
/// - loops carry and keep what is read of them, and compute what stays the same before;
/// - a surrogate is its value, whatever derivative was taken of it.
///
/// It keeps values up to rounding, and the sign of zero where it matters to nobody. It never makes
/// a number of NaN or ∞: 0·x and x - x stay,
/// but for the zeros of unit vectors.
import OptNumerics

extension Graph {
  /// A new graph with the same inputs in the same order, and what became of the roots in it.
  package func forExecution(_ roots: [Expression]) -> (graph: Graph, roots: [Expression]) {
    var pass = ForExecution(self, roots)
    pass.run()
    let results = roots.map { pass.moved($0.index).broadcast(to: $0.shape) }
    // Once more, without what the rewrites left behind.
    let clean = Graph()
    var known: [Int32: Expression] = [:]
    for (input, node) in zip(inputs, pass.target.inputNodes) { known[node] = clean.input(input) }
    return (clean, pass.target.copy(results, into: clean, known: known))
  }
}

struct ForExecution {
  let source: Graph
  let target = Graph()
  private let live: [Bool]
  private var places: [Int32]
  /// How many live nodes read a node.
  private var uses: [Int32]
  private let parts: [Int32: LoopParts]
  private(set) var loops: [Int32: PrunedLoop] = [:]

  init(_ source: Graph, _ roots: [Expression]) {
    self.source = source
    live = source.reachable(from: roots.map(\.index))
    places = [Int32](repeating: -1, count: live.count)
    uses = [Int32](repeating: 0, count: live.count)
    parts = Self.loopParts(source, live, roots.map(\.index))
    for root in roots { uses[Int(root.index)] += 1 }
    for index in live.indices where live[index] {
      for operand in source.operands(of: Int32(index)) { uses[Int(operand)] += 1 }
    }
    for (input, node) in zip(source.inputs, source.inputNodes) {
      let place = target.input(input).index
      if Int(node) < places.count { places[Int(node)] = place }
    }
  }

  /// The new node of `index`. Its shape may be smaller: it broadcasts to the old one's.
  func moved(_ index: Int32) -> Expression {
    Expression(graph: target, index: places[Int(index)])
  }

  /// The new node with all elements.
  func whole(_ index: Int32) -> Expression {
    moved(index).broadcast(to: source.shape(of: index))
  }

  func usesOnce(_ index: Int32) -> Bool { uses[Int(index)] == 1 }

  mutating func run() {
    for index in live.indices where live[index] && places[index] < 0 {
      target.currentOrigin = source.origins[index]
      if let parts = parts[Int32(index)] {
        let made = pruned(Int32(index), parts)
        loops[Int32(index)] = made
        places[index] = made.node.result.index
        continue
      }
      places[index] = rewrite(Int32(index)).folded().index
    }
    target.currentOrigin = -1
  }

  private func rewrite(_ index: Int32) -> Expression {
    let node = source.nodes[Int(index)]
    switch node.operation {
    case .apply:
      let function = FunctionID(index: Int(node.payload))
      if let shorter = rewriteFactors(node, function) { return shorter }
      let a = moved(node.a).beforeRepeating
      if node.b < 0 { return target.unary(function, a) }
      let b = moved(node.b).beforeRepeating
      if node.c < 0 { return target.binary(function, a, b) }
      return target.apply(function, [a, b, moved(node.c).beforeRepeating])
    case .select:
      return target.choice(
        moved(node.a).beforeRepeating, moved(node.b).beforeRepeating,
        moved(node.c).beforeRepeating)
    case .view: return rewriteView(index, node)
    case .reduce: return rewriteReduce(node)
    case .product: return rewriteProduct(node)
    case .factor:
      return matrices(node.a).factor(Factorization(rawValue: node.payload) ?? .lu)
    case .solve:
      return moved(node.a).solve(matrices(node.b), transposed: node.payload & 1 != 0)
    case .part: return moved(node.a).part(Int(node.payload))
    case .surrogate: return moved(node.a)
    default: return source.rebuild(index, in: target) { $0 < 0 ? $0 : whole($0).index }
    }
  }

  /// The new node with all rows and columns, but not repeated over lanes.
  private func matrices(_ index: Int32) -> Expression {
    let value = moved(index).beforeRepeating
    let shape = source.shape(of: index)
    return value.broadcast(
      to: value.shape.with(rows: Int(shape.rows), columns: Int(shape.columns)))
  }

  private func rewriteReduce(_ node: Node) -> Expression {
    let reduction = source.reductions[Int(node.payload)]
    let shape = source.shape(of: node.a)
    guard reduction.kind != .argMaximum, reduction.kind != .argMinimum else {
      return whole(node.a).reduce(reduction.kind, reduction.dimensions)
    }
    // Where the value only repeats, a sum multiplies.
    let operand = moved(node.a).beforeRepeating
    let mine = operand.shape
    let sizes = shape.dimensions
    let own = mine.dimensions(levels: shape.lanes.count)
    var folded: [Int] = []
    var repeats = 1
    for k in reduction.dimensions {
      if own[k] == 1 {
        repeats = repeats &* sizes[k]
      } else {
        folded.append(k < shape.lanes.count ? k : k - shape.lanes.count + mine.lanes.count)
      }
    }
    if repeats != 1 && reduction.kind == .product {
      return whole(node.a).reduce(.product, reduction.dimensions)
    }
    guard reduction.kind == .sum else { return operand.reducedFurther(reduction.kind, folded) }
    // A known factor of all elements is one of the sum.
    let (factor, rest) = outerFactor(node.a, operand)
    let value = rest.reducedFurther(.sum, folded)
    let all = factor * Double(repeats)
    return all == 1 ? value : target.binary(.multiply, target.number(all), value)
  }

  private func rewriteProduct(_ node: Node) -> Expression {
    var (a, b) = (matrices(node.a), matrices(node.b))
    var (flipA, flipB) = (node.payload & 1 != 0, node.payload & 2 != 0)
    if let plain = a.beforeTransposing {
      a = plain
      flipA.toggle()
    }
    if let plain = b.beforeTransposing {
      b = plain
      flipB.toggle()
    }
    let length = flipA ? a.shape.rows : a.shape.columns
    if length == 1 {
      let left = flipA ? a.transposed : a
      let right = flipB ? b.transposed : b
      return target.binary(.multiply, left, right)
    }
    if !flipB, let columns = b.columns(of: a, transposed: flipA) { return columns }
    return a.product(b, transposeLeft: flipA, transposeRight: flipB)
  }
}

extension Expression {
  /// A reduction merged with one of the same kind below it.
  fileprivate func reducedFurther(_ kind: Reduction.Kind, _ dimensions: [Int]) -> Expression {
    if dimensions.isEmpty { return self }
    let n = node
    if n.operation == .reduce {
      let inner = graph.reductions[Int(n.payload)]
      let base = Expression(graph: graph, index: n.a)
      if inner.kind == kind {
        let extra = base.shape.lanes.count - shape.lanes.count
        let all = dimensions.map { $0 < shape.lanes.count ? $0 : $0 + extra }
        return base.reduce(kind, (inner.dimensions + all).sorted())
      }
    }
    return reduce(kind, dimensions)
  }
}
