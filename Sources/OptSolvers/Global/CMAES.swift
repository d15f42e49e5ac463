/// Covariance matrix adaptation.
import OptNumerics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An evolution strategy that learns the covariance of its normal distribution.
///
///     xᵢ ~ m + σ N(0, C),  m ← Σ wᵢ xᵢ over the better half,  C and σ from the path of m
///
/// Choose it for rugged or not differentiable costs of up to some hundred variables. N. Hansen, "The
/// CMA evolution strategy: a tutorial" (2016), with active update of C. When a population has drawn
/// together it starts again with twice the size (IPOP: A. Auger and N. Hansen, "A restart CMA
/// evolution strategy with increasing population size", 2005).
package struct CMAES: Method {
  /// Points of a generation at first; 0: 4 + ⌊3 ln n⌋.
  package var population: Int
  /// Largest number of restarts.
  package var restarts: Int

  package init(population: Int = 0, restarts: Int = 9) {
    self.population = max(population, 0)
    self.restarts = max(restarts, 0)
  }

  package static let entry = MethodEntry(
    name: "cma_es", summary: "evolution strategy; rugged costs without gradients",
    help: """
      Draws points from a normal distribution whose mean, size and covariance follow the better half
      of them. Restarts with twice the population when it has drawn together (IPOP).
      """,
    options: [
      MethodEntry.Option(
        name: "population", defaultValue: "0", doc: "points of a generation; 0: 4 + 3 ln n",
        kind: .number(.whole(0, 100_000))),
      MethodEntry.Option(
        name: "restarts", defaultValue: "9", doc: "largest number of restarts",
        kind: .number(.whole(0, 1000))),
    ],
    needs: .value,
    make: {
      CMAES(
        population: Int(exactly: ($0["population"] ?? 0).rounded()) ?? 0,
        restarts: Int(exactly: ($0["restarts"] ?? 9).rounded()) ?? 9)
    }, keepsMatrix: true, honours: .bounds)

  package var name: String { "cma_es" }
  package var options: [MethodOption] {
    [
      MethodOption(name: "population", value: population == 0 ? "4 + 3 ln n" : "\(population)"),
      MethodOption(name: "restarts", value: "\(restarts), doubling the population"),
    ]
  }
  package var needs: Ask { .value }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { false }
  package var isGlobal: Bool { true }

  package func start(_ run: Run) -> any Iteration {
    CMAStage(GlobalSearch(run), population: population, restarts: restarts)
  }
}

/// The generations, one a step.
final class CMAStage: SearchStage {
  var lowest: (x: [Double], value: Double) = ([], .infinity)
  private let search: GlobalSearch
  private let n: Int
  private let largestRestarts: Int
  private var lambda: Int
  private var restarts = 0
  private var random: RandomStream
  /// In units of the box.
  private var mean: [Double] = []
  private var sigma = 0.3
  private let memory: Buffer
  private let covariance: UnsafeMutablePointer<Double>
  private let vectors: UnsafeMutablePointer<Double>
  private let lengths: UnsafeMutablePointer<Double>
  private var path: [Double]
  private var sigmaPath: [Double]
  private var points: [[Double]] = []
  private var steps: [[Double]] = []
  private var values: [Double] = []
  private var generation = 0
  private var decomposedAt = 0
  private var history: [Double] = []

  init(_ search: GlobalSearch, population: Int, restarts: Int, number: UInt64 = 1) {
    self.search = search
    n = search.dimension
    largestRestarts = restarts
    lambda = population > 3 ? population : 4 + Int(3 * log(Double(n)))
    random = RandomStream(seed: search.seed, number: number << 32)
    memory = Buffer(count: 2 * n * n + n)
    covariance = memory.pointer
    vectors = covariance + n * n
    lengths = vectors + n * n
    path = Array(repeating: 0, count: n)
    sigmaPath = path
    begin()
  }

  private func begin() {
    mean = (0..<n).map { _ in random.uniform() }
    sigma = 0.3
    generation = 0
    decomposedAt = 0
    history = []
    for k in 0..<n {
      path[k] = 0
      sigmaPath[k] = 0
      for j in 0..<n {
        covariance[k * n + j] = k == j ? 1 : 0
        vectors[k * n + j] = k == j ? 1 : 0
      }
      lengths[k] = 1
    }
  }

  func step(_ run: Run) -> Advance {
    guard sample(run) else { return .halted }
    let order = values.indices.sorted {
      values[$0] < values[$1] || values[$0] == values[$1] && $0 < $1
    }
    if values[order[0]] < lowest.value { lowest = (points[order[0]], values[order[0]]) }
    update(order)
    run.acceptBest()
    guard hasContracted(values[order[0]], values[order[values.count - 1]]) else { return .moved }
    let isLong =
      run.evaluationLimit == Int.max
      && run.counts.evaluations >= GlobalSearch.defaultEvaluations * n
    if restarts >= largestRestarts || isLong {
      search.polish(run)
      return .finished(.searched(.contracted))
    }
    restarts += 1
    lambda = min(2 * lambda, 4096)
    begin()
    return .moved
  }

  func archive(_ archive: Archive, _ run: Run) {
    random.archive("random", archive)
    archive.numbers("memory", memory.pointer, memory.count)
    archive.list("mean", &mean, count: n)
    archive.list("path", &path, count: n)
    archive.list("sigmaPath", &sigmaPath, count: n)
    archive.list("history", &history)
    archive.number("sigma", &sigma)
    archive.count("lambda", &lambda, in: 4...100_000)
    archive.count("restarts", &restarts)
    archive.count("generation", &generation)
    archive.count("decomposedAt", &decomposedAt)
    archiveLowest(archive)
    search.archive(archive)
  }

  func measures(_ run: Run) -> Measures { Measures(rate: sigma) }

  /// Draws and evaluates a generation; false if refused.
  private func sample(_ run: Run) -> Bool {
    steps = []
    points = []
    for _ in 0..<lambda {
      let z = (0..<n).map { lengths[$0] * random.normal() }
      var step = [Double](repeating: 0, count: n)
      for i in 0..<n {
        var sum = 0.0
        for k in 0..<n { sum += vectors[i * n + k] * z[k] }
        // A point outside is moved to the nearest one inside, and counts from there.
        step[i] = (min(max(mean[i] + sigma * sum, 0), 1) - mean[i]) / sigma
      }
      steps.append(step)
      points.append(search.box.point((0..<n).map { mean[$0] + sigma * step[$0] }))
    }
    guard let found = run.values(at: points) else { return false }
    values = found
    return true
  }

  /// Hansen 2016, equations 5 to 47, in that order; `order` is from the best on.
  private func update(_ order: [Int]) {
    let mu = lambda / 2
    let size = Double(n)
    let raw = (0..<lambda).map {
      log(Double(lambda + 1) / 2) - log(Double($0 + 1))
    }
    let positive = raw.prefix(mu).reduce(0, +)
    var weights = raw.prefix(mu).map { $0 / positive }
    let effective = 1 / weights.reduce(0) { $0 + $1 * $1 }
    let cSigma = (effective + 2) / (size + effective + 5)
    let root = ((effective - 1) / (size + 1)).squareRoot() - 1
    let damping = 1 + 2 * max(0, root) + cSigma
    let cPath = (4 + effective / size) / (size + 4 + 2 * effective / size)
    let c1 = 2 / ((size + 1.3) * (size + 1.3) + effective)
    let cMu = min(
      1 - c1,
      2 * (0.25 + effective + 1 / effective - 2) / ((size + 2) * (size + 2) + effective))
    // Negative weights for the worse half.
    let negative = raw.suffix(lambda - mu)
    let negativeSum = negative.reduce(0, +)
    let negativeEffective =
      negativeSum * negativeSum / max(negative.reduce(0) { $0 + $1 * $1 }, 1e-300)
    let bound = min(
      1 + c1 / max(cMu, 1e-300), 1 + 2 * negativeEffective / (effective + 2),
      (1 - c1 - cMu) / (size * max(cMu, 1e-300)))
    weights += negative.map { negativeSum < 0 ? bound * $0 / -negativeSum : 0 }

    var shift = [Double](repeating: 0, count: n)
    for k in 0..<mu {
      for i in 0..<n { shift[i] += weights[k] * steps[order[k]][i] }
    }
    for i in 0..<n { mean[i] = min(max(mean[i] + sigma * shift[i], 0), 1) }
    let white = whitened(shift)
    var square = 0.0
    for i in 0..<n {
      sigmaPath[i] =
        (1 - cSigma) * sigmaPath[i] + (cSigma * (2 - cSigma) * effective).squareRoot() * white[i]
      square += sigmaPath[i] * sigmaPath[i]
    }
    let chi = size.squareRoot() * (1 - 1 / (4 * size) + 1 / (21 * size * size))
    let decay = 1 - pow(1 - cSigma, 2 * Double(generation + 1))
    let isShort = (square / max(decay, 1e-300)).squareRoot() < (1.4 + 2 / (size + 1)) * chi
    for i in 0..<n {
      path[i] =
        (1 - cPath) * path[i]
        + (isShort ? (cPath * (2 - cPath) * effective).squareRoot() * shift[i] : 0)
    }
    let kept = 1 - c1 - cMu * weights.reduce(0, +) + (isShort ? 0 : c1 * cPath * (2 - cPath))
    var scaled = weights
    for k in mu..<lambda {
      let w = whitened(steps[order[k]])
      scaled[k] *= size / max(w.reduce(0) { $0 + $1 * $1 }, 1e-300)
    }
    for i in 0..<n {
      for j in 0...i {
        var sum = kept * covariance[i * n + j] + c1 * path[i] * path[j]
        for k in 0..<lambda {
          sum += cMu * scaled[k] * steps[order[k]][i] * steps[order[k]][j]
        }
        covariance[i * n + j] = sum
        covariance[j * n + i] = sum
      }
    }
    sigma *= exp(min(1, cSigma / damping * (square.squareRoot() / chi - 1)))
    generation += 1
    if Double(generation - decomposedAt) > 1 / ((c1 + cMu) * size * 10) { decompose() }
  }

  /// C^−½ times a vector.
  private func whitened(_ x: [Double]) -> [Double] {
    var z = [Double](repeating: 0, count: n)
    for k in 0..<n {
      var sum = 0.0
      for i in 0..<n { sum += vectors[i * n + k] * x[i] }
      z[k] = sum / lengths[k]
    }
    return (0..<n).map { i in
      var sum = 0.0
      for k in 0..<n { sum += vectors[i * n + k] * z[k] }
      return sum
    }
  }

  /// C = B D² Bᵀ.
  private func decompose() {
    decomposedAt = generation
    let state = Buffer(count: LinearAlgebra.stateSize(.symmetricEigen, n, n))
    let scratch = Buffer(count: LinearAlgebra.scratchSize(.symmetricEigen, n, n, right: 0))
    LinearAlgebra.factor(
      .symmetricEigen, covariance, n, n, into: state.pointer, scratch: scratch.pointer)
    let values = Buffer(count: n)
    LinearAlgebra.part(.symmetricEigen, 0, of: state.pointer, n, n, into: values.pointer)
    LinearAlgebra.part(.symmetricEigen, 1, of: state.pointer, n, n, into: vectors)
    for k in 0..<n { lengths[k] = max(values[k], 1e-30).squareRoot() }
  }

  /// The population has nothing more to gain, or the distribution has degenerated.
  private func hasContracted(_ best: Double, _ worst: Double) -> Bool {
    history.append(best)
    let longest = (0..<n).reduce(0.0) { max($0, lengths[$1]) }
    let shortest = (0..<n).reduce(Double.infinity) { min($0, lengths[$1]) }
    if sigma * longest < 1e-11 || longest > 1e7 * shortest || !sigma.isFinite { return true }
    let window = 10 + Int(30 * Double(n) / Double(lambda))
    guard history.count > window else { return false }
    let recent = history.suffix(window)
    let spread = (recent.max() ?? 0) - (recent.min() ?? 0)
    if spread <= 1e-12 * (1 + abs(best)), worst - best <= 1e-11 * (1 + abs(best)) { return true }
    // No better median in a long time.
    let long = 100 + Int(100 * pow(Double(n), 1.5) / Double(lambda))
    guard history.count > 2 * long else { return false }
    let old = history.suffix(2 * long).prefix(long).sorted()[long / 2]
    let new = history.suffix(long).sorted()[long / 2]
    return new >= old
  }

  func minima(_ run: Run) -> Minima? { search.minima.searches > 0 ? search.minima : nil }
}
