/// The manual page, made from what the command line knows of itself.

import ArgumentParser

/// Writes the manual page in the language of `man`.
enum ManualPage {
  /// The whole page.
  static func text() -> String {
    var lines = [
      ".TH OPTREPL 1 \"\" \"optrepl \(OptRepl.version)\" \"User Commands\"", ".SH NAME",
      "optrepl \\- \(escaped(lowercasedStart(OptRepl.configuration.abstract)))", ".SH SYNOPSIS",
      ".B optrepl", "[\\fIoptions\\fR] [\\fIfile.opt\\fR] [\\fIarguments\\fR ...]", ".br",
      ".B optrepl check", "[\\fIoptions\\fR] \\fIfile.opt\\fR ...", ".SH DESCRIPTION",
    ]
    lines += paragraphs(Run.configuration.discussion)
    lines += items(of: Run.helpMessage(columns: 1000))
    lines += [".SH CHECK", escaped(Check.configuration.abstract)]
    lines += paragraphs(Check.configuration.discussion)
    lines += [".SH COMMANDS OF THE PROMPT"]
    for command in PromptCommand.all {
      lines += [".TP", ".B \(escaped(command.usage))", escaped(command.summary)]
    }
    for (title, entries) in sections {
      lines.append(".SH \(title)")
      for (name, text) in entries { lines += [".TP", ".B \(escaped(name))", escaped(text)] }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let sections: [(String, [(String, String)])] = [
    (
      "EXIT STATUS",
      [
        ("0", "Everything ran; also when a limit was reached that the program names."),
        ("1", "An error in the program."),
        ("2", "A sentence ended without having converged, or --timeout stopped it."),
        ("64", "Wrong usage."), ("66", "A file cannot be read."),
        ("130", "Interrupted by Ctrl-C (the signal SIGINT)."),
      ]
    ),
    (
      "ENVIRONMENT",
      [
        ("OPTREPL_HISTORY", "File of the history; empty: none is kept."),
        ("OPTREPL_ENGINE", "What computes: native or vm."),
        ("OPTREPL_THREADS", "Threads of parallel loops."),
        ("OPTREPL_LIBRARY", "Folder of the library files."),
        ("NO_COLOR", "No colours when not empty."), ("CLICOLOR_FORCE", "Colours even in a pipe."),
        ("VISUAL, EDITOR", "The editor that Ctrl-X Ctrl-E opens."),
        ("PAGER", "Shows help that is longer than the screen."),
        ("EDITRC", "Key bindings of the prompt, as in editrc(5)."),
      ]
    ),
    (
      "FILES",
      [
        ("$XDG_CONFIG_HOME/optrepl/init.opt", "Definitions that every session begins with."),
        (
          ".optrepl/history",
          "The history, in the nearest directory above that has .optrepl, else in "
            + "$XDG_STATE_HOME/optrepl."
        ), ("~/.editrc", "Key bindings of the prompt."),
      ]
    ),
  ]

  // MARK: From the help

  /// The arguments and options of a help text: a label, two or more blanks, its description.
  private static func items(of help: String) -> [String] {
    var lines: [String] = []
    var isItems = false
    for line in help.split(separator: "\n") {
      if !line.hasPrefix(" ") {
        isItems = line == "ARGUMENTS:" || line == "OPTIONS:"
        if isItems { lines.append(".SH \(line.dropLast())") }
        continue
      }
      guard isItems else { continue }
      let text = line.trimmed
      if line.hasPrefix("   ") {
        lines.append(escaped(text))
        continue
      }
      lines.append(".TP")
      guard let gap = text.firstRange(of: "  ") else {
        lines.append(".B \(escaped(text))")
        continue
      }
      lines.append(".B \(escaped(String(text[..<gap.lowerBound])))")
      lines.append(escaped(text[gap.upperBound...].trimmed))
    }
    return lines
  }

  private static func paragraphs(_ text: String) -> [String] {
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty {
        lines.append(".PP")
      } else if line.hasPrefix("  ") {
        lines += [".br", "\\ \\ " + escaped(line.trimmed)]
      } else {
        lines.append(escaped(String(line)))
      }
    }
    return lines
  }

  private static func lowercasedStart(_ text: String) -> String {
    (text.prefix(1).lowercased() + text.dropFirst()).filter { $0 != "." }
  }

  /// Text in which nothing is taken for a request.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
  }
}
