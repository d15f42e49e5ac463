/// Long loops over numbers that are run, not traced: after some turns the rest is machine code.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

extension LoopCode {
  /// A loop is looked at after so many turns, if so many are left: making machine code takes as long
  /// as some thousand turns.
  static let turnsBefore = 1000
  static let fewestLeft = 8192
}

extension Machine {
  /// Runs the turns of `code` from number `first` on in machine code, with the bits that the evaluator
  /// gives; false where it cannot, which is as if nothing had happened.
  func runNatively(
    _ code: LoopCode, start: Double, step: Double, from first: Int, count: Int, _ frame: Frame
  ) throws -> Bool {
    guard !code.staysInterpreted, Engine.chosen == .native, count - first >= LoopCode.fewestLeft
    else { return false }
    code.staysInterpreted = true
    let before = code.assigned.map { value(of: $0, frame) }
    let loopVariable = frame[code.slot]
    func restore() {
      for (variable, value) in zip(code.assigned, before) { set(variable, value, frame) }
      frame[code.slot] = loopVariable
    }
    // Whatever keeps it from being traced says so when the evaluator comes to it.
    guard let made = try? compiled(code, start, step, first, count, frame) else {
      restore()
      return false
    }
    code.staysInterpreted = false
    let workspace = made.program.makeWorkspace()
    let isDone = workspace.run(stop)
    let column = workspace.output(0)
    for (variable, value) in zip(code.assigned, before) {
      if case .traced = self.value(of: variable, frame) { set(variable, value, frame) }
    }
    for (k, result) in made.results.enumerated() {
      let x = column[made.places[k]]
      set(result.variable, result.isMask ? .boolean(x != 0) : .number(x), frame)
    }
    if !isDone { throw Interrupted(span: code.span) }
    return true
  }

  private struct CompiledLoop {
    let program: Program
    let results: [LoopResult]
    let places: [Int]
  }

  private func compiled(
    _ code: LoopCode, _ start: Double, _ step: Double, _ first: Int, _ count: Int, _ frame: Frame
  ) throws -> CompiledLoop {
    let tracer = Tracer(.execution, hasPoint: true)
    tracer.keepsStates = false
    tracer.largestGraph = 10_000
    let before = code.assigned.map { value(of: $0, frame) }
    let results = try tracing(tracer) {
      try roll(
        code, .range(start: start, step: step, offset: Double(first)), count - first, frame, before,
        tracer)
    }
    guard let first = results.first, tracer.guards.isEmpty, !tracer.hasEffects,
      results.allSatisfy({ $0.value.shape.isScalar })
    else { throw CannotBatch("a result that is no number", code.span) }
    let graph = tracer.graph
    // The only value of a loop is the loop itself.
    let isLoop = first.value.node.operation == .loop
    let node = LoopNode(graph, isLoop ? first.value.index : first.value.node.a)
    var options = Program.Options.plain
    options.compilesAtOnce = true
    let program = Program(graph, outputs: [node.result], options: options)
    guard program.runsLoopsNatively else { throw CannotBatch("no machine code", code.span) }
    return CompiledLoop(program: program, results: results, places: node.loop.finalPlaces)
  }
}
