/// Scalar code as machine code: the words of a tape, in the order of the graph.
import CKernels

/// What a tape needs to know of the program around it.
struct TapeContext {
  /// The order of the graph: place number k is computed in turn `sequence[k]` … see `Emitter`.
  var sequence: UnsafePointer<Int32>
  /// Which scalars something outside their own tape reads.
  var escapes: UnsafePointer<Bool>
  var baseCount: Int
}

/// Compiles one tape.
struct TapeCompiler: ~Copyable {
  private let context: TapeContext
  /// Set where the tape is the body of a loop.
  private let frame: LoopFrame?
  private var lowering = Lowering()
  /// Values by place, from `first` on.
  private var values: [Int32]
  private let first: Int
  /// Scalars from before, and what the tape wrote to arrays.
  private var others: [Int32: Int32] = [:]
  private var written: [Int32: Int32] = [:]
  /// The last write to each element, by its place in the tape: only that goes to memory.
  private var lastWrites: [Int32: Int32] = [:]
  private var spillPlaces: [MemoryPlace] = []
  /// Values on the way to an element of an array, which have no place of their own to be kept in.
  private var placeless = 0
  private var calls = false

  /// The longest tape in operations; each takes about 12 bytes of code.
  static let limit = 4_000_000

  /// Machine code for the words `from ..< to`.
  static func compile(
    _ words: UnsafePointer<Int32>, _ from: Int, _ to: Int, _ context: TapeContext, limit: Int
  ) throws -> Code {
    guard to - from <= 3 * limit else { throw NotNative.tooLarge }
    var compiler = TapeCompiler(words, from, to, context)
    try compiler.lower(words, from, to)
    return try compiler.emit()
  }

  /// Machine code for all turns of a loop whose body these words are.
  static func compile(
    _ words: UnsafePointer<Int32>, _ from: Int, _ to: Int, _ context: TapeContext,
    loop frame: LoopFrame
  ) throws -> Code {
    guard to - from <= 3 * limit else { throw NotNative.tooLarge }
    var compiler = TapeCompiler(words, from, to, context, frame)
    try compiler.lower(words, from, to)
    compiler.endTurn(frame)
    return try compiler.emitLoop(frame)
  }

  private init(
    _ words: UnsafePointer<Int32>, _ from: Int, _ to: Int, _ context: TapeContext,
    _ frame: LoopFrame? = nil
  ) {
    self.context = context
    self.frame = frame
    var (low, high) = (Int.max, 0)
    var place = 0
    Tape.forEach(words, from, to) { operation, count, _ in
      if operation == Int32(CK_START) {
        place = count
      } else if Tape.defines(operation) {
        low = min(low, place)
        place += count
        high = max(high, place)
      }
    }
    // From place 0 on, unless that is wasteful: the tape reads constants and earlier scalars too.
    first = high <= 4 * (high - min(low, high)) + 1024 ? 0 : min(low, high)
    values = [Int32](repeating: -1, count: high - first)
    lowering.reserve(2 * values.count + 16)
  }

  // MARK: Lowering

  /// Operations of a stretch, by the place of their result: header and operands in the tape.
  private struct Definition {
    var operation: Int32 = 0
    var function: Int32 = 0
    var operands = 0
  }

  private mutating func lower(_ words: UnsafePointer<Int32>, _ from: Int, _ to: Int) throws {
    noteWrites(words, from, to)
    var definitions = [Definition](repeating: Definition(), count: values.count)
    var (start, end) = (0, 0)
    var at = from
    while at < to {
      let operation = words[at]
      let count = Int(words[at + 1])
      let arity = Tape.arity(operation)
      let isCall = Tape.isCall(operation)
      let operands = at + 2 + (isCall ? 1 : 0)
      if operation == Int32(CK_START) {
        try lower(words, &definitions, start..<end)
        (start, end) = (count, count)
        at += 2
        continue
      }
      if Tape.defines(operation) {
        for k in 0..<count {
          definitions[end - first + k] = Definition(
            operation: operation, function: isCall ? words[at + 2] : 0,
            operands: operands + k * arity)
        }
        end += count
      } else {
        try lower(words, &definitions, start..<end)
        start = end
        for k in 0..<count {
          let (target, source) = (words[operands + 2 * k], value(words[operands + 2 * k + 1]))
          let value =
            operation == Int32(CK_STORE)
            ? source : lowering.add(.add, element(target), source)
          if operation == Int32(CK_INCREASE) { placeless += 2 }
          written[target] = value
          if lastWrites[target] == Int32(truncatingIfNeeded: operands + 2 * k) {
            lowering.add(.store, lowering.number(value), number: try place(0, Int(target)))
          }
        }
      }
      at = operands + count * arity
    }
    try lower(words, &definitions, start..<end)
  }

  private mutating func noteWrites(_ words: UnsafePointer<Int32>, _ from: Int, _ to: Int) {
    var writes: [Int32: Int32] = [:]
    Tape.forEach(words, from, to) { operation, count, operands in
      guard operation == Int32(CK_STORE) || operation == Int32(CK_INCREASE) else { return }
      for k in 0..<count {
        writes[words[operands + 2 * k]] = Int32(truncatingIfNeeded: operands + 2 * k)
      }
    }
    lastWrites = writes
  }

  /// The operations that compute the places of `range`.
  private mutating func lower(
    _ words: UnsafePointer<Int32>, _ definitions: inout [Definition], _ range: Range<Int>
  ) throws {
    for turn in range {
      let place = Int(context.sequence[turn])
      let definition = definitions[place - first]
      let at = words + definition.operands
      var value: Int32
      let operation = definition.operation
      if operation == Int32(CK_LOAD) {
        value = try load(at[0], at[1])
      } else {
        let arity = Tape.arity(operation)
        let x = self.value(at[0])
        let y = arity > 1 ? self.value(at[1]) : -1
        let z = arity > 2 ? self.value(at[2]) : -1
        if Tape.isCall(operation) {
          guard let function = Kernels.shared.functions[Int(definition.function)] else {
            throw NotNative.unknownOperation
          }
          value = lowering.call(
            Callee(function: function, arity: arity, style: .scalar), x, y, z)
          calls = true
        } else {
          value = try lowering.operation(operation, x, y, z)
        }
      }
      values[place - first] = value
      let own = try self.place(0, place)
      if frame == nil, context.escapes[place] {
        value = lowering.number(value)
        lowering.add(.keep, value, number: own)
      } else {
        spillPlaces.append(lowering.places[Int(own)])
      }
    }
  }

  /// The value of a scalar.
  private mutating func value(_ place: Int32) -> Int32 {
    let k = Int(place) - first
    if k >= 0 && k < values.count && values[k] >= 0 { return values[k] }
    if let known = written[place] { return known }
    let inside = k >= 0 && k < values.count
    if !inside, let known = others[place] { return known }
    let number = lowering.place(MemoryPlace(base: 0, displacement: 8 &* place))
    let value = lowering.add(.memory, number: number)
    if inside { values[k] = value } else { others[place] = value }
    return value
  }

  private mutating func place(_ base: Int32, _ offset: Int) throws -> Int32 {
    guard offset >= 0, offset < Int(Int32.max) / 8 - 64 else { throw NotNative.tooFar }
    return lowering.place(
      MemoryPlace(base: base, displacement: Int32(truncatingIfNeeded: 8 * offset)))
  }

  /// An element of an array in the workspace, as the tape has left it.
  private mutating func element(_ offset: Int32) -> Int32 {
    if let known = written[offset] { return known }
    let number = lowering.place(MemoryPlace(base: 0, displacement: 8 &* offset))
    return lowering.add(.load, number: number)
  }

  private mutating func load(_ base: Int32, _ offset: Int32) throws -> Int32 {
    if let frame, base > 0 {
      guard let place = frame.place(base, offset) else { throw NotNative.unknownOperation }
      let number = lowering.place(place)
      return lowering.add(.memory, number: number)
    }
    let number = try place(base, Int(offset))
    if base == 0 { return written[offset] ?? lowering.add(.load, number: number) }
    return lowering.add(.memory, number: number)
  }

  // MARK: Loops

  /// What a turn leaves behind: the state before it where that is kept, stacks, the new state.
  private mutating func endTurn(_ frame: LoopFrame) {
    func store(_ value: Int32, _ place: MemoryPlace) {
      lowering.add(.store, lowering.number(value), number: lowering.place(place))
    }
    func read(_ place: MemoryPlace) -> Int32 {
      lowering.add(.load, number: lowering.place(place))
    }
    for (slot, place) in frame.kept { store(read(slot), place) }
    for (source, place) in frame.stacks { store(value(source), place) }
    // Values of the state itself are read before it changes.
    var next: [Int32] = []
    for (source, slot) in frame.carries {
      var value = self.value(source)
      let x = lowering.code[Int(value)]
      if x.kind == .memory, lowering.places[Int(x.number)].base == slot.base {
        value = read(lowering.places[Int(x.number)])
      }
      next.append(lowering.number(value))
    }
    let one = lowering.constant((frame.step < 0 ? -1.0 : 1.0).bitPattern)
    let turn = lowering.add(.add, read(frame.index), one)
    for (value, (_, slot)) in zip(next, frame.carries) { store(value, slot) }
    store(turn, frame.index)
  }

  private mutating func emitLoop(_ frame: LoopFrame) throws -> Code {
    var generator = Generator(four: false, capacity: 12 * lowering.code.count + 512)
    generator.assembler.pool = lowering.pool
    generator.spillPlaces = spillPlaces
    generator.spillLimit = spillPlaces.count
    generator.bases = [UInt8](repeating: Address.none, count: context.baseCount)
    // The last one keeps the stack aligned for calls.
    let saved: [UInt8] =
      calls
      ? [
        General.rbp, General.rbx, General.r12, General.r13, General.r14, General.r15, General.rdx,
      ] : [General.rbp]
    let last = calls ? General.r13 : General.rcx
    var free = calls ? [General.r15, General.r14] : Self.scratch.dropLast()
    for register in saved { generator.assembler.push(register) }
    if calls {
      generator.assembler.move(General.rbx, from: .register(General.rdi))
      generator.assembler.move(General.r12, from: .register(General.rsi))
      generator.assembler.move(General.r13, from: .register(General.rcx))
      generator.table = General.r12
    }
    generator.assembler.move(General.rbp, from: .register(General.rdx))
    generator.assembler.timesEight(General.rbp)
    generator.assembler.timesEight(last)
    generator.bases[0] = calls ? General.rbx : General.rdi
    for place in lowering.places where place.base > 0 {
      guard generator.bases[Int(place.base)] == Address.none else { continue }
      guard let register = free.popLast() else { break }
      generator.bases[Int(place.base)] = register
      generator.assembler.move(
        register,
        from: .memory(Address(base: generator.table, displacement: 8 &* place.base)))
    }
    generator.assembler.align(32)
    let top = generator.assembler.count
    try lowering.code.withUnsafeBufferPointer { code in
      try lowering.places.withUnsafeBufferPointer { places in
        try generator.generate(code, places, lowering.callees)
      }
    }
    generator.assembler.add(General.rbp, immediate: frame.step)
    generator.assembler.compare(General.rbp, last)
    generator.assembler.jump(if: .notEqual, to: top)
    for register in saved.reversed() { generator.assembler.pop(register) }
    generator.assembler.return()
    let (registers, spills) = (generator.registerCount, Int(generator.spillCount))
    guard let code = Code(&generator.assembler, registers: registers, spills: spills) else {
      throw NotNative.noMemory
    }
    return code
  }

  // MARK: Code

  private mutating func emit() throws -> Code {
    var generator = Generator(four: false, capacity: 12 * lowering.code.count + 512)
    generator.assembler.pool = lowering.pool
    generator.spillPlaces = spillPlaces
    // On the stack, which keeps its alignment for calls.
    let onStack = min(placeless + placeless % 2, Self.largestOnStack)
    generator.spillLimit = spillPlaces.count + onStack
    generator.bases = [UInt8](repeating: Address.none, count: context.baseCount)
    let saved: [UInt8] =
      calls ? [General.rbx, General.r12, General.r13, General.r14, General.r15] : []
    var free = calls ? [General.r15, General.r14, General.r13] : Self.scratch
    for register in saved { generator.assembler.push(register) }
    let frame = Int32(truncatingIfNeeded: 8 * onStack)
    if frame > 0 { generator.assembler.subtract(General.rsp, immediate: frame) }
    if calls {
      generator.assembler.move(General.rbx, from: .register(General.rdi))
      generator.assembler.move(General.r12, from: .register(General.rsi))
      generator.table = General.r12
    }
    generator.bases[0] = calls ? General.rbx : General.rdi
    for place in lowering.places where place.base > 0 {
      guard generator.bases[Int(place.base)] == Address.none else { continue }
      guard let register = free.popLast() else { break }
      generator.bases[Int(place.base)] = register
      generator.assembler.move(
        register,
        from: .memory(Address(base: generator.table, displacement: 8 &* place.base)))
    }
    try lowering.code.withUnsafeBufferPointer { code in
      try lowering.places.withUnsafeBufferPointer { places in
        try generator.generate(code, places, lowering.callees)
      }
    }
    if frame > 0 { generator.assembler.add(General.rsp, immediate: frame) }
    for register in saved.reversed() { generator.assembler.pop(register) }
    generator.assembler.return()
    let (registers, spills) = (generator.registerCount, Int(generator.spillCount))
    guard let code = Code(&generator.assembler, registers: registers, spills: spills) else {
      throw NotNative.noMemory
    }
    return code
  }

  private static let largestOnStack = 4096

  private static let scratch = [
    General.r11, General.r10, General.r9, General.r8, General.rdx, General.rcx,
  ]
}

/// How the words of a tape are laid out.
enum Tape {
  static func isCall(_ operation: Int32) -> Bool {
    operation >= Int32(CK_CALL1) && operation <= Int32(CK_CALL3)
  }

  /// Words for each result.
  static func arity(_ operation: Int32) -> Int {
    switch Int(operation) {
    case CK_START: 0
    case CK_NEG...CK_COPY, CK_CALL1: 1
    case CK_LOAD...CK_INCREASE, CK_ADD...CK_OR, CK_CALL2: 2
    default: 3
    }
  }

  /// Whether its results are new scalars.
  static func defines(_ operation: Int32) -> Bool {
    operation == Int32(CK_LOAD) || operation >= Int32(CK_NEG)
  }

  /// Operations, how many of each (or where results go now), and where operands begin.
  static func forEach(
    _ words: UnsafePointer<Int32>, _ from: Int, _ to: Int,
    _ visit: (_ operation: Int32, _ count: Int, _ operands: Int) -> Void
  ) {
    var at = from
    while at < to {
      let (operation, count) = (words[at], Int(words[at + 1]))
      at += 2 + (isCall(operation) ? 1 : 0)
      visit(operation, count, at)
      if operation != Int32(CK_START) { at += count * arity(operation) }
    }
  }
}
