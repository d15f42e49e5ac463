/// What a program does, step by step, for a person who wonders where the time goes.
import CKernels
import OptGraph
import OptNumerics

/// One step of a program.
package struct StepSummary: Sendable {
  /// What carries a step out.
  package enum Carrier: String, Sendable {
    case code = "machine code"
    case machine = "portable machine"
    case blas = "BLAS"
    case lapack = "LAPACK"
    case kernel = "compiled loops"
    case host = "an optimum or root"
  }

  /// In words: `scalar code`, `loop over 1000 elements`, `product of 20×3 and 3×1`.
  package var what: String
  package var carrier: Carrier
  /// Arithmetic operations and calls of functions: per element in a loop, else altogether.
  package var operations = 0
  package var elements = 1
  package var sums = 0
  /// What it reads and writes of arrays.
  package var bytes = 0
  /// Of its machine code.
  package var code: CodeFigures?
  /// Why there is no machine code for it, where there could be some.
  package var obstacle: String?
  /// Where in the program it comes from, as an index of the tracer; -1: unknown.
  package var origin: Int32 = -1
  /// The steps of one turn, for a loop.
  package var body: [StepSummary] = []

  /// Whether it goes over an array.
  package var isPass: Bool { bytes >= 8 * 16 }
}

/// What machine code is made of.
package struct CodeFigures: Sendable {
  package var bytes: Int
  package var registers: Int
  /// Values that no register was left for.
  package var spills: Int
}

extension Program {
  /// What is said of an engine that is not the one that was asked for.
  package var engineNote: String? {
    if options.engine == .vm { return "the portable machine was chosen" }
    return Engine.missing
  }

  /// The steps in order, with their machine code if that was made.
  package var summary: [StepSummary] {
    let native = nativeIfMade
    return (0..<stepCount).map { k in
      var step = summary(of: steps[k])
      if k < stepOrigins.count { step.origin = stepOrigins[k] }
      if let native, k < native.count {
        step.obstacle = native.obstacles[k].map(\.text)
        step.code = native.figures(of: k)
        if step.code != nil { step.carrier = .code }
      }
      return step
    }
  }

  private func summary(of step: Step) -> StepSummary {
    switch step {
    case .tape(let from, let to):
      var operations = 0
      Tape.forEach(code, from, to) { operation, count, _ in
        if Tape.defines(operation), operation != Int32(CK_LOAD) { operations += count }
      }
      return StepSummary(what: "scalar code", carrier: .machine, operations: operations)
    case .strips(let number): return summary(of: strips[number])
    case .loop(let number):
      let loop = loops[number]
      return StepSummary(
        what: (loop.companions > 0 ? "\(1 + loop.companions) loops" : "loop")
          + " of \(loop.turns) turns" + (loop.isReversed ? ", backwards" : ""),
        carrier: .machine, elements: loop.turns, body: loop.body.summary)
    case .clear(_, let count):
      return array("zeros", count, reads: 0)
    case .read(_, _, _, let count): return array("reordering", count)
    case .write(_, _, _, _, let count, let adds):
      return array(adds ? "adding to places" : "writing to places", count)
    case .weave(let weave):
      let added = (0..<Int(weave.count)).reduce(0) { $0 + Int(weave.strands[$1].count) }
      let size = Int(weave.size)
      return StepSummary(
        what: "adding to places, \(size) elements", carrier: .kernel, elements: size,
        bytes: 8 * (size + added))
    case .gather(_, _, _, _, let count): return array("elements by index", count, reads: 2)
    case .scatter(_, _, _, _, _, let count, _):
      return array("adding by index", count, reads: 2)
    case .reduce(_, _, let outer, let length, let inner, _):
      let what = "fold of \(outer * inner) times \(length) elements"
      return array(what, outer * length * inner, writes: 0)
    case .scan(_, let outer, let length, let inner, _, _):
      return array("running sums", outer * length * inner)
    case .order(_, let elements, let lanes, _): return array("sorting", elements * lanes)
    case .random(_, _, _, _, let count): return array("random numbers", count, reads: 0)
    case .product(let step):
      let times = step.count > 1 ? "\(step.count) products" : "product"
      let usesBLAS = LinearAlgebra.usesBLAS(step.m, step.k, step.n)
      return StepSummary(
        what: "\(times) of \(step.m)×\(step.k) and \(step.k)×\(step.n)",
        carrier: usesBLAS ? .blas : .kernel, operations: 2 * step.m * step.k * step.n,
        elements: step.count,
        bytes: 8 * step.count * (step.m * step.k + step.k * step.n + step.m * step.n))
    case .factor(let step): return factor("factorisation (\(step.kind.text))", step)
    case .part(let step): return factor("part of a factorisation", step)
    case .solve(let step): return factor("solution with a factorisation", step)
    case .host: return StepSummary(what: "optimum or root", carrier: .host)
    }
  }

  private func array(_ what: String, _ count: Int, reads: Int = 1, writes: Int = 1) -> StepSummary {
    StepSummary(
      what: "\(what), \(count == 1 ? "1 element" : "\(count) elements")", carrier: .kernel,
      elements: count,
      bytes: 8 * (reads + writes) * count)
  }

  private func factor(_ what: String, _ step: MatrixStep) -> StepSummary {
    StepSummary(
      what: "\(what), \(step.m)×\(step.n)", carrier: .lapack,
      operations: 2 * step.m * step.n * min(step.m, step.n) / 3, elements: step.count,
      bytes: 16 * step.count * step.m * step.n)
  }

  private func summary(of strip: StripStep) -> StepSummary {
    let operands = UnsafeBufferPointer(
      start: strip.code.operands, count: Int(strip.code.operand_count))
    let ops = UnsafeBufferPointer(start: strip.code.ops, count: Int(strip.code.op_count))
    // Neighbours of an element are in the cache with it.
    var arrays: Set<Int64> = []
    for operand in operands where operand.kind == Int32(CK_FLAT) {
      arrays.insert(Int64(operand.base) << 40 + (operand.offset + 64) / Int64(max(strip.count, 1)))
    }
    let maps = ops.count { $0.op == Int32(CK_MAP) }
    let moves = ops.count {
      [CK_COPY, CK_FILL, CK_MAP].contains(Int($0.op))
    }
    return StepSummary(
      what: "loop over \(strip.count) elements", carrier: .machine,
      operations: ops.count - moves, elements: strip.count, sums: strip.sumCount,
      bytes: 8 * strip.count * (arrays.count + maps))
  }
}

extension LinearAlgebra.Kind {
  fileprivate var text: String {
    switch self {
    case .lu: "LU"
    case .cholesky: "Cholesky"
    case .qr: "QR"
    case .symmetricEigen: "eigenvalues"
    case .svd: "singular values"
    }
  }
}
