/// A function compiled for repeated evaluation: a plan, code for the portable machine, and machine
/// code once that pays.
import CKernels
import OptGraph
import OptNumerics

/// Immutable once made; may be shared between threads. Memory that changes is in workspaces.
package final class Program: @unchecked Sendable {
  /// What the planner may do that changes the last bits of results.
  package struct Options: Sendable {
    /// Products and sums become fused multiply-adds.
    package var contracts: Bool
    /// Elementary functions of arrays are computed four at a time.
    package var packs: Bool
    /// Products of lanes with one matrix become one product.
    package var merges: Bool
    /// The pass for execution is applied.
    package var simplifies: Bool
    /// What carries it out; this changes no bit.
    package var engine = Engine.chosen
    /// Native code is made before the first run, and not when it pays.
    package var compilesAtOnce = false
    /// The longest piece of scalar code that becomes machine code, in operations.
    package var largestTape = TapeCompiler.limit

    /// What this processor is good at.
    package static var fast: Options {
      Options(contracts: ck_has_avx2_fma() != 0, packs: true, merges: true, simplifies: true)
    }
    /// As `Interpreter` computes.
    package static var plain: Options {
      Options(contracts: false, packs: false, merges: false, simplifies: false)
    }
  }

  /// Inputs of the graph, in the same order.
  package let inputs: [Input]
  /// Per input, whether any output reads it.
  package let isUsed: [Bool]
  /// Sizes of the outputs.
  package let outputShapes: [Shape]

  let options: Options
  /// About how many nanoseconds a run takes on the portable machine, and making it native.
  let work: Int
  let compileCost: Int
  private let nativeCode = Lazy<NativeProgram>()
  /// How long it took to make this.
  package let planning: Duration
  let memory = Memory()
  let steps: UnsafePointer<Step>
  let stepCount: Int
  /// Per step, the origin of what it computes.
  let stepOrigins: [Int32]
  let code: UnsafePointer<Int32>
  /// Places of scalars in the order of the graph, and which of them are read outside their tape.
  let sequence: UnsafePointer<Int32>
  let escapes: UnsafePointer<Bool>
  let strips: UnsafePointer<StripStep>
  let stripCount: Int
  let maps: UnsafePointer<ck_map>
  let laneTables: UnsafePointer<UnsafeMutablePointer<Int>>
  let constants: [(place: Int, value: Double)]
  let arrays: [Buffer]
  let loops: [LoopPlan]
  /// What host nodes compute.
  package let hosts: [any Host]
  /// Sizes of the outputs that have a memory of their own.
  let externalSizes: [Int]
  let outputPlaces: [Place]
  let arenaSize: Int
  let scratchSize: Int
  let registersSize: Int
  let operandCount: Int
  let sumCount: Int

  /// Compiles the function that computes `outputs` from the inputs of `graph`.
  package convenience init(_ graph: Graph, outputs: [Expression]) {
    self.init(graph, outputs: outputs, options: .fast)
  }

  /// The same with a choice of rounding.
  package init(_ graph: Graph, outputs: [Expression], options: Options) {
    let began = ContinuousClock.now
    let (prepared, rewritten) =
      options.simplifies ? graph.forExecution(outputs) : (graph, outputs)
    let roots =
      options.merges
      ? prepared.withTriangularProducts(prepared.inRowBlocks(rewritten)) : rewritten
    let plan = Planner(prepared, roots, options)
    let emitter = Emitter(plan, memory)
    self.options = options
    (work, compileCost) = emitter.estimate(options)
    inputs = prepared.inputs
    isUsed = prepared.inputNodes.map { Int($0) < plan.count && plan.live[Int($0)] }
    outputShapes = outputs.map(\.shape)
    steps = UnsafePointer(memory.keep(emitter.steps))
    stepCount = emitter.steps.count
    stepOrigins = emitter.stepOrigins
    code = UnsafePointer(memory.keep(emitter.code))
    sequence = UnsafePointer(memory.keep(emitter.completeSequence()))
    stripCount = emitter.strips.count
    let maps = UnsafePointer(memory.keep(emitter.maps))
    self.maps = maps
    strips = UnsafePointer(
      memory.keep(
        emitter.strips.map { step in
          var step = step
          step.code.maps = maps
          return step
        }))
    laneTables = UnsafePointer(memory.keep(emitter.laneTables))
    constants = emitter.constants
    arrays = emitter.arrays
    hosts = prepared.hosts + emitter.loops.flatMap(\.body.hosts)
    loops = emitter.loops
    externalSizes = plan.externals.map { plan.shape($0).count }
    outputPlaces = roots.map { emitter.location($0.index) }
    escapes = UnsafePointer(memory.keep(emitter.findEscapes(outputPlaces)))
    arenaSize = emitter.arena.end
    scratchSize = emitter.scratch
    registersSize = emitter.registers
    operandCount = emitter.operandCount
    sumCount = emitter.sumCount
    planning = began.duration(to: .now)
  }

  /// Machine code, made when it is first asked for; nil where there is none.
  var native: NativeProgram? {
    guard options.engine == .native, NativeProgram.isAvailable else { return nil }
    return nativeCode.value { NativeProgram(self) }
  }

  /// Machine code, if it was made.
  var nativeIfMade: NativeProgram? { nativeCode.known }

  /// Whether all turns of all its loops are machine code.
  package var runsLoopsNatively: Bool {
    guard let native else { return loops.isEmpty }
    return (0..<native.count).allSatisfy { k in
      native.steps[k].kind != .loop || native.steps[k].entry != nil
    }
  }

  /// How long it took to make machine code; none was made if it is zero.
  package var generating: Duration { nativeCode.known?.generating ?? .zero }

  /// Machine code, step by step.
  package var nativeCodeListings: [[UInt8]] { native?.listings ?? [] }

  /// Scalar code and loops that are not made native, though others are.
  package var stepsLeft: Int { native?.left ?? 0 }

  /// Numbers that a workspace holds.
  package var memoryCount: Int {
    loops.reduce(externalSizes.reduce(arenaSize + registersSize + scratchSize, +)) {
      $0 + $1.body.memoryCount
    }
  }

  /// The numbers of the memories of outputs.
  var externalBases: Range<Int32> {
    let first = Int32(truncatingIfNeeded: 1 + inputs.count)
    return first..<first + Int32(truncatingIfNeeded: externalSizes.count)
  }

  /// How many memories there are: the workspace, inputs, outputs, known arrays.
  var baseCount: Int { 1 + inputs.count + externalSizes.count + arrays.count }

  /// Whether output `k` may be written where the caller wants: large arrays that are made in one go.
  package func placesOutput(_ k: Int) -> Bool {
    outputPlaces[k].offset == 0 && externalBases.contains(outputPlaces[k].base)
  }

  /// Memory for one thread.
  package func makeWorkspace() -> Workspace { Workspace(self) }
}
