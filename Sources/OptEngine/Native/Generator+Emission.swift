/// The machine code of single instructions.

extension Generator {
  mutating func emit(_ k: Int, _ x: Instruction) {
    switch x.kind {
    case .memory, .fixed: break
    case .load:
      let r = take()
      let from = address(places[Int(x.number)])
      assembler.vector(.load, four: four, r, 0, .memory(from))
      define(k, r)
    case .maskedLoad:
      let mask = fetch(x.b)
      release(k)
      let r = take()
      let from = address(places[Int(x.number)])
      assembler.vector(.maskedLoad, four: four, r, mask, .memory(from))
      define(k, r)
    case .add: binary(k, x, .add, commutes: true)
    case .subtract: binary(k, x, .subtract)
    case .multiply: binary(k, x, .multiply, commutes: true)
    case .divide: binary(k, x, .divide)
    case .minimum: binary(k, x, .minimum)
    case .maximum: binary(k, x, .maximum)
    case .and: binary(k, x, .and, commutes: true, whole: true)
    case .or: binary(k, x, .or, commutes: true, whole: true)
    case .xor: binary(k, x, .xor, commutes: true, whole: true)
    case .shiftLeft: binary(k, x, .shiftLeft, whole: true)
    case .compare: binary(k, x, .compare, immediate: x.detail)
    case .blendKnown: binary(k, x, .blendKnown, immediate: x.detail)
    case .squareRoot: unary(k, x, .squareRoot, immediate: nil)
    case .round: unary(k, x, .round, immediate: x.detail)
    case .permute: unary(k, x, .permute, immediate: x.detail)
    case .blend: blend(k, x)
    case .fma: fused(k, x, .fma132, .fma213, .fma231)
    case .fms: fused(k, x, .fms132, .fms213, .fms231)
    case .fnma: fused(k, x, .fnma132, .fnma213, .fnma231)
    case .store, .keep:
      let r = fetch(x.a)
      let to = address(places[Int(x.number)])
      assembler.vector(.store, four: four, r, 0, .memory(to))
      release(k)
      if x.kind == .keep && !isLastUse(k, 0) { keep(x.a, at: x.number) }
    case .maskedStore:
      let (r, mask) = (fetch(x.a), fetch(x.b))
      let to = address(places[Int(x.number)])
      assembler.vector(.maskedStore, four: four, r, mask, .memory(to))
      release(k)
    case .accumulate:
      let from = last(k, 0, x.a)
      assembler.vector(.add, four: four, x.detail, x.detail, from)
      release(k)
    case .accumulateBits:
      let from = last(k, 0, x.a)
      assembler.vector(.or, four: four, x.detail, x.detail, from)
      release(k)
    case .accumulateProduct:
      let r = fetch(x.a)
      let other = last(k, 1, x.b)
      assembler.vector(.fma231, four: four, x.detail, r, other)
      release(k)
    case .assign:
      copy(x.detail, fetch(x.a))
      release(k)
    case .call: break
    }
  }

  private func number(_ operand: Operand) -> UInt8 {
    if case .register(let r) = operand { return r }
    return Address.none
  }

  private mutating func binary(
    _ k: Int, _ x: Instruction, _ form: Form, commutes: Bool = false, whole: Bool = false,
    immediate: UInt8? = nil
  ) {
    let swaps = commutes && !isHeld(x.a) && isHeld(x.b)
    let first = fetch(swaps ? x.b : x.a)
    let second = last(k, swaps ? 0 : 1, swaps ? x.a : x.b, whole: whole)
    release(k)
    let target = result(first, number(second))
    assembler.vector(form, four: four, target, first, second, immediate: immediate)
    define(k, target)
  }

  private mutating func unary(_ k: Int, _ x: Instruction, _ form: Form, immediate: UInt8?) {
    // On one number the upper lanes come from the second operand: the same register, so that
    // there is nothing to wait for.
    let from = four ? last(k, 0, x.a) : .register(fetch(x.a))
    release(k)
    let target = result(number(from))
    assembler.vector(form, four: four, target, four ? 0 : number(from), from, immediate: immediate)
    define(k, target)
  }

  private mutating func blend(_ k: Int, _ x: Instruction) {
    let (other, mask) = (fetch(x.a), fetch(x.c))
    let chosen = last(k, 1, x.b, whole: true)
    release(k)
    let target = result(other, mask, number(chosen))
    assembler.vector(.blend, four: four, target, other, chosen, immediate: mask << 4)
    define(k, target)
  }

  /// a·b ± c into the register of an operand that nobody reads any more, if there is one.
  private mutating func fused(
    _ k: Int, _ x: Instruction, _ form132: Form, _ form213: Form, _ form231: Form
  ) {
    func dies(_ operand: Int, _ value: Int32) -> Bool {
      isLastUse(k, operand) && register(of: value) < available
    }
    if dies(2, x.c) {
      let target = fetch(x.c)
      let swaps = !isHeld(x.a) && isHeld(x.b)
      let first = fetch(swaps ? x.b : x.a)
      let second = last(k, swaps ? 0 : 1, swaps ? x.a : x.b)
      finish(k, target, first, second, form231)
      return
    }
    let swaps = !dies(0, x.a)
    if dies(swaps ? 1 : 0, swaps ? x.b : x.a) {
      let target = fetch(swaps ? x.b : x.a)
      let (other, place) = swaps ? (x.a, 0) : (x.b, 1)
      if isHeld(x.c) && !isHeld(other) {
        let third = fetch(x.c)
        finish(k, target, third, last(k, place, other), form132)
      } else {
        let first = fetch(other)
        finish(k, target, first, last(k, 2, x.c), form213)
      }
      return
    }
    let swapped = !isHeld(x.a) && isHeld(x.b)
    let first = fetch(swapped ? x.b : x.a)
    let target: UInt8
    if isHeld(x.c) {
      let source = fetch(x.c)
      target = take()
      copy(target, source)
    } else {
      target = take()
      read(target, x.c)
    }
    let second = last(k, swapped ? 0 : 1, swapped ? x.a : x.b)
    finish(k, target, first, second, form231)
  }

  private mutating func finish(
    _ k: Int, _ target: UInt8, _ first: UInt8, _ second: Operand, _ form: Form
  ) {
    assembler.vector(form, four: four, target, first, second)
    release(k)
    define(k, target)
  }
}
