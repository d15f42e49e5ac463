/// Programs whose results are known, and what a program promises beside its numbers.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import Testing

struct ProgramTests {
  private let g = Graph()

  private func input(_ rows: Int, _ columns: Int = 1) -> Expression {
    g.input(
      Input(name: "x", role: .variable, shape: Shape(rows: rows, columns: columns)))
  }

  private func run(_ outputs: [Expression], _ inputs: [[Double]]) -> [[Double]] {
    let program = Program(g, outputs: outputs)
    let workspace = program.makeWorkspace()
    let buffers = inputs.map { Buffer($0) }
    for (k, buffer) in buffers.enumerated() { workspace.bind(k, to: buffer.pointer) }
    #expect(workspace.run(nil))
    let results = program.outputShapes.enumerated().map { k, shape in
      (0..<shape.count).map { workspace.output(k)[$0] }
    }
    return withExtendedLifetime(buffers) { results }
  }

  @Test func rosenbrock() {
    let x = input(2)
    let (a, b) = (
      x.view(StridedMap(offset: 0, strides: [0, 0]), .scalar),
      x.view(StridedMap(offset: 1, strides: [0, 0]), .scalar)
    )
    let (u, v) = (1 - a, b - a * a)
    let y = u * u + 100 * (v * v)
    let found = run([y] + gradient(of: y, by: [x]), [[-1.2, 1]])
    #expect((found[0][0] - 24.2).magnitude < 1e-12)
    #expect((found[1][0] + 215.6).magnitude < 1e-11 && (found[1][1] + 88).magnitude < 1e-11)
  }

  @Test(arguments: [2, 3, 4, 5, 511, 512, 513, 4096, 4099, 20_001])
  func chainedRosenbrock(_ n: Int) {
    let x = input(n)
    let shape = Shape(rows: n - 1, columns: 1)
    let a = x.view(StridedMap(offset: 0, strides: [1, 0]), shape)
    let b = x.view(StridedMap(offset: 1, strides: [1, 0]), shape)
    let (u, v) = (1 - a, b - a * a)
    let y = (u * u + 100 * (v * v)).reduceElements(.sum)
    let values = (0..<n).map { 0.3 + Double($0 % 17) / 20 }
    let found = run([y] + gradient(of: y, by: [x]), [values])
    var (cost, slope) = (0.0, [Double](repeating: 0, count: n))
    for i in 0..<n - 1 {
      let (u, v) = (1 - values[i], values[i + 1] - values[i] * values[i])
      cost += u * u + 100 * v * v
      slope[i] += -2 * u - 400 * values[i] * v
      slope[i + 1] += 200 * v
    }
    #expect((found[0][0] - cost).magnitude <= 1e-12 * cost)
    #expect(zip(found[1], slope).allSatisfy { ($0 - $1).magnitude < 1e-11 })
  }

  @Test func emptyArrays() {
    let x = input(0)
    let y = input(3, 0)
    let found = run(
      [
        x.reduceElements(.sum), x.reduceElements(.product), x.reduceElements(.maximum),
        y.product(x), x.apply(.sin), y.reduce(.sum, [1]), x.reduceElements(.argMaximum),
      ], [[], []])
    #expect(found[0] == [0] && found[1] == [1] && found[2] == [-.infinity])
    #expect(found[3] == [0, 0, 0] && found[4] == [] && found[5] == [0, 0, 0])
    #expect(found[6][0].isNaN)
  }

  @Test func unboundInputsAreNaN() {
    let x = input(3)
    let workspace = Program(g, outputs: [x + 1]).makeWorkspace()
    #expect(workspace.run(nil) && workspace.output(0)[2].isNaN)
    #expect(Interpreter(g).value(of: x + 1)[2].isNaN)
  }

  @Test func usedInputs() {
    let (x, y) = (input(2), input(2))
    let program = Program(g, outputs: [y * 2])
    #expect(program.isUsed == [false, true] && program.inputs.count == 2)
    _ = x
  }

  @Test func stops() {
    let x = input(100_000)
    let workspace = Program(g, outputs: [x.apply(.exp)]).makeWorkspace()
    let stop = Stop()
    #expect(workspace.run(stop))
    stop.request()
    #expect(!workspace.run(stop))
  }

  /// A value does not depend on its place in the array.
  @Test func placeDoesNotMatter() {
    for (id, row) in ElementaryFunctions.table.enumerated() where row.arity == 1 {
      let x = g.input(
        Input(name: "x", role: .variable, shape: Shape(rows: 11, columns: 1)))
      let program = Program(g, outputs: [x.apply(FunctionID(index: id))])
      let workspace = program.makeWorkspace()
      for value in [0.3, -2.5, 0, .infinity, -.infinity, .nan, 0x1p-1060, 700, -700, 1e6] {
        let values = Buffer(count: 11, repeating: value)
        workspace.bind(g.inputs.count - 1, to: values.pointer)
        #expect(workspace.run(nil))
        let first = workspace.output(0)[0]
        let exact: Double
        if case .unary(let f) = row.evaluate { exact = f(value) } else { exact = .nan }
        for k in 0..<11 {
          let y = workspace.output(0)[k]
          #expect(y == first || (y.isNaN && first.isNaN))
        }
        let near = (first - exact).magnitude <= 4e-15 * exact.magnitude
        #expect(
          near || first == exact || (first.isNaN && exact.isNaN),
          "\(row.name)(\(value)) = \(exact), packed \(first)")
        withExtendedLifetime(values) {}
      }
    }
  }

  @Test func longChainsNeedNoRecursion() {
    let x = input(1)
    var y = x
    for k in 0..<200_000 { y = y * 0.5 + Double(k % 3) }
    #expect(Interpreter(g).value(of: y)[0].isNaN)
    let found = run([y], [[1]])
    let interpreter = Interpreter(g)
    let one = Buffer([1])
    interpreter.bind(x, one)
    #expect((found[0][0] - interpreter.value(of: y)[0]).magnitude < 1e-12)
  }

  @Test func interpreterForgets() {
    let x = input(2)
    let y = (x * 3).reduceElements(.sum)
    let interpreter = Interpreter(g)
    interpreter.bind(x, Buffer([1, 2]))
    #expect(interpreter.value(of: y)[0] == 9)
    interpreter.forget()
    interpreter.bind(x, Buffer([2, 2]))
    #expect(interpreter.value(of: y)[0] == 12)
  }

  @Test func outOfRangeIsNoCrash() {
    let x = input(3)
    let wild = g.array(Buffer([-1, 5, .nan, 1]), Shape(rows: 4, columns: 1))
    let shape = Shape(rows: 4, columns: 1)
    let beyond = x.view(StridedMap(offset: 1, strides: [1, 0]), shape)
    let found = run(
      [x.gather(wild), wild.scatter(wild, into: Shape(rows: 3, columns: 1)), beyond],
      [[1, 2, 3]])
    #expect(found[0][3] == 2 && found[0][0].isNaN && found[0][1].isNaN && found[0][2].isNaN)
    #expect(found[1] == [0, 1, 0])
    #expect(found[2][0] == 2 && found[2][1] == 3 && found[2][2].isNaN)
  }
}
