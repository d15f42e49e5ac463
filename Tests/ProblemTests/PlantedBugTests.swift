/// `check f against g` finds every mistake that is planted in a right gradient, and names it.
import Testing

/// A cost with two terms and its gradient, written by hand.
struct GradientExample: CustomTestStringConvertible, Sendable {
  let name: String
  /// Data, and the terms `a(x)` and `b(x)`.
  let terms: String
  /// Their gradients `ga(x)` and `gb(x)`.
  let gradients: String
  let point: String
  /// The number of components.
  let count: Int
  /// The gradient `gl(x)` of `a` without its last summand, where it has summands.
  var without: String?
  /// A size that a mean divides by.
  var rows: Int?

  var testDescription: String { name }

  var program: String {
    """
    \(terms)
    \(gradients)
    f(x) = a(x) + b(x)
    g(x) = ga(x) + gb(x)
    x0 = \(point)
    """
  }

  private static let data = """
    A = [sin(3*i + 7*j) + (if i == j then 1 else 0) for i in 1:12, j in 1:5]
    y = [cos(2*i) for i in 1:12]
    """

  static let vectors: [GradientExample] = [
    GradientExample(
      name: "least squares",
      terms: data + "\na(x) = sum((A*x - y).^2)/12\nb(x) = 0.1*sum(x.^2)",
      gradients: "ga(x) = 2A'*(A*x - y)/12\ngb(x) = 0.2x", point: "[1, -0.5, 2, 0.3, -1.5]",
      count: 5, without: "gl(x) = 2A[1:11, :]'*(A[1:11, :]*x - y[1:11])/12", rows: 12),
    GradientExample(
      name: "logistic",
      terms: data + "\na(x) = sum(log(1 + exp(A*x)) - y.*(A*x))\nb(x) = 0.3*sum(x.^4)",
      gradients: "ga(x) = A'*(sigmoid(A*x) - y)\ngb(x) = 1.2x.^3",
      point: "[0.2, 0.5, -0.4, 0.8, -0.3]", count: 5,
      without: "gl(x) = A[1:11, :]'*(sigmoid(A[1:11, :]*x) - y[1:11])"),
    GradientExample(
      name: "chained Rosenbrock",
      terms: """
        n = 6
        a(x) = sum(100(x[i + 1] - x[i]^2)^2 for i in 1:n - 1)
        b(x) = sum((1 - x[i])^2 for i in 1:n)
        """,
      gradients: """
        ga(x) = {
          r = x[2:n] - x[1:n - 1].^2
          join(-400x[1:n - 1].*r, 0) + join(0, 200r)
        }
        gb(x) = -2(1 - x)
        """, point: "[-1.2, 1, 0.7, -0.3, 1.4, 2.1]", count: 6,
      without: """
        gl(x) = {
          r = x[2:n - 1] - x[1:n - 2].^2
          join(-400x[1:n - 2].*r, 0, 0) + join(0, 200r, 0)
        }
        """),
    GradientExample(
      name: "steep exponentials",
      terms: "a(x) = sum(exp(20x))\nb(x) = sum(sin(x))",
      gradients: "ga(x) = 20exp(20x)\ngb(x) = cos(x)", point: "[0.1, 0.2, -0.1, 0.05, -0.2]",
      count: 5),
    GradientExample(
      name: "large variables", terms: "a(x) = sum((x/1e6).^4)\nb(x) = sum((x/1e6).^2)",
      gradients: "ga(x) = 4x.^3/1e24\ngb(x) = 2x/1e12",
      point: "1e6*[1, 2.5, -3, 0.7, 1.9]", count: 5),
    GradientExample(
      name: "small variables", terms: "a(x) = -sum(log(x))\nb(x) = sum(1e5x)",
      gradients: "ga(x) = -1./x\ngb(x) = fill(1e5, 5)", point: "1e-6*[1, 2.5, 3, 0.7, 1.9]",
      count: 5),
    GradientExample(
      name: "large constant", terms: "a(x) = 1e8 + 1e-3*sum(x.^3)\nb(x) = 1e-3*sum(x)",
      gradients: "ga(x) = 3e-3x.^2\ngb(x) = fill(1e-3, 5)", point: "[1, 2.5, -3, 0.7, 1.9]",
      count: 5),
    GradientExample(
      name: "ten thousand variables",
      terms: """
        k = 1:10000
        a(x) = sum((x - sin(k)).^4)
        b(x) = sum(x.^2)/2
        """, gradients: "ga(x) = 4(x - sin(k)).^3\ngb(x) = x", point: "cos(k)", count: 10000),
  ]

  static let matrices = GradientExample(
    name: "matrix",
    terms: """
      B = [sin(3*i + 7*j) for i in 1:4, j in 1:9]
      y = [cos(2*i - j) for i in 1:3, j in 1:9]
      a(x) = sum((x*B - y).^2)/9
      b(x) = sum(exp(x))
      """, gradients: "ga(x) = 2(x*B - y)*B'/9\ngb(x) = exp(x)",
    point: "[sin(i + 2*j) for i in 1:3, j in 1:4]", count: 12, rows: 9)
}

/// A mistake.
struct GradientBug: CustomTestStringConvertible, Sendable {
  let name: String
  /// The body of `bad(x)`, where `g(x)`, `ga(x)` and `gb(x)` are right and `n` components are there.
  let body: @Sendable (_ n: Int) -> String
  /// What its name in the report contains.
  let pattern: String?

  init(_ name: String, _ pattern: String?, _ body: @escaping @Sendable (Int) -> String) {
    self.name = name
    self.pattern = pattern
    self.body = body
  }

  var testDescription: String { name }

  private static func changing(_ element: String, by factor: String) -> String {
    "{\n  v = g(x)\n  v[\(element)] = \(factor)*v[\(element)]\n  v\n}"
  }

  static let ofVectors: [GradientBug] = [
    GradientBug("sign", "wrong sign") { _ in "-g(x)" },
    GradientBug("factor 2", "2 times too large") { _ in "2g(x)" },
    GradientBug("factor ½", "2 times too small") { _ in "g(x)/2" },
    GradientBug("sign and factor", "2 times too large, with the wrong sign") { _ in "-2g(x)" },
    GradientBug("swapped", "are exchanged") { _ in
      "{\n  v = g(x)\n  t = v[2]\n  v[2] = v[4]\n  v[4] = t\n  v\n}"
    },
    GradientBug("reversed", "reverse order") { n in
      "{\n  v = g(x)\n  [v[\(n + 1) - i] for i in 1:\(n)]\n}"
    },
    GradientBug("shifted", "shifted by one") { n in
      "{\n  v = g(x)\n  join(v[2:\(n)], v[1])\n}"
    },
    GradientBug("shifted and filled", "shifted by one") { n in
      "{\n  v = g(x)\n  join(0, v[1:\(n - 1)])\n}"
    },
    GradientBug("first term dropped", "is missing") { _ in "gb(x)" },
    GradientBug("second term dropped", "is missing") { _ in "ga(x)" },
    GradientBug("term twice", "counted twice") { _ in "ga(x) + 2gb(x)" },
    GradientBug("sign of a term", "has the wrong sign") { _ in "ga(x) - gb(x)" },
    GradientBug("factor of a term", "2 times too small") { _ in "ga(x) + gb(x)/2" },
    GradientBug("one component", "only `x[3]` is wrong") { _ in changing("3", by: "1.3") },
    GradientBug("sign of one", "only `x[2]` is wrong: it has the wrong sign") { _ in
      changing("2", by: "(-1)")
    },
    GradientBug("one missing", "only `x[4]` is wrong: it is 0") { _ in changing("4", by: "0") },
    GradientBug("some signs", "some components have the wrong sign") { _ in
      "{\n  v = g(x)\n  for k in [1, 3, 4] { v[k] = -v[k] }\n  v\n}"
    },
    GradientBug("chain factor", "chain rule") { _ in "g(x).*x" },
    GradientBug("chain factor in the denominator", "chain rule") { _ in "g(x)./x" },
    GradientBug("1e-4 in one", "only `x[3]` is wrong") { _ in changing("3", by: "(1 + 1e-4)") },
    GradientBug("1e-4 in all", nil) { _ in "(1 + 1e-4)*g(x)" },
    GradientBug("1e-4 in the last", nil) { n in changing("\(n)", by: "(1 - 1e-4)") },
    GradientBug("noise of 1e-4", "/ nothing") { n in
      "g(x).*[1 + 2e-4*sin(5*i + 1) for i in 1:\(n)]"
    },
  ]
}

@Suite(.enabled(if: Evaluation.isAvailable))
struct PlantedBugTests {
  private func expectFound(
    _ example: GradientExample, _ body: String, _ pattern: String?, _ name: String
  ) throws {
    let evaluation = Evaluation()
    try evaluation.run(example.program + "\nbad(x) = \(body)")
    try evaluation.run("r = check f against bad at x = x0")
    let shown = try evaluation.text("r.verdict") + " / " + (try evaluation.text("r.pattern"))
    let isOK = try evaluation.number("if r.ok then 1 else 0")
    #expect(isOK == 0, "\(name): \(shown)")
    if let pattern {
      #expect(shown.contains(pattern), "\(name): \(shown)")
    }
  }

  @Test(arguments: GradientExample.vectors, GradientBug.ofVectors)
  func vectors(_ example: GradientExample, _ bug: GradientBug) throws {
    try expectFound(example, bug.body(example.count), bug.pattern, bug.name)
  }

  @Test(arguments: GradientExample.vectors + [GradientExample.matrices])
  func right(_ example: GradientExample) throws {
    let evaluation = Evaluation()
    try evaluation.run(example.program)
    for sentence in ["check f against g at x = x0", "check f(x) at x = x0"] {
      try evaluation.run("r = \(sentence)")
      let isOK = try evaluation.number("if r.ok then 1 else 0")
      let verdict = try evaluation.text("r.verdict")
      #expect(isOK == 1, "\(sentence): \(verdict)")
    }
  }

  @Test(arguments: GradientExample.vectors.filter { $0.without != nil })
  func sumsThatStopEarly(_ example: GradientExample) throws {
    let body = "gl(x) + gb(x)\n\(example.without ?? "")"
    try expectFound(example, body, "last summand", "off by one")
  }

  @Test(arguments: (GradientExample.vectors + [GradientExample.matrices]).filter { $0.rows != nil })
  func meansThatAreSums(_ example: GradientExample) throws {
    let rows = example.rows ?? 1
    try expectFound(example, "\(rows)g(x)", "\(rows) times too large", "N")
    try expectFound(example, "g(x)/\(rows)", "\(rows) times too small", "1/N")
    try expectFound(example, "\(rows)ga(x) + gb(x)", "\(rows) times too large", "N of a term")
  }

  @Test func transposed() throws {
    try expectFound(GradientExample.matrices, "g(x)'", "is transposed", "transposed")
    try expectFound(
      GradientExample.matrices, "reshape(g(x)', 3, 4)", "is transposed", "wrong order")
  }
}
