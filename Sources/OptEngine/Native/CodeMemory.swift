/// Memory that holds machine code. Nothing is ever writable and executable at one address: one
/// memory is mapped twice (W^X), and code is written through one mapping and run through the other.
import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Machine code that lives as long as this.
final class Code: @unchecked Sendable {
  private let start: Int
  let size: Int
  /// Bytes before the constants.
  let codeSize: Int
  /// Where it is run.
  let entry: UnsafeRawPointer

  let figures: CodeFigures

  /// Nil where there is no memory for it.
  init?(_ assembler: inout Assembler, registers: Int, spills: Int) {
    size = assembler.size
    codeSize = assembler.count
    figures = CodeFigures(bytes: assembler.count, registers: registers, spills: spills)
    guard let (start, writable, executable) = CodeMemory.shared.take(size) else { return nil }
    self.start = start
    entry = executable
    assembler.write(to: writable)
  }

  deinit { CodeMemory.shared.give(start, size) }
}

/// The memory of all code.
final class CodeMemory: @unchecked Sendable {
  static let shared = CodeMemory()

  /// Code of all programs together; beyond, programs run on the portable machine.
  static let limit = 256 << 20

  private let writable: UnsafeMutableRawPointer?
  private let executable: UnsafeRawPointer?
  private let file: Int32
  private var arena = Arena(start: 0)
  private var used = 0
  private let lock: UnsafeMutablePointer<pthread_mutex_t>

  private init() {
    var writable: UnsafeMutableRawPointer?
    var executable: UnsafeMutableRawPointer?
    file = ck_code_map(Int64(Self.limit), &writable, &executable)
    self.writable = writable
    self.executable = executable.map { UnsafeRawPointer($0) }
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
  }

  /// Whether code can be run at all.
  var isAvailable: Bool { executable != nil }

  /// Bytes of code that programs hold.
  var inUse: Int {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return used
  }

  /// `size` bytes at a multiple of 64: their offset, where to write and where to run them.
  func take(_ size: Int) -> (Int, UnsafeMutableRawPointer, UnsafeRawPointer)? {
    guard let writable, let executable else { return nil }
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    // The arena counts in units of 8, and rounds to 8 of them.
    guard let found = arena.take((size + 7) / 8, below: Self.limit / 8) else { return nil }
    used += size
    return (8 * found, writable + 8 * found, executable + 8 * found)
  }

  func give(_ start: Int, _ size: Int) {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    if size >= 1 << 16 { ck_code_discard(file, Int64(start), Int64(size)) }
    used -= size
    arena.give(start / 8, (size + 7) / 8)
  }
}
