/// Comprehensions and generators traced once: the loop variable becomes a lane level.
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  /// All turns at once; nil when the body must be run turn by turn.
  func batched(
    _ code: ComprehensionCode, _ closing: Closing, _ frame: Frame
  ) throws -> Value? {
    guard let tracer, tracer.unrolled[ObjectIdentifier(code)] == nil else { return nil }
    let (levels, predicates) = (tracer.levels, tracer.predicates)
    let guards = tracer.guards.count
    defer {
      tracer.levels = levels
      tracer.predicates = predicates
      for source in code.sources { frame[source.slot] = .unset }
      for slot in code.ownSlots { frame[slot] = .unset }
    }
    do {
      return try batch(code, closing, frame, tracer)
    } catch let failure as CannotBatch {
      tracer.unrolled[ObjectIdentifier(code)] = failure
      tracer.guards.removeSubrange(guards...)
      return nil
    }
  }

  private func batch(
    _ code: ComprehensionCode, _ closing: Closing, _ frame: Frame, _ tracer: Tracer
  ) throws -> Value? {
    let first = tracer.levels.count
    let outerPredicates = tracer.predicates.count
    for source in code.sources {
      guard try open(source, frame, tracer) else { return nil }
    }
    guard tracer.laneShape.count <= Matrix.largestCount / 8 else {
      throw CannotBatch("too many turns to remember", code.span)
    }
    for slot in code.ownSlots { frame[slot] = .unset }
    let value = try code.body(frame)
    if state.pointee.jump != .none {
      state.pointee.jump = .none
      throw CannotBatch("a jump inside it", code.bodySpan)
    }
    let own = Array(tracer.predicates[outerPredicates...])
    let all = tracer.laneShape
    switch closing {
    case .fold(let kind): return try fold(value, kind, first, all, own, code.bodySpan)
    case .stack, .collect:
      guard own.isEmpty else { throw CannotBatch("turns that are left out", code.span) }
      return try stack(value, first, all, code)
    }
  }

  // MARK: Opening a level

  /// Makes the loop variable a lane level; false when the loop is too short for that.
  private func open(
    _ source: ComprehensionCode.Source, _ frame: Frame, _ tracer: Tracer
  ) throws -> Bool {
    let level = tracer.levels.count
    var known: LaneNumbers?
    var variable: Value?
    var ragged: LaneNumbers?
    func sizes(_ count: Int) -> [Int32] {
      [Int32](repeating: 1, count: level) + [Int32(clamping: count)]
    }
    func lanes(_ numbers: [Double]) -> LaneNumbers {
      LaneNumbers(lanes: sizes(numbers.count), buffer: Buffer(numbers))
    }
    if let range = source.range {
      let (a, s, b) = (
        try range.first(frame), try range.step?(frame) ?? .number(1), try range.last(frame)
      )
      var end = b
      if case .lanes(let l) = b, case .number(let start) = a, case .number(let step) = s,
        step > 0
      {
        // As far as the longest turn; shorter ones are dead beyond their end.
        let alive = tracer.aliveLanes(l.shape)
        let counts = try l.buffer.elements.enumerated().map { k, last in
          alive.map { $0.mask[k] != 0 } ?? true
            ? Double(try Ranges.count(from: start, step: step, to: last, source.span)) : 0
        }
        end = .number(start + ((counts.max() ?? 0) - 1) * step)
        ragged = LaneNumbers(lanes: l.lanes, buffer: Buffer(counts))
      }
      let (start, step, count) = try range.parts(a, s, end)
      guard count <= Tracer.largestGraph * 64 else {
        throw Matrix.tooLarge(count, 1, source.span)
      }
      let sizes = sizes(count)
      let steps = [Double](repeating: 0, count: level) + [step]
      if count > 0, let even = EvenNumbers(start: start, steps: steps, sizes) {
        known = LaneNumbers(lanes: sizes, even)
      } else {
        known = lanes((0..<count).map { start + Double($0) * step })
      }
    } else if let items = source.items {
      let sequence = try self.items(of: items(frame), source.span)
      if let numbers = sequence.numbers {
        known = LaneNumbers(lanes: sizes(numbers.count), buffer: numbers)
      } else if let traced = sequence.traced, sequence.count >= tracer.fewestTurns {
        variable = .traced(
          TracedNumbers(opened(traced.expression, level), isMask: traced.isMask))
        tracer.levels.append(Int32(clamping: sequence.count))
      } else if sequence.count >= tracer.fewestTurns {
        throw CannotBatch("items that are not numbers", source.span)
      }
    }
    if let known {
      guard known.shape.count >= tracer.fewestTurns else { return false }
      tracer.levels.append(Int32(clamping: known.shape.count))
      variable = .lanes(known)
    }
    guard let variable else { return false }
    frame[source.slot] = variable
    if let ragged {
      let turns = lanes((0..<(known?.shape.count ?? 0)).map(Double.init))
      tracer.predicates.append(.known(Broadcast.lanes(.less, turns, ragged)))
    }
    guard let condition = source.condition else { return true }
    let test = try condition(frame)
    guard test.isMask else { throw notCondition(test, source.conditionSpan) }
    if case .lanes(let mask) = test, let numbers = known?.buffer.elements, ragged == nil,
      mask.lanes.dropLast().allSatisfy({ $0 == 1 }), mask.lanes.count == level + 1
    {
      // A filter on known numbers: only these turns.
      let kept = numbers.indices.filter { mask.buffer[$0] != 0 }.map { numbers[$0] }
      guard kept.count >= tracer.fewestTurns else { throw CannotBatch("few turns", source.span) }
      tracer.levels[level] = Int32(clamping: kept.count)
      frame[source.slot] = .lanes(lanes(kept))
      return true
    }
    try require(test, tracer)
    return true
  }

  private func require(_ condition: Value, _ tracer: Tracer) throws {
    switch condition {
    case .lanes(let l): tracer.predicates.append(.known(l))
    case .traced(let t): tracer.predicates.append(.traced(t.expression))
    case .boolean(true): break
    default: throw CannotBatch("no turns", .none)
    }
  }

  /// The elements of a vector along a new lane level.
  func opened(_ vector: Expression, _ level: Int) -> Expression {
    let shape = vector.shape
    let count = shape.elements
    let padding = [Int32](repeating: 1, count: max(0, level - shape.lanes.count))
    let target = Shape(
      lanes: shape.lanes + padding + [Int32(clamping: count)], rows: 1, columns: 1)
    // A single lane is left out of a shape.
    guard target.lanes.count == level + 1 else { return vector }
    let strides = shape.laneStrides.prefix(shape.lanes.count) + padding.map { _ in 0 } + [1, 0, 0]
    return vector.view(StridedMap(strides: Array(strides)), target)
  }

  // MARK: Closing levels

  private func fold(
    _ value: Value, _ kind: Reduction.Kind, _ first: Int, _ all: Shape, _ own: [Predicate],
    _ span: SourceSpan
  ) throws -> Value {
    guard value.isNumeric else { throw CannotBatch("values that are not numbers", span) }
    let identity: Double
    switch kind {
    case .sum: identity = 0
    case .product: identity = 1
    case .maximum, .argMaximum: identity = -.infinity
    case .minimum, .argMinimum: identity = .infinity
    }
    var masked = value
    let isExtreme = kind != .sum && kind != .product
    for predicate in own {
      if isExtreme { throw CannotBatch("an extreme of some of the turns", span) }
      let condition: Value
      switch predicate {
      case .known(let l): condition = .lanes(l)
      case .traced(let e): condition = .traced(TracedNumbers(e, isMask: true))
      }
      let size = value.size ?? (1, 1)
      let rest: Value =
        size == (1, 1)
        ? .number(identity)
        : .matrix(
          Matrix(
            Buffer(count: size.rows * size.columns, repeating: identity), rows: size.rows,
            columns: size.columns))
      masked = try joined(condition, masked, rest, span)
    }
    if let known = laneNumbers(masked) { return foldKnown(known, kind, first, all) }
    let e = try expression(masked, span)
    let size = e.shape
    let whole = e.broadcast(
      to: all.with(rows: Int(size.rows), columns: Int(size.columns)))
    return Value(whole.reduce(kind, Array(first..<all.lanes.count)))
  }

  /// Known numbers stay known: what is left is one number for each lane outside.
  private func foldKnown(
    _ numbers: LaneNumbers, _ kind: Reduction.Kind, _ first: Int, _ all: Shape
  ) -> Value {
    let spread = Broadcast.spread(numbers, all)
    let outer = Shape(lanes: Array(all.lanes.prefix(first)), rows: 1, columns: 1)
    let inner = all.count / max(outer.count, 1)
    let result = Buffer(uninitialized: outer.count)
    for k in 0..<outer.count {
      let part = UnsafeBufferPointer(start: spread.pointer + k * inner, count: inner)
      switch kind {
      case .sum: result.pointer[k] = Reductions.sum(part)
      case .product: result.pointer[k] = part.reduce(1, *)
      case .maximum, .argMaximum: result.pointer[k] = part.max() ?? -.infinity
      case .minimum, .argMinimum: result.pointer[k] = part.min() ?? .infinity
      }
    }
    if outer.lanes.isEmpty { return .number(result[0]) }
    return .lanes(LaneNumbers(lanes: outer.lanes, buffer: result))
  }

  private func stack(
    _ value: Value, _ first: Int, _ all: Shape, _ code: ComprehensionCode
  ) throws -> Value {
    guard value.isNumeric, value.size ?? (0, 0) == (1, 1) else {
      throw CannotBatch("values that are not single numbers", code.bodySpan)
    }
    guard code.sources.count <= 2 else { throw CannotBatch("more than two loops", code.span) }
    let sizes = all.lanes.dropFirst(first).map(Int.init)
    let (rows, columns) = (sizes.first ?? 1, sizes.count > 1 ? sizes[1] : 1)
    let isMask = value.isMask
    if first == 0, let known = laneNumbers(value) {
      let spread = Broadcast.spread(known, all)
      return Value(Matrix(spread, rows: rows, columns: columns, isMask: isMask))
    }
    let e = try expression(value, code.bodySpan).broadcast(to: all)
    let outer = Shape(lanes: Array(all.lanes.prefix(first)), rows: rows, columns: columns)
    let own = e.shape.strides
    var strides = Array(own.prefix(outer.lanes.count))
    strides.append(own[first])
    strides.append(sizes.count > 1 ? own[first + 1] : 0)
    return Value(e.view(StridedMap(strides: strides), outer), isMask: isMask)
  }
}
