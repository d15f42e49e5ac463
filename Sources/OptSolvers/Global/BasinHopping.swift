/// Hopping from minimum to minimum.
import OptNumerics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Random steps, each followed by a local search; the new minimum is kept with the probability of
/// Metropolis.
///
///     x' = local search from x + s·u,  u uniform in [−1, 1]ⁿ;
///     kept if f(x') < f(x), or with probability exp(−(f(x') − f(x))/T)
///
/// Choose it where minima lie in funnels, as in clusters of atoms. D. J. Wales and J. P. K. Doye,
/// "Global optimization by basin-hopping", J. Phys. Chem. A 101 (1997). The step is adapted so that
/// half of the steps are kept; T is the median change of the value so far.
package struct BasinHopping: Method {
  /// Number of hops.
  package var hops: Int
  /// Length of a step at first, as part of the box.
  package var step: Double

  package init(hops: Int = 100, step: Double = 0.25) {
    self.hops = max(hops, 1)
    self.step = min(max(step, 1e-9), 1)
  }

  package static let entry = MethodEntry(
    name: "basin_hopping", summary: "random steps between local minima; funnels",
    help: """
      Takes random steps, each followed by a local search, and goes on from the new minimum if it is
      lower, or now and then if it is not.
      """,
    options: [
      MethodEntry.Option(
        name: "hops", defaultValue: "100", doc: "number of steps",
        kind: .number(.whole(1, 1_000_000_000))),
      MethodEntry.Option(
        name: "step", defaultValue: "0.25", doc: "length of a step at first, as part of the box",
        kind: .number(OptionRange(1e-9, 1))),
    ],
    needs: [.value, .gradient],
    make: {
      BasinHopping(
        hops: Int(exactly: ($0["hops"] ?? 100).rounded()) ?? 100, step: $0["step"] ?? 0.25)
    }, honours: .bounds)

  package var name: String { "basin_hopping" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "hops", value: "\(hops)"),
      MethodOption(name: "step", value: "\(step) of the box, adapted"),
      MethodOption(name: "temperature", value: "median change of the value"),
    ]
  }
  package var needs: Ask { [.value, .gradient] }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }
  package var isGlobal: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run, self) }

  private final class State: Iteration {
    private let search: GlobalSearch
    private let settings: BasinHopping
    private var random: RandomStream
    private var x: [Double]
    private var value = Double.infinity
    private var size: Double
    private var changes: [Double] = []
    private var hops = 0
    private var kept = 0

    init(_ run: Run, _ settings: BasinHopping) {
      self.settings = settings
      search = GlobalSearch(run)
      random = RandomStream(seed: search.seed, number: 3 << 32)
      x = Array(UnsafeBufferPointer(start: run.x, count: run.dimension))
      size = settings.step
    }

    func step(_ run: Run) -> Advance {
      let trial = hops == 0 ? x : hopped()
      guard let solution = search.descend(run, [trial]) else { return .halted }
      run.acceptBest()
      if run.halt != nil { return .halted }
      hops += 1
      decide(solution)
      // Every 50 steps: SciPy's rule.
      if hops % 50 == 0 {
        size = min(size * (kept > 25 ? 1 / 0.9 : 0.9), 1)
        kept = 0
      }
      return hops > settings.hops ? .finished(.searched(.searches(search.minima.searches))) : .moved
    }

    func measures(_ run: Run) -> Measures { Measures(rate: size) }

    private func hopped() -> [Double] {
      x.indices.map { k in
        let (low, high) = (search.box.lower[k], search.box.upper[k])
        let target = x[k] + size * (2 * random.uniform() - 1) * (high - low)
        return min(max(target, low), high)
      }
    }

    private func decide(_ solution: Solution) {
      guard solution.value.isFinite else { return }
      let rise = solution.value - value
      if rise > 0, rise.isFinite {
        let place = changes.firstIndex { $0 > rise } ?? changes.count
        changes.insert(rise, at: place)
        let temperature = max(changes[changes.count / 2], 1e-300)
        guard random.uniform() < exp(-rise / temperature) else { return }
      }
      kept += 1
      (x, value) = (solution.x, solution.value)
    }

    func archive(_ archive: Archive, _ run: Run) {
      random.archive("random", archive)
      archive.list("x", &x, count: run.dimension)
      archive.number("value", &value)
      archive.number("size", &size)
      archive.list("changes", &changes)
      archive.count("hops", &hops)
      archive.count("kept", &kept)
      search.archive(archive)
    }

    func minima(_ run: Run) -> Minima? { search.minima }
  }
}
