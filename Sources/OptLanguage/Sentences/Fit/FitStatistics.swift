/// What a fit says beside its estimates: errors, intervals, goodness.
import OptNumerics
import OptSolvers

struct FitStatistics {
  let rows: Int
  let estimates: [Double]
  let componentNames: [String]
  /// Parameters that `subject to` holds: the others are judged as if these were known.
  let atBound: [Bool]
  let covariance: Covariance
  /// What it would be without bounds.
  let freeCovariance: Covariance
  /// Residuals y − E, unweighted.
  let residuals: [Double]
  let fitted: [Double]
  /// Residuals times the roots of the weights.
  let weighted: [Double]
  /// Σ of the weighted squares.
  let sumOfSquares: Double
  let degrees: Int
  /// The variance of a residual of weight 1; nil if no degree of freedom is left to estimate it.
  let variance: Double?
  /// The variance of a new observation of weight 1 around the curve; outliers do not count under a
  /// loss.
  let residualVariance: Double?
  let standardErrors: [Double]
  let rSquared: Double
  let logLikelihood: Double
  /// The residuals are rounding errors of the numbers they are differences of; under a loss, those of
  /// the rows that count.
  let isExact: Bool
  let isSigma: Bool

  var aic: Double { 2 * parameterCount - 2 * logLikelihood }
  var bic: Double { log(Double(rows)) * parameterCount - 2 * logLikelihood }

  /// The estimated variance counts as a parameter.
  private var parameterCount: Double { Double(covariance.rank + (isSigma ? 0 : 1)) }

  /// At a point that violates constraints nothing is estimated: `isFeasible` is false.
  init?(_ problem: FitProblem, _ x: [Double], isFeasible: Bool) throws {
    guard let (weighted, jacobian) = problem.linearized(x) else { return nil }
    self.weighted = weighted
    let n = x.count
    let y = try problem.numbers(problem.left, x, problem.columns)
    fitted = try problem.numbers(problem.right, x, problem.columns)
    residuals = zip(y, fitted).map { $0 - $1 }
    let m = y.count
    let roots = (0..<m).map { problem.roots?.buffer[$0] ?? 1 }
    rows = roots.count { $0 > 0 }
    estimates = x
    componentNames = problem.objective.layout.componentNames
    isSigma = problem.isSigma
    let atBound = x.indices.map { j in
      guard let bounds = problem.objective.bounds else { return false }
      return x[j] <= bounds.lower[j] || x[j] >= bounds.upper[j]
    }
    self.atBound = atBound
    let covariance = Covariance(
      jacobian: jacobian, rows: m, columns: n, isFree: atBound.map { !$0 })
    var (sum, weights, mean) = (0.0, 0.0, 0.0)
    for k in 0..<m {
      sum += weighted[k] * weighted[k]
      weights += roots[k] * roots[k]
      mean += roots[k] * roots[k] * y[k]
    }
    sumOfSquares = sum
    degrees = rows - covariance.rank + atBound.count { $0 }
    mean /= weights
    var (total, size) = (0.0, 0.0)
    for k in 0..<m {
      total += roots[k] * roots[k] * (y[k] - mean) * (y[k] - mean)
      size += roots[k] * roots[k] * y[k] * y[k]
    }
    rSquared = 1 - sum / total
    variance =
      !isFeasible
      ? nil
      : problem.loss != .squares
        ? Self.robustVariance(weighted, problem, degrees, rank: covariance.rank)
        : isSigma
          ? 1
          : degrees > 0
            ? sum / Double(degrees) : nil
    let isRobustlyExact =
      problem.loss != .squares && (variance ?? .infinity) * Double(rows) <= 1e-24 * size
    isExact = sum <= 1e-24 * size || isRobustlyExact
    let spread = problem.loss == .squares ? 0 : problem.spread(try problem.sizes(x))
    residualVariance =
      degrees <= 0 ? nil : problem.loss == .squares ? sum / Double(degrees) : spread * spread
    self.covariance = covariance
    freeCovariance =
      atBound.contains(true)
      ? Covariance(
        jacobian: jacobian, rows: m, columns: n, isFree: Array(repeating: true, count: n))
      : covariance
    let s2 = variance
    standardErrors = (0..<n).map { j in
      guard let s2, covariance.isDetermined[j], !atBound[j] else { return .nan }
      return s2.squareRoot() * covariance.factor(j)
    }
    let logs = roots.filter { $0 > 0 }.reduce(0) { $0 + log($1) }
    let count = Double(rows)
    logLikelihood =
      isSigma
      ? logs - 0.5 * (sum + count * log(2 * .pi))
      : logs - 0.5 * count * (log(2 * .pi * sum / count) + 1)
  }

  /// The factor of (JᵀJ)⁻¹ for a loss: that of the asymptotic covariance of an M-estimate, with
  /// Huber's correction for few rows. Huber & Ronchetti 2009, "Robust Statistics", equation 7.81.
  private static func robustVariance(
    _ weighted: [Double], _ problem: FitProblem, _ degrees: Int, rank: Int
  ) -> Double? {
    guard degrees > 0, !problem.isMajorityExact, problem.split(weighted).counting > rank else {
      return nil
    }
    let c = problem.scale[0]
    var (squares, slopes, squaredSlopes) = (0.0, 0.0, 0.0)
    for (r, counts) in zip(weighted, problem.counts) where counts {
      let z = (r / c) * (r / c)
      let pull = r * problem.loss.weight(z)
      let slope = problem.loss.slope(z)
      squares += pull * pull
      slopes += slope
      squaredSlopes += slope * slope
    }
    let count = Double(problem.counts.count { $0 })
    let mean = slopes / count
    guard mean > 0 else { return nil }
    let spread = squaredSlopes / count - mean * mean
    let correction = 1 + (count - Double(degrees)) / count * spread / (mean * mean)
    return correction * correction * squares / Double(degrees) / (mean * mean)
  }

  /// The factor of a standard error for an interval that holds the truth with probability `level`.
  func factor(_ level: Double) -> Double {
    StudentT.quantile(level: level, degrees: isSigma ? .infinity : Double(degrees))
  }

  /// A first guess of how far the profile of a parameter reaches, bounds aside.
  func profileStep(_ j: Int) -> Double {
    if !atBound[j] { return standardErrors[j] }
    return (variance ?? .nan).squareRoot() * freeCovariance.factor(j)
  }

  /// Correlation of two estimates; NaN where one is not determined.
  func correlation(_ i: Int, _ j: Int) -> Double {
    guard covariance.isDetermined[i], covariance.isDetermined[j] else { return .nan }
    return i == j ? 1 : covariance.correlation(i, j)
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
