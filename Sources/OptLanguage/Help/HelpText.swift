/// The help on a name: what it is, how it is called, an example with its value.
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

extension Machine {
  /// The help on a name or topic; nil when there is none.
  func help(on topic: String) -> String? {
    if topic.isEmpty { return HelpTopic.overview }
    if let cell = user.existing(topic), cell.isSet, topic != "ans" {
      return help(onValue: cell.value.pointee, named: topic)
    }
    if let function = Builtins.functions[topic] { return help(on: function) }
    if let constant = Builtins.constants[topic] {
      return "\(topic)\n  \(NameSummaries.constant(topic, constant))\n\n"
        + Self.shownExample(topic)
    }
    if let method = Builtins.methods[topic] { return Self.help(on: method) }
    if let entry = LibraryEntry.find(topic) { return Self.help(on: entry) }
    return HelpTopic.find(topic).map(Self.help)
  }

  // MARK: Values

  private func help(onValue value: Value, named name: String) -> String {
    guard case .function(let function) = value, case .closure(let code, _) = function.kind else {
      if case .function(let function) = value, function.name != name {
        return "\(name)\n  \(shown(value).indented().dropFirst(2))"
      }
      return "\(name)\n  \(value.kindDescription)\n\n\(shown(value).indented())"
    }
    var parts = [code.name == nil ? "\(name)" : signature(function)]
    let (help, examples) = LibraryEntry.split(code.help ?? "")
    if !help.isEmpty { parts[0] += "\n" + help.indented() }
    parts.append(shown(value).indented())
    parts += examples.map { "  > " + $0 }
    return parts.joined(separator: "\n\n")
  }

  private func help(on function: Function) -> String {
    var parts: [String] = []
    let row = function.name.flatMap { ElementaryFunctions.find($0) }?.row
    switch function.kind {
    case .builtin(let builtin):
      parts = ["\(builtin.signature)\n\(builtin.summary.indented())"]
      if let row { parts.append(Self.derivatives(of: row).indented()) }
      parts += Self.shownExamples(builtin.examples)
    case .elementary(let id):
      parts = [
        "\(signature(function))\n  \(id.row.summary) Of a matrix, element by element.",
        Self.derivatives(of: id.row).indented(),
      ]
      parts += Self.shownExamples([id.row.example])
    default: break
    }
    return parts.joined(separator: "\n\n")
  }

  /// The partial derivatives of a row of the function table, one a line.
  static func derivatives(of row: ElementaryFunction) -> String {
    let formulas = row.derivativeFormulas
    if formulas.count == 1 { return "derivative  \(formulas[0])" }
    let width = row.parameters.map(\.count).max() ?? 0
    return zip(row.parameters, formulas).map { name, formula in
      "derivative by \(name)\(String(repeating: " ", count: width - name.count))  \(formula)"
    }.joined(separator: "\n")
  }

  private static func help(on method: MethodValue) -> String {
    guard case .known(let entry, _) = method.kind else { return method.name }
    var parts = ["\(NameSummaries.signature(entry))\n  \(entry.summary)", entry.help.indented()]
    if !entry.options.isEmpty { parts.append(options(of: entry).indented()) }
    parts.append("  > minimize (x - 3)^2 from x = 0 using \(entry.name)")
    return parts.joined(separator: "\n\n")
  }

  private static func options(of entry: MethodEntry) -> String {
    let names = entry.options.map { "\($0.name) = \($0.defaultValue)" }
    let width = names.map(\.count).max() ?? 0
    return zip(names, entry.options).map { name, option in
      "\(name)\(String(repeating: " ", count: width - name.count))  \(option.doc)"
    }.joined(separator: "\n")
  }

  private static func help(on entry: LibraryEntry) -> String {
    var parts = [entry.signature + (entry.help.isEmpty ? "" : "\n" + entry.help.indented())]
    parts += shownExamples(entry.examples)
    if entry.isMethod { parts.append("  > minimize (x - 3)^2 from x = 0 using \(entry.name)") }
    parts.append("  from the library's \(entry.module).opt")
    return parts.joined(separator: "\n\n")
  }

  private static func help(on topic: HelpTopic) -> String {
    let example = topic.example.split(separator: "\n").map { "> " + $0 }.joined(separator: "\n")
    return [topic.usage, topic.summary.indented(), topic.text.indented(), example.indented()]
      .filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  // MARK: Examples

  private static func shownExamples(_ examples: [String]) -> [String] {
    examples.isEmpty ? [] : [examples.map(shownExample).joined(separator: "\n")]
  }

  private static func shownExample(_ example: String) -> String {
    let (line, value) = HelpExample.split(example)
    return "  > \(line)" + (value.map { "\n" + $0.indented() } ?? "")
  }
}

/// Examples as a person would type them.
package enum HelpExample {
  /// `sum([1, 2]) == 3` as what is typed, `sum([1, 2])`, and what is shown, `3`; the value is nil
  /// when it cannot be computed here.
  package static func split(_ example: String) -> (line: String, value: String?) {
    let parsed = Parser.parse(SourceText(name: "<example>", text: example))
    var line = example
    if parsed.tree.statements.count == 1,
      case .comparison(let first, let links) = parsed.tree[parsed.tree.statements[0]],
      links.count == 1, links[0].comparison == .equal
    {
      line = parsed.tree.span(of: first).text
    }
    return (line, value(of: line))
  }

  /// What an expression shows, computed in a session of its own.
  private static func value(of expression: String) -> String? {
    let session = Session(SessionOptions()) { _ in }
    guard let value = try? session.evaluate(expression) else { return nil }
    if case .nothing = value { return nil }
    return session.machine.shown(value)
  }
}

extension ElementaryFunction {
  /// The partial derivative by each argument as a formula.
  package var derivativeFormulas: [String] {
    let graph = Graph()
    let inputs = parameters.map { name in
      graph.input(Input(name: name, role: .variable, shape: .scalar))
    }
    guard let id = ElementaryFunctions.find(name), let first = inputs.first else { return [] }
    let result: Expression
    switch inputs.count {
    case 1: result = first.apply(id)
    case 2: result = first.apply(id, inputs[1])
    default: return []
    }
    return partials(inputs, result).map { $0.map { Formula.of($0).text } ?? "0" }
  }
}
