/// What the parts of a global search share: the box, the minima found, local searches.
import OptNumerics

/// One of the methods that a global search takes turns with.
protocol SearchStage: Iteration {
  /// The lowest point that this method has found on its own.
  var lowest: (x: [Double], value: Double) { get set }
}

extension SearchStage {
  func archiveLowest(_ archive: Archive) {
    archive.list("lowest", &lowest.x)
    archive.number("lowestValue", &lowest.value)
  }
}

/// The state of a global search within one run.
final class GlobalSearch {
  let box: Bounds
  let dimension: Int
  let seed: UInt64
  /// Whether local searches can use gradients.
  let hasGradient: Bool
  private(set) var minima: Minima
  private let searches: LocalSearches
  private let sobol: Sobol

  /// Evaluations after which a search ends that has no limit, for each variable.
  static let defaultEvaluations = 10_000

  init(_ run: Run) {
    let n = run.dimension
    dimension = n
    let region = run.region
    let start = Array(UnsafeBufferPointer(start: run.x, count: n))
    box = region?.box ?? Bounds(lower: start, upper: start)
    seed = region?.seed ?? 1
    hasGradient = run.objective.offers.contains(.gradient)
    minima = Minima(scales: box.widths.map { max($0, 1e-300) })
    searches = LocalSearches(
      BoxDescent(), in: box, until: Stops(evaluations: 100 + 100 * n))
    sobol = Sobol(dimension: n, seed: seed)
  }

  /// Saves or restores what was found; everything else follows from the seed.
  func archive(_ archive: Archive) { minima.archive(archive) }

  /// Point number `number` of an even sequence in the box.
  func start(_ number: Int) -> [Double] { box.point(sobol.point(number)) }

  /// How many starts should be known in advance.
  var depth: Int { searches.depth }

  /// The local search from the first of `starts`; the others will probably be asked for next. Nil
  /// if it was refused.
  func descend(_ run: Run, _ starts: [[Double]]) -> Solution? {
    guard hasGradient, let solution = searches.next(run, starts) else { return nil }
    if solution.value.isFinite {
      minima.add(solution.x, solution.value)
    } else {
      minima.addFailure()
    }
    return solution
  }

  /// The value at a point of the box; +∞ where it is not finite, nil if refused.
  func value(_ run: Run, _ point: UnsafePointer<Double>) -> Double? {
    var answer = Answer()
    switch run.evaluate(.value, at: point, into: &answer) {
    case .stopped: return nil
    case .notFinite: return .infinity
    case .done: return answer.value
    }
  }

  /// A local search from the best point, as the last thing.
  func polish(_ run: Run) {
    guard hasGradient, run.bestValue.isFinite, run.halt == nil else { return }
    let best = Array(UnsafeBufferPointer(start: run.best, count: dimension))
    if minima.all.first?.x == best { return }
    _ = searches.next(run, [best])
    run.acceptBest()
  }

  /// Whether as many minima are expected as were found: the mean of the posterior number of minima,
  /// w(N − 1)/(N − w − 2) for w minima in N searches, exceeds w by less than ½. C. G. E. Boender and
  /// A. H. G. Rinnooy Kan, "Bayesian stopping rules for multistart global optimization methods",
  /// Math. Program. 37 (1987).
  var isComplete: Bool {
    let (w, count) = (Double(minima.distinctCount), Double(minima.searches))
    guard count > w + 2, minima.lowestCount >= 2 else { return false }
    return w * (count - 1) / (count - w - 2) <= w + 0.5
  }
}
