/// Problems of Moré, Garbow, Hillstrom and Wild from their usual starts, with the default method.
import Testing

/// A problem with its start and minima.
struct MinimizationCase: NeutralProblem, Decodable, CustomTestStringConvertible, Sendable {
  struct LocalMinimum: Decodable {
    var f: Double
  }

  var name: String
  var variable: String
  var constants: [String: Constant]?
  var data: [String: Numbers]?
  var definitions: [NeutralTranslator.Definition]?
  var objective: String
  var constraints: [NeutralConstraint]?
  var x0: Numbers
  var f_at_x0: Double
  var f_star: Double
  var local_minima_published: [LocalMinimum]?

  var testDescription: String { name }

  private struct Collection: Decodable {
    var problems: [MinimizationCase]
  }
  static let all = decode(Collection.self, from: "mgh.json").problems
}

@Suite(.enabled(if: Evaluation.isAvailable))
struct MinimizationTests {
  @Test(arguments: MinimizationCase.all)
  func reachesAMinimum(of problem: MinimizationCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(try problem.program())
    let start = try evaluation.number("f(\(problem.x0.text))")
    #expect(agree([start], [problem.f_at_x0], 1e-10))
    let variable = problem.variable
    try evaluation.run("r = minimize f(\(variable)) from \(variable) = \(problem.x0.text)")
    let value = try evaluation.number("r.value")
    let minima = [problem.f_star] + (problem.local_minima_published ?? []).map(\.f)
    let isMinimum = minima.contains { minimum in
      let gap = min(1e-6 * (start - minimum), 1e-8 + 1e-6 * abs(minimum))
      return abs(value - minimum) <= max(gap, 1e-12 * abs(minimum))
    }
    #expect(isMinimum, "value \(value), minima \(minima)")
  }
}
