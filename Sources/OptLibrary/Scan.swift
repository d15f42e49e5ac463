/// Reading a library file's bytes and finding, without parsing, which names it defines.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Library {
  /// The bytes of a file, nil when it cannot be read.
  package static func readBytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let size = Int(status.st_size)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size, let base = buffer.baseAddress {
        let received = read(descriptor, base + count, size - count)
        if received < 0, errno == EINTR { continue }
        if received <= 0 { break }
        count += received
      }
    }
  }

  /// The names at the beginning of lines that are followed by `(` or by `=` (not `==`).
  static func scan(_ text: UnsafeBufferPointer<UInt8>) -> [String] {
    var names: [String] = []
    var at = 0
    while at < text.count {
      let start = at
      if isNameStart(text[at]) {
        at += 1
        while at < text.count, isNamePart(text[at]) { at += 1 }
        if opensDefinition(text, after: at) {
          names.append(String(decoding: text[start..<at], as: UTF8.self))
        }
      }
      while at < text.count, text[at] != UInt8(ascii: "\n") { at += 1 }
      at += 1
    }
    return names
  }

  private static func opensDefinition(_ text: UnsafeBufferPointer<UInt8>, after end: Int) -> Bool {
    var at = end
    if at < text.count, text[at] == UInt8(ascii: "(") { return true }
    while at < text.count, text[at] == UInt8(ascii: " ") { at += 1 }
    guard at < text.count, text[at] == UInt8(ascii: "=") else { return false }
    return at + 1 >= text.count || text[at + 1] != UInt8(ascii: "=")
  }

  /// A letter, `_`, or a byte of a character beyond ASCII: `θ₀` is a name.
  private static func isNameStart(_ byte: UInt8) -> Bool {
    byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
      || byte == UInt8(ascii: "_") || byte >= 0x80
  }

  private static func isNamePart(_ byte: UInt8) -> Bool {
    isNameStart(byte) || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
