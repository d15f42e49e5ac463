/// Derivatives of functions as formulas: `g'(x) = 3x² sin(x) + x³ cos(x)`.
import OptCalculus
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  /// What is shown for a derivative: its formula, or what it is a function of where there is none.
  func formulas(of function: Function, _ derived: DerivedFunction, _ width: Int) -> [String] {
    let parameters = variableNames(of: derived.base)
    let head = "\(derived.name)(\(parameters.joined(separator: ", ")))"
    guard tracer == nil, let value = try? symbolic(function, derived, parameters) else {
      return ["\(derived.name), a function of \(Self.listed(parameters))"]
    }
    let isNamed = derived.innermost.name != nil
    let arrow = parameters.count == 1 ? parameters[0] : "(\(parameters.joined(separator: ", ")))"
    let start = isNamed ? head + " = " : arrow + " -> "
    if case .list(let columns) = value, derived.order == .jacobian {
      let texts = columns.items.map(formula)
      return [start + (texts.count == 1 ? texts[0] : "columns(\(texts.joined(separator: ", ")))")]
    }
    guard case .record(let record) = value else { return [start + formula(value)] }
    let parts = zip(record.names, record.values).map { "\($0) = \(formula($1))" }
    let line = start + "(" + parts.joined(separator: ", ") + ")"
    if line.count <= width { return [line] }
    let last = parts.count - 1
    return [start + "("] + parts.enumerated().map { "  \($1)\($0 < last ? "," : "")" } + [")"]
  }

  private static func listed(_ names: [String]) -> String {
    guard let last = names.last else { return "nothing" }
    return names.count == 1 ? last : "(" + names.joined(separator: ", ") + ")"
  }

  /// The parameters that derivatives are taken by: those without default values.
  func variableNames(of function: Function) -> [String] {
    switch function.kind {
    case .closure(let code, _):
      let required = code.parameters.prefix(code.requiredCount).map(\.name)
      return required.isEmpty ? function.parameterNames : required
    case .builtin(let builtin):
      return builtin.parameters.prefix(builtin.requiredCount).map(\.name)
    case .derived(let derived): return variableNames(of: derived.base)
    case .custom(let custom): return variableNames(of: custom.base)
    case .elementary: return function.parameterNames
    }
  }

  /// The derivative at numbers, vectors and matrices without values.
  func symbolic(
    _ function: Function, _ derived: DerivedFunction, _ parameters: [String]
  ) throws -> Value {
    switch derived.order {
    case .hvp, .jvp, .vjp:
      throw Diagnostic(.error, "products have no formula of their own", at: .none)
    default: break
    }
    return try withOpenSizes(
      of: .function(derived.innermost), valued: [:], { (value: Value) in text(value) }
    ) { shapes in
      // Without a size that is known or open the function is one of numbers, unless it says not.
      if shapes.isEmpty, ArrayUse.isIn(derived.innermost, self) {
        throw Diagnostic(.error, "no formula: the sizes are not known", at: .none)
      }
      let value = try symbolic(function, derived, parameters, shapes)
      if !shapes.isEmpty, text(value).hasSuffix("…") {
        throw Diagnostic(.error, "the formula is too long to be read", at: .none)
      }
      return value
    }
  }

  private func text(_ value: Value) -> String {
    switch value {
    case .record(let record): record.values.map(formula).joined(separator: "; ")
    case .list(let list): list.items.map(formula).joined(separator: "; ")
    default: formula(value)
    }
  }

  private func symbolic(
    _ function: Function, _ derived: DerivedFunction, _ parameters: [String],
    _ shapes: [String: OpenShape]
  ) throws -> Value {
    // A look at a function is not a call of it: nothing is printed, no numbers are drawn.
    let (output, random) = (self.output, self.random)
    self.output = { _ in }
    defer {
      self.output = output
      self.random = random
    }
    let isMatrix = derived.order == .hessian || derived.order == .jacobian
    let tracer = Tracer(.display, hasPoint: false)
    tracer.openShapes = shapes
    return try tracing(tracer) {
      let inputs = parameters.map { Value.traced(TracedNumbers(tracer.symbol($0))) }
      let whole = try apply(
        .function(isMatrix ? derived.base : function), inputs, spans: inputs.map { _ in .none },
        at: .none,
        calleeSpan: .none)
      guard isMatrix, case .traced(let numbers) = whole else { return whole }
      let variables = inputs.compactMap { input -> Expression? in
        if case .traced(let numbers) = input { numbers.expression } else { nil }
      }
      guard shapes.isEmpty else {
        return try matrices(derived.order, numbers.expression, variables)
      }
      return entries(derived.order, numbers.expression, variables)
    }
  }

  /// A Hessian by one vector, Jacobians by vectors, in matrix form.
  private func matrices(
    _ order: DerivedFunction.Order, _ y: Expression, _ variables: [Expression]
  ) throws -> Value {
    let gradients = order == .hessian ? gradient(of: y, by: variables) : [y]
    let parts = variables.compactMap { matrixDerivative(of: gradients[0], by: $0) }
    guard parts.count == variables.count, order == .jacobian || parts.count == 1 else {
      throw Diagnostic(.error, "there is no matrix form", at: .none)
    }
    return order == .hessian ? Value(parts[0]) : .list(parts.map { Value($0) })
  }

  /// A matrix of derivatives by its entries or columns, which reads better than what is computed.
  private func entries(
    _ order: DerivedFunction.Order, _ y: Expression, _ variables: [Expression]
  ) -> Value {
    let count = variables.count
    guard order == .hessian else {
      return .list(
        variables.map { variable in
          Value(pushforward([y], along: [(variable, tangent: y.graph.number(1))])[0])
        })
    }
    let parts = gradient(of: y, by: variables).flatMap { gradient(of: $0, by: variables) }
    if count == 1 { return Value(parts[0]) }
    let pieces = parts.enumerated().map { k, part in
      (expression: part, map: StridedMap(offset: k, strides: [0, 0]))
    }
    return Value(y.graph.assemble(Shape(rows: count, columns: count), adds: false, pieces))
  }

  private func formula(_ value: Value) -> String {
    guard case .traced(let numbers) = value else { return summary(value) }
    return Formula.of(numbers.expression).text
  }
}

extension DerivedFunction {
  /// The function that is not itself a derivative.
  fileprivate var innermost: Function {
    var function = base
    while case .derived(let inner) = function.kind { function = inner.base }
    return function
  }
}
