/// From instructions to machine code: gives out the sixteen vector registers.
///
/// One sweep backwards notes when each value is read next; one sweep forwards emits code and, where
/// a register is wanted and none is free, takes the one whose value is read last (Belady, "A study
/// of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5, 1966). Values
/// in memory are read again instead of being saved.
import CKernels

struct Generator: ~Copyable {
  var assembler: Assembler
  /// Four numbers at a time, or one.
  let four: Bool
  /// Registers from here on are set aside.
  var available: UInt8 = 16
  /// The general register that holds the beginning of a memory, by number, or `Address.none`.
  var bases: [UInt8] = []
  /// Where the beginnings of memories are listed.
  var table = General.rsi
  var index = General.rbp
  var sums = General.r14
  var buffers = General.r15
  /// Where values go that no register is left for: places in the workspace, then on the stack from
  /// `spillStart` on.
  var spillPlaces: [MemoryPlace] = []
  var spillStart: Int32 = 0
  var spillLimit = 1024
  private(set) var spillCount: Int32 = 0
  private var freeSpills: [Int32] = []
  private var pendingSpills: [Int32] = []

  static let never = Int32.max
  /// A value in memory that is read again within so many instructions gets a register.
  private static let near: Int32 = 24

  // Of the code that is being generated.
  private(set) var code = UnsafeBufferPointer<Instruction>(start: nil, count: 0)
  private(set) var places = UnsafeBufferPointer<MemoryPlace>(start: nil, count: 0)
  var next: UnsafeMutablePointer<Int32>
  var upcoming: UnsafeMutablePointer<Int32>
  var register: UnsafeMutablePointer<UInt8>
  /// A spill, or -2 - a place where the value is kept, or -1.
  var spill: UnsafeMutablePointer<Int32>
  let holder: UnsafeMutablePointer<Int32>
  private var locked: UInt32 = 0
  private var used: UInt32 = 0
  /// How many registers hold values at some time.
  var registerCount: Int { used.nonzeroBitCount }

  init(four: Bool, capacity: Int) {
    self.four = four
    assembler = Assembler(capacity: capacity)
    holder = Memory.allocate(-1, 16)
    next = .allocate(capacity: 1)
    upcoming = .allocate(capacity: 1)
    register = .allocate(capacity: 1)
    spill = .allocate(capacity: 1)
  }

  deinit {
    next.deallocate()
    upcoming.deallocate()
    register.deallocate()
    spill.deallocate()
    holder.deallocate()
  }

  // MARK: Sweeps

  /// Emits `code`.
  mutating func generate(
    _ code: UnsafeBufferPointer<Instruction>, _ places: UnsafeBufferPointer<MemoryPlace>,
    _ callees: [Callee]
  ) throws {
    begin(code, places)
    for k in 0..<code.count {
      locked = 0
      if !pendingSpills.isEmpty {
        freeSpills += pendingSpills
        pendingSpills.removeAll(keepingCapacity: true)
      }
      assembler.reserve(256)
      let x = code[k]
      if x.kind == .call {
        call(k, x, callees[Int(x.number)])
      } else {
        emit(k, x)
      }
      if spillCount > spillLimit { throw NotNative.tooLarge }
    }
  }

  private mutating func begin(
    _ code: UnsafeBufferPointer<Instruction>, _ places: UnsafeBufferPointer<MemoryPlace>
  ) {
    self.code = code
    self.places = places
    next.deallocate()
    upcoming.deallocate()
    register.deallocate()
    spill.deallocate()
    next = .allocate(capacity: 3 * code.count + 1)
    upcoming = Memory.allocate(Self.never, code.count)
    register = Memory.allocate(Address.none, code.count)
    spill = Memory.allocate(-1, code.count)
    for r in 0..<16 { holder[r] = -1 }
    freeSpills.removeAll(keepingCapacity: true)
    pendingSpills.removeAll(keepingCapacity: true)
    freeSpills += (0..<spillCount).reversed()
    for k in stride(from: code.count - 1, through: 0, by: -1) {
      let x = code[k]
      if x.a >= 0 { next[3 * k] = upcoming[Int(x.a)] }
      if x.b >= 0 { next[3 * k + 1] = upcoming[Int(x.b)] }
      if x.c >= 0 { next[3 * k + 2] = upcoming[Int(x.c)] }
      let now = Int32(truncatingIfNeeded: k)
      if x.a >= 0 { upcoming[Int(x.a)] = now }
      if x.b >= 0 { upcoming[Int(x.b)] = now }
      if x.c >= 0 { upcoming[Int(x.c)] = now }
      if x.kind == .fixed { register[k] = x.detail }
    }
  }

  // MARK: Memory

  /// The address of a place; may load its base into a register that nothing else keeps a value in.
  mutating func address(_ place: MemoryPlace) -> Address {
    let index = place.isIndexed ? index : Address.none
    let base: UInt8
    switch place.base {
    case MemoryPlace.stack: base = General.rsp
    case MemoryPlace.pool: base = Address.pool
    case MemoryPlace.sums: base = sums
    case MemoryPlace.buffers: base = buffers
    case MemoryPlace.carried:
      base = General.rax
      assembler.move(base, from: .memory(Address(base: General.rsp, displacement: 8)))
    default:
      let known = bases[Int(place.base)]
      if known != Address.none {
        base = known
      } else {
        base = General.rax
        assembler.move(
          base,
          from: .memory(
            Address(base: table, displacement: 8 &* place.base)))
      }
    }
    return Address(base: base, index: index, displacement: place.displacement)
  }

  private func spillPlace(_ number: Int32) -> MemoryPlace {
    if Int(number) < spillPlaces.count { return spillPlaces[Int(number)] }
    let size: Int32 = four ? 32 : 8
    let k = number - Int32(truncatingIfNeeded: spillPlaces.count)
    return MemoryPlace(base: MemoryPlace.stack, displacement: spillStart + k * size)
  }

  /// Where a value is found in memory.
  private func memory(_ value: Int32) -> MemoryPlace? {
    let x = code[Int(value)]
    if x.kind == .memory { return places[Int(x.number)] }
    let spill = spill[Int(value)]
    if spill == -1 { return nil }
    return spill < -1 ? places[Int(-2 - spill)] : spillPlace(spill)
  }

  func hasMemory(_ value: Int32) -> Bool {
    spill[Int(value)] != -1 || code[Int(value)].kind == .memory
  }

  /// Gives a value a place in memory.
  mutating func save(_ value: Int32, _ r: UInt8) {
    let number: Int32
    if let free = freeSpills.popLast() {
      number = free
    } else {
      number = spillCount
      spillCount += 1
    }
    spill[Int(value)] = number
    let target = address(spillPlace(number))
    assembler.vector(.store, four: four, r, 0, .memory(target))
  }

  mutating func copy(_ r: UInt8, _ other: UInt8) {
    if r != other { assembler.vector(.copy, four: four, r, 0, .register(other)) }
  }

  mutating func read(_ r: UInt8, _ value: Int32) {
    guard let place = memory(value) else { return }
    let from = address(place)
    assembler.vector(.load, four: four, r, 0, .memory(from))
  }

  // MARK: Registers

  @inline(__always) mutating func lock(_ r: UInt8) { locked |= 1 << UInt32(r) }

  /// A register for something new. It is not taken from values that are locked.
  mutating func take() -> UInt8 {
    var best: UInt8 = 0
    var furthest: Int32 = -1
    for r in 0..<available where locked & (1 << UInt32(r)) == 0 {
      let value = holder[Int(r)]
      if value < 0 {
        lock(r)
        return r
      }
      if upcoming[Int(value)] > furthest {
        furthest = upcoming[Int(value)]
        best = r
      }
    }
    evict(best)
    lock(best)
    return best
  }

  private mutating func evict(_ r: UInt8) {
    let value = holder[Int(r)]
    guard value >= 0 else { return }
    if upcoming[Int(value)] != Self.never && !hasMemory(value) { save(value, r) }
    register[Int(value)] = Address.none
    holder[Int(r)] = -1
  }

  private mutating func hold(_ value: Int32, _ r: UInt8) {
    holder[Int(r)] = value
    register[Int(value)] = r
    used |= 1 << UInt32(r)
    lock(r)
  }

  func register(of value: Int32) -> UInt8 { register[Int(value)] }
  func isHeld(_ value: Int32) -> Bool { register[Int(value)] != Address.none }

  /// The register of a value, which is loaded if need be.
  mutating func fetch(_ value: Int32) -> UInt8 {
    let known = register[Int(value)]
    if known != Address.none {
      lock(known)
      return known
    }
    let r = take()
    read(r, value)
    hold(value, r)
    return r
  }

  /// A value as the last operand of an instruction: a register, or memory if it is not read again
  /// soon. Nothing may come between this and the instruction but `take`.
  mutating func last(_ k: Int, _ operand: Int, _ value: Int32, whole: Bool = false) -> Operand {
    let known = register[Int(value)]
    if known != Address.none {
      lock(known)
      return .register(known)
    }
    let later = next[3 * k + operand]
    if later != Self.never && later - Int32(truncatingIfNeeded: k) < Self.near {
      return .register(fetch(value))
    }
    guard let place = memory(value), four || !whole || place.base == MemoryPlace.pool else {
      return .register(fetch(value))
    }
    return .memory(address(place))
  }

  func isLastUse(_ k: Int, _ operand: Int) -> Bool { next[3 * k + operand] == Self.never }

  /// Notes that instruction `k` has read its operands.
  mutating func release(_ k: Int) {
    let x = code[k]
    if x.a >= 0 { release(x.a, next[3 * k]) }
    if x.b >= 0 { release(x.b, next[3 * k + 1]) }
    if x.c >= 0 { release(x.c, next[3 * k + 2]) }
  }

  private mutating func release(_ value: Int32, _ later: Int32) {
    upcoming[Int(value)] = later
    guard later == Self.never else { return }
    let r = register[Int(value)]
    if r < available {
      holder[Int(r)] = -1
      register[Int(value)] = Address.none
    }
    if spill[Int(value)] >= 0 {
      pendingSpills.append(spill[Int(value)])
      spill[Int(value)] = -1
    }
  }

  /// A register for the result of an instruction whose operands are released: one of theirs if it
  /// is free.
  mutating func result(_ a: UInt8, _ b: UInt8 = Address.none, _ c: UInt8 = Address.none) -> UInt8 {
    if a < available && holder[Int(a)] < 0 { return a }
    if b < available && holder[Int(b)] < 0 { return b }
    if c < available && holder[Int(c)] < 0 { return c }
    return take()
  }

  mutating func define(_ k: Int, _ r: UInt8) {
    if upcoming[k] != Self.never { hold(Int32(truncatingIfNeeded: k), r) }
  }

  mutating func keep(_ value: Int32, at place: Int32) {
    if spill[Int(value)] == -1 && code[Int(value)].kind != .memory {
      spill[Int(value)] = -2 - place
    }
  }
}
