/// Gradients of built-in functions, alone, in higher orders and in mapped bodies.
import OptLanguage
import OptSyntax
import Testing

struct BuiltinGradientTests {
  private static let helpers = """
    numeric(f, x) = {
      h = 1e-5
      n = length(x)
      shift(k) = reshape(h*(1:n == k), rows_of(x), columns_of(x))
      reshape([(f(x + shift(k)) - f(x - shift(k)))/(2h) for k in 1:n], rows_of(x), columns_of(x))
    }
    close(f, x) = norm(∇f(x) - numeric(f, x)) <= 1e-7*(1 + norm(∇f(x)))
    w = [0.7, -1.3, 0.4, 2.1, -0.6, 1.7]
    weights(A) = reshape([sin(3k) for k in 1:length(A)], rows_of(A), columns_of(A))
    v = [0.3, -1.2, 0.8, 2.5]
    A = [1.2, -0.4, 0.7; 0.3, 2.1, -0.5; -0.9, 0.6, 1.6]
    T = [1.2, -0.4; 0.3, 2.1; -0.9, 0.6]
    B = [1.2, -0.4, 0.7, 0.1; 0.3, 2.1, -0.5, 0.4; -0.9, 0.6, 1.6, 0.2; 0.5, 0.1, -0.3, 1.1]

    """

  /// Functions of a vector; `c` weighs results that are not one number.
  static let ofVectors = [
    "sum(x.^3)", "prod(x)", "mean(x.^2)", "var(x)", "var(x, corrected = true)", "std(x)", "max(x)",
    "min(x)", "max(x, 0.5, 2 - x)[2]", "min(x, x.^2)[3]", "logsumexp(x)", "dot(c, softmax(x))",
    "norm(x)", "norm(x, 1)", "norm(x, inf)", "norm(x, 3)", "norm(x, 1.5)", "dot(x, c.*x)",
    "dot(c, cumsum(x))", "dot(c, sort(x))", "x[argmax(x)]^2", "trace(outer(x, x.^2))",
    "sum(diag(x).^2)", "sum(kron(x, [1, 2]).*kron(c, [3, 1]))", "norm(rows(x, x.^2))",
    "dot(columns(x, x.^2)[:, 2], c)", "norm(join(x, 2, x[1:2]))", "sum(reshape(x.^2, 2, 2)[1, :])",
    "dot(linspace(x[1], x[2], 4), c)", "sum(fill(x[1]^2, 3).*[1, 2, 3])", "dot(x, reverse(x))",
    "median(x)^2", "norm((a = x[1], b = x[2:4]))", "sum((a = x[1]^2, b = x[2:4].^3))",
    "max((a = x[1]^2, b = x[2:4].^3))", "mean([x, x.^2, c])[2]", "std([x, x.^2])[1]",
    "dot((p = x, q = x[1]), (q = x[2], p = x.^2))",
  ]

  static let ofMatrices = [
    "sum(sum(X, axis = 1).^3)", "sum(prod(X, axis = 2).^2)", "sum(mean(X, axis = 1).^2)",
    "sum(var(X, axis = 2).^2)", "sum(std(X, axis = 1))", "sum(max(X, axis = 1).^2)",
    "sum(min(X, axis = 2).^2)", "sum(logsumexp(X, axis = 2).^2)", "sum(softmax(X, axis = 1).*C)",
    "sum(softmax(X, axis = 2).*C)", "sum(norm(X, axis = 1))", "sum(norm(X, 3, axis = 2))",
    "sum(dot(X, X.^2, axis = 2).^2)", "sum(cumsum(X).*C)", "sum(cumsum(X, axis = 1).*C)",
    "sum(cumsum(X, axis = 2).*C)", "sum(sort(X).*C)", "sum(sort(X, axis = 1).*C)",
    "sum(sort(X, axis = 2).*C)", "norm(X)", "sum(diag(X).^3)", "sum(kron(X, [1, 2; 3, 4]).^2)",
    "sum(rows(X, X.^2).^2)", "sum(columns(X, X[:, 1].^2).^2)", "sum(svd(X).values.^3)",
    "cond(X)", "sum(abs(svd(X).U).*abs(svd(X).U[1, 1]))", "sum(qr(X).R.*qr(X).R[1, 1])",
    "sum(qr(X).Q[:, 1].*C[:, 1])",
  ]

  static let ofSquares = [
    "det(X)", "logdet(X)", "logdet(X*X')", "trace(X*X)", "sum(inv(X).*C)",
    "sum(cholesky(X*X').*C)", "sum(eig(X + X').values.*C[:, 1])",
    "sum((eig(X + X').vectors.^2).*C)", "sum((X \\ C).^2)", "sum((X^3).*C)",
  ]

  @Test(arguments: ofVectors) func vector(_ text: String) throws {
    try holds("close(x -> { c = w[1:4]; \(text) }, v)", text)
    try holds(
      "{ f = x -> { c = w[1:4]; \(text) }; close(x -> dot(∇f(x), w[2:5]), v) }", "∇² " + text)
  }

  @Test(arguments: ofVectors) func lanes(_ text: String) throws {
    // Six rows at once against one by one.
    try holds(
      """
      { M = rows([v + sin(k*(1:4)) for k in 1:6])
        f = x -> { c = w[1:4]; \(text) }
        g = M -> sum((if M[i, 1] > 0.3 then f(M[i, :]') else 2f(M[i, :]')) for i in 1:6)
        d = rows([(if M[i, 1] > 0.3 then 1 else 2)*∇f(M[i, :]') for i in 1:6])
        norm(∇g(M) - d) <= 1e-10*(1 + norm(d)) }
      """, text)
  }

  @Test(arguments: ofMatrices) func matrix(_ text: String) throws {
    for matrix in ["A", "T"] {
      try holds("close(X -> { C = weights(X); \(text) }, \(matrix))", "\(text) of \(matrix)")
    }
  }

  @Test(arguments: ofSquares) func square(_ text: String) throws {
    for matrix in ["A", "B"] {
      try holds("close(X -> { C = weights(X); \(text) }, \(matrix))", "\(text) of \(matrix)")
    }
    try holds(
      "{ f = X -> { C = weights(X); \(text) }; close(X -> sum(∇f(X).*weights(X)), A) }",
      "∇² " + text)
  }

  @Test func gradientsAtKinks() throws {
    try holds("∇norm([0, 0]) == [0, 0]", "norm at 0")
    try holds("∇std([1, 1]) == [0, 0]", "std of equal numbers")
    try holds("∇(x -> norm(x, 3))([0, 0]) == [0, 0]", "norm(x, 3) at 0")
    try holds("∇max([2, 2]) == [1, 0]", "a tie of max")
    try holds("∇(A -> det(A))([1, 2; 2, 4]) == [4, -2; -2, 1]", "det of a singular matrix")
    try holds("∇logsumexp([-inf, 1]) == [0, 1]", "logsumexp of -inf")
  }

  @Test func randomNumbersAreFreshInEveryCall() throws {
    try holds("{ f(x) = sum(x.*randn(3)); ∇f(ones(3)) != ∇f(ones(3)) }", "fresh", any: true)
    try holds(
      "{ f(x) = sum(x.*randn(3)); seed(5); a = ∇f(ones(3)); seed(5); a == ∇f(ones(3)) }", "seeded")
    try holds(
      "{ f(x) = sum(x[i] uniform(2, 3) for i in 1:6); d = ∇f(ones(6)); all(d >= 2 and d <= 3) }",
      "in lanes")
    try holds(
      "{ f(x) = sum(x[i] uniform(2, 3) for i in 1:6); length(unique(∇f(ones(6)))) == 6 }",
      "different in lanes")
  }

  private func holds(_ text: String, _ name: String, any: Bool = false) throws {
    let session = Session { _ in }
    do {
      let value = try session.evaluate(Self.helpers + text)
      switch value {
      case .boolean(let holds): #expect(holds, "\(name)")
      case .matrix(let m):
        #expect(
          any ? m.elements.contains { $0 != 0 } : m.elements.allSatisfy { $0 != 0 }, "\(name)")
      default: Issue.record("\(name) is \(value.kindDescription)")
      }
    } catch let error as Diagnostic {
      Issue.record("\(name): \(error.message)")
    }
  }
}
