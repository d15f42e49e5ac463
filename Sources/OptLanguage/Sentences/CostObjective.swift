/// A cost written in the language, as the solvers see it.
import OptCalculus
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
    layout = traced.leaves.map { Block(name: $0.name, rows: $0.rows, columns: $0.columns) }
    var offsets: [Int] = []
    var total = 0
    for leaf in traced.leaves {
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
      let count = offsets.count
      for k in 0..<count { traced.pointers[count + k] = along + offsets[k] }
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

  // MARK: Culprits

  func culprit(at x: UnsafePointer<Double>) -> Fault? {
    point(x)
    guard let path = try? traced.path() else { return nil }
    let tracer = path.tracer
    let interpreter = tracer.interpreter
    interpreter.forget()
    for (k, input) in path.inputs.enumerated() {
      let buffer = Buffer(uninitialized: traced.leaves[k].count)
      buffer.pointer.update(from: x + offsets[k], count: buffer.count)
      interpreter.bind(input, buffer)
    }
    guard let y = try? machine.tracing(tracer, { try machine.expression(path.result, .none) })
    else { return nil }
    if let fault = firstFault(in: [y], tracer) { return fault }
    let slopes = gradient(of: y, by: path.inputs)
    // What is infinite is a derivative, at the place of the function.
    guard var found = firstFault(in: slopes, tracer) else { return nil }
    found.expression = "the derivative of " + found.expression
    return found
  }

  /// The first node, in the order of evaluation, that is not finite although its operands are.
  private func firstFault(in roots: [Expression], _ tracer: Tracer) -> Fault? {
    let graph = tracer.graph
    let interpreter = tracer.interpreter
    let live = graph.reachable(from: roots.map(\.index))
    func value(_ index: Int32) -> Buffer {
      interpreter.value(of: Expression(graph: graph, index: index))
    }
    func badElement(_ buffer: Buffer) -> Int? { buffer.elements.firstIndex { !$0.isFinite } }
    for index in live.indices where live[index] {
      let node = graph.nodes[index]
      switch node.operation {
      case .number, .array, .input, .view, .assemble: continue
      default: break
      }
      let buffer = value(Int32(index))
      guard let bad = badElement(buffer) else { continue }
      let operands = graph.operands(of: Int32(index))
      let isFirst = operands.allSatisfy {
        graph.nodes[Int($0)].operation == .number || badElement(value($0)) == nil
      }
      guard isFirst else { continue }
      return fault(Int32(index), bad, buffer, operands, tracer, value)
    }
    return nil
  }

  private func fault(
    _ index: Int32, _ element: Int, _ buffer: Buffer, _ operands: [Int32], _ tracer: Tracer,
    _ value: (Int32) -> Buffer
  ) -> Fault {
    let graph = tracer.graph
    func text(_ node: Int32) -> String? {
      let n = graph.nodes[Int(node)]
      if n.operation == .input { return graph.inputs[Int(n.payload)].name }
      if n.operation == .number { return nil }
      let origin = Int(graph.origins[Int(node)])
      guard tracer.origins.indices.contains(origin) else { return nil }
      let text = tracer.origins[origin].text
      return text.isEmpty ? nil : text
    }
    let shown = text(index) ?? Formula.of(Expression(graph: graph, index: index)).text
    var parts: [String] = []
    let shape = graph.shape(of: index)
    for operand in operands {
      guard let name = text(operand), name != shown else { continue }
      let numbers = value(operand)
      let own = graph.shape(of: operand)
      let k = own == shape ? element : 0
      guard k < numbers.count else { continue }
      let place = numbers.count > 1 ? " at element \(k + 1)" : ""
      parts.append("\(name) = \(NumberFormat.short(numbers[k]))\(place)")
    }
    let refusal = Refusal(of: graph.nodes[Int(index)], in: graph)
    let lane = buffer.count > 1 ? " (element \(element + 1) of \(buffer.count))" : ""
    let origin = Int(graph.origins[Int(index)])
    let place =
      tracer.origins.indices.contains(origin)
      ? DiagnosticRenderer.place(of: tracer.origins[origin]) : nil
    return Fault(
      expression: refusal.map { "\(shown): \($0.text)" }
        ?? "\(shown) is \(NumberFormat.short(buffer[element]))\(lane)",
      operands: refusal == nil ? parts : [], place: place)
  }
}
