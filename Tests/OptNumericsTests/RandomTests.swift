/// Random numbers: published test vectors, and that they are distributed as they should be.
import OptNumerics
import Testing

struct RandomTests {
  /// From the authors' known answers (Random123, kat_vectors, philox4x32 with 10 rounds).
  @Test func publishedVectors() {
    let zero = Random.philox(counter: (0, 0, 0, 0), key: (0, 0))
    #expect(zero == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let f = UInt32.max
    let ones = Random.philox(counter: (f, f, f, f), key: (f, f))
    #expect(ones == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    let digits = Random.philox(
      counter: (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      key: (0xa409_3822, 0x299f_31d0))
    #expect(digits == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  private func numbers(_ kind: Random.Kind, _ key: UInt64, _ draw: UInt64, _ count: Int)
    -> [Double]
  {
    let buffer = Buffer(uninitialized: count)
    Random.fill(kind, key: key, draw: draw, into: buffer.pointer, count: count)
    return (0..<count).map { buffer[$0] }
  }

  @Test func moments() {
    let n = 200_000
    let u = numbers(.uniform, 42, 0, n)
    #expect(u.allSatisfy { $0 > 0 && $0 < 1 })
    let mean = u.reduce(0, +) / Double(n)
    #expect((mean - 0.5).magnitude < 4 / (12 * Double(n)).squareRoot())
    let z = numbers(.normal, 42, 0, n)
    let (first, second) = (
      z.reduce(0, +) / Double(n), z.reduce(0) { $0 + $1 * $1 } / Double(n)
    )
    let fourth = z.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(n)
    #expect(first.magnitude < 4 / Double(n).squareRoot())
    #expect((second - 1).magnitude < 4 * (2 / Double(n)).squareRoot())
    #expect((fourth - 3).magnitude < 4 * (96 / Double(n)).squareRoot())
    let neighbours = zip(z, z.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / Double(n)
    #expect(neighbours.magnitude < 4 / Double(n).squareRoot())
  }

  @Test func dependsOnKeyDrawAndPlaceOnly() {
    let long = numbers(.normal, 7, 3, 101)
    #expect(Array(long.prefix(50)) == numbers(.normal, 7, 3, 50))
    #expect(long != numbers(.normal, 7, 4, 101))
    #expect(long != numbers(.normal, 8, 3, 101))
    #expect(Set(long).count == 101)
  }
}
