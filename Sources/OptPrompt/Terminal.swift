/// What the program knows of the terminal it runs in, and how it leaves that as it found it.

import CEdit
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The terminal behind the standard streams.
package enum Terminal {
  /// Whether a stream is a terminal.
  package static func isTerminal(_ stream: Int32) -> Bool { isatty(stream) == 1 }

  /// Whether a person sits at both ends: standard input and standard output are terminals.
  package static var isInteractive: Bool { isTerminal(0) && isTerminal(1) }

  /// Whether the terminal understands no control sequences.
  package static var isDumb: Bool { (environment("TERM") ?? "dumb") == "dumb" }

  /// The value of an environment variable.
  package static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// Rows and columns; 24 × 80 when they are not known.
  package static var size: (rows: Int, columns: Int) {
    var size = winsize()
    for stream in [Int32(1), 2, 0]
    where ioctl(stream, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 {
      return (Int(size.ws_row), Int(size.ws_col))
    }
    return (24, 80)
  }

  /// Writes a whole text to a stream, past any buffer. Answers whether that went well.
  @discardableResult
  package static func write(_ text: String, to stream: Int32 = 1) -> Bool {
    var text = text
    return text.withUTF8 { write($0, to: stream) }
  }

  /// Writes bytes to a stream, past any buffer. Answers whether that went well.
  @discardableResult
  package static func write(_ bytes: UnsafeBufferPointer<UInt8>, to stream: Int32) -> Bool {
    guard var next = bytes.baseAddress else { return true }
    var left = bytes.count
    while left > 0 {
      let count = systemWrite(stream, next, left)
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EAGAIN {
          var ready = pollfd(fd: stream, events: Int16(POLLOUT), revents: 0)
          _ = poll(&ready, 1, -1)
          continue
        }
        return false
      }
      next += count
      left -= count
    }
    return true
  }

  // MARK: Leaving it as it was

  nonisolated(unsafe) private static var found = termios()
  private static let isKnown = Atomic<Bool>(false)
  private static let reset: StaticString = "\u{1B}[?2004l\u{1B}[0m"

  /// Notes how the terminal is set now, and restores that when the program is ended by a signal.
  package static func guardSettings() {
    guard tcgetattr(0, &found) == 0 else { return }
    // Made now, not in the handler.
    _ = isDumbNow.load(ordering: .relaxed)
    isKnown.store(true, ordering: .releasing)
    for signal in [SIGTERM, SIGHUP, SIGQUIT] {
      Signals.handle(signal, restart: false) { number in
        Terminal.restoreSettings()
        Signals.useDefault(number)
        raise(number)
      }
    }
  }

  /// Sets the terminal as it was found. May be called from a signal handler.
  package static func restoreSettings() {
    guard isKnown.load(ordering: .acquiring) else { return }
    if !isDumbNow.load(ordering: .relaxed) {
      _ = systemWrite(1, reset.utf8Start, reset.utf8CodeUnitCount)
    }
    tcsetattr(0, TCSANOW, &found)
  }

  private static let isDumbNow = Atomic<Bool>(isDumb)

  /// Lets typed keys appear or not while the program computes; Ctrl-C works in either case.
  package static func showInput(_ show: Bool) {
    var settings = termios()
    guard isTerminal(0), tcgetattr(0, &settings) == 0 else { return }
    let echo = tcflag_t(ECHO)
    settings.c_lflag = show ? settings.c_lflag | echo : settings.c_lflag & ~echo
    tcsetattr(0, TCSANOW, &settings)
  }
}

/// `write` of the C library, which the methods above hide.
private func systemWrite(_ stream: Int32, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
  write(stream, bytes, count)
}
