/// What is known of a strip program before it is made native.
import CKernels

/// Pieces of an array that are added up a few elements apart: `out[i + d] (+)= value` for several d.
/// The loop keeps what reaches beyond its four elements in registers instead of adding to memory
/// that it has just written.
struct Overlap {
  /// Operations in order, and how far each is ahead of the last; the first stores, others add.
  var operations: [Int]
  var shifts: [Int]
  /// Memory and offset of the last one.
  var base: Int32
  var offset: Int64
  /// Numbers of the values that are carried from one turn to the next, -1 for none.
  var carried: [Int]
}

/// What a strip program reads and writes.
struct StripOutline {
  let step: StripStep
  let ops: UnsafeBufferPointer<ck_strip_op>
  let operands: UnsafeBufferPointer<ck_operand>
  /// Numbers repeated for all elements.
  var pinned: [ck_operand] = []
  var pinnedIndex: [Int: Int] = [:]
  var maps: [Int] = []
  var overlaps: [Overlap] = []
  /// By operation: the overlap it belongs to.
  var overlapOf: [Int: Int] = [:]
  var carriedCount = 0
  /// Whether elements of this operand are written by another one in the same program.
  var isOrdered: Set<Int> = []
  var usesSums: Bool { step.sumCount > 0 }
  /// Memories of outputs: what is written there is looked at for NaN and infinity.
  let outputs: Range<Int32>
  private(set) var checks = false

  init(_ step: StripStep, outputs: Range<Int32>) {
    self.step = step
    self.outputs = outputs
    let code = step.code
    ops = UnsafeBufferPointer(start: code.ops, count: Int(code.op_count))
    operands = UnsafeBufferPointer(start: code.operands, count: Int(code.operand_count))
    for (k, operand) in operands.enumerated() where operand.kind == Int32(CK_PINNED) {
      pinnedIndex[k] = pinned.count
      pinned.append(operand)
    }
    for op in ops where op.op == Int32(CK_MAP) && !maps.contains(Int(op.c)) {
      maps.append(Int(op.c))
    }
    findOverlaps()
  }

  func isFlat(_ operand: Int32) -> Bool { operands[Int(operand)].kind == Int32(CK_FLAT) }

  func writes(_ op: ck_strip_op) -> Bool {
    isFlat(op.d) && op.op != Int32(CK_SUM) && op.op != Int32(CK_DOT)
  }

  func adds(_ op: ck_strip_op) -> Bool {
    op.op == Int32(CK_ADD) && op.d == op.a && op.d != op.b
  }

  private mutating func findOverlaps() {
    let count = Int64(step.count)
    let stores = ops.indices.filter { writes(ops[$0]) }
    checks = stores.contains { outputs.contains(operands[Int(ops[$0].d)].base) }
    func offset(_ k: Int) -> Int64 { operands[Int(ops[k].d)].offset }
    func base(_ k: Int) -> Int32 { operands[Int(ops[k].d)].base }
    for (k, operand) in operands.enumerated() where operand.kind == Int32(CK_FLAT) {
      let touches = stores.contains {
        base($0) == operand.base && abs(offset($0) - operand.offset) < count
      }
      if touches { isOrdered.insert(k) }
    }
    // Stores whose stretches of memory overlap, each with the ones before.
    var groups: [[Int]] = []
    for k in stores.sorted(by: { (base($0), offset($0)) < (base($1), offset($1)) }) {
      if let last = groups.last?.last, base(k) == base(last), offset(k) - offset(last) < count {
        groups[groups.count - 1].append(k)
      } else {
        groups.append([k])
      }
    }
    for group in groups where group.count > 1 {
      let order = group.sorted()
      let shifts = order.map { Int(offset($0) - offset(order[order.count - 1])) }
      let descends = zip(shifts, shifts.dropFirst()).allSatisfy { $0 >= $1 }
      guard descends, shifts[0] <= 4, !adds(ops[order[0]]),
        order.dropFirst().allSatisfy({ adds(ops[$0]) }), !isRead(order)
      else { continue }
      var carried: [Int] = []
      for shift in shifts {
        carried.append(shift > 0 ? carriedCount : -1)
        if shift > 0 { carriedCount += 1 }
      }
      for k in order { overlapOf[k] = overlaps.count }
      overlaps.append(
        Overlap(
          operations: order, shifts: shifts, base: base(order[0]),
          offset: offset(order[order.count - 1]), carried: carried))
    }
  }

  /// Whether anything but the additions reads memory that `stores` write.
  private func isRead(_ stores: [Int]) -> Bool {
    let count = Int64(step.count)
    func touches(_ operand: Int32) -> Bool {
      let x = operands[Int(operand)]
      return x.kind == Int32(CK_FLAT)
        && stores.contains {
          let target = operands[Int(ops[$0].d)]
          return target.base == x.base && abs(target.offset - x.offset) < count
        }
    }
    for (k, op) in ops.enumerated() {
      if stores.contains(k) && adds(op) {
        if touches(op.b) { return true }
        continue
      }
      let arity = Strip.arity(op.op)
      if arity > 0 && touches(op.a) || arity > 1 && touches(op.b) || arity > 2 && touches(op.c) {
        return true
      }
    }
    return false
  }
}

enum Strip {
  /// How many operands an operation reads.
  static func arity(_ operation: Int32) -> Int {
    switch Int(operation) {
    case CK_MAP: 0
    case CK_NEG...CK_COPY, CK_CALL1, CK_FILL, CK_PACKED1, CK_SUM: 1
    case CK_ADD...CK_OR, CK_CALL2, CK_PACKED2, CK_DOT: 2
    default: 3
    }
  }
}
