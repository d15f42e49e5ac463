/// The methods written in the language make the steps that their equations prescribe.
import Testing

/// A run of a method with its iterates after some of the steps.
struct TrajectoryCase: Decodable, CustomTestStringConvertible, Sendable {
  var problem: String
  /// The method, as the language writes it.
  var method: String
  /// Points by the number of steps.
  var iterates: [String: [Double]]

  var testDescription: String { "\(method) on \(problem)" }

  struct Problem: Decodable, Sendable {
    var objective: String
    var x0: Numbers
    var data: [String: Numbers]?
  }
  private struct Collection: Decodable {
    var problems: [String: Problem]
    var runs: [TrajectoryCase]
  }
  private static let collection = decode(Collection.self, from: "trajectories.json")
  static let all = collection.runs

  /// The text that defines the data, the objective `f` and the start `x0`.
  func program() throws -> String {
    guard let problem = Self.collection.problems[problem] else { return "" }
    let translator = NeutralTranslator()
    let data = (problem.data ?? [:]).sorted { $0.key < $1.key }.map {
      "\($0.key) = \($0.value.text)"
    }
    let objective = try translator.function("f", of: ["x"], formula: problem.objective)
    return (data + [objective, "x0 = \(problem.x0.text)"]).joined(separator: "\n")
  }
}

@Suite(.enabled(if: Evaluation.isAvailable))
struct TrajectoryTests {
  @Test(arguments: TrajectoryCase.all)
  func steps(of run: TrajectoryCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(try run.program())
    try evaluation.run("r = minimize f(x) from x = x0 using \(run.method) until steps = 50")
    for (steps, wanted) in run.iterates {
      let got = try evaluation.numbers("matrix(r.path)[\(steps) + 1, :]")
      #expect(agree(got, wanted, 1e-11), "after \(steps) steps: \(got), should be \(wanted)")
    }
  }
}
