/// Elementwise loops as machine code: eight elements in a turn, then up to four at a time under a
/// mask.
///
/// The function has the type `strip_code` in Native.c. Its frame, aligned to 32 bytes, holds the old
/// stack pointer, the address of what is carried, the mask of the tail, operands of calls that are
/// made lane by lane, repeated numbers, and values for which there was no register.
import CKernels

struct StripCompiler: ~Copyable {
  private let outline: StripOutline
  private var lowering: StripLowering
  private var generator: Generator
  private var frameAt = 0
  /// Repeated numbers that live in registers.
  private var hoisted: [(place: MemoryPlace, register: UInt8)] = []

  /// The longest strip program; with this much code, what a loop costs beside its work is nothing.
  static let limit = 20_000

  static func compile(_ outline: StripOutline, baseCount: Int) throws -> Code {
    guard outline.ops.count <= limit else { throw NotNative.tooLarge }
    var compiler = StripCompiler(outline, baseCount)
    return try compiler.emit()
  }

  private init(_ outline: StripOutline, _ baseCount: Int) {
    self.outline = outline
    lowering = StripLowering(outline)
    generator = Generator(four: true, capacity: 64 * outline.ops.count + 1024)
    generator.bases = [UInt8](repeating: Address.none, count: baseCount)
    generator.table = General.r12
    generator.spillStart =
      StripLowering.pinnedStart + 32 * Int32(truncatingIfNeeded: outline.pinned.count)
  }

  private var hasCalls: Bool { !lowering.lowering.callees.isEmpty }

  private mutating func emit() throws -> Code {
    // Once to learn what there is, once with registers set aside.
    try lowering.main()
    if !hasCalls { setAside() }
    try lowering.main()
    if !hasCalls { hoist() }
    prologue()
    enterLoop()
    try loop()
    try tail()
    epilogue()
    generator.assembler.pool = lowering.lowering.pool
    let frame = generator.spillStart + 32 * generator.spillCount + 32
    generator.assembler.patch(frameAt, frame)
    let (registers, spills) = (generator.registerCount, Int(generator.spillCount))
    guard let code = Code(&generator.assembler, registers: registers, spills: spills) else {
      throw NotNative.noMemory
    }
    return code
  }

  private mutating func generate() throws {
    try lowering.lowering.code.withUnsafeBufferPointer { code in
      try lowering.lowering.places.withUnsafeBufferPointer { places in
        try generator.generate(code, places, lowering.lowering.callees)
      }
    }
  }

  // MARK: Registers

  /// Registers for partial sums and carried values, as far as there are enough.
  private mutating func setAside() {
    let sums = 2 * outline.step.sumCount
    if sums <= 6 {
      lowering.sumRegisters = (0..<sums).map { _ in next() }
    }
    if outline.checks { lowering.checkRegister = next() }
    if outline.carriedCount <= 4 {
      lowering.carriedRegisters = (0..<outline.carriedCount).map { _ in next() }
    }
  }

  private mutating func next() -> UInt8 {
    generator.available -= 1
    return generator.available
  }

  /// Repeated numbers that are read most get the registers that the loop does not need.
  private mutating func hoist() {
    let code = lowering.lowering.code
    var uses = [Int](repeating: 0, count: code.count)
    var isLive = [Bool](repeating: false, count: code.count)
    var (live, most) = (0, 0)
    func isComputed(_ value: Int32) -> Bool {
      let kind = code[Int(value)].kind
      return kind != .memory && kind != .fixed
    }
    for k in code.indices.reversed() {
      let x = code[k]
      if isLive[k] { live -= 1 }
      for operand in [x.a, x.b, x.c] where operand >= 0 {
        uses[Int(operand)] += 1
        if isComputed(operand), !isLive[Int(operand)] {
          isLive[Int(operand)] = true
          live += 1
        }
      }
      most = max(most, live)
    }
    // One for a result, one for an operand in memory.
    let room = Int(generator.available) - most - 2
    let candidates = code.indices.filter { k in
      code[k].kind == .memory && uses[k] > 0
        && !lowering.lowering.places[Int(code[k].number)].isIndexed
    }
    for k in candidates.sorted(by: { uses[$0] > uses[$1] }).prefix(max(room, 0)) {
      hoisted.append((lowering.lowering.places[Int(code[k].number)], next()))
    }
  }

  private mutating func useHoisted() {
    guard !hoisted.isEmpty else { return }
    for k in lowering.lowering.code.indices where lowering.lowering.code[k].kind == .memory {
      let place = lowering.lowering.places[Int(lowering.lowering.code[k].number)]
      guard
        let known = hoisted.first(where: {
          $0.place.base == place.base && $0.place.displacement == place.displacement
        })
      else { continue }
      lowering.lowering.code[k].kind = .fixed
      lowering.lowering.code[k].detail = known.register
    }
  }

  // MARK: Around the loop

  private static let saved = [
    General.rbx, General.rbp, General.r12, General.r13, General.r14, General.r15,
  ]

  private mutating func prologue() {
    for register in Self.saved { generator.assembler.push(register) }
    generator.assembler.move(General.rax, from: .register(General.rsp))
    generator.assembler.subtract(General.rsp, immediate: 0)
    frameAt = generator.assembler.count - 4
    generator.assembler.and(General.rsp, immediate: -32)
    generator.assembler.move(General.rax, to: stack(0))
    generator.assembler.move(General.rdx, to: stack(8))
    generator.assembler.move(General.r12, from: .register(General.rdi))
    generator.assembler.move(General.rbp, from: .register(General.rcx))
    generator.assembler.timesEight(General.rbp)
    generator.assembler.move(General.r13, from: .register(General.r8))
    generator.assembler.timesEight(General.r13)
    generator.assembler.move(General.r14, from: .register(General.rsi))
    generator.assembler.move(General.r15, from: .register(General.r9))
    var free = [General.rbx]
    if !hasCalls {
      free += [
        General.rcx, General.rdx, General.rsi, General.rdi, General.r8, General.r9, General.r10,
      ]
    }
    for place in lowering.lowering.places where place.base >= 0 && place.isIndexed {
      guard generator.bases[Int(place.base)] == Address.none else { continue }
      guard !free.isEmpty else { break }
      let register = free.removeFirst()
      generator.bases[Int(place.base)] = register
      generator.assembler.move(
        register, from: .memory(Address(base: General.r12, displacement: 8 &* place.base)))
    }
  }

  private func stack(_ displacement: Int32) -> Address {
    Address(base: General.rsp, displacement: displacement)
  }

  /// Spreads repeated numbers and loads what the loop keeps in registers.
  private mutating func enterLoop() {
    for (k, operand) in outline.pinned.enumerated() {
      let place = MemoryPlace(
        base: MemoryPlace.stack,
        displacement: StripLowering.pinnedStart + 32 * Int32(truncatingIfNeeded: k))
      let known = hoisted.first {
        $0.place.base == place.base && $0.place.displacement == place.displacement
      }
      let register = known?.register ?? 0
      let from = pinnedAddress(operand)
      generator.assembler.vector(.broadcast, four: true, register, 0, .memory(from))
      if known == nil {
        generator.assembler.vector(
          .store, four: true, 0, 0, .memory(stack(place.displacement)))
      }
    }
    for (place, register) in hoisted where place.base == MemoryPlace.pool {
      load(register, place)
    }
    for (k, register) in lowering.sumRegisters.enumerated() {
      load(register, StripLowering.partial(k / 2, k % 2))
    }
    if let register = lowering.checkRegister {
      load(register, StripLowering.carriedPlace(outline.carriedCount))
    }
    for (k, register) in lowering.carriedRegisters.enumerated() {
      load(register, StripLowering.carriedPlace(k))
    }
  }

  /// Large offsets are added up in a register.
  private mutating func pinnedAddress(_ operand: ck_operand) -> Address {
    let base = generator.address(MemoryPlace(base: operand.base, displacement: 0))
    let offset = 8 * operand.offset
    if let small = Int32(exactly: offset) { return Address(base: base.base, displacement: small) }
    generator.assembler.move(
      General.r11, immediate: UInt64(bitPattern: Int64(truncatingIfNeeded: offset)))
    generator.assembler.add(General.r11, base.base)
    return Address(base: General.r11, displacement: 0)
  }

  private mutating func load(_ register: UInt8, _ place: MemoryPlace) {
    let from = generator.address(place)
    generator.assembler.vector(.load, four: true, register, 0, .memory(from))
  }

  // MARK: The loops

  private static let step: Int32 = 64

  private mutating func loop() throws {
    let next = Address(base: General.rbp, displacement: Self.step)
    generator.assembler.loadAddress(General.rax, next)
    generator.assembler.compare(General.rax, General.r13)
    let leave = generator.assembler.jump(if: .above)
    generator.assembler.align(32)
    let top = generator.assembler.count
    useHoisted()
    try generate()
    generator.assembler.add(General.rbp, immediate: Self.step)
    generator.assembler.loadAddress(General.rax, next)
    generator.assembler.compare(General.rax, General.r13)
    generator.assembler.jump(if: .belowOrEqual, to: top)
    generator.assembler.land(leave)
    for (k, register) in lowering.sumRegisters.enumerated() {
      let to = generator.address(StripLowering.partial(k / 2, k % 2))
      generator.assembler.vector(.store, four: true, register, 0, .memory(to))
    }
    if let register = lowering.checkRegister {
      let to = generator.address(StripLowering.carriedPlace(outline.carriedCount))
      generator.assembler.vector(.store, four: true, register, 0, .memory(to))
    }
    if outline.carriedCount > 0 {
      lowering.checkRegister = nil
      try lowering.exit()
      useHoisted()
      try generate()
    }
  }

  private mutating func tail() throws {
    generator.assembler.compare(General.rbp, General.r13)
    let leave = generator.assembler.jump(if: .aboveOrEqual)
    let top = generator.assembler.count
    // The mask of as many lanes as there are elements left, up to four.
    generator.assembler.move(General.rax, from: .register(General.r13))
    generator.assembler.subtract(General.rax, General.rbp)
    generator.assembler.compare(General.rax, immediate: 32)
    let few = generator.assembler.jump(if: .belowOrEqual)
    generator.assembler.move(General.rax, immediate: 32)
    generator.assembler.land(few)
    generator.assembler.loadAddress(
      General.r11, Address(base: Address.pool, displacement: 32))
    generator.assembler.subtract(General.r11, General.rax)
    generator.assembler.vector(
      .load, four: true, 0, 0, .memory(Address(base: General.r11, displacement: 0)))
    generator.assembler.vector(
      .store, four: true, 0, 0, .memory(stack(StripLowering.maskPlace.displacement)))
    lowering.checkRegister = nil
    try lowering.tail()
    useHoisted()
    try generate()
    generator.assembler.add(General.rbp, immediate: 32)
    if outline.usesSums { generator.assembler.add(General.r14, immediate: 32) }
    generator.assembler.compare(General.rbp, General.r13)
    generator.assembler.jump(if: .below, to: top)
    generator.assembler.land(leave)
  }

  private mutating func epilogue() {
    generator.assembler.clearUpper()
    generator.assembler.move(General.rsp, from: .memory(stack(0)))
    for register in Self.saved.reversed() { generator.assembler.pop(register) }
    generator.assembler.return()
  }
}
