/// Compressed second derivatives against products with the Hessian, which know no pattern.
import OptLanguage
import Testing

struct SparseDerivativeTests {
  /// Costs of a vector `x` of length `n`, with a record `p` of known numbers.
  static let bodies = [
    "sum(100*(x[i + 1] - x[i]^2)^2 + (1 - x[i])^2 for i in 1:n - 1)",
    "sum(100*(x[2:n] - x[1:n - 1].^2).^2 + (1 - x[1:n - 1]).^2)",
    "sum(sin(x[i])*x[mod(i, n) + 1] for i in 1:n)",
    "sum(x[mod(7*i, n) + 1]^2*x[i] for i in 1:n)",
    "sum(if x[i] > 0 then x[i]^3*x[n + 1 - i] else sin(x[i]) for i in 1:n)",
    "sum(exp(x[i]*p.a)*(x[mod(i + p.k, n) + 1] - p.b)^2 for i in 1:n)",
    "sum(sum(x[i]*x[i + j] for j in 1:3)^2 for i in 1:n - 3)",
    "sum(x[3]*x[i]^2 for i in 1:n) + sum(x.^4)",
    "sum(cumsum(x[1:6]).^3) + sum(x.^2)",
    "sum((t -> t^3 - sin(t)).(x))",
    "sum(x[1:n - 2].*x[2:n - 1].*x[3:n])",
    "sum(x[i]^2 for i in 1:n if mod(i, 3) == 0) + x[1]*x[n]",
    "norm(x[1:5])*x[6] + sum(x[6:n].^3)",
    "prod(1 + x[1:4]) + sum(exp(x[i] - x[i + 2]) for i in 1:n - 2)",
    "sum(max(x[i], x[i + 1])^3 for i in 1:n - 1)",
    "{ s = 0; for i in 2:9 { s = s + x[i]^2*x[i - 1] }; s + sum(x.^2) }",
    "{ k = if x[1] > 0 then 2 else 3; x[k]^2*x[1] + sum(x.^3) }",
  ]

  private func lines(_ body: String, _ n: Int) throws -> Lines {
    try Lines(
      """
      n = \(n); p = (a = 0.3, b = 0.7, k = 4)
      f(x) = \(body)
      x = [sin(3*i)/2 + 0.01 for i in 1:n]
      """)
  }

  @Test(arguments: bodies) func denseAgreesWithProducts(_ body: String) throws {
    let lines = try lines(body, 20)
    for j in [1, 2, 3, 7, 19, 20] {
      try lines.expect(
        "hessian(f)(x)[:, \(j)]",
        equals: "hvp(f)(x, [if k == \(j) then 1 else 0 for k in 1:n])", within: 1e-11)
    }
    try lines.expect("hessian(f)(x)", equals: "hessian(f)(x)'", within: 0)
  }

  @Test(arguments: bodies) func sparseAgreesWithProducts(_ body: String) throws {
    let lines = try lines(body, 503)
    try lines.run("H = hessian(f)(x)")
    try lines.expect("if nnz(H) < 8*n then 1 else 0", 1)
    for seed in 1...3 {
      try lines.run("v = [cos(\(seed)*i^2) for i in 1:n]")
      try lines.expect("H*v", equals: "hvp(f)(x, v)", within: 1e-9)
    }
    try lines.expect("norm(H - H')", 0)
    // Another point, on the same path or another one.
    try lines.expect("hessian(f)(-x)*v", equals: "hvp(f)(-x, v)", within: 1e-9)
  }

  @Test(arguments: 1...6) func sumsOfSeveral(_ seed: Int) throws {
    let chosen = (0..<3).map { Self.bodies[(seed * 5 + $0 * 7) % Self.bodies.count] }
    let lines = try lines(chosen.map { "(\($0))" }.joined(separator: " + "), 509)
    try lines.run("v = [cos(i^2) for i in 1:n]")
    try lines.expect("hessian(f)(x)*v", equals: "hvp(f)(x, v)", within: 1e-9)
  }

  @Test func severalArguments() throws {
    let lines = try Lines(
      """
      n = 300
      f(a, b) = sum((a[i] - b[i + 1])^4 + a[i]*b[1]^2 for i in 1:n)
      a = [sin(i) for i in 1:n]; b = [cos(i) for i in 1:n + 1]
      u = [cos(i^2) for i in 1:n]; v = [sin(i^2) for i in 1:n + 1]
      """)
    try lines.run("q = hvp(f)(a, b, u, v)")
    try lines.expect(
      "hessian(f)(a, b)*join(u, v)", equals: "join(q.a, q.b)", within: 1e-10)
    try lines.expect("nnz(hessian(f)(a, b))", Double(n(300)))
  }

  /// The diagonal of a and b, pairs of neighbours, and everything with b[1].
  private func n(_ n: Int) -> Int { n + (n + 1) + 2 * n + 2 * n }

  static let maps = [
    "x[2:n].*x[1:n - 1]",
    "[x[i]^2*x[mod(3*i, n) + 1] for i in 1:n]",
    "[sum(x[i + j]^2 for j in 0:2) for i in 1:n - 2]",
    "join(x.^2, x[1:3]*2)",
    "[if x[i] > 0 then x[i]^3 else x[1]*x[i] for i in 1:n]",
    "join([sum(x.^2)], x.^3)",
  ]

  @Test(arguments: maps, [17, 601]) func jacobians(_ body: String, _ n: Int) throws {
    let lines = try lines(body, n)
    try lines.run("v = [cos(i^2) for i in 1:n]; w = [sin(i^2) for i in 1:length(f(x))]")
    try lines.expect("jacobian(f)(x)*v", equals: "jvp(f)(x, v)", within: 1e-11)
    try lines.expect("jacobian(f)(x)'*w", equals: "vjp(f)(x, w)", within: 1e-11)
  }

  @Test func fewRowsAreFoundInReverse() throws {
    let lines = try Lines(
      """
      f(x) = [sum(x.^2), sum(sin(x)), x[1]*x[2]]
      x = [sin(i) for i in 1:100]
      """)
    try lines.expect("jacobian(f)(x)[1, :]'", equals: "2x")
    try lines.expect("jacobian(f)(x)[2, :]'", equals: "cos(x)")
    try lines.expect("sum(jacobian(f)(x)[3, :])", equals: "x[1] + x[2]")
  }

  @Test func largeChainTakesLinearMemory() throws {
    let lines = try Lines(
      """
      f(x) = sum(100*(x[i + 1] - x[i]^2)^2 + (1 - x[i])^2 for i in 1:length(x) - 1)
      x = [1 + sin(i)/9 for i in 1:10000]; H = hessian(f)(x)
      """)
    try lines.expect("nnz(H)", 29998)
    try lines.expect("norm(H*(H \\ x) - x)", 0, within: 1e-9)
    try lines.expect("H[1, 1]", equals: "1200 x[1]^2 - 400 x[2] + 2", within: 1e-9)
  }

  @Test func solutionsAgreeWithDenseOnes() throws {
    let lines = try Lines(
      """
      A = [if mod(i*j, 7) == 1 then sin(i + 2*j) else 0 for i in 1:40, j in 1:40] + 3*eye(40)
      S = sparse(A); b = [cos(i) for i in 1:40]
      B = [if i == j then 5 else if mod(i*j, 5) == 1 then cos(i - 2*j) else 0 for i in 1:30, j in 1:12]
      """)
    try lines.expect("S \\ b", equals: "A \\ b", within: 1e-12)
    try lines.expect("S' \\ b", equals: "A' \\ b", within: 1e-12)
    try lines.expect("(S*S') \\ b", equals: "(A*A') \\ b", within: 1e-10)
    try lines.expect("sparse(B) \\ b[1:30]", equals: "B \\ b[1:30]", within: 1e-11)
    try lines.expect("sparse(B') \\ b[1:12]", equals: "B' \\ b[1:12]", within: 1e-11)
    #expect(try lines.error("sparse(ones(4, 2)) \\ ones(4)").contains("no unique solution"))
  }

  @Test func costsWithSparseData() throws {
    let lines = try Lines(
      """
      A = [1, 0, 2; 0, 3, 0; 4, 0, 0; 0, 5, 6]; S = sparse(A); b = [1, 2, 3, 4]
      f(x) = norm(S*x - b)^2; g(x) = norm(A*x - b)^2; h(x) = sum((x'*S').^3)
      """)
    try lines.expect("∇f([1, 2, 3])", equals: "∇g([1, 2, 3])")
    try lines.expect("hessian(f)([1, 2, 3])", equals: "2*A'*A")
    try lines.expect("∇h([1, 2, 3])", equals: "3*A'*(A*[1, 2, 3]).^2")
    try lines.expect(
      "(minimize f(x) from x = [0, 0, 0]).x", equals: "A \\ b", within: 1e-7)
  }
}
