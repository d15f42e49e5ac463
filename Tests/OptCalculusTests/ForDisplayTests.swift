/// Formulas as they are shown, and that they have the values of what they stand for.
import OptCalculus
import OptGraph
import OptNumerics
import Testing

/// Infix text with as few brackets as a test can read.
private func infix(_ x: Expression) -> String {
  let node = x.node
  func operand(_ index: Int32) -> Expression { Expression(graph: x.graph, index: index) }
  if let value = x.constant { return value == value.rounded() ? "\(Int(value))" : "\(value)" }
  if node.operation == .input { return x.graph.inputs[Int(node.payload)].name }
  if node.operation == .select {
    let parts = [node.a, node.b, node.c].map { infix(operand($0)) }
    return "if \(parts[0]) then \(parts[1]) else \(parts[2])"
  }
  guard node.operation == .apply else { return x.debugDescription }
  func bracketed(_ index: Int32, _ names: [FunctionID]) -> String {
    let inner = operand(index)
    let text = infix(inner)
    guard inner.node.operation == .apply else { return text }
    return names.contains(FunctionID(index: Int(inner.node.payload))) ? "(\(text))" : text
  }
  let sums: [FunctionID] = [.add, .subtract, .negate]
  switch FunctionID(index: Int(node.payload)) {
  case .add: return "\(infix(operand(node.a))) + \(bracketed(node.b, [.negate]))"
  case .subtract: return "\(infix(operand(node.a))) - \(bracketed(node.b, sums))"
  case .negate: return "-\(bracketed(node.a, [.add, .subtract]))"
  case .multiply: return "\(bracketed(node.a, sums)) \(bracketed(node.b, sums + [.divide]))"
  case .divide:
    return
      "\(bracketed(node.a, [.add, .subtract]))/\(bracketed(node.b, sums + [.multiply, .divide]))"
  case .power:
    return "\(bracketed(node.a, sums + [.multiply, .divide, .power]))^\(bracketed(node.b, sums))"
  case .greater: return "\(infix(operand(node.a))) > \(infix(operand(node.b)))"
  case let function:
    let arguments = [node.a, node.b].filter { $0 >= 0 }.map { infix(operand($0)) }
    return "\(function.row.name)(\(arguments.joined(separator: ", ")))"
  }
}

struct ForDisplayTests {
  private let g = Graph()

  private func symbol(_ name: String) -> Expression {
    g.input(Input(name: name, role: .variable, shape: .scalar))
  }

  private func raised(_ x: Expression, _ n: Double) -> Expression { x.apply(.power, g.number(n)) }

  /// The text of `e`, whose value is checked too.
  private func text(_ e: Expression, sourceLocation: SourceLocation = #_sourceLocation) -> String {
    let (graph, roots) = g.forDisplay([e])
    var noise = Noise(5)
    for _ in 0..<5 {
      var (before, after): ([Int32: [Double]], [Int32: [Double]]) = ([:], [:])
      for (old, new) in zip(g.inputNodes, graph.inputNodes) {
        let value = noise.values(g.shape(of: old).count, in: 0.5...2)
        (before[old], after[new]) = (value, value)
      }
      close(
        Reference(graph: graph, inputs: after).value(roots[0]),
        Reference(graph: g, inputs: before).value(e), 1e-12, infix(roots[0]),
        sourceLocation: sourceLocation)
    }
    return infix(roots[0])
  }

  @Test func sums() {
    let (x, y) = (symbol("x"), symbol("y"))
    #expect(text(x + x) == "2 x")
    #expect(text(x + y + x) == "2 x + y")
    #expect(text(x - x) == "0")
    #expect(text(symbol("z") + x) == "z + x")
    #expect(text(1 + x) == "1 + x")
    #expect(text(x + 1 - 3) == "x - 2")
    #expect(text(x - (y - x)) == "2 x - y")
    #expect(text(-(1 - x)) == "x - 1")
    #expect(text(-x + y) == "y - x")
    #expect(text(2 * x * y + 3 * (y * x)) == "5 x y")
    #expect(text(x / 3 + x / 6) == "x/2")
  }

  @Test func products() {
    let (x, y) = (symbol("x"), symbol("y"))
    #expect(text(0 * x.apply(.sin)) == "0")
    #expect(text(x * x) == "x^2")
    #expect(text(x * 2 * y * 3) == "6 x y")
    #expect(text(x.apply(.sin) * 2 * raised(x, 3)) == "2 x^3 sin(x)")
    #expect(text(raised(x, 3) / x) == "x^2")
    #expect(text(x / raised(x, 3)) == "1/x^2")
    #expect(text(x / x) == "1")
    #expect(text((x * y) / (y * 2)) == "x/2")
    #expect(text(x / x.apply(.sqrt)) == "sqrt(x)")
    #expect(text(raised(2 * x, 3)) == "8 x^3")
    #expect(text(-(-(x * -y))) == "-x y")
    #expect(text(x.apply(.exp) * (x + 1)) == "(x + 1) exp(x)")
    #expect(text(x * (1 / y)) == "x/y")
    #expect(text(1 / (1 / x)) == "x")
    #expect(text(x.apply(.exp).apply(.log)) == "x")
  }

  @Test func derivatives() {
    let (x, y) = (symbol("x"), symbol("y"))
    func by(_ e: Expression, _ v: Expression) -> String { text(gradient(of: e, by: [v])[0]) }
    func forward(_ e: Expression, _ v: Expression) -> String {
      text(pushforward([e], along: [(v, tangent: g.number(1))])[0])
    }
    let f = raised(1 - x, 2) + 100 * raised(y - raised(x, 2), 2)
    #expect(by(f, x) == "-2 (1 - x) - 400 x (y - x^2)")
    #expect(by(f, y) == "200 (y - x^2)")
    let h = raised(x, 3) * x.apply(.sin)
    #expect(by(h, x) == "3 x^2 sin(x) + x^3 cos(x)")
    #expect(forward(h, x) == "3 x^2 sin(x) + x^3 cos(x)")
    #expect(by(x.apply(.tanh), x) == "1 - tanh(x)^2")
    #expect(by(x.apply(.sqrt), x) == "1/(2 sqrt(x))")
    #expect(by((-(x * x)).apply(.exp), x) == "-2 x exp(-x^2)")
    #expect(by(x / (1 + x * x), x) == "(1 - x^2)/(1 + x^2)^2")
    #expect(by(x.apply(.log) * x, x) == "1 + log(x)" || by(x.apply(.log) * x, x) == "log(x) + 1")
    #expect(by(raised(x, 5), x) == "5 x^4")
    #expect(forward(g.number(2).apply(.power, x), x).hasPrefix("0.69"))
  }

  @Test func conditions() {
    let x = symbol("x")
    let zero = g.number(0)
    let y = g.select(x.apply(.greater, zero), raised(x, 2) * x.apply(.log), -x)
    let first = gradient(of: y, by: [x])[0]
    #expect(text(first) == "if x > 0 then 2 x log(x) + x else -1")
    #expect(text(gradient(of: first, by: [x])[0]) == "if x > 0 then 3 + 2 log(x) else 0")
  }

  @Test func powersOfSymbols() {
    let (x, y) = (symbol("x"), symbol("y"))
    func by(_ e: Expression, _ v: Expression) -> String { text(gradient(of: e, by: [v])[0]) }
    #expect(by(x.apply(.power, y), x) == "y x^(y - 1)")
    #expect(by(x.apply(.power, y), y) == "x^y log(x)")
    #expect(by(x.apply(.power, x), x) == "(log(x) + 1) x^x")
    #expect(text(x * x.apply(.power, y + 2)) == "x^(y + 3)")
    // A condition that somebody wrote stays.
    let written = g.select(x.apply(.equal, g.number(0)), g.number(0), x * x.apply(.log))
    #expect(text(written) == "if equal(x, 0) then 0 else x log(x)")
  }

  @Test func bracketsStayTogether() {
    let (x, y) = (symbol("x"), symbol("y"))
    let sum = x.apply(.sin) - y
    #expect(text(sum + sum) == "2 (sin(x) - y)")
    #expect(text(sum - sum) == "0")
    #expect(text(0.5 * (2 * x + 4 * y)) == "x + 2 y")
    #expect(text(0.5 * (x + 4 * y)) == "(x + 4 y)/2")
    let choice = g.select(x.apply(.greater, y), g.number(1), g.number(0))
    #expect(text(choice + choice + choice) == "if x > y then 3 else 0")
  }

  @Test func sumsOfRepeatedValues() {
    let x = symbol("x")
    let lanes = Shape(lanes: [5], rows: 3, columns: 1)
    let repeated = x.apply(.sin).broadcast(to: lanes)
    #expect(text(repeated.reduce(.sum, [0, 1])) == "15 sin(x)")
    #expect(text(repeated.reduce(.maximum, [0, 1])) == "sin(x)")
    let v = g.input(Input(name: "v", role: .variable, shape: Shape(rows: 3, columns: 1)))
    let (_, roots) = g.forDisplay([v.broadcast(to: lanes).reduce(.sum, [0])])
    #expect(roots[0].shape == v.shape)
    _ = text(v.broadcast(to: lanes).reduce(.sum, [0, 1]))
    _ = text((2 * v).product(3 * v, transposeLeft: true))
  }

  @Test func vectorsKeepTheirShapes() {
    let v = g.input(Input(name: "v", role: .variable, shape: Shape(rows: 3, columns: 1)))
    let y = (0 * v + 2 * v * 3).reduceElements(.sum)
    let (_, roots) = g.forDisplay([0 * v, y, v / v])
    #expect(roots.map(\.shape) == [v.shape, .scalar, v.shape])
    _ = text(y)
    _ = text((v * v).transposed.product(v))
  }

  @Test func hugeGraphsComeBackUnread() {
    let x = symbol("x")
    var sum = x
    for _ in 0..<30_000 { sum = (sum * x).apply(.sin) }
    let (graph, roots) = g.forDisplay([sum])
    #expect(roots[0].index >= 0 && graph.count >= 60_000)
  }
}
