/// Derivatives through optima and roots against differences through the solvers.
import OptLanguage
import Testing

struct ImplicitDerivativeTests {
  /// A function of one number, and where it is looked at.
  struct Case: Sendable, CustomStringConvertible {
    let setup: String
    let body: String
    let point: String
    var description: String { body }
  }

  private static let data = """
    seed(5); X = randn(30, 4); w0 = [1, -2, 0.5, 0]; y = X*w0 + randn(30); Z = randn(30, 4)
    z = Z*w0 + 0.3*randn(30); c = [if y[i] > 0 then 1 else 0 for i in 1:30]
    """

  static let cases = [
    // Optima.
    Case(setup: "", body: "(minimize (x - p)^2 + x^4 from x = 0).x", point: "2"),
    Case(setup: "", body: "(minimize (x - p)^2 + x^4 from x = 0).value", point: "2"),
    Case(setup: "", body: "(maximize x*exp(-p*x) from x = 0.2).x", point: "2"),
    Case(setup: "", body: "(maximize log(x) - p*x^2 from x = 0.2).value", point: "0.7"),
    Case(
      setup: "r(p) = minimize 100(y - p*x^2)^2 + (1 - x)^2 + p*y^2 from x = -1.2, y = 1",
      body: "{ s = r(p); s.x*s.y + s.value }", point: "0.8"),
    Case(
      setup:
        "r(p) = minimize (v.a - p)^2 + sum((v.b - [p, p^2]).^4) + sum(v.b.^2) from v = (a = 0, b = [1, 2])",
      body: "{ s = r(p).v; s.a*s.b[1] + s.b[2] }", point: "1.3"),
    // Regression: the error on other data by the weight of the penalty.
    Case(
      setup: data + "; fitted(λ) = (minimize sum((X*w - y).^2) + λ*sum(w.^2) from w = zeros(4)).w",
      body: "sum((Z*fitted(p) - z).^2)", point: "1.5"),
    Case(
      setup: data
        + "; fitted(λ) = (minimize sum(log(1 + exp(X*w))) - dot(c, X*w) + λ*sum(w.^2) from w = zeros(4)).w",
      body: "sum(log(1 + exp(Z*fitted(p)))) - dot(c, Z*fitted(p))", point: "0.5"),
    Case(
      setup: data
        + "; fitted(λ) = (minimize sum((dot(X[i, :]', w) - y[i])^2 for i in 1:30) + exp(λ)*sum(sqrt(w.^2 + 0.1)) from w = zeros(4)).w",
      body: "mean((dot(Z[i, :]', fitted(p)) - z[i])^2 for i in 1:30)", point: "0.2"),
    // Methods, conditions, loops.
    Case(
      setup: "", body: "(minimize (x - p)^2 + exp(x) from x = 0 using lbfgs).x", point: "1"),
    Case(
      setup: "",
      body: "(minimize (x - p)^2 + exp(x) from x = p using gd(rate = 0.1) until steps = 500).x",
      point: "1"),
    Case(
      setup: "huber(t) = if abs(t) < 1 then t^2 else 2abs(t) - 1",
      body: "(minimize sum(huber(x - p*i) for i in 1:8) + 0.1x^2 from x = 0).x", point: "0.31"),
    Case(
      setup: "", body: "sum((minimize (x - p*i)^2 + x^4 from x = 0).x for i in 1:7)", point: "0.6"),
    // Roots.
    Case(setup: "", body: "(solve x^3 + p*x == 1 from x = 1).x", point: "2"),
    Case(setup: "", body: "(solve x == cos(p*x) from x = 0.5).x", point: "1"),
    Case(
      setup: "r(p) = solve x^2 + y^2 == p^2, x*y == 1 from x = 2, y = 0.3",
      body: "r(p).x - r(p).y^2",
      point: "2.5"),
    Case(
      setup: "A = [4, 1, 0; 1, 3, 1; 0, 1, 2]",
      body: "sum((solve A*x + p*x.^3 == [1, p, 2] from x = zeros(3)).x.^2)", point: "0.7"),
    // One in the other.
    Case(
      setup: "",
      body:
        "(minimize (minimize (y - x)^2 + (y*p - 1)^2 from y = 0).value + (x - 1)^2 from x = 0).x",
      point: "1.1"),
    Case(
      setup: "g(p) = (minimize (x - p)^2 + x^4 from x = 0).x",
      body: "(minimize (g(x*p) - 1)^2 + (x - 1)^2 from x = 1).x", point: "1.4"),
    Case(
      setup: "", body: "(solve (minimize (x - y)^2 + x^4 from x = 0).x == p from y = 1).y",
      point: "0.5"),
    Case(
      setup: "",
      body: "(minimize (solve x^3 + x == p*y from x = 1).x^2 + (y - 1)^2 from y = 0).y", point: "1"),
  ]

  /// Differences of the value, and differences of the derivative, extrapolated once.
  @Test(arguments: cases) func agreesWithDifferences(_ test: Case) throws {
    let lines = try Lines(
      """
      \(test.setup)
      f(p) = \(test.body)
      central(u, a, h) = (8(u(a + h) - u(a - h)) - (u(a + 2h) - u(a - 2h)))/(12h)
      close(a, b) = abs(a - b) < 1e-6*max(1, abs(b))
      """)
    let p = test.point
    try lines.expect("close(f'(\(p)), central(f, \(p), 1e-3))", equals: "true")
    try lines.expect("close(f''(\(p)), central(f', \(p), 1e-3))", equals: "true")
    try lines.expect("close(∇(v -> f(v[1])*v[2])([\(p), 3])[1], 3f'(\(p)))", equals: "true")
    try lines.expect("close(jvp(f)(\(p), 1), f'(\(p)))", equals: "true")
    try lines.expect("close(hvp(f)(\(p), 1), f''(\(p)))", equals: "true")
    try lines.expect("close(hessian(f)(\(p)), f''(\(p)))", equals: "true")
  }

  /// The derivative of an outer run goes through inner ones at every point of it.
  @Test func runsThroughOptimaConverge() throws {
    let lines = try Lines(
      """
      g(p) = (minimize (x - p)^2 + x^4 from x = 0).x
      r = minimize (g(p) - 0.5)^2 from p = 1
      q = minimize (g(p) - 0.5)^2 + (g(2p) - 0.7)^2 from p = 1 using newton
      """)
    try lines.expect("abs(r.p - 0.75) < 1e-8", equals: "true")
    try lines.expect("r.converged and q.converged", equals: "true")
  }
}
