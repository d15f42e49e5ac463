/// A function traced at points: its paths, what is compiled for them, and which one holds now.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

/// What is computed from a traced result.
enum Query: Int, CaseIterable {
  case value, valueAndGradient, valueGradientHessian
  /// The Hessian times a direction.
  case product
  /// A column and its Jacobian.
  case valueAndJacobian
  /// A sum of squares and its parts; these and their Jacobian.
  case residuals, residualsAndJacobian
  /// A number and the rows of its constraints.
  case valueAndRows
  /// These, the Jacobian of the rows, and the gradient of the number.
  case firstDerivatives
  /// These, and the Hessian of the number plus the multipliers times the rows.
  case lagrangian
  /// The first derivatives, and the second ones alone, with the stored elements of `StoredLagrangian`.
  case storedFirst, storedSecond
}

/// A function with arguments of a fixed structure.
final class TracedFunction {
  let machine: Machine
  let leaves: [Leaf]
  /// Leaves that derivatives are taken by: the positional arguments.
  let variableCount: Int
  private let call: ([Value]) throws -> Value
  private var paths: [TracedPath] = []
  /// The path of the last run.
  private var current: TracedPath?
  /// Where the next run puts a gradient or a product, leaf by leaf; it may also leave it in its own
  /// memory.
  var target: UnsafeMutablePointer<Double>?
  /// What was compiled for that path, by query, and the definitions counter then.
  private var recents: [Executable?] = Array(repeating: nil, count: Query.allCases.count)
  private var recentPath: TracedPath?
  private var recentDefinitions = -1
  private var brokenAt: [SourceSpan: Int] = [:]
  private var unmergeable: Set<SourceSpan> = []
  private let span: SourceSpan
  /// -1 for a function that is to be maximised.
  let sign: Double
  /// Whether `call` gives a list: the function's result, then what is compared with 0 by each
  /// constraint.
  let hasConstraints: Bool
  /// Which of these are rows of constraints; the others are bounds.
  var rows: [Int] = []
  /// The number of the draw for random numbers inside the function.
  var draw = 0.0
  /// Whether some path draws random numbers.
  var isRandom: Bool { paths.contains { $0.tracer.randomKey != nil } }

  private static let largestPathCount = 16

  /// `call` evaluates the function on the values of the leaves.
  init(
    _ machine: Machine, leaves: [Leaf], variableCount: Int, sign: Double = 1,
    hasConstraints: Bool = false, at span: SourceSpan, call: @escaping ([Value]) throws -> Value
  ) {
    self.machine = machine
    self.leaves = leaves
    self.variableCount = variableCount
    self.call = call
    self.span = span
    self.sign = sign
    self.hasConstraints = hasConstraints
    pointers = .allocate(capacity: 2 * leaves.count + 1)
  }

  deinit { pointers.deallocate() }

  /// Where the caller puts the addresses of the flat inputs, and after them those of a direction.
  let pointers: UnsafeMutablePointer<UnsafePointer<Double>>

  /// The result of `query` at the inputs that `pointers` name, by a path that holds there; nil when
  /// stopped.
  func run(_ query: Query) throws -> Executable? {
    let definitions = machine.state.pointee.definitions
    // What held last time, if nothing was defined since, is tried without further questions.
    if let recent = recents[query.rawValue], recentDefinitions == definitions {
      guard
        recent.run(
          UnsafePointer(pointers), definitions: definitions, draw: draw,
          into: target, machine.stop)
      else { return nil }
      if recent.guards.isEmpty || recent.firstBrokenGuard == nil { return recent }
    }
    let executable = try search(query, definitions)
    // Another path may be the current one now.
    if recentPath !== current || recentDefinitions != definitions {
      for k in recents.indices { recents[k] = nil }
      recentPath = current
      recentDefinitions = definitions
    }
    if let current, paths.first === current { recents[query.rawValue] = executable }
    return executable
  }

  /// The same, path by path.
  private func search(_ query: Query, _ definitions: Int) throws -> Executable? {
    var k = 0
    while k < paths.count {
      let path = paths[k]
      guard isFresh(path) else {
        paths.remove(at: k)
        continue
      }
      let executable = try self.executable(path, query)
      guard
        executable.run(
          UnsafePointer(pointers), definitions: definitions, draw: draw,
          into: target, machine.stop)
      else { return nil }
      for function in executable.implicit { try function.rethrow() }
      if let broken = executable.firstBrokenGuard {
        brokenAt[executable.guards[broken].span, default: 0] += 1
        k += 1
        continue
      }
      current = path
      if k > 0 {
        // The path that held last is tried first.
        paths.remove(at: k)
        paths.insert(path, at: 0)
      }
      return executable
    }
    let path = try trace()
    current = path
    if !path.tracer.hasEffects { paths.insert(path, at: 0) }
    if paths.count > Self.largestPathCount { paths.removeLast() }
    let executable = try self.executable(path, query)
    guard
      executable.run(
        UnsafePointer(pointers), definitions: definitions, draw: draw, into: target,
        machine.stop)
    else { return nil }
    for function in executable.implicit { try function.rethrow() }
    return executable
  }

  /// What computes the value, and value and gradient, with memory of their own for another thread;
  /// nil unless one path holds at all points and depends on nothing else that changes.
  func copies() -> (value: Executable, gradient: Executable)? {
    guard paths.count == 1, let path = paths.first, path === current, isFresh(path),
      !path.tracer.hasEffects, path.tracer.randomKey == nil,
      let value = try? executable(path, .value),
      let gradient = try? executable(path, .valueAndGradient),
      value.holdsEverywhere, gradient.holdsEverywhere
    else { return nil }
    return (Executable(copying: value), Executable(copying: gradient))
  }

  /// The path that holds at the inputs now, traced if need be.
  func path() throws -> TracedPath {
    _ = try run(.value)
    if let current { return current }
    return try trace()
  }

  /// Whether what the path read still has the values that it saw.
  private func isFresh(_ path: TracedPath) -> Bool {
    let now = machine.state.pointee.definitions
    if path.checkedAt == now { return true }
    var isFresh = true
    for (cell, version) in path.tracer.reads where cell.version != version {
      if path.tracer.globals.contains(where: { $0.cell === cell }), sameShape(path, cell) {
        continue
      }
      cell.changesWhileTraced += 1
      isFresh = false
    }
    if isFresh { path.checkedAt = now }
    return isFresh
  }

  private func sameShape(_ path: TracedPath, _ cell: Cell) -> Bool {
    guard let matrix = cell.value.pointee.matrix,
      let entry = path.tracer.globals.first(where: { $0.cell === cell })
    else { return false }
    return entry.expression.shape == matrix.shape && entry.isMask == matrix.isMask
  }

  private func trace() throws -> TracedPath {
    let tracer = Tracer(.execution, hasPoint: true)
    tracer.draw = draw
    for (place, count) in brokenAt where count >= 2 && !unmergeable.contains(place) {
      tracer.merged.insert(place)
    }
    let definitions = machine.state.pointee.definitions
    var inputs: [Expression] = []
    var values: [Value] = []
    let began = ContinuousClock.now
    for (k, leaf) in leaves.enumerated() {
      let input = tracer.graph.input(
        Input(name: leaf.name, role: k < variableCount ? .variable : .data, shape: leaf.shape))
      let buffer = Buffer(uninitialized: leaf.count)
      buffer.pointer.update(from: pointers[k], count: leaf.count)
      tracer.interpreter.bind(input, buffer)
      inputs.append(input)
      values.append(.traced(TracedNumbers(input, isMask: leaf.isMask)))
    }
    let result = try machine.tracing(tracer) { try call(values) }
    unmergeable.formUnion(tracer.unmergeable)
    let tracing = began.duration(to: .now)
    if hasConstraints, case .list(let list) = result, let cost = list.items.first {
      return TracedPath(
        tracer, inputs, cost, constraints: Array(list.items.dropFirst()), checkedAt: definitions,
        tracing: tracing)
    }
    return TracedPath(tracer, inputs, result, checkedAt: definitions, tracing: tracing)
  }

  /// What computes `query` on the path that held last, if it was asked for there.
  func compiled(_ query: Query) -> Executable? { current?.executables[query.rawValue] }

  /// Whether `executable` is right at every point, until something is defined.
  func holdsWithoutQuestion(_ executable: Executable, _ query: Query) -> Bool {
    recents[query.rawValue] === executable && executable.guards.isEmpty
  }

  /// How long it took to compile that.
  func compileTimes(_ query: Query) -> CompileTimes {
    guard let current, let executable = compiled(query) else { return CompileTimes() }
    return CompileTimes(
      tracing: current.tracing.seconds, differentiating: executable.differentiating.seconds,
      planning: executable.program.planning.seconds,
      generating: executable.program.generating.seconds)
  }

  // MARK: Queries

  /// How many parts the result has, if it is a sum of squares.
  func squareCount(_ path: TracedPath) throws -> Int? {
    try machine.tracing(path.tracer) {
      let y = try machine.expression(path.result, span)
      return path.squares(of: sign < 0 ? -y : y)?.residuals.shape.count
    }
  }

  private func executable(_ path: TracedPath, _ query: Query) throws -> Executable {
    if let known = path.executables[query.rawValue] { return known }
    let made = try machine.tracing(path.tracer) { try build(path, query) }
    path.executables[query.rawValue] = made
    return made
  }

  private func build(_ path: TracedPath, _ query: Query) throws -> Executable {
    let variables = Array(path.inputs.prefix(variableCount))
    var y = try machine.expression(path.result, span)
    if sign < 0 { y = -y }
    let began = ContinuousClock.now
    let outputs: [Expression]
    var along: [Expression] = []
    switch query {
    case .value: outputs = [y]
    case .valueAndGradient: outputs = [y] + gradient(of: y, by: variables)
    case .valueGradientHessian:
      let total = variables.reduce(0) { $0 + $1.shape.count }
      // Directions and result are two such matrices.
      guard Double(total) * Double(total) <= Double(Matrix.largestCount) / 2 else {
        throw Matrix.tooLarge(total, total, span)
      }
      outputs = [y] + gradient(of: y, by: variables) + [hessian(of: y, by: variables)]
    case .product:
      along = variables.enumerated().map { k, variable in
        path.tracer.graph.input(
          Input(name: "direction \(k)", role: .data, shape: variable.shape))
      }
      outputs = hvp(of: y, by: variables, along: along)
    case .valueAndJacobian:
      outputs = [y, jacobian(of: [y], by: variables)]
    case .residuals, .residualsAndJacobian:
      guard let squares = path.squares(of: y) else {
        throw Diagnostic(.error, "the cost is not a sum of squares at every point", at: span)
      }
      outputs =
        [y] + (query == .residuals ? squares.values : squares.valuesAndJacobian(variables))
    case .valueAndRows: outputs = [y, try rows(of: path)]
    case .firstDerivatives, .lagrangian:
      let c = try rows(of: path)
      var all = [y, c, jacobian(of: [c], by: variables)] + gradient(of: y, by: variables)
      if query == .lagrangian {
        let multipliers = path.tracer.graph.input(
          Input(name: "multipliers", role: .data, shape: c.shape))
        along = [multipliers]
        let lagrangian = y + (c * multipliers).reduceElements(.sum)
        all.append(hessian(of: lagrangian, by: variables))
      }
      outputs = all
    case .storedFirst, .storedSecond:
      guard let stored = try storedLagrangian(path) else {
        throw Diagnostic(.error, "there are too many second derivatives to keep", at: span)
      }
      if query == .storedFirst {
        let c = rows.isEmpty ? [] : [try self.rows(of: path)]
        outputs =
          [y] + c + (stored.jacobian.map { [$0.values] } ?? [])
          + gradient(of: y, by: variables)
      } else {
        along = stored.multipliers.map { [$0] } ?? []
        outputs = [stored.hessian.values]
      }
    }
    let placedFrom: Int? =
      switch query {
      case .value, .valueGradientHessian, .valueAndJacobian, .valueAndRows, .firstDerivatives,
        .lagrangian, .storedFirst, .storedSecond, .residuals, .residualsAndJacobian:
        nil
      case .valueAndGradient: 1
      case .product: 0
      }
    return try Executable(
      path, outputs, extraInputs: along, placedFrom: placedFrom,
      differentiating: began.duration(to: .now), at: span)
  }

  /// Derivatives as stored elements on the path that holds now; nil where another path may hold at
  /// another point, or there are too many of them.
  func storedLagrangian() throws -> StoredLagrangian? {
    let path = try path()
    guard path.tracer.guards.allSatisfy({ $0.predicate.constant != nil }) else { return nil }
    return try machine.tracing(path.tracer) { try storedLagrangian(path) }
  }

  private func storedLagrangian(_ path: TracedPath) throws -> StoredLagrangian? {
    if let known = path.stored { return known }
    let y = try machine.expression(path.result, span)
    let c = rows.isEmpty ? nil : try rows(of: path)
    path.stored = StoredLagrangian(
      of: sign < 0 ? -y : y, rows: c, by: Array(path.inputs.prefix(variableCount)))
    return path.stored
  }

  /// All rows of constraints as one column.
  private func rows(of path: TracedPath) throws -> Expression {
    path.tracer.graph.packed(try rows.map { try machine.expression(path.constraints[$0], span) })
  }
}

extension Machine {
  /// Runs `body` with `tracer` as the trace being made.
  func tracing<Result>(_ tracer: Tracer, _ body: () throws -> Result) throws -> Result {
    let outer = self.tracer
    self.tracer = tracer
    defer {
      self.tracer = outer
      // What is read inside is read outside, too.
      if let reader = outer ?? suspended {
        for (cell, _) in tracer.reads { reader.noteRead(cell) }
        if tracer.hasEffects { reader.hasEffects = true }
      }
    }
    return try body()
  }

  /// Computes outside of the trace being made, which still learns what is read, until the function
  /// that is returned is called.
  func suspendTrace() -> () -> Void {
    let (outer, before) = (tracer, suspended)
    suspended = outer ?? before
    tracer = nil
    return { [unowned self] in
      tracer = outer
      suspended = before
    }
  }
}
