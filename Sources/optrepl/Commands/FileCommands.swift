/// Commands about files and the session: `:save`, `:load`, `:history`, `:quit`.

import OptLanguage
import OptPrompt

extension PromptCommand {
  static let save = PromptCommand(
    name: "save", parameters: "file", argument: .file,
    summary: "write the statements that ran without error to a file",
    details: "`:load` or `use` read the file again. `.opt` is appended to a name without ending.",
    run: { loop, argument in
      guard let path = path(argument) else {
        return loop.output.error("save to which file? as in `:save model.opt`")
      }
      let statements = loop.session.transcript
      let text = statements.map { $0 + "\n" }.joined()
      guard TextFile.write(text, to: path) else {
        return loop.output.error("cannot write \(path): \(TextFile.lastError)")
      }
      let count = statements.count
      loop.output.line("\(count) statement\(count == 1 ? "" : "s") written to \(path)")
    })

  static let load = PromptCommand(
    name: "load", parameters: "file", argument: .file,
    summary: "run a file here",
    run: { loop, argument in
      guard let path = path(argument) else {
        return loop.output.error("load which file? as in `:load model.opt`")
      }
      guard let text = TextFile.read(path) else {
        return loop.output.error("cannot read \(path): \(TextFile.lastError)")
      }
      loop.runText(text, name: path)
    })

  static let history = PromptCommand(
    name: "history", parameters: "[words]", argument: .expression,
    summary: "list earlier statements, all or those that hold the words",
    run: { loop, argument in
      let words = argument.split(separator: " ")
      let found = loop.editor.history.entries.dropLast().filter { entry in
        words.allSatisfy { entry.contains($0) }
      }
      for entry in found.suffix(words.isEmpty ? 50 : 500) { loop.output.line(entry) }
    })

  static let quit = PromptCommand(
    name: "quit", summary: "leave; also Ctrl-D, quit, exit",
    run: { loop, _ in loop.isLeaving = true })

  /// The path that an argument names: quotes are taken off, `~` is home, `.opt` is the usual end.
  private static func path(_ argument: String) -> String? {
    var path = argument
    if path.count > 1, path.hasPrefix("\""), path.hasSuffix("\"") {
      path = String(path.dropFirst().dropLast())
    }
    guard !path.isEmpty else { return nil }
    if path.hasPrefix("~/"), let home = Terminal.environment("HOME") {
      path = home + path.dropFirst()
    }
    let file = path.split(separator: "/").last ?? ""
    return file.contains(".") ? path : path + ".opt"
  }
}
