/// Where libedit gets its keys from: the keyboard, decoded, or a signal that came meanwhile.

import CEdit
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension LineEditor {
  /// Milliseconds within which the rest of an escape sequence must come.
  private static let escapeTime: Int32 = 25

  /// The next key: 1 with the key, 0 at the end of the input, −1 when something went wrong.
  func nextKey(_ result: UnsafeMutablePointer<wchar_t>?) -> Int32 {
    guard let result else { return -1 }
    if !pendingKeys.isEmpty {
      result.pointee = pendingKeys.removeFirst()
      return 1
    }
    if !isDumb, !isPasting {
      if !isReadable(within: 0) { paint() }
      noteForUndo()
    }
    var bytes: [UInt8] = []
    while true {
      switch waitForInput() {
      case .key: break
      case .again: continue
      case .interrupted:
        if isDumb {
          isCancelled = true
          write("\n")
          return -1
        }
        clearHint()
        result.pointee = 3
        return 1
      case .failed: return -1
      }
      var byte: UInt8 = 0
      let count = systemRead(&byte)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else {
        clearHint()
        return count == 0 ? 0 : -1
      }
      bytes.append(byte)
      guard let scalar = decoded(&bytes) else { continue }
      if !isPasting { clearHint() }
      let isEscape = scalar == "\u{1B}" && !isDumb && !isPasting
      result.pointee = isEscape ? escapeSequence() : wchar_t(truncatingIfNeeded: scalar.value)
      return 1
    }
  }

  /// The character that the bytes make up; of a broken sequence only an ASCII byte is kept.
  private func decoded(_ bytes: inout [UInt8]) -> Unicode.Scalar? {
    var iterator = bytes.makeIterator()
    var decoder = UTF8()
    switch decoder.decode(&iterator) {
    case .scalarValue(let scalar):
      bytes = []
      return scalar
    case .emptyInput: return nil
    case .error:
      if let last = bytes.last, last < 0x80 {
        bytes = []
        return Unicode.Scalar(last)
      }
      if bytes.count >= 4 { bytes = [] }
      return nil
    }
  }

  // MARK: Waiting

  private enum Event { case key, again, interrupted, failed }

  /// Waits for a key or a signal.
  private func waitForInput() -> Event {
    let input = Int16(POLLIN)
    var streams = [
      pollfd(fd: 0, events: input, revents: 0),
      pollfd(fd: Signals.wakeStream, events: input, revents: 0),
    ]
    let ready = poll(&streams, 2, -1)
    let failure = errno
    Signals.forgetWakes()
    if Signals.isInterrupted.exchange(false, ordering: .relaxed) { return .interrupted }
    if Signals.isContinued.exchange(false, ordering: .relaxed) { resume() }
    if Signals.isResized.load(ordering: .relaxed) { followResize() }
    if ready < 0 { return failure == EINTR ? .again : .failed }
    return streams[0].revents != 0 ? .key : .again
  }

  /// After Ctrl-Z and `fg`: sets the terminal up again.
  private func resume() {
    oel_set_int(editor, EL_PREP_TERM, 0)
    oel_set_int(editor, EL_PREP_TERM, 1)
    write("\u{1B}[?2004h")
    oel_refresh(editor)
    paint()
  }

  /// The terminal has wrapped the text anew: finds where its first row went, wipes from there.
  private func followResize() {
    usleep(30_000)  // a window that is dragged sends many signals
    Signals.isResized.store(false, ordering: .relaxed)
    if !isDumb { wipe(buffer) }
    el_resize(editor)
    guard !isDumb else { return }
    oel_refresh(editor)
    paint()
  }

  // MARK: Escape sequences

  /// Decodes what follows ESC. libedit would wait for ever after a lone ESC.
  private func escapeSequence() -> wchar_t {
    guard let byte = nextByte() else { return 27 }
    guard byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") else {
      if byte == 0x0D || byte == 0x0A { return PrivateKey.newline }
      pendingKeys.append(wchar_t(byte))
      return 27
    }
    var sequence = ""
    while let next = nextByte() {
      sequence.unicodeScalars.append(Unicode.Scalar(next))
      if (0x40...0x7E).contains(next) { break }
    }
    return Self.sequences[sequence] ?? PrivateKey.unknown
  }

  private static let sequences: [String: wchar_t] = [
    "A": PrivateKey.up, "B": PrivateKey.down, "C": PrivateKey.right, "D": PrivateKey.left,
    "H": PrivateKey.home, "1~": PrivateKey.home, "7~": PrivateKey.home, "F": PrivateKey.end,
    "4~": PrivateKey.end, "8~": PrivateKey.end, "3~": PrivateKey.delete,
    "1;5C": PrivateKey.nextWord, "1;3C": PrivateKey.nextWord, "1;5D": PrivateKey.previousWord,
    "1;3D": PrivateKey.previousWord, "200~": PrivateKey.paste, "13;2u": PrivateKey.newline,
    "13;3u": PrivateKey.newline, "27;2;13~": PrivateKey.newline,
  ]

  private func nextByte() -> UInt8? {
    var byte: UInt8 = 0
    return isReadable(within: Self.escapeTime) && systemRead(&byte) == 1 ? byte : nil
  }

  private func isReadable(within milliseconds: Int32) -> Bool {
    var stream = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    return poll(&stream, 1, milliseconds) > 0
  }
}

/// `read` of the C library, which the editor's own hides.
private func systemRead(_ byte: inout UInt8) -> Int { read(0, &byte, 1) }
