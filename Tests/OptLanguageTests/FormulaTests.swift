/// Formulas as they are shown. Each text is also read back and compared with the graph's values.
import OptCalculus
import OptGraph
import OptLanguage
import OptNumerics
import Testing

struct FormulaTests {
  private let board = Board()
  private var graph: Graph { board.graph }

  private func by(_ e: Expression, _ x: Expression) -> Expression { gradient(of: e, by: [x])[0] }

  @Test func derivatives() {
    let (x, y) = (board.symbol("x"), board.symbol("y"))
    func text(_ e: Expression) -> String { board.text(by(e, x)) }
    func second(_ e: Expression) -> String { board.text(by(by(e, x), x)) }
    let f = board.raised(1 - x, 2) + 100 * board.raised(y - board.raised(x, 2), 2)
    #expect(text(f) == "-2(1 - x) - 400x·(y - x²)")
    let g = board.raised(x, 3) * x.apply(.sin)
    #expect(text(g) == "3x² sin(x) + x³ cos(x)")
    #expect(second(g) == "6x sin(x) + 6x² cos(x) - x³ sin(x)")
    let bell = (-board.raised(x, 2) / 2).apply(.exp)
    #expect(text(bell) == "-x exp(-x²/2)")
    #expect(second(bell) == "(x² - 1) exp(-x²/2)")
    #expect(["1/(2√x)", "1/(2 √x)"].contains(text(x.apply(.sqrt))))
    #expect(text((1 + x * x).apply(.sqrt)) == "x/sqrt(1 + x²)")
    #expect(text(x.apply(.log) / x) == "(1 - log(x))/x²")
    #expect(text(x.apply(.tanh)) == "1 - tanh(x)²")
    #expect(second(x.apply(.tanh)) == "-2sinh(x)/cosh(x)³")
    #expect(text(x.apply(.power, x)) == "(log(x) + 1) x^x")
    #expect(text(x.apply(.power, y)) == "y x^(y - 1)")
    #expect(text(y.apply(.power, x)) == "y^x log(y)")
    #expect(text(graph.number(2).apply(.power, x)) == "log(2)·2^x")
    #expect(text(y.apply(.atan2, x)) == "-y/(x² + y²)")
    #expect(text(x.apply(.abs)) == "sign(x)")
    #expect(text(1 / (1 + x * x)) == "-2x/(1 + x²)²")
    #expect(text(x.apply(.max, y)) == "if x ≥ y then 1 else 0")
    #expect(text((x + x + x).apply(.relu)) == "if 3x > 0 then 3 else 0")
    #expect(text(board.raised(x, 1.0 / 3)) == "1/(3x^(2/3))")
  }

  @Test func numbers() {
    let x = board.symbol("x")
    #expect(board.text(board.raised(x, 3) * graph.number(1.0 / 3)) == "x³/3")
    #expect(board.text(x * graph.number(2.0 / 7)) == "2x/7")
    #expect(board.text(0.5 * x) == "x/2")
    #expect(board.text(graph.number(Double.pi / 2) + x) == "π/2 + x")
    #expect(board.text(x + 2.5) == "x + 2.5")
    #expect(board.text(x - 1e20) == "x - 1e+20")
    #expect(board.text(by(x.apply(.erf), x)) == "2 exp(-x²)/√π")
    #expect(Formula.of(graph.number(.nan)).text == "nan")
    #expect(Formula.of(graph.number(-.infinity)).text == "-inf")
    #expect(Formula.of(graph.number(-3)).text == "-3")
  }

  @Test func conditions() {
    let (x, y) = (board.symbol("x"), board.symbol("y"))
    let test = x.apply(.greater, graph.number(0)).apply(.and, y.apply(.lessOrEqual, x).apply(.not))
    let f = graph.select(test, board.raised(x, 2) * x.apply(.log), -x)
    #expect(board.text(f) == "if x > 0 and not y ≤ x then x² log(x) else -x")
    #expect(board.text(by(f, x)) == "if x > 0 and not y ≤ x then 2x log(x) + x else -1")
    let v = board.symbol("v", 3)
    let masked = graph.select(v.apply(.greater, graph.number(1)), v * v, v.apply(.sin))
    #expect(board.text(masked) == "(v > 1).*v.^2 + (not v > 1).*sin(v)")
    #expect(board.text(by(v.apply(.relu).reduceElements(.sum), v)) == "v > 0")
  }

  @Test func views() {
    let (x, a) = (board.symbol("x", 5), board.symbol("A", 4, 5))
    func part(_ offset: Int, _ step: Int, _ rows: Int) -> String {
      board.text(
        x.view(StridedMap(offset: offset, strides: [step, 0]), Shape(rows: rows, columns: 1)))
    }
    func block(_ offset: Int, _ strides: [Int], _ rows: Int, _ columns: Int) -> String {
      board.text(
        a.view(
          StridedMap(offset: offset, strides: strides), Shape(rows: rows, columns: columns)))
    }
    #expect(part(2, 0, 1) == "x[3]")
    #expect(part(1, 1, 4) == "x[2:5]")
    #expect(part(4, -1, 5) == "x[5:-1:1]")
    #expect(block(5, [0, 1], 1, 5) == "A[2, :]")
    #expect(block(5, [1, 0], 5, 1) == "A[2, :]ᵀ")
    #expect(block(1, [5, 0], 4, 1) == "A[:, 2]")
    #expect(block(6, [10, 1], 2, 3) == "A[2:2:4, 2:4]")
    #expect(block(0, [6, 0], 4, 1) == "diag(A)")
    #expect(board.text(a.transposed) == "Aᵀ")
    #expect(board.text(x.reshape(rows: 1, columns: 5)) == "xᵀ")
    #expect(board.text(a.reshape(rows: 5, columns: 4)) == "reshape(A, 5, 4)")
    #expect(board.text(a.reshape(rows: 20, columns: 1)) == "A[:]")
    #expect(board.text(x.gather(graph.number(2))) == "x[3]")
    #expect(board.text(x.gather(x.order)) == "sort(x)")
    let index = board.symbol("k") - 1
    #expect(Formula.of(x.gather(index)).text == "x[k]")
    #expect(Formula.of(x.gather(index + 2)).text == "x[k + 2]")
  }

  @Test func reductions() {
    let (x, a) = (board.symbol("x", 5), board.symbol("A", 4, 5))
    #expect(board.text((x * x).reduceElements(.sum)) == "sum(x.^2)")
    #expect(board.text(a.reduce(.sum, [0])) == "sum(A, axis = 1)")
    #expect(board.text(a.reduce(.maximum, [1])) == "max(A, axis = 2)")
    #expect(board.text(x.reduceElements(.argMaximum)) == "argmax(x)")
    #expect(board.text(by(x.reduceElements(.maximum), x)) == "1:5 == argmax(x)")
    #expect(board.text(by(x.reduceElements(.sum), x)) == "ones(5)")
    #expect(board.text(by(x.reduceElements(.sum).apply(.sin), x)) == "cos(sum(x)) ones(5)")
    #expect(board.text(x.scan(0)) == "cumsum(x)")
    let weights = x.apply(.exp)
    #expect(board.text(weights / weights.reduceElements(.sum)) == "softmax(x)")
    #expect(board.text(weights.reduceElements(.sum).apply(.log)) == "logsumexp(x)")
    #expect(board.text(a.apply(.exp).reduce(.sum, [1]).apply(.log)) == "logsumexp(A, axis = 2)")
    #expect(board.text((x * x).reduceElements(.sum).apply(.sqrt)) == "norm(x)")
  }

  @Test func products() {
    let (x, a, b) = (board.symbol("x", 5), board.symbol("A", 4, 5), board.symbol("b", 4))
    let residual = a.product(x) - b
    let cost = (residual * residual).reduceElements(.sum)
    #expect(board.text(cost) == "sum((A x - b).^2)")
    #expect(board.text(by(cost, x)) == "2Aᵀ(A x - b)")
    #expect(board.text(by(cost, a)) == "2(A x - b) xᵀ")
    #expect(board.text(b.product(x, transposeRight: true)) == "b xᵀ")
    #expect(board.text(a - b) == "A - b")
    #expect(board.text(1 / x) == "1./x")
  }

  @Test func factorisations() {
    let (a, b) = (board.symbol("A", 3, 3), board.symbol("b", 3))
    func text(_ e: Expression) -> String { Formula.of(e).text }
    let factor = a.factor(.lu)
    #expect(text(factor.solve(b)) == "A\\b")
    #expect(text(factor.part(0)) == "det(A)")
    #expect(text(by(factor.part(1), a)) == "inv(Aᵀ)")
    #expect(text(by(factor.part(0), a)) == "det(A) inv(Aᵀ)")
    #expect(text(a.factor(.symmetricEigen).part(0)) == "eig(A).values")
    #expect(text(a.factor(.cholesky).part(0)) == "cholesky(A)")
    #expect(text(by(factor.solve(b).reduceElements(.sum), b)) == "Aᵀ\\ones(3)")
  }
}
