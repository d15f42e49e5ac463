/// Machine code of x86-64 with AVX2 and FMA, byte by byte. Encodings are those of Intel's "64 and
/// IA-32 Architectures Software Developer's Manual", volume 2: VEX prefixes in section 2.3, the
/// forms in chapters 3 to 5.

/// Numbers of the general registers.
package enum General {
  package static let rax: UInt8 = 0
  package static let rcx: UInt8 = 1
  package static let rdx: UInt8 = 2
  package static let rbx: UInt8 = 3
  package static let rsp: UInt8 = 4
  package static let rbp: UInt8 = 5
  package static let rsi: UInt8 = 6
  package static let rdi: UInt8 = 7
  package static let r8: UInt8 = 8
  package static let r9: UInt8 = 9
  package static let r10: UInt8 = 10
  package static let r11: UInt8 = 11
  package static let r12: UInt8 = 12
  package static let r13: UInt8 = 13
  package static let r14: UInt8 = 14
  package static let r15: UInt8 = 15
}

/// A place in memory: base + index + displacement, or one in the pool of constants behind the code.
package struct Address: Equatable {
  /// A general register; `pool` for an offset into the pool.
  package var base: UInt8
  package var index: UInt8 = Address.none
  package var displacement: Int32

  package static let none: UInt8 = 255
  package static let pool: UInt8 = 254

  /// The place `displacement` bytes beyond a register, or beyond the sum of two.
  package init(base: UInt8, index: UInt8 = Address.none, displacement: Int32) {
    self.base = base
    self.index = index
    self.displacement = displacement
  }
}

/// The last operand of an instruction.
package enum Operand: Equatable {
  case register(UInt8)
  case memory(Address)
}

/// How an instruction on vector registers is encoded, for all four numbers and for one.
package struct Form {
  let opcode: UInt8
  let scalarOpcode: UInt8
  /// 1: 0F, 2: 0F 38, 3: 0F 3A.
  let map: UInt8
  /// 1: 66, 3: F2.
  let prefix: UInt8
  let scalarPrefix: UInt8
  let wide: UInt8

  private init(
    _ opcode: UInt8, _ scalarOpcode: UInt8, map: UInt8, prefix: UInt8 = 1, scalarPrefix: UInt8 = 1,
    wide: UInt8 = 0
  ) {
    (self.opcode, self.scalarOpcode, self.map) = (opcode, scalarOpcode, map)
    (self.prefix, self.scalarPrefix, self.wide) = (prefix, scalarPrefix, wide)
  }

  private static func arithmetic(_ opcode: UInt8) -> Form {
    Form(opcode, opcode, map: 1, scalarPrefix: 3)
  }
  /// No form for one number: the upper ones are computed and ignored.
  private static func bits(_ opcode: UInt8, map: UInt8 = 1) -> Form {
    Form(opcode, opcode, map: map)
  }
  private static func fused(_ opcode: UInt8) -> Form { Form(opcode, opcode + 1, map: 2, wide: 1) }

  package static let add = arithmetic(0x58)
  package static let multiply = arithmetic(0x59)
  package static let subtract = arithmetic(0x5C)
  package static let minimum = arithmetic(0x5D)
  package static let divide = arithmetic(0x5E)
  package static let maximum = arithmetic(0x5F)
  package static let squareRoot = arithmetic(0x51)
  package static let compare = arithmetic(0xC2)
  package static let load = arithmetic(0x10)
  package static let store = arithmetic(0x11)
  package static let copy = bits(0x28)
  package static let and = bits(0x54)
  package static let andNot = bits(0x55)
  package static let or = bits(0x56)
  package static let xor = bits(0x57)
  package static let shiftLeft = bits(0xF3)
  package static let round = Form(0x09, 0x0B, map: 3)
  package static let blend = bits(0x4B, map: 3)
  package static let blendKnown = bits(0x0D, map: 3)
  package static let permute = Form(0x01, 0x01, map: 3, wide: 1)
  package static let broadcast = bits(0x19, map: 2)
  package static let maskedLoad = bits(0x2D, map: 2)
  package static let maskedStore = bits(0x2F, map: 2)
  /// First factor times second plus third: names give which is the target: 132 stands for
  /// target = target × operand + second register.
  package static let fma132 = fused(0x98)
  package static let fma213 = fused(0xA8)
  package static let fma231 = fused(0xB8)
  package static let fms132 = fused(0x9A)
  package static let fms213 = fused(0xAA)
  package static let fms231 = fused(0xBA)
  package static let fnma132 = fused(0x9C)
  package static let fnma213 = fused(0xAC)
  package static let fnma231 = fused(0xBC)
}

/// A buffer of code in the making.
package struct Assembler: ~Copyable {
  private var bytes: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  package private(set) var count = 0
  /// Constants, 32 bytes each, and where code refers to them: place of the displacement, offset in
  /// the pool, bytes of the instruction behind the displacement.
  package var pool: [SIMD4<UInt64>] = []
  private var references: [(at: Int, offset: Int32, behind: Int32)] = []

  package init(capacity: Int) {
    self.capacity = max(capacity, 256)
    bytes = .allocate(capacity: self.capacity)
  }

  deinit { bytes.deallocate() }

  /// Room for the longest instruction and what goes with it.
  package mutating func reserve(_ size: Int) {
    guard count + size > capacity else { return }
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * capacity + size)
    larger.update(from: bytes, count: count)
    bytes.deallocate()
    bytes = larger
    capacity = 2 * capacity + size
  }

  @inline(__always) package mutating func byte(_ value: UInt8) {
    bytes[count] = value
    count &+= 1
  }

  @inline(__always) package mutating func word(_ value: Int32) {
    UnsafeMutableRawPointer(bytes + count).storeBytes(of: value, as: Int32.self)
    count &+= 4
  }

  package mutating func quad(_ value: UInt64) {
    UnsafeMutableRawPointer(bytes + count).storeBytes(of: value, as: UInt64.self)
    count &+= 8
  }

  /// Replaces four bytes that were written before.
  package mutating func patch(_ at: Int, _ value: Int32) {
    UnsafeMutableRawPointer(bytes + at).storeBytes(of: value, as: Int32.self)
  }

  // MARK: Constants

  /// Bytes of code and pool.
  package var size: Int { (count + 31) & ~31 + 32 * pool.count }

  /// Copies code and pool to memory of `size` bytes that begins at a multiple of 32.
  package mutating func write(to target: UnsafeMutableRawPointer) {
    let start = (count + 31) & ~31
    for reference in references {
      let distance = start - reference.at - 4
      patch(
        reference.at,
        Int32(truncatingIfNeeded: distance) &+ reference.offset &- reference.behind)
    }
    target.copyMemory(from: bytes, byteCount: count)
    for (k, value) in pool.enumerated() {
      target.storeBytes(of: value, toByteOffset: start + 32 * k, as: SIMD4<UInt64>.self)
    }
  }

  // MARK: Operands

  /// ModRM byte, SIB byte and displacement. `behind`: bytes of the instruction that follow.
  @inline(__always)
  package mutating func operand(_ register: UInt8, _ operand: Operand, behind: Int32) {
    let field = (register & 7) << 3
    switch operand {
    case .register(let r): byte(0xC0 | field | r & 7)
    case .memory(let address):
      if address.base == Address.pool {
        byte(field | 5)
        references.append((count, address.displacement, behind))
        word(0)
        return
      }
      let d = address.displacement
      let low = address.base & 7
      let needsSIB = address.index != Address.none || low == 4
      let mode: UInt8 = d == 0 && low != 5 ? 0 : d >= -128 && d < 128 ? 0x40 : 0x80
      byte(mode | field | (needsSIB ? 4 : low))
      if needsSIB { byte((address.index == Address.none ? 4 : address.index & 7) << 3 | low) }
      if mode == 0x40 { byte(UInt8(truncatingIfNeeded: d)) }
      if mode == 0x80 { word(d) }
    }
  }

  @inline(__always)
  package static func extensions(_ operand: Operand) -> (x: UInt8, b: UInt8) {
    switch operand {
    case .register(let r): (0, r >> 3)
    case .memory(let a):
      (
        a.index == Address.none ? 0 : a.index >> 3,
        a.base == Address.pool ? 0 : a.base >> 3
      )
    }
  }

  // MARK: Vector instructions

  /// register = form(second, operand); on four numbers, or on one.
  @inline(__always)
  package mutating func vector(
    _ form: Form, four: Bool, _ register: UInt8, _ second: UInt8, _ last: Operand,
    immediate: UInt8? = nil
  ) {
    reserve(32)
    let (x, b) = Self.extensions(last)
    let r = register >> 3
    let length: UInt8 = four ? 4 : 0
    let prefix = four ? form.prefix : form.scalarPrefix
    let common = (~second & 15) << 3 | length | prefix
    if x == 0 && b == 0 && form.map == 1 && form.wide == 0 {
      byte(0xC5)
      byte((1 - r) << 7 | common)
    } else {
      byte(0xC4)
      byte((1 - r) << 7 | (1 - x) << 6 | (1 - b) << 5 | form.map)
      byte(form.wide << 7 | common)
    }
    byte(four ? form.opcode : form.scalarOpcode)
    operand(register, last, behind: immediate == nil ? 0 : 1)
    if let immediate { byte(immediate) }
  }

  /// Clears the upper halves of all vector registers.
  package mutating func clearUpper() {
    reserve(8)
    byte(0xC5)
    byte(0xF8)
    byte(0x77)
  }
}
