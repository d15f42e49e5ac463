/// The nonlinear regressions of NIST's Statistical Reference Datasets, from both starts, by default.
import Foundation
import Testing

/// A regression with certified results.
struct FitCase: Decodable, CustomTestStringConvertible, Sendable {
  var name: String
  var response: String
  var model: String
  var starts: [[Double]]
  var estimates: [Double]
  var standard_errors: [Double]?
  var sum_of_squares: Double
  var data: [String: [Double]]

  var testDescription: String { name }

  private struct Collection: Decodable {
    var problems: [FitCase]
  }
  static let all = decode(Collection.self, from: "nist_strd.json").problems

  /// The sentence from one of the starts.
  func sentence(from start: [Double]) -> String {
    let bindings = start.enumerated().map { "b\($0 + 1) = \($1)" }.joined(separator: ", ")
    return "r = fit \(response) ~ \(model) to t from \(bindings);"
  }

  var table: String {
    let columns = data.sorted { $0.key < $1.key }.map { name, values in
      "\(name) = [\(values.map { "\($0)" }.joined(separator: ", "))]"
    }
    return "t = (\(columns.joined(separator: ", ")));"
  }
}

@Suite(.enabled(if: Evaluation.isAvailable))
struct FitTests {
  @Test(arguments: FitCase.all)
  func reachesTheCertifiedDigits(of problem: FitCase) throws {
    let evaluation = Evaluation()
    try evaluation.run(problem.table)
    for (k, start) in problem.starts.enumerated() {
      try evaluation.run(problem.sentence(from: start))
      let place = "\(problem.name), start \(k + 1)"
      #expect(try evaluation.numbers("sum([r.converged])") == [1], "\(place)")
      let estimates = try evaluation.numbers("r.solution")
      #expect(digits(estimates, problem.estimates) >= 6, "\(place): \(estimates)")
      guard let expected = problem.standard_errors else { continue }
      let errors = try evaluation.numbers("r.standard_errors")
      // The residuals of Lanczos1 have three digits beyond the rounding of the data's numbers.
      let wanted = problem.name == "Lanczos1" ? 2.5 : 4
      #expect(digits(errors, expected) >= wanted, "\(place): \(errors)")
    }
  }

  /// Digits that all numbers have in common with what is expected.
  private func digits(_ numbers: [Double], _ expected: [Double]) -> Double {
    guard numbers.count == expected.count else { return 0 }
    return zip(numbers, expected).map { -log10(abs($0 - $1) / abs($1)) }.map { $0.isNaN ? 0 : $0 }
      .min() ?? 0
  }
}
