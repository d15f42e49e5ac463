/// Notes for calls at the top level whose value is not finite: where the NaN came from.
import OptEngine
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

extension Machine {
  /// Says which sub-expression is to blame when a call `f(…)`, `f'(…)`, `∇f(…)` of a written
  /// function at the top level gave NaN or an infinite number although its arguments are finite.
  ///
  /// The call is made once more, as a trace; nothing is printed or drawn again.
  func noteCulprit(_ value: Value, of statement: NodeID, _ compiler: Compiler) {
    guard value.hasNonFinite, case .call(let callee, let arguments) = compiler.tree[statement],
      arguments.allSatisfy({ $0.name == nil })
    else { return }
    let (speak, drawn) = (output, random)
    output = { _ in }
    defer {
      output = speak
      random = drawn
    }
    guard case .function(let function)? = try? runTopLevel(compiler, callee), function.isWritten
    else { return }
    var values: [Value] = []
    for argument in arguments {
      guard let value = try? runTopLevel(compiler, argument.value), !value.hasNonFinite else {
        return
      }
      values.append(value)
    }
    let span = compiler.span(statement)
    guard let fault = try? culprit(of: function, values, span) else { return }
    speak(.diagnostic(Diagnostic(.note, Machine.lines(fault).joined(), at: .none)))
  }

  private func culprit(
    of function: Function, _ arguments: [Value], _ span: SourceSpan
  ) throws -> Fault? {
    var leaves: [Leaf] = []
    let names = function.positionalNames
    let templates = arguments.enumerated().map { k, value in
      Template.of(value, named: k < names.count ? names[k] : "x", &leaves)
    }
    let matrices = zip(templates, arguments).flatMap { template, value in
      (template.leaves(of: value) ?? []).compactMap(\.matrix)
    }
    guard matrices.count == leaves.count else { return nil }
    var base = function
    while case .derived(let derived) = base.kind { base = derived.base }
    var inner = Value.nothing
    let spans = arguments.map { _ in span }
    let traced = TracedFunction(
      self, leaves: leaves, variableCount: leaves.count, at: span
    ) { [unowned self] values in
      func call(_ function: Function) throws -> Value {
        try self.apply(
          .function(function), templates.map { $0.value { values[$0] } }, spans: spans, at: span,
          calleeSpan: span)
      }
      inner = try call(base)
      return try self.flattened(base === function ? inner : call(function), span)
    }
    for (k, matrix) in matrices.enumerated() {
      traced.pointers[k] = UnsafePointer(matrix.buffer.pointer)
    }
    return try withExtendedLifetime(matrices) {
      let path = try traced.path()
      let (y, root) = try tracing(path.tracer) {
        (try expression(flattened(inner, span), span), try expression(path.result, span))
      }
      let search = CulpritSearch(tracer: path.tracer)
      if let fault = search.fault(in: y) { return fault }
      // Of a gradient: the variable that the component belongs to.
      let count = leaves.reduce(0) { $0 + $1.count }
      return search.fault(in: root, values: [y]) {
        leaves.map(\.block).name(ofComponent: $0 % max(count, 1))
      }
    }
  }
}

extension Function {
  /// Whether it is, or is a derivative of, a function written in the language.
  fileprivate var isWritten: Bool {
    switch kind {
    case .closure: true
    case .derived(let derived): derived.base.isWritten
    case .custom(let custom): custom.base.isWritten
    case .elementary, .builtin: false
    }
  }
}

extension Value {
  /// Whether some number in it is NaN or infinite.
  var hasNonFinite: Bool {
    switch self {
    case .number(let x): !x.isFinite
    case .matrix(let m): m.buffer.elements.contains { !$0.isFinite }
    case .record(let r): r.report == nil && r.values.contains { $0.hasNonFinite }
    case .list(let l): l.items.contains { $0.hasNonFinite }
    default: false
    }
  }
}
