/// Operands, operations and registers of a strip program in the making.
import CKernels
import OptGraph

/// Which pieces of assembled arrays a strip program still has to compute.
struct Targets {
  /// Nodes that are computed in their place in the whole, by placement.
  var first: [Int32: Int] = [:]
  var isStored: [Bool] = []
  private var waiting: [Int32: [Int]] = [:]
  private var missing: [Int] = []

  init(_ placements: [Placement], _ plan: Planner) {
    for (number, placement) in placements.enumerated() {
      let furthest = placement.pieces[0].node
      let direct = plan.uses[Int(furthest)] == 1 && !plan.stored[Int(furthest)]
      isStored.append(direct)
      if direct { first[furthest] = number }
      let nodes = Set(placement.pieces.map(\.node))
      missing.append(nodes.count)
      for node in nodes { waiting[node, default: []].append(number) }
    }
  }

  /// Placements of which `node` was the last piece missing.
  mutating func completed(by node: Int32) -> [Int] {
    guard let numbers = waiting[node] else { return [] }
    var done: [Int] = []
    for number in numbers {
      missing[number] -= 1
      if missing[number] == 0 { done.append(number) }
    }
    return done
  }
}

/// A strip program in the making: operands and operations on them.
struct StripBuilder {
  var ops: [ck_strip_op] = []
  var operands: [ck_operand] = []
  var kinds: [Int] = []
  /// Nodes whose `local` entry is to be cleared.
  var touched: [Int32] = []

  mutating func operand(_ kind: Int, _ place: Place = Place(base: 0, offset: 0)) -> Int32 {
    operands.append(
      ck_operand(kind: Int32(kind), base: place.base, offset: Int64(place.offset)))
    kinds.append(kind)
    return Int32(truncatingIfNeeded: operands.count - 1)
  }

  mutating func add(
    _ operation: Int32, _ d: Int32?, _ a: Int32?, _ b: Int32?, _ c: Int32 = 0, mode: Int32 = 0,
    function: UnsafeRawPointer? = nil
  ) {
    ops.append(
      ck_strip_op(
        op: operation, mode: mode, d: d ?? a ?? 0, a: a ?? d ?? 0, b: b ?? d ?? 0, c: c,
        function: function))
  }

  /// An operation whose third word numbers a map or a sum.
  mutating func add(_ operation: Int32, _ d: Int32?, _ a: Int32?, _ b: Int32?, number: Int32) {
    add(operation, d, a, b, number)
  }

  /// One number for all elements of a register.
  mutating func spread(_ a: Int32, to d: Int32) {
    ops.append(
      ck_strip_op(op: Int32(CK_FILL), mode: 0, d: d, a: a, b: a, c: a, function: nil))
  }

  private static func usesThird(_ op: Int32) -> Bool {
    op >= Int32(CK_FMA) && op <= Int32(CK_SELECT) || op == Int32(CK_CALL3)
  }

  /// Gives registers to values that live at different times; returns how many there are.
  mutating func assignRegisters() -> Int {
    var last = [Int](repeating: -1, count: operands.count)
    for (k, op) in ops.enumerated() {
      last[Int(op.d)] = k
      last[Int(op.a)] = k
      last[Int(op.b)] = k
      if Self.usesThird(op.op) { last[Int(op.c)] = k }
    }
    var given = [Bool](repeating: false, count: operands.count)
    var free: [Int64] = []
    var count: Int64 = 0
    for (k, op) in ops.enumerated() {
      var done: [Int32] = [op.a]
      if op.b != op.a { done.append(op.b) }
      if Self.usesThird(op.op), op.c != op.a, op.c != op.b { done.append(op.c) }
      for x in done where x != op.d && last[Int(x)] == k && kinds[Int(x)] == CK_REGISTER {
        if given[Int(x)] { free.append(operands[Int(x)].offset) }
      }
      let d = Int(op.d)
      if kinds[d] == CK_REGISTER, !given[d] {
        given[d] = true
        if let register = free.popLast() {
          operands[d].offset = register
        } else {
          operands[d].offset = count
          count += 1
        }
        if last[d] == k { free.append(operands[d].offset) }
      }
    }
    return Int(count)
  }
}
