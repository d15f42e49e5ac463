/// The Nelder–Mead simplex method with coefficients that adapt to the dimension.
import OptNumerics

/// Moves a simplex of n + 1 points downhill by reflecting its worst point; no gradients.
///
///     x_r = c + α(c − x_w); expand by β, contract by γ, else shrink towards the best by δ
///     α = 1, β = 1 + 2/n, γ = 3/4 − 1/2n, δ = 1 − 1/n
///
/// Choose it for a few variables when there is no gradient. Gao & Han 2012, "Implementing the
/// Nelder–Mead simplex algorithm with adaptive parameters", Comput. Optim. Appl. 51. When the
/// simplex is small it starts once more from a new one, because it may have collapsed.
package struct NelderMead: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "nelder_mead", summary: "simplex method without gradients; a few variables",
    help: """
      Moves a simplex of n + 1 points downhill using values only, with the coefficients of Gao and
      Han. Ends when the simplex is small both in the variables and in the value.
      """,
    options: [], needs: .value, make: { _ in NelderMead() },
    keepsMatrix: true)

  package var name: String { "nelder_mead" }
  package var options: [MethodOption] {
    [MethodOption(name: "coefficients", value: "adaptive (Gao-Han)")]
  }
  package var needs: Ask { .value }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run) }

  private final class State: Iteration {
    private let n: Int
    private let memory: Buffer
    private let values: Buffer
    private let points: UnsafeMutablePointer<Double>
    private let center: UnsafeMutablePointer<Double>
    private let second: UnsafeMutablePointer<Double>
    /// Vertices from best to worst.
    private var order: [Int]
    private var isBuilt = false
    private var confirmedValue = Double.infinity
    private var rebuilds = 0

    init(_ run: Run) {
      n = run.dimension
      memory = Buffer(count: (n + 3) * n)
      values = Buffer(count: n + 1, repeating: .infinity)
      points = memory.pointer
      center = memory.pointer + (n + 1) * n
      second = memory.pointer + (n + 2) * n
      order = Array(0...n)
    }

    private func vertex(_ index: Int) -> UnsafeMutablePointer<Double> { points + index * n }

    /// The value at a point; infinite if it is not finite, nil if refused.
    private func value(_ run: Run, _ point: UnsafePointer<Double>) -> Double? {
      var answer = Answer()
      switch run.evaluate(.value, at: point, into: &answer) {
      case .stopped: return nil
      case .notFinite: return .infinity
      case .done: return answer.value
      }
    }

    /// A simplex around the current point with edges of a twentieth of each variable.
    private func build(_ run: Run, _ scale: Double) -> Bool {
      for index in 0...n {
        let point = vertex(index)
        point.update(from: run.x, count: n)
        if index == 0 {
          values[0] = run.value
          continue
        }
        let coordinate = point[index - 1]
        point[index - 1] += scale * (coordinate == 0 ? 0.1 : 0.05 * coordinate)
        guard let value = value(run, point) else { return false }
        values[index] = value
      }
      sort()
      isBuilt = true
      return true
    }

    private func sort() {
      for place in 1..<(n + 1) {
        let index = order[place]
        var slot = place
        while slot > 0, values[order[slot - 1]] > values[index] {
          order[slot] = order[slot - 1]
          slot -= 1
        }
        order[slot] = index
      }
    }

    func step(_ run: Run) -> Advance {
      if !isBuilt {
        guard build(run, rebuilds % 2 == 0 ? 1 : -1) else { return .halted }
      }
      guard improve(run) else { return .halted }
      sort()
      let best = order[0]
      if values[best] < run.value { run.accept(vertex(best), value: values[best]) }
      return .moved
    }

    /// Replaces the worst vertex, or shrinks; false if an evaluation was refused.
    private func improve(_ run: Run) -> Bool {
      let size = Double(max(n, 2))
      let expansion = 1 + 2 / size
      let contraction = 0.75 - 0.5 / size
      let worst = order[n]
      let worstValue = values[worst]
      let bestValue = values[order[0]]
      center.update(repeating: 0, count: n)
      for place in 0..<n { addMultiple(1 / Double(n), vertex(order[place]), to: center, n) }

      guard let reflected = probe(run, 1, into: run.trial) else { return false }
      if reflected < bestValue {
        guard let expanded = probe(run, expansion, into: second) else { return false }
        expanded < reflected
          ? replace(worst, second, expanded) : replace(worst, run.trial, reflected)
        return true
      }
      if reflected < values[order[n - 1]] {
        replace(worst, run.trial, reflected)
        return true
      }
      let isOutside = reflected < worstValue
      guard let contracted = probe(run, isOutside ? contraction : -contraction, into: second)
      else { return false }
      if contracted < min(reflected, worstValue) || isOutside && contracted <= reflected {
        replace(worst, second, contracted)
        return true
      }
      return shrink(run, 1 - 1 / size)
    }

    /// The value at center + factor·(center − worst).
    private func probe(_ run: Run, _ factor: Double, into point: UnsafeMutablePointer<Double>)
      -> Double?
    {
      let worst = vertex(order[n])
      for index in 0..<n { point[index] = center[index] + factor * (center[index] - worst[index]) }
      return value(run, point)
    }

    private func replace(_ index: Int, _ point: UnsafePointer<Double>, _ value: Double) {
      vertex(index).update(from: point, count: n)
      values[index] = value
    }

    private func shrink(_ run: Run, _ factor: Double) -> Bool {
      let best = vertex(order[0])
      for place in 1...n {
        let point = vertex(order[place])
        for index in 0..<n { point[index] = best[index] + factor * (point[index] - best[index]) }
        guard let value = value(run, point) else { return false }
        values[order[place]] = value
      }
      return true
    }

    func measures(_ run: Run) -> Measures {
      guard isBuilt else { return Measures() }
      let best = vertex(order[0])
      var diameter = 0.0
      for place in 1...n {
        let point = vertex(order[place])
        for index in 0..<n {
          diameter = max(diameter, abs(point[index] - best[index]) / max(1, abs(best[index])))
        }
      }
      return Measures(
        rate: diameter, simplexDiameter: diameter,
        simplexSpread: values[order[n]] - values[order[0]])
    }

    /// A second simplex must end where the first one did.
    func confirms(_ run: Run) -> Bool {
      guard isBuilt else { return false }
      let gain = confirmedValue - run.value
      if gain <= 1e-9 * abs(run.value) + 1e-13 || rebuilds >= 20 { return true }
      confirmedValue = run.value
      rebuilds += 1
      isBuilt = false
      return false
    }

    func restart(_ run: Run) { isBuilt = false }

    func archive(_ archive: Archive, _ run: Run) {
      archive.numbers("points", points, (n + 1) * n)
      archive.numbers("values", values.pointer, n + 1)
      var places = order.map(Double.init)
      archive.list("order", &places)
      guard places.sorted() == (0...n).map(Double.init) else {
        return archive.fail("the order of its vertices is damaged")
      }
      order = places.map { Int($0) }
      archive.flag("isBuilt", &isBuilt)
      archive.number("confirmedValue", &confirmedValue)
      archive.count("rebuilds", &rebuilds)
    }
  }
}
