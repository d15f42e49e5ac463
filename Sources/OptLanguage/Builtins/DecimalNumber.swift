/// Decimal numbers in files and texts.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum DecimalNumber {
  private static let powers: [Double] = (0...22).map { exponent in
    // Exact up to 10²².
    (0..<exponent).reduce(1.0) { power, _ in power * 10 }
  }

  /// The number that fills `bytes[start..<end]`: digits with an optional sign, point and exponent,
  /// `inf` or `infinity`. A byte that is no part of a number follows.
  static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Double? {
    var k = start
    func digit() -> UInt64? {
      guard k < end, bytes[k] >= 48, bytes[k] <= 57 else { return nil }
      return UInt64(bytes[k] - 48)
    }
    var isNegative = false
    if k < end, bytes[k] == 43 || bytes[k] == 45 {
      isNegative = bytes[k] == 45
      k += 1
    }
    let first = k
    var mantissa: UInt64 = 0
    var digits = 0
    var scale = 0
    while let d = digit() {
      if digits < 18 { mantissa = mantissa * 10 + d }
      digits += 1
      k += 1
    }
    if k < end, bytes[k] == 46 {
      k += 1
      while let d = digit() {
        if digits < 18 { mantissa = mantissa * 10 + d }
        digits += 1
        scale += 1
        k += 1
      }
    }
    guard digits > 0 else { return infinity(bytes, first, end).map { isNegative ? -$0 : $0 } }
    var exponent = 0
    if k < end, bytes[k] == 69 || bytes[k] == 101 {
      k += 1
      var isDivision = false
      if k < end, bytes[k] == 43 || bytes[k] == 45 {
        isDivision = bytes[k] == 45
        k += 1
      }
      guard digit() != nil else { return nil }
      while let d = digit() {
        exponent = min(exponent * 10 + Int(d), 100_000)
        k += 1
      }
      if isDivision { exponent = -exponent }
    }
    guard k == end else { return nil }
    exponent -= scale
    if digits <= 18, mantissa < 1 << 53, exponent >= -22, exponent <= 22 {
      // Both are exact, so one operation rounds once.
      let x = Double(mantissa)
      let value = exponent < 0 ? x / powers[-exponent] : x * powers[exponent]
      return isNegative ? -value : value
    }
    guard let base = bytes.baseAddress else { return nil }
    return UnsafeRawPointer(base + start).withMemoryRebound(to: CChar.self, capacity: end - start) {
      strtod($0, nil)
    }
  }

  private static func infinity(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int
  ) -> Double? {
    guard start < end, end - start == 3 || end - start == 8 else { return nil }
    let word = String(decoding: bytes[start..<end], as: UTF8.self).lowercased()
    return word == "inf" || word == "infinity" ? .infinity : nil
  }

  /// The number that a text says, spaces around it apart.
  static func read(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    guard let first = bytes.firstIndex(where: { $0 > 32 }),
      let last = bytes.lastIndex(where: { $0 > 32 })
    else { return nil }
    // The zero stops the C library.
    return (bytes[first...last] + [0]).withUnsafeBufferPointer { read($0, 0, last - first + 1) }
  }

  /// The shortest text that reads back as the same number.
  static func text(_ x: Double) -> String {
    if x.isNaN { return "nan" }
    let text = "\(x)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
