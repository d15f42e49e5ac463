/// Numbers as text.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum NumberFormat {
  /// At most `digits` significant digits, without trailing zeros.
  static func short(_ x: Double, digits: Int = 6) -> String {
    if x.isNaN { return "nan" }
    if x.isInfinite { return x < 0 ? "-inf" : "inf" }
    if x == 0 { return "0" }
    return printf("%.\(max(1, min(digits, 17)))g", x)
  }

  /// A number through the C library.
  static func printf(_ format: String, _ x: Double) -> String {
    withVaList([x]) { arguments in
      var buffer = [CChar](repeating: 0, count: 400)
      let count = vsnprintf(&buffer, buffer.count, format, arguments)
      return String(
        decoding: buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map {
          UInt8(bitPattern: $0)
        }, as: UTF8.self)
    }
  }
}
