/// Many values at once, on several cores where that pays.
import OptNumerics

extension Run {
  /// One objective for each thread, the run's own first; fewer if there can be no copies that offer
  /// what is needed.
  func assembledTeam(offering needs: Ask) -> [any Objective] {
    if team.isEmpty { team = [objective] }
    while team.count < Threads.count, let copy = objective.copy(),
      copy.offers.isSuperset(of: needs)
    {
      team.append(copy)
    }
    return Array(team.prefix(Threads.count))
  }

  /// The values at points, +∞ where they are not finite; counted one by one in order, as if they had
  /// been asked for one after the other. Nil if a budget ended before the last of them.
  func values(at points: [[Double]]) -> [Double]? {
    let count = points.count
    let works = Double(count) * secondsPerValue > Self.worthThreads
    if works, Threads.count > 1, count <= evaluationsLeft, halt == nil {
      let team = assembledTeam(offering: .value)
      if team.count > 1 { return values(at: points, with: team) }
    }
    let clock = ContinuousClock.now
    var values: [Double] = []
    for point in points {
      guard let value = value(at: point) else { return nil }
      values.append(value)
    }
    let (seconds, attoseconds) = (ContinuousClock.now - clock).components
    if count > 0 {
      secondsPerValue = (Double(seconds) + Double(attoseconds) * 1e-18) / Double(count)
    }
    return values
  }

  /// Seconds of work from which on waking threads pays.
  private static let worthThreads = 0.000_3

  private func value(at point: [Double]) -> Double? {
    point.withUnsafeBufferPointer { point in
      guard let base = point.baseAddress else { return .infinity }
      var answer = Answer()
      switch evaluate(.value, at: base, into: &answer) {
      case .stopped: return nil
      case .notFinite: return .infinity
      case .done: return answer.value
      }
    }
  }

  private func values(at points: [[Double]], with team: [any Objective]) -> [Double]? {
    let results = Buffer(count: points.count, repeating: .nan)
    let (pointer, n) = (results.pointer, dimension)
    let isComplete = Threads.parallel(points.count, stop: stop) { index, worker in
      points[index].withUnsafeBufferPointer { point in
        guard let base = point.baseAddress, point.count == n else { return }
        var answer = Answer()
        _ = team[worker].evaluate(.value, at: base, along: nil, into: &answer)
        pointer[index] = answer.value
      }
    }
    guard isComplete, !stop.isRequested else {
      halt = .interrupted
      return nil
    }
    counts.evaluations += points.count
    counts.values += points.count
    for index in points.indices {
      let value = pointer[index]
      guard value.isFinite else {
        if value == -.infinity { fellToMinusInfinity = true }
        pointer[index] = .infinity
        continue
      }
      guard bestPoint.isBeaten(by: value, violation: 0) else { continue }
      bestPoint.take(
        points[index], value: value, gradient: nil, rows: nil, violation: 0, step: step)
    }
    watch.read()
    if seconds >= secondsLimit { halt = .timeLimit(secondsLimit) }
    return points.indices.map { pointer[$0] }
  }
}
