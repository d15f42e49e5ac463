/// Programs and the interpreter give the same numbers, on random graphs.
import OptEngine
import OptGraph
import OptNumerics
import Testing

struct DifferentialTests {
  private func outputs(_ program: Program, _ inputs: [Buffer]) -> [[Double]] {
    let workspace = program.makeWorkspace()
    for (k, values) in inputs.enumerated() { workspace.bind(k, to: values.pointer) }
    #expect(workspace.run(nil))
    // Twice: nothing may be left over from the first time.
    #expect(workspace.run(nil))
    return program.outputShapes.enumerated().map { k, shape in
      Array(UnsafeBufferPointer(start: workspace.output(k), count: shape.count))
    }
  }

  private func interpreted(_ program: RandomProgram) -> [[Double]] {
    let interpreter = Interpreter(program.graph)
    for (x, values) in program.inputs { interpreter.bind(x, values) }
    return program.outputs.map { output in
      let values = interpreter.value(of: output)
      return (0..<output.shape.count).map { values[$0] }
    }
  }

  /// Without contraction and packed functions every bit is the interpreter's.
  @Test(arguments: 0..<8) func sameBits(_ part: Int) {
    for seed in 0..<400 {
      let random = RandomProgram(UInt64(part * 400 + seed), isTame: false, large: seed % 40 == 7)
      let expected = interpreted(random)
      let program = Program(random.graph, outputs: random.outputs, options: .plain)
      let found = outputs(program, random.inputs.map(\.values))
      for (k, (a, b)) in zip(expected, found).enumerated() {
        let differs = zip(a, b).contains { !same($0, $1) } || a.count != b.count
        if differs {
          Issue.record(
            "program \(part * 400 + seed), output \(k): \(a.prefix(8)) \(b.prefix(8)) \(random.outputs[k])"
          )
          return
        }
      }
    }
  }

  private func same(_ a: Double, _ b: Double) -> Bool {
    a == b || (a.isNaN && b.isNaN)
  }

  /// As programs are made: rounding differs, values do not.
  @Test(arguments: 0..<4) func sameValues(_ part: Int) {
    for seed in 0..<400 {
      let random = RandomProgram(
        UInt64(1_000_000 + part * 400 + seed), isTame: true, large: seed % 40 == 7)
      let expected = interpreted(random)
      let program = Program(random.graph, outputs: random.outputs)
      let found = outputs(program, random.inputs.map(\.values))
      for (k, (a, b)) in zip(expected, found).enumerated() {
        let scale = a.reduce(1) { max($0, $1.magnitude) }
        let worst = zip(a, b).reduce(0.0) { max($0, ($1.0 - $1.1).magnitude / scale) }
        let isFinite = zip(a, b).allSatisfy { $0.isFinite == $1.isFinite }
        if !isFinite || worst > 1e-12 || a.count != b.count {
          Issue.record("program \(part * 400 + seed), output \(k): \(worst) \(random.outputs[k])")
          return
        }
      }
    }
  }

  @Test func wildProgramsDoNotCrash() {
    for seed in 0..<600 {
      let random = RandomProgram(UInt64(2_000_000 + seed), isTame: false)
      let program = Program(random.graph, outputs: random.outputs)
      let first = outputs(program, random.inputs.map(\.values))
      let second = outputs(program, random.inputs.map(\.values))
      for (a, b) in zip(first, second) {
        #expect(zip(a, b).allSatisfy { same($0, $1) })
      }
    }
  }
}
