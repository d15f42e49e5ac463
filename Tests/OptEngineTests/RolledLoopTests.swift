/// Loops give the numbers that they give written out, and so do their derivatives.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import Testing

struct RolledLoopTests {
  private func values(_ loop: RandomRolledLoop, _ outputs: [Expression]) -> [[Double]] {
    let interpreter = Interpreter(loop.graph)
    for (x, values) in loop.inputs { interpreter.bind(x, values) }
    return outputs.map { output in
      let values = interpreter.value(of: output)
      return (0..<output.shape.count).map { values[$0] }
    }
  }

  private func run(
    _ loop: RandomRolledLoop, _ outputs: [Expression], _ options: Program.Options
  ) -> [[Double]] {
    let program = Program(loop.graph, outputs: outputs, options: options)
    let workspace = program.makeWorkspace()
    for (k, node) in loop.graph.inputNodes.enumerated() {
      guard let (_, values) = loop.inputs.first(where: { $0.expression.index == node }) else {
        continue
      }
      workspace.bind(k, to: values.pointer)
    }
    #expect(workspace.run(nil))
    #expect(workspace.run(nil))
    return program.outputShapes.enumerated().map { k, shape in
      Array(UnsafeBufferPointer(start: workspace.output(k), count: shape.count))
    }
  }

  private func same(_ a: [[Double]], _ b: [[Double]]) -> Bool {
    zip(a, b).allSatisfy { x, y in
      x.count == y.count && zip(x, y).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
    }
  }

  private func isNear(_ a: [[Double]], _ b: [[Double]]) -> Bool {
    zip(a, b).allSatisfy { x, y in
      let scale = x.reduce(1) { max($0, $1.magnitude) }
      return x.count == y.count
        && zip(x, y).allSatisfy { ($0 - $1).magnitude <= 1e-9 * scale }
    }
  }

  @Test(arguments: 0..<4) func sameBits(_ part: Int) {
    for seed in 0..<150 {
      let loop = RandomRolledLoop(UInt64(part * 1000 + seed), isWild: seed % 3 == 0)
      let expected = values(loop, [loop.rolled])
      #expect(same(expected, values(loop, [loop.unrolled])), "loop \(part * 1000 + seed)")
      #expect(
        same(expected, run(loop, [loop.rolled], .plain)), "program \(part * 1000 + seed)")
    }
  }

  /// The engines agree to the bit, derivatives included, whatever of the column is wanted.
  @Test(arguments: 0..<4) func sameEngines(_ part: Int) {
    for seed in 0..<100 {
      var loop = RandomRolledLoop(UInt64(50_000 + part * 1000 + seed), isWild: seed % 3 == 0)
      var outputs = [loop.sum(loop.rolled)]
      if loop.noise.chance(0.5) {
        let shape = Shape(rows: 1 + loop.noise.below(loop.rolled.shape.count), columns: 1)
        outputs = [loop.rolled.view(StridedMap(strides: shape.strides), shape)]
      }
      if !loop.inputs.isEmpty {
        outputs += gradient(of: loop.sum(outputs[0]), by: loop.inputs.map(\.expression))
      }
      var (vm, native) = (Program.Options.fast, Program.Options.fast)
      vm.engine = .vm
      native.engine = .native
      native.compilesAtOnce = true
      #expect(
        same(run(loop, outputs, vm), run(loop, outputs, native)), "loop \(part * 1000 + seed)")
    }
  }

  @Test(arguments: 0..<4) func derivatives(_ part: Int) {
    for seed in 0..<60 {
      let loop = RandomRolledLoop(UInt64(100_000 + part * 1000 + seed))
      let variables = loop.inputs.map(\.expression)
      guard !variables.isEmpty else { continue }
      func both(_ make: (Expression) -> [Expression], _ what: String) {
        let (a, b) = (
          values(loop, make(loop.sum(loop.rolled))), values(loop, make(loop.sum(loop.unrolled)))
        )
        #expect(isNear(a, b), "\(what) of loop \(part * 1000 + seed): \(a) \(b)")
      }
      both({ gradient(of: $0, by: variables) }, "gradient")
      let parts = [loop.results, loop.segmented].map { column in
        values(loop, [column] + gradient(of: loop.sum(column), by: variables))
      }
      #expect(isNear(parts[0], parts[1]), "segments of loop \(part * 1000 + seed)")
      both({ [jacobian(of: [$0], by: variables)] }, "jacobian")
      guard seed % 3 == 0 else { continue }
      let directions = variables.enumerated().map { k, x in
        loop.graph.number(Double(k % 3) - 0.5).broadcast(to: x.shape)
      }
      both({ hvp(of: $0, by: variables, along: directions) }, "hvp")
      if variables.reduce(0, { $0 + $1.shape.count }) <= 24 {
        both({ [hessian(of: $0, by: variables)] }, "hessian")
      }
    }
  }
}
