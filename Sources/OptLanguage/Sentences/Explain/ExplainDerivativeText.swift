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

  let derivation: Derivation
  let names: DerivationNames
  private let isPartial: Bool
  private var written: [Line] = []
  private var shown: Set<Int> = []
  /// The steps in the order of the text.
  private(set) var rows: [Row] = []

  /// Characters up to which two formulas stand on one line.
  private static let widest = 76

  init(_ derivation: Derivation, _ names: DerivationNames, isPartial: Bool) {
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

  var isDifferential: Bool { !derivation.variable.shape.isScalar }

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
