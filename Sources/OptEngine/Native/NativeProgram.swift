/// A program's steps as machine code, where that can be.
import CKernels

/// One step, as a run goes through them.
struct NativeStep {
  enum Kind { case tape, strips, loop, other }
  var kind: Kind
  /// Where its code begins; nil: the portable machine carries it out.
  var entry: UnsafeRawPointer?
  /// Of a strip program or a loop.
  var number: Int
}

/// Machine code for the steps of one program; immutable.
final class NativeProgram: @unchecked Sendable {
  let steps: UnsafePointer<NativeStep>
  let count: Int
  /// Per strip program, how its blocks go.
  let strips: UnsafePointer<ck_native_step>
  /// Whether all outputs with a memory of their own are looked at for NaN and infinity.
  let checksOutputs: Bool
  private let memory = Memory()
  private let codes: [Code]
  /// Per step, its code among these, or -1.
  private let codeNumbers: [Int]
  /// Steps that could not be made native though others like them can.
  var left: Int { obstacles.count { $0 != nil } }
  /// Per step, why it is not native though others like it are.
  let obstacles: [NotNative?]
  /// How long it took to make.
  let generating: Duration

  /// Whether this machine can run such code.
  static var isAvailable: Bool {
    #if arch(x86_64)
      return ck_has_avx2_fma() != 0 && CodeMemory.shared.isAvailable
    #else
      return false
    #endif
  }

  init(_ program: Program) {
    let began = ContinuousClock.now
    var codes: [Code] = []
    var steps: [NativeStep] = []
    var strips = [ck_native_step](repeating: ck_native_step(), count: program.stripCount)
    var obstacles: [NotNative?] = []
    var numbers: [Int] = []
    let baseCount = program.baseCount
    let outputs = program.externalBases
    var writesElsewhere = false
    let context = TapeContext(
      sequence: program.sequence, escapes: program.escapes, baseCount: baseCount)
    for k in 0..<program.stepCount {
      var step = NativeStep(kind: .other, entry: nil, number: 0)
      var obstacle: NotNative?
      do {
        switch program.steps[k] {
        case .tape(let from, let to):
          step.kind = .tape
          codes.append(
            try TapeCompiler.compile(
              program.code, from, to, context, limit: program.options.largestTape))
          step.entry = codes.last?.entry
        case .strips(let number):
          step.kind = .strips
          step.number = number
          let outline = StripOutline(program.strips[number], outputs: outputs)
          codes.append(try StripCompiler.compile(outline, baseCount: baseCount))
          step.entry = codes.last?.entry
          strips[number] = Self.blocks(outline, program, memory)
        case .loop(let number):
          step.kind = .loop
          step.number = number
          codes.append(try NativeLoop(program.loops[number], outerBases: baseCount).code)
          step.entry = codes.last?.entry
        case let other:
          if other.writes.contains(where: { outputs.contains($0.base) }) { writesElsewhere = true }
        }
      } catch {
        // Other bodies than scalar code are programs of their own.
        if step.kind != .loop { obstacle = error as? NotNative ?? .unknownOperation }
      }
      obstacles.append(obstacle)
      numbers.append(step.entry == nil ? -1 : codes.count - 1)
      steps.append(step)
    }
    self.codes = codes
    self.obstacles = obstacles
    codeNumbers = numbers
    count = steps.count
    checksOutputs = obstacles.allSatisfy { $0 == nil } && !writesElsewhere && !outputs.isEmpty
    self.steps = UnsafePointer(memory.keep(steps))
    self.strips = UnsafePointer(memory.keep(strips))
    generating = began.duration(to: .now)
  }

  /// The machine code of each step that has some.
  var listings: [[UInt8]] {
    codes.map { Array(UnsafeRawBufferPointer(start: $0.entry, count: $0.codeSize)) }
  }

  /// What the code of step `k` is made of; nil if there is none.
  func figures(of k: Int) -> CodeFigures? {
    codeNumbers[k] < 0 ? nil : codes[codeNumbers[k]].figures
  }

  private static func blocks(
    _ outline: StripOutline, _ program: Program, _ memory: Memory
  ) -> ck_native_step {
    let step = outline.step
    let maps = outline.maps.map { Optional(program.maps + $0) }
    let block =
      !maps.isEmpty
      ? Int(step.code.strip) : step.sumCount > 0 ? Int(CK_BLOCK) : max(step.chunk, Int(CK_BLOCK))
    return ck_native_step(
      count: Int64(step.count), block: Int64(block), sum_count: Int64(step.sumCount),
      carried: 4 * Int64(outline.carriedCount + (outline.checks ? 1 : 0)),
      map_count: Int64(maps.count), checks: outline.checks ? 1 : 0,
      maps: UnsafePointer(memory.keep(maps)))
  }
}
