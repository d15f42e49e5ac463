/// Derivatives along random directions: what they show of a whole gradient at once.
import OptNumerics

extension DerivativeCheck {
  /// Numbers that look random and are the same each time, one a variable in its natural length.
  private func direction(_ k: Int) -> [Double] {
    let buffer = Buffer(count: inputs)
    Random.fill(.normal, key: 0x5EED, draw: UInt64(k), into: buffer.pointer, count: inputs)
    return (0..<inputs).map { buffer[$0] * scale[$0] }
  }

  /// Along a direction, for each result.
  struct Along {
    /// The derivative as given.
    let slopes: [Double]
    /// What rounding of the points makes of the result.
    let rounding: [Double]
    /// The size of the derivative, were there no cancellation.
    let size: [Double]
    /// What rounding makes of the derivative.
    let spread: [Double]
  }

  func along(_ v: [Double]) -> Along {
    var slopes: [Double] = []
    var spreads: [Double] = []
    var rounding: [Double] = []
    var size: [Double] = []
    for row in 0..<outputs {
      var (sum, squares, all, spread) = (0.0, 0.0, 0.0, 0.0)
      for k in 0..<inputs {
        let g = given[row * inputs + k]
        sum += g * v[k]
        let moved = v[k] == 0 ? 0 : g * differences.point[k]
        squares += moved * moved
        all += g * g * v[k] * v[k]
        spread += (self.spread[row * inputs + k] * v[k]).magnitude
      }
      slopes.append(sum)
      spreads.append(spread)
      rounding.append(Double.ulpOfOne * squares.squareRoot())
      size.append(all.squareRoot())
    }
    return Along(slopes: slopes, rounding: rounding, size: size, spread: spreads)
  }

  func probe(_ k: Int) -> Probe {
    let v = direction(k)
    let along = along(v)
    let size = along.size
    let line = differences.line(
      .vector(v), reference: size, rounding: along.rounding, complete: true)
    var probe = Probe()
    probe.resolution = 0
    for row in 0..<outputs {
      let judged = Self.judged(
        line.slopes[row], output: row, input: 0, given: along.slopes[row], exact: nil,
        spread: along.spread[row],
        reference: size[row])
      if judged.verdict != .right, probe.verdict != .wrong { probe.verdict = judged.verdict }
      // Where the domain ends a direction leaves it soon.
      if judged.isOneSided { probe.verdict = .unclear }
      if let order = TaylorTest.order(line, output: row, given: along.slopes[row]) {
        probe.order = min(probe.order ?? .infinity, order)
      }
      let unseen = max(10 * judged.error, (judged.given - judged.difference).magnitude)
      probe.resolution = max(probe.resolution, size[row] > 0 ? unseen / size[row] : .infinity)
    }
    return probe
  }

  /// The order of the remainder of Taylor's theorem: the median over the directions.
  package var order: Double? {
    let orders = probes.compactMap(\.order).sorted()
    return orders.isEmpty ? nil : orders[orders.count / 2]
  }

  /// The largest chance with which an error of `relative` of the gradient's length goes unseen.
  ///
  /// For an error vector `e` and a standard normal direction `v`, `e·v` is normal with deviation
  /// `‖e‖`, so |e·v| ≤ 2τ has at most the chance √(2/π) 2τ/‖e‖. The directions are independent.
  package func missedChance(relative: Double) -> Double {
    probes.reduce(1) { chance, probe in
      guard probe.verdict == .right else { return chance }
      return chance * min(1, 1.6 * probe.resolution / relative)
    }
  }
}
