/// Ctrl-C while the program computes: the first stops the run, and a stuck run can be left.

import OptLanguage
import OptPrompt
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What SIGINT does during a run. The handler asks the session to stop; when that takes more than
/// a second it says what further keys do, and two more leave the program.
enum RunInterrupt {
  /// The session, as the bits of its pointer: a handler must not wait for anything.
  private static let session = Atomic<UInt>(0)
  private static let count = Atomic<Int>(0)
  /// Keys pressed after a second of waiting.
  private static let lateCount = Atomic<Int>(0)
  private static let isLate = Atomic<Bool>(false)

  /// Whether the line editor takes over when a run is over.
  private static let isEditing = Atomic<Bool>(false)

  private static let clearLine: StaticString = "\r\u{1B}[K"
  private static let waiting: StaticString = "stopping… (Ctrl-C twice leaves optrepl)\n"
  private static let leaving: StaticString = "Ctrl-C once more leaves optrepl\n"

  /// Names the session that is to be stopped; it must live as long as the program.
  static func install(for session: Session) {
    let bits = UInt(bitPattern: Unmanaged.passRetained(session).toOpaque())
    self.session.store(bits, ordering: .releasing)
    // The counters exist before a handler can want them.
    count.store(0, ordering: .relaxed)
    lateCount.store(0, ordering: .relaxed)
    isLate.store(false, ordering: .relaxed)
  }

  /// Whether Ctrl-C was pressed in the last run.
  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

  /// From now on Ctrl-C stops the run.
  static func begin() {
    count.store(0, ordering: .relaxed)
    lateCount.store(0, ordering: .relaxed)
    isLate.store(false, ordering: .relaxed)
    if Signals.isIgnored(SIGINT) { return }
    Signals.handle(SIGINT) { _ in RunInterrupt.handle() }
    Signals.handle(SIGALRM) { _ in RunInterrupt.handleLateness() }
  }

  /// The run is over.
  static func end() {
    alarm(0)
    if Signals.isIgnored(SIGINT) { return }
    if isEditing.load(ordering: .relaxed) {
      Signals.watchForEditor()
    } else {
      Signals.useDefault(SIGINT)
    }
  }

  /// Between runs Ctrl-C belongs to the line editor from now on.
  static func leaveToEditor() {
    isEditing.store(true, ordering: .relaxed)
    Signals.watchForEditor()
  }

  /// Ends the program as an untouched SIGINT would.
  static func dieOfIt() {
    Terminal.restoreSettings()
    Signals.useDefault(SIGINT)
    raise(SIGINT)
    _exit(ExitStatus.interrupted)
  }

  // MARK: In the handlers

  private static func handle() {
    let saved = errno
    defer { errno = saved }
    let presses = count.wrappingAdd(1, ordering: .relaxed).newValue
    if let session = UnsafeRawPointer(bitPattern: session.load(ordering: .acquiring)) {
      Unmanaged<Session>.fromOpaque(session).takeUnretainedValue().interrupt()
    }
    if presses == 1 { alarm(1) }
    guard isLate.load(ordering: .relaxed) else { return }
    if lateCount.wrappingAdd(1, ordering: .relaxed).newValue < 2 {
      say(leaving)
    } else {
      Terminal.restoreSettings()
      _exit(ExitStatus.interrupted)
    }
  }

  private static func handleLateness() {
    let saved = errno
    isLate.store(true, ordering: .relaxed)
    say(waiting)
    errno = saved
  }

  private static func say(_ text: StaticString) {
    if isatty(2) == 1 { _ = write(2, clearLine.utf8Start, clearLine.utf8CodeUnitCount) }
    _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
  }
}
