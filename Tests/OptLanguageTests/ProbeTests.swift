/// What tells a calculus from a toy: mapped bodies, masked edges, nested derivatives.
import OptLanguage
import Testing

struct ProbeTests {
  // MARK: Mapped bodies

  @Test func neighboursAroundTheCorner() throws {
    let lines = try Lines(
      "n = 7; x = [i^2/9 for i in 1:n]; f(x) = sum(sin(x[i])*x[mod(i, n) + 1] for i in 1:n)")
    try lines.expect(
      "∇f(x)",
      equals: "[cos(x[i])*x[mod(i, n) + 1] + sin(x[mod(i - 2, n) + 1]) for i in 1:n]")
  }

  @Test func raggedSums() throws {
    let lines = try Lines(
      "n = 6; x = [1/i for i in 1:n]; f(x) = sum(x[i]*sum(x[j]^2 for j in 1:i) for i in 1:n)")
    try lines.expect(
      "∇f(x)",
      equals: "[sum(x[j]^2 for j in 1:i) + 2*x[i]*sum(x[k] for k in i:n) for i in 1:n]")
  }

  @Test func recordsConditionsAndNestedSums() throws {
    let lines = try Lines(
      """
      n = 8; p = (w = [sin(i) for i in 1:n], b = 0.3)
      part(p, i) = if p.w[i] > 0 then p.w[i]^2*p.b else sum(p.w[j]*p.b^2 for j in 1:i)
      f(p) = sum(part(p, i) for i in 1:n)
      """)
    try lines.expect(
      "(∇f(p)).b",
      equals:
        "sum(if p.w[i] > 0 then p.w[i]^2 else 2*p.b*sum(p.w[j] for j in 1:i) for i in 1:n)")
    try lines.expect(
      "(∇f(p)).w",
      equals: """
        [(if p.w[k] > 0 then 2*p.w[k]*p.b else 0)
          + p.b^2*sum(if p.w[i] > 0 then 0 else 1 for i in k:n) for k in 1:n]
        """)
  }

  @Test(arguments: [
    "sum(100*(x[i + 1] - x[i]^2)^2 + (1 - x[i])^2 for i in 1:length(x) - 1)",
    "sum(x[mod(i, length(x)) + 1]*x[i] for i in 1:length(x))",
    "sum(if x[i] > 0 then log(x[i]) else x[i]^2 for i in 1:length(x))",
    "sum(x[i]*sum(x[j] for j in 1:i) for i in 1:length(x))",
    "sum((t -> t^3 - t).(x))",
    "sum([exp(x[i])/i for i in 1:length(x) if i != 2])",
    "max(abs(x[i] - i) for i in 1:length(x))",
  ])
  func nodesDoNotGrowWithTheLength(_ body: String) throws {
    let lines = try Lines("f(x) = \(body)")
    let small = try lines.session.nodeCount(of: "f", at: ["[sin(i) for i in 1:100]"])
    let large = try lines.session.nodeCount(of: "f", at: ["[sin(i) for i in 1:200]"])
    #expect(small == large && small < 150)
  }

  @Test func unrolledLoopsTakeLinearlyManyNodes() throws {
    let lines = try Lines(
      "f(x) = { s = 0; for i in 1:length(x) { s = 0.5*s + x[i]^2 }; s }")
    let small = try lines.session.nodeCount(of: "f", at: ["ones(1000)"])
    let large = try lines.session.nodeCount(of: "f", at: ["ones(10000)"])
    #expect(large < 11 * small && large < 120_000)
    try lines.expect("(∇f(fill(2, 10000)))[9998:10000]", [1, 2, 4])
  }

  @Test func elementsWrittenInALoop() throws {
    let lines = try Lines(
      """
      f(x) = {
        y = x
        for i in 2:length(x) { y[i] = y[i - 1]*x[i] }
        y[end]
      }
      """)
    try lines.expect("∇f([2, 3, 5, 7])", [105, 70, 42, 30])
    try lines.expect("sum(∇f(ones(5000)))", 5000)
  }

  // MARK: Masked edges

  @Test func thirdDerivativesAtAMaskedEdge() throws {
    let lines = try Lines(
      """
      f(x) = if x > 0 then x*log(x) + x^3/sqrt(x) else 0
      x = [-1, 0, 1, 2, 0, -3, 4]
      one(v) = sum(f.(v)); two(v) = sum(∇one(v)); three(v) = sum(∇two(v))
      """)
    try lines.expect("[f'(-1), f''(-1), f'''(-1), f'(0), f''(0), f'''(0)]", [0, 0, 0, 0, 0, 0])
    try lines.expect("[f'(1), f''(1), f'''(1)]", [3.5, 4.75, 0.875])
    try lines.expect("∇one(x)", equals: "[f'(t) for t in x]")
    try lines.expect("∇two(x)", equals: "[f''(t) for t in x]")
    try lines.expect("∇three(x)", equals: "[f'''(t) for t in x]")
    try lines.expect("diag(hessian(one)(x))", equals: "[f''(t) for t in x]")
  }

  @Test func sidesOfExtremesThatAreNotTaken() throws {
    let lines = try Lines("f(x) = max(sqrt(x), 1); g(v) = max(sqrt(v[i]) for i in 1:6)")
    try lines.expect("[f'(0), ∇f(0)]", [0, 0])
    try lines.expect("∇g([0, 1, 2, 3, 16, 0])", [0, 0, 0, 0, 0.125, 0])
    try lines.expect("∇(v -> max(sqrt(v)))([0, 1, 16])", [0, 0, 0.125])
  }

  @Test func sidesThatWouldFail() throws {
    let lines = try Lines(
      """
      x = [2, 3, -1, 4, 5, 6]
      f(x) = sum(if i < 6 and x[i] > 0 then x[i + 1]*x[i] else x[i] for i in 1:6)
      g(x) = sum(if x[i] > 0 then x[i + 1] else 0 for i in 1:6)
      """)
    try lines.expect("∇f(x)", [3, 1, 4, 5, 10, 6])
    #expect(try lines.error("∇g(x)").contains("there is no element 7"))
    try lines.expect("∇g([2, 3, -1, 4, 5, -6])", [0, 1, 1, 0, 1, 1])
  }

  // MARK: Nesting

  @Test func perturbationsAreNotConfused() throws {
    let lines = try Lines()
    try lines.expect("∇(x -> (y -> x*y)'(x))(3)", 1)
    try lines.expect("(x -> x*(y -> x + y)'(2))'(5)", 1)
    try lines.expect("(x -> (y -> (z -> x*y*z)'(y))'(x)*x)'(3)", 6 * 1)
    try lines.expect("(x -> sum([(y -> x*y^2)'(i*x) for i in 1:6]))'(2)", 4 * 21 * 2)
  }

  @Test func ordersUpToFive() throws {
    let lines = try Lines("f(x) = exp(2x)*sin(x); d1 = f'; d2 = d1'; d3 = d2'; d4 = d3'")
    let x = 0.3
    // The imaginary part of (2 + i)⁵ exp((2 + i) x), and (2 + i)⁵ = -38 + 41i.
    try lines.expect(
      "[f'''''(\(x)), d4'(\(x))]", equals: "[1, 1]*exp(2*\(x))*(41*cos(\(x)) - 38*sin(\(x)))")
  }

  @Test func productsWithRecords() throws {
    let lines = try Lines(
      "p = (w = [1, 2], b = 3); f(p) = sum(p.w.^2)*p.b + p.b^3; v = (w = [1, 0], b = 2)")
    try lines.expect("∇f(p)", [6, 12, 32])
    try lines.expect("hvp(f)(p, v)", [6 + 4, 8, 2 + 36])
    try lines.expect("jvp(f)(p, v)", 6 + 64)
    try lines.expect("vjp(f)(p, 2)", [12, 24, 64])
  }

  @Test(arguments: [
    "sum(A \\ [1, 2, 3])", "sum(inv(A).^2)", "det(A)", "logdet(A)", "norm(A)", "trace(A*A*A)",
    "sum(cholesky((A + A')/2).^3)", "sum(eig((A + A')/2).values.^3)",
    "log(sum(svd(A).values))",
  ])
  func linearAlgebra(_ text: String) throws {
    let lines = try Lines(
      "f(A) = \(text); A = [4, 1, 0.5; 0.8, 5, -1; 0.3, -0.6, 6]; h = 1e-5; D = zeros(3, 3)")
    try lines.run(
      """
      for i in 1:3 { for j in 1:3 {
        U = A; U[i, j] = U[i, j] + h; V = A; V[i, j] = V[i, j] - h; D[i, j] = (f(U) - f(V))/(2h)
      } }
      """)
    try lines.expect("(∇f(A))[:]", equals: "D[:]", within: 1e-7)
    try lines.expect("jvp(f)(A, A')", equals: "sum(∇f(A).*A')", within: 1e-12)
    try lines.expect(
      "hvp(f)(A, A')[:]",
      equals:
        "((∇f(A + h*A') - ∇f(A - h*A'))/(2h))[:]", within: 1e-6)
  }
}
