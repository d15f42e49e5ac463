/// The computation graph of a gradient as text, as tables, and as a drawing.
import OptGraph
import OptNumerics
import OptSyntax

extension ComputationTable {
  /// Lines of each part that a person is shown.
  private static let shown = 40
  /// Characters up to which the values stand below each other.
  private static let widest = 52

  /// What is shown: values forward, error signals backward, the gradient.
  func report(_ guards: [Guard]) -> RunReport {
    let operations = forward.count { $0.expression != "variable" && $0.expression != "given" }
    var lines: [String] = []
    lines.append("forward")
    lines += Self.lines(forward.prefix(Self.shown).map(Self.texts))
    lines += note(rowCount - min(forward.count, Self.shown))
    for decision in guards where decision.expected.count == 1 {
      let holds = decision.expected[0] != 0 ? "holds" : "does not hold"
      let text = decision.span.text
      lines.append(
        "  at this point `\(text.prefix(60))` \(holds): the other side does not count")
    }
    lines.append("backward: a bar is the derivative of the value by what is under it")
    lines += Self.lines(backward.prefix(Self.shown).map(Self.texts))
    lines += note(signalCount - min(backward.count, Self.shown))
    if !isFinite,
      let bad = (forward + backward).first(where: { !$0.value.elements.allSatisfy(\.isFinite) })
    {
      lines.append("\(bad.name) is the first that is not finite")
    }
    let parts = gradient.map { "\($0.name) = \(inline($0.value))" }
    let line = "gradient: " + parts.joined(separator: ", ")
    lines += line.count <= MatrixText.usualWidth ? [line] : ["gradient"] + parts.map { "  " + $0 }
    let count = rowCount - (forward.count - operations)
    return RunReport(
      headline: "value \(NumberFormat.short(value, digits: style.digits)) after "
        + RunReport.count(count, "operation"),
      details: lines, indent: 0)
  }

  private func note(_ more: Int) -> [String] { more > 0 ? ["  … \(more) more"] : [] }

  /// `v1 = x y` and `6`.
  private static func texts(_ row: Row) -> (String, String) {
    switch row.expression {
    case "variable", "given": (row.name, row.text)
    default: ("\(row.name) = \(row.expression)", row.text)
    }
  }

  private static func lines(_ pairs: [(String, String)]) -> [String] {
    let width = pairs.map(\.0.count).filter { $0 <= widest }.max() ?? 0
    return pairs.map { text, value in
      let gap = String(repeating: " ", count: max(0, width - text.count))
      return text.hasSuffix(" = \(value)") ? "  \(text)" : "  \(text)\(gap) = \(value)"
    }
  }

  // MARK: Tables

  /// The columns name, expression and value, one row a node in the order of evaluation.
  var forwardTable: Value { table(forward) }
  /// The same of the error signals, from the value back to the variables.
  var backwardTable: Value { table(backward) }

  /// Values are numbers if all of them are single ones, else texts.
  private func table(_ rows: [Row]) -> Value {
    let isPlain = rows.allSatisfy { $0.value.count == 1 }
    let values: Table.Column =
      isPlain
      ? .numbers(Matrix(rows.map { $0.value.buffer[0] }, rows: rows.count, columns: 1))
      : .texts(rows.map(\.text))
    return .table(
      Table(
        names: ["name", "expression", "value"],
        columns: [.texts(rows.map(\.name)), .texts(rows.map(\.expression)), values],
        rowCount: rows.count))
  }

  // MARK: Graphviz

  /// The graph in the language of Graphviz: variables as ellipses, operations as boxes, with values
  /// and error signals.
  var dot: String {
    var signals: [Int32: Row] = [:]
    for row in backward { signals[row.node] = row }
    var lines = ["digraph gradient {", "  rankdir = BT", "  node [shape = box]"]
    for row in forward {
      let (text, value) = Self.texts(row)
      var label = "\(text)\n\(value)"
      if let signal = signals[row.node] { label += "\n\(signal.name) = \(signal.text)" }
      let shape = text == row.name ? ", shape = ellipse" : ""
      lines.append("  \(Self.quoted(row.name)) [label = \(Self.quoted(label))\(shape)]")
    }
    var names: [Int32: String] = [:]
    for row in forward { names[row.node] = row.name }
    for (from, to) in edges {
      guard let a = names[from], let b = names[to] else { continue }
      lines.append("  \(Self.quoted(a)) -> \(Self.quoted(b))")
    }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for character in text {
      switch character {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
    return result + "\""
  }

  private func inline(_ m: Matrix) -> String {
    if m.count == 1 { return NumberFormat.short(m.buffer[0], digits: style.digits) }
    if m.count <= MatrixText.largestInline { return MatrixText.inline(m, digits: style.digits) }
    return m.isVector ? MatrixText.vector(m, style) : "\(m.rows)×\(m.columns) matrix"
  }
}
