/// Formulas of matrix calculus have the values of the derivatives: with names that have a value,
/// with names that get one afterwards, and as text that is read again.
import OptLanguage
import Testing

/// A cost, what it is differentiated by, and the sizes of its names: `m`, `n` and `k` differ.
struct MatrixCase: Sendable, CustomTestStringConvertible {
  var cost: String
  var by: String
  var names: [String: String]
  var derivative = "∇"
  var testDescription: String { "\(cost) by \(by)" }

  init(_ cost: String, by: String, _ names: [String: String], _ derivative: String = "∇") {
    (self.cost, self.by, self.names, self.derivative) = (cost, by, names, derivative)
  }
}

private let (mn, nn, nk) = ("randn(m, n)", "randn(n, n) + 3eye(n)", "randn(n, k)")
private let (ofM, ofN, ofK) = ("randn(m)", "randn(n)", "randn(k)")
private let least = ["A": mn, "x": ofN, "b": ofM]
private let normal = ["S": "outer(1:n, 1:n)/n^2 + eye(n)", "x": ofN, "μ": ofN, "c": "2"]

private let cases: [MatrixCase] = [
  MatrixCase("norm(A*x - b)^2", by: "x", least),
  MatrixCase("norm(A*x - b)^2", by: "A", least),
  MatrixCase("norm(A*x - b)^2", by: "b", least),
  MatrixCase("norm(A*x - b)", by: "x", least),
  MatrixCase("norm(A*x - b)^3", by: "x", least),
  MatrixCase("norm(A*x - b)^2 + λ*norm(x)^2", by: "x", least.merging(["λ": "0.3"]) { a, _ in a }),
  MatrixCase("x'*A'*A*x - 2b'*A*x", by: "x", least),
  MatrixCase("b'*A*x + x'*A'*b", by: "A", least),
  MatrixCase("sum(exp(A*x).*b)", by: "x", least),
  MatrixCase("sum(tanh(A*x + b))", by: "A", least),
  MatrixCase("x'*A*x", by: "x", ["A": nn, "x": ofN]),
  MatrixCase("x'*A*x", by: "A", ["A": nn, "x": ofN]),
  MatrixCase("x'*A*y", by: "y", ["A": mn, "x": ofM, "y": ofN]),
  MatrixCase("(b'*x)^2", by: "x", ["b": ofN, "x": ofN]),
  MatrixCase("exp(-norm(x - c)^2/2)", by: "x", ["c": ofN, "x": ofN]),
  MatrixCase("x'*x/(y'*y)", by: "y", ["y": ofN, "x": ofN]),
  MatrixCase("trace(A)", by: "A", ["A": nn]),
  MatrixCase("trace(A*B)", by: "A", ["A": mn, "B": "randn(n, m)"]),
  MatrixCase("trace(A'*A)", by: "A", ["A": mn]),
  MatrixCase("trace(A*X*B)", by: "X", ["A": mn, "X": nk, "B": "randn(k, m)"]),
  MatrixCase("trace(X'*A*X)", by: "X", ["A": nn, "X": nk]),
  MatrixCase("trace(A*A*A)", by: "A", ["A": nn]),
  MatrixCase("trace(A*x*x')", by: "x", ["A": nn, "x": ofN]),
  MatrixCase("norm(A*X - B)^2", by: "X", ["A": mn, "X": nk, "B": "randn(m, k)"]),
  MatrixCase("norm(X)", by: "X", ["X": nk]),
  MatrixCase("det(A)", by: "A", ["A": nn]),
  MatrixCase("log(det(A))^2", by: "A", ["A": "eye(n) + 0.1ones(n, n)"]),
  MatrixCase("logdet(S)", by: "S", normal),
  MatrixCase("logdet(X'*X)", by: "X", ["X": "randn(n + k, n)"]),
  MatrixCase("x'*inv(A)*y", by: "A", ["A": nn, "x": ofN, "y": ofN]),
  MatrixCase("x'*inv(A)*y", by: "x", ["A": nn, "x": ofN, "y": ofN]),
  MatrixCase("trace(inv(A)*B)", by: "A", ["A": nn, "B": nn]),
  MatrixCase("x'*(A \\ b)", by: "A", ["A": nn, "x": ofN, "b": ofN]),
  MatrixCase("x'*(A \\ b)", by: "b", ["A": nn, "x": ofN, "b": ofN]),
  MatrixCase("norm(A \\ b)^2", by: "A", ["A": nn, "b": ofN]),
  MatrixCase("-c/2*logdet(S) - (x - μ)'*inv(S)*(x - μ)/2", by: "S", normal),
  MatrixCase("-c/2*logdet(S) - (x - μ)'*inv(S)*(x - μ)/2", by: "μ", normal),
  MatrixCase("-c/2*logdet(S) - (x - μ)'*(S \\ (x - μ))/2", by: "S", normal),
  MatrixCase(
    "sum(log(1 + exp(-y.*(X*w))))", by: "w", ["X": mn, "w": ofN, "y": "sign(randn(m))"]),
  MatrixCase(
    "logistic_loss(X*w, y)", by: "w", ["X": mn, "w": ofN, "y": "[mod(i, 2) for i in 1:m]"]),
  MatrixCase("mse(X*w + b, y)", by: "w", ["X": mn, "w": ofN, "y": ofM, "b": ofM]),
  MatrixCase("mean((X*w - y).^2)", by: "w", ["X": mn, "w": ofN, "y": ofM]),
  MatrixCase("logsumexp(z)", by: "z", ["z": ofN]),
  MatrixCase("logsumexp(A*z)^2", by: "z", ["A": mn, "z": ofN]),
  MatrixCase("sum(softmax(z).*c)", by: "z", ["z": ofN, "c": ofN]),
  MatrixCase("sum(softmax(A*z).*c)", by: "A", ["A": mn, "z": ofN, "c": ofM]),
  MatrixCase(
    "cross_entropy(X*W, y)", by: "W", ["X": mn, "W": nk, "y": "[mod(i, k) for i in 1:m]"]),
  MatrixCase(
    "-sum(Y.*log(softmax(X*W, axis = 2)))", by: "W",
    ["X": mn, "W": nk, "Y": "one_hot([mod(i, k) for i in 1:m], k)"]),
  MatrixCase("sum(A*x.*b)", by: "x", least),
  MatrixCase("sum(x.^3)/sum(x.^2)", by: "x", ["x": ofN]),
  MatrixCase("x'*x", by: "x, x", ["x": ofN], "hessian"),
  MatrixCase("x'*A*x", by: "x, x", ["A": nn, "x": ofN], "hessian"),
  MatrixCase("norm(A*x - b)^2", by: "x, x", least, "hessian"),
  MatrixCase("norm(A*x - b)", by: "x, x", least, "hessian"),
  MatrixCase("sum(exp(A*x))", by: "x, x", least, "hessian"),
  MatrixCase("logsumexp(A*x)", by: "x, x", least, "hessian"),
  MatrixCase("(b'*x)^3", by: "x, x", ["b": ofN, "x": ofN], "hessian"),
  MatrixCase("x'*inv(A)*x", by: "x, x", ["A": nn, "x": ofN], "hessian"),
  MatrixCase(
    "sum(log(1 + exp(-y.*(X*w))))", by: "w, w", ["X": mn, "w": ofN, "y": "sign(randn(m))"],
    "hessian"),
  MatrixCase("A*x - b", by: "x", ["A": mn, "x": ofN, "b": ofM], "jacobian"),
  MatrixCase("softmax(z)", by: "z", ["z": ofN], "jacobian"),
  MatrixCase("x/norm(x)", by: "x", ["x": ofN], "jacobian"),
  MatrixCase("tanh(W*x + b).^2", by: "x", ["W": mn, "x": ofN, "b": ofM], "jacobian"),
  MatrixCase(
    "sum(100(x[i + 1] - x[i]^2)^2 + (1 - x[i])^2 for i in 1:length(x) - 1)", by: "x",
    ["x": "randn(m + n)"]),
  MatrixCase("sum((x[2:end] - x[1:end - 1]).^2) + norm(x)^2", by: "x", ["x": "randn(m + k)"]),
  MatrixCase("sum(x[i]*x[i + 2] for i in 1:length(x) - 2)", by: "x", ["x": "randn(m + n)"]),
]

struct MatrixCalculusTests {
  private static let sizes = [(3, 2, 4), (2, 5, 3), (7, 4, 2)]

  @Test(arguments: cases) func formulasHaveTheValueOfTheDerivative(_ row: MatrixCase) throws {
    let variable = String(row.by.prefix { $0 != "," })
    for (m, n, k) in Self.sizes {
      // Without values first: the formula is one for all sizes.
      let lines = try Lines("open = differentiate \(row.cost) by \(row.by)")
      try lines.run("seed(\(m))")
      for (name, value) in row.names.sorted(by: { $0.key < $1.key }) {
        try lines.run("make(m, n, k) = \(value)")
        try lines.run("\(name) = make(\(m), \(n), \(k))")
      }
      let wanted = "\(row.derivative)(\(variable) -> \(row.cost))(\(variable))"
      let named = row.names.keys.sorted().filter { row.cost.contains($0) }
        .map { "\($0) = \($0)" }.joined(separator: ", ")
      let close = 1e-9
      try lines.expect("open(\(named))", equals: wanted, within: close)
      try lines.run("closed = differentiate \(row.cost) by \(row.by)")
      try lines.expect("closed(\(variable))", equals: wanted, within: close)
      for function in ["open", "closed"] {
        let text = try lines.text("\"{\(function)}\"")
        try lines.expect(text, equals: wanted, within: close)
      }
    }
  }
}
