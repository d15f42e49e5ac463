/// The command `:set` and the settings it knows.

import OptLanguage
import OptPrompt

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Something that `:set` changes.
struct Setting: Sendable {
  let name: String
  /// What it may be, as the help shows it.
  let values: String
  let summary: String
  /// What it is now.
  let current: @Sendable (PromptLoop) -> String
  /// Changes it; false when the value is none of those it may have.
  let change: @Sendable (PromptLoop, String) -> Bool

  /// Every setting.
  static let all: [Setting] = [
    Setting(
      name: "digits", values: "1 … 17", summary: "significant digits of shown numbers",
      current: { String($0.session.options.digits) },
      change: { loop, value in
        guard let digits = Int(value), (1...17).contains(digits) else { return false }
        loop.session.options.digits = digits
        return true
      }),
    Setting(
      name: "color", values: "auto, always, never", summary: "use of colours",
      current: { $0.output.color.rawValue },
      change: { loop, value in
        guard let choice = ColorChoice(rawValue: value) else { return false }
        loop.output.color = choice
        loop.editor.isColored = loop.output.isColored
        return true
      }),
    Setting(
      name: "hints", values: "on, off", summary: "dim hints from the history while typing",
      current: { $0.editor.showsHints ? "on" : "off" },
      change: { loop, value in
        guard value == "on" || value == "off" else { return false }
        loop.editor.showsHints = value == "on"
        return true
      }),
    Setting(
      name: "timeout", values: "seconds, off", summary: "longest time that a statement may take",
      current: { $0.session.options.timeLimit.map { "\($0)" } ?? "off" },
      change: { loop, value in
        if value == "off" {
          loop.session.options.timeLimit = nil
          return true
        }
        guard let seconds = Double(value), seconds > 0 else { return false }
        loop.session.options.timeLimit = seconds
        return true
      }),
    Setting(
      name: "engine", values: EngineChoice.allCases.map(\.rawValue).joined(separator: ", "),
      summary: "what computes; it changes no number",
      current: { _ in
        Session.engineFallback.map { "\(Session.engine), but \($0)" } ?? Session.engine
      },
      change: { _, value in
        guard let choice = EngineChoice(rawValue: value) else { return false }
        Session.engine = choice.rawValue
        return true
      }),
    Setting(
      name: "threads", values: "1 … \(Session.largestThreads)",
      summary: "threads of parallel loops; it changes no number",
      current: { _ in String(Session.threads) },
      change: { _, value in
        guard let count = Int(value), (1...Session.largestThreads).contains(count) else {
          return false
        }
        Session.threads = count
        return true
      }),
  ]
}

extension PromptCommand {
  static let set = PromptCommand(
    name: "set", parameters: "[name value]", argument: .words(Setting.all.map(\.name)),
    summary: "change a setting, or list them",
    details: Setting.all.map { "\($0.name)  \($0.summary): \($0.values)" }.joined(separator: "\n"),
    run: { loop, argument in
      let words = argument.split(whereSeparator: { $0 == " " || $0 == "=" }).map(String.init)
      guard let name = words.first else {
        for setting in Setting.all {
          let gap = String(repeating: " ", count: max(10 - setting.name.count, 1))
          loop.output.line("  \(setting.name)\(gap)\(setting.current(loop))")
        }
        return
      }
      guard let setting = Setting.all.first(where: { $0.name == name }) else {
        let names = Setting.all.map(\.name).joined(separator: ", ")
        return loop.output.error("there is no setting `\(name)`", help: "there are \(names)")
      }
      guard words.count > 1 else { return loop.output.line(setting.current(loop)) }
      if words.count > 2 || !setting.change(loop, words[1]) {
        let value = words.dropFirst().joined(separator: " ")
        loop.output.error(
          "`\(name)` cannot be `\(value)`", help: "it can be: \(setting.values)")
      }
    })
}
