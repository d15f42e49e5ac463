/// Random numbers that are a function of a key, a draw and a place: nothing is kept in between.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random
/// Numbers: As Easy as 1, 2, 3; 2011).
package enum Random {
  /// How the numbers are distributed.
  package enum Kind: Sendable {
    /// In (0, 1), both ends excluded.
    case uniform
    /// Standard normal.
    case normal
  }

  /// The same numbers for the same key, draw and element.
  package static func fill(
    _ kind: Kind, key: UInt64, draw: UInt64, into result: UnsafeMutablePointer<Double>, count: Int
  ) {
    var k = 0
    while k < count {
      let block = philox(
        counter: (
          UInt32(truncatingIfNeeded: k >> 1), UInt32(truncatingIfNeeded: k >> 33),
          UInt32(truncatingIfNeeded: draw), UInt32(truncatingIfNeeded: draw >> 32)
        ),
        key: (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32)))
      var first = fraction(block.0, block.1)
      var second = fraction(block.2, block.3)
      if kind == .normal {
        // Box and Muller.
        let radius = (-2 * log(first)).squareRoot()
        let angle = 2 * Double.pi * second
        first = radius * cos(angle)
        second = radius * sin(angle)
      }
      result[k] = first
      if k + 1 < count { result[k + 1] = second }
      k += 2
    }
  }

  /// 52 bits as the middle of one of 2⁵² equal parts of (0, 1).
  private static func fraction(_ low: UInt32, _ high: UInt32) -> Double {
    (Double((UInt64(high) << 32 | UInt64(low)) >> 12) + 0.5) * 0x1p-52
  }

  /// One block of four words.
  package static func philox(
    counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let p = UInt64(0xD251_1F53) * UInt64(c.0)
      let q = UInt64(0xCD9E_8D57) * UInt64(c.2)
      c = (
        UInt32(truncatingIfNeeded: q >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: q),
        UInt32(truncatingIfNeeded: p >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: p)
      )
      k.0 &+= 0x9E37_79B9
      k.1 &+= 0xBB67_AE85
    }
    return c
  }
}
