/// Signals as the line editor sees them: flags that handlers raise, and a pipe that wakes it.

import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Handlers of signals. They do nothing but raise flags and write one byte into a pipe.
package enum Signals {
  static let isInterrupted = Atomic<Bool>(false)
  static let isResized = Atomic<Bool>(false)
  static let isContinued = Atomic<Bool>(false)
  /// The two ends of the pipe that wakes the editor.
  private static let wakeRead = Atomic<Int32>(-1)
  private static let wakeWrite = Atomic<Int32>(-1)

  /// The stream to wait for beside the keyboard.
  static var wakeStream: Int32 { wakeRead.load(ordering: .relaxed) }

  /// A handler of signals: a C function.
  package typealias Handler = @convention(c) (Int32) -> Void

  /// Installs a handler. With `restart`, interrupted system calls go on by themselves.
  package static func handle(_ signal: Int32, restart: Bool = true, _ handler: Handler) {
    var action = sigaction()
    sigemptyset(&action.sa_mask)
    action.sa_flags = restart ? SA_RESTART : 0
    #if os(Linux)
      action.__sigaction_handler.sa_handler = handler
    #else
      action.__sigaction_u.__sa_handler = handler
    #endif
    sigaction(signal, &action, nil)
  }

  /// Gives a signal its default meaning back.
  package static func useDefault(_ number: Int32) { signal(number, SIG_DFL) }

  /// Whether the program was started with this signal ignored, as `nohup` and `&` do.
  package static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    #if os(Linux)
      let handler = action.__sigaction_handler.sa_handler
    #else
      let handler = action.__sigaction_u.__sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == 1
  }

  /// Makes Ctrl-C, a change of the window's size and the return from Ctrl-Z known to the editor.
  package static func watchForEditor() {
    openPipe()
    // The flags exist before a handler can want them.
    isInterrupted.store(false, ordering: .relaxed)
    isResized.store(false, ordering: .relaxed)
    isContinued.store(false, ordering: .relaxed)
    handle(SIGINT) { _ in
      Signals.isInterrupted.store(true, ordering: .relaxed)
      Signals.wake()
    }
    handle(SIGWINCH) { _ in
      Signals.isResized.store(true, ordering: .relaxed)
      Signals.wake()
    }
    handle(SIGCONT) { _ in
      Signals.isContinued.store(true, ordering: .relaxed)
      Signals.wake()
    }
  }

  private static func openPipe() {
    guard wakeStream < 0 else { return }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    wakeRead.store(ends[0], ordering: .relaxed)
    wakeWrite.store(ends[1], ordering: .relaxed)
  }

  /// Wakes the editor; called by handlers.
  private static func wake() {
    let saved = errno
    var byte: UInt8 = 0
    _ = write(wakeWrite.load(ordering: .relaxed), &byte, 1)
    errno = saved
  }

  /// Empties the pipe.
  static func forgetWakes() {
    var bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
    while read(wakeStream, &bytes, bytes.count) > 0 {}
  }
}
