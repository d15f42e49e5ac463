/// Nodes with a derivative of their own, in both modes and two orders.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import Testing

@Suite struct SurrogateTests {
  /// A surrogate of x² with the slope x³: values and derivatives can be told apart.
  @Test func derivativesAreThoseOfTheSlope() {
    let graph = Graph()
    let x = graph.input(Input(name: "x", role: .variable, shape: Shape(rows: 3, columns: 1)))
    let y = graph.surrogate(
      (x * x).reduceElements(.sum), point: x, slope: x * x * x)
    let ones = graph.number(1).broadcast(to: x.shape)
    let roots = [
      y, gradient(of: y, by: [x])[0], pushforward([y], along: [(x, tangent: ones)])[0],
      hessian(of: y, by: [x]),
    ]
    let expected: [[Double]] = [[14], [1, 8, 27], [36], [3, 0, 0, 0, 12, 0, 0, 0, 27]]
    for options in [Program.Options.fast, .plain] {
      let program = Program(graph, outputs: roots, options: options)
      let workspace = program.makeWorkspace()
      let point = Buffer([1, 2, 3])
      workspace.bind(0, to: UnsafePointer(point.pointer))
      #expect(workspace.run(nil))
      for (k, values) in expected.enumerated() {
        #expect((0..<values.count).map { workspace.output(k)[$0] } == values)
      }
    }
    let interpreter = Interpreter(graph)
    interpreter.bind(x, Buffer([1, 2, 3]))
    for (root, values) in zip(roots, expected) {
      let buffer = interpreter.value(of: root)
      #expect((0..<buffer.count).map { buffer[$0] } == values)
    }
  }

  /// In lanes the slope of each lane counts, and a lane that is dead contributes nothing.
  @Test func lanesAreSummed() {
    let graph = Graph()
    let w = graph.input(Input(name: "w", role: .variable, shape: .scalar))
    let i = graph.array(Buffer([1, 2, 3, 4]), Shape(lanes: [4], rows: 1, columns: 1))
    let point = w * i
    let y = graph.surrogate(
      graph.number(7), point: point,
      slope: point
        * graph.select(
          i.apply(.less, graph.number(3)), graph.number(1), graph.number(.nan)))
    let chosen = graph.select(i.apply(.less, graph.number(3)), y, graph.number(0))
    let total = chosen.reduceLanes(.sum, level: 0)
    let slope = gradient(of: total, by: [w])[0]
    let interpreter = Interpreter(graph)
    interpreter.bind(w, Buffer([2]))
    #expect(interpreter.value(of: total)[0] == 14)
    // Σ i · (w i) over i = 1, 2.
    #expect(interpreter.value(of: slope)[0] == 10)
  }
}
