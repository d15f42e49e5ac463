/// Random numbers: every call is one draw, a function of the session's seed and the draw's number.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Builtins {
  static let random: [Builtin] = [
    Builtin(
      "randn(n = 1, m = 1)",
      "A standard normal random number; a vector of n or an n×m matrix of them.",
      examples: ["size(randn(2, 3)) == [2, 3]", "abs(mean(randn(10000))) < 0.1"]
    ) { call in
      let (rows, columns) = try call.sizes(from: 0)
      return try call.machine.draw(.normal, rows, columns, call.span)
    },
    Builtin(
      "uniform(a = 0, b = 1, n = 1, m = 1)",
      "A random number between a and b; a vector of n or an n×m matrix of them. Where a and b are "
        + "vectors, one for each of their elements.",
      examples: [
        "all(abs(uniform(-2, 2, 50)) < 2)", "size(uniform([0, 5], [1, 9])) == [2, 1]",
        "length(uniform(0, 1, 7)) == 7",
      ]
    ) { call in
      // Ends that are vectors give a number for each of their elements.
      let isPlain =
        call.has(2) || [0, 1].allSatisfy { !call.has($0) || call[$0].size ?? (1, 1) == (1, 1) }
      let a = call.has(0) ? try isPlain ? call.number(0) : call.numbers(0) : .number(0)
      let b = call.has(1) ? try isPlain ? call.number(1) : call.numbers(1) : .number(1)
      var (rows, columns) = try call.sizes(from: 2)
      let (machine, span) = (call.machine, call.span)
      let width = try machine.binary(.subtract, b, a, span)
      if !isPlain, let size = width.size { (rows, columns) = size }
      let share = try machine.draw(.uniform, rows, columns, span)
      if a.scalar == 0 && b.scalar == 1 { return share }
      return try machine.binary(
        .add, a, machine.binary(.multiply, width, share, span), span)
    },
    Builtin(
      "shuffle(v)", "The elements, items or rows in random order.",
      examples: ["sort(shuffle(1:5)) == 1:5"]
    ) { call in
      let count = try items(call)
      return try chosen(call, places(call, count, of: count))
    },
    Builtin(
      "sample(v, n)", "n different elements, items or rows, in random order.",
      examples: ["length(unique(sample(1:9, 4))) == 4"]
    ) { call in
      let all = try items(call)
      let count = try call.count(1, "the size of a sample")
      guard count <= Double(all) else {
        throw call.fail(
          "there are \(all) to choose from, not \(NumberFormat.short(count))", 1)
      }
      return try chosen(call, places(call, Int(count), of: all))
    },
    Builtin(
      "seed(k = nothing)",
      "Starts the random numbers anew from a whole number; without one from the clock, and shows "
        + "it.",
      examples: ["{ seed(42); a = randn(3); seed(42); a == randn(3) }"]
    ) { try seed($0) },
  ]

  // MARK: Work

  private static func seed(_ call: Call) throws -> Value {
    try refuseTracing(call)
    if call.has(0) {
      let x = try call.count(0, "a seed")
      guard let seed = UInt64(exactly: x), x <= 0x1p53 else {
        throw call.fail("a seed is at most 2^53, found \(NumberFormat.short(x))", 0)
      }
      call.machine.random = RandomState(seed: seed)
      return .nothing
    }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let seed = UInt64(truncatingIfNeeded: now.tv_nsec / 1000 + now.tv_sec) % 1_000_000
    call.machine.random = RandomState(seed: seed)
    call.machine.output(.printed("seed(\(seed))"))
    return .nothing
  }

  private static func refuseTracing(_ call: Call) throws {
    guard call.machine.tracer == nil else {
      throw call.fail(
        "`\(call.function)` cannot stand in a function that is differentiated or mapped",
        help: "call it before, and pass its result on")
    }
  }

  private static func items(_ call: Call) throws -> Int {
    try refuseTracing(call)
    switch call[0] {
    case .list(let list): return list.items.count
    case .table(let table): return table.rowCount
    default:
      guard let m = call[0].matrix else {
        throw call.wants("a vector, a matrix, a list or a table", call[0], call.span(0))
      }
      return m.isVector ? m.count : m.rows
    }
  }

  /// The first `count` places of a random order of 0 up to `total`.
  private static func places(_ call: Call, _ count: Int, of total: Int) throws -> [Int] {
    guard
      case .matrix(let shares)? = Optional(
        try call.machine.draw(.uniform, max(count, 2), 1, call.span))
    else { return [] }
    var places = Array(0..<total)
    for k in 0..<count {
      let other = k + min(Int(shares.buffer[k] * Double(total - k)), total - k - 1)
      places.swapAt(k, other)
    }
    return Array(places.prefix(count))
  }

  private static func chosen(_ call: Call, _ places: [Int]) throws -> Value {
    switch call[0] {
    case .list(let list): return .list(places.map { list.items[$0] })
    case .table(let table):
      return .table(table.part(rows: places, columns: Array(table.names.indices)))
    default:
      guard let m = call[0].matrix else { return .nothing }
      let width = m.isVector ? 1 : m.columns
      let result = Buffer(uninitialized: places.count * width)
      for (k, place) in places.enumerated() {
        (result.pointer + k * width).update(from: m.buffer.pointer + place * width, count: width)
      }
      let isRow = m.rows == 1 && m.columns > 1
      return Value(
        Matrix(
          result, rows: isRow ? 1 : places.count, columns: isRow ? places.count : width,
          isMask: m.isMask))
    }
  }
}

extension Machine {
  /// One draw of rows × columns random numbers: known, or in a trace a node that draws anew each
  /// time the function runs.
  func draw(
    _ kind: Draw.Kind, _ rows: Int, _ columns: Int, _ span: SourceSpan
  ) throws -> Value {
    if let tracer {
      let graph = try place(span)
      if !tracer.openLoops.isEmpty { throw CannotBatch("random numbers inside it", span) }
      let key: Expression
      if let known = tracer.randomKey {
        key = known
      } else {
        key = graph.input(Input(name: "random key", role: .randomKey, shape: .scalar))
        tracer.interpreter.bind(key, Buffer([tracer.draw]))
        tracer.randomKey = key
      }
      let shape = tracer.laneShape.with(rows: rows, columns: columns)
      let draw = Draw(kind: kind, number: tracer.draws)
      tracer.draws += 1
      return Value(graph.append(.random, shape, key.index, payload: graph.intern(draw)))
    }
    if let drawnShare {
      let number =
        kind == .uniform ? drawnShare : drawnShare < 0.5 ? -Double.infinity : Double.infinity
      return Value(
        Matrix(
          Buffer(count: rows * columns, repeating: number), rows: rows, columns: columns))
    }
    let result = Buffer(uninitialized: rows * columns)
    Random.fill(
      kind == .normal ? .normal : .uniform, key: random.seed, draw: random.draw,
      into: result.pointer, count: result.count)
    random.draw &+= 1
    return Value(Matrix(result, rows: rows, columns: columns))
  }
}
