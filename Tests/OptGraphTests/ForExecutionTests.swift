/// What the pass for execution makes of small graphs. That values stay is tested with the rules of
/// differentiation, on every graph that occurs there.
import OptGraph
import OptNumerics
import Testing

struct ForExecutionTests {
  private let g = Graph()

  private func input(_ name: String, _ rows: Int = 1, _ columns: Int = 1) -> Expression {
    g.input(Input(name: name, role: .variable, shape: Shape(rows: rows, columns: columns)))
  }

  private func text(_ x: Expression) -> String {
    let (graph, roots) = g.forExecution([x])
    // Nothing is left behind.
    #expect(graph.reachable(from: [roots[0].index]).filter { !$0 }.count <= graph.inputs.count)
    return roots[0].debugDescription
  }

  @Test func arithmetic() {
    let (x, y) = (input("x"), input("y"))
    #expect(text(x + 0) == "x")
    #expect(text(0 - x) == "(negate x)")
    #expect(text(x + -y) == "(subtract x y)")
    #expect(text(-x + y) == "(subtract y x)")
    #expect(text(x - -y) == "(add x y)")
    #expect(text(-(x - y)) == "(subtract y x)")
    #expect(text(-x * -y) == "(multiply x y)")
    #expect(text(x / 4) == "(multiply 0.25 x)")
    #expect(text(x / 3) == "(divide x 3.0)")
    #expect(text(x.apply(.power, g.number(2))) == "(multiply x x)")
    #expect(text(x.apply(.power, g.number(0.5))) == "(sqrt x)")
    #expect(text(2 * (3 * x)).contains("6.0"))
    // Values that these would change:
    #expect(text(0 * x).contains("multiply"))
    #expect(text(x - x) == "(subtract x x)")
  }

  @Test func masks() {
    let (x, y) = (input("x"), input("y"))
    let mask = x.apply(.less, y)
    #expect(text(mask.apply(.notEqual, g.number(0))) == "(less x y)")
    #expect(text(mask.apply(.not).apply(.not)) == "(less x y)")
    #expect(text(g.select(mask, g.number(1), g.number(0))) == "(less x y)")
    #expect(text(g.select(mask.apply(.not), x, y)) == "(select:1x1 (less x y) y x)")
    #expect(
      text(g.select(mask, g.select(mask, x, g.number(3)), y)) == "(select:1x1 (less x y) x y)")
  }

  @Test func layout() {
    let a = input("a", 3, 4)
    let x = input("x", 3)
    #expect(text(a.transposed.transposed) == "a")
    #expect(text(a.transposed.product(x.transposed, transposeRight: true)) == "(product:1 a x)")
    #expect(text(a.product(a, transposeRight: true).transposed) == "(product:2 a a)")
    #expect(text(x.product(x, transposeRight: true)).hasPrefix("(multiply"))
    // Rows 1 and 2, then the last column of them.
    let rows = a.view(StridedMap(offset: 4, strides: [4, 1]), Shape(rows: 2, columns: 4))
    let column = rows.view(StridedMap(offset: 3, strides: [4, 0]), Shape(rows: 2, columns: 1))
    #expect(text(column) == "(view:2x1@7[4, 0] a)")
    // A window that runs over the end of a row does not compose.
    let part = a.view(StridedMap(offset: 0, strides: [4, 1]), Shape(rows: 3, columns: 2))
    let run = part.view(StridedMap(offset: 1, strides: [1, 0]), Shape(rows: 4, columns: 1))
    #expect(text(run).contains("(view:3x2"))
  }

  @Test func reductionsAndRepeats() {
    let x = input("x")
    let a = input("a", 3, 4)
    let shape = Shape(lanes: [5], rows: 3, columns: 4)
    #expect(text(x.broadcast(to: shape).apply(.sin)) == "(view:5|3x4@0[0, 0, 0] (sin x))")
    #expect(text(x.broadcast(to: shape).reduce(.sum, [0, 1])).contains("15.0"))
    #expect(text(a.reduce(.sum, [0]).reduce(.sum, [1])) == "(sum[0, 1] a)")
    #expect(text(x.broadcast(to: shape).reduce(.maximum, [0, 1, 2])) == "x")
  }

  @Test func knownArraysFold() {
    let a = g.array(Buffer([1, 2, 3]), Shape(rows: 3, columns: 1))
    #expect(text((a + 1).apply(.sqrt) * 0) == "0.0" || text(a - a).contains("0.0"))
    let (graph, roots) = g.forExecution([(a * 2).transposed + 1])
    #expect(roots[0].node.operation == .array)
    #expect(Array(graph.arrays[Int(roots[0].node.payload)].elements) == [3, 5, 7])
  }

  @Test func inputsKeepTheirOrder() {
    let (x, y, z) = (input("x"), input("y"), input("z"))
    let (graph, roots) = g.forExecution([z * 1, x + 0])
    #expect(graph.inputs.map(\.name) == ["x", "y", "z"])
    #expect(roots[0].node.payload == 2 && roots[1].node.payload == 0)
    _ = y
  }
}
