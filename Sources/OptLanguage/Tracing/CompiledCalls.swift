/// Calls of derivatives outside of a trace: compiled once for arguments of one structure.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

/// What is compiled for calls of derivatives of one function, by structure of the arguments.
final class CompiledCalls {
  var entries: [String: CompiledCall] = [:]
  /// The one that was used last.
  var recent: CompiledCall?
  /// Different known numbers seen for named arguments; beyond a few they become inputs.
  var namedNumbers = 0
  static let largestCount = 32
}

/// What is compiled for calls of one derivative with arguments of one structure.
final class CompiledCall {
  let order: DerivedFunction.Order
  let traced: TracedFunction
  /// Those of the positional arguments.
  let templates: [Template]
  /// These, then those of directions and of named arguments.
  let all: [Template]
  let names: [String]

  init(
    _ order: DerivedFunction.Order, _ traced: TracedFunction, _ templates: [Template],
    all: [Template], names: [String]
  ) {
    self.order = order
    self.traced = traced
    self.templates = templates
    self.all = all
    self.names = names
  }

  /// The numbers of the arguments, leaf by leaf, where this serves them.
  fileprivate func numbers(
    _ order: DerivedFunction.Order, _ positional: [Value], _ directions: [Value],
    _ named: [(name: String, value: Value, span: SourceSpan)]
  ) -> [Matrix]? {
    guard order == self.order, positional.count == templates.count,
      positional.count + directions.count + named.count == all.count, named.count == names.count
    else { return nil }
    let leaves = traced.leaves
    var parts: [Matrix] = []
    parts.reserveCapacity(leaves.count)
    var k = 0
    for value in positional {
      guard all[k].serves(value, leaves, &parts) else { return nil }
      k += 1
    }
    for value in directions {
      guard all[k].serves(value, leaves, &parts) else { return nil }
      k += 1
    }
    for (argument, name) in zip(named, names) {
      guard argument.name == name, all[k].serves(argument.value, leaves, &parts) else { return nil }
      k += 1
    }
    return parts
  }
}

extension Machine {
  private func compiledCalls(of function: Function) -> CompiledCalls {
    // Built-in functions are shared by all machines; what is compiled belongs to one.
    if function.isShared {
      let key = ObjectIdentifier(function)
      if let known = sharedFunctionCalls[key] { return known }
      let made = CompiledCalls()
      sharedFunctionCalls[key] = made
      return made
    }
    if let known = function.compiled { return known }
    let made = CompiledCalls()
    function.compiled = made
    return made
  }

  func compiledCall(
    _ derived: DerivedFunction, _ positional: [Value], _ directions: [Value],
    _ named: [(name: String, value: Value, span: SourceSpan)], _ spans: [SourceSpan],
    _ span: SourceSpan
  ) throws -> Value {
    let base = derived.base
    let names = base.positionalNames
    let calls = compiledCalls(of: base)
    if let recent = calls.recent,
      let numbers = recent.numbers(derived.order, positional, directions, named)
    {
      return try evaluate(recent, derived, numbers, span)
    }
    // Positional arguments, then directions, then named data are flat inputs.
    var leaves: [Leaf] = []
    let templates = positional.enumerated().map { k, value in
      Template.of(value, named: k < names.count ? names[k] : "x", &leaves)
    }
    let variableCount = leaves.count
    let directionTemplates = directions.map { Template.of($0, named: "v", &leaves) }
    let namedTemplates = named.map { argument -> Template in
      // A known number shapes the trace until it has changed a few times.
      if case .number = argument.value, calls.namedNumbers < 4 { return .constant(argument.value) }
      return Template.of(argument.value, named: argument.name, &leaves)
    }
    var key = "\(derived.order)"
    for template in templates + directionTemplates { key += " " + template.key(leaves) }
    for (argument, template) in zip(named, namedTemplates) {
      key += " \(argument.name)=" + template.key(leaves)
      if case .constant(.number(let x)) = template { key += "\(x)" }
    }
    let call: CompiledCall
    let all = templates + directionTemplates + namedTemplates
    if let known = calls.entries[key] {
      call = known
    } else {
      if calls.entries.count >= CompiledCalls.largestCount { calls.entries.removeAll() }
      if named.contains(where: { if case .number = $0.value { true } else { false } }) {
        calls.namedNumbers += 1
      }
      let constants = zip(named, namedTemplates).map { ($0.name, $1, $0.span) }
      let order = derived.order
      let traced = TracedFunction(self, leaves: leaves, variableCount: variableCount, at: span) {
        [unowned self, unowned base] values in
        // The base owns what is compiled here and cannot be owned by it.
        let derived = DerivedFunction(base: base, order: order)
        func arguments(_ templates: [Template]) -> [Value] {
          templates.map { $0.value { values[$0] } }
        }
        let fixed = constants.map { name, template, place in
          (name: name, value: template.value { values[$0] }, span: place)
        }
        let result = try self.inGraph(
          derived, arguments(templates), arguments(directionTemplates), fixed, spans, span,
          areInputs: true)
        // One flat vector: the parts in order.
        return try self.flattened(result, span)
      }
      call = CompiledCall(order, traced, templates, all: all, names: named.map(\.name))
      calls.entries[key] = call
    }
    calls.recent = call
    var numbers: [Matrix] = []
    for (template, value) in zip(all, positional + directions + named.map(\.value)) {
      numbers += (template.leaves(of: value) ?? []).compactMap(\.matrix)
    }
    return try evaluate(call, derived, numbers, span)
  }

  private func evaluate(
    _ call: CompiledCall, _ derived: DerivedFunction, _ matrices: [Matrix], _ span: SourceSpan
  ) throws -> Value {
    let traced = call.traced
    for (k, matrix) in matrices.enumerated() where k < traced.leaves.count {
      traced.pointers[k] = UnsafePointer(matrix.buffer.pointer)
    }
    traced.draw = random.key
    let executable = try withExtendedLifetime(matrices) { try traced.run(.value) }
    if traced.isRandom { random.draw &+= 1 }
    guard let executable else { throw Interrupted(span: span) }
    let shape = executable.shape(0)
    let flat = executable.output(0)
    if !executable.implicit.isEmpty, (0..<shape.count).contains(where: { flat[$0].isNaN }),
      let function = executable.implicit.first(where: { $0.failure != nil })
    {
      throw function.withoutDerivative
    }
    func matrix(_ offset: Int, _ rows: Int, _ columns: Int) -> Value {
      let buffer = Buffer(uninitialized: rows * columns)
      buffer.pointer.update(from: flat + offset, count: rows * columns)
      return Value(Matrix(buffer, rows: rows, columns: columns))
    }
    switch derived.order {
    case .gradient, .hvp, .vjp:
      var offset = 0
      let parts = traced.leaves.prefix(traced.variableCount).map { leaf in
        defer { offset += leaf.count }
        return matrix(offset, leaf.rows, leaf.columns)
      }
      return Self.structured(call.templates, derived.base.positionalNames, parts)
    default:
      guard let pattern = executable.pattern else {
        return matrix(0, Int(shape.rows), Int(shape.columns))
      }
      let values = Buffer(uninitialized: pattern.count)
      values.pointer.update(from: flat, count: pattern.count)
      return Value(SparseMatrix(pattern, values))
    }
  }

  /// All numbers of a value as one column, or a single matrix as it is.
  func flattened(_ value: Value, _ span: SourceSpan) throws -> Value {
    if value.isNumeric { return value }
    var leaves: [Leaf] = []
    let template = Template.of(value, named: "", &leaves, booleans: true)
    let parts = try (template.leaves(of: value) ?? []).map { try expression($0, span) }
    let graph = try place(span)
    var pieces: [(expression: Expression, map: StridedMap)] = []
    var offset = 0
    for part in parts {
      pieces.append((part, StridedMap(offset: offset, strides: part.shape.strides)))
      offset += part.shape.count
    }
    return Value(graph.assemble(Shape(rows: offset, columns: 1), adds: false, pieces))
  }
}
