/// Large matrices are refused before the system runs out of memory.
import OptNumerics
import OptSyntax

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum MemoryLimit {
  /// Smaller blocks are not asked about.
  private static let large = 1 << 28

  /// Whether `count` numbers can be had now and leave room for others.
  static func allows(_ count: Int) -> Bool {
    guard count > large / 8 else { return true }
    guard count <= Matrix.largestCount else { return false }
    return Double(count) * 8 < 0.8 * Double(available)
  }

  /// Bytes that can be used without swapping.
  private static var available: Int {
    #if canImport(Glibc)
      if let file = fopen("/proc/meminfo", "r") {
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
          let text = String(
            decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
          guard text.hasPrefix("MemAvailable:") else { continue }
          let digits = text.filter { $0.isNumber }
          if let kilobytes = Int(digits) { return kilobytes * 1024 }
        }
      }
    #endif
    return Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}

extension Machine {
  /// Refuses a result of this size when it does not fit into memory.
  func require(_ rows: Int, _ columns: Int, _ span: SourceSpan) throws {
    let (count, overflows) = rows.multipliedReportingOverflow(by: columns)
    if overflows || !MemoryLimit.allows(count) { throw Matrix.tooLarge(rows, columns, span) }
    if count >= 1 << 16, stop.isRequested { throw Interrupted(span: span) }
  }
}
