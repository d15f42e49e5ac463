/// What matrices of second derivatives are made of: columns of known matrices, triangles of
/// products, arrays laid into each other.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import Testing

struct SecondDerivativeTests {
  private func column(_ n: Int) -> Shape { Shape(rows: n, columns: 1) }

  private func run(
    _ graph: Graph, _ output: Expression, _ inputs: [Buffer], _ engine: Engine, plain: Bool = false
  ) -> [Double] {
    var options = plain ? Program.Options.plain : Program.Options.fast
    options.engine = engine
    options.compilesAtOnce = true
    let program = Program(graph, outputs: [output], options: options)
    let workspace = program.makeWorkspace()
    for (k, values) in inputs.enumerated() { workspace.bind(k, to: values.pointer) }
    #expect(workspace.run(nil))
    return (0..<output.shape.count).map { workspace.output(0)[$0] }
  }

  private func expectClose(_ a: [Double], _ b: [Double], _ tolerance: Double) {
    #expect(a.count == b.count)
    let scale = b.reduce(1) { max($0, $1.magnitude) }
    let worst = zip(a, b).map { ($0 - $1).magnitude }.max() ?? 0
    #expect(worst <= tolerance * scale)
  }

  /// The Hessian of a function of affine functions of one or two inputs, next to products with it.
  @Test(arguments: [(33, 7), (40, 60), (100, 200), (140, 30)], [true, false])
  func hessianOfAffineFunctions(_ size: (n: Int, m: Int), _ isKnown: Bool) {
    let (n, m) = size
    let graph = Graph()
    let x = graph.input(Input(name: "x", role: .variable, shape: column(n)))
    let y = graph.input(Input(name: "y", role: .variable, shape: column(3)))
    let values = Buffer((0..<m * n).map { Double(($0 * 37) % 101) / 60 - 0.8 })
    let shape = Shape(rows: m, columns: n)
    let matrix =
      isKnown
      ? graph.array(values, shape) : graph.input(Input(name: "A", role: .data, shape: shape))
    let second = graph.array(
      Buffer((0..<3 * m).map { Double($0 % 5) / 3 }), Shape(rows: 3, columns: m))
    let z = matrix.product(x) + second.product(y, transposeLeft: true)
    let e = z.apply(.exp)
    let cost =
      e.reduce(.sum, [0]).apply(.log) + (x * x * x).reduce(.sum, [0]) * y.reduce(.sum, [0])
    let inputs = [
      Buffer((0..<n).map { Double($0 % 9) / 30 - 0.1 }), Buffer([0.3, -0.2, 0.1]), values,
    ]
    let hessian = hessian(of: cost, by: [x, y])
    for direction in [0, n - 1, n + 1] {
      let along = (0..<n + 3).map { $0 == direction ? 1.0 : 0 }
      let product = hvp(
        of: cost, by: [x, y],
        along: [
          graph.array(Buffer(Array(along[..<n])), column(n)),
          graph.array(Buffer(Array(along[n...])), column(3)),
        ])
      let expected = product.flatMap { run(graph, $0, inputs, .vm, plain: true) }
      for engine in Engine.allCases {
        let all = run(graph, hessian, inputs, engine)
        expectClose((0..<n + 3).map { all[direction * (n + 3) + $0] }, expected, 1e-12)
        expectClose((0..<n + 3).map { all[$0 * (n + 3) + direction] }, expected, 1e-12)
      }
    }
  }

  /// One triangle of a product is computed where the other is not read, and only there.
  @Test func trianglesOfProducts() {
    let n = 50
    for readsBelow in [false, true] {
      for isShared in [false, true] {
        let graph = Graph()
        let shape = Shape(rows: n, columns: n)
        let a = graph.input(Input(name: "a", role: .data, shape: shape))
        let product = a.product(a, transposeLeft: true)
        let matrix = product + a
        let isUpper = graph.triangle(
          Int32(n), below: readsBelow ? 1 : 0, diagonal: 1, above: readsBelow ? 0 : 1)
        var result = graph.select(isUpper, matrix, matrix.transposed)
        if isShared { result = result + product }
        let values = Buffer((0..<n * n).map { Double(($0 * 29) % 83) / 40 - 1 })
        let expected = run(graph, result, [values], .vm, plain: true)
        for engine in Engine.allCases {
          expectClose(run(graph, result, [values], engine), expected, 1e-13)
        }
      }
    }
  }

  /// Sums of arrays at places of one distance each, next to adding them up one by one.
  @Test(arguments: [2, 3, 4, 5, 8, 9], [64, 255, 256, 257, 1000])
  func arraysLaidIntoEachOther(_ stride: Int, _ rows: Int) {
    let graph = Graph()
    let x = graph.input(Input(name: "x", role: .variable, shape: column(rows)))
    let total = stride * (rows + 2) + 1
    let values = Buffer((0..<rows).map { Double($0 % 13) - 6 })
    var expected = [Double](repeating: 0, count: total)
    var pieces: [(expression: Expression, map: StridedMap)] = []
    for (k, offset) in [0, 2 * stride, 1, stride + 1, stride, total - 1].enumerated() {
      let count = offset == total - 1 ? 1 : k == 3 ? rows / 2 : rows
      let map = StridedMap(offset: offset, strides: [stride, 0])
      let part = x.view(StridedMap(strides: [1, 0]), column(count))
      let piece =
        k == 1 ? graph.number(0.25).broadcast(to: column(count)) : k == 2 ? part : part * Double(k)
      pieces.append((piece, map))
      for i in 0..<count {
        expected[offset + i * stride] += k == 1 ? 0.25 : values[i] * (k == 2 ? 1 : Double(k))
      }
    }
    let whole = graph.assemble(column(total), adds: true, pieces)
    for engine in Engine.allCases { #expect(run(graph, whole, [values], engine) == expected) }
  }
}
