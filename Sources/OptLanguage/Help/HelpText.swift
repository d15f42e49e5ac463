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
    guard let entry = method.entry else { return method.name }
    var parts = ["\(NameSummaries.signature(entry))\n  \(entry.summary)", entry.help.indented()]
    if !entry.options.isEmpty { parts.append(options(of: entry).indented()) }
    let usage = entry is MethodEntry ? entry.name : "bfgs(search = \(entry.name))"
    parts.append("  > minimize (x - 3)^2 from x = 0 using \(usage)")
    return parts.joined(separator: "\n\n")
  }

  private static func options(of entry: any CatalogueEntry) -> String {
    let names = entry.options.map { "\($0.name) = \($0.defaultValue)" }
    let width = names.map(\.count).max() ?? 0
    return zip(names, entry.options).map { name, option in
      "\(name)\(String(repeating: " ", count: width - name.count))  \(option.doc)"
    }.joined(separator: "\n")
  }

  private static func help(on entry: LibraryEntry) -> String {
    var parts = [entry.signature + (entry.help.isEmpty ? "" : "\n" + entry.help.indented())]
    parts += shownExamples(entry.examples)
    if entry.isMethod, entry.hasDefaults {
      parts.append("  > minimize (x - 3)^2 from x = 0 using \(entry.name)")
    }
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
    let (lines, value) = HelpExample.split(example)
    return lines.map { "  > " + $0 }.joined(separator: "\n")
      + (value.map { "\n" + $0.indented() } ?? "")
  }
}

/// Examples as a person would type them.
package enum HelpExample {
  /// `sum([1, 2]) == 3` as what is typed, `sum([1, 2])`, and what is shown, `3`; a block as its
  /// statements. The value is nil when it cannot be computed here.
  package static func split(_ example: String) -> (lines: [String], value: String?) {
    let tree = Parser.parse(SourceText(name: "<example>", text: example)).tree
    guard tree.statements.count == 1, let only = tree.statements.first else {
      return ([example], nil)
    }
    var statements = [only]
    if case .block(let inner) = tree[only] { statements = inner }
    // A block that has nothing to compare ends in `true`.
    if statements.count > 1, let last = statements.last, case .boolean(true) = tree[last] {
      statements.removeLast()
    }
    var lines = statements.map { tree.span(of: $0).text }
    var expected: String?
    if let last = statements.last, case .comparison(let first, let links) = tree[last],
      links.count == 1, links[0].comparison == .equal
    {
      lines[lines.count - 1] = tree.span(of: first).text
      expected = tree.span(of: links[0].operand).text
    }
    // Help writes no files.
    if example.contains("write(") { return (lines, expected) }
    return (lines, value(of: lines))
  }

  /// What is printed and shown, in a session of its own.
  private static func value(of lines: [String]) -> String? {
    final class Printed { var lines: [String] = [] }
    let printed = Printed()
    let session = Session(SessionOptions()) { event in
      if case .printed(let text) = event { printed.lines.append(text) }
    }
    for line in lines.dropLast() {
      guard (try? session.evaluate(line)) != nil else { return nil }
    }
    guard let last = lines.last, let value = try? session.evaluate(last) else { return nil }
    if case .nothing = value {} else { printed.lines.append(session.machine.shown(value)) }
    return printed.lines.isEmpty ? nil : printed.lines.joined(separator: "\n")
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
