/// `check` never calls a right gradient wrong: the public collections, at their points.
import Testing

/// Objectives and constraints of optimization problems with points.
struct ObjectiveCase: NeutralProblem, Decodable, CustomTestStringConvertible, Sendable {
  var name: String
  var variable: String
  var objective: String
  var points: [[Double]]
  var constants: [String: Constant]?
  var data: [String: Numbers]?
  var definitions: [NeutralTranslator.Definition]?
  var constraints: [NeutralConstraint]?

  var testDescription: String { name }

  private struct Collection: Decodable {
    var problems: [ObjectiveCase]
  }
  static let all = decode(Collection.self, from: "objectives.json").problems

  /// The `subject to` clause.
  var clause: String {
    comparisons.isEmpty ? "" : " subject to " + comparisons.joined(separator: ", ")
  }
}

@Suite(.enabled(if: Evaluation.isAvailable))
struct CheckTests {
  /// Checks a call of `f` and `f against ∇f`, which must not find a mistake. A value or gradient
  /// that is not finite cannot be checked, which is said as an error.
  private func expectRight(
    _ evaluation: Evaluation, _ call: String, _ at: String, _ clause: String = ""
  ) throws {
    let name = call.prefix { $0 != "(" }
    for sentence in ["check \(call)\(clause) at \(at)", "check \(name) against ∇\(name) at \(at)"] {
      do {
        try evaluation.run("r = \(sentence)")
      } catch let failure as Evaluation.Failure
        where failure.description.contains("not finite here")
      {
        return
      }
      let wrong = try evaluation.number("length(r.wrong)")
      let shown = try evaluation.text("\"{r.verdict} {r.wrong}\"")
      #expect(wrong == 0, "\(sentence)\n\(shown)")
    }
  }

  @Test(arguments: DifferentiationCase.all)
  func expressions(_ example: DifferentiationCase) throws {
    let evaluation = try example.evaluation()
    let variables = example.vars.map { NeutralTranslator().safe($0) }
    let call = "f(\(variables.joined(separator: ", ")))"
    let kinks = (example.kink_points ?? []).map { [$0.at] }
    for point in example.points.map(\.at.texts) + kinks {
      let at = zip(variables, point).map { "\($0) = \($1)" }.joined(separator: ", ")
      try expectRight(evaluation, call, at)
    }
  }

  @Test(arguments: MinimizationCase.all)
  func leastSquares(_ problem: MinimizationCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(try problem.program())
    let x = problem.variable
    let spread = problem.x0.values.indices.map { "\(1 + 0.3 * Double($0 % 5 - 2))" }
    for point in [
      problem.x0.text, "\(problem.x0.text) .* [\(spread.joined(separator: ", "))] + 0.1",
    ] {
      try expectRight(evaluation, "f(\(x))", "\(x) = \(point)")
    }
  }

  @Test(arguments: ObjectiveCase.all)
  func objectives(_ problem: ObjectiveCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(try problem.program())
    let x = problem.variable
    for point in problem.points {
      let at = "\(x) = [\(point.map { "\($0)" }.joined(separator: ", "))]"
      try expectRight(evaluation, "f(\(x))", at, problem.clause)
    }
  }

  @Test(arguments: RegressionCase.all)
  func regressions(_ problem: RegressionCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(problem.program)
    try expectRight(evaluation, "loss(w, b)", problem.start)
    for point in problem.points ?? [] {
      try expectRight(evaluation, "loss(w, b)", problem.clauses(point))
    }
  }

  @Test(arguments: NetworkCase.all)
  func networks(_ network: NetworkCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(network.program)
    try expectRight(evaluation, "loss(p)", "p = p")
  }
}
