import OptCalculus
import OptGraph
import OptLanguage
import OptNumerics
import Testing

struct Demo {
  @Test func show() {
    let b = Board()
    let (x, y) = (b.symbol("x"), b.symbol("y"))
    func by(_ e: Expression, _ v: Expression) -> Expression { gradient(of: e, by: [v])[0] }
    func p(_ l: String, _ e: Expression) { print("DEMO \(l):  \(b.text(e))") }
    p("rosen", by(b.raised(1 - x, 2) + 100 * b.raised(y - b.raised(x, 2), 2), x))
    let h = b.raised(x, 3) * x.apply(.sin)
    p("x^3 sin", by(h, x)); p("x^3 sin ''", by(by(h, x), x))
    let e = (-(b.raised(x, 2)) / 2).apply(.exp)
    p("gauss0", e); p("gauss", by(e, x)); p("gauss''", by(by(e, x), x))
    p("sqrt", by(x.apply(.sqrt), x)); p("sqrt2", by((1 + x * x).apply(.sqrt), x))
    p("log/x", by(x.apply(.log) / x, x)); p("tanh", by(x.apply(.tanh), x)); p("tanh''", by(by(x.apply(.tanh), x), x))
    p("x^x", by(x.apply(.power, x), x)); p("x^y", by(x.apply(.power, y), x)); p("x^y y", by(x.apply(.power, y), y))
    p("2^x", by(b.graph.number(2).apply(.power, x), x))
    p("x^x''", by(by(x.apply(.power, x), x), x))
    p("atan2", by(y.apply(.atan2, x), x)); p("abs", by(x.apply(.abs), x)); p("1/(1+x2)", by(1 / (1 + x * x), x))
    p("1/(1+x2)''", by(by(1 / (1 + x * x), x), x))
    p("atan", by(x.apply(.atan), x)); p("erf", by(x.apply(.erf), x)); p("gelu", by(x.apply(.gelu), x)); p("asin", by(x.apply(.asin), x))
    p("max", by(x.apply(.max, y), x)); p("maxv", x.apply(.max, y) * 3)
    p("hypot", by(x.apply(.hypot, y), x))
    let cond = b.graph.select(x.apply(.greater, b.graph.number(0)).apply(.and, y.apply(.lessOrEqual, x).apply(.not)), b.raised(x, 2) * x.apply(.log), -x)
    p("cond", cond); p("cond'", by(cond, x)); p("cond+", 2 * cond + 1); 
    p("sigmoid", by(x.apply(.sigmoid), x)); p("softplus", by(by(x.apply(.softplus), x), x)); p("cbrt", by(x.apply(.cbrt), x)); p("x^1.5", by(b.raised(x, 1.5), x)); p("x^(1/3)", by(b.raised(x, 1/3), x)); p("x/3", x * b.graph.number(1.0/3)); p("2pi", 2 * Double.pi * x); p("x^-2", by(b.raised(x, -2), x)); p("mask", x.apply(.less, y) * x)
    p("sinc", by(x.apply(.sinc), x)); p("digamma", by(by(x.apply(.lgamma), x), x))
    p("const", b.graph.number(1e-5) * x + 1e20 - 2.5)
  }
  @Test func vectors() {
    let b = Board()
    let (x, A, c) = (b.symbol("x", 5), b.symbol("A", 4, 5), b.symbol("b", 4))
    func by(_ e: Expression, _ v: Expression) -> Expression { gradient(of: e, by: [v])[0] }
    func p(_ l: String, _ e: Expression) { print("DEMO \(l):  \(b.text(e))") }
    p("x[3]", x.view(StridedMap(offset: 2, strides: [0, 0]), .scalar))
    p("x[2:5]", x.view(StridedMap(offset: 1, strides: [1, 0]), Shape(rows: 4, columns: 1)))
    p("A[2,:]", A.view(StridedMap(offset: 5, strides: [0, 1]), Shape(rows: 1, columns: 5)))
    p("A[:,2]", A.view(StridedMap(offset: 1, strides: [5, 0]), Shape(rows: 4, columns: 1)))
    p("A[2,:]T", A.view(StridedMap(offset: 5, strides: [1, 0]), Shape(rows: 5, columns: 1)))
    p("sub", A.view(StridedMap(offset: 6, strides: [10, 1]), Shape(rows: 2, columns: 3)))
    p("AT", A.transposed); p("x rev", x.view(StridedMap(offset: 4, strides: [-1, 0]), Shape(rows: 5, columns: 1)))
    p("reshape", A.reshape(rows: 5, columns: 4)); p("A[:]", A.reshape(rows: 20, columns: 1)); p("vec", x.reshape(rows: 1, columns: 5))
    p("diag", A.view(StridedMap(offset: 0, strides: [6, 0]), Shape(rows: 4, columns: 1)))
    let r = A.product(x) - c
    p("r", r); p("ls", (r * r).reduceElements(.sum)); p("ls'", by((r * r).reduceElements(.sum), x)); p("ls'A", by((r * r).reduceElements(.sum), A))
    p("sum", (x * x).reduceElements(.sum)); p("ones", by(x.reduceElements(.sum), x)); p("bc", by((x.reduceElements(.sum)).apply(.sin), x))
    p("axis1", A.reduce(.sum, [0])); p("axis2", A.reduce(.maximum, [1])); p("argmax", x.reduceElements(.argMaximum))
    p("max'", by(x.reduceElements(.maximum), x)); p("prod", x.reduceElements(.product)); p("prod'", by(b.symbol("z", 3).reduceElements(.product), b.graph.inputNodes.last.map { Expression(graph: b.graph, index: $0) }!))
    p("elem", by(b.raised(x.view(StridedMap(offset: 0, strides: [0, 0]), .scalar) * x.view(StridedMap(offset: 1, strides: [0, 0]), .scalar), 2), x))
    let i = b.lanes(5), xi = b.element(x, 5)
    let s = b.raised(xi - 1, 2).reduceLanes(.sum, level: 0)
    p("lane", s); p("lane'", by(s, x)); p("i x_i", (i * xi).reduceLanes(.sum, level: 0)); p("i x_i '", by((i * b.raised(xi, 2)).reduceLanes(.sum, level: 0), x))
    let chain = (100 * b.raised(b.element(x, 4, offset: 1) - b.raised(b.element(x, 4), 2), 2) + b.raised(1 - b.element(x, 4), 2)).reduceLanes(.sum, level: 0)
    p("rosen n", chain); p("rosen n'", by(chain, x))
    p("odd", b.element(x, 3, stride: 2, offset: -1).reduceLanes(.sum, level: 0))
    p("double", (xi * b.element(x, 5, level: 1)).reduce(.sum, [0, 1])); p("nest", (b.element(x, 5, level: 1) * xi).reduceLanes(.sum, level: 1).apply(.sin).reduceLanes(.sum, level: 0))
    p("open", b.raised(xi, 2)); p("stack", b.raised(xi, 2).view(StridedMap(strides: [1, 0]), Shape(rows: 5, columns: 1)))
    p("known", (b.graph.array(Buffer([1, 4, 9, 16, 25]), Shape(lanes: [5], rows: 1, columns: 1)) * xi).reduceLanes(.sum, level: 0))
    p("cond lane", b.graph.select(xi.apply(.greater, b.graph.number(1)), xi.apply(.log), b.graph.number(0)).reduceLanes(.sum, level: 0))
    p("relu'", by((x.apply(.relu) * x).reduceElements(.sum), x)); p("abs'", by(x.apply(.abs).reduceElements(.sum), x))
    p("vcond", b.graph.select(x.apply(.greater, b.graph.number(1)), x * x, x.apply(.sin)))
    p("cumsum", x.scan(0)); p("cumsum'", by((x.scan(0) * x.scan(0)).reduceElements(.sum), x)); p("lane scan", b.raised(xi, 2).scan(0))
    p("outer", c.product(x, transposeRight: true)); p("1./x", 1 / x); p("v.^2", b.raised(x, 2) * 2); p("sum slice'", by(b.raised(x.view(StridedMap(offset: 1, strides: [1, 0]), Shape(rows: 3, columns: 1)), 3).reduceElements(.sum), x))
    p("gather", x.gather(b.graph.number(2) + 0)); p("sort", x.gather(x.order))
    p("hess", hessian(of: s, by: [x])); p("rowsum", (A * A).reduce(.sum, [1])); p("col bcast", A - c); p("mean", (x.reduceElements(.sum) / 5)); p("softmaxish", x.apply(.exp) / x.apply(.exp).reduceElements(.sum)); p("lse'", by(x.apply(.exp).reduceElements(.sum).apply(.log), x))
    let row = A.view(StridedMap(strides: [5, 0, 1]), Shape(lanes: [4], rows: 1, columns: 5))
    p("rows", (row.product(x)).apply(.sigmoid).reduceLanes(.sum, level: 0)); p("rows'", by((row.product(x)).apply(.sigmoid).reduceLanes(.sum, level: 0), x))
  }
  @Test func algebra() {
    let b = Board()
    let (A, c) = (b.symbol("A", 3, 3), b.symbol("b", 3))
    func by(_ e: Expression, _ v: Expression) -> Expression { gradient(of: e, by: [v])[0] }
    func p(_ l: String, _ e: Expression) { print("DEMO \(l):  \(Formula.of(e).text)") }
    p("solve", A.factor(.lu).solve(c)); p("det", A.factor(.lu).part(0)); p("logdet'", by(A.factor(.lu).part(1), A)); p("eig", A.factor(.symmetricEigen).part(0)); p("chol", A.factor(.cholesky).part(0)); p("det'", by(A.factor(.lu).part(0), A)); p("solve'", by(A.factor(.lu).solve(c).reduceElements(.sum), c)); p("solve'A", by(A.factor(.lu).solve(c).reduceElements(.sum), A))
    let x = b.symbol("x"), y = b.symbol("y")
    p("hess", hessian(of: b.raised(x, 2) * y.apply(.sin), by: [x, y]))
    var big = x; for k in 0..<40 { big = (big * y + Double(k)).apply(.sin) }
    p("big", big); p("big'", by(big, x))
    var sum = x; for k in 1..<3000 { sum = sum + b.raised(x, Double(k)).apply(.cos) }
    p("sum", sum)
    let u = (x * x + y * y + 1).apply(.sqrt).apply(.log) * x.apply(.exp)
    p("where", u.apply(.sin) * u.apply(.cos) + u / (1 + u) + b.raised(u, 3) + (u + x).apply(.tanh) + u.apply(.atan) + (u * y).apply(.sin) + (u * u + x).apply(.cos))
  }
}
