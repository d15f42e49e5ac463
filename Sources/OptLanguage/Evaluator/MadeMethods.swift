/// Methods that functions of the language make: their names, and hyperparameters that change from
/// step to step.
import OptSolvers
import OptSyntax

/// What a step of a method written in the language is taken with, beside θ, g and the state.
struct StepContext {
  /// The number of steps made before, for schedules.
  var step: Value
  /// The value of the cost at θ.
  var value: Value
}

extension Machine {
  /// A method that a function makes is called by the function's name and those of its arguments
  /// that are not the usual ones, and remembers all of them. A function where the default is a
  /// number is a schedule.
  func labelled(
    _ value: Value, _ code: FunctionCode, _ function: Function, _ frame: Frame
  ) throws -> Value {
    guard case .method(let method) = value, case .written = method.kind, let name = code.name,
      method.name == MethodValue.unnamed || code.isLibrary
    else { return value }
    var parts: [String] = []
    var schedules: [Int] = []
    for (k, parameter) in code.parameters.enumerated() {
      let usual = try parameter.fallback?(frame).scalar
      switch frame[k] {
      case .function where usual != nil:
        schedules.append(k)
        parts.append("\(parameter.name) = …")
      case .method(let inner): parts.append(inner.label)
      case .function(let inner) where inner.canBeCalledBare: parts.append(inner.name ?? "…")
      default:
        guard let number = frame[k].scalar, number != usual || k == 0 else { continue }
        parts.append("\(parameter.name) = \(NumberFormat.short(number))")
      }
    }
    let label = parts.isEmpty ? name : "\(name)(\(parts.joined(separator: ", ")))"
    let recipe = MethodRecipe(
      function: function, arguments: code.parameters.indices.map { frame[$0] },
      schedules: schedules)
    return .method(MethodValue(method.kind, name: label, recipe: recipe))
  }

  /// The method that a function makes without arguments: `adam`.
  func method(madeBy function: Function, _ span: SourceSpan) throws -> MethodValue? {
    guard function.canBeCalledBare,
      case .method(let method) = try apply(
        .function(function), [], spans: [], at: span, calleeSpan: span)
    else { return nil }
    return method
  }

  /// The functions `start` and `step` of a written method, with its schedules at `step`.
  func parts(
    of method: MethodValue, at step: Value, _ span: SourceSpan
  ) throws -> (start: Value, step: Value) {
    guard case .written(let start, let advance) = method.kind else {
      throw Diagnostic(
        .error, "`\(method.name)` is not written in the language", at: span,
        help: "wrappers take methods such as `sgd`, `momentum` and `adam`")
    }
    guard let recipe = method.recipe, !recipe.schedules.isEmpty else { return (start, advance) }
    var arguments = recipe.arguments
    for k in recipe.schedules {
      arguments[k] = try scheduled(recipe, k, at: step, span)
    }
    let made = try apply(
      .function(recipe.function), arguments, spans: [], at: span, calleeSpan: span)
    guard case .method(let current) = made, case .written(let start, let advance) = current.kind
    else { return (start, advance) }
    return (start, advance)
  }

  /// The number that an argument has at a step.
  private func scheduled(
    _ recipe: MethodRecipe, _ k: Int, at step: Value, _ span: SourceSpan
  ) throws -> Value {
    let value = try apply(recipe.arguments[k], [step], spans: [span], at: span, calleeSpan: span)
    guard value.isNumeric, value.size ?? (0, 0) == (1, 1) else {
      let name = recipe.function.parameterNames[k]
      throw Diagnostic(
        .error, "the schedule of `\(name)` gives \(value.kindDescription), not a number", at: span)
    }
    return value
  }

  /// The rate of a written method at a step; nil if it has no hyperparameter `rate`.
  func rate(of method: MethodValue, at step: Value, _ span: SourceSpan) throws -> Value? {
    guard let recipe = method.recipe,
      let k = recipe.function.parameterNames.firstIndex(of: "rate")
    else {
      for case .method(let inner)? in method.recipe?.arguments.map(Optional.some) ?? [] {
        return try rate(of: inner, at: step, span)
      }
      return nil
    }
    if recipe.schedules.contains(k) { return try scheduled(recipe, k, at: step, span) }
    return recipe.arguments[k].scalar.map { .number($0) }
  }

  /// `m.start` or `m.step`, for methods that are made of another one.
  func field(_ method: MethodValue, _ name: String, _ span: SourceSpan) throws -> Value {
    guard name == "start" || name == "step" else {
      throw Diagnostic(
        .error, "a method has no field `\(name)`", at: span, help: "it has: start, step")
    }
    let (start, _) = try parts(of: method, at: .number(0), span)
    if name == "start" { return start }
    nonisolated(unsafe) let inner = method
    return .function(
      Function(
        .builtin(
          Builtin("step(θ, g, s)", "One step of \(method.name).") { call in
            let machine = call.machine
            let context = machine.stepContext ?? StepContext(step: .number(0), value: .number(.nan))
            return try machine.step(
              inner, [call[0], call[1], call[2]], context, call.span)
          })))
  }

  /// One step of a written method from (θ, g, s).
  func step(
    _ method: MethodValue, _ arguments: [Value], _ context: StepContext, _ span: SourceSpan
  ) throws -> Value {
    let (_, step) = try parts(of: method, at: context.step, span)
    var all = arguments
    if case .function(let function) = step, function.positionalNames.count > 3 {
      all.append(context.value)
    }
    let before = stepContext
    stepContext = context
    defer { stepContext = before }
    return try apply(step, all, spans: all.map { _ in span }, at: span, calleeSpan: span)
  }
}
