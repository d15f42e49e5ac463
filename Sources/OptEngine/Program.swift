/// A function compiled for repeated evaluation: a plan and code for the portable machine.
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

    /// What this processor is good at.
    package static let fast = Options(
      contracts: ck_has_avx2_fma() != 0, packs: true, merges: true, simplifies: true)
    /// As `Interpreter` computes.
    package static let plain = Options(
      contracts: false, packs: false, merges: false, simplifies: false)
  }

  /// Inputs of the graph, in the same order.
  package let inputs: [Input]
  /// Per input, whether any output reads it.
  package let isUsed: [Bool]
  /// Sizes of the outputs.
  package let outputShapes: [Shape]

  let memory = Memory()
  let steps: UnsafePointer<Step>
  let stepCount: Int
  let code: UnsafePointer<Int32>
  let strips: UnsafePointer<StripStep>
  let maps: UnsafePointer<ck_map>
  let laneTables: UnsafePointer<UnsafeMutablePointer<Int>>
  let constants: [(place: Int, value: Double)]
  let arrays: [Buffer]
  /// What host nodes compute.
  package let hosts: [any Host]
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
    let (prepared, roots) =
      options.simplifies ? graph.forExecution(outputs) : (graph, outputs)
    let plan = Planner(prepared, roots, options)
    let emitter = Emitter(plan, memory)
    inputs = prepared.inputs
    isUsed = prepared.inputNodes.map { Int($0) < plan.count && plan.live[Int($0)] }
    outputShapes = outputs.map(\.shape)
    steps = UnsafePointer(memory.keep(emitter.steps))
    stepCount = emitter.steps.count
    code = UnsafePointer(memory.keep(emitter.code))
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
    hosts = prepared.hosts
    outputPlaces = roots.map { emitter.location($0.index) }
    arenaSize = emitter.arena.end
    scratchSize = emitter.scratch
    registersSize = emitter.registers
    operandCount = emitter.operandCount
    sumCount = emitter.sumCount
  }

  /// Numbers that a workspace holds.
  package var memoryCount: Int { arenaSize + registersSize + scratchSize }

  /// Memory for one thread.
  package func makeWorkspace() -> Workspace { Workspace(self) }
}
