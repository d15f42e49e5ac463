/// `profile(r)`: intervals that follow the shape of the sum of squares.
import OptNumerics
import OptSolvers
import OptSyntax

extension FitProblem {
  /// The sum of squares when one component is held at a value and the others are fitted anew from
  /// `start`, which becomes the point that was found; nil when that fails, as where the constraints
  /// leave nothing.
  fileprivate func profiled(
    _ component: Int, at value: Double, _ start: inout [Double]
  ) -> Double? {
    var point = start
    point[component] = value
    objective.hold(component, at: value)
    defer { objective.hold(nil, at: 0) }
    let isConstrained = !objective.constraints.isEmpty
    let method: any Method =
      isConstrained ? defaultMethod(for: objective) : LevenbergMarquardt()
    let solution = OptSolvers.minimize(
      objective, from: point, using: method, until: .fit, stop: machine.stop)
    guard solution.value.isFinite, solution.violation <= 1e-6 else { return nil }
    start = solution.x
    return solution.value
  }
}

extension Machine {
  /// The ends of the set of values for which the sum of squares, the other parameters fitted anew, is
  /// at most that of the fit plus t²s². Bates & Watts 1988, "Nonlinear Regression Analysis", section
  /// 6.1. Bounds and constraints of the fit hold for all of these: an end may be where they end.
  func profile(_ report: FitReport, _ level: Double, _ span: SourceSpan) throws -> Value {
    let problem = report.problem
    guard let s = report.statistics, let variance = s.variance, !s.isExact else {
      throw Diagnostic(.error, "the fit has no standard errors to begin from", at: span)
    }
    guard problem.loss == .squares else {
      throw Diagnostic(.error, "profiles are those of sums of squares", at: span)
    }
    let resume = suspendTrace()
    defer { resume() }
    let height = s.factor(level)
    func structure(_ numbers: [Double]) -> Value {
      numbers.withUnsafeBufferPointer {
        RunReport.structured($0, problem.templates, problem.names)
      }
    }
    var (lower, upper) = ([Double](), [Double]())
    for component in s.estimates.indices {
      for sign in [-1.0, 1] {
        let end = try self.end(problem, s, component, sign, height, variance, span)
        if sign < 0 { lower.append(end) } else { upper.append(end) }
      }
    }
    return .record([("lower", structure(lower)), ("upper", structure(upper))])
  }

  /// One end, by the secant of τ(θ) = √((S(θ) − S)/s²) within a bracket.
  private func end(
    _ problem: FitProblem, _ s: FitStatistics, _ component: Int, _ sign: Double, _ height: Double,
    _ variance: Double, _ span: SourceSpan
  ) throws -> Double {
    let error = s.profileStep(component)
    guard error.isFinite, error > 0 else { return sign * .infinity }
    let estimate = s.estimates[component]
    var point = s.estimates
    func τ(_ distance: Double) throws -> Double? {
      if stop.isRequested { throw Interrupted(span: span) }
      guard
        let value = problem.profiled(component, at: estimate + sign * distance, &point)
      else { return nil }
      return (max(value - s.sumOfSquares, 0) / variance).squareRoot()
    }
    var (inside, insideHeight) = (0.0, 0.0)
    // Beyond a bound there is nothing.
    let bound = problem.objective.bounds.map {
      sign < 0 ? $0.lower[component] : $0.upper[component]
    }
    let farthest = bound.map { max(sign * ($0 - estimate), 0) } ?? .infinity
    if farthest == 0 { return estimate }
    var distance = min(height * error, farthest)
    var outside: (distance: Double, height: Double)?
    /// From here on there are no values.
    var wall = Double.infinity
    for _ in 0..<60 {
      guard let found = try τ(distance) else {
        wall = distance
        // Half way back.
        guard distance - inside > 1e-8 * (inside + error) else { break }
        distance = (distance + inside) / 2
        continue
      }
      if abs(found - height) < 1e-8 * height { return estimate + sign * distance }
      if found < height {
        (inside, insideHeight) = (distance, found)
      } else {
        outside = (distance, found)
      }
      guard let outside else {
        if distance == farthest { return bound ?? estimate }
        if wall.isFinite {
          guard wall - distance > 1e-8 * (distance + error) else { break }
          distance = (distance + wall) / 2
          continue
        }
        distance = distance * (found > 0.3 * height ? min(2, 1.05 * height / found) : 2)
        if distance > 1e8 * error { return sign * .infinity }
        distance = min(distance, farthest)
        continue
      }
      let width = outside.distance - inside
      if width < 1e-10 * outside.distance { return estimate + sign * outside.distance }
      let secant = inside + width * (height - insideHeight) / (outside.height - insideHeight)
      distance = min(max(secant, inside + 0.05 * width), outside.distance - 0.05 * width)
    }
    if let outside { return estimate + sign * outside.distance }
    return wall.isFinite ? estimate + sign * inside : sign * .infinity
  }
}
