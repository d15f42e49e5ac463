/// The result of a fit: fields, and what a person sees.
import OptNumerics
import OptSolvers
import OptSyntax

/// What is shown of a fit, and what `predict` and `profile` go on from.
final class FitReport: Report {
  let problem: FitProblem
  let statistics: FitStatistics?
  private let text: RunReport

  init(_ problem: FitProblem, _ statistics: FitStatistics?, _ text: RunReport) {
    self.problem = problem
    self.statistics = statistics
    self.text = text
  }

  func lines(_ style: DisplayStyle) -> [String] { text.lines(style) }
}

extension Machine {
  /// The record of a run with what a fit adds.
  func fitResult(
    _ result: Value, _ problem: FitProblem, _ solution: Solution, _ label: String
  ) throws -> Value {
    guard case .record(let record) = result else { return result }
    let statistics = try FitStatistics(
      problem, solution.x, isFeasible: solution.violation <= 1e-6)
    var fields: [(String, Value)] = []
    if let s = statistics {
      let n = s.estimates.count
      let factor = s.factor(0.95)
      func structure(_ numbers: [Double]) -> Value {
        numbers.withUnsafeBufferPointer {
          RunReport.structured($0, problem.templates, problem.names)
        }
      }
      let variance = s.variance ?? .nan
      let bounds = zip(s.estimates, s.standardErrors)
      fields = [
        ("standard_errors", structure(s.standardErrors)),
        (
          "intervals",
          .record([
            ("lower", structure(bounds.map { $0 - factor * $1 })),
            ("upper", structure(bounds.map { $0 + factor * $1 })),
          ])
        ),
        ("residuals", .vector(s.residuals)), ("fitted", .vector(s.fitted)),
        (
          "covariance",
          Value(Matrix(s.covariance.times(variance), rows: n, columns: n))
        ),
        (
          "correlations",
          Value(
            Matrix(
              (0..<n * n).map { s.correlation($0 / n, $0 % n) }, rows: n, columns: n))
        ),
        ("sum_of_squares", .number(s.sumOfSquares)),
        ("standard_deviation", .number((s.variance ?? .nan).squareRoot())),
        ("degrees_of_freedom", .number(Double(s.degrees))), ("rows", .number(Double(s.rows))),
        ("rank", .number(Double(s.covariance.rank))),
        ("condition", .number(s.covariance.condition)),
        ("r_squared", .number(s.rSquared)), ("aic", .number(s.aic)), ("bic", .number(s.bic)),
        ("log_likelihood", .number(s.logLikelihood)),
      ]
    }
    let report = FitReport(problem, statistics, text(problem, statistics, solution, label))
    return .record(
      Record(
        names: fields.map(\.0) + record.names, values: fields.map(\.1) + record.values,
        report: report))
  }

  private func text(
    _ problem: FitProblem, _ statistics: FitStatistics?, _ solution: Solution, _ label: String
  ) -> RunReport {
    let digits = options.digits
    func shown(_ x: Double) -> String { NumberFormat.short(x, digits: digits) }
    let kind = solution.reason.isSuccess ? "fit" : "unfinished fit"
    var headline =
      "\(kind) of \(problem.text), \(RunReport.count(problem.counts.count { $0 }, "row"))"
    headline += ", residual sum of squares \(shown(statistics?.sumOfSquares ?? solution.value))"
    var details: [String] = []
    if case .infeasible = solution.reason, let restrictions = problem.restrictions {
      headline = restrictions.conflictText(solution) + "; \(problem.text) with the least violation:"
    }
    if let s = statistics {
      details = table(s, digits)
      if solution.violation <= 1e-6 { details += remarks(problem, s) }
    }
    if let minima = solution.minima { details += Self.lines(minima, 1) }
    let findings = problem.restrictions?.findings(solution, 1) ?? []
    details += findings
    details += problem.restrictions?.remarks ?? []
    if solution.violation > 1e-6 {
      details.append("no standard errors, for the constraints are violated")
    } else if solution.multipliers.contains(where: { $0 != 0 }) {
      details.append("the standard errors do not know of the constraints")
    }
    let ignored = problem.counts.count { !$0 }
    if ignored > 0 { details.append("\(RunReport.count(ignored, "row")) of weight 0 left out") }
    if problem.columns.missing > 0 {
      details.append(
        "\(RunReport.count(problem.columns.missing, "row")) with missing cells left out")
    }
    var facts = [
      label, RunReport.count(solution.steps, "step"),
      RunReport.count(solution.counts.values, "value") + ", "
        + RunReport.count(solution.counts.gradients, "Jacobian"),
    ]
    if let s = statistics {
      if s.rSquared.isFinite { facts.append("R² = \(shown(s.rSquared))") }
      if let variance = s.variance, !s.isSigma {
        facts.append("standard deviation \(shown(variance.squareRoot()))")
      }
      if s.isSigma, s.degrees > 0 {
        facts.append("χ²/degrees of freedom = \(shown(s.sumOfSquares / Double(s.degrees)))")
      }
    }
    facts.append(RunReport.reason(solution, 1))
    facts.append(RunReport.duration(solution.seconds))
    details.append(facts.joined(separator: " · "))
    return RunReport(headline: headline, details: details)
  }

  private static let mostLines = 40

  /// One line a parameter: estimate, standard error, interval.
  private func table(_ s: FitStatistics, _ digits: Int) -> [String] {
    let factor = s.factor(0.95)
    let shown = s.estimates.indices.prefix(Self.mostLines).map { j -> [String] in
      let (x, error) = (s.estimates[j], s.standardErrors[j])
      let name = s.componentNames[j]
      let estimate = NumberFormat.short(x, digits: digits)
      guard error.isFinite else {
        let remark =
          s.atBound[j] ? "at its bound" : s.covariance.isDetermined[j] ? "" : "not determined"
        return [name, estimate, remark, ""]
      }
      if s.isExact { return [name, estimate, "", ""] }
      // The interval to a digit that means something: a hundredth of its width.
      let ends = [x - factor * error, x + factor * error].map { end -> String in
        guard error > 0, end != 0 else { return NumberFormat.short(end, digits: digits) }
        let places = 3 + Int((log10(abs(end)) - log10(error)).rounded(.up))
        return NumberFormat.short(end, digits: min(max(places, 3), digits))
      }
      return [
        name, estimate, "± " + NumberFormat.short(error, digits: min(4, digits)),
        "95 % [\(ends.joined(separator: ", "))]",
      ]
    }
    let widths = (0..<3).map { k in shown.map { $0[k].count }.max() ?? 0 }
    var lines = shown.map { cells in
      let padded = (0..<3).map { k in
        cells[k] + String(repeating: " ", count: widths[k] - cells[k].count)
      }
      var line = "\(padded[0])   \(padded[1])   \(padded[2])   \(cells[3])"
      while line.last == " " { line.removeLast() }
      return line
    }
    if s.estimates.count > Self.mostLines {
      lines.append("… and \(s.estimates.count - Self.mostLines) more")
    }
    return lines
  }

  /// What a loss made of the rows.
  private func scaleLines(_ problem: FitProblem, _ s: FitStatistics) -> [String] {
    let loss = problem.loss.rawValue
    if problem.isMajorityExact {
      return [
        "most rows are fitted exactly, so that the residuals have no scale: the parameters are those "
          + "of least absolute values, without standard errors; `with loss = \(loss), scale = …` "
          + "gives a scale"
      ]
    }
    let source = problem.findsScale ? ", from the residuals of a fit of least absolute values" : ""
    var lines = ["loss \(loss) with scale \(NumberFormat.short(problem.scale[0]))\(source)"]
    let (beyond, counting) = problem.split(s.weighted)
    if counting <= s.covariance.rank {
      let who =
        counting == 0
        ? "no row counts" : counting == 1 ? "only 1 row counts" : "only \(counting) rows count"
      lines.append("\(who): the residuals of the others are beyond the scale; give a larger one")
    } else if beyond > 0 {
      lines.append(
        "\(RunReport.count(beyond, "row")) beyond the scale "
          + "\(beyond == 1 ? "does" : "do") not count")
    }
    return lines
  }

  /// What a reader has to know before believing the numbers.
  private func remarks(_ problem: FitProblem, _ s: FitStatistics) -> [String] {
    var lines: [String] = []
    let leaves = problem.leaves
    for direction in s.covariance.unseen.prefix(3) {
      lines.append(
        "not determined by the data: moving along \(leaves.named(direction)) changes nothing")
    }
    if s.isExact {
      lines.append("the residuals are rounding errors: no standard errors can be told from them")
    } else if s.degrees <= 0 {
      lines.append("as many parameters as rows: no standard errors can be told")
    }
    if problem.loss != .squares { lines += scaleLines(problem, s) }
    let n = s.estimates.count
    var strong: [(Int, Int, Double)] = []
    for i in 0..<n {
      for j in 0..<i where abs(s.correlation(j, i)) > 0.95 {
        strong.append((j, i, s.correlation(j, i)))
      }
    }
    strong.sort { abs($0.2) > abs($1.2) }
    if !strong.isEmpty, !s.isExact {
      let parts = strong.prefix(3).map { i, j, c in
        "\(s.componentNames[i]), \(s.componentNames[j]) \(NumberFormat.printf("%.3f", c))"
      }
      let more = strong.count > 3 ? " and \(strong.count - 3) more" : ""
      lines.append("strong correlations: \(parts.joined(separator: " · "))\(more)")
    }
    return lines
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
