/// Optima and roots as functions of what their sentences depend on, with the derivative that the
/// implicit function theorem gives.
import OptCalculus
import OptGraph
import OptNumerics
import OptSyntax

/// The column x that F(x, p) = 0 determines, as a host node: x̂ = (x, ok), where `ok` is 1 if x has
/// a derivative by p, else NaN.
///
/// With J = ∂F/∂x the theorem gives ẋ = −J⁻¹ (∂F/∂p) ṗ, and p̄ = −(∂F/∂p)ᵀ λ with Jᵀλ = x̄. Both are
/// built of ordinary nodes at the node's own result, so they have derivatives of every order.
/// A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed. 2008, section 15.1; for optima
/// S. Gould and others, arXiv:1607.05447.
final class ImplicitFunction: Host, @unchecked Sendable {
  /// What is computed for some parameters.
  struct Result {
    var x: [Double]
    /// Why x has no derivative.
    var failure: String?
    /// An error of the program.
    var error: (any Error)?
  }
  /// Computes x from the parameters and a start.
  typealias Compute = (UnsafePointer<Double>, UnsafePointer<Double>) -> Result

  let name: String
  let span: SourceSpan
  private let compute: Compute
  private let body: Graph
  private let unknowns: [Expression]
  private let parameters: [Expression]
  /// Further inputs of F: global names, which lie behind the start.
  private let fixed: [Expression]
  private let residuals: [Expression]
  private let jacobian: Expression
  private let count: Int
  private(set) var failure: String?
  private var error: (any Error)?
  /// The operands and the result of the last evaluation.
  private var last: (operands: [Double], result: [Double])?

  /// `residuals` is F in a graph where `unknowns`, `parameters` and `fixed` are inputs; nothing else
  /// is.
  init(
    _ name: String, at span: SourceSpan, residuals: [Expression], unknowns: [Expression],
    parameters: [Expression], fixed: [Expression], compute: @escaping Compute
  ) {
    self.name = name
    self.span = span
    self.compute = compute
    let (inputs, body) = (unknowns + parameters + fixed, Graph())
    let own = inputs.map { body.input(Input(name: name, role: .variable, shape: $0.shape)) }
    let known = Dictionary(
      zip(inputs.map(\.index), own), uniquingKeysWith: { first, _ in first })
    self.body = body
    self.unknowns = Array(own.prefix(unknowns.count))
    self.parameters = Array(own.dropFirst(unknowns.count).prefix(parameters.count))
    self.fixed = Array(own.dropFirst(unknowns.count + parameters.count))
    count = unknowns.reduce(0) { $0 + $1.shape.count }
    let source = residuals.first?.graph ?? body
    self.residuals = source.copy(residuals, into: body, known: known)
    jacobian = OptCalculus.jacobian(of: self.residuals, by: self.unknowns)
  }

  // MARK: Values

  func evaluate(
    _ parameters: UnsafePointer<Double>, from start: UnsafePointer<Double>,
    into result: UnsafeMutablePointer<Double>
  ) {
    let parameterCount = self.parameters.reduce(0) { $0 + $1.shape.count }
    let startCount = count + fixed.reduce(0) { $0 + $1.shape.count }
    let operands =
      Array(UnsafeBufferPointer(start: parameters, count: parameterCount))
      + Array(UnsafeBufferPointer(start: start, count: startCount))
    if let last, last.operands == operands {
      for (k, x) in last.result.enumerated() { result[k] = x }
      return
    }
    let found = compute(parameters, start)
    failure = found.failure
    error = found.error
    let isRegular = found.failure == nil && found.error == nil
    var column = found.x.count == count ? found.x : [Double](repeating: .nan, count: count)
    column.append(isRegular ? 1 : .nan)
    for (k, x) in column.enumerated() { result[k] = x }
    last = error == nil ? (operands, column) : nil
  }

  /// Throws the error that the program made in the last evaluation.
  func rethrow() throws {
    guard let error else { return }
    self.error = nil
    throw error
  }

  /// What is said where a derivative is asked for and there is none.
  var withoutDerivative: Diagnostic {
    Diagnostic(
      .error, "this has no derivative here: \(failure ?? "it did not converge")", at: span)
  }

  // MARK: Derivatives

  var laneLevels: Int { body.laneLevels(of: residuals) }

  /// Expressions of the body at the operands and the result of a node. `more` replaces further
  /// inputs.
  private func placed(
    _ roots: [Expression], _ node: HostNode, _ more: [Int32: Expression] = [:]
  ) -> [Expression] {
    let graph = node.result.graph
    var known = more
    func set(_ inputs: [Expression], _ parts: [Expression]) {
      for (input, part) in zip(inputs, parts) { known[input.index] = part }
    }
    set(unknowns, node.result.unpacked(unknowns.map(\.shape)))
    set(parameters, node.parameters.unpacked(parameters.map(\.shape)))
    let behind = node.start.unpacked((unknowns + fixed).map(\.shape))
    set(fixed, Array(behind.dropFirst(unknowns.count)))
    let origin = graph.currentOrigin
    return body.copy(roots, into: graph, known: known, origin: { _ in origin })
  }

  /// The solution of J y = b, or of Jᵀ y = b; NaN where there is no derivative.
  private func solve(_ node: HostNode, _ b: Expression, transposed: Bool) -> Expression {
    let matrix = placed([jacobian], node)[0]
    let isRegular = node.result.view(
      StridedMap(offset: count, strides: [0, 0]), .scalar)
    let y = count == 1 ? b / matrix : matrix.factor(.lu).solve(b, transposed: transposed)
    // In this order a search for what is to blame finds the reason before it finds the system.
    return isRegular * y
  }

  func pullback(_ node: HostNode, adjoint: Expression) -> Expression {
    let wanted = adjoint.view(
      StridedMap(strides: [1, 1]), Shape(rows: count, columns: 1))
    let multipliers = solve(node, wanted, transposed: true)
    let seeds = residuals.map { body.input(Input(name: name, role: .data, shape: $0.shape)) }
    let pulled = OptCalculus.pullback(
      zip(residuals, seeds).map { ($0, seed: $1) }, to: parameters)
    var known: [Int32: Expression] = [:]
    for (seed, part) in zip(seeds, multipliers.unpacked(residuals.map(\.shape))) {
      known[seed.index] = part
    }
    return -node.result.graph.packed(placed(pulled, node, known))
  }

  func pushforward(_ node: HostNode, tangent: Expression) -> Expression {
    let shapes = parameters.map(\.shape)
    var known: [Int32: Expression] = [:]
    let along = zip(parameters, tangent.unpacked(shapes)).map { parameter, part in
      let direction = body.input(Input(name: name, role: .data, shape: part.shape))
      known[direction.index] = part
      return (parameter, tangent: direction)
    }
    let pushed = OptCalculus.pushforward(residuals, along: along)
    let graph = node.result.graph
    let change = -solve(node, graph.packed(placed(pushed, node, known)), transposed: false)
    return graph.packed([change, graph.number(0)])
  }
}
