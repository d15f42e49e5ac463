/// Reading and writing whole files, without Foundation.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum FileAccess {
  /// Why a file could not be used, in the system's words.
  struct Problem: Error {
    let reason: String
    init(_ code: Int32) { reason = String(cString: strerror(code)).lowercased() }
    init(reason: String) { self.reason = reason }
  }

  /// Most bytes that are read.
  private static let largest = 4_000_000_000

  static func read(_ path: String) -> Result<[UInt8], Problem> {
    // A pipe that nobody writes to would keep the opening waiting.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return .failure(Problem(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return .failure(Problem(errno)) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .failure(Problem(reason: "it is a folder"))
    case S_IFCHR, S_IFBLK: return .failure(Problem(reason: "it is a device, not a file"))
    default: _ = fcntl(descriptor, F_SETFL, 0)
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { systemRead(descriptor, $0) }
      if count < 0 {
        if errno == EINTR { continue }
        return .failure(Problem(errno))
      }
      if count == 0 { return .success(bytes) }
      bytes.append(contentsOf: chunk[..<count])
      if bytes.count > largest { return .failure(Problem(reason: "it is larger than 4 GB")) }
    }
  }

  private static func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer)
    -> Int
  {
    #if canImport(Glibc)
      Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    #else
      Darwin.read(descriptor, buffer.baseAddress, buffer.count)
    #endif
  }

  /// Gives a file another name, in place of the one that has it.
  static func rename(_ path: String, to new: String) -> Problem? {
    #if canImport(Glibc)
      Glibc.rename(path, new) == 0 ? nil : Problem(errno)
    #else
      Darwin.rename(path, new) == 0 ? nil : Problem(errno)
    #endif
  }

  static func write(_ bytes: [UInt8], to path: String) -> Problem? {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return Problem(errno) }
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { part in
        #if canImport(Glibc)
          Glibc.write(descriptor, part.baseAddress, part.count)
        #else
          Darwin.write(descriptor, part.baseAddress, part.count)
        #endif
      }
      if count < 0 {
        if errno == EINTR { continue }
        return Problem(errno)
      }
      done += count
    }
    return nil
  }
}
