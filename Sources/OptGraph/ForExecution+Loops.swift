/// Loops in the pass for execution: what nobody reads is not carried, kept or read, and what is the
/// same in every turn is computed before.
import OptNumerics

/// Which parts of a loop's column are read.
struct LoopParts {
  var finals: Set<Int> = []
  var stacks: Set<Int> = []
  var states: Set<Int> = []
  /// Whether something else than its parts is read.
  var whole = false

  /// Notes that the places `low ... high` of the column are read.
  mutating func note(_ loop: Loop, _ low: Int, _ high: Int) {
    for part in Self.all(loop) where low < part.start + part.count && high >= part.start {
      // A view of several parts needs them side by side.
      if low < part.start || high >= part.start + part.count { whole = true }
      switch part.kind {
      case .final(let k): finals.insert(k)
      case .stack(let k): stacks.insert(k)
      case .state(let k): states.insert(k)
      }
    }
  }

  enum Kind: Hashable { case final(Int), stack(Int), state(Int) }

  static func all(_ loop: Loop) -> [(kind: Kind, start: Int, count: Int)] {
    var parts: [(kind: Kind, start: Int, count: Int)] = []
    for (k, carry) in loop.carries.enumerated() {
      let size = loop.size(carry.input)
      parts.append((.final(k), loop.finalPlaces[k], size))
      if let place = loop.statePlaces[k] { parts.append((.state(k), place, loop.turns * size)) }
    }
    for (k, stack) in loop.stacks.enumerated() {
      parts.append((.stack(k), loop.stackPlaces[k], loop.turns * loop.size(stack)))
    }
    return parts
  }
}

/// A loop without what is not needed, and how far each part has moved.
struct PrunedLoop {
  let node: LoopNode
  let shifts: [(start: Int, count: Int, shift: Int)]

  func shift(_ place: Int) -> Int {
    shifts.first { place >= $0.start && place < $0.start + $0.count }?.shift ?? 0
  }
}

extension ForExecution {
  /// What of each loop is read by the nodes that `live` says are needed.
  static func loopParts(_ source: Graph, _ live: [Bool], _ roots: [Int32]) -> [Int32: LoopParts] {
    var parts: [Int32: LoopParts] = [:]
    for index in live.indices where live[index] {
      if source.nodes[index].operation == .loop { parts[Int32(index)] = LoopParts() }
    }
    guard !parts.isEmpty else { return [:] }
    for root in roots { parts[root]?.whole = true }
    for index in live.indices where live[index] {
      let node = source.nodes[index]
      source.forEachOperand(of: node) { operand in
        guard var found = parts[operand] else { return }
        if node.operation == .view {
          let (low, high) = source.maps[Int(node.payload)].reach(source.shape(of: Int32(index)))
          found.note(LoopNode(source, operand).loop, low, high)
        } else {
          found.whole = true
        }
        parts[operand] = found
      }
    }
    return parts
  }

  /// The loop `index` with what is read of it.
  func pruned(_ index: Int32, _ parts: LoopParts) -> PrunedLoop {
    let old = LoopNode(source, index)
    let loop = old.loop
    let wanted = neededCarries(loop, parts)
    let stacks = loop.stacks.indices.filter { parts.whole || parts.stacks.contains($0) }
    var builder = LoopBuilder(turns: loop.turns, isReversed: loop.isReversed)
    var known = [loop.index: builder.index]
    for k in wanted {
      let input = loop.carries[k].input
      known[input] = builder.carry(whole(old.initial[k].index), loop.body.shape(of: input))
    }
    let roots =
      (wanted.map { loop.carries[$0].next } + stacks.map { loop.stacks[$0] })
    let live = loop.body.reachable(from: roots)
    func isLive(_ input: Int32) -> Bool { Int(input) < live.count && live[Int(input)] }
    for (input, operand) in zip(loop.sequences, old.sequences) where isLive(input) {
      known[input] = builder.sequence(whole(operand.index), loop.body.shape(of: input))
    }
    hoist(old, live, &builder, &known)
    let made = loop.body.copy(
      roots.map { Expression(graph: loop.body, index: $0) }, into: builder.body, known: known)
    for n in wanted.indices {
      builder.setNext(n, made[n])
      builder.keepStates(n, parts.whole || parts.states.contains(wanted[n]))
    }
    for (n, k) in stacks.enumerated() {
      _ = builder.stack(
        made[wanted.count + n].broadcast(to: loop.body.shape(of: loop.stacks[k])))
    }
    let node = builder.node(in: target)
    var shifts: [(start: Int, count: Int, shift: Int)] = []
    for part in LoopParts.all(loop) {
      let place: Int?
      switch part.kind {
      case .final(let k): place = wanted.firstIndex(of: k).map { node.loop.finalPlaces[$0] }
      case .stack(let k): place = stacks.firstIndex(of: k).map { node.loop.stackPlaces[$0] }
      case .state(let k): place = wanted.firstIndex(of: k).flatMap { node.loop.statePlaces[$0] }
      }
      if let place { shifts.append((part.start, part.count, place - part.start)) }
    }
    return PrunedLoop(node: node, shifts: shifts)
  }

  private func neededCarries(_ loop: Loop, _ parts: LoopParts) -> [Int] {
    if parts.whole { return Array(loop.carries.indices) }
    var needed = parts.finals.union(parts.states)
    while true {
      let roots =
        needed.map { loop.carries[$0].next } + parts.stacks.map { loop.stacks[$0] }
      let live = loop.body.reachable(from: roots)
      let more = loop.carries.indices.filter { k in
        let input = Int(loop.carries[k].input)
        return !needed.contains(k) && input < live.count && live[input]
      }
      if more.isEmpty { return needed.sorted() }
      needed.formUnion(more)
    }
  }

  /// Makes inputs of the body of what it reads of the invariants: what can be computed of them alone
  /// is computed outside.
  private func hoist(
    _ old: LoopNode, _ live: [Bool], _ builder: inout LoopBuilder,
    _ known: inout [Int32: Expression]
  ) {
    let loop = old.loop
    let body = loop.body
    var varies = [Bool](repeating: false, count: live.count)
    for input in [loop.index] + loop.carries.map(\.input) + loop.sequences
    where Int(input) < live.count { varies[Int(input)] = true }
    for k in live.indices where live[k] && !varies[k] {
      body.forEachOperand(of: body.nodes[k]) { if varies[Int($0)] { varies[k] = true } }
      if body.nodes[k].operation == .random { varies[k] = true }
    }
    // Wanted inside: what the varying part reads. A view of a constant value stays inside.
    var wanted = [Bool](repeating: false, count: live.count)
    for root in loop.roots where Int(root.index) < live.count && live[Int(root.index)] {
      wanted[Int(root.index)] = true
    }
    var hoisted: [Int32] = []
    for k in stride(from: live.count - 1, through: 0, by: -1) where live[k] {
      let node = body.nodes[k]
      if varies[k] {
        body.forEachOperand(of: node) { wanted[Int($0)] = true }
      } else if wanted[k] {
        switch node.operation {
        case .number, .array, .input: break
        case .view, .factor: wanted[Int(node.a)] = true
        default: hoisted.append(Int32(k))
        }
      }
    }
    var outside: [Int32: Expression] = [:]
    for (input, operand) in zip(loop.invariants, old.invariants) {
      outside[input] = whole(operand.index)
      if Int(input) < live.count, wanted[Int(input)] {
        known[input] = builder.invariant(whole(operand.index))
      }
    }
    guard !hoisted.isEmpty else { return }
    let made = body.copy(
      hoisted.map { Expression(graph: body, index: $0) }, into: target, known: outside)
    for (index, value) in zip(hoisted, made) {
      known[index] = builder.invariant(value.broadcast(to: body.shape(of: index)))
    }
  }
}

extension StridedMap {
  /// The first and the last place that it names in reading `shape`.
  package func reach(_ shape: Shape) -> (low: Int, high: Int) {
    var (low, high) = (offset, offset)
    for (size, step) in zip(shape.dimensions, strides) where size > 1 {
      if step < 0 { low += (size - 1) * step } else { high += (size - 1) * step }
    }
    return (low, high)
  }
}
