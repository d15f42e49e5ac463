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
    guard let curve = try problem.curve(s.estimates, columns) else { throw Interrupted(span: span) }
    let n = s.estimates.count
    let factor = s.factor(level)
    let noise = s.isSigma ? Double.nan : s.residualVariance ?? .nan
    var (errors, lower, upper, lowerNew, upperNew) = (
      [Double](), [Double](), [Double](), [Double](), [Double]()
    )
    for row in 0..<columns.rowCount {
      var square = 0.0
      for i in 0..<n {
        for j in 0..<n {
          square +=
            curve.jacobian[row * n + i] * s.covariance.inverse[i * n + j]
            * curve.jacobian[row * n + j]
        }
      }
      let variance = max(square, 0) * (s.variance ?? .nan)
      let (value, error) = (curve.values[row], variance.squareRoot())
      errors.append(error)
      lower.append(value - factor * error)
      upper.append(value + factor * error)
      let width = factor * (variance + noise).squareRoot()
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
}
