/// A program's steps as machine code, where that can be.
import CKernels

/// Machine code for the steps of one program; immutable.
final class NativeProgram: @unchecked Sendable {
  /// Per step, where its code begins; nil for steps that the portable machine carries out.
  let entries: UnsafePointer<UnsafeRawPointer?>
  /// Per strip program, how its blocks go.
  let strips: UnsafePointer<ck_native_step>
  private let memory = Memory()
  private let codes: [Code]
  /// Bytes of code, and steps that have some or could have had.
  let size: Int
  let compiled: Int
  let left: Int

  /// Whether this machine can run such code.
  static var isAvailable: Bool {
    #if arch(x86_64)
      return ck_has_avx2_fma() != 0 && CodeMemory.shared.isAvailable
    #else
      return false
    #endif
  }

  init(_ program: Program) {
    var entries = [UnsafeRawPointer?](repeating: nil, count: program.stepCount)
    var codes: [Code] = []
    var strips = [ck_native_step](repeating: ck_native_step(), count: program.stripCount)
    var left = 0
    let baseCount = program.baseCount
    let context = TapeContext(
      sequence: program.sequence, escapes: program.escapes, baseCount: baseCount)
    for k in 0..<program.stepCount {
      do {
        let code: Code
        switch program.steps[k] {
        case .tape(let from, let to):
          code = try TapeCompiler.compile(program.code, from, to, context)
        case .strips(let number):
          code = try StripCompiler.compile(program.strips[number], baseCount: baseCount)
          strips[number] = Self.blocks(program.strips[number], program, memory)
        default: continue
        }
        entries[k] = code.entry
        codes.append(code)
      } catch {
        left += 1
      }
    }
    self.codes = codes
    self.left = left
    size = codes.reduce(0) { $0 + $1.size }
    compiled = codes.count
    self.entries = UnsafePointer(memory.keep(entries))
    self.strips = UnsafePointer(memory.keep(strips))
  }

  /// The machine code of each step that has some.
  var listings: [[UInt8]] {
    codes.map { Array(UnsafeRawBufferPointer(start: $0.entry, count: $0.codeSize)) }
  }

  private static func blocks(
    _ step: StripStep, _ program: Program, _ memory: Memory
  ) -> ck_native_step {
    let outline = StripOutline(step)
    let maps = outline.maps.map { Optional(program.maps + $0) }
    let block =
      !maps.isEmpty
      ? Int(step.code.strip) : step.sumCount > 0 ? Int(CK_BLOCK) : max(step.chunk, Int(CK_BLOCK))
    return ck_native_step(
      count: Int64(step.count), block: Int64(block), sum_count: Int64(step.sumCount),
      carried: 4 * Int64(outline.carriedCount), map_count: Int64(maps.count),
      maps: UnsafePointer(memory.keep(maps)))
  }
}
