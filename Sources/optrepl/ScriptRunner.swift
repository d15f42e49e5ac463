/// Runs files, texts of `-e` and standard input, and turns the outcome into an exit status.

import ArgumentParser
import OptLanguage
import OptPrompt
import OptSyntax

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where the program text comes from.
enum Source {
  case prompt
  case file(String)
  case texts([String])
  case input
}

/// Runs what the command line names.
struct ScriptRunner {
  let session: Session
  let output: Output

  /// Runs the init file, the source and, if wanted, the prompt; the exit status.
  func run(_ source: Source, isInteractive: Bool, isQuiet: Bool, withInit: Bool) -> Int32 {
    RunInterrupt.install(for: session)
    if Terminal.isTerminal(1) { session.options.width = Terminal.size.columns }
    if withInit { runInitFile() }
    var status: Int32 = 0
    switch source {
    case .prompt: break
    case .file(let path):
      guard let text = Self.text(of: path, output) else {
        suggestSubcommand(path)
        return ExitStatus.noInput
      }
      status = run([(path, text)])
    case .texts(let texts):
      let isOnly = texts.count == 1
      status = run(
        texts.enumerated().map { (isOnly ? "<-e>" : "<-e \($0.offset + 1)>", $0.element) })
    case .input:
      guard let text = Self.text(of: "-", output) else { return ExitStatus.noInput }
      return run([("<stdin>", text)])
    }
    guard isInteractive || isPrompt(source) else { return status }
    output.flush()
    if !Terminal.isInteractive {
      // Staying without a terminal: the rest of the program is on standard input.
      guard let text = Self.text(of: "-", output) else { return ExitStatus.noInput }
      return run([("<stdin>", text)])
    }
    guard let prompt = PromptLoop(session: session, output: output) else {
      output.error("the terminal cannot be used for editing lines")
      return ExitStatus.failed
    }
    return prompt.run(isQuiet: isQuiet || !isPrompt(source))
  }

  private func isPrompt(_ source: Source) -> Bool {
    if case .prompt = source { true } else { false }
  }

  /// Runs texts one after the other until one fails.
  private func run(_ texts: [(name: String, text: String)]) -> Int32 {
    var status: Int32 = 0
    for (name, text) in texts {
      RunInterrupt.begin()
      let outcome = session.run(text, name: name)
      RunInterrupt.end()
      output.finishRun()
      switch outcome {
      case .succeeded: break
      case .unconverged: status = ExitStatus.unconverged
      case .failed: return ExitStatus.failed
      case .interrupted:
        output.flush()
        // The signal's default meaning, so that a loop of the shell ends too.
        if RunInterrupt.isRequested { RunInterrupt.dieOfIt() }
        return ExitStatus.unconverged
      }
    }
    return status
  }

  // MARK: Files

  /// The text of a file, `-` for standard input; says so when it cannot be read.
  static func text(of path: String, _ output: Output) -> String? {
    let text = path == "-" ? TextFile.read(stream: 0) : TextFile.read(path)
    if text == nil { output.error("cannot read \(path): \(TextFile.lastError)") }
    return text
  }

  /// A misspelt subcommand is taken for a file.
  private func suggestSubcommand(_ path: String) {
    let commands = OptRepl.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    let near = Suggestions.nearest(path, in: commands.map { $0._commandName })
    if let command = near.first { output.note("did you mean the command '\(command)'?") }
  }

  /// `$XDG_CONFIG_HOME/optrepl/init.opt`: definitions that every session begins with. When it
  /// fails, that is said and the session begins without the rest of it.
  private func runInitFile() {
    let home = Terminal.environment("HOME").map { $0 + "/.config" }
    guard let folder = Terminal.environment("XDG_CONFIG_HOME") ?? home else { return }
    let path = folder + "/optrepl/init.opt"
    guard let text = TextFile.read(path) else { return }
    RunInterrupt.begin()
    _ = session.run(text, name: path)
    RunInterrupt.end()
    output.finishRun()
    if RunInterrupt.isRequested, !Terminal.isInteractive {
      output.flush()
      RunInterrupt.dieOfIt()
    }
  }
}
