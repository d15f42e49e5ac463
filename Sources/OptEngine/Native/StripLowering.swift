/// From strip programs to instructions for four elements at a time.
import CKernels

/// Writes the body of a loop.
struct StripLowering {
  let outline: StripOutline
  var lowering = Lowering()
  /// Values of operands now; -1 for none.
  private var current: [Int32]
  private var pinned: [Int32] = []
  private var mask: Int32 = -1
  private var carried: [Int32] = []
  /// Registers of partial sums and carried values, if they are kept in some.
  var sumRegisters: [UInt8] = []
  var carriedRegisters: [UInt8] = []
  var checkRegister: UInt8?

  init(_ outline: StripOutline) {
    self.outline = outline
    current = [Int32](repeating: -1, count: outline.operands.count)
  }

  /// Where repeated numbers lie on the stack.
  static let pinnedStart = Generator.eachStart + Generator.eachSize
  static let maskPlace = MemoryPlace(base: MemoryPlace.stack, displacement: 32)

  private mutating func begin() {
    lowering.restart()
    pinned = outline.pinned.indices.map { k in
      let place = lowering.place(
        MemoryPlace(
          base: MemoryPlace.stack,
          displacement: Self.pinnedStart + 32 * Int32(truncatingIfNeeded: k)))
      return lowering.add(.memory, number: place)
    }
    carried = (0..<outline.carriedCount).map { k in
      carriedRegisters.isEmpty
        ? -1 : lowering.add(.fixed, detail: carriedRegisters[k])
    }
    mask = -1
  }

  /// Two times four elements.
  mutating func main() throws {
    guard 4 * (outline.carriedCount + 1) <= Int(CK_CARRIED) else { throw NotNative.tooLarge }
    begin()
    for quad in 0..<2 { try body(quad, masked: false) }
  }

  /// Up to four elements.
  mutating func tail() throws {
    begin()
    mask = lowering.add(.memory, number: lowering.place(Self.maskPlace))
    try body(0, masked: true)
  }

  private mutating func body(_ quad: Int, masked: Bool) throws {
    for k in current.indices { current[k] = -1 }
    for (k, op) in outline.ops.enumerated() {
      switch Int(op.op) {
      case CK_SUM, CK_DOT: try sum(op, quad, masked)
      default:
        if !masked, let number = outline.overlapOf[k] {
          try overlapped(k, op, outline.overlaps[number], quad)
        } else {
          let value = try result(op, quad, masked)
          current[Int(op.d)] = value
          if outline.isFlat(op.d) { try store(op.d, value, quad, masked) }
        }
      }
    }
  }

  // MARK: Operands

  private func element(_ base: Int32, _ offset: Int64, _ quad: Int) throws -> MemoryPlace {
    guard offset.magnitude < UInt64(Int32.max) / 8 - 64 else { throw NotNative.tooFar }
    return MemoryPlace(
      base: base, displacement: Int32(truncatingIfNeeded: 8 * offset + 32 * Int64(quad)),
      isIndexed: true)
  }

  private mutating func value(_ operand: Int32, _ quad: Int, _ masked: Bool) throws -> Int32 {
    let k = Int(operand)
    if let number = outline.pinnedIndex[k] { return pinned[number] }
    if current[k] >= 0 { return current[k] }
    let x = outline.operands[k]
    guard x.kind == Int32(CK_FLAT) else { throw NotNative.unknownOperation }
    let place = lowering.place(try element(x.base, x.offset, quad))
    let isOrdered = outline.isOrdered.contains(k)
    let value =
      masked
      ? lowering.add(.maskedLoad, -1, mask, number: place)
      : lowering.add(isOrdered ? .load : .memory, number: place)
    if !isOrdered { current[k] = value }
    return value
  }

  private mutating func store(
    _ operand: Int32, _ value: Int32, _ quad: Int, _ masked: Bool
  ) throws {
    let x = outline.operands[Int(operand)]
    let place = lowering.place(try element(x.base, x.offset, quad))
    let number = lowering.number(value)
    check(number, x.base, masked: masked ? mask : -1)
    if masked {
      lowering.add(.maskedStore, number, mask, number: place)
    } else {
      lowering.add(.store, number, number: place)
    }
    // What was read from there before is read again.
    let count = Int64(outline.step.count)
    for k in outline.isOrdered where k != Int(operand) {
      let other = outline.operands[k]
      if other.base == x.base, abs(other.offset - x.offset) < count { current[k] = -1 }
    }
  }

  /// Collects the bits of x - x for all x that an output becomes: 0 while all is finite.
  private mutating func check(_ value: Int32, _ base: Int32, masked: Int32) {
    guard outline.outputs.contains(base) else { return }
    let test = lowering.add(.subtract, value, value)
    if masked < 0, let checkRegister {
      lowering.add(.accumulateBits, test, detail: checkRegister)
      return
    }
    let place = lowering.place(Self.carriedPlace(outline.carriedCount))
    let old = lowering.add(.load, number: place)
    var new = lowering.add(.or, old, test)
    if masked >= 0 { new = lowering.add(.blend, old, new, masked) }
    lowering.add(.store, new, number: place)
  }

  // MARK: Operations

  private mutating func result(
    _ op: ck_strip_op, _ quad: Int, _ masked: Bool
  ) throws -> Int32 {
    if op.op == Int32(CK_MAP) {
      guard let number = outline.maps.firstIndex(of: Int(op.c)) else {
        throw NotNative.unknownOperation
      }
      let place = lowering.place(
        try element(
          MemoryPlace.buffers, Int64(number) * outline.step.code.strip, quad))
      return masked
        ? lowering.add(.maskedLoad, -1, mask, number: place)
        : lowering.add(.memory, number: place)
    }
    let arity = Strip.arity(op.op)
    let x = try value(op.a, quad, masked)
    let y = arity > 1 ? try value(op.b, quad, masked) : -1
    let z = arity > 2 ? try value(op.c, quad, masked) : -1
    switch Int(op.op) {
    case CK_FILL: return x
    case CK_CALL1, CK_CALL2, CK_CALL3:
      guard let function = op.function else { throw NotNative.unknownOperation }
      return lowering.call(Callee(function: function, arity: arity, style: .each), x, y, z)
    case CK_PACKED1, CK_PACKED2:
      guard let function = op.function, let kernel = Kernels.shared.vectors[function] else {
        throw NotNative.unknownOperation
      }
      return lowering.packed(kernel, x, y)
    default: return try lowering.operation(op.op, x, y, z)
    }
  }

  private mutating func sum(_ op: ck_strip_op, _ quad: Int, _ masked: Bool) throws {
    let isProduct = op.op == Int32(CK_DOT)
    let x = lowering.number(try value(op.a, quad, masked))
    let y = isProduct ? lowering.number(try value(op.b, quad, masked)) : -1
    if !masked, !sumRegisters.isEmpty {
      let register = sumRegisters[2 * Int(op.c) + quad]
      lowering.add(isProduct ? .accumulateProduct : .accumulate, x, y, detail: register)
      return
    }
    let place = lowering.place(Self.partial(Int(op.c), quad))
    let old = lowering.add(.load, number: place)
    var new = isProduct ? lowering.add(.fma, x, y, old) : lowering.add(.add, old, x)
    // A lane without an element must not even change the sign of zero.
    if masked { new = lowering.add(.blend, old, new, mask) }
    lowering.add(.store, new, number: place)
  }

  /// Four of the eight partial sums.
  static func partial(_ sum: Int, _ quad: Int) -> MemoryPlace {
    MemoryPlace(
      base: MemoryPlace.sums,
      displacement: Int32(
        truncatingIfNeeded: sum * MemoryLayout<ck_sum_state>.stride + 32 * quad))
  }

  // MARK: Overlapping pieces

  static func carriedPlace(_ number: Int) -> MemoryPlace {
    MemoryPlace(
      base: MemoryPlace.carried, displacement: 32 * Int32(truncatingIfNeeded: number))
  }

  private mutating func overlapped(
    _ k: Int, _ op: ck_strip_op, _ overlap: Overlap, _ quad: Int
  ) throws {
    let isFirst = k == overlap.operations[0]
    let new =
      isFirst ? try result(op, quad, false) : try value(op.b, quad, false)
    let value = lowering.number(new)
    guard let turn = overlap.operations.firstIndex(of: k) else { return }
    let (shift, number) = (overlap.shifts[turn], overlap.carried[turn])
    let moved = shift > 0 ? self.moved(value, by: shift, number) : value
    // The running sum travels as the value of the first operand.
    let first = Int(outline.ops[overlap.operations[0]].d)
    current[first] = isFirst ? moved : lowering.add(.add, current[first], moved)
    if turn == overlap.operations.count - 1 {
      let place = lowering.place(try element(overlap.base, overlap.offset, quad))
      check(current[first], overlap.base, masked: -1)
      lowering.add(.store, current[first], number: place)
      current[first] = -1
    }
  }

  /// The value `shift` elements later, behind what was carried; what is beyond is carried on.
  private mutating func moved(_ value: Int32, by shift: Int, _ number: Int) -> Int32 {
    let old =
      carried[number] >= 0
      ? carried[number]
      : lowering.add(.load, number: lowering.place(Self.carriedPlace(number)))
    let turned =
      shift == 4 ? value : lowering.add(.permute, value, detail: Self.rotations[shift])
    let result = lowering.add(
      .blendKnown, turned, old, detail: UInt8(truncatingIfNeeded: (1 << shift) - 1))
    if carriedRegisters.isEmpty {
      lowering.add(.store, turned, number: lowering.place(Self.carriedPlace(number)))
    } else {
      lowering.add(.assign, turned, detail: carriedRegisters[number])
    }
    return result
  }

  /// Orders of lanes that move each one 1, 2, 3 places up and the last ones to the beginning.
  private static let rotations: [UInt8] = [0xE4, 0x93, 0x4E, 0x39]

  /// What is carried goes where the pieces are added up in memory, as if it had never been carried.
  mutating func exit() throws {
    begin()
    for overlap in outline.overlaps {
      var sum: Int32 = -1
      for (shift, number) in zip(overlap.shifts, overlap.carried) where shift > 0 {
        let value =
          carried[number] >= 0
          ? carried[number]
          : lowering.add(.load, number: lowering.place(Self.carriedPlace(number)))
        if sum < 0 {
          sum = value
        } else {
          sum = lowering.add(
            .blendKnown, sum, lowering.add(.add, sum, value),
            detail: UInt8(truncatingIfNeeded: (1 << shift) - 1))
        }
        if !carriedRegisters.isEmpty {
          lowering.add(.store, value, number: lowering.place(Self.carriedPlace(number)))
        }
      }
      guard let first = overlap.shifts.first, first > 0 else { continue }
      let lanes = lowering.place(
        MemoryPlace(
          base: MemoryPlace.pool, displacement: 32 - 8 * Int32(truncatingIfNeeded: first)))
      let mask = lowering.add(.memory, number: lanes)
      let place = lowering.place(try element(overlap.base, overlap.offset, 0))
      check(sum, overlap.base, masked: mask)
      lowering.add(.maskedStore, sum, mask, number: place)
    }
  }
}
