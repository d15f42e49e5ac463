/// Random programs like those of sums over shifted elements: long elementwise loops with several
/// sums, and arrays that are added up of shifted pieces.
import OptCalculus
import OptGraph
import OptNumerics

struct RandomLoop {
  let graph = Graph()
  var noise: Noise
  var inputs: [(expression: Expression, values: Buffer)] = []
  var outputs: [Expression] = []
  private var pool: [Expression] = []
  private let count: Int

  private static let sizes = [
    1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 15, 16, 17, 31, 33, 64, 100, 511, 513, 4095, 4096, 4097, 4105,
    8192, 9001,
  ]
  private static let wild: [Double] = [
    0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, -0x1p-1030, 1e308,
  ]
  private static let functions = [
    "exp", "sin", "tanh", "sigmoid", "softplus", "abs", "sqrt", "relu", "sign", "floor", "negate",
    "not", "log", "gamma", "round",
  ]
  private static let pairs = [
    "add", "subtract", "multiply", "add", "subtract", "multiply", "divide", "min", "max", "less",
    "greaterOrEqual", "and", "or", "equal", "notEqual", "power", "atan2",
  ]

  init(_ seed: UInt64) {
    noise = Noise(seed)
    count = noise.pick(Self.sizes)
    let isWild = noise.chance(0.2)
    for k in 0..<1 + noise.below(2) {
      let rows = count + noise.below(6)
      let x = graph.input(
        Input(name: "x\(k)", role: .variable, shape: Shape(rows: rows, columns: 1)))
      let values = Buffer(count: rows)
      for i in 0..<rows {
        values[i] = isWild && noise.chance(0.1) ? noise.pick(Self.wild) : noise.next() * 4 - 2
      }
      inputs.append((x, values))
      for offset in 0...rows - count {
        pool.append(
          x.view(
            StridedMap(offset: offset, strides: [1, 0]), Shape(rows: count, columns: 1)))
      }
    }
    for _ in 0..<noise.pick([2, 5, 10, 40, 80]) { step() }
    for _ in 0..<noise.below(6) { outputs.append(noise.pick(pool).reduceElements(.sum)) }
    for _ in 0..<noise.below(3) { assemble() }
    if noise.chance(0.5) {
      let sum = noise.pick(pool).reduceElements(.sum)
      outputs += [sum] + gradient(of: sum, by: inputs.map(\.expression))
    }
    outputs.append(pool[pool.count - 1])
  }

  private mutating func operand() -> Expression {
    if noise.chance(0.15) { return graph.number(noise.next() * 3 - 1) }
    if noise.chance(0.05) {
      return inputs[0].expression.view(StridedMap(offset: 0, strides: [0, 0]), .scalar)
    }
    // Old ones too, so that many values live at once.
    return noise.pick(pool)
  }

  private mutating func step() {
    let x = noise.pick(pool)
    let made: Expression?
    switch noise.below(8) {
    case 0: made = ElementaryFunctions.find(noise.pick(Self.functions)).map { x.apply($0) }
    case 1:
      made = graph.select(x.apply(.less, operand()), operand(), noise.pick(pool))
    default:
      let y = operand()
      made = ElementaryFunctions.find(noise.pick(Self.pairs)).map {
        graph.apply($0, noise.chance(0.5) ? [x, y] : [y, x])
      }
    }
    if let made, made.shape.count == count { pool.append(made) }
  }

  /// Pieces of which each begins a little further on.
  private mutating func assemble() {
    let room = noise.below(7)
    let pieces = (0..<1 + noise.below(4)).map { _ in
      (noise.pick(pool), StridedMap(offset: noise.below(room + 1), strides: [1, 1]))
    }
    outputs.append(
      graph.assemble(Shape(rows: count + room, columns: 1), adds: true, pieces))
  }
}
