/// The line editor: reads statements of one or several lines from a terminal through libedit.
///
/// libedit keeps the text and moves the cursor. Everything that it has no feature for hangs on one
/// hook, the function it asks for the next key: it is called after libedit has painted, so it can
/// paint colours and hints over the same cells, and it turns escape sequences into private codes.

import CEdit
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A word that may stand at the cursor.
package struct Candidate: Sendable, Equatable {
  /// What is listed and compared with what was typed.
  package var text: String
  /// What is put into the line when it is not `text`.
  package var replacement: String?
  /// One line of description.
  package var detail: String

  /// A candidate for completion.
  package init(_ text: String, replacement: String? = nil, detail: String = "") {
    self.text = text
    self.replacement = replacement
    self.detail = detail
  }
}

/// Reads statements from a terminal. Used by one thread only.
package final class LineEditor {
  /// What a reading ended with.
  package enum Outcome: Equatable {
    /// A statement, possibly of several lines, without the final newline.
    case statement(String)
    /// Ctrl-C.
    case cancelled
    /// Ctrl-D on an empty line, or the terminal is gone.
    case ended
  }

  /// Stands before the first line; ends with a blank.
  package let prompt = "opt> "
  /// Stands before the other lines, right-aligned to the prompt.
  let continuation = "… "
  /// Stands before the other lines where the terminal cannot paint.
  let plainContinuation = "...> "

  /// Whether colours are used.
  package var isColored: Bool
  /// Whether hints are shown.
  package var showsHints = true
  /// What could stand at the end of a text: where the unfinished word begins, counted in Unicode
  /// scalars, and the words.
  package var complete: (_ text: String) -> (start: Int, candidates: [Candidate]) = {
    ($0.unicodeScalars.count, [])
  }
  /// Whether Enter runs a text.
  package var isComplete: (_ text: String) -> Bool = { _ in true }
  /// Ranges of Unicode scalars with the control sequence of their colour; the cursor is given so
  /// that brackets can be matched.
  package var highlight: ((_ text: String, _ cursor: Int) -> [(Range<Int>, String)])?

  let isDumb: Bool
  let editor: OpaquePointer
  /// The statements entered so far.
  package let history: History
  /// The bytes of the prompt as libedit wants them.
  private var promptBytes: UnsafeMutablePointer<CChar>?
  private var currentPrompt: String

  /// Columns of a hint that is on the screen.
  var hintWidth = 0
  var isCancelled = false
  var isPasting = false
  /// Keys that were read with an escape sequence and not yet handed out.
  var pendingKeys: [wchar_t] = []
  /// Texts and cursors before each change.
  var undoStack: [(text: String, cursor: Int)] = []
  /// What was cut last.
  var cutText = ""
  var recall = Recall()

  /// An editor for the terminal at standard input and output; nil when libedit has no use for it.
  package init?(program: String, isColored: Bool) {
    Self.chooseCharacters()
    self.isColored = isColored
    isDumb = Terminal.isDumb
    currentPrompt = prompt
    guard let editor = el_init(program, oel_stdin(), oel_stdout(), oel_stderr()) else { return nil }
    guard let history = History(indentation: prompt.unicodeScalars.count) else {
      el_end(editor)
      return nil
    }
    self.editor = editor
    self.history = history
    configure()
  }

  deinit {
    el_end(editor)
    free(promptBytes)
  }

  /// libedit drops every character beyond ASCII when no UTF-8 locale is set, as over ssh or in
  /// containers.
  private static func chooseCharacters() {
    setlocale(LC_CTYPE, "")
    if oel_is_single_byte() != 0 {
      _ = setlocale(LC_CTYPE, "C.UTF-8") ?? setlocale(LC_CTYPE, "en_US.UTF-8")
    }
  }

  /// The editor that a C function is called for.
  static func from(_ editor: OpaquePointer?) -> LineEditor? {
    guard let editor, let client = oel_client(editor) else { return nil }
    return Unmanaged<LineEditor>.fromOpaque(client).takeUnretainedValue()
  }

  func promptCString() -> UnsafeMutablePointer<CChar>? {
    free(promptBytes)
    // \1 … \1 encloses what takes no columns; a visible character must follow it.
    let painted = "\u{1}\u{1B}[1;34m\u{1}\(currentPrompt.dropLast())\u{1}\u{1B}[0m\u{1} "
    promptBytes = strdup(isColored && !isDumb ? painted : currentPrompt)
    return promptBytes
  }

  // MARK: Reading

  /// Reads one statement.
  package func read() -> Outcome {
    guard isDumb else { return readBlock() }
    // The kernel edits the lines, so they are joined here.
    defer { currentPrompt = prompt }
    var text = ""
    var blankLines = 0
    while true {
      let outcome = readBlock()
      guard case .statement(let line) = outcome else { return outcome }
      text += (text.isEmpty ? "" : "\n") + line
      blankLines = line.allSatisfy(\.isWhitespace) ? blankLines + 1 : 0
      if blankLines >= 2 || isComplete(text) { return .statement(text) }
      currentPrompt = plainContinuation
    }
  }

  private func readBlock() -> Outcome {
    isCancelled = false
    undoStack = []
    recall = Recall()
    Signals.isInterrupted.store(false, ordering: .relaxed)
    if !isDumb {
      // Before the prompt is painted, so that what is typed at once is not echoed twice.
      oel_set_int(editor, EL_PREP_TERM, 1)
      Terminal.write("\u{1B}[?2004h")
    }
    defer { if !isDumb { Terminal.write("\u{1B}[?2004l") } }
    var count: Int32 = 0
    guard let line = el_wgets(editor, &count), count > 0 else {
      if isCancelled { return .cancelled }
      Terminal.write("\n")
      return .ended
    }
    if isCancelled { return .cancelled }
    var text = dedented(string(UnsafeBufferPointer(start: line, count: Int(count))))
    while text.hasSuffix("\n") { text.removeLast() }
    return .statement(text)
  }
}
