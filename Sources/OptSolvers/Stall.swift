/// Notices that a descent method goes on without getting anywhere.

/// Counts steps that lower neither the value nor the gradient beyond rounding.
struct Stall {
  private var value = Double.infinity
  private var gradientNorm = Double.infinity
  private var idleSteps = 0
  private var stillSteps = 0
  private var valueAtRecovery = Double.infinity
  private var recoveries = 0

  /// Steps without effect after which a run counts as stalled: for methods that descend at every
  /// step, and for those that take every step as it is.
  private static let patience = 25
  private static let longPatience = 1000
  /// Recoveries without a lower value in between.
  private static let largestRecoveries = 3

  mutating func archive(_ archive: Archive) {
    archive.number("value", &value)
    archive.number("gradientNorm", &gradientNorm)
    archive.count("idleSteps", &idleSteps)
    archive.count("stillSteps", &stillSteps)
    archive.number("valueAtRecovery", &valueAtRecovery)
    archive.count("recoveries", &recoveries)
  }

  /// Starts counting anew at the current point.
  mutating func begin(_ run: Run) {
    value = run.value
    gradientNorm = run.gradientNorm
    idleSteps = 0
  }

  /// To be called once per step.
  mutating func isStalled(_ run: Run, descends: Bool) -> Bool {
    let norm = run.gradientNorm
    if run.value < value - 2 * run.noise {
      value = run.value
      idleSteps = 0
      if norm < gradientNorm { gradientNorm = norm }
    } else if norm < 0.7 * gradientNorm {
      gradientNorm = norm
      idleSteps = 0
    } else {
      idleSteps += 1
    }
    return idleSteps >= (descends ? Self.patience : Self.longPatience)
  }

  /// Whether the point has not moved at all for many steps; to be called once per step.
  mutating func isStill(_ run: Run) -> Bool {
    stillSteps = run.movedNowhere ? stillSteps + 1 : 0
    return stillSteps >= 4 * Self.patience
  }

  /// Whether another attempt is worth it: the value fell since the last, or few were made.
  mutating func mayRecover(_ run: Run) -> Bool {
    if run.bestValue < valueAtRecovery - 10 * run.noise {
      recoveries = 0
      valueAtRecovery = run.bestValue
    }
    recoveries += 1
    return recoveries <= Self.largestRecoveries
  }
}
