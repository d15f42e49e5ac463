/// Generalised simulated annealing with local searches.
import OptNumerics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Random walks whose steps and whose tolerance of worse points shrink with a temperature; a local
/// search starts where the walk found something lower.
///
///     T(t) = T₀ (2^(q−1) − 1)/((t + 2)^(q−1) − 1),  steps from the distorted Cauchy–Lorentz
///     distribution of q = 2.62, worse points kept with [1 + (a − 1) Δ/T]^(1/(1−a)), a = −5
///
/// Choose it for many minima without a structure. C. Tsallis and D. A. Stariolo, "Generalized
/// simulated annealing", Physica A 233 (1996); Y. Xiang et al., "Generalized simulated annealing for
/// global optimization: the GenSA package", R Journal 5 (2013).
package struct DualAnnealing: Method {
  /// Cycles of 2n steps.
  package var cycles: Int
  /// Temperature at first.
  package var temperature: Double

  package init(cycles: Int = 1000, temperature: Double = 5230) {
    self.cycles = max(cycles, 1)
    self.temperature = min(max(temperature, 0.01), 5e4)
  }

  package static let entry = MethodEntry(
    name: "dual_annealing", summary: "simulated annealing with local searches; many minima",
    help: """
      Walks at random with steps that become shorter as it cools down, and searches locally from
      what it finds. Starts again when it is cold.
      """,
    options: [
      MethodEntry.Option(
        name: "cycles", defaultValue: "1000", doc: "cycles of two steps for each variable",
        kind: .number(.whole(1, 1_000_000_000))),
      MethodEntry.Option(
        name: "temperature", defaultValue: "5230", doc: "temperature at first",
        kind: .number(OptionRange(0.01, 50_000))),
    ],
    needs: .value,
    make: {
      DualAnnealing(
        cycles: Int(exactly: ($0["cycles"] ?? 1000).rounded()) ?? 1000,
        temperature: $0["temperature"] ?? 5230)
    }, honours: .bounds)

  package var name: String { "dual_annealing" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "cycles", value: "\(cycles)"),
      MethodOption(name: "temperature", value: "\(temperature)"),
      MethodOption(name: "visiting and acceptance", value: "2.62, -5"),
    ]
  }
  package var needs: Ask { .value }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }
  package var isGlobal: Bool { true }

  package func start(_ run: Run) -> any Iteration {
    let start = Array(UnsafeBufferPointer(start: run.x, count: run.dimension))
    return AnnealingStage(GlobalSearch(run), self, from: start)
  }
}

/// The cycles, one a step.
final class AnnealingStage: SearchStage {
  var lowest: (x: [Double], value: Double) = ([], .infinity)
  private let search: GlobalSearch
  private let settings: DualAnnealing
  private let n: Int
  private var random: RandomStream
  private var x: [Double]
  private var value = Double.infinity
  private var cycle = 0
  /// Cycles since the temperature was high.
  private var age = 0
  private static let q = 2.62
  private static let acceptance = -5.0

  init(_ search: GlobalSearch, _ settings: DualAnnealing, from start: [Double], number: UInt64 = 4)
  {
    self.search = search
    self.settings = settings
    n = search.dimension
    random = RandomStream(seed: search.seed, number: number << 32)
    x = start
  }

  func step(_ run: Run) -> Advance {
    if value == .infinity {
      guard let first = evaluate(run, x) else { return .halted }
      value = first
    }
    let s = Double(age) + 2
    let temperature =
      settings.temperature * (pow(2, Self.q - 1) - 1) / (pow(s, Self.q - 1) - 1)
    if temperature < settings.temperature * 2e-5 {
      age = 0
      x = search.box.point((0..<n).map { _ in random.uniform() })
      guard let first = evaluate(run, x) else { return .halted }
      value = first
      return .moved
    }
    let before = lowest.value
    for j in 0..<2 * n {
      var trial = x
      if j < n {
        for k in 0..<n { trial[k] = visit(trial[k], k, temperature) }
      } else {
        trial[j - n] = visit(trial[j - n], j - n, temperature)
      }
      guard let found = evaluate(run, trial) else { return .halted }
      if found < value {
        (x, value) = (trial, found)
      } else {
        let cooled = temperature / Double(age + 1)
        let base = 1 - (1 - Self.acceptance) * (found - value) / cooled
        if base > 0, random.uniform() <= exp(log(base) / (1 - Self.acceptance)) {
          (x, value) = (trial, found)
        }
      }
    }
    if lowest.value < before {
      guard descend(run) else { return .halted }
    }
    run.acceptBest()
    age += 1
    cycle += 1
    return cycle >= settings.cycles
      ? .finished(.searched(.evaluations(run.counts.evaluations))) : .moved
  }

  func archive(_ archive: Archive, _ run: Run) {
    random.archive("random", archive)
    archive.list("x", &x, count: n)
    archive.number("value", &value)
    archive.count("cycle", &cycle)
    archive.count("age", &age)
    archiveLowest(archive)
    search.archive(archive)
  }

  private func evaluate(_ run: Run, _ point: [Double]) -> Double? {
    let found = point.withUnsafeBufferPointer { point in
      point.baseAddress.flatMap { search.value(run, $0) }
    }
    if let found, found < lowest.value { lowest = (point, found) }
    return found
  }

  /// A local search from the best point.
  private func descend(_ run: Run) -> Bool {
    guard search.hasGradient else { return true }
    guard let solution = search.descend(run, [lowest.x]), run.halt == nil else { return false }
    if solution.value < lowest.value { lowest = (solution.x, solution.value) }
    if solution.value <= value { (x, value) = (solution.x, solution.value) }
    return true
  }

  /// A coordinate after a step of the visiting distribution; what leaves the box comes in again on
  /// the other side.
  private func visit(_ coordinate: Double, _ k: Int, _ temperature: Double) -> Double {
    let (low, high) = (search.box.lower[k], search.box.upper[k])
    let width = high - low
    guard width > 0 else { return low }
    var length = visitLength(temperature)
    if length > 1e8 {
      length = 1e8 * random.uniform()
    } else if length < -1e8 {
      length = -1e8 * random.uniform()
    }
    var share = (coordinate - low) / width + 0.1 * length
    share -= share.rounded(.down)
    return min(max(low + share * width, low), high)
  }

  /// A step in units of a tenth of the box: Xiang et al. 2013, after Tsallis and Stariolo 1996, eq. 8
  /// for one coordinate.
  private func visitLength(_ temperature: Double) -> Double {
    let q = Self.q
    let factor2 = exp((4 - q) * log(q - 1))
    let factor3 = exp((2 - q) * log(2) / (q - 1))
    let factor4 = Double.pi.squareRoot() * factor2 / (factor3 * (3 - q))
    let shape = 1 / (q - 1) - 0.5
    let factor6 = .pi * (1 - shape) / sin(.pi * (1 - shape)) / exp(Self.logGamma)
    let factor1 = exp(log(temperature) / (q - 1))
    let sigma = exp(-(q - 1) * log(factor6 / (factor4 * factor1)) / (3 - q))
    let numerator = sigma * random.normal()
    let denominator = exp((q - 1) * log(abs(random.normal())) / (3 - q))
    return numerator / denominator
  }

  /// ln Γ(2.5 − 1/(q − 1)).
  private static let logGamma = -0.04503738810021529

  func minima(_ run: Run) -> Minima? { search.minima.searches > 0 ? search.minima : nil }
}
