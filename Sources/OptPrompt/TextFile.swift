/// Whole text files, read and written without Foundation.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reading and writing of whole files.
package enum TextFile {
  /// The text of a file; nil when it cannot be read, with the reason in `errno`.
  package static func read(_ path: String) -> String? {
    let stream = open(path, O_RDONLY | O_CLOEXEC)
    guard stream >= 0 else { return nil }
    defer { close(stream) }
    return read(stream: stream)
  }

  /// All that is still to come from a stream; nil when it cannot be read.
  package static func read(stream: Int32) -> String? {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = systemRead(stream, &block, block.count)
      if count < 0 {
        if errno == EINTR { continue }
        return nil
      }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += block[..<count]
    }
  }

  /// Writes a file anew. Answers whether that went well; if not, the reason is in `errno`.
  package static func write(_ text: String, to path: String) -> Bool {
    let stream = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard stream >= 0 else { return false }
    let isWritten = Terminal.write(text, to: stream)
    return close(stream) == 0 && isWritten
  }

  /// Makes a directory with those above it. Answers whether it is there afterwards.
  @discardableResult
  package static func makeDirectory(_ path: String, mode: mode_t = 0o755) -> Bool {
    if path.isEmpty || mkdir(path, mode) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/") else { return false }
    return makeDirectory(String(path[..<slash]), mode: mode)
      && (mkdir(path, mode) == 0 || errno == EEXIST)
  }

  /// What the C library says about the last failure.
  package static var lastError: String { String(cString: strerror(errno)) }
}

/// `read` of the C library, which the methods above hide.
private func systemRead(_ stream: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(stream, bytes, count)
}
