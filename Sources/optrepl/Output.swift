/// Everything the program writes: values on standard output; errors and progress on standard error.

import OptLanguage
import OptPrompt
import OptSyntax

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes what a session tells. Used by one thread at a time.
final class Output {
  let json: Bool
  /// Whether values and errors are coloured.
  private(set) var isColored = false
  private(set) var colorsErrors = false
  /// When colours are used.
  var color: ColorChoice { didSet { chooseColors() } }

  private let isTerminal = Terminal.isTerminal(1)
  private let drawsProgress = Terminal.isTerminal(2) && !Terminal.isDumb
  private var buffer: [UInt8] = []
  private var lastFlush = Clock.now
  private var isProgressShown = false
  private var runStart = Clock.now
  private var lastProgress = 0.0
  /// Events since the last run began.
  private(set) var eventCount = 0

  init(json: Bool, color: ColorChoice) {
    self.json = json
    self.color = color
    chooseColors()
  }

  private func chooseColors() {
    isColored = color.isColored(1)
    colorsErrors = color.isColored(2)
  }

  // MARK: What a session tells

  func receive(_ event: SessionEvent) {
    if case .progress(let text) = event {
      showProgress(text)
      return
    }
    clearProgress()
    eventCount += 1
    switch event {
    case .shown(let text, let object): line(json ? object : text)
    case .printed(let text): if json { message(text) } else { line(text) }
    case .diagnostic(let diagnostic): show(diagnostic)
    case .progress: break
    }
  }

  private func show(_ diagnostic: Diagnostic) {
    message(
      json
        ? JSONText.object(diagnostic) : DiagnosticRenderer.render(diagnostic, color: colorsErrors))
  }

  // MARK: Lines

  /// A line of standard output.
  func line(_ text: String) {
    buffer += text.utf8
    buffer.append(0x0A)
    // In a pipe lines are collected, but nobody waits long for one that is there.
    if isTerminal || buffer.count > 1 << 16 || Clock.now - lastFlush > 0.1 { flush() }
  }

  /// A dim line, for what is said beside the values.
  func dimLine(_ text: String) { line(isColored ? "\u{1B}[2m\(text)\u{1B}[0m" : text) }

  /// Lines of standard error.
  func message(_ text: String) {
    flush()
    Terminal.write(text + "\n", to: 2)
  }

  /// An error that belongs to no place in a text.
  func error(_ text: String, help: String? = nil) {
    show(Diagnostic(.error, text, at: .none, help: help))
  }

  /// A note that belongs to no place in a text.
  func note(_ text: String) { show(Diagnostic(.note, text, at: .none)) }

  /// Writes what is still in the buffer.
  func flush() {
    guard !buffer.isEmpty else { return }
    lastFlush = Clock.now
    let isWritten = buffer.withUnsafeBufferPointer { Terminal.write($0, to: 1) }
    buffer.removeAll(keepingCapacity: true)
    // The reader is gone although SIGPIPE is ignored by whoever started the program.
    if !isWritten, errno == EPIPE { _exit(128 + SIGPIPE) }
  }

  // MARK: Progress

  /// A run begins: its progress is shown when it takes long.
  func beginRun() {
    runStart = Clock.now
    eventCount = 0
  }

  /// A run is over.
  func finishRun() {
    clearProgress()
    runStart = Clock.now
  }

  /// Shows the state of a long run after a quarter of a second, at most ten times a second.
  private func showProgress(_ text: String?) {
    guard let text else { return clearProgress() }
    let now = Clock.now
    guard drawsProgress, !json, now - runStart > 0.25, now - lastProgress > 0.1 else { return }
    lastProgress = now
    flush()
    let columns = Terminal.size.columns
    let hint = "  ^C stops, keeps the best"
    var shown = String(text.prefix { $0 != "\n" })
    let width = DiagnosticRenderer.width(shown)
    if width > columns - 1 { shown = String(shown.prefix(columns - 2)) + "…" }
    let tail = width + hint.count < columns ? "\u{1B}[2m\(hint)\u{1B}[0m" : ""
    Terminal.write("\r\u{1B}[K" + shown + tail, to: 2)
    isProgressShown = true
  }

  private func clearProgress() {
    guard isProgressShown else { return }
    Terminal.write("\r\u{1B}[K", to: 2)
    isProgressShown = false
  }
}

/// Time that only goes forward.
enum Clock {
  /// Seconds since some moment.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A duration for a person: `230 µs`, `1.3 ms`, `0.52 s`, `2 min 5 s`.
  static func text(_ seconds: Double) -> String {
    func rounded(_ value: Double) -> String {
      if value >= 9.95 { return String(Int(value.rounded())) }
      let tenths = Int((value * 10).rounded())
      return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }
    if seconds < 1e-3 { return rounded(seconds * 1e6) + " µs" }
    if seconds < 0.9995 { return rounded(seconds * 1e3) + " ms" }
    if seconds < 60 { return rounded(seconds) + " s" }
    let whole = Int(seconds.rounded())
    return "\(whole / 60) min \(whole % 60) s"
  }
}
