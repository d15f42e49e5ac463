/// The program at a terminal of its own, typed at and read from.

import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A running program with the terminal it runs in.
final class PseudoTerminal {
  private(set) var screen: Screen
  let folder: TemporaryFolder
  let master: Int32
  let process: pid_t
  private var status: Int32?
  /// Seconds after which a text is not awaited any longer.
  private static let patience = getenv("PATIENCE") == nil ? 60.0 : 8.0

  /// Starts the program and waits for its first prompt.
  init(
    _ arguments: [String] = [], rows: Int = 30, columns: Int = 90,
    folder: TemporaryFolder = TemporaryFolder(), environment: [String: String] = [:],
    awaitsPrompt: Bool = true
  ) throws {
    self.folder = folder
    screen = Screen(rows: rows, columns: columns)
    let (master, name) = try #require(Self.open())
    self.master = master
    var size = winsize()
    size.ws_row = UInt16(rows)
    size.ws_col = UInt16(columns)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    _ = fcntl(master, F_SETFD, FD_CLOEXEC)
    // The leader of a new session gets the first terminal it opens as its own.
    var actions = FileActions()
    actions.open(0, name, O_RDWR)
    actions.duplicate(0, 1)
    actions.duplicate(0, 2)
    process = Program.spawn(
      arguments, Program.environment(home: folder.path, environment), actions, ownSession: true)
    try #require(process > 0)
    if awaitsPrompt { try waitForPrompt() }
  }

  deinit {
    if status == nil {
      kill(process, SIGKILL)
      _ = Program.wait(for: process)
    }
    close(master)
  }

  /// A new terminal: the stream that stands for keyboard and screen, and the name of the other end.
  private static func open() -> (master: Int32, name: String)? {
    #if os(Linux)
      // The C library's functions for this are hidden from Swift, so the driver is asked itself.
      let master = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY)
      var lock: Int32 = 0
      var number: Int32 = 0
      let setLock: UInt = 0x4004_5431
      let getNumber: UInt = 0x8004_5430
      guard master >= 0, ioctl(master, setLock, &lock) == 0, ioctl(master, getNumber, &number) == 0
      else { return nil }
      return (master, "/dev/pts/\(number)")
    #else
      let master = posix_openpt(O_RDWR | O_NOCTTY)
      guard master >= 0, grantpt(master) == 0, unlockpt(master) == 0, let name = ptsname(master)
      else { return nil }
      return (master, String(cString: name))
    #endif
  }

  /// Sends keys.
  func type(_ keys: String) {
    var bytes = Array(keys.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
      if count <= 0 { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Sends keys and Enter, and waits for the next prompt.
  func enter(_ line: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    type(line)
    try wait(sourceLocation) { $0.currentLine.contains(line) }
    type("\r")
    try waitForPrompt(sourceLocation: sourceLocation)
  }

  /// Waits for an empty prompt.
  func waitForPrompt(sourceLocation: SourceLocation = #_sourceLocation) throws {
    try wait(sourceLocation) { $0.currentLine == "opt>" }
  }

  /// Waits for a text anywhere on the screen.
  func wait(for text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try wait(sourceLocation) { $0.text.contains(text) }
  }

  /// Waits until the line with the cursor is this.
  func wait(line: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try wait(sourceLocation) { $0.currentLine == line }
  }

  /// Presses a key, and again every few seconds as a person would, until the line with the cursor is
  /// this.
  func wait(
    line: String, pressing key: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    type(key)
    var again = now() + 2
    try wait(sourceLocation) { screen in
      if screen.currentLine == line { return true }
      if now() > again {
        type(key)
        again = now() + 2
      }
      return false
    }
  }

  /// Waits until the screen satisfies a condition.
  func wait(
    _ sourceLocation: SourceLocation = #_sourceLocation, until condition: (Screen) -> Bool
  ) throws {
    let end = now() + Self.patience
    while !condition(screen) {
      let isOpen = receive(within: 100)
      if condition(screen) { return }
      guard isOpen, now() < end else {
        Issue.record("this is on the screen:\n\(screen.text)", sourceLocation: sourceLocation)
        throw NotShown()
      }
    }
  }

  /// Waits for the end of the program; its exit status, or minus the signal that ended it.
  func waitForEnd() -> Int32 {
    if let status { return status }
    while receive(within: 100) {}
    let result = Program.wait(for: process)
    status = result
    return result
  }

  /// Takes what the program wrote; false when it has closed the terminal.
  private func receive(within milliseconds: Int32) -> Bool {
    var stream = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    guard poll(&stream, 1, milliseconds) > 0 else { return true }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(master, &bytes, bytes.count)
    if count < 0 { return errno == EINTR || errno == EAGAIN }
    screen.receive(bytes[..<count])
    return count > 0
  }

  private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// What was awaited did not appear.
struct NotShown: Error {}

/// Keys that are not characters.
enum Key {
  static let tab = "\t"
  static let escape = "\u{1B}"
  static let up = "\u{1B}[A"
  static let down = "\u{1B}[B"
  static let right = "\u{1B}[C"
  static let left = "\u{1B}[D"
  static let altEnter = "\u{1B}\r"
  static let backspace = "\u{7F}"

  static func control(_ letter: Character) -> String {
    let code = letter.asciiValue.map { $0 & 0x1F } ?? 0
    return String(Unicode.Scalar(code))
  }

  /// A paste as terminals send it.
  static func paste(_ text: String) -> String { "\u{1B}[200~\(text)\u{1B}[201~" }
}

extension PseudoTerminal {
  /// Changes the size that the program sees; the screen here stays.
  func resize(rows: Int, columns: Int) {
    var size = winsize()
    size.ws_row = UInt16(rows)
    size.ws_col = UInt16(columns)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }
}
