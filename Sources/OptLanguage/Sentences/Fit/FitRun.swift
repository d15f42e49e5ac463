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
    let parts = try parts(code, frame, starts, sides, table)
    let problem = FitProblem(self, parts)
    var start = problem.templates.numbers(of: starts)
    try refuseFewRows(parts, start.count)
    let objective = problem.objective
    let scale = try code.loss.scale.map { try self.scale($0(frame), code.loss.span) }
    if let scale { problem.scale[0] = scale }
    try objective.prepare(start)
    problem.restrictions = try restrict(objective, to: code.constraints, &start)
    random.draw &+= 1
    func local(_ objective: CostObjective) -> any Method {
      objective.constraints.isEmpty
        ? CheckedLeastSquares(patience: 0) : defaultMethod(for: objective)
    }
    let chosen =
      try method.map { try solver($0, objective, start.count, code.methodSpan) }
      ?? local(objective)
    var stopped = stops
    stopped.condition = try code.stops?.condition(
      self, frame, problem.templates, problem.names, objective)
    var first: FitProblem?
    if problem.loss == .tukey || problem.loss != .squares && problem.findsScale {
      let huber = problem.loss == .huber ? problem : FitProblem(self, parts, loss: .huber)
      if huber !== problem {
        try huber.objective.prepare(start)
        _ = try restrict(huber.objective, to: code.constraints, &start)
      }
      first = huber
    }
    let fit = RobustFit(
      problem: problem, first: first, method: chosen, local: local(objective), stops: stopped,
      region: chosen.isGlobal
        ? try searchRegion(
          code.bindings, frame, problem.templates, starts, objective, chosen, code.methodSpan)
        : nil
    ) { [unowned self] info in self.output(.progress(RunReport.progress(info, 1))) }
    let solution = try fit.solve(start)
    output(.progress(nil))
    if let failure = objective.failure ?? first?.objective.failure {
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

  private func parts(
    _ code: FitCode, _ frame: Frame, _ starts: [Value], _ sides: [Value], _ table: Value
  ) throws -> FitParts {
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
    let weighting = try code.weighting.map { weighting in
      FitSide(
        self, try weighting.code(frame), code.openNames, weighting.span,
        what: weighting.isSigma ? "standard deviation" : "weight")
    }
    let roots = try weighting.flatMap { side -> Matrix? in
      guard let weighting = code.weighting else { return nil }
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
    return FitParts(
      code: code, starts: starts, left: left, right: right, columns: columns, roots: roots,
      weighting: weighting, constraintSides: restrictions)
  }

  private func refuseFewRows(_ parts: FitParts, _ parameters: Int) throws {
    let rows = parts.counts.count { $0 }
    let code = parts.code
    if rows == 0, let weighting = code.weighting {
      throw Diagnostic(
        .error, "all weights are 0: no row counts", at: weighting.span,
        help: "weights are positive for the rows that are to be fitted")
    }
    guard rows < parameters else { return }
    throw Diagnostic(
      .error,
      "\(RunReport.count(parameters, "parameter")) cannot be found from "
        + RunReport.count(rows, "row")
        + (rows < parts.columns.rowCount ? " of positive weight" : ""), at: code.tableSpan,
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
