/// Differential evolution.
import OptNumerics

/// A population whose points move by differences of others.
///
///     v = x_best + F (x_a − x_b),  u takes each coordinate from v with probability CR,
///     xᵢ ← u if f(u) ≤ f(xᵢ)
///
/// Choose it for rugged costs of up to some dozens of variables, also with steps. R. Storn and
/// K. Price, "Differential evolution", J. Global Optim. 11 (1997), strategy best/1/bin; F is drawn
/// anew from [0.5, 1) for every generation. The first population is even (Sobol). Ends when the
/// values have drawn together, then a local search from the best point.
package struct DifferentialEvolution: Method {
  /// Points for each variable.
  package var population: Int
  /// Probability that a coordinate comes from the mutant.
  package var crossover: Double

  package init(population: Int = 15, crossover: Double = 0.7) {
    self.population = min(max(population, 1), 10_000)
    self.crossover = min(max(crossover, 0), 1)
  }

  package static let entry = MethodEntry(
    name: "differential_evolution", summary: "a population that moves by its differences",
    help: """
      Moves the points of a population by differences of others, and keeps what is better. Needs no
      gradients and bears steps and kinks; a local search ends it.
      """,
    options: [
      MethodEntry.Option(
        name: "population", defaultValue: "15", doc: "points for each variable",
        kind: .number(.whole(1, 10_000))),
      MethodEntry.Option(
        name: "crossover", defaultValue: "0.7", doc: "share of coordinates that change at once",
        kind: .number(OptionRange(0, 1))),
    ],
    needs: .value,
    make: {
      DifferentialEvolution(
        population: Int(exactly: ($0["population"] ?? 15).rounded()) ?? 15,
        crossover: $0["crossover"] ?? 0.7)
    }, honours: .bounds)

  package var name: String { "differential_evolution" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "population", value: "\(population) n"),
      MethodOption(name: "crossover", value: "\(crossover)"),
      MethodOption(name: "F", value: "drawn from [0.5, 1)"),
    ]
  }
  package var needs: Ask { .value }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }
  package var isGlobal: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run, self) }

  private final class State: Iteration {
    private let search: GlobalSearch
    private let settings: DifferentialEvolution
    private let n: Int
    private var random: RandomStream
    private var points: [[Double]] = []
    private var values: [Double] = []
    private var spread = Double.infinity
    private var generation = 0
    private static let largestGeneration = 1000

    init(_ run: Run, _ settings: DifferentialEvolution) {
      self.settings = settings
      search = GlobalSearch(run)
      n = run.dimension
      random = RandomStream(seed: search.seed, number: 2 << 32)
    }

    func step(_ run: Run) -> Advance {
      if points.isEmpty {
        let count = min(max(settings.population * n, 5), 100_000)
        points = (0..<count).map(search.start)
        points[0] = Array(UnsafeBufferPointer(start: run.x, count: n))
        guard let found = run.values(at: points) else { return .halted }
        values = found
      } else {
        guard evolve(run) else { return .halted }
      }
      run.acceptBest()
      generation += 1
      let finite = values.filter(\.isFinite)
      let mean = finite.reduce(0, +) / Double(max(finite.count, 1))
      let variance = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      spread = (variance / Double(max(finite.count, 1))).squareRoot()
      let isSmall = finite.count == values.count && spread <= 1e-8 + 1e-6 * abs(mean)
      guard isSmall || generation >= Self.largestGeneration else { return .moved }
      search.polish(run)
      return .finished(
        isSmall ? .searched(.contracted) : .searched(.evaluations(run.counts.evaluations)))
    }

    func archive(_ archive: Archive, _ run: Run) {
      random.archive("random", archive)
      archive.points("points", &points, dimension: n)
      archive.list("values", &values, count: points.count)
      archive.number("spread", &spread)
      archive.count("generation", &generation)
      search.archive(archive)
      if points.count != values.count || points.count == 1 { points = [] }
    }

    func measures(_ run: Run) -> Measures { Measures(rate: spread) }

    /// One generation; all trial points come from the one before.
    private func evolve(_ run: Run) -> Bool {
      let factor = 0.5 + 0.5 * random.uniform()
      var best = 0
      for k in values.indices where values[k] < values[best] { best = k }
      let trials = points.indices.map { k -> [Double] in
        var (a, b) = (k, k)
        while a == k { a = random.index(points.count) }
        while b == k || b == a { b = random.index(points.count) }
        let forced = random.index(n)
        return (0..<n).map { i in
          guard random.uniform() < settings.crossover || i == forced else { return points[k][i] }
          let x = points[best][i] + factor * (points[a][i] - points[b][i])
          let (low, high) = (search.box.lower[i], search.box.upper[i])
          return x >= low && x <= high ? x : low + random.uniform() * (high - low)
        }
      }
      guard let found = run.values(at: trials) else { return false }
      for k in points.indices where found[k] <= values[k] {
        points[k] = trials[k]
        values[k] = found[k]
      }
      return true
    }
  }
}
