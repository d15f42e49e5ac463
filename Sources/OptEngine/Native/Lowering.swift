/// From operations of the machine to instructions, so that every bit is that of the machine.
import CKernels

/// Instructions in the making. Comparisons give masks here (all bits or none), which become 1 and 0
/// where a number is wanted.
struct Lowering {
  var code: [Instruction] = []
  var places: [MemoryPlace] = []
  var callees: [Callee] = []
  /// Constants behind the code, 32 bytes each. The first two make masks: 32 - 8 k bytes from the
  /// beginning on lies the one whose first k lanes are set.
  var pool = [SIMD4(repeating: UInt64.max), SIMD4(repeating: UInt64(0))]
  private var offsets: [UInt64: Int32] = [:]
  private var isMask: [Bool] = []
  private var numbers: [Int32: Int32] = [:]
  private var masks: [Int32: Int32] = [:]
  private var constants: [UInt64: Int32] = [:]
  /// exp(-|x|) by x: softplus and its derivative share it.
  private var decays: [Int32: Int32] = [:]

  /// Forgets the code, but keeps constants and functions.
  mutating func restart() {
    code.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    isMask.removeAll(keepingCapacity: true)
    numbers = [:]
    masks = [:]
    constants = [:]
    decays = [:]
  }

  mutating func reserve(_ count: Int) {
    code.reserveCapacity(count)
    isMask.reserveCapacity(count)
  }

  @discardableResult
  mutating func add(
    _ kind: Instruction.Kind, _ a: Int32 = -1, _ b: Int32 = -1, _ c: Int32 = -1,
    detail: UInt8 = 0, number: Int32 = -1, mask: Bool = false
  ) -> Int32 {
    code.append(Instruction(kind: kind, detail: detail, a: a, b: b, c: c, number: number))
    isMask.append(mask)
    return Int32(truncatingIfNeeded: code.count - 1)
  }

  mutating func place(_ place: MemoryPlace) -> Int32 {
    places.append(place)
    return Int32(truncatingIfNeeded: places.count - 1)
  }

  /// The same bits in all lanes.
  mutating func constant(_ bits: UInt64) -> Int32 {
    if let known = constants[bits] { return known }
    let offset = offsets[bits] ?? Int32(truncatingIfNeeded: 32 * pool.count)
    if offsets[bits] == nil {
      offsets[bits] = offset
      pool.append(SIMD4(repeating: bits))
    }
    let place = place(MemoryPlace(base: MemoryPlace.pool, displacement: offset))
    let value = add(.memory, number: place)
    constants[bits] = value
    return value
  }

  private mutating func constant(_ value: Double) -> Int32 { constant(value.bitPattern) }

  // MARK: Masks

  /// The value as a number.
  mutating func number(_ value: Int32) -> Int32 {
    guard isMask[Int(value)] else { return value }
    if let known = numbers[value] { return known }
    let one = constant(1.0)
    let result = add(.and, value, one)
    numbers[value] = result
    return result
  }

  /// Where the value is not 0.
  private mutating func mask(_ value: Int32) -> Int32 {
    guard !isMask[Int(value)] else { return value }
    if let known = masks[value] { return known }
    let result = compare(value, constant(0.0), Predicate.notEqual)
    masks[value] = result
    return result
  }

  private mutating func compare(_ a: Int32, _ b: Int32, _ predicate: UInt8) -> Int32 {
    add(.compare, a, b, detail: predicate, mask: true)
  }

  // MARK: Operations

  /// The value of a machine operation; operands that it has not are ignored.
  mutating func operation(_ operation: Int32, _ x: Int32, _ y: Int32, _ z: Int32) throws -> Int32 {
    switch Int(operation) {
    case CK_NOT:
      if isMask[Int(x)] { return add(.xor, x, constant(UInt64.max), mask: true) }
      return compare(x, constant(0.0), Predicate.equal)
    case CK_AND: return add(.and, mask(x), mask(y), mask: true)
    case CK_OR: return add(.or, mask(x), mask(y), mask: true)
    case CK_SELECT:
      let condition = mask(x)
      return add(.blend, number(z), number(y), condition)
    case CK_NEG...CK_COPY: return try unary(operation, number(x))
    case CK_ADD...CK_NE: return try binary(operation, number(x), number(y))
    default: return try ternary(operation, number(x), number(y), number(z))
    }
  }

  private mutating func unary(_ operation: Int32, _ x: Int32) throws -> Int32 {
    switch Int(operation) {
    case CK_NEG: return add(.xor, x, constant(-0.0))
    case CK_SQRT: return add(.squareRoot, x)
    case CK_ABS: return add(.and, x, constant(~(-0.0).bitPattern))
    case CK_FLOOR: return add(.round, x, detail: 0x9)
    case CK_CEIL: return add(.round, x, detail: 0xA)
    case CK_COPY: return x
    case CK_RELU:
      // The larger of 0 and x is x where x is NaN or -0; adding 0 makes the latter 0.
      let zero = constant(0.0)
      return add(.add, add(.maximum, zero, x), zero)
    case CK_SIGN:
      let zero = constant(0.0)
      let above = add(.and, compare(x, zero, Predicate.greater), constant(1.0))
      let below = add(.and, compare(x, zero, Predicate.less), constant(-1.0))
      return add(.blend, add(.or, above, below), x, compare(x, x, Predicate.unordered))
    default: throw NotNative.unknownOperation
    }
  }

  private mutating func binary(_ operation: Int32, _ x: Int32, _ y: Int32) throws -> Int32 {
    switch Int(operation) {
    case CK_ADD: return add(.add, x, y)
    case CK_SUB: return add(.subtract, x, y)
    case CK_MUL: return add(.multiply, x, y)
    case CK_DIV: return add(.divide, x, y)
    case CK_MIN, CK_MAX:
      // The processor's gives x where either is NaN; the machine's gives y where y is.
      let best = add(Int(operation) == CK_MIN ? .minimum : .maximum, y, x)
      return add(.blend, best, y, compare(y, y, Predicate.unordered))
    case CK_LT: return compare(x, y, Predicate.less)
    case CK_LE: return compare(x, y, Predicate.lessOrEqual)
    case CK_GT: return compare(x, y, Predicate.greater)
    case CK_GE: return compare(x, y, Predicate.greaterOrEqual)
    case CK_EQ: return compare(x, y, Predicate.equal)
    case CK_NE: return compare(x, y, Predicate.notEqual)
    default: throw NotNative.unknownOperation
    }
  }

  private mutating func ternary(
    _ operation: Int32, _ x: Int32, _ y: Int32, _ z: Int32
  ) throws -> Int32 {
    switch Int(operation) {
    case CK_FMA: return add(.fma, x, y, z)
    case CK_FMS: return add(.fms, x, y, z)
    case CK_FNMA: return add(.fnma, x, y, z)
    case CK_MUL_MUL: return add(.multiply, add(.multiply, x, y), z)
    case CK_ADD_MUL: return add(.multiply, add(.add, x, y), z)
    case CK_SUB_MUL: return add(.multiply, add(.subtract, x, y), z)
    case CK_ADD_ADD: return add(.add, add(.add, x, y), z)
    case CK_SUB_ADD: return add(.add, add(.subtract, x, y), z)
    case CK_ADD_SUB: return add(.subtract, add(.add, x, y), z)
    case CK_SUB_SUB: return add(.subtract, add(.subtract, x, y), z)
    case CK_FROM_ADD: return add(.subtract, z, add(.add, x, y))
    case CK_FROM_SUB: return add(.subtract, z, add(.subtract, x, y))
    default: throw NotNative.unknownOperation
    }
  }

  /// The value of a function of numbers.
  mutating func call(_ callee: Callee, _ x: Int32, _ y: Int32, _ z: Int32) -> Int32 {
    let number: Int
    if let known = callees.firstIndex(of: callee) {
      number = known
    } else {
      number = callees.count
      callees.append(callee)
    }
    let a = self.number(x)
    let b = callee.arity > 1 ? self.number(y) : -1
    let c = callee.arity > 2 ? self.number(z) : -1
    return add(.call, a, b, c, number: Int32(truncatingIfNeeded: number))
  }

  /// A function that has a packed kernel, as that kernel computes it.
  mutating func packed(_ kernel: Kernels.Vector, _ x: Int32, _ y: Int32) -> Int32 {
    switch kernel {
    case .function(let function, let arity):
      return call(Callee(function: function, arity: arity, style: .vector), x, y, -1)
    case .tanh: return tanh(number(x))
    case .sigmoid(let exp):
      let x = number(x)
      let e = decayed(exp, x)
      let one = constant(1.0)
      // NaN is NaN in the quotient too.
      let top = add(.blend, one, e, compare(x, constant(0.0), Predicate.less))
      return add(.divide, top, add(.add, one, e))
    case .softplus(let exp, let log1p):
      let x = number(x)
      let rest = call(
        Callee(function: log1p, arity: 1, style: .vector), decayed(exp, x), -1, -1)
      // x where it is above 0, else 0; NaN comes from the second part.
      return add(.add, add(.maximum, x, constant(0.0)), rest)
    }
  }

  /// As `tanh4` in Tanh.c, operation by operation.
  private mutating func tanh(_ x: Int32) -> Int32 {
    guard let table = ck_tanh_table() else { return x }
    let sign = constant(-0.0)
    let a = add(.minimum, constant(table[0]), add(.and, x, constant(~(-0.0).bitPattern)))
    let y = add(.add, a, a)
    let z = add(.fma, y, constant(table[1]), constant(table[2]))
    let n = add(.subtract, z, constant(table[2]))
    let r = add(.fnma, n, constant(table[4]), add(.fnma, n, constant(table[3]), y))
    let s = add(.shiftLeft, z, constant(UInt64(52)))
    var q = constant(table[5])
    for k in 6..<Int(CK_TANH_COUNT) { q = add(.fma, q, r, constant(table[k])) }
    let p = add(.fma, add(.multiply, r, r), q, r)
    let t = add(.fma, s, p, add(.subtract, s, constant(1.0)))
    let result = add(.divide, t, add(.add, t, constant(2.0)))
    return add(.or, result, add(.and, sign, x))
  }

  /// exp(-|x|).
  private mutating func decayed(_ exp: UnsafeRawPointer, _ x: Int32) -> Int32 {
    if let known = decays[x] { return known }
    let down = add(.or, x, constant(-0.0))
    let result = call(Callee(function: exp, arity: 1, style: .vector), down, -1, -1)
    decays[x] = result
    return result
  }
}
