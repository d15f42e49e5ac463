/// How long the steps of a program take.

import OptNumerics

/// The shortest time that each step took.
final class StepClock {
  private(set) var least: [Duration]
  private var began = ContinuousClock.now

  init(steps: Int) { least = [Duration](repeating: .seconds(1_000_000), count: steps) }

  /// Step `k` begins; the one before ends.
  func begin(_ k: Int) {
    let now = ContinuousClock.now
    if k > 0, k <= least.count { least[k - 1] = min(least[k - 1], began.duration(to: now)) }
    began = .now
  }
}

/// What was measured of a program.
package struct StepTimes: Sendable {
  /// The shortest time of a run, and of each step.
  package var run: Duration
  package var steps: [Duration]
}

extension Workspace {
  /// Runs the program for about a fiftieth of a second, at least twice; nil when stopped.
  package func measure(_ stop: Stop?) -> StepTimes? {
    guard run(stop) else { return nil }
    let (start, limit) = (ContinuousClock.now, Duration.milliseconds(20))
    var best = Duration.seconds(1_000_000)
    // As many runs between two looks at the clock as take a few microseconds.
    guard run(stop) else { return nil }
    let count = max(1, Int(10e-6 / max(start.duration(to: .now) / .seconds(1), 1e-9)))
    repeat {
      let began = ContinuousClock.now
      for _ in 0..<count where !run(stop) { return nil }
      best = min(best, began.duration(to: .now) / count)
    } while start.duration(to: .now) < limit / 2
    let clock = StepClock(steps: program.stepCount)
    self.clock = clock
    defer { self.clock = nil }
    repeat {
      guard run(stop) else { return nil }
    } while start.duration(to: .now) < limit
    return StepTimes(run: best, steps: clock.least)
  }
}
