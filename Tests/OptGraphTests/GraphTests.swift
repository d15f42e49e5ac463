/// Building graphs: sharing, folding, substitution, copies.
import OptGraph
import OptNumerics
import Testing

private func input(_ graph: Graph, _ name: String, _ rows: Int = 1) -> Expression {
  graph.input(Input(name: name, role: .variable, shape: Shape(rows: rows, columns: 1)))
}

struct GraphTests {
  @Test func equalNodesAreOne() {
    let g = Graph()
    let x = input(g, "x", 3)
    let y = input(g, "x", 3)
    #expect(x != y)
    #expect(x + y == y + x)
    #expect(x.apply(.sin) == x.apply(.sin))
    #expect(x - y != y - x)
    #expect(g.number(0) != g.number(-0.0))
    #expect(
      g.array(Buffer([1, 2]), Shape(rows: 2, columns: 1))
        == g.array(Buffer([1, 2]), Shape(rows: 2, columns: 1)))
  }

  @Test func rewritesKeepEveryValue() {
    let g = Graph()
    let x = input(g, "x", 3)
    #expect(1 * x == x && x * 1 == x && x / 1 == x && -(-x) == x && x * -1 == -x)
    #expect(x.apply(.power, g.number(1)) == x)
    #expect((g.number(2) + 3).constant == 5)
    // Not for NaN, infinity or negative zero:
    #expect((0 * x).constant == nil && (x - x).constant == nil && x + 0 != x)
    #expect(x.transposed.transposed.shape == x.shape)
    #expect((x + input(g, "y", 2)).constant?.isNaN == true)
  }

  @Test func manyNodesKeepTheirPlaces() {
    let g = Graph()
    let x = input(g, "x")
    var all: [Expression] = []
    for k in 0..<20_000 { all.append((x * Double(k + 2)).apply(.sin)) }
    let count = g.count
    for k in 0..<20_000 { #expect((x * Double(k + 2)).apply(.sin) == all[k]) }
    #expect(g.count == count)
    #expect(g.origins.count == count)
  }

  @Test func substitutionRebuildsOnlyWhatChanges() {
    let g = Graph()
    let (x, y) = (input(g, "x"), input(g, "y"))
    let kept = y.apply(.exp)
    let root = (x * kept).apply(.sin) + kept
    let before = g.count
    let result = g.substitute([root, kept], [x.index: g.number(2)])
    #expect(result[0] == (2 * kept).apply(.sin) + kept)
    #expect(result[1] == kept)
    #expect(g.count <= before + 4)
    // All of it becomes a number.
    let value = g.substitute([root], [x.index: g.number(2), y.index: g.number(0)])[0]
    #expect((value.constant ?? 0) == (g.number(2).apply(.sin).constant ?? 1) + 1)
    #expect(g.substitute([root], [root.index: x])[0] == x)
  }

  @Test func deepGraphsDoNotRecurse() {
    let g = Graph()
    let x = input(g, "x")
    var sum = x
    for _ in 0..<300_000 { sum = (sum + x).apply(.sin) }
    let result = g.substitute([sum], [x.index: 2 * x])[0]
    #expect(result != sum)
    let other = Graph()
    #expect(g.copy([sum], into: other)[0].index >= 0)
    #expect(other.count == 600_001)
    #expect(sum.debugDescription.utf8.count < 10_000)
  }

  @Test func copiesAreEqualText() {
    let g = Graph()
    let x = input(g, "x", 3)
    let y = x.product(x, transposeLeft: true).apply(.log) + x.reduceElements(.sum)
    let z = g.assemble(
      Shape(rows: 4, columns: 1), adds: true, [(y, StridedMap(offset: 2, strides: [0, 0]))])
    let other = Graph()
    _ = other.number(7)
    let copy = g.copy([z], into: other)[0]
    #expect(copy.debugDescription == z.debugDescription)
    #expect(z.debugDescription == "(assemble+:4x1 (add (log (product:1 x x)) (sum[0] x)))")
    #expect(other.inputs.map(\.name) == ["x"])
  }
}
