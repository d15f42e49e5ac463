/// A clock that is read sparsely, because a step may take a tenth of a microsecond.

/// Elapsed seconds, refreshed about once a millisecond however often it is ticked.
struct Watch {
  private let start = ContinuousClock.now
  /// Seconds that a run took before it was resumed.
  private var before = 0.0
  private var stride = 1
  private var countdown = 1
  /// Seconds since the start at the last reading.
  private(set) var elapsed = 0.0

  /// Saves the seconds so far, or goes on from those that were saved.
  mutating func archive(_ archive: Archive) {
    if !archive.isRestoring { read() }
    var total = elapsed
    archive.number("seconds", &total)
    guard archive.isRestoring else { return }
    guard total >= 0 else { return archive.fail("its time is damaged") }
    before = total
    read()
  }

  /// Counts one evaluation; true if the clock was read.
  @inline(__always)
  mutating func tick() -> Bool {
    countdown &-= 1
    if countdown > 0 { return false }
    read()
    return true
  }

  /// Reads the clock and adapts how many ticks pass until the next reading.
  mutating func read() {
    let last = elapsed
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    elapsed = before + Double(seconds) + Double(attoseconds) * 1e-18
    let pause = elapsed - last
    if pause < 0.000_5 {
      stride = min(stride &* 2, 4096)
    } else if pause > 0.002 {
      stride = max(stride / 4, 1)
    }
    countdown = stride
  }
}
