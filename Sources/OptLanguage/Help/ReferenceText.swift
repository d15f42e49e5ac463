/// The pages of the reference that follow from tables, in Markdown.
import OptGraph
import OptLibrary
import OptSolvers

/// Pages for `docs/reference`.
public enum ReferenceText {
  /// Every page: its file name and its text.
  public static func pages() -> [(file: String, text: String)] {
    LargeStack.run {
      [
        ("functions.md", functions()), ("methods.md", methods()), ("sentences.md", sentences()),
        ("library.md", library()),
      ]
    }
  }

  private static func joined(_ parts: [String]) -> String {
    parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  /// Text between backquotes.
  private static func code(_ text: String) -> String { "`\(text)`" }

  private static func block(_ lines: [String]) -> String {
    "```\n" + lines.joined(separator: "\n") + "\n```"
  }

  /// Examples as they are typed, each with the value that is shown.
  private static func session(_ examples: [String]) -> String {
    if examples.isEmpty { return "" }
    return block(
      examples.flatMap { example -> [String] in
        let (lines, value) = HelpExample.split(example)
        return lines.map { "> " + $0 } + (value.map { [$0] } ?? [])
      })
  }

  // MARK: Functions

  private static func functions() -> String {
    var parts = [
      "# Functions that are always there",
      """
      Elementary functions work element by element on matrices and field by field on records. All
      functions of numbers are differentiable to any order.
      """,
      """
      Where a derivative does not exist, it is that of the first case of the definition:
      `abs'(0) = 0`, `sign'(x) = 0` and `floor'(x) = 0` everywhere, `relu'(0) = 0`; `max` and `min`
      give a tie to the first argument; the derivatives of `hypot` at the origin are 0. A branch that
      is not taken contributes nothing.
      """,
      "## Constants",
      Builtins.constants.keys.sorted().map { name in
        "- `\(name)`: " + NameSummaries.constant(name, Builtins.constants[name] ?? .nothing)
      }.joined(separator: "\n"),
    ]
    let names = Set(Builtins.list.map(\.name))
    for theme in ElementaryFunctions.themes {
      let rows = theme.rows.filter { !$0.isOperator && !names.contains($0.name) }
      if rows.isEmpty { continue }
      parts.append("## \(theme.title)")
      parts += rows.flatMap(elementary)
    }
    for theme in Builtins.themes {
      parts.append("## \(theme.title)")
      parts += theme.functions.flatMap(builtin)
    }
    return joined(parts)
  }

  private static func elementary(_ row: ElementaryFunction) -> [String] {
    [
      "### `\(row.name)(\(row.parameters.joined(separator: ", ")))`", row.summary,
      derivatives(of: row), session([row.example]),
    ]
  }

  private static func builtin(_ builtin: Builtin) -> [String] {
    let row = ElementaryFunctions.find(builtin.name)?.row
    return [
      "### `\(builtin.signature)`", builtin.summary, row.map(derivatives) ?? "",
      session(builtin.examples),
    ]
  }

  private static func derivatives(of row: ElementaryFunction) -> String {
    let formulas = row.derivativeFormulas
    if formulas.count == 1 { return "Derivative: \(code(formulas[0]))." }
    return zip(row.parameters, formulas).map { "Derivative by \(code($0)): \(code($1))." }
      .joined(separator: "  \n")
  }

  // MARK: Methods

  private static func methods() -> String {
    var parts = [
      "# Methods of minimisation",
      """
      `using NAME` or `using NAME(option = value)`. Without `using` a method is chosen by the kind of
      the problem, and the report names it.
      """,
    ]
    for entry in MethodCatalogue.entries { parts += section(entry) }
    parts += [
      "# Line searches",
      """
      How far a step goes, for the option `search` of methods: `using bfgs(search = hager_zhang)`.
      """,
    ]
    for entry in LineSearchCatalogue.entries { parts += section(entry) }
    parts += [
      "# Methods written in the language",
      """
      First-order methods are written in Opt itself, in `stdlib/optimizers`, as the equations that a
      textbook prints. Yours can stand beside them: `method(start = …, step = …)`.
      """,
    ]
    for entry in LibraryEntry.all where entry.isMethod {
      parts += ["## `\(entry.signature)`", block([entry.help])]
    }
    return joined(parts)
  }

  private static func section(_ entry: any CatalogueEntry) -> [String] {
    let parts = ["## `\(NameSummaries.signature(entry))`", sentence(entry.summary), entry.help]
    if entry.options.isEmpty { return parts }
    let rows = entry.options.map {
      "| `\($0.name)` | \($0.defaultValue) | \($0.doc): \($0.allowed) |"
    }
    let head = ["| option | default | meaning |", "|---|---|---|"]
    return parts + [(head + rows).joined(separator: "\n")]
  }

  private static func sentence(_ summary: String) -> String {
    (summary.first.map { $0.uppercased() } ?? "") + summary.dropFirst()
      + (summary.hasSuffix(".") ? "" : ".")
  }

  // MARK: Sentences and topics

  private static func sentences() -> String {
    var parts = [
      "# Sentences, statements and values", "The same texts as `help TOPIC` shows at the prompt.",
    ]
    let groups = [
      ("Sentences and clauses", HelpTopic.sentences),
      ("Definitions and statements", HelpTopic.statements), ("Values", HelpTopic.values),
      ("Notation", HelpTopic.notation),
    ]
    for (title, topics) in groups {
      parts.append("## \(title)")
      for topic in topics {
        parts += [
          "### \(topic.names[0])", block([topic.usage]), topic.summary, topic.text,
          block(topic.example.split(separator: "\n").map { "> " + $0 }),
        ]
      }
    }
    return joined(parts)
  }

  // MARK: Library

  private static func library() -> String {
    var parts = [
      "# The library",
      """
      Files written in the language. A name is loaded when it is first used; `use MODULE` loads a file
      at once. The methods of `optimizers` are on the page of methods.
      """,
    ]
    var module = ""
    for entry in LibraryEntry.all where !entry.isMethod {
      if entry.module != module {
        module = entry.module
        parts.append("## \(module)")
      }
      parts += ["### `\(entry.signature)`", entry.help, session(entry.examples)]
    }
    return joined(parts)
  }
}
