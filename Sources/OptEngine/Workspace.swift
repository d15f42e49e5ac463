/// The memory of a running program, and running it.
import CKernels
import OptGraph
import OptNumerics

/// All mutable memory of a program; one per thread.
package final class Workspace {
  let program: Program
  /// Scalars, then arrays, then registers of strips, then scratch.
  private let memory: Buffer
  private let registers: UnsafeMutablePointer<Double>
  private let scratch: UnsafeMutablePointer<Double>
  /// Where each memory begins: the workspace, inputs, known arrays.
  private let bases: UnsafeMutablePointer<UnsafeMutablePointer<Double>?>
  private let operands: UnsafeMutablePointer<UnsafeMutablePointer<Double>?>
  private let sums: UnsafeMutablePointer<ck_sum_state>
  /// NaN, for inputs that are not bound.
  private var missing: Buffer?
  /// Memory of outputs that are not bound.
  private var own: [Int: Buffer] = [:]
  private var isComplete = false
  /// Machine code of the program, once there is some.
  private var native: NativeProgram?
  /// What this may still spend on the portable machine before the program is made native.
  private var untilNative: Int
  /// Whether the last run looked at outputs with a memory of their own, and all were finite.
  private var areChecked = false
  private var areFinite = true
  /// Notes how long each step takes, while that is measured.
  var clock: StepClock?
  /// Memory of the program's loops.
  private let loops: [LoopMemory]
  /// What elementwise loops carry from block to block.
  private let carried: UnsafeMutablePointer<Double>

  init(_ program: Program) {
    self.program = program
    let (arena, strips) = ((program.arenaSize + 7) & ~7, (program.registersSize + 7) & ~7)
    untilNative = program.options.engine == .vm ? 0 : max(program.compileCost, 1)
    memory = Buffer(uninitialized: arena + strips + program.scratchSize)
    registers = memory.pointer + arena
    scratch = registers + strips
    bases = Memory.allocate(nil, program.baseCount)
    operands = Memory.allocate(nil, program.operandCount)
    sums = Memory.allocate(ck_sum_state(), program.sumCount)
    carried = Memory.allocate(0, Int(CK_CARRIED))
    loops = program.loops.map { LoopMemory($0, outerBases: program.baseCount) }
    bases[0] = memory.pointer
    for (k, array) in program.arrays.enumerated() {
      bases[1 + program.inputs.count + program.externalSizes.count + k] = array.pointer
    }
    for (place, value) in program.constants { memory[place] = value }
  }

  deinit {
    bases.deallocate()
    operands.deallocate()
    sums.deallocate()
    carried.deallocate()
  }

  /// The scalars, first of all memory.
  var scalars: UnsafeMutablePointer<Double> { memory.pointer }
  var baseCount: Int { program.baseCount }

  /// Gives input number `input` its elements, row by row. It stays bound until it is bound again;
  /// the caller keeps the memory alive.
  package func bind(_ input: Int, to pointer: UnsafePointer<Double>) {
    guard input >= 0, input < program.inputs.count else { return }
    bases[1 + input] = UnsafeMutablePointer(mutating: pointer)
  }

  /// Lets output number `k` be written to memory of the caller, or with nil to the workspace's own,
  /// from the next run on, if the program `placesOutput`. It is not the memory of an input, and the
  /// caller keeps it alive until another is bound.
  package func bindOutput(_ k: Int, to pointer: UnsafeMutablePointer<Double>?) {
    let base = program.outputPlaces[k].base
    guard program.externalBases.contains(base) else { return }
    bases[Int(base)] = pointer
    if pointer == nil { isComplete = false }
  }

  /// The elements of output number `k`, row by row; valid until the next run.
  package func output(_ k: Int) -> UnsafePointer<Double> {
    let place = program.outputPlaces[k]
    return UnsafePointer((bases[Int(place.base)] ?? memory.pointer) + place.offset)
  }

  /// Inputs that nobody bound are NaN.
  private func complete() {
    isComplete = true
    var largest = 0
    for (k, input) in program.inputs.enumerated() where bases[1 + k] == nil {
      largest = max(largest, program.isUsed[k] ? max(input.shape.count, 1) : 1)
    }
    for (k, size) in program.externalSizes.enumerated() {
      let base = 1 + program.inputs.count + k
      if bases[base] != nil { continue }
      let buffer = own[k] ?? Buffer(uninitialized: size)
      own[k] = buffer
      bases[base] = buffer.pointer
    }
    guard largest > 0 else { return }
    let buffer = Buffer(count: largest, repeating: .nan)
    missing = buffer
    for k in program.inputs.indices where bases[1 + k] == nil { bases[1 + k] = buffer.pointer }
  }

  /// Computes the outputs. False: it was stopped, and outputs are not to be used.
  package func run(_ stop: Stop?) -> Bool {
    if !isComplete { complete() }
    if untilNative > 0 {
      untilNative -= program.work
      if untilNative <= 0 { native = program.native }
    }
    if let native { return run(native, stop) }
    areChecked = false
    for k in 0..<program.stepCount {
      clock?.begin(k)
      if !runStep(program.steps + k, stop) { return false }
    }
    clock?.begin(program.stepCount)
    return true
  }

  /// Makes machine code now, if the program may have some, and not when it pays.
  package func compile() {
    if untilNative > 0 { native = program.native }
    untilNative = 0
  }

  /// Whether the program is one piece of machine code for scalars.
  package var isDirect: Bool {
    guard let native else { return false }
    return native.count == 1 && native.steps.pointee.kind == .tape
  }

  /// How to call that, where the outputs lie in this memory.
  package var direct: DirectCall? {
    guard isDirect, isComplete, let entry = native?.steps.pointee.entry,
      program.outputPlaces.allSatisfy({ $0.base == 0 })
    else { return nil }
    return DirectCall(entry: entry, memory: memory.pointer, bases: bases)
  }

  private func run(_ native: NativeProgram, _ stop: Stop?) -> Bool {
    let w = memory.pointer
    areChecked = native.checksOutputs
    areFinite = true
    for k in 0..<native.count {
      clock?.begin(k)
      let step = native.steps + k
      guard let entry = step.pointee.entry else {
        if !runStep(program.steps + k, stop) { return false }
        continue
      }
      if step.pointee.kind == .tape {
        ck_native_tape(entry, w, bases)
      } else if step.pointee.kind == .loop {
        let number = step.pointee.number
        if !runLoop(program.loops[number], loops[number], entry, bases, stop) { return false }
      } else {
        let number = step.pointee.number
        let blocks = native.strips + number
        if ck_native_strip(entry, blocks, bases, registers, sums, carried, stop?.address) == 0 {
          return false
        }
        let places = program.strips[number].sums
        for k in 0..<Int(blocks.pointee.sum_count) { w[places[k]] = ck_sum_end(sums + k) }
        if blocks.pointee.checks != 0 {
          let test = carried + Int(blocks.pointee.carried) - 4
          if (test[0] + test[1]) + (test[2] + test[3]) != 0 { areFinite = false }
        }
      }
      if let stop, stop.isRequested { return false }
    }
    clock?.begin(native.count)
    return true
  }

  /// Whether the elements of output `k` are finite, after a run.
  package func isFinite(_ k: Int, count: Int) -> Bool {
    let place = program.outputPlaces[k]
    if areChecked, program.externalBases.contains(place.base) { return areFinite }
    return ck_all_finite(output(k), Int64(count)) != 0
  }

  private func runStep(_ step: UnsafePointer<Step>, _ stop: Stop?) -> Bool {
    switch step.pointee {
    case .tape(let from, let to): runTape(from, to)
    case .strips(let number): return runStrips(program.strips + number, stop)
    case .loop(let number): return runLoops(from: number, stop)
    default: runOther(step)
    }
    return !(stop?.isRequested ?? false)
  }

  /// Loop `number`, and those that run together with it, on several threads.
  private func runLoops(from number: Int, _ stop: Stop?) -> Bool {
    let (plans, memories) = (program.loops, loops)
    let count = 1 + plans[number].companions
    if count == 1 { return runLoop(plans[number], memories[number], stop) }
    return Threads.parallel(count, stop: stop) { k, _ in
      _ = self.runLoop(plans[number + k], memories[number + k], stop)
    } && !(stop?.isRequested ?? false)
  }

  private func runTape(_ from: Int, _ to: Int) {
    let constantBases = UnsafeRawPointer(bases).assumingMemoryBound(
      to: UnsafePointer<Double>?.self)
    ck_tape_run(
      program.code + from, program.code + to, memory.pointer, constantBases,
      Kernels.shared.functions)
  }

  private func runStrips(_ step: UnsafePointer<StripStep>, _ stop: Stop?) -> Bool {
    let sumCount = step.pointee.sumCount
    for k in 0..<sumCount { ck_sum_begin(sums + k) }
    let (count, chunk) = (step.pointee.count, step.pointee.chunk)
    let code = UnsafeRawPointer(step).assumingMemoryBound(to: ck_strip_program.self)
    var from = 0
    while from < count {
      let to = min(from + chunk, count)
      ck_strip_run(code, bases, registers, operands, sums, Int64(from), Int64(to))
      from = to
      if let stop, stop.isRequested { return false }
    }
    for k in 0..<sumCount { memory.pointer[step.pointee.sums[k]] = ck_sum_end(sums + k) }
    return true
  }

  @inline(__always)
  func at(_ place: Place) -> UnsafeMutablePointer<Double> {
    (bases[Int(place.base)] ?? memory.pointer) + place.offset
  }

  private func runOther(_ step: UnsafePointer<Step>) {
    switch step.pointee {
    case .tape, .strips, .loop: break
    case .clear(let place, let count): at(place).update(repeating: 0, count: count)
    case .read(let from, let map, let to, let count):
      let base = at(from) - from.offset
      ck_map_read(at(to), base, program.maps + map, 0, Int64(count))
    case .write(let place, let map, let from, let step, let count, let adds):
      ck_map_write(
        at(place) - place.offset, program.maps + map, at(from), step, Int64(count), adds ? 1 : 0)
    case .weave(var weave): ck_weave_run(&weave, bases)
    case .gather(let from, let size, let indices, let to, let count):
      ck_gather(at(from), Int64(size), at(indices), Int64(count), at(to))
    case .scatter(let from, let step, let indices, let to, let size, let count, let adds):
      ck_scatter(
        at(from), step, at(indices), Int64(count), at(to), Int64(size), adds ? 1 : 0)
    case .reduce(let kind, let from, let outer, let length, let inner, let to):
      Folding.reduce(
        kind, at(from), outer: outer, length: length, inner: inner, into: at(to),
        scratch: scratch)
    case .scan(let from, let outer, let length, let inner, let reversed, let to):
      ck_scan(at(from), Int64(outer), Int64(length), Int64(inner), reversed ? 1 : 0, at(to))
    case .order(let from, let elements, let lanes, let to):
      for lane in 0..<lanes {
        let start = lane * elements
        ck_order(at(from) + start, Int64(elements), at(to) + start, scratch)
      }
    case .random(let kind, let key, let draw, let to, let count):
      Random.fill(
        kind, key: Random.key(at(key).pointee), draw: draw, into: at(to), count: count)
    case .product(let matrices): product(matrices)
    case .factor(let matrices): factor(matrices)
    case .part(let matrices): part(matrices)
    case .solve(let matrices): solve(matrices)
    case .host(let number, let parameters, let start, let to):
      program.hosts[Int(number)].evaluate(at(parameters), from: at(start), into: at(to))
    }
  }

  /// Where the operands of a lane begin, beyond those of the first.
  @inline(__always)
  private func lane(_ step: MatrixStep, _ k: Int) -> (Int, Int) {
    guard step.lanes >= 0 else { return (0, 0) }
    let table = program.laneTables[Int(step.lanes)]
    return (table[2 * k], table[2 * k + 1])
  }

  private func product(_ step: MatrixStep) {
    let (a, b, out) = (at(step.a), at(step.b), at(step.out))
    if step.flags & Graph.isTriangular != 0 {
      LinearAlgebra.upperProduct(
        a, b, step.m, step.k, transposeLeft: step.flags & 1 != 0,
        transposeRight: step.flags & 2 != 0, into: out)
      return
    }
    for k in 0..<step.count {
      let (i, j) = lane(step, k)
      LinearAlgebra.product(
        a + i, b + j, step.m, step.k, step.n, transposeLeft: step.flags & 1 != 0,
        transposeRight: step.flags & 2 != 0, into: out + k * step.m * step.n)
    }
  }

  private func factor(_ step: MatrixStep) {
    let (a, out) = (at(step.a), at(step.out))
    let size = LinearAlgebra.stateSize(step.kind, step.m, step.n)
    for k in 0..<step.count {
      LinearAlgebra.factor(
        step.kind, a + k * step.m * step.n, step.m, step.n, into: out + k * size,
        scratch: scratch)
    }
  }

  private func part(_ step: MatrixStep) {
    let (a, out) = (at(step.a), at(step.out))
    let (rows, columns) = LinearAlgebra.partSize(step.kind, Int(step.flags), step.m, step.n)
    for k in 0..<step.count {
      LinearAlgebra.part(
        step.kind, Int(step.flags), of: a + lane(step, k).0, step.m, step.n,
        into: out + k * rows * columns)
    }
  }

  private func solve(_ step: MatrixStep) {
    let (a, b, out) = (at(step.a), at(step.b), at(step.out))
    let transposed = step.flags & 1 != 0
    let size = (transposed ? step.m : step.n) * step.k
    for k in 0..<step.count {
      let (i, j) = lane(step, k)
      LinearAlgebra.solve(
        step.kind, a + i, step.m, step.n, transposed: transposed, b + j, right: step.k,
        into: out + k * size, scratch: scratch)
    }
  }
}
