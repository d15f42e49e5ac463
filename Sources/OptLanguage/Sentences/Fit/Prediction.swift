/// `predict(r, table)`: the fitted curve at other rows, with bands.
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

extension FitProblem {
  /// The fitted side at other rows, and its derivatives by the parameters, row by row.
  fileprivate func curve(
    _ x: [Double], _ columns: FitColumns
  ) throws -> (values: [Double], jacobian: [Double])? {
    let variableCount = objective.traced.variableCount
    let (machine, templates, right, span) = (machine, templates, right, span)
    let traced = TracedFunction(
      machine, leaves: Array(leaves.prefix(variableCount)), variableCount: variableCount, at: span
    ) { [unowned machine] values in
      let value = try right.values(templates.map { $0.value { values[$0] } }, columns)
      let curve = try machine.expression(value, span)
      return Value(curve.broadcast(to: Shape(rows: columns.rowCount, columns: 1)))
    }
    return try x.withUnsafeBufferPointer { x in
      guard var place = x.baseAddress else { return nil }
      for (k, leaf) in traced.leaves.enumerated() {
        traced.pointers[k] = place
        place += leaf.count
      }
      guard let run = try traced.run(.valueAndJacobian) else { return nil }
      let count = columns.rowCount
      return (
        Array(UnsafeBufferPointer(start: run.output(0), count: count)),
        Array(UnsafeBufferPointer(start: run.output(1), count: count * x.count))
      )
    }
  }
}

extension Machine {
  /// Bands by linearisation: Seber & Wild 1989, "Nonlinear Regression", section 5.1.
  func predict(
    _ report: FitReport, _ table: Value, _ level: Double, _ span: SourceSpan
  ) throws -> Value {
    let problem = report.problem
    guard let s = report.statistics else {
      throw Diagnostic(.error, "the fit has no derivatives at its end", at: span)
    }
    let resume = suspendTrace()
    defer { resume() }
    let columns = try FitColumns(table, used: problem.right.openNames, span)
    guard columns.missing == 0 else {
      throw Diagnostic(
        .error, "\(RunReport.count(columns.missing, "row")) of the table with missing cells",
        at: span)
    }
    let curve: (values: [Double], jacobian: [Double])
    do {
      guard let found = try problem.curve(s.estimates, columns) else {
        throw Interrupted(span: span)
      }
      curve = found
    } catch let error as Diagnostic {
      guard
        let name = problem.columns.values.keys.first(where: {
          error.message == "unknown name `\($0)`"
        })
      else { throw error }
      throw Diagnostic(
        .error, "the table has no column `\(name)`, which the fitted formula needs", at: span,
        notes: ["columns: " + columns.names.joined(separator: ", ")])
    }
    let n = s.estimates.count
    let factor = s.factor(level)
    let noise = newVariances(problem, s, columns)
    var (errors, lower, upper, lowerNew, upperNew) = (
      [Double](), [Double](), [Double](), [Double](), [Double]()
    )
    for row in 0..<columns.rowCount {
      let variance =
        s.covariance.variance(of: curve.jacobian[row * n..<(row + 1) * n]) * (s.variance ?? .nan)
      let (value, error) = (curve.values[row], variance.squareRoot())
      errors.append(error)
      lower.append(value - factor * error)
      upper.append(value + factor * error)
      let width = factor * (variance + noise[row]).squareRoot()
      lowerNew.append(value - width)
      upperNew.append(value + width)
    }
    let parts = [
      ("value", curve.values), ("standard_error", errors), ("lower", lower), ("upper", upper),
      ("lower_new", lowerNew), ("upper_new", upperNew),
    ]
    return .table(
      Table(
        names: parts.map(\.0),
        columns: parts.map { .numbers(Matrix($0.1, rows: columns.rowCount, columns: 1)) },
        rowCount: columns.rowCount))
  }
  /// The variance of a new observation of each row around the curve: that of residuals of weight 1, or
  /// what `sigma` says, NaN where it says nothing about these rows.
  private func newVariances(
    _ problem: FitProblem, _ s: FitStatistics, _ columns: FitColumns
  ) -> [Double] {
    let count = columns.rowCount
    guard s.isSigma, let side = problem.weighting else {
      return Array(repeating: s.residualVariance ?? .nan, count: count)
    }
    guard let sigma = try? problem.numbers(side, s.estimates, columns), sigma.count == count else {
      return Array(repeating: .nan, count: count)
    }
    return sigma.map { $0 * $0 }
  }
}
