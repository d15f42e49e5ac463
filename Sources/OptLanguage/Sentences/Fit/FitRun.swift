/// Carrying out a fit.
import OptNumerics
import OptSolvers
import OptSyntax

extension Machine {
  func fit(_ code: FitCode, _ frame: Frame) throws -> Value {
    let seed = random
    let starts = try code.bindings.map { try $0.value(frame) }
    for (start, binding) in zip(starts, code.bindings) {
      guard let bad = start.numbers?.first(where: { !$0.isFinite }) else { continue }
      throw Diagnostic(
        .error, "`\(binding.name)` starts at \(NumberFormat.short(bad)), and a start is finite",
        at: binding.valueSpan)
    }
    let sides = [try code.left(frame), try code.right(frame)]
    let table = try code.table(frame)
    let method = try code.method.map { try self.method($0(frame), code.methodSpan) }
    let stops = try code.stops?.value(self, frame) ?? .fit
    if try dependsOnTrace(starts + [table], sides) {
      throw Diagnostic(
        .error, "a fit has no derivative: it cannot depend on what is being differentiated",
        at: code.span)
    }
    let resume = suspendTrace()
    defer { resume() }
    let problem = try problem(code, frame, starts, sides, table)
    var start = problem.templates.numbers(of: starts)
    try refuseFewRows(problem.columns.rowCount, start.count, code)
    let objective = problem.objective
    let scale = try code.loss.scale.map { try self.scale($0(frame), code.loss.span) }
    if let scale { problem.scale[0] = scale }
    try objective.prepare(start)
    problem.restrictions = try restrict(objective, to: code.constraints, &start)
    random.draw &+= 1
    let chosen =
      try method.map { try solver($0, objective, start.count, code.methodSpan) }
      ?? (objective.constraints.isEmpty
        ? CheckedLeastSquares(patience: 0) : defaultMethod(for: objective))
    var stopped = stops
    stopped.condition = try code.stops?.condition(
      self, frame, problem.templates, problem.names, objective)
    let solution = try problem.solve(start, chosen, stopped, isScaleGiven: scale != nil) {
      [unowned self] info in self.output(.progress(RunReport.progress(info, 1)))
    }
    output(.progress(nil))
    if let failure = objective.failure {
      if !(failure is Interrupted) || !solution.value.isFinite { throw failure }
    }
    let label = method?.label ?? RunReport.label(solution)
    let result = try result(
      solution, problem.templates, problem.names, 1, seed, label: label,
      problem.restrictions,
      choice: method == nil ? "chosen because a fit is a sum of squares" : "named after `using`",
      code.span)
    return try fitResult(result, problem, solution, label)
  }

  private func problem(
    _ code: FitCode, _ frame: Frame, _ starts: [Value], _ sides: [Value], _ table: Value
  ) throws -> FitProblem {
    let columns = try FitColumns(table, used: code.openNames, code.tableSpan)
    guard columns.rowCount > 0 else {
      throw Diagnostic(
        .error,
        columns.missing > 0
          ? "every row of the table has a missing cell" : "the table has no rows",
        at: code.tableSpan)
    }
    let left = FitSide(self, sides[0], code.openNames, code.leftSpan)
    let right = FitSide(self, sides[1], code.openNames, code.rightSpan)
    try left.prepare(starts, columns)
    try right.prepare(starts, columns)
    let roots = try code.weighting.map { weighting -> Matrix in
      let side = FitSide(self, try weighting.code(frame), code.openNames, weighting.span)
      try side.prepare(starts, columns)
      let values = try side.values(starts, columns).numbers ?? []
      let what = weighting.isSigma ? "sigma" : "weights"
      let numbers = try (0..<columns.rowCount).map { row -> Double in
        let x = values.count == 1 ? values[0] : values[row]
        guard x.isFinite, weighting.isSigma ? x > 0 : x >= 0 else {
          throw Diagnostic(
            .error, "`\(what)` of row \(row + 1) is \(NumberFormat.short(x))", at: weighting.span,
            help: weighting.isSigma
              ? "standard deviations are positive" : "weights are not negative; 0 leaves a row out")
        }
        return weighting.isSigma ? 1 / x : x.squareRoot()
      }
      return Matrix(numbers, rows: numbers.count, columns: 1)
    }
    let restrictions = try code.constraints.flatMap {
      [try $0.left(frame), try $0.right(frame)]
    }
    return FitProblem(self, code, starts, left, right, columns, roots, restrictions)
  }

  private func refuseFewRows(_ rows: Int, _ parameters: Int, _ code: FitCode) throws {
    guard rows < parameters else { return }
    throw Diagnostic(
      .error,
      "\(RunReport.count(parameters, "parameter")) cannot be found from "
        + RunReport.count(rows, "row"), at: code.tableSpan,
      help: "give more rows, or take parameters out of `from`")
  }

  private func scale(_ value: Value, _ span: SourceSpan) throws -> Double {
    guard let number = value.scalar, number > 0, number.isFinite else {
      let found = value.scalar.map { NumberFormat.short($0) } ?? value.kindDescription
      throw Diagnostic(.error, "`scale` is a positive number, found \(found)", at: span)
    }
    return number
  }
}
