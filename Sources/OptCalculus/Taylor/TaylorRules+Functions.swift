/// Series of functions of one number, from their derivatives at the point.
import OptGraph

extension TaylorSeries {
  mutating func function(_ index: Int32, _ node: Node) throws -> Bool {
    let function = FunctionID(index: Int(node.payload))
    let operands = graph.operands(of: index)
    for operand in operands {
      guard (series[operand]?.end ?? 0) > 0 else { return false }
      try refusePole(of: operand)
    }
    guard let own = series[index] else { return false }
    let k = own.known.count
    if k == 0 {
      let values = operands.map { series[$0]?[0] ?? .zero }
      let first = try value(of: function, values, index)
      guard dependsOnVariable(index) else { return constant(first, index) }
      if own.wanted > 0 {
        partials[index] = derivatives(of: function, operands, index)
        for (_, partial) in partials[index] ?? [] { activate(partial, own.wanted - 1) }
      }
      return append(first, index)
    }
    // k yₖ = Σ j uⱼ pₖ₋ⱼ, over all operands u with their partial derivatives p.
    var sum = Polynomial.zero
    for (operand, partial) in partials[index] ?? [] {
      guard let u = series[operand], let p = series[partial], k < u.end, k - 1 < p.end else {
        return false
      }
      try refusePole(of: partial)
      for j in 1...k where !u[j].isZero && !p[k - j].isZero {
        sum = sum.plus(try ring.product(u[j], p[k - j]).times(j))
      }
    }
    return append(sum.times(1, over: k), index)
  }

  /// The partial derivatives by the operands that depend on the variable.
  private mutating func derivatives(
    of function: FunctionID, _ operands: [Int32], _ index: Int32
  ) -> [(operand: Int32, partial: Int32)] {
    let parts = operands.map { Expression(graph: graph, index: $0) }
    let y = Expression(graph: graph, index: index)
    // The rule of the table for powers speaks of other powers; this one comes back to y.
    let first = Int32(clamping: graph.count)
    defer { owners.append((first, index)) }
    var partials = function.row.partials(parts, y)
    if function == .power {
      // Not computed here, so that log(2) stays log(2).
      let logarithm = ring.unfolded(.log, parts[0])
      partials = [y * parts[1] / parts[0], y * logarithm]
    }
    var result: [(operand: Int32, partial: Int32)] = []
    for (operand, partial) in zip(operands, partials) where dependsOnVariable(operand) {
      if let partial { result.append((operand, partial.index)) }
    }
    return result
  }

  /// The value at the point.
  private mutating func value(
    of function: FunctionID, _ arguments: [Polynomial], _ index: Int32
  ) throws -> Polynomial {
    var numbers: [Double] = []
    for argument in arguments {
      if let number = ring.value(of: argument, &values) { numbers.append(number) }
    }
    guard numbers.count == arguments.count else {
      if isStep(function), dependsOnVariable(index) {
        throw failure("depends on names without a value", index)
      }
      if function == .power, arguments[0] == .one { return .one }
      if function == .power, let exponent = ring.value(of: arguments[1], &values),
        let power = try ring.power(arguments[0], exponent)
      {
        return power
      }
      if function == .sqrt, let root = try ring.power(arguments[0], 0.5) { return root }
      if function == .power, arguments[0].isZero { throw failure("is not smooth", index) }
      return ring.atom(ring.graph.apply(function, arguments.map(ring.rendered)))
    }
    let value: Double
    switch function.row.evaluate {
    case .unary(let f): value = f(numbers[0])
    case .binary(let f): value = f(numbers[0], numbers[1])
    case .ternary: throw failure("has no rule", index)
    }
    guard value.isFinite else { throw failure("is not finite", index) }
    if dependsOnVariable(index) { try refuseKink(function, numbers, value, index) }
    // sin(π) is not quite 0 only because π is rounded.
    let isNothing =
      [.sin, .cos, .tan, .cot].contains(function) && value.magnitude < 2e-16 * numbers[0].magnitude
    if isNothing { return .zero }
    if let known = ring.constant(value) { return known }
    if function == .sqrt || function == .power,
      let power = try ring.power(arguments[0], function == .sqrt ? 0.5 : numbers[1])
    {
      return power
    }
    let parts = arguments.map(ring.rendered)
    let node =
      parts.count == 1
      ? ring.unfolded(function, parts[0]) : ring.unfolded(function, parts[0], parts[1])
    values[node.index] = value
    return ring.atom(node)
  }

  /// Functions whose value or derivative jumps.
  private func isStep(_ function: FunctionID) -> Bool {
    switch function {
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual, .floor, .ceil, .round:
      true
    default: false
    }
  }

  /// Refuses points at which a function has no derivative.
  private func refuseKink(
    _ function: FunctionID, _ x: [Double], _ y: Double, _ index: Int32
  ) throws {
    var isKink = false
    switch function {
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual:
      if x[0] == x[1] { throw failure("changes", index) }
    case .sign: isKink = x[0] == 0
    case .floor, .ceil: isKink = x[0] == x[0].rounded()
    case .round: isKink = (x[0] - 0.5) == (x[0] - 0.5).rounded()
    case .tan, .cot, .sec, .csc:
      if y.magnitude > 1e15 { throw failure("is not finite", index) }
    case .power:
      isKink = x[0] == 0
    default: break
    }
    let here = x.map { graph.number($0) }
    for case let partial? in function.row.partials(here, graph.number(y)) where !isKink {
      if let slope = partial.constant, !slope.isFinite { isKink = true }
    }
    if isKink { throw failure("is not smooth", index) }
  }
}
