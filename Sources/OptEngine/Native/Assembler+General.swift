/// Instructions on general registers, and jumps.

extension Assembler {
  /// opcode register, operand on 64 bits.
  private mutating func general(_ opcode: UInt8, _ register: UInt8, _ last: Operand) {
    reserve(32)
    let (x, b) = Self.extensions(last)
    byte(0x48 | (register >> 3) << 2 | x << 1 | b)
    byte(opcode)
    operand(register, last, behind: 0)
  }

  package mutating func move(_ register: UInt8, from source: Operand) {
    general(0x8B, register, source)
  }
  package mutating func move(_ register: UInt8, to target: Address) {
    general(0x89, register, .memory(target))
  }
  package mutating func loadAddress(_ register: UInt8, _ address: Address) {
    general(0x8D, register, .memory(address))
  }
  package mutating func add(_ register: UInt8, _ other: UInt8) {
    general(0x03, register, .register(other))
  }
  package mutating func subtract(_ register: UInt8, _ other: UInt8) {
    general(0x2B, register, .register(other))
  }
  package mutating func compare(_ register: UInt8, _ other: UInt8) {
    general(0x3B, register, .register(other))
  }

  private mutating func general(_ group: UInt8, _ register: UInt8, immediate: Int32) {
    general(0x81, group, .register(register))
    word(immediate)
  }

  package mutating func add(_ register: UInt8, immediate: Int32) {
    general(0, register, immediate: immediate)
  }
  package mutating func and(_ register: UInt8, immediate: Int32) {
    general(4, register, immediate: immediate)
  }
  package mutating func subtract(_ register: UInt8, immediate: Int32) {
    general(5, register, immediate: immediate)
  }
  package mutating func compare(_ register: UInt8, immediate: Int32) {
    general(7, register, immediate: immediate)
  }

  /// register = register × 8.
  package mutating func timesEight(_ register: UInt8) {
    general(0xC1, 4, .register(register))
    byte(3)
  }

  package mutating func move(_ register: UInt8, immediate: UInt64) {
    reserve(16)
    byte(0x48 | register >> 3)
    byte(0xB8 | register & 7)
    quad(immediate)
  }

  package mutating func call(_ function: UnsafeRawPointer) {
    move(General.rax, immediate: UInt64(UInt(bitPattern: function)))
    byte(0xFF)
    byte(0xD0)
  }

  package mutating func push(_ register: UInt8) {
    reserve(8)
    if register > 7 { byte(0x41) }
    byte(0x50 | register & 7)
  }

  package mutating func pop(_ register: UInt8) {
    reserve(8)
    if register > 7 { byte(0x41) }
    byte(0x58 | register & 7)
  }

  package mutating func `return`() {
    reserve(8)
    byte(0xC3)
  }

  /// Instructions that do nothing, up to a multiple of `size`: those that the manual recommends
  /// for each length (volume 2, NOP), in pieces of up to eight bytes.
  package mutating func align(_ size: Int) {
    reserve(size)
    while count % size != 0 {
      let rest = min(size - count % size, 8)
      switch rest {
      case 1: byte(0x90)
      case 2: bytes([0x66, 0x90])
      case 3: bytes([0x0F, 0x1F, 0x00])
      case 4: bytes([0x0F, 0x1F, 0x40, 0x00])
      case 5: bytes([0x0F, 0x1F, 0x44, 0x00, 0x00])
      case 6: bytes([0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00])
      case 7: bytes([0x0F, 0x1F, 0x80, 0, 0, 0, 0])
      default: bytes([0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0])
      }
    }
  }

  private mutating func bytes(_ values: [UInt8]) { for value in values { byte(value) } }

  // MARK: Jumps

  /// Conditions of jumps, after comparing numbers without sign.
  package enum Condition: UInt8 {
    case below = 0x2, aboveOrEqual = 0x3, notEqual = 0x5, belowOrEqual = 0x6, above = 0x7
  }

  /// A jump to a place that is not known yet: where its distance goes.
  package mutating func jump(if condition: Condition) -> Int {
    reserve(8)
    byte(0x0F)
    byte(0x80 | condition.rawValue)
    word(0)
    return count - 4
  }

  /// Lets the jump whose distance is at `at` go to what comes next.
  package mutating func land(_ at: Int) { patch(at, Int32(truncatingIfNeeded: count - at - 4)) }

  package mutating func jump(if condition: Condition, to target: Int) {
    let at = jump(if: condition)
    patch(at, Int32(truncatingIfNeeded: target - count))
  }
}
