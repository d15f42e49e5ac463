/// The two sides of a fit as functions of parameters and columns.
import OptGraph
import OptNumerics
import OptSyntax

/// One expression of the sentence: a function of the parameters, then of the open names.
final class FitSide {
  private let machine: Machine
  private let function: Value
  let openNames: [String]
  private let span: SourceSpan
  /// What there is one of for each row, for messages.
  private let what: String
  /// Whether the expression is evaluated row by row: it makes no sense for whole columns.
  private var isByRow = false

  init(
    _ machine: Machine, _ function: Value, _ openNames: [String], _ span: SourceSpan,
    what: String = "number"
  ) {
    self.what = what
    self.machine = machine
    self.function = function
    self.openNames = openNames
    self.span = span
  }

  /// One number a row. A column stands for the vector of its numbers, as everywhere; an expression
  /// that only makes sense for numbers (`x^2`, `a/b`, `if x > 3 …`) is evaluated row by row.
  func prepare(_ parameters: [Value], _ columns: FitColumns) throws {
    isByRow = false
    var first: Value?
    let isPossible = openNames.allSatisfy { (columns.values[$0]?.size ?? (1, 1)).columns == 1 }
    do {
      let value = try whole(parameters, columns)
      if fits(value, columns) { return }
      guard isPossible else { throw wrong(value, columns) }
      first = value
    } catch let error as Diagnostic {
      guard isPossible else { throw known(error, columns) }
    }
    isByRow = true
    do {
      let value = try byRow(parameters, columns)
      guard fits(value, columns) else { throw wrong(first ?? value, columns) }
    } catch let error as Diagnostic {
      throw known(error, columns)
    }
  }

  /// The numbers of all rows, a column.
  func values(_ parameters: [Value], _ columns: FitColumns) throws -> Value {
    let value = try isByRow ? byRow(parameters, columns) : whole(parameters, columns)
    guard fits(value, columns) else { throw wrong(value, columns) }
    return value
  }

  private func whole(_ parameters: [Value], _ columns: FitColumns) throws -> Value {
    try apply(parameters + openNames.map { columns.values[$0] ?? .unset })
  }

  private func byRow(_ parameters: [Value], _ columns: FitColumns) throws -> Value {
    let used = openNames.filter { columns.values[$0]?.size.map { $0.rows > 1 } ?? false }
    guard !used.isEmpty else { return try whole(parameters, columns) }
    let arguments = used.compactMap { columns.values[$0] }
    return try machine.map(arguments, used.map { _ in span }, span) { items in
      let row = Dictionary(uniqueKeysWithValues: zip(used, items))
      return try apply(parameters + openNames.map { row[$0] ?? columns.values[$0] ?? .unset })
    }
  }

  private func apply(_ arguments: [Value]) throws -> Value {
    try machine.apply(
      function, arguments, spans: arguments.map { _ in span }, at: span, calleeSpan: span)
  }

  private func fits(_ value: Value, _ columns: FitColumns) -> Bool {
    guard value.isNumeric, !value.isMask, let size = value.size else { return false }
    if size == (columns.rowCount, 1) { return true }
    // The same number in all rows: nothing in it is a column.
    return size == (1, 1) && openNames.allSatisfy { (columns.values[$0]?.size ?? (1, 1)) == (1, 1) }
  }

  private func wrong(_ value: Value, _ columns: FitColumns) -> Diagnostic {
    if case .function(let f) = value {
      return Diagnostic(
        .error, "a fit wants a formula, found a function", at: span,
        help: "write `\(f.name ?? "f")(…)`")
    }
    return Diagnostic(
      .error,
      "a fit wants one \(what) for each of the \(columns.rowCount) rows, found "
        + value.kindDescription, at: span)
  }

  /// An unknown name may be a column that is written wrongly.
  private func known(_ error: Diagnostic, _ columns: FitColumns) -> Diagnostic {
    guard let name = openNames.first(where: { error.message == "unknown name `\($0)`" }) else {
      return error
    }
    var error = error
    let near = Suggestions.nearest(name, in: columns.names)
    error.message = "`\(name)` is neither a column of the table nor a name with a value"
    error.notes.append("columns: " + columns.names.joined(separator: ", "))
    error.help =
      near.isEmpty
      ? "parameters of the fit are named after `from`"
      : "did you mean `\(near.joined(separator: "` or `"))`?"
    return error
  }
}
