/// Random graphs of every kind of node, for comparing evaluators.
import OptGraph
import OptNumerics

/// Repeatable numbers.
struct Noise {
  private var state: UInt64
  init(_ seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> Double {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) * 0x1p-53
  }

  mutating func below(_ n: Int) -> Int { min(Int(next() * Double(n)), n - 1) }
  mutating func chance(_ p: Double) -> Bool { next() < p }
  mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }
}

/// Builds one random graph with inputs and their values.
struct RandomProgram {
  let graph = Graph()
  var noise: Noise
  var inputs: [(expression: Expression, values: Buffer)] = []
  var outputs: [Expression] = []
  private var pool: [Expression] = []
  /// Only smooth bounded functions and no matrices: for comparisons that allow for rounding.
  let isTame: Bool

  private static let wild: [Double] = [
    0, -0.0, 1, -1, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, -0x1p-1030, 1e308, -1e308,
    0.5, 3,
  ]
  private static let sizes = [0, 1, 1, 2, 3, 4, 5, 7, 8, 13]

  init(_ seed: UInt64, isTame: Bool, large: Bool = false) {
    noise = Noise(seed)
    self.isTame = isTame
    let wildInputs = !isTame && noise.chance(0.2)
    for k in 0..<2 + noise.below(4) {
      var shape = shape()
      if large && k == 0 { shape = Shape(rows: 500 + noise.below(9000), columns: 1) }
      let x = graph.input(Input(name: "x\(k)", role: .variable, shape: shape))
      let values = Buffer(count: shape.count)
      for i in 0..<shape.count {
        values[i] =
          wildInputs && noise.chance(0.2) ? noise.pick(Self.wild) : noise.next() * 4 - 2
      }
      inputs.append((x, values))
      pool.append(x)
    }
    for _ in 0..<6 + noise.below(24) { step() }
    for _ in 0..<1 + noise.below(4) { outputs.append(noise.pick(pool)) }
    outputs.append(pool[pool.count - 1])
  }

  private mutating func shape() -> Shape {
    func size(_ noise: inout Noise) -> Int {
      var size = noise.pick(Self.sizes)
      if size == 0 && noise.chance(0.7) { size = 6 }
      return size
    }
    switch noise.below(5) {
    case 0: return .scalar
    case 1: return Shape(rows: size(&noise), columns: 1)
    case 2: return Shape(rows: size(&noise), columns: size(&noise))
    case 3:
      return Shape(lanes: [Int32(size(&noise))], rows: 1, columns: 1)
    default:
      return Shape(
        lanes: [Int32(size(&noise)), Int32(1 + noise.below(3))], rows: size(&noise),
        columns: 1 + noise.below(4))
    }
  }

  private mutating func operand() -> Expression {
    if noise.chance(0.1) { return graph.number(noise.next() * 3 - 1) }
    // Recent ones more often, so that programs get deep.
    let back = min(pool.count - 1, Int(noise.next() * noise.next() * Double(pool.count)))
    return pool[pool.count - 1 - back]
  }

  private mutating func fitting(_ x: Expression) -> Expression {
    for _ in 0..<6 {
      let y = operand()
      if x.shape.broadcast(with: y.shape) != nil { return y }
    }
    return graph.number(noise.next())
  }

  private static let tameRows = ["sin", "cos", "tanh", "sigmoid", "atan", "erf", "asinh"]
  private static let tamePairs = ["add", "subtract", "multiply"]

  private mutating func step() {
    let x = operand()
    let made: Expression?
    switch noise.below(14) {
    case 0, 1, 2: made = binary(x)
    case 3, 4: made = unary(x)
    case 5: made = choice(x)
    case 6: made = view(x)
    case 7: made = assembled()
    case 8: made = reduction(x)
    case 9: made = gathered(x)
    case 10: made = x.scan(noise.below(x.shape.dimensions.count), reversed: noise.chance(0.5))
    case 11: made = isTame ? nil : x.order
    case 12: made = product(x)
    default: made = isTame ? nil : factored(x)
    }
    if let made, made.shape.count <= 40_000 { pool.append(made) }
  }

  private mutating func unary(_ x: Expression) -> Expression? {
    let table = ElementaryFunctions.table
    if isTame { return ElementaryFunctions.find(noise.pick(Self.tameRows)).map { x.apply($0) } }
    let id = FunctionID(index: noise.below(table.count))
    return id.row.arity == 1 ? x.apply(id) : nil
  }

  private mutating func binary(_ x: Expression) -> Expression? {
    let y = fitting(x)
    if isTame || noise.chance(0.6) {
      return ElementaryFunctions.find(noise.pick(Self.tamePairs)).map {
        graph.apply($0, noise.chance(0.5) ? [x, y] : [y, x])
      }
    }
    let id = FunctionID(index: noise.below(ElementaryFunctions.table.count))
    return id.row.arity == 2 ? graph.apply(id, [x, y]) : nil
  }

  private mutating func choice(_ x: Expression) -> Expression? {
    let (y, z) = (fitting(x), fitting(x))
    guard y.shape.broadcast(with: z.shape) != nil, let sides = x.shape.broadcast(with: y.shape),
      sides.broadcast(with: z.shape) != nil
    else { return nil }
    let condition =
      isTame ? x.apply(.greater, graph.number(0.123)) : x.apply(.less, y)
    return graph.select(condition, y, z)
  }

  private mutating func view(_ x: Expression) -> Expression? {
    let (shape, count) = (x.shape, x.shape.count)
    switch noise.below(6) {
    case 0: return x.transposed
    case 1:
      let target = self.shape()
      guard let joined = shape.broadcast(with: target) else { return nil }
      return x.broadcast(to: joined)
    case 2:
      // A slice of a vector, forwards, backwards or in steps.
      guard count > 0 else { return nil }
      let step = noise.pick([1, 1, 2, -1, -2, 0])
      let offset = noise.below(count)
      let room = step > 0 ? (count - 1 - offset) / step : step < 0 ? offset / -step : 5
      let length = 1 + noise.below(room + 1)
      let isLanes = noise.chance(0.3)
      return x.view(
        StridedMap(offset: offset, strides: isLanes ? [step, 0, 0] : [step, 0]),
        isLanes
          ? Shape(lanes: [Int32(length), 1], rows: 1, columns: 1).lanes.count == 1
            ? Shape(lanes: [Int32(length)], rows: 1, columns: 1) : .scalar
          : Shape(rows: length, columns: 1)
      )
      .shapeMatches(isLanes && length > 1 ? 3 : 2)
    case 3:
      // One element.
      guard count > 0 else { return nil }
      return x.view(StridedMap(offset: noise.below(count), strides: [0, 0]), .scalar)
    case 4:
      guard shape.elements > 0 else { return nil }
      return x.reshape(rows: shape.elements, columns: 1)
    default:
      // A diagonal.
      guard shape.lanes.isEmpty, shape.rows > 0, shape.columns > 0 else { return nil }
      let length = Int(min(shape.rows, shape.columns))
      return x.view(
        StridedMap(offset: 0, strides: [Int(shape.columns) + 1, 0]),
        Shape(rows: length, columns: 1))
    }
  }

  private mutating func assembled() -> Expression? {
    let total = 1 + noise.below(20)
    var pieces: [(expression: Expression, map: StridedMap)] = []
    for _ in 0..<1 + noise.below(5) {
      let x = operand()
      let count = x.shape.count
      guard count <= total else { continue }
      let room = total - count
      let spread = count > 1 && noise.chance(0.2) ? room / (count - 1) : 0
      let strides = x.shape.strides.map { $0 * (1 + spread) }
      let used = spread * max(count - 1, 0)
      pieces.append(
        (x, StridedMap(offset: noise.below(room - used + 1), strides: strides)))
    }
    guard !pieces.isEmpty else { return nil }
    return graph.assemble(
      Shape(rows: total, columns: 1), adds: noise.chance(0.6), pieces)
  }

  private mutating func reduction(_ x: Expression) -> Expression? {
    let dimensions = x.shape.dimensions.indices.filter { _ in noise.chance(0.6) }
    let kinds: [Reduction.Kind] =
      isTame
      ? [.sum, .sum, .maximum, .minimum]
      : [.sum, .sum, .sum, .product, .maximum, .minimum, .argMaximum, .argMinimum]
    let reduced = x.reduce(noise.pick(kinds), dimensions)
    return isTame ? reduced / Double(max(x.shape.count, 1)) : reduced
  }

  private mutating func gathered(_ x: Expression) -> Expression? {
    let shape = self.shape()
    guard shape.count > 0 else { return nil }
    let indices = Buffer(count: shape.count)
    for k in 0..<shape.count {
      let inside = isTame || noise.chance(0.9)
      indices[k] =
        inside
        ? Double(noise.below(max(x.shape.count, 1)))
        : noise.pick([-1, 1e300, .nan, Double(x.shape.count)])
    }
    let offsets = graph.array(indices, shape)
    if noise.chance(0.5) { return isTame && x.shape.count == 0 ? nil : x.gather(offsets) }
    guard x.shape.count > 0 else { return nil }
    let places = Buffer(count: x.shape.count)
    for k in 0..<x.shape.count { places[k] = Double(noise.below(shape.count + 1)) }
    return x.scatter(graph.array(places, x.shape), into: shape)
  }

  private mutating func product(_ x: Expression) -> Expression? {
    let s = x.shape
    for _ in 0..<4 {
      let y = operand()
      let (flipA, flipB) = (noise.chance(0.5), noise.chance(0.5))
      let inner = flipA ? s.rows : s.columns
      guard inner == (flipB ? y.shape.columns : y.shape.rows) else { continue }
      return x.product(y, transposeLeft: flipA, transposeRight: flipB)
    }
    return x.product(x, transposeLeft: true)
  }

  private mutating func factored(_ x: Expression) -> Expression? {
    let s = x.shape
    guard s.rows > 0, s.columns > 0, s.elements <= 64 else { return nil }
    let isSquare = s.rows == s.columns
    let kind = noise.pick(isSquare ? Factorization.allCases : [.qr, .svd])
    var matrix = x
    if kind == .cholesky {
      matrix = x.product(x, transposeRight: true)
    }
    let factor = matrix.factor(kind)
    if noise.chance(0.5) { return factor.part(noise.below(kind == .svd || kind == .lu ? 3 : 2)) }
    let transposed = noise.chance(0.5)
    let rows = transposed ? matrix.shape.columns : matrix.shape.rows
    for _ in 0..<5 {
      let b = operand()
      if b.shape.rows == rows { return factor.solve(b, transposed: transposed) }
    }
    return factor.solve(transposed ? matrix.transposed : matrix, transposed: transposed)
  }
}

extension Expression {
  /// Only if the shape has so many dimensions as the map that made it.
  fileprivate func shapeMatches(_ dimensions: Int) -> Expression? {
    let n = node
    guard n.operation == .view else { return self }
    return graph.maps[Int(n.payload)].strides.count == shape.dimensions.count
      && shape.dimensions.count == dimensions ? self : nil
  }
}
