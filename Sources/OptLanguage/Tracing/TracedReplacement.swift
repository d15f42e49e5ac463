/// Values with what is traced in them replaced: how a function that was made inside of a trace runs
/// outside of it.
import OptGraph
import OptSyntax

/// Replaces the traced numbers in values: in records and lists, and in what functions captured.
struct TracedReplacement {
  /// What takes the place of traced numbers; nil leaves them.
  let replace: (TracedNumbers) throws -> Value?
  /// Functions that were seen, with what became of them; nil where nothing changes.
  private var functions: [ObjectIdentifier: Function?] = [:]
  private var depth = 0
  /// Functions in functions are followed this deep.
  private static let deepest = 200

  init(_ replace: @escaping (TracedNumbers) throws -> Value?) { self.replace = replace }

  /// The value with replacements.
  mutating func callAsFunction(_ value: Value) throws -> Value { try changed(value) ?? value }

  /// Nil where there is nothing to replace.
  private mutating func changed(_ value: Value) throws -> Value? {
    switch value {
    case .traced(let numbers): return try replace(numbers)
    case .record(let record):
      return try changed(record.values).map {
        .record(Record(names: record.names, values: $0, report: record.report))
      }
    case .list(let list): return try changed(list.items).map { .list($0) }
    case .function(let function): return try changed(function).map { .function($0) }
    case .method(let method):
      let recipe = method.recipe
      guard case .written(let start, let step) = method.kind,
        let parts = try changed([start, step] + (recipe?.arguments ?? []))
      else { return nil }
      return .method(
        MethodValue(
          .written(start: parts[0], step: parts[1]), name: method.name,
          recipe: recipe.map {
            MethodRecipe(
              function: $0.function, arguments: Array(parts.dropFirst(2)), schedules: $0.schedules)
          }))
    default: return nil
    }
  }

  private mutating func changed(_ values: [Value]) throws -> [Value]? {
    var result: [Value]?
    for (k, value) in values.enumerated() {
      guard let new = try changed(value) else { continue }
      if result == nil { result = values }
      result?[k] = new
    }
    return result
  }

  private mutating func changed(_ function: Function) throws -> Function? {
    if function.isShared { return nil }
    let key = ObjectIdentifier(function)
    if let known = functions[key] { return known }
    guard depth < Self.deepest else {
      throw Diagnostic(
        .error, "functions hold functions more than \(Self.deepest) levels deep here", at: .none)
    }
    depth += 1
    defer { depth -= 1 }
    let made: Function?
    switch function.kind {
    case .closure(let code, let captures):
      made = try changed(captures).map { Function(.closure(code, captures: $0)) }
    case .derived(let derived):
      made = try changed(derived.base).map {
        Function(.derived(DerivedFunction(base: $0, order: derived.order)))
      }
    case .custom(let custom):
      let (base, gradient) = (try changed(custom.base), try changed(custom.gradient))
      made =
        base == nil && gradient == nil
        ? nil
        : Function(
          .custom(
            CustomFunction(
              base: base ?? custom.base, gradient: gradient ?? custom.gradient,
              isChecked: custom.isChecked, span: custom.span)))
    case .elementary, .builtin: made = nil
    }
    functions[key] = .some(made)
    return made
  }
}
