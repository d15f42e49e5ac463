/// A derivation as a person writes it on the blackboard.
import OptCalculus
import OptGraph

/// Lays the steps of one derivation out.
struct DerivationText {
  /// A step for programs.
  struct Row {
    let expression: String
    let rule: String
    let derivative: String
  }

  private struct Line {
    var indent: Int
    var text: String
    /// The rule, to the right of the text.
    var note: String?
  }

  private let derivation: Derivation
  private let names: FormulaNames
  private let isPartial: Bool
  private var written: [Line] = []
  private var shown: Set<Int> = []
  /// The steps in the order of the text.
  private(set) var rows: [Row] = []

  /// Characters up to which two formulas stand on one line.
  private static let widest = 76

  init(_ derivation: Derivation, _ names: FormulaNames, isPartial: Bool) {
    self.derivation = derivation
    self.names = names
    self.isPartial = isPartial
  }

  /// The lines; the last one is the result.
  mutating func lines(result: String) -> [String] {
    block(derivation.root, 0, result)
    if derivation.isCut {
      written.append(
        Line(
          indent: 0,
          text: "(a derivation has at most \(Derivation.most) steps; the rest was done at once)"
        ))
    }
    let loose = written
    written = []
    return aligned(loose)
  }

  // MARK: Blocks

  private var isDifferential: Bool { !derivation.variable.shape.isScalar }

  /// `d/dx`, `∂/∂x`, or `d` for differentials.
  private func head(_ variable: Expression) -> String {
    if !variable.shape.isScalar { return "d " }
    let name = names.text(variable)
    return isPartial ? "∂/∂\(name) " : "d/d\(name) "
  }

  private func isOpened(_ k: Int) -> Bool {
    // The body of a definition is the step before it.
    let steps = derivation.steps
    if case .definition = steps[k].rule { return false }
    return names.functions[steps[k].expression.index] != nil
  }

  private func left(_ k: Int) -> String {
    head(derivation.variable)
      + names.operand(derivation.steps[k].expression, opened: isOpened(k))
  }

  /// The lines of step `k`. Recursion ends with the number of steps.
  private mutating func block(_ k: Int, _ indent: Int, _ result: String? = nil) {
    let step = derivation.steps[k]
    let derivative = names.text(step.derivative)
    if result == nil {
      if shown.contains(k), inlineNote(k) == nil {
        written.append(Line(indent: indent, text: "\(left(k)) = \(derivative)", note: "as above"))
        return
      }
      if let note = inlineNote(k) {
        add(row: k, note, derivative)
        written.append(Line(indent: indent, text: inline(k, derivative), note: note))
        return
      }
    }
    shown.insert(k)
    let sentence = sentence(step)
    written.append(Line(indent: indent, text: left(k)))
    written.append(Line(indent: indent + 2, text: sentence))
    if case .chain(let outer) = step.rule {
      let text =
        "\(outerHead(outer.variable))\(names.operand(outer.function)) = "
        + names.text(outer.derivative)
      written.append(
        Line(indent: indent + 4, text: text, note: Self.name(outer)))
    }
    var seen: Set<Int> = []
    for part in step.parts where seen.insert(part).inserted { block(part, indent + 4) }
    add(row: k, sentence, derivative)
    close(step, derivative, indent, result)
  }

  /// `= what the rule gives` and `= the same, simplified`.
  private mutating func close(
    _ step: DerivationStep, _ derivative: String, _ indent: Int, _ result: String?
  ) {
    var texts = [names.text(step.combination)]
    if case .definition = step.rule { texts = [] }
    if texts.last != derivative { texts.append(derivative) }
    let isWhole = result == nil || !isDifferential
    if let result, isWhole {
      // The result is shown as `differentiate` shows it.
      if texts.last != result, texts.count > 1 { texts.removeLast() }
      if texts.last != result { texts.append(result) }
    }
    let joined = "= " + texts.joined(separator: " = ")
    if result == nil, joined.count + indent <= Self.widest {
      written.append(Line(indent: indent + 2, text: joined))
    } else {
      for text in texts { written.append(Line(indent: indent + 2, text: "= " + text)) }
    }
    if let result, !isWhole {
      let name = names.text(derivation.variable)
      let isNumber = step.expression.shape.isScalar
      let isMatrix = derivation.variable.shape.columns > 1
      let product = isMatrix ? "sum(g.*d\(name))" : "gᵀ d\(name)"
      written.append(
        Line(
          indent: 0,
          text: isNumber
            ? "the gradient g, for which this is \(product):"
            : "the Jacobian J, for which this is J d\(name):"))
      written.append(Line(indent: 2, text: "= " + result))
    }
  }

  private mutating func add(row k: Int, _ rule: String, _ derivative: String) {
    rows.append(
      Row(
        expression: names.text(derivation.steps[k].expression, opened: isOpened(k)), rule: rule,
        derivative: derivative))
  }

  private func outerHead(_ variable: Expression) -> String {
    "d/d\(names.text(variable)) "
  }

  // MARK: Steps on one line

  /// The rule of a step that needs one line only.
  private func inlineNote(_ k: Int) -> String? {
    let step = derivation.steps[k]
    switch step.rule {
    case .constant: return "constant"
    case .variable: return "identity"
    case .linear: return "linear"
    case .power: return "power rule"
    case .exponential: return "exponential"
    case .stepwise: return "constant between its steps"
    case .atOnce: return "done at once"
    case .function(let id) where step.parts.isEmpty: return Self.name(id)
    case .extreme where step.parts.isEmpty: return "the value that is taken"
    case .constantMultiple:
      guard let inner = inlineNote(step.parts[0]) else { return nil }
      return inner.hasPrefix("constant multiple") ? inner : "constant multiple, \(inner)"
    case .sum where k != derivation.root && step.parts.count <= 3:
      let notes = step.parts.map { isTerm($0) ? inlineNote($0) : nil }
      return notes.contains(nil)
        ? nil : "term by term: " + notes.compactMap { $0 }.joined(separator: ", ")
    default: return nil
    }
  }

  /// Whether a step is short enough to be one of several on a line.
  private func isTerm(_ k: Int) -> Bool {
    switch derivation.steps[k].rule {
    case .sum, .constantMultiple: false
    default: true
    }
  }

  private func inline(_ k: Int, _ derivative: String) -> String {
    var text = left(k) + " = "
    if case .constantMultiple = derivation.steps[k].rule {
      let raw = names.text(derivation.steps[k].combination)
      if raw != derivative { text += raw + " = " }
    }
    return text + derivative
  }

  private static func name(_ outer: OuterFunction) -> String {
    switch outer.id {
    case .power:
      let exponent = outer.function.node.b
      return exponent == outer.variable.index ? "exponential" : "power rule"
    default: return name(outer.id)
    }
  }

  private static func name(_ id: FunctionID) -> String { "derivative of \(id.row.name)" }

  // MARK: Rules in words

  /// `u'` or `du`.
  private func change(_ letter: String) -> String { isDifferential ? "d\(letter)" : "\(letter)'" }

  /// `(E)'` or `d(E)`.
  private func changed(_ text: String) -> String {
    if isDifferential { return text.hasSuffix(")") ? "d \(text)" : "d(\(text))" }
    return text.hasSuffix(")") ? "\(text)'" : "(\(text))'"
  }

  /// The rule of a step, and what it was applied to.
  private func sentence(_ step: DerivationStep) -> String {
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

  // MARK: Layout

  /// The lines with the rules of neighbours below each other.
  private func aligned(_ lines: [Line]) -> [String] {
    var result: [String] = []
    var k = 0
    while k < lines.count {
      var end = k
      while end < lines.count, lines[end].note != nil, lines[end].indent == lines[k].indent {
        end += 1
      }
      let widths = lines[k..<max(end, k + 1)].map(\.text.count).filter { $0 <= Self.widest }
      let width = widths.max() ?? 0
      for line in lines[k..<max(end, k + 1)] {
        let start = String(repeating: " ", count: line.indent) + line.text
        guard let note = line.note else {
          result.append(start)
          continue
        }
        let gap = String(repeating: " ", count: max(0, width - line.text.count) + 3)
        result.append(start + gap + note)
      }
      k = max(end, k + 1)
    }
    return result
  }
}
