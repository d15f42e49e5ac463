/// Loops over blocks of rows: the values of the interpreter, and the same bits on both engines and on
/// any number of threads.
import OptEngine
import OptGraph
import OptNumerics
import Testing

/// A random cost over the rows of data, as regressions and networks are.
private struct RandomRows {
  let graph = Graph()
  var noise: Noise
  var inputs: [(expression: Expression, values: Buffer)] = []
  var outputs: [Expression] = []
  private var rows: [Expression] = []
  private let count: Int

  private static let functions = ["tanh", "softplus", "sigmoid", "exp", "relu", "abs", "negate"]
  private static let pairs = ["add", "subtract", "multiply", "max", "less"]

  init(_ seed: UInt64) {
    noise = Noise(seed)
    // Whole blocks, a few rows over, and blocks of few rows.
    let (rowCount, columns) = noise.pick([
      (1024, 64), (1797, 40), (4099, 17), (513, 130), (600, 700),
    ])
    count = rowCount
    let data = input(rowCount, columns)
    rows = [data, input(rowCount, 1)]
    let weights = input(columns, 3)
    rows.append(data.product(weights))
    rows.append(data.product(input(2, columns), transposeRight: true))
    for _ in 0..<4 + noise.below(12) { step() }
    // What the products over rows take last is what was made last.
    for _ in 0..<1 + noise.below(3) {
      outputs.append(data.product(rows[rows.count - 1], transposeLeft: true))
      if noise.chance(0.5) { outputs.append(noise.pick(rows).reduce(.sum, [0])) }
      if noise.chance(0.5) { outputs.append(noise.pick(rows).reduceElements(.sum)) }
      step()
    }
    if noise.chance(0.2) { outputs.append(noise.pick(rows)) }
  }

  private mutating func input(_ rows: Int, _ columns: Int) -> Expression {
    let shape = Shape(rows: rows, columns: columns)
    let x = graph.input(Input(name: "x\(inputs.count)", role: .variable, shape: shape))
    let values = Buffer(count: shape.count)
    let scale = rows == count ? 1 : 0.5
    for k in 0..<shape.count { values[k] = scale * (noise.next() - 0.5) }
    inputs.append((x, values))
    return x
  }

  private mutating func step() {
    let x = rows[rows.count - 1 - noise.below(min(3, rows.count))]
    var made: Expression?
    switch noise.below(8) {
    case 0, 1, 2:
      made = ElementaryFunctions.find(noise.pick(Self.functions)).map { x.apply($0) }
    case 3:
      let y = noise.pick(rows)
      if x.shape.broadcast(with: y.shape) != nil {
        made = ElementaryFunctions.find(noise.pick(Self.pairs)).map { graph.apply($0, x, y) }
      }
    case 4: made = x + input(1, Int(x.shape.columns))
    case 5: made = x.reduce(noise.pick([.sum, .maximum, .minimum]), [1])
    case 6:
      let width = Int(x.shape.columns)
      let first = noise.below(width)
      let last = first + noise.below(width - first)
      made = x.view(
        StridedMap(offset: first, strides: [width, 1]),
        Shape(rows: count, columns: last - first + 1))
    default: made = x.product(input(Int(x.shape.columns), 1 + noise.below(20)))
    }
    if let made, made.shape.columns > 0 { rows.append(made) }
  }
}

struct RowBlockTests {
  private func outputs(
    _ random: RandomRows, _ engine: Engine, inBlocks: Bool = true
  ) -> [[Double]] {
    var options = Program.Options.fast
    options.engine = engine
    options.compilesAtOnce = true
    options.merges = inBlocks
    let program = Program(random.graph, outputs: random.outputs, options: options)
    let workspace = program.makeWorkspace()
    for (k, input) in random.inputs.enumerated() { workspace.bind(k, to: input.values.pointer) }
    for _ in 0..<2 { #expect(workspace.run(nil)) }
    return program.outputShapes.enumerated().map { k, shape in
      Array(UnsafeBufferPointer(start: workspace.output(k), count: shape.count))
    }
  }

  private func areSame(_ a: [[Double]], _ b: [[Double]]) -> Bool {
    zip(a, b).allSatisfy { x, y in
      zip(x, y).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
    }
  }

  @Test(arguments: 0..<8) func sameValuesAsWithoutBlocks(_ part: Int) {
    for seed in 0..<10 {
      var random = RandomRows(UInt64(100 * part + seed))
      if seed == 9 {
        // In one row only.
        random.inputs[0].values[random.noise.below(random.inputs[0].values.count)] = .nan
      }
      let machine = outputs(random, .vm)
      #expect(areSame(machine, outputs(random, .native)), "program \(part) \(seed)")
      let whole = outputs(random, .vm, inBlocks: false)
      for (k, (a, b)) in zip(machine, whole).enumerated() {
        let scale = b.reduce(1) { $1.isFinite ? max($0, $1.magnitude) : $0 }
        let agree = zip(a, b).allSatisfy {
          $0 == $1 || ($0.isNaN && $1.isNaN) || ($0 - $1).magnitude <= 1e-11 * scale
        }
        #expect(agree, "program \(part) \(seed), output \(k)")
      }
    }
  }

  @Test func sameBitsOnAnyNumberOfThreads() {
    let before = Threads.count
    defer { Threads.count = before }
    for seed in 0..<10 {
      let random = RandomRows(UInt64(1000 + seed))
      Threads.count = 1
      let alone = outputs(random, .native)
      for count in [2, 3, 8] {
        Threads.count = count
        #expect(areSame(alone, outputs(random, .native)))
      }
    }
  }

  /// A gradient of a logistic regression reads the data in blocks only.
  @Test func takesTheProductsTogether() {
    let graph = Graph()
    func input(_ rows: Int, _ columns: Int) -> Expression {
      graph.input(Input(name: "x", role: .data, shape: Shape(rows: rows, columns: columns)))
    }
    let (x, y, w) = (input(2000, 50), input(2000, 1), input(50, 1))
    let residual = x.product(w).apply(.sigmoid) - y
    let gradient = x.product(residual, transposeLeft: true)
    let (prepared, roots) = graph.forExecution([gradient])
    let blocks = prepared.inRowBlocks(roots)
    let live = prepared.reachable(from: blocks.map(\.index))
    let loops = live.indices.filter { live[$0] && prepared.nodes[$0].operation == .loop }
    #expect(loops.count == 4)
    // Residuals that are wanted, too, are computed as they were.
    let both = graph.forExecution([gradient, residual])
    #expect(both.graph.inRowBlocks(both.roots) == both.roots)
  }
}
