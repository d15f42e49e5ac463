/// Calls of functions from native code.

extension Generator {
  /// A call changes all vector registers; values that live on are saved before.
  mutating func call(_ k: Int, _ x: Instruction, _ callee: Callee) {
    let arguments = [x.a, x.b, x.c].prefix(callee.arity)
    for r in 0..<available {
      let value = holder[Int(r)]
      guard value >= 0, !hasMemory(value) else { continue }
      var later = upcoming[Int(value)]
      for (n, argument) in arguments.enumerated() where argument == value {
        later = next[3 * k + n]
      }
      if later != Self.never { save(value, r) }
    }
    for (n, argument) in arguments.enumerated() {
      let target = UInt8(n)
      // What is needed later and is in the way goes to memory.
      let there = holder[n]
      if there >= 0, there != argument, arguments.dropFirst(n + 1).contains(there),
        !hasMemory(there)
      {
        save(there, target)
      }
      if there >= 0, there != argument {
        register[Int(there)] = Address.none
        holder[n] = -1
      }
      if isHeld(argument) {
        copy(target, register[Int(argument)])
      } else {
        read(target, argument)
      }
    }
    for r in 0..<16 {
      if holder[r] >= 0 { register[Int(holder[r])] = Address.none }
      holder[r] = -1
    }
    release(k)
    switch callee.style {
    case .scalar, .vector: assembler.call(callee.function)
    case .each: callEach(callee)
    }
    define(k, 0)
  }

  /// Where the stack holds the operands and results of calls lane by lane.
  static let eachStart: Int32 = 64
  static let eachSize: Int32 = 128

  private mutating func callEach(_ callee: Callee) {
    func slot(_ n: Int, _ lane: Int32) -> Operand {
      .memory(
        Address(
          base: General.rsp,
          displacement: Self.eachStart + 32 * Int32(truncatingIfNeeded: n) + 8 * lane))
    }
    for n in 0..<callee.arity {
      assembler.vector(.store, four: true, UInt8(n), 0, slot(n, 0))
    }
    assembler.clearUpper()
    for lane in 0..<Int32(4) {
      for n in 0..<callee.arity {
        assembler.vector(.load, four: false, UInt8(n), 0, slot(n, lane))
      }
      assembler.call(callee.function)
      assembler.vector(.store, four: false, 0, 0, slot(3, lane))
    }
    assembler.vector(.load, four: true, 0, 0, slot(3, 0))
  }
}
