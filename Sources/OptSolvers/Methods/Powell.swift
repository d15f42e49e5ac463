/// Powell's method of conjugate directions.
import OptNumerics

/// Minimises along n directions in turn and replaces one of them by the way gone; no gradients.
///
///     x ← argmin f(x + tdᵢ) for i = 1…n;  d ← x − x₋ in place of the direction of the largest
///     decrease, if that keeps the directions independent
///
/// On a quadratic the directions become conjugate. Choose it for a few variables without gradients
/// when nelder_mead is too slow. Powell 1964, Comput. J. 7; the test of the new direction after Brent
/// 1973, chapter 7.
package struct Powell: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "powell", summary: "conjugate directions without gradients; a few variables",
    help: """
      Minimises along one direction after another, by Brent's method, and learns better directions from
      the way gone. Uses values only.
      """,
    options: [], needs: .value, make: { _ in Powell() }, keepsMatrix: true)

  package var name: String { "powell" }
  package var options: [MethodOption] { [] }
  package var needs: Ask { .value }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run) }

  private final class State: Iteration {
    private let n: Int
    private let memory: Buffer
    private let directions: UnsafeMutablePointer<Double>
    private let point: UnsafeMutablePointer<Double>
    private let origin: UnsafeMutablePointer<Double>
    private let along: UnsafeMutablePointer<Double>
    private var diameter: Double?
    private var spread: Double?
    private var confirmedValue = Double.infinity

    init(_ run: Run) {
      n = run.dimension
      memory = Buffer(count: n * n + 3 * n)
      directions = memory.pointer
      point = directions + n * n
      origin = point + n
      along = origin + n
      reset()
    }

    func archive(_ archive: Archive, _ run: Run) {
      archive.numbers("memory", memory.pointer, n * n + 3 * n)
      archive.optional("diameter", &diameter)
      archive.optional("spread", &spread)
      archive.number("confirmedValue", &confirmedValue)
    }

    private func reset() {
      for index in 0..<n * n { directions[index] = 0 }
      for index in 0..<n { directions[index * n + index] = 1 }
    }

    func step(_ run: Run) -> Advance {
      point.update(from: run.x, count: n)
      origin.update(from: run.x, count: n)
      let start = run.value
      var value = start
      var (largest, place) = (0.0, 0)
      for index in 0..<n {
        along.update(from: directions + index * n, count: n)
        guard let found = minimizeAlong(run, from: value) else { return .halted }
        if value - found > largest { (largest, place) = (value - found, index) }
        value = found
      }
      for index in 0..<n { along[index] = point[index] - origin[index] }
      if maximumNorm(along, n) > 0, n > 1 {
        move(point, 1, along, into: run.trial, n)
        var answer = Answer()
        if run.evaluate(.value, at: run.trial, into: &answer) == .stopped { return .halted }
        let extrapolated = answer.value
        let (a, b) = (start - value - largest, start - extrapolated)
        let test = 2 * (start - 2 * value + extrapolated) * a * a - largest * b * b
        if extrapolated < start, test < 0 {
          guard let found = minimizeAlong(run, from: value) else { return .halted }
          value = found
          let last = directions + (n - 1) * n
          (directions + place * n).update(from: last, count: n)
          let norm = euclideanNorm(along, n)
          for index in 0..<n { last[index] = along[index] / norm }
        }
      }
      var change = 0.0
      for index in 0..<n {
        change = max(change, abs(point[index] - origin[index]) / max(1, abs(point[index])))
      }
      diameter = change
      spread = start - value
      if value < run.value {
        run.accept(point, value: value)
      } else {
        run.accept(run.x, value: run.value)
      }
      return .moved
    }

    /// Moves `point` to a minimum along `along` and returns the value there; nil if refused.
    private func minimizeAlong(_ run: Run, from value: Double) -> Double? {
      let size = maximumNorm(along, n)
      guard size > 0, size.isFinite else { return value }
      let reach = max(diameter ?? 0.1, 1e-6) * max(1, maximumNorm(point, n))
      var search = IntervalSearch(
        at: 0, value: value, step: 0.5 * reach / size, within: (-.infinity, .infinity),
        usesParabolas: true)
      for _ in 0..<100 {
        move(point, search.candidate, along, into: run.trial, n)
        var answer = Answer()
        if run.evaluate(.value, at: run.trial, into: &answer) == .stopped { return nil }
        search.take(answer.value)
        if search.isBracketed, search.width <= 1e-3 * abs(search.x) + 1e-9 * reach / size { break }
        if search.isBracketed, search.spread <= 1e-13 * abs(search.value) { break }
      }
      if search.value < value { move(point, search.x, along, into: point, n) }
      return min(search.value, value)
    }

    func measures(_ run: Run) -> Measures {
      Measures(rate: diameter, simplexDiameter: diameter, simplexSpread: spread)
    }

    /// A cycle along the axes must end where the learnt directions did.
    func confirms(_ run: Run) -> Bool {
      let gain = confirmedValue - run.value
      if gain <= 1e-9 * abs(run.value) + 1e-13 { return true }
      confirmedValue = run.value
      restart(run)
      return false
    }

    func restart(_ run: Run) {
      reset()
      diameter = nil
      spread = nil
    }
  }
}
