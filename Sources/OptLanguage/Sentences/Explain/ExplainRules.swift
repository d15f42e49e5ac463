/// The rules of differentiation in words.
import OptCalculus
import OptGraph

extension DerivationText {
  static func name(_ outer: OuterFunction) -> String {
    switch outer.id {
    case .power:
      let exponent = outer.function.node.b
      return exponent == outer.variable.index ? "exponential" : "power rule"
    default: return name(outer.id)
    }
  }

  static func name(_ id: FunctionID) -> String { "derivative of \(id.row.name)" }

  /// `u'` or `du`.
  private func change(_ letter: String) -> String { isDifferential ? "d\(letter)" : "\(letter)'" }

  /// `(E)'` or `d(E)`.
  private func changed(_ text: String) -> String {
    if isDifferential { return text.hasSuffix(")") ? "d \(text)" : "d(\(text))" }
    return text.hasSuffix(")") ? "\(text)'" : "(\(text))'"
  }

  /// The rule of a step, and what it was applied to.
  func sentence(_ step: DerivationStep) -> String {
    let (u, v) = (names.letters[0], names.letters[1])
    let (du, dv) = (change(u), change(v))
    let c = names.letters.contains("c") ? "c" : "k"
    func with(_ pairs: [(String, Expression)]) -> String {
      " with " + pairs.map { "\($0) = \(names.text($1))" }.joined(separator: ", ")
    }
    let both =
      step.operands.count > 1
      ? with([(u, step.operands[0]), (v, step.operands[1])]) : ""
    let one = step.operands.isEmpty ? "" : with([(u, step.operands[0])])
    switch step.rule {
    case .constant: return "constant: it does not depend on \(names.text(derivation.variable))"
    case .variable: return "identity: the variable itself"
    case .linear: return "linear"
    case .sum: return "sum rule \(changed("\(u) + \(v)")) = \(du) + \(dv): term by term"
    case .constantMultiple(let constant):
      return "constant multiple \(changed("\(c) \(u)")) = \(c) \(du)"
        + with([(c, constant), (u, step.operands[0])])
    case .product: return product(step)
    case .reciprocal(let constant):
      return "reciprocal \(changed("\(c)/\(u)")) = -\(c) \(du)/\(u)²"
        + with([(c, constant), (u, step.operands[0])])
    case .quotient:
      return "quotient rule \(changed("\(u)/\(v)")) = (\(du) \(v) - \(u) \(dv))/\(v)²" + both
    case .power:
      let x = isDifferential ? "uⁿ⁻¹ du" : "xⁿ⁻¹"
      return "power rule \(changed(isDifferential ? "uⁿ" : "xⁿ")) = n \(x)"
    case .exponential: return "exponential (aˣ)' = aˣ log(a)"
    case .variablePower:
      return "power with a variable exponent \(changed("\(u)^\(v)")) = "
        + "\(u)^\(v)·(\(dv) log(\(u)) + \(v) \(du)/\(u))" + both
    case .function(let id):
      if step.parts.isEmpty { return "\(Self.name(id)), from the table of functions" }
      return "chain rule of \(id.row.name), by each argument" + both
    case .chain(let outer):
      let f = names.function
      return "chain rule \(changed("\(f)(\(u))")) = \(f)'(\(u)) \(du)"
        + with([("\(f)(\(u))", outer.function), (u, step.operands[0])])
    default: return structural(step, one, both)
    }
  }

  private func product(_ step: DerivationStep) -> String {
    let count = step.operands.count
    guard count <= min(4, names.letters.count) else {
      return "product rule: one factor after the other is differentiated"
    }
    let letters = Array(names.letters.prefix(count))
    let terms = letters.indices.map { k in
      letters.enumerated().map { $0 == k ? change($1) : $1 }.joined(separator: " ")
    }
    let pairs = zip(letters, step.operands).map { "\($0) = \(names.text($1))" }
    return "product rule \(changed(letters.joined(separator: " "))) = "
      + terms.joined(separator: " + ") + " with " + pairs.joined(separator: ", ")
  }

  private func structural(_ step: DerivationStep, _ one: String, _ both: String) -> String {
    let (u, v) = (names.letters[0], names.letters[1])
    let (du, dv) = (change(u), change(v))
    switch step.rule {
    case .extreme: return "maximum or minimum: the derivative of the value that is taken"
    case .stepwise: return "constant between its steps, so the derivative is 0"
    case .condition(let condition):
      return "condition: each side for itself, where \(names.text(condition)) and where not"
    case .termByTerm:
      let generators = names.generators(step.operands[0])
      return "sum rule: term by term" + (generators.isEmpty ? "" : ", for \(generators)")
    case .productOfAll: return "product rule: one factor after the other is differentiated"
    case .rearrangement: return "element by element"
    case .matrixProduct:
      return "product rule \(changed("\(u) \(v)")) = \(du) \(v) + \(u) \(dv)" + both
    case .squaredNorm: return "squared norm \(changed("\(u)ᵀ\(u)")) = 2\(u)ᵀ \(du)" + one
    case .norm:
      let text = isDifferential ? "d norm(\(u))" : "norm(\(u))'"
      return "norm \(text) = \(u)ᵀ \(du)/norm(\(u))" + one
    case .quadraticForm(let matrix):
      let name = names.text(matrix)
      let isShort = name.count <= 3
      let m = isShort ? name : "M"
      return "quadratic form \(changed("\(u)ᵀ \(m) \(u)")) = \(u)ᵀ(\(m) + \(m)ᵀ) \(du)"
        + one + (isShort ? "" : ", M = \(name)")
    case .linearSystem:
      return "linear system \(changed("\(u) \\ \(v)")) = \(u) \\ (\(dv) - \(du) (\(u) \\ \(v)))"
        + both
    case .factorization(let kind, let part): return factorization(kind, part) + one
    case .definition:
      return "by the definition of \(names.functions[step.expression.index] ?? "the function")"
    default: return "done at once"
    }
  }

  private func factorization(_ kind: Factorization, _ part: Int) -> String {
    let u = names.letters[0]
    let du = change(u)
    switch (kind, part) {
    case (.lu, 0): return "determinant \(changed("det(\(u))")) = det(\(u)) trace(\(u)⁻¹ \(du))"
    case (.lu, _), (.cholesky, 1):
      return "log determinant \(changed("logdet(\(u))")) = trace(\(u)⁻¹ \(du))"
    case (.cholesky, _): return "rule of cholesky"
    case (.qr, _): return "rule of qr"
    case (.symmetricEigen, 0): return "eigenvalues: each by its vector q, q' \(du) q"
    case (.symmetricEigen, _): return "rule of eig"
    case (.svd, 0): return "singular values: each by its vectors, p' \(du) q"
    case (.svd, _): return "rule of svd"
    }
  }
}
