/// A cost written in the language, as the solvers see it.
import OptEngine
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

final class CostObjective: Objective {
  let layout: [Block]
  let offers: Ask = [.value, .gradient, .product, .hessian]
  let traced: TracedFunction
  let sign: Double
  /// An error of the program while it was evaluated; the run stops and it is told afterwards.
  var failure: (any Error)?
  /// Whether the cost draws random numbers.
  private(set) var isRandom = false
  private let offsets: [Int]
  private let machine: Machine
  private var evaluations = 0.0

  init(_ traced: TracedFunction, _ machine: Machine) {
    self.traced = traced
    self.machine = machine
    sign = traced.sign
    layout = traced.leaves.prefix(traced.variableCount).map(\.block)
    var offsets: [Int] = []
    var total = 0
    for leaf in traced.leaves.prefix(traced.variableCount) {
      offsets.append(total)
      total += leaf.count
    }
    self.offsets = offsets
  }

  /// Traces the cost at the start, where errors of the program are told with their place.
  func prepare(_ start: [Double]) throws {
    try start.withUnsafeBufferPointer { start in
      guard let base = start.baseAddress else { return }
      point(base)
      let path = try traced.path()
      isRandom = path.tracer.randomKey != nil
    }
    if isRandom {
      // Fresh numbers for every run, the same for the same seed.
      evaluations = Double(machine.random.seed % (1 << 20)) * 4_294_967_296
      evaluations += Double(machine.random.draw % (1 << 10)) * 4_194_304
    }
  }

  private func point(_ x: UnsafePointer<Double>) {
    for k in 0..<offsets.count { traced.pointers[k] = x + offsets[k] }
  }

  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome {
    point(x)
    if isRandom {
      evaluations += 1
      traced.draw = evaluations
    }
    do {
      let isFinite = try fill(ask, along, &answer)
      guard let isFinite else { return .stopped }
      return isFinite ? .done : .notFinite
    } catch {
      failure = error
      return .stopped
    }
  }

  /// Whether everything is finite; nil when stopped.
  private func fill(
    _ ask: Ask, _ along: UnsafePointer<Double>?, _ answer: inout Answer
  ) throws -> Bool? {
    var isFinite = true
    if ask.contains(.hessian), let target = answer.hessian {
      guard let run = try traced.run(.valueGradientHessian) else { return nil }
      answer.value = run.output(0).pointee
      copyGradient(run, 1, answer.gradient, &isFinite)
      let count = run.shape(1 + offsets.count).count
      copy(run.output(1 + offsets.count), target, count, &isFinite)
    } else if ask.contains(.gradient) {
      guard let run = try traced.run(.valueAndGradient) else { return nil }
      answer.value = run.output(0).pointee
      copyGradient(run, 1, answer.gradient, &isFinite)
    } else if ask.contains(.value) {
      guard let run = try traced.run(.value) else { return nil }
      answer.value = run.output(0).pointee
    }
    if ask.contains(.product), let target = answer.product, let along {
      let count = traced.leaves.count
      for k in 0..<offsets.count { traced.pointers[count + k] = along + offsets[k] }
      guard let run = try traced.run(.product) else { return nil }
      copyGradient(run, 0, target, &isFinite)
    }
    if !ask.isDisjoint(with: [.value, .gradient, .hessian]) {
      isFinite = isFinite && answer.value.isFinite
    }
    return isFinite
  }

  private func copyGradient(
    _ run: Executable, _ first: Int, _ target: UnsafeMutablePointer<Double>?,
    _ isFinite: inout Bool
  ) {
    guard let target else { return }
    for k in 0..<offsets.count {
      copy(run.output(first + k), target + offsets[k], traced.leaves[k].count, &isFinite)
    }
  }

  private func copy(
    _ from: UnsafePointer<Double>, _ to: UnsafeMutablePointer<Double>, _ count: Int,
    _ isFinite: inout Bool
  ) {
    // x - x is 0 for finite numbers only.
    var test = 0.0
    for k in 0..<count {
      to[k] = from[k]
      test += from[k] - from[k]
    }
    if test != 0 || test.isNaN { isFinite = false }
  }

  func culprit(at x: UnsafePointer<Double>) -> Fault? {
    point(x)
    return try? traced.culprit()
  }
}
