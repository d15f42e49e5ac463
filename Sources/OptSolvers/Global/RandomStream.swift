/// Random numbers one after the other, for one part of a global search.
import OptNumerics

/// A sequence that is a function of its key and number: every task has one of its own, so that the
/// order in which tasks run does not matter.
struct RandomStream {
  private let key: UInt64
  private var draw: UInt64
  /// The draws that filled the two halves of the block.
  private var uniformDraw: UInt64 = 0
  private var normalDraw: UInt64 = 0
  private let block = Buffer(uninitialized: 2 * RandomStream.size)
  private var place = RandomStream.size
  private var normalPlace = RandomStream.size
  private static let size = 64

  /// Stream number `number` of those that belong to `seed`.
  init(seed: UInt64, number: UInt64) {
    key = seed &* 0x9E37_79B9_7F4A_7C15 ^ (number &+ 1) &* 0xD1B5_4A32_D192_ED03
    draw = 0
  }

  mutating func archive(_ name: String, _ archive: Archive) {
    archive.scope(name) {
      archive.bits("draw", &draw)
      archive.count("place", &place, in: 0...Self.size)
      archive.count("normalPlace", &normalPlace, in: 0...Self.size)
      archive.bits("uniformDraw", &uniformDraw)
      archive.bits("normalDraw", &normalDraw)
    }
    guard archive.isRestoring else { return }
    fillUniform(uniformDraw)
    fillNormal(normalDraw)
  }

  private mutating func fillUniform(_ number: UInt64) {
    Random.fill(.uniform, key: key, draw: number, into: block.pointer, count: Self.size)
    uniformDraw = number
  }

  private mutating func fillNormal(_ number: UInt64) {
    Random.fill(
      .normal, key: key, draw: number, into: block.pointer + Self.size, count: Self.size)
    normalDraw = number
  }

  /// In (0, 1).
  mutating func uniform() -> Double {
    if place == Self.size {
      fillUniform(draw)
      draw &+= 1
      place = 0
    }
    defer { place += 1 }
    return block.pointer[place]
  }

  /// Standard normal.
  mutating func normal() -> Double {
    if normalPlace == Self.size {
      fillNormal(draw)
      draw &+= 1
      normalPlace = 0
    }
    defer { normalPlace += 1 }
    return block.pointer[Self.size + normalPlace]
  }

  /// 0 up to `count` − 1.
  mutating func index(_ count: Int) -> Int { min(Int(uniform() * Double(count)), count - 1) }
}
