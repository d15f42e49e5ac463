/// What can be asked of the result of a fit.
import OptNumerics
import OptSyntax

extension Builtins {
  static let fits: [Builtin] = [
    Builtin(
      "predict(r, table, level = 0.95)",
      "What a fitted formula gives for other rows, with bands: a table with the columns value, "
        + "standard_error, lower and upper (for the curve), lower_new and upper_new (for a new "
        + "observation).",
      examples: [
        "predict((fit y ~ a*x to (x = [1, 2], y = [2, 4.1]) from a = 1), (x = [0, 3])).value[1] == 0"
      ]
    ) { call in
      let report = try fitReport(call)
      return try call.machine.predict(report, call[1], try level(call, 2), call.span)
    },
    Builtin(
      "profile(r, level = 0.95)",
      "Intervals of the parameters of a fit by profile likelihood, a record with lower and upper: "
        + "for each bound the other parameters are fitted anew. Infinite where the data set no bound.",
      examples: [
        "abs(profile(fit y ~ a*x to (x = [1, 2, 3], y = [2, 4.1, 6]) from a = 1).lower.a - 1.953)"
          + " < 0.01"
      ]
    ) { call in
      let report = try fitReport(call)
      return try call.machine.profile(report, try level(call, 1), call.span)
    },
  ]

  private static func fitReport(_ call: Call) throws -> FitReport {
    guard case .record(let record) = call[0], let report = record.report as? FitReport else {
      throw call.fail(
        "`\(call.function)` wants the result of a fit, found \(call[0].kindDescription)", 0,
        help: "write `r = fit y ~ … to t from …`, then `\(call.function)(r, …)`")
    }
    return report
  }

  private static func level(_ call: Call, _ k: Int) throws -> Double {
    guard call.has(k) else { return 0.95 }
    guard let level = call[k].scalar, level > 0, level < 1 else {
      throw call.fail("a level lies between 0 and 1, as 0.95", k)
    }
    return level
  }
}
