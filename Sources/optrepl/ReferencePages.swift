/// The generated pages of the reference, in Markdown.

import OptLanguage

/// Pages that follow from the tables of the program.
enum ReferencePages {
  /// Every page: its file name and its text.
  static func pages() -> [(file: String, text: String)] {
    [("commands.md", commands())] + ReferenceText.pages()
  }

  /// The commands and settings of the prompt.
  private static func commands() -> String {
    var lines = [
      "# Commands of the prompt", "",
      "Commands begin with `:`, so that no name of a program collides with them. The beginning of a",
      "name is enough where only one command begins so.", "", "| command | what it does |",
      "|---|---|",
    ]
    for command in PromptCommand.all {
      lines.append("| `\(command.usage)` | \(command.summary) |")
    }
    lines += [
      "", "`?name` and `name?` are `:help name`; `?? words` is `:apropos words`; `quit` and `exit`",
      "leave like `:quit`.", "", "## Settings", "", "`:set name value` changes a setting.", "",
      "| setting | values | what it is |", "|---|---|---|",
    ]
    for setting in Setting.all {
      lines.append("| `\(setting.name)` | \(setting.values) | \(setting.summary) |")
    }
    lines += [
      "", "## Symbols", "", "`\\name` and Tab inserts a symbol.", "",
      Symbols.all.map { "`\\\($0.name)` \($0.symbol)" }.joined(separator: " · "),
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}
