/// Points that fill a box more evenly than random ones do.
import OptNumerics

/// The sequence of Sobol with the direction numbers of S. Joe and F. Y. Kuo, "Constructing Sobol
/// sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), table
/// new-joe-kuo-6. It is shifted by a digital shift that depends on the seed. Coordinates beyond
/// `largestDimension` are random numbers.
struct Sobol {
  static let largestDimension = rows.count + 1
  private static let bits = 32

  /// Degree of the primitive polynomial, its inner coefficients, and the first direction numbers,
  /// for dimensions 2, 3, …
  private static let rows: [(degree: Int, inner: UInt32, first: [UInt32])] = [
    (1, 0, [1]), (2, 1, [1, 3]), (3, 1, [1, 3, 1]), (3, 2, [1, 1, 1]), (4, 1, [1, 1, 3, 3]),
    (4, 4, [1, 3, 5, 13]), (5, 2, [1, 1, 5, 5, 17]), (5, 4, [1, 1, 5, 5, 5]),
    (5, 7, [1, 1, 7, 11, 19]), (5, 11, [1, 1, 5, 1, 1]), (5, 13, [1, 1, 1, 3, 11]),
    (5, 14, [1, 3, 5, 5, 31]), (6, 1, [1, 3, 3, 9, 7, 49]), (6, 13, [1, 1, 1, 15, 21, 21]),
    (6, 16, [1, 3, 1, 13, 27, 49]), (6, 19, [1, 1, 1, 15, 7, 5]), (6, 22, [1, 3, 1, 15, 13, 25]),
    (6, 25, [1, 1, 5, 5, 19, 61]), (7, 1, [1, 3, 7, 11, 23, 15, 103]),
    (7, 4, [1, 3, 7, 13, 13, 15, 69]),
  ]

  private let dimension: Int
  private let directions: [[UInt32]]
  private let shifts: [UInt32]
  private let seed: UInt64

  init(dimension: Int, seed: UInt64) {
    self.dimension = dimension
    self.seed = seed
    let covered = min(dimension, Self.largestDimension)
    directions = (0..<covered).map(Self.directions)
    var random = RandomStream(seed: seed, number: 1 << 40)
    shifts = (0..<covered).map { _ in UInt32(random.uniform() * 0x1p32) }
  }

  private static func directions(_ dimension: Int) -> [UInt32] {
    var m = [UInt32](repeating: 1, count: bits)
    if dimension > 0 {
      let (degree, inner, first) = rows[dimension - 1]
      for k in 0..<bits {
        if k < degree {
          m[k] = first[k]
          continue
        }
        var next = m[k - degree] ^ (m[k - degree] << UInt32(degree))
        for j in 1..<max(degree, 1) where inner >> UInt32(degree - 1 - j) & 1 == 1 {
          next ^= m[k - j] << UInt32(j)
        }
        m[k] = next
      }
    }
    return m.enumerated().map { $1 << UInt32(bits - 1 - $0) }
  }

  /// Point number `number` ≥ 0, in the open unit cube.
  func point(_ number: Int) -> [Double] {
    let count = UInt32(truncatingIfNeeded: number)
    let gray = count ^ (count >> 1)
    var shares = directions.indices.map { k -> Double in
      var x = shifts[k]
      for bit in 0..<Self.bits where gray >> UInt32(bit) & 1 == 1 { x ^= directions[k][bit] }
      return (Double(x) + 0.5) * 0x1p-32
    }
    if dimension > shares.count {
      var random = RandomStream(seed: seed, number: 1 << 41 + UInt64(number))
      while shares.count < dimension { shares.append(random.uniform()) }
    }
    return shares
  }
}
