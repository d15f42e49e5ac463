/// Robust fits: where a loss begins, and its scale.
import OptNumerics
import OptSolvers

/// Finds the parameters of a fit.
///
/// A loss needs a scale, and one like Tukey's a start among the rows that fit together. Both come from
/// a fit of least absolute values, and the scale then stays: the median of its absolute residuals
/// over 0.6745, leaving out as many of the smallest as there are parameters, which are zero whatever
/// the rest. Maronna, Martin & Yohai 2006, "Robust Statistics", section 4.4, "M-estimates with
/// preliminary scale". A scale estimated again after every fit may shrink to nothing.
///
/// Least absolute values are the limit of Huber's loss for scales towards 0: Madsen & Nielsen 1993,
/// "A finite smoothing algorithm for linear ℓ₁ estimation".
struct RobustFit {
  let problem: FitProblem
  /// The same problem with Huber's loss; nil for squares, which have no scale.
  let first: FitProblem?
  let method: any Method
  /// For the fits on the way.
  let local: any Method
  let stops: Stops
  let region: SearchRegion?
  let progress: (StepInfo) -> Void

  /// Rounds of smaller scales.
  private static let largestRounds = 12
  private static let reduction = 0.1
  private static let stepsPerRound = 200
  private static let evaluationsPerRound = 100

  func solve(_ start: [Double]) throws -> Solution {
    guard let first else { return run(problem, start, method, stops) }
    var rough = stops
    rough.condition = nil
    rough.steps = Self.stepsPerRound
    if rough.offset != nil { rough.offset = 1e-6 }
    // A wide scale makes squares of every loss.
    first.scale[0] = 1e100
    var solution = run(first, start, method, rough)
    guard solution.value.isFinite, !solution.reason.isRefusal else { return solution }
    var sizes = try first.sizes(solution.x)
    let largest = sizes.last ?? 0
    let rounding = 1e-13 * (try problem.largestNumber(solution.x))
    var spread = first.spread(sizes)
    guard largest > rounding else {
      if problem.findsScale { problem.scale[0] = problem.loss.tuning * largest + 1e-300 }
      return solution
    }
    rough.evaluations = min(stops.evaluations ?? .max, Self.evaluationsPerRound)
    var smoothing = max(spread, 1e-3 * largest)
    for _ in 0..<Self.largestRounds {
      smoothing *= Self.reduction
      first.scale[0] = smoothing
      var further = run(first, solution.x, local, rough)
      further.add(solution)
      guard further.value.isFinite, further.reason != .interrupted else { return further }
      solution = further
      sizes = try first.sizes(solution.x)
      let before = spread
      spread = first.spread(sizes)
      if spread <= max(1e-9 * largest, rounding) { break }
      if abs(spread - before) <= 1e-3 * spread, smoothing < 0.1 * spread { break }
    }
    if problem.findsScale {
      guard spread > max(1e-9 * largest, rounding) else {
        problem.isMajorityExact = true
        problem.scale[0] = first.scale[0]
        solution.reason = .precisionFloor
        return solution
      }
      problem.scale[0] = problem.loss.tuning * spread
    }
    var last = run(problem, solution.x, method, stops)
    last.add(solution)
    if try problem.split(problem.weighted(last.x)).counting == 0 { last.reason = .noProgress }
    return last
  }

  private func run(
    _ problem: FitProblem, _ start: [Double], _ method: any Method, _ stops: Stops
  ) -> Solution {
    OptSolvers.minimize(
      problem.objective, from: start, using: method, until: stops, stop: problem.machine.stop,
      region: method.isGlobal ? region : nil, progress: progress)
  }
}

extension FitProblem {
  /// The absolute weighted residuals of the rows that count, in order.
  func sizes(_ x: [Double]) throws -> [Double] {
    zip(try weighted(x), counts).filter(\.1).map { abs($0.0) }.sorted()
  }

  /// The standard deviation of the residuals with these sizes, not impressed by outliers; 0 where most
  /// rows are fitted exactly.
  func spread(_ sizes: [Double]) -> Double {
    let parameters = objective.dimension
    guard sizes.count > parameters else { return 0 }
    let rest = sizes.dropFirst(parameters)
    let middle = rest.startIndex + rest.count / 2
    return (rest.count % 2 == 1 ? rest[middle] : 0.5 * rest[middle - 1] + 0.5 * rest[middle])
      / 0.6745
  }

  /// Rows whose residuals lie so far beyond the scale that they do not count, and those that count.
  func split(_ weighted: [Double]) -> (beyond: Int, counting: Int) {
    let all = counts.count { $0 }
    guard loss == .tukey else { return (0, all) }
    let beyond = zip(weighted, counts).count { $1 && abs($0) >= scale[0] }
    return (beyond, all - beyond)
  }

  /// The largest weighted number that residuals are differences of.
  func largestNumber(_ x: [Double]) throws -> Double {
    let y = try numbers(left, x, columns)
    return y.indices.reduce(0) { largest, row in
      max(largest, abs(y[row]) * (roots.map { $0.buffer[row] } ?? 1))
    }
  }
}

extension StopReason {
  /// The method could not even begin.
  fileprivate var isRefusal: Bool {
    switch self {
    case .notOffered, .notHonoured, .valueNotFinite, .gradientNotFinite, .interrupted, .infeasible:
      true
    default: false
    }
  }
}

extension Solution {
  /// Takes the effort of an earlier run that this one goes on from.
  fileprivate mutating func add(_ earlier: Solution) {
    steps += earlier.steps
    seconds += earlier.seconds
    counts.evaluations += earlier.counts.evaluations
    counts.values += earlier.counts.values
    counts.gradients += earlier.counts.gradients
    counts.hessians += earlier.counts.hessians
    counts.products += earlier.counts.products
    start = earlier.start
  }
}
