/// Regressions on real data: losses, gradients, Hessian products, optima.
import Testing

/// A linear model on one of the data sets.
struct RegressionCase: Decodable, CustomTestStringConvertible, Sendable {
  struct Point: Decodable {
    var name: String
    var w, W: Numbers?
    var b: Numbers
    var loss: Double
    var grad_w, grad_W: Numbers?
    var grad_b: Numbers
    var hvp: [Double]?
  }
  struct Optimum: Decodable {
    var loss: Double
  }

  var name: String
  var dataset: String
  var preprocess: String
  var lam: Double
  var points: [Point]?
  var optimum: Optimum?

  var testDescription: String { name }

  static let all = LossCollection.shared.problems.compactMap { problem in
    if case .regression(let found) = problem { found } else { nil }
  }

  private var features: Int { LossCollection.shared.datasets[dataset]?.features ?? 0 }
  private var classes: Int { LossCollection.shared.datasets[dataset]?.classes ?? 1 }
  private var isSoftmax: Bool { name.hasPrefix("softmax") }

  /// Zero weights, as clauses of `from`.
  var start: String {
    isSoftmax
      ? "w = zeros(\(features), \(classes)), b = zeros(1, \(classes))"
      : "w = zeros(\(features)), b = 0"
  }

  /// Weights and offset of a point, as arguments.
  func arguments(_ point: Point) -> String {
    let weights = (point.w ?? point.W)?.text ?? "[]"
    return "\(weights), \(point.b.text)" + (isSoftmax ? "'" : "")
  }

  /// Weights and offset of a point, as clauses of `at`.
  func clauses(_ point: Point) -> String {
    let weights = (point.w ?? point.W)?.text ?? "[]"
    return "w = \(weights), b = \(point.b.text)" + (isSoftmax ? "'" : "")
  }

  /// The text that defines the data and `loss(w, b)`.
  var program: String {
    let cost =
      if isSoftmax {
        "cross_entropy(X*w + b, y)"
      } else if name.hasPrefix("logistic") {
        "logistic_loss(X*w + b, y)"
      } else {
        "mse(X*w + b, y)/2"
      }
    return """
      \(LossCollection.shared.read(dataset, preprocess))
      loss(w, b) = \(cost) + \(lam)/2*sum(w.^2)
      packed(t) = loss(t[1:\(features)], t[\(features + 1)])
      """
  }
}

@Suite(.enabled(if: Evaluation.isAvailable))
struct RegressionTests {
  @Test(arguments: RegressionCase.all)
  func lossesAndGradients(of problem: RegressionCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(problem.program)
    for point in problem.points ?? [] {
      try evaluation.run("g = ∇loss(\(problem.arguments(point)))")
      let loss = try evaluation.number("loss(\(problem.arguments(point)))")
      #expect(agree([loss], [point.loss], 1e-12), "\(point.name): loss \(loss)")
      let weights = (point.grad_w ?? point.grad_W)?.values ?? []
      #expect(agree(try evaluation.numbers("g.w"), weights, 1e-10), "\(point.name): weights")
      #expect(agree(try evaluation.numbers("g.b"), point.grad_b.values, 1e-10), "\(point.name)")
      if let product = point.hvp, let w = point.w {
        let at = "join(\(w.text), \(point.b.text))"
        let direction = "[cos(j) for j in 1:\(product.count)]"
        let got = try evaluation.numbers("hvp(packed)(\(at), \(direction))")
        #expect(agree(got, product, 1e-10), "\(point.name): Hessian product")
      }
    }
  }

  @Test(arguments: RegressionCase.all.filter { $0.optimum != nil })
  func optima(of problem: RegressionCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(problem.program)
    try evaluation.run("r = minimize loss(w, b) from \(problem.start)")
    let value = try evaluation.number("r.value")
    #expect(agree([value], [problem.optimum?.loss ?? .nan], 1e-9), "value \(value)")
  }
}
