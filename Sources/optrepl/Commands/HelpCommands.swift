/// Commands that explain: `:help`, `?name`, `?? words`.

import OptLanguage
import OptPrompt

extension PromptCommand {
  static let help = PromptCommand(
    name: "help", parameters: "[topic]", argument: .topic,
    summary: "explain a name, a command or a topic; also ?name",
    details: "`?name`, `name?` and `:help name` are the same.",
    run: { loop, topic in
      if topic.isEmpty { return Pager.show(overview(loop), loop.output) }
      if topic.hasPrefix(":"), let command = find(topic) {
        return loop.output.line(command.explanation)
      }
      if let text = loop.session.help(topic) { return Pager.show(text, loop.output) }
      if let command = find(topic) { return loop.output.line(command.explanation) }
      let found = loop.session.search(topic)
      guard !found.isEmpty else {
        return loop.output.error(
          "there is no help on `\(topic)`", help: "`?? words` searches all names and their help")
      }
      loop.output.line("There is no help on `\(topic)`, but these mention it:")
      Listing.show(found, loop.output)
    })

  static let search = PromptCommand(
    name: "apropos", parameters: "words", argument: .topic,
    summary: "search all names and their help; also ?? words",
    details: "Lists the names whose name or help holds all the words.",
    run: { loop, words in
      guard !words.isEmpty else { return loop.output.error("which words? as in `?? gradient`") }
      let found = loop.session.search(words)
      if found.isEmpty { return loop.output.line("nothing mentions `\(words)`") }
      Listing.show(found, loop.output)
    })

  /// The commands, after what the session says about the language.
  private static func overview(_ loop: PromptLoop) -> String {
    let width = all.map { $0.usage.count }.max() ?? 0
    let commands = all.map { command in
      let gap = String(repeating: " ", count: width - command.usage.count + 2)
      return "  \(command.usage)\(gap)\(command.summary)"
    }
    let language = loop.session.help("").map { [$0, ""] } ?? []
    let lines =
      language + ["Commands; the beginning of a name is enough:"] + commands + [
        "",
        "Keys: Tab completes, \\alpha and Tab is α, Alt-Enter begins a new line,",
        "Up and Ctrl-R recall, Ctrl-C cancels or stops, Ctrl-D leaves.",
      ]
    return lines.joined(separator: "\n")
  }

  /// How it is typed.
  var usage: String { ":\(name)" + (parameters.isEmpty ? "" : " \(parameters)") }

  /// All there is to say about it.
  var explanation: String {
    "\(usage)\n  \(summary)"
      + (details.isEmpty
        ? ""
        : "\n\n"
          + details.split(separator: "\n", omittingEmptySubsequences: false)
          .map { "  \($0)" }.joined(separator: "\n"))
  }
}

/// Lists of names.
enum Listing {
  /// Writes names with their kind and summary, cut to the terminal.
  static func show(_ names: [NameInfo], _ output: Output) {
    let columns = Terminal.isTerminal(1) ? Terminal.size.columns : .max
    let width = min(names.map(\.name.count).max() ?? 0, 24)
    for info in names {
      let gap = String(repeating: " ", count: max(width - info.name.count, 0) + 2)
      let summary = info.summary.prefix { $0 != "\n" }
      var line = "  \(info.name)\(gap)\(summary)"
      if line.count > columns - 1 { line = String(line.prefix(columns - 2)) + "…" }
      output.line(line)
    }
  }
}
