/// Numbers as text.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes numbers, for people and for machines.
enum NumberFormat {
  /// Whole numbers up to this size are shown with all their digits.
  private static let largestWhole = 1e10

  /// At most `digits` significant digits, without trailing zeros; whole numbers of ordinary size
  /// with all their digits.
  static func short(_ x: Double, digits: Int = 6) -> String {
    if x.isNaN { return "nan" }
    if x.isInfinite { return x < 0 ? "-inf" : "inf" }
    if x == 0 { return "0" }
    if abs(x) < largestWhole, x == x.rounded() { return String(Int(x)) }
    if digits >= 17 { return plainExponent(exact(x)) }
    return plainExponent(printf("%.\(max(1, digits))g", x))
  }

  /// `1e-08` as `1e-8`, `1e+20` as `1e20`.
  private static func plainExponent(_ text: String) -> String {
    guard let mark = text.firstIndex(of: "e") else { return text }
    let exponent = text[text.index(after: mark)...]
    let digits = exponent.drop { $0 == "+" || $0 == "-" }.drop { $0 == "0" }
    return text[...mark] + (exponent.hasPrefix("-") ? "-" : "") + digits
  }

  /// The fewest digits that read back as the same number.
  static func exact(_ x: Double) -> String {
    if x.isNaN { return "nan" }
    if x.isInfinite { return x < 0 ? "-inf" : "inf" }
    let text = "\(x)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// The larger of both may be asked of a format: a width, or digits after the point.
  static let largestFormat = 200

  /// A number through the C library. The sign of NaN means nothing and is not shown.
  static func printf(_ format: String, _ x: Double) -> String {
    printf(format, arguments: [x.isNaN ? Double.nan : x])
  }

  /// A whole number through the C library; `format` ends in `ld` or `lx`.
  static func printf(_ format: String, _ x: Int) -> String { printf(format, arguments: [x]) }

  private static func printf(_ format: String, arguments: [any CVarArg]) -> String {
    withVaList(arguments) { list in
      // Room for the longest number with all its digits before and after the point.
      var buffer = [CChar](repeating: 0, count: 400 + 2 * largestFormat)
      let count = vsnprintf(&buffer, buffer.count, format, list)
      return String(
        decoding: buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map {
          UInt8(bitPattern: $0)
        }, as: UTF8.self)
    }
  }
}
