/// The methods and schedules written in the language make the steps that libraries for networks make.
import Testing

/// A run of a method with its iterates after some of the steps.
struct TrajectoryCase: Decodable, CustomTestStringConvertible, Sendable {
  var library: String
  var problem: String
  /// The method, as the language writes it.
  var method: String
  /// Points by the number of steps.
  var iterates: [String: [Double]]

  var testDescription: String { "\(library): \(method) on \(problem)" }

  struct Problem: Decodable, Sendable {
    var objective: String
    var x0: Numbers
    var data: [String: Numbers]?
  }
  private struct Collection: Decodable {
    var problems: [String: Problem]
    var runs: [TrajectoryCase]
    var schedules: [ScheduleCase]
  }
  private static let collection = decode(Collection.self, from: "trajectories.json")
  static let all = collection.runs
  static let schedules = collection.schedules

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

/// A schedule with its rates at steps 0, 1, ….
struct ScheduleCase: Decodable, CustomTestStringConvertible, Sendable {
  var library: String
  /// As the language writes it.
  var schedule: String
  var rates: [Double]

  var testDescription: String { "\(library): \(schedule)" }
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
      #expect(agree(got, wanted, 1e-9), "after \(steps) steps: \(got), should be \(wanted)")
    }
  }

  @Test(arguments: TrajectoryCase.schedules)
  func rates(of schedule: ScheduleCase) throws {
    let evaluation = Evaluation()
    let last = schedule.rates.count - 1
    try evaluation.run("rate = \(schedule.schedule); r = [rate(t) for t in 0:\(last)]")
    #expect(agree(try evaluation.numbers("r"), schedule.rates, 1e-13))
    // And as the rates of a run.
    try evaluation.run(
      "r = minimize x^2 from x = 1 using sgd(rate = \(schedule.schedule)) until steps = \(last)")
    let used = try evaluation.numbers("r.trace.rate[2:end]")
    #expect(agree(used, Array(schedule.rates.dropLast()), 1e-13))
  }
}
