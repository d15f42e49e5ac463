/// Values of small graphs, and reading formulas back to compare with them.
import OptGraph
import OptLanguage
import OptNumerics
import OptSyntax
import Testing

/// Values of graphs without factorisations, written for clarity.
struct GraphEvaluator {
  var graph: Graph
  var inputs: [Int32: [Double]]

  func value(_ root: Expression) -> [Double] {
    let live = graph.reachable(from: [root.index])
    var memo = [[Double]](repeating: [], count: live.count)
    for index in live.indices where live[index] { memo[index] = compute(Int32(index), memo) }
    return memo[Int(root.index)]
  }

  private func compute(_ index: Int32, _ memo: [[Double]]) -> [Double] {
    let n = graph.nodes[Int(index)]
    let shape = graph.shape(of: index)
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
      case .ternary: return []
      }
    case .select:
      let (p, a, b) = (spread(n.a), spread(n.b), spread(n.c))
      return p.indices.map { p[$0] != 0 ? a[$0] : b[$0] }
    case .view:
      return offsets(graph.maps[Int(n.payload)], shape).map { memo[Int(n.a)][$0] }
    case .assemble:
      var result = [Double](repeating: 0, count: shape.count)
      let assembly = graph.assemblies[Int(n.payload)]
      for piece in assembly.pieces {
        let places = offsets(piece.map, graph.shape(of: piece.node))
        for (place, x) in zip(places, memo[Int(piece.node)]) {
          result[place] = assembly.adds ? result[place] + x : x
        }
      }
      return result
    case .gather: return memo[Int(n.b)].map { memo[Int(n.a)][Int($0)] }
    case .order:
      let a = memo[Int(n.a)]
      return a.indices.sorted { (a[$0], $0) < (a[$1], $1) }.map(Double.init)
    case .reduce: return reduce(memo[Int(n.a)], graph.shape(of: n.a), shape, n)
    case .scan:
      let scan = graph.scans[Int(n.payload)]
      let step = shape.strides[scan.dimension]
      let size = shape.dimensions[scan.dimension]
      var result = memo[Int(n.a)]
      for k in result.indices {
        let i = scan.reversed ? result.count - 1 - k : k
        let position = i / step % size
        let other = scan.reversed ? i + step : i - step
        if scan.reversed ? position < size - 1 : position > 0 { result[i] += result[other] }
      }
      return result
    case .product:
      func table(_ k: Int32, _ lane: Int) -> Table {
        let s = graph.shape(of: k)
        let all = Self.spread(
          memo[Int(k)], s, shape.with(rows: Int(s.rows), columns: Int(s.columns)))
        let part = all[lane * s.elements..<(lane + 1) * s.elements]
        return Table(Int(s.rows), Int(s.columns), Array(part))
      }
      return (0..<shape.laneCount).flatMap { lane in
        let (a, b) = (table(n.a, lane), table(n.b, lane))
        return (n.payload & 1 != 0 ? a.transposed : a)
          .times(n.payload & 2 != 0 ? b.transposed : b).values
      }
    default: return []
    }
  }

  private func reduce(_ a: [Double], _ from: Shape, _ to: Shape, _ n: Node) -> [Double] {
    let small = to.dimensions(levels: from.lanes.count)
    var strides = [Int](repeating: 0, count: small.count)
    var step = 1
    for k in stride(from: small.count - 1, through: 0, by: -1) {
      strides[k] = small[k] == 1 ? 0 : step
      step *= small[k]
    }
    var groups = [[Double]](repeating: [], count: to.count)
    for (x, place) in zip(a, offsets(StridedMap(strides: strides), from)) {
      groups[place].append(x)
    }
    let kind = graph.reductions[Int(n.payload)].kind
    return groups.map { group in
      switch kind {
      case .sum: group.reduce(0, +)
      case .product: group.reduce(1, *)
      case .maximum: group.max() ?? 0
      case .minimum: group.min() ?? 0
      case .argMaximum: Double((group.firstIndex(of: group.max() ?? 0) ?? 0) + 1)
      case .argMinimum: Double((group.firstIndex(of: group.min() ?? 0) ?? 0) + 1)
      }
    }
  }

  private static func spread(_ a: [Double], _ from: Shape, _ to: Shape) -> [Double] {
    if from == to { return a }
    let mine = from.dimensions(levels: to.lanes.count)
    var strides = [Int](repeating: 0, count: mine.count)
    var step = 1
    for k in stride(from: mine.count - 1, through: 0, by: -1) {
      strides[k] = mine[k] == 1 ? 0 : step
      step *= mine[k]
    }
    var result: [Double] = []
    StridedMap(strides: strides).forEachOffset(in: to) { result.append(a[$0]) }
    return result
  }

  private func offsets(_ map: StridedMap, _ shape: Shape) -> [Int] {
    var result: [Int] = []
    map.forEachOffset(in: shape) { result.append($0) }
    return result
  }
}

/// Repeatable random numbers: SplitMix64.
struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A graph to write formulas of.
struct Board {
  let graph = Graph()

  func symbol(_ name: String, _ rows: Int = 1, _ columns: Int = 1) -> Expression {
    graph.input(
      Input(name: name, role: .variable, shape: Shape(rows: rows, columns: columns)))
  }

  func raised(_ x: Expression, _ n: Double) -> Expression { x.apply(.power, graph.number(n)) }

  /// 1, …, count, one a lane of `level`.
  func lanes(_ count: Int, level: Int = 0) -> Expression {
    let sizes = [Int32](repeating: 1, count: level) + [Int32(count)]
    return graph.array(
      Buffer((1...count).map(Double.init)), Shape(lanes: sizes, rows: 1, columns: 1))
  }

  /// Element `stride·i + offset` of the vector `x` in lane `i` (from 1) of `level`.
  func element(
    _ x: Expression, _ count: Int, stride: Int = 1, offset: Int = 0, level: Int = 0
  ) -> Expression {
    let sizes = [Int32](repeating: 1, count: level) + [Int32(count)]
    let strides = [Int](repeating: 0, count: level) + [stride, 0, 0]
    return x.view(
      StridedMap(offset: stride + offset - 1, strides: strides),
      Shape(lanes: sizes, rows: 1, columns: 1))
  }

  /// The text of `e`, read back and compared with the graph at random points.
  func text(
    _ e: Expression, within range: ClosedRange<Double> = 0.5...2, tolerance: Double = 1e-11,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> String {
    let formula = Formula.of(e)
    #expect(!formula.isUnreadable && formula.pastesBack, sourceLocation: sourceLocation)
    check(formula, e, within: range, tolerance: tolerance, sourceLocation)
    return formula.text
  }

  /// Compares a formula with what it was made from, where `function` is a number if it is given.
  func check(
    _ formula: Formula, _ e: Expression, of function: Expression? = nil,
    within range: ClosedRange<Double>, tolerance: Double, _ sourceLocation: SourceLocation
  ) {
    let printer = SyntaxPrinter(tree: formula.tree, style: .formula)
    let texts = (formula.parts.map { ($0.name, $0.root) } + [("", formula.root)]).map {
      (name: $0.0, text: printer.print($0.1))
    }
    let read = texts.map { ($0.name, $0.text, Parser.parse(SourceText(name: "f", text: $0.text))) }
    for (_, text, result) in read where !result.diagnostics.isEmpty {
      Issue.record(
        "\(text): \(result.diagnostics.map(\.message))", sourceLocation: sourceLocation)
      return
    }
    var random = Dice(state: 7)
    for _ in 0..<3 {
      var (inputs, names): ([Int32: [Double]], [String: Table]) = ([:], [:])
      for (input, node) in zip(graph.inputs, graph.inputNodes) {
        let values = (0..<input.shape.count).map { _ in
          Double.random(in: range, using: &random)
        }
        inputs[node] = values
        names[input.name] = Table(Int(input.shape.rows), Int(input.shape.columns), values)
      }
      if let function,
        GraphEvaluator(graph: graph, inputs: inputs).value(function).contains(where: { $0.isNaN })
      {
        continue
      }
      let expected = GraphEvaluator(graph: graph, inputs: inputs).value(e)
      do {
        var value = Table(0)
        for (name, _, result) in read {
          value = try TreeEvaluator(tree: result.tree, names: names)
            .value(result.tree.statements[0])
          names[name] = value
        }
        compare(value, expected, e.shape, tolerance, formula.text, sourceLocation)
      } catch {
        Issue.record("\(formula.text): \(error)", sourceLocation: sourceLocation)
      }
    }
  }

  private func compare(
    _ value: Table, _ expected: [Double], _ shape: Shape, _ tolerance: Double, _ text: String,
    _ sourceLocation: SourceLocation
  ) {
    if shape.lanes.isEmpty {
      #expect(
        value.rows == Int(shape.rows) && value.columns == Int(shape.columns), "\(text)",
        sourceLocation: sourceLocation)
    }
    // A comprehension of vectors is a list.
    if !shape.lanes.isEmpty && shape.elements > 1 { return }
    // Where a formula is not defined, or has lost its digits, there is nothing to compare.
    if expected.contains(where: { !$0.isFinite || $0.magnitude > 1e8 }) { return }
    let scale = max(1, expected.map(\.magnitude).max() ?? 1)
    let agree =
      value.values.count == expected.count
      && zip(value.values, expected).allSatisfy {
        ($0 - $1).magnitude <= tolerance * scale || ($0.isNaN && $1.isNaN) || $0 == $1
      }
    #expect(agree, "\(text): \(value.values) ≠ \(expected)", sourceLocation: sourceLocation)
  }
}

extension Board {
  /// An expression of about `size` operations.
  func expression(
    of leaves: [Expression], _ size: Int, _ dice: inout Dice
  ) -> Expression {
    var pool = leaves
    func pick(_ dice: inout Dice) -> Expression {
      // What was made last is used most, so that expressions nest.
      if pool.count > leaves.count, Int.random(in: 0..<3, using: &dice) > 0 {
        return pool[pool.count - 1]
      }
      let index = Int.random(in: 0...leaves.count, using: &dice)
      if index < leaves.count { return pool[index] }
      return graph.number([-2, -1, 0.5, 2, 3, 10, 1.0 / 3].randomElement(using: &dice) ?? 1)
    }
    let unary: [FunctionID] = [
      .sin, .cos, .exp, .tanh, .log, .sqrt, .abs, .atan, .sigmoid, .negate, .cbrt, .softplus,
      .erf, .relu, .log1p, .sinh,
    ]
    let comparisons: [FunctionID] = [.less, .lessOrEqual, .greater, .notEqual]
    for _ in 0..<size {
      let (a, b) = (pick(&dice), pick(&dice))
      switch Int.random(in: 0..<12, using: &dice) {
      case 0, 1: pool.append(a + b)
      case 2: pool.append(a - b)
      case 3, 4: pool.append(a * b)
      case 5: pool.append(a / b)
      case 6:
        pool.append(raised(a, [2, 3, -1, 0.5, 1.5, 4].randomElement(using: &dice) ?? 2))
      case 7:
        let other: [FunctionID] = [.max, .min, .atan2, .power, .hypot]
        pool.append(a.apply(other.randomElement(using: &dice) ?? .max, b))
      case 8:
        var test = a.apply(comparisons.randomElement(using: &dice) ?? .less, b)
        if Bool.random(using: &dice) { test = test.apply(.and, pick(&dice).apply(.greater, a)) }
        if Bool.random(using: &dice) { test = test.apply(.not) }
        pool.append(graph.select(test, b, pick(&dice)))
      default: pool.append(a.apply(unary.randomElement(using: &dice) ?? .sin))
      }
    }
    return pool.last ?? leaves[0]
  }
}
