/// The clause `until`: budgets, tolerances, and conditions of the user.
import OptNumerics
import OptSolvers
import OptSyntax

/// The compiled clause.
struct StopsCode {
  struct Item {
    let name: String
    let code: Code
    let span: SourceSpan
  }
  let items: [Item]
  /// The file after `checkpoint =`.
  let checkpoint: Item?
  /// A function of the state of the run.
  let custom: Code?
  let customSpan: SourceSpan
  /// -1 for a value that is maximised.
  let sign: Double
}

extension Compiler {
  /// Names that `until` knows, with the way each is written.
  private static let budgets = ["steps", "evaluations", "seconds", "epochs", "checkpoint"]
  private static let tolerances = ["gradient", "value", "change"]

  /// `sign` is -1 for a value that is maximised.
  func stops(_ clause: Clause, sign: Double) throws -> StopsCode {
    var items: [StopsCode.Item] = []
    var checkpoint: StopsCode.Item?
    var custom: Code?
    var customSpan = clause.span
    for item in clause.items {
      switch item {
      case .binding("checkpoint", let value, let span):
        checkpoint = StopsCode.Item(
          name: "checkpoint", code: try expression(value), span: span)
      case .binding(let name, let value, let span):
        guard Self.budgets.contains(name) else { throw unknownStop(name, span) }
        items.append(StopsCode.Item(name: name, code: try expression(value), span: span))
      case .expression(let id):
        if case .comparison(let left, let links) = tree[id], case .name(let name) = tree[left] {
          guard links.count == 1, Self.tolerances.contains(name) else {
            throw unknownStop(name, span(id))
          }
          let isGoal = name == "value" && sign < 0
          let comparisons: [ComparisonOperator] =
            isGoal ? [.greater, .greaterOrEqual] : [.less, .lessOrEqual]
          guard comparisons.contains(links[0].comparison) else {
            throw fail("this stop is written `\(name) \(isGoal ? ">" : "<") …`", id)
          }
          items.append(
            StopsCode.Item(name: name, code: try expression(links[0].operand), span: span(id)))
        } else if custom == nil {
          custom = try expression(id)
          customSpan = span(id)
        } else {
          throw fail("`until` takes one function", id)
        }
      case .draw(_, _, let span), .membership(_, _, let span):
        throw Diagnostic(.error, "this is not a stop", at: span)
      }
    }
    return StopsCode(
      items: items, checkpoint: checkpoint, custom: custom, customSpan: customSpan, sign: sign)
  }

  private func unknownStop(_ name: String, _ span: SourceSpan) -> Diagnostic {
    let near = Suggestions.nearest(name, in: Self.budgets + Self.tolerances)
    let help =
      Self.budgets.contains(name)
      ? "write `\(name) = …`"
      : Self.tolerances.contains(name)
        ? "write `\(name) < …`"
        : near.isEmpty
          ? "stops are `steps = …`, `evaluations = …`, `seconds = …`, `gradient < …`, "
            + "`value < …`, `change < …`, or a function `r -> …`"
          : "did you mean `\(near.joined(separator: "` or `"))`?"
    return Diagnostic(.error, "`\(name)` is not a stop of this form", at: span, help: help)
  }
}

extension StopsCode {
  /// The stops with their numbers.
  func value(_ machine: Machine, _ frame: Frame) throws -> Stops {
    // A checkpoint alone is no stop.
    if items.isEmpty, custom == nil { return .standard }
    var stops = Stops()
    for item in items {
      let value = try item.code(frame)
      guard let number = value.scalar, !number.isNaN else {
        let found = value.scalar == nil ? value.kindDescription : "nan"
        throw Diagnostic(
          .error, "`\(item.name)` wants a number, found \(found)", at: item.span)
      }
      switch item.name {
      case "steps", "evaluations", "epochs":
        guard number >= 0, number == number.rounded() else {
          throw Diagnostic(
            .error, "`\(item.name)` is a whole number, found \(NumberFormat.short(number))",
            at: item.span)
        }
        let count = Int(exactly: min(number, 1e15)) ?? Int.max
        if item.name == "steps" { stops.steps = count }
        if item.name == "evaluations" { stops.evaluations = count }
        if item.name == "epochs" {
          throw Diagnostic(.error, "`epochs` needs the clause `over`", at: item.span)
        }
      case "seconds": stops.seconds = max(0, number)
      case "gradient": stops.gradient = number
      case "value": stops.value = sign * number
      default: stops.change = number
      }
    }
    return stops
  }

  /// The user's function of the state of the run.
  func condition(
    _ machine: Machine, _ frame: Frame, _ templates: [Template], _ names: [String],
    _ objective: CostObjective
  ) throws -> ((StepInfo) -> Bool)? {
    guard let custom else { return nil }
    let span = customSpan
    let function = try custom(frame)
    guard case .function = function else {
      throw Diagnostic(
        .error, "`until` wants stops or a function, found \(function.kindDescription)", at: span,
        help: "write `steps = 100`, `gradient < 1e-6` or `r -> r.value < 0.1`")
    }
    return { [unowned machine] info in
      do {
        let solution = RunReport.structured(
          UnsafeBufferPointer(start: info.x, count: info.dimension), templates, names)
        let state = Value.record(
          Record(
            names: [
              "step", "steps", "value", "gradient", "change", "evaluations", "seconds", "solution",
            ],
            values: [
              .number(Double(info.step)), .number(Double(info.step)),
              .number(objective.sign * info.value),
              .number(info.gradientNorm), .number(info.change),
              .number(Double(info.evaluations)), .number(info.seconds), solution,
            ], report: RunState()))
        let answer = try machine.apply(
          function, [state], spans: [span], at: span, calleeSpan: span)
        return try machine.decide(answer, span)
      } catch {
        objective.failure = error
        return true
      }
    }
  }
}

/// The state of a run, as the function after `until` sees it.
private struct RunState: Report {
  func lines(_ style: DisplayStyle) -> [String] { ["the state of a run"] }
}
