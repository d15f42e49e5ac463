/// Scalar code: equal operations that are ready are run together.
import CKernels
import OptGraph

extension Emitter {
  /// Nodes are ordered anew within pieces of this length, so that values are read soon.
  private static let piece = 1024

  func emitTape(_ order: [Int32], _ range: Range<Int>) {
    let from = code.count
    code += [Int32(CK_START), Int32(truncatingIfNeeded: nextScalar)]
    var scheduler = Scheduler(kinds: Self.calls + plan.kernels.count, capacity: Self.piece)
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + Self.piece, range.upperBound)
      emitPiece(order, start..<end, &scheduler)
      start = end
    }
    addTape(from: from)
  }

  /// Kinds from here on are calls of a row.
  private static let calls = 64

  private func emitPiece(_ order: [Int32], _ range: Range<Int>, _ scheduler: inout Scheduler) {
    let count = range.count
    scheduler.begin(count)
    for k in 0..<count { local[Int(order[range.lowerBound + k])] = Int32(truncatingIfNeeded: k) }
    for k in 0..<count {
      let item = decode(order[range.lowerBound + k])
      scheduler.items[k] = item
      if item.operation == Int32(CK_LOAD) { continue }
      scheduler.depend(k, on: local[Int(item.a)])
      if item.b >= 0 { scheduler.depend(k, on: local[Int(item.b)]) }
      if item.c >= 0 { scheduler.depend(k, on: local[Int(item.c)]) }
    }
    scheduler.start()
    while let kind = scheduler.nextKind() {
      let isCall = kind >= Self.calls
      let operation = isCall ? plan.kernels.operations[kind - Self.calls] : Int32(kind)
      code.append(operation)
      let header = code.count
      code.append(0)
      if isCall { code.append(Int32(kind - Self.calls)) }
      var length: Int32 = 0
      while let k = scheduler.next(kind) {
        let item = scheduler.items[k]
        if operation == Int32(CK_LOAD) {
          code.append(item.b)
          code.append(item.c)
        } else {
          code.append(scalarPlace(item.a))
          if item.b >= 0 { code.append(scalarPlace(item.b)) }
          if item.c >= 0 { code.append(scalarPlace(item.c)) }
        }
        plan.place[Int(order[range.lowerBound + k])] = nextScalar
        nextScalar += 1
        length += 1
        scheduler.finish(k)
      }
      code[header] = length
    }
    while sequence.count < nextScalar - count {
      sequence.append(Int32(truncatingIfNeeded: sequence.count))
    }
    for k in range {
      local[Int(order[k])] = -1
      sequence.append(Int32(truncatingIfNeeded: plan.place[Int(order[k])]))
    }
  }

  /// Operation and operands (nodes; of a load, base and offset).
  private func decode(_ index: Int32) -> Scheduler.Item {
    let n = plan.nodes[Int(index)]
    if n.operation == .view {
      let source = location(n.a)
      let offset = source.offset + plan.graph.maps[Int(n.payload)].offset
      return Scheduler.Item(
        operation: Int32(CK_LOAD), a: -1, b: source.base, c: Int32(clamping: offset))
    }
    var item = fused(n) ?? Scheduler.Item(operation: plan.operation(n), a: n.a, b: n.b, c: n.c)
    if item.operation >= Int32(CK_CALL1) {
      item.operation = Int32(Self.calls) + n.payload
    }
    item.a = resolved(item.a)
    item.b = resolved(item.b)
    item.c = resolved(item.c)
    return item
  }

  private func resolved(_ index: Int32) -> Int32 {
    var index = index
    while index >= 0, plan.carrier[Int(index)] == .same { index = plan.nodes[Int(index)].a }
    return index
  }

  /// The operation on three operands that an operation on two became.
  func fused(_ n: Node) -> Scheduler.Item? {
    guard n.operation == .apply, n.b >= 0, n.c < 0 else { return nil }
    let isFirst = plan.absorbed[Int(n.a)]
    guard isFirst || plan.absorbed[Int(n.b)] else { return nil }
    let inner = plan.nodes[Int(isFirst ? n.a : n.b)]
    let operation = Self.joined(
      Int(plan.operation(inner)), in: Int(plan.operation(n)), isFirst: isFirst)
    return Scheduler.Item(
      operation: Int32(operation), a: inner.a, b: inner.b, c: isFirst ? n.b : n.a)
  }

  private static func joined(_ inner: Int, in outer: Int, isFirst: Bool) -> Int {
    switch (inner, outer) {
    case (CK_MUL, CK_ADD): CK_FMA
    case (CK_MUL, CK_SUB): isFirst ? CK_FMS : CK_FNMA
    case (CK_MUL, _): CK_MUL_MUL
    case (CK_ADD, CK_ADD): CK_ADD_ADD
    case (CK_ADD, CK_SUB): isFirst ? CK_ADD_SUB : CK_FROM_ADD
    case (CK_ADD, _): CK_ADD_MUL
    case (_, CK_ADD): CK_SUB_ADD
    case (_, CK_SUB): isFirst ? CK_SUB_SUB : CK_FROM_SUB
    default: CK_SUB_MUL
    }
  }
}

/// Picks the kind of operation of which most are ready, again and again.
struct Scheduler {
  struct Item {
    var operation: Int32
    var a: Int32
    var b: Int32
    var c: Int32
  }

  var items: [Item]
  private var count = 0
  /// How many operands an item still waits for.
  private var waiting: [Int32]
  /// Readers of an item: a list through `links`.
  private var firstReader: [Int32]
  private var links: [(reader: Int32, next: Int32)] = []
  /// Ready items of a kind, first in, first out.
  private var head: [Int32]
  private var tail: [Int32]
  private var ready: [Int32]
  private var following: [Int32]
  private var active: [Int] = []

  init(kinds: Int, capacity: Int) {
    items = [Item](repeating: Item(operation: 0, a: -1, b: -1, c: -1), count: capacity)
    waiting = [Int32](repeating: 0, count: capacity)
    firstReader = [Int32](repeating: -1, count: capacity)
    following = firstReader
    head = [Int32](repeating: -1, count: kinds)
    tail = head
    ready = [Int32](repeating: 0, count: kinds)
  }

  mutating func begin(_ count: Int) {
    self.count = count
    links.removeAll(keepingCapacity: true)
    active.removeAll(keepingCapacity: true)
    for k in 0..<count {
      waiting[k] = 0
      firstReader[k] = -1
    }
  }

  mutating func depend(_ k: Int, on other: Int32) {
    guard other >= 0 else { return }
    waiting[k] += 1
    links.append((Int32(truncatingIfNeeded: k), firstReader[Int(other)]))
    firstReader[Int(other)] = Int32(truncatingIfNeeded: links.count - 1)
  }

  mutating func start() {
    for k in 0..<count where waiting[k] == 0 { enqueue(k) }
  }

  private mutating func enqueue(_ k: Int) {
    let kind = Int(items[k].operation)
    let item = Int32(truncatingIfNeeded: k)
    following[k] = -1
    if ready[kind] == 0 {
      if !active.contains(kind) { active.append(kind) }
      head[kind] = item
    } else {
      following[Int(tail[kind])] = item
    }
    tail[kind] = item
    ready[kind] += 1
  }

  func nextKind() -> Int? {
    var best = -1
    var most: Int32 = 0
    for kind in active where ready[kind] > most {
      best = kind
      most = ready[kind]
    }
    return best < 0 ? nil : best
  }

  mutating func next(_ kind: Int) -> Int? {
    guard ready[kind] > 0 else { return nil }
    let k = Int(head[kind])
    head[kind] = following[k]
    ready[kind] -= 1
    return k
  }

  mutating func finish(_ k: Int) {
    var link = firstReader[k]
    while link >= 0 {
      let reader = Int(links[Int(link)].reader)
      link = links[Int(link)].next
      waiting[reader] -= 1
      if waiting[reader] == 0 { enqueue(reader) }
    }
  }
}
