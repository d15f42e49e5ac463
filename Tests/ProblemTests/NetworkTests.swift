/// Small networks on real data: losses, gradients, and thirty steps of training.
import Testing

/// A network with fixed starting weights.
struct NetworkCase: Decodable, CustomTestStringConvertible, Sendable {
  struct Layer: Decodable {
    var W, b: Numbers
  }

  var name: String
  var dataset: String
  var preprocess: String
  var sizes: [Int]
  var activation: String
  var loss: Double
  var grads: [Layer]
  /// The losses at the start and after each step, by method.
  var training_losses_30_full_batch_steps: [String: [Double]]

  var testDescription: String { name }

  static let all = LossCollection.shared.problems.compactMap { problem in
    if case .network(let found) = problem { found } else { nil }
  }

  /// The text that defines the data, the weights `p` and `loss(p)`.
  var program: String {
    let layers = (0..<sizes.count - 1).map { k in
      """
      W\(k) = [
        sin(3*i + 7*j + \(k))/sqrt(\(sizes[k])) for i in 1:\(sizes[k]), j in 1:\(sizes[k + 1])],
      b\(k) = [0.1*cos(5*j + \(k)) for j in 1:\(sizes[k + 1])]'
      """
    }
    var scores = "X*p.W0 + p.b0"
    for k in 1..<sizes.count - 1 { scores = "\(activation)(\(scores))*p.W\(k) + p.b\(k)" }
    return """
      \(LossCollection.shared.read(dataset, preprocess))
      p = (\(layers.joined(separator: ",\n")))
      loss(p) = cross_entropy(\(scores), y)
      """
  }
}

@Suite(.enabled(if: Evaluation.isAvailable))
struct NetworkTests {
  @Test(arguments: NetworkCase.all)
  func lossAndGradient(of network: NetworkCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(network.program + "\ng = ∇loss(p)")
    let loss = try evaluation.number("loss(p)")
    #expect(agree([loss], [network.loss], 1e-12), "loss \(loss)")
    for (k, layer) in network.grads.enumerated() {
      #expect(agree(try evaluation.numbers("g.W\(k)"), layer.W.values, 1e-10), "layer \(k)")
      #expect(agree(try evaluation.numbers("g.b\(k)"), layer.b.values, 1e-10), "layer \(k)")
    }
  }

  @Test(
    arguments: NetworkCase.all,
    [("gd_lr0.5", "gd(rate = 0.5)"), ("adam_lr0.01", "adam(rate = 0.01)")])
  func training(of network: NetworkCase, with method: (key: String, text: String)) throws {
    let evaluation = Evaluation()
    try evaluation.run(network.program)
    let losses = network.training_losses_30_full_batch_steps[method.key] ?? []
    for steps in [1, 5, 30] {
      try evaluation.run(
        "r = minimize loss(p) from p = p using \(method.text) until steps = \(steps)")
      let value = try evaluation.number("r.value")
      #expect(agree([value], [losses[steps]], 1e-9), "\(steps) steps: \(value)")
    }
  }
}
