/// Comparing derivatives with finite differences and with each other.
import OptCalculus
import OptGraph
import OptNumerics
import Testing

/// Repeatable numbers in [0, 1).
struct Noise {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> Double {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) * 0x1p-53
  }

  mutating func values(_ count: Int, in range: ClosedRange<Double>) -> [Double] {
    (0..<count).map { _ in
      range.lowerBound + next() * (range.upperBound - range.lowerBound)
    }
  }
}

extension Reference {
  /// The derivative of the sum of `y` by each element of `x`: central differences extrapolated
  /// once (Richardson).
  func differences(_ y: Expression, by x: Expression, step: Double = 1e-3) -> [Double] {
    guard let start = inputs[x.index] else { return [] }
    func slope(_ k: Int, _ h: Double) -> Double {
      var (up, down) = (self, self)
      up.inputs[x.index]?[k] = start[k] + h
      down.inputs[x.index]?[k] = start[k] - h
      let (above, below) = (up.value(y), down.value(y))
      return zip(above, below).reduce(0) { $0 + ($1.0 - $1.1) } / (2 * h)
    }
    return start.indices.map { k in
      (4 * slope(k, step / 2) - slope(k, step)) / 3
    }
  }

  /// Checks gradient, forward derivative and Hessian of `y` by its inputs.
  func check(
    _ y: Expression, by inputs: [Expression], tolerance: Double = 1e-6, secondOrder: Bool = true,
    _ name: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var noise = Noise(99)
    let weights = graph.array(Buffer(noise.values(y.shape.count, in: 0.5...1.5)), y.shape)
    let cost = weights * y
    let gradients = gradient(of: cost, by: inputs)
    for (x, g) in zip(inputs, gradients) {
      #expect(g.shape == x.shape, "\(name)", sourceLocation: sourceLocation)
      close(
        value(g), differences(cost, by: x), tolerance, "\(name) gradient",
        sourceLocation: sourceLocation)
      let direction = graph.array(Buffer(noise.values(x.shape.count, in: -1...1)), x.shape)
      let forward = value(pushforward([cost], along: [(x, tangent: direction)])[0])
      let along = zip(value(g), value(direction)).reduce(0) { $0 + $1.0 * $1.1 }
      close(
        [forward.reduce(0, +)], [along], 1e-10, "\(name) forward", sourceLocation: sourceLocation)
    }
    agreesAfterForExecution(
      [y] + gradients, tolerance: 1e-12, name, sourceLocation: sourceLocation)
    guard secondOrder, inputs.allSatisfy({ $0.shape.laneCount == 1 }) else { return }
    let total = cost.reduce(.sum, Array(0..<cost.shape.dimensions.count))
    let matrix = hessian(of: total, by: inputs)
    let h = value(matrix)
    agreesAfterForExecution([matrix], tolerance: 1e-9, name, sourceLocation: sourceLocation)
    let n = inputs.reduce(0) { $0 + $1.shape.count }
    var row = 0
    for (x, g) in zip(inputs, gradients) {
      for k in 0..<x.shape.count {
        let element = g.view(StridedMap(offset: k, strides: [0, 0]), .scalar)
        let expected = inputs.flatMap { differences(element, by: $0) }
        close(
          Array(h[row * n..<(row + 1) * n]), expected, tolerance, "\(name) Hessian row \(row)",
          sourceLocation: sourceLocation)
        let again = gradient(of: element, by: inputs).flatMap { value($0) }
        close(again, expected, tolerance, "\(name) reverse twice", sourceLocation: sourceLocation)
        row += 1
      }
    }
  }
}

extension Reference {
  /// The pass keeps values and shapes.
  func agreesAfterForExecution(
    _ roots: [Expression], tolerance: Double, _ name: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (target, moved) = graph.forExecution(roots)
    var values: [Int32: [Double]] = [:]
    for (old, new) in zip(graph.inputNodes, target.inputNodes) { values[new] = inputs[old] }
    let after = Reference(graph: target, inputs: values).values(moved)
    for (k, (a, b)) in zip(after, self.values(roots)).enumerated() {
      #expect(moved[k].shape == roots[k].shape, "\(name)", sourceLocation: sourceLocation)
      close(a, b, tolerance, "\(name), for execution, root \(k)", sourceLocation: sourceLocation)
    }
  }
}

func close(
  _ a: [Double], _ b: [Double], _ tolerance: Double, _ name: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(a.count == b.count, "\(name)", sourceLocation: sourceLocation)
  let scale = b.reduce(1) { max($0, $1.magnitude) }
  for (k, (x, y)) in zip(a, b).enumerated() where !((x - y).magnitude <= tolerance * scale) {
    Issue.record("\(name), element \(k): \(x) instead of \(y)", sourceLocation: sourceLocation)
    return
  }
}

/// A graph with inputs and their values.
struct Sample {
  var graph = Graph()
  var noise: Noise
  var reference: Reference

  init(_ seed: UInt64 = 1) {
    noise = Noise(seed)
    reference = Reference(graph: graph, inputs: [:])
  }

  mutating func input(
    _ rows: Int, _ columns: Int, lanes: [Int32] = [], in range: ClosedRange<Double> = -1...1
  ) -> Expression {
    let shape = Shape(lanes: lanes, rows: rows, columns: columns)
    let x = graph.input(Input(name: "x", role: .variable, shape: shape))
    reference.inputs[x.index] = noise.values(shape.count, in: range)
    return x
  }

  mutating func input(_ values: [Double], lanes: [Int32] = []) -> Expression {
    let count = values.count / lanes.reduce(1) { $0 * Int($1) }
    let shape = Shape(lanes: lanes, rows: count, columns: 1)
    let x = graph.input(Input(name: "x", role: .variable, shape: shape))
    reference.inputs[x.index] = values
    return x
  }

  func known(_ values: [Double], _ shape: Shape) -> Expression {
    graph.array(Buffer(values), shape)
  }
}
