/// Formulas of mapped bodies, of gradients laid together, and of what is too large to read.
import OptCalculus
import OptGraph
import OptLanguage
import OptNumerics
import Testing

struct FormulaLaneTests {
  private let board = Board()
  private var graph: Graph { board.graph }

  private func by(_ e: Expression, _ x: Expression) -> Expression { gradient(of: e, by: [x])[0] }

  @Test func generators() {
    let x = board.symbol("x", 5)
    let (i, element) = (board.lanes(5), board.element(x, 5))
    let cost = board.raised(element - 1, 2).reduceLanes(.sum, level: 0)
    #expect(board.text(cost) == "sum((x[i] - 1)² for i in 1:5)")
    #expect(board.text(by(cost, x)) == "[2(x[i] - 1) for i in 1:5]")
    #expect(board.text((i * element).reduceLanes(.sum, level: 0)) == "sum(i x[i] for i in 1:5)")
    #expect(
      board.text(board.element(x, 3, stride: 2, offset: -1).reduceLanes(.maximum, level: 0))
        == "max(x[2i - 1] for i in 1:3)")
    #expect(board.text(board.raised(element, 2)) == "[x[i]² for i in 1:5]")
    let column = board.raised(element, 2)
      .view(StridedMap(strides: [1, 0]), Shape(rows: 5, columns: 1))
    #expect(board.text(column) == "[x[i]² for i in 1:5]")
    #expect(
      board.text(board.raised(element, 2).scan(0)) == "[sum(x[j]² for j in 1:i) for i in 1:5]")
    let logs = graph.select(
      element.apply(.greater, graph.number(1)), element.apply(.log), graph.number(0))
    #expect(
      board.text(logs.reduceLanes(.sum, level: 0)) == "sum(log(x[i]) for i in 1:5 if x[i] > 1)")
    let signs = element.apply(.greater, graph.number(1))
      .view(StridedMap(strides: [1, 0]), Shape(rows: 5, columns: 1))
    #expect(board.text(signs) == "[if x[i] > 1 then 1 else 0 for i in 1:5]")
    let known = graph.array(Buffer([1, 4, 9, 16, 25]), Shape(lanes: [5], rows: 1, columns: 1))
    #expect(
      board.text((known * element).reduceLanes(.sum, level: 0))
        == "sum([1, 4, 9, 16, 25][i] x[i] for i in 1:5)")
  }

  @Test func nestedGenerators() {
    let x = board.symbol("x", 5)
    let (outer, inner) = (board.element(x, 5), board.element(x, 5, level: 1))
    #expect(
      board.text((outer * inner).reduce(.sum, [0, 1]))
        == "sum(x[i] x[j] for i in 1:5, j in 1:5)")
    #expect(
      board.text(
        (inner * outer).reduceLanes(.sum, level: 1).apply(.sin).reduceLanes(.sum, level: 0))
        == "sum(sin(x[i] sum(x[j] for j in 1:5)) for i in 1:5)")
    // The name of an input is not taken.
    let i = board.symbol("i", 3)
    #expect(
      board.text(board.element(i, 3).reduceLanes(.product, level: 0))
        == "prod(i[j] for j in 1:3)")
  }

  @Test func rosenbrock() {
    let x = board.symbol("x", 5)
    let (here, next) = (board.element(x, 4), board.element(x, 4, offset: 1))
    let cost = 100 * board.raised(next - board.raised(here, 2), 2) + board.raised(1 - here, 2)
    let sum = cost.reduceLanes(.sum, level: 0)
    #expect(
      board.text(sum) == "sum(100(x[i + 1] - x[i]²)² + (1 - x[i])² for i in 1:4)")
    #expect(
      board.text(by(sum, x))
        == "join(-400x[1]·(x[2] - x[1]²) - 2(1 - x[1]), "
        + "[200(x[i] - x[i - 1]²) - 400x[i]·(x[i + 1] - x[i]²) - 2(1 - x[i]) for i in 2:4], "
        + "200(x[5] - x[4]²))")
  }

  @Test func rowsOfData() {
    let (a, w) = (board.symbol("A", 4, 3), board.symbol("w", 3))
    let row = a.view(StridedMap(strides: [3, 0, 1]), Shape(lanes: [4], rows: 1, columns: 3))
    let cost = row.product(w).apply(.sigmoid).reduceLanes(.sum, level: 0)
    #expect(board.text(cost) == "sum(sigmoid(A[i, :] w) for i in 1:4)")
    #expect(
      board.text(by(cost, w))
        == "Aᵀ·[sigmoid(A[i, :] w) sigmoid(-A[i, :] w) for i in 1:4]")
  }

  @Test func assemblies() {
    let (x, z) = (board.symbol("x", 4), board.symbol("z", 3))
    func at(_ k: Int) -> Expression {
      x.view(StridedMap(offset: k - 1, strides: [0, 0]), .scalar)
    }
    #expect(
      board.text(by(board.raised(at(1) * at(2), 2), x)) == "[2x[1]·x[2]², 2x[1]²·x[2], 0, 0]")
    #expect(
      board.text(by(z.reduceElements(.product), z)) == "[z[3]·z[2], z[3]·z[1], z[1]·z[2]]")
    let large = board.symbol("y", 30)
    let slice = large.view(StridedMap(offset: 5, strides: [1, 0]), Shape(rows: 20, columns: 1))
    #expect(
      board.text(by(board.raised(slice, 3).reduceElements(.sum), large))
        == "join(zeros(5), 3y[6:25].^2, zeros(5))")
    let k = board.symbol("k")
    let chosen = Formula.of(by(board.raised(z.gather(k - 1), 2), z))
    #expect(chosen.text == "scatter(2z[k], k, 3)" && !chosen.pastesBack)
  }

  @Test func fields() {
    let w = graph.input(
      Input(name: "p.W", role: .variable, shape: Shape(rows: 2, columns: 2)))
    #expect(Formula.of(w.transposed).text == "p.Wᵀ")
  }

  @Test func hessians() {
    let (x, y) = (board.symbol("x"), board.symbol("y"))
    let f = board.raised(x, 2) * y.apply(.sin)
    #expect(
      board.text(hessian(of: f, by: [x, y]))
        == "[2sin(y), 2x·cos(y); 2x·cos(y), -x²·sin(y)]")
    let g = board.raised(1 - x, 2) + 100 * board.raised(y - board.raised(x, 2), 2)
    #expect(
      board.text(hessian(of: g, by: [x, y]))
        == "[1200x² - 400y + 2, -400x; -400x, 200]")
    let v = board.symbol("v", 2)
    #expect(
      board.text(hessian(of: (v * v * v).reduceElements(.sum), by: [v]))
        == "[6v[1], 0; 0, 6v[2]]")
    #expect(
      board.text(jacobian(of: [x * y, x + y.apply(.exp)], by: [x, y]))
        == "[y, x; 1, exp(y)]")
  }

  // MARK: Size

  @Test func partsAreNamed() {
    let (x, y) = (board.symbol("x"), board.symbol("y"))
    let u = ((x * x + y * y + 1).apply(.sqrt).apply(.log) + x.apply(.exp)).apply(.atan)
    let sum =
      u.apply(.sin) + u.apply(.cos) / (1 + u) + (u + x).apply(.tanh) + (u - 2 * y).apply(.exp)
      + (u + y).apply(.sin) + u.apply(.erf) + (u + 2 * x).apply(.log)
    let text = board.text(sum)
    #expect(text.hasPrefix("sin(u) + cos(u)/(1 + u)"))
    #expect(text.hasSuffix("where u = atan(log(sqrt(x² + y² + 1)) + exp(x))"))
  }

  @Test func largeFormulasShowTheirBeginning() {
    let (x, y) = (board.symbol("x"), board.symbol("y"))
    var sum = x
    for k in 1..<3000 { sum = sum + board.raised(x, Double(k)).apply(.cos) }
    var nested = x
    for k in 0..<2000 { nested = (nested * y + Double(k % 7)).apply(.sin) }
    var chain = x
    for _ in 0..<100_000 { chain = (chain + 1).apply(.cos) }
    // As a tree this has 2^1000 nodes, and thousands of conditions.
    var doubled = x
    for k in 0..<1000 {
      doubled = graph.select(
        doubled.apply(.greater, graph.number(Double(k))), doubled * doubled + 1, doubled - y)
    }
    for large in [sum, nested, chain, doubled, by(doubled, x), by(nested, x), by(chain, x)] {
      let formula = Formula.of(large)
      #expect(formula.isUnreadable && !formula.pastesBack)
      #expect(formula.text.hasSuffix("…") && formula.text.count < 200)
    }
    #expect(Formula.of(sum).text.hasPrefix("x + cos(x) + cos(x²)"))
  }
}
