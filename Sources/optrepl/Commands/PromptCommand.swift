/// What a prompt command is, and how one is found by its name or the beginning of it.

import OptSyntax

/// A command of the prompt. They begin with `:`, so that no name of a program collides with them.
struct PromptCommand: Sendable {
  /// What a command takes, for completion.
  enum Argument: Sendable {
    case nothing, file, expression, topic
    case words([String])
  }

  /// The name without the colon.
  let name: String
  /// What it takes, as the help shows it: `[name]`.
  var parameters = ""
  /// What it takes, for completion.
  var argument = Argument.nothing
  /// One line.
  let summary: String
  /// More lines, for `:help :name`; may be empty.
  var details = ""
  /// Does it; the argument is trimmed.
  let run: @Sendable (_ loop: PromptLoop, _ argument: String) -> Void

  /// Every command, in the order of the help.
  static let all: [PromptCommand] = [
    help, search, names, show, time, save, load, reset, set, history, quit,
  ]

  /// Names that mean one command although several begin so.
  private static let short = ["h": "help", "s": "show", "?": "help"]

  /// Whether a text is for the prompt and not for the language.
  static func isCommand(_ text: String) -> Bool {
    let text = text.trimmed
    return text.hasPrefix(":") || text.hasPrefix("?") && !text.hasPrefix("???")
      || text == "quit" || text == "exit" || isQuestion(text)
  }

  /// `name?`
  private static func isQuestion(_ text: String) -> Bool {
    guard text.hasSuffix("?"), !text.hasSuffix("??"), text.count > 1 else { return false }
    return text.dropLast().allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
  }

  /// Runs a line that is for the prompt.
  static func run(_ text: String, in loop: PromptLoop) {
    if text == "quit" || text == "exit" { return quit.run(loop, "") }
    if text.hasPrefix("??") { return search.run(loop, String(text.dropFirst(2)).trimmed) }
    if text.hasPrefix("?") { return help.run(loop, String(text.dropFirst()).trimmed) }
    if text.hasSuffix("?"), !text.hasPrefix(":") {
      return help.run(loop, String(text.dropLast()).trimmed)
    }
    let word = text.prefix { !$0.isWhitespace }
    let argument = text.dropFirst(word.count).trimmed
    let name = String(word.dropFirst())
    if let command = find(name) { return command.run(loop, argument) }
    let found = all.filter { $0.name.hasPrefix(name) }
    if found.count > 1 {
      let names = found.map { ":" + $0.name }.joined(separator: ", ")
      loop.output.error("`:\(name)` could be \(names)")
    } else {
      let near = Suggestions.nearest(name, in: all.map(\.name)).first
      let hint = near.map { "did you mean `:\($0)`?" } ?? "`:help` lists the commands"
      loop.output.error("there is no command `:\(name)`", help: hint)
    }
  }

  /// The command with a name, with or without colon, or the only one that begins so.
  static func find(_ name: String) -> PromptCommand? {
    let name = name.hasPrefix(":") ? String(name.dropFirst()) : name
    if let exact = all.first(where: { $0.name == short[name] ?? name }) { return exact }
    let found = all.filter { $0.name.hasPrefix(name) }
    return found.count == 1 ? found.first : nil
  }
}
