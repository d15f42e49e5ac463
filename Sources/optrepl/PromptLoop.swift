/// The prompt: reads statements and commands and runs them until the person leaves.

import OptLanguage
import OptPrompt

/// One session at a terminal.
final class PromptLoop {
  let session: Session
  let output: Output
  let editor: LineEditor
  /// Statements run so far; errors call them `<input 3>`.
  private var inputCount = 0
  /// Set by `:quit`.
  var isLeaving = false
  /// Runs shorter than this are not timed.
  private static let worthTiming = 0.5

  /// A prompt at the terminal; nil when there is no editing of lines there.
  init?(session: Session, output: Output) {
    Terminal.guardSettings()
    guard let editor = LineEditor(program: "optrepl", isColored: output.isColored) else {
      return nil
    }
    self.session = session
    self.output = output
    self.editor = editor
    let completion = PromptCompletion(session: session)
    editor.complete = { completion.candidates(for: $0) }
    editor.isComplete = { text in
      PromptCommand.isCommand(text) || Session.isComplete(text)
    }
    editor.highlight = { Highlighting.spans($0, cursor: $1) }
    if let path = HistoryFile.path() { editor.history.keep(in: path) }
  }

  /// Reads and runs until the end; the exit status.
  func run(isQuiet: Bool) -> Int32 {
    if !isQuiet {
      output.line("optrepl \(OptRepl.version) — :help explains, Ctrl-D leaves")
    }
    RunInterrupt.leaveToEditor()
    while !isLeaving {
      output.flush()
      switch editor.read() {
      case .ended: isLeaving = true
      case .cancelled: continue
      case .statement(let text): handle(text)
      }
    }
    output.flush()
    return 0
  }

  /// Runs what was typed: a command, a question or a statement.
  private func handle(_ text: String) {
    editor.history.remember(text)
    editor.history.save()
    let trimmed = text.trimmed
    if trimmed.isEmpty { return }
    if PromptCommand.isCommand(trimmed) {
      PromptCommand.run(trimmed, in: self)
    } else {
      runStatement(text)
    }
  }

  /// Runs a statement and says how long it took when that was long, or when asked to.
  func runStatement(_ text: String, isTimed: Bool = false) {
    inputCount += 1
    runText(text, name: "<input \(inputCount)>", isTimed: isTimed)
  }

  /// Runs a text with everything around it that a long run needs.
  func runText(_ text: String, name: String, isTimed: Bool = false) {
    session.options.width = Terminal.size.columns
    output.beginRun()
    RunInterrupt.begin()
    // Typed keys would tear the line that shows the progress.
    Terminal.showInput(false)
    let start = Clock.now
    let status = session.run(text, name: name)
    let seconds = Clock.now - start
    Terminal.showInput(true)
    RunInterrupt.end()
    output.finishRun()
    if status == .interrupted, output.eventCount == 0 { output.message("interrupted") }
    if isTimed || seconds > Self.worthTiming { output.dimLine(Clock.text(seconds)) }
  }
}

extension StringProtocol {
  /// The text without white space at its ends.
  var trimmed: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
