/// Reading the arguments of built-in functions, with errors that name the function and what it wants.
import OptGraph
import OptNumerics
import OptSyntax

extension Call {
  /// An argument made of numbers.
  func numbers(_ k: Int) throws -> Value {
    try numbers(self[k], span(k))
  }

  /// One of the arguments beyond the parameters, made of numbers.
  func numbers(_ value: Value, _ place: SourceSpan) throws -> Value {
    guard value.isNumeric else { throw wants("numbers", value, place) }
    return value
  }

  /// All numbers of an argument: those of a record one field after the other, as a column.
  func allNumbers(_ k: Int) throws -> Value {
    guard case .record = self[k] else { return try numbers(k) }
    return try machine.column(of: self[k], span(k))
  }

  /// `1` down the columns, `2` along the rows, nil over everything.
  func axis(_ k: Int) throws -> Int? {
    guard has(k) else { return nil }
    let x = self[k].isNumeric ? try machine.concrete(self[k], "an axis", span(k)) : .nan
    guard self[k].size ?? (0, 0) == (1, 1), x == 1 || x == 2 else {
      throw fail(
        "`axis` is 1 or 2, found \(described(self[k]))", k,
        help: "`axis = 1` goes down the columns, `axis = 2` along the rows")
    }
    return Int(x)
  }

  /// An option that is true or false.
  func flag(_ k: Int) throws -> Bool {
    guard has(k) else { return false }
    guard self[k].isMask, self[k].size ?? (0, 0) == (1, 1) else {
      throw wants("true or false", self[k], span(k))
    }
    return try machine.concrete(self[k], "an option", span(k)) != 0
  }

  /// One number, known or traced.
  func number(_ k: Int) throws -> Value {
    guard self[k].size ?? (0, 0) == (1, 1) else { throw wants("a number", self[k], span(k)) }
    return self[k]
  }

  /// A known whole number, not negative.
  func count(_ k: Int, _ what: String) throws -> Double {
    try count(number(k), what, span(k))
  }

  private func count(_ value: Value, _ what: String, _ place: SourceSpan) throws -> Double {
    let x = try machine.concrete(value, what, place)
    guard x >= 0, x == x.rounded() else {
      throw Diagnostic(
        .error, "\(what) is a whole number from 0, found \(NumberFormat.short(x))", at: place)
    }
    return x
  }

  /// Sizes from arguments `k` and `k + 1`: nothing is 1×1, one number a column, two elements as
  /// `size(A)` gives them a matrix.
  func sizes(from k: Int) throws -> (rows: Int, columns: Int) {
    guard has(k) else { return (1, 1) }
    let rows: Double
    let columns: Double
    if let m = self[k].matrix, m.count == 2, !has(k + 1) {
      rows = try count(.number(m.buffer[0]), "a size", span(k))
      columns = try count(.number(m.buffer[1]), "a size", span(k))
    } else {
      rows = try count(k, "a size")
      columns = has(k + 1) ? try count(k + 1, "a size") : 1
    }
    guard Matrix.count(rows: rows, columns: columns) != nil else {
      throw Matrix.tooLarge(rows, columns, span)
    }
    return (Int(rows), Int(columns))
  }

  /// A square matrix with elements.
  func square(_ k: Int) throws -> Int {
    guard let (rows, columns) = self[k].size else { throw wants("a matrix", self[k], span(k)) }
    guard rows == columns, rows > 0 else { throw wants("a square matrix", self[k], span(k)) }
    return rows
  }

  /// A matrix with elements, of any size.
  func filled(_ k: Int) throws -> (rows: Int, columns: Int) {
    guard let size = self[k].size else { throw wants("a matrix", self[k], span(k)) }
    guard size.rows > 0, size.columns > 0 else {
      throw wants("a matrix with elements", self[k], span(k))
    }
    return size
  }

  /// An argument that is a function.
  func function(_ k: Int) throws -> Function {
    guard case .function(let function) = self[k] else {
      throw wants("a function", self[k], span(k))
    }
    return function
  }

  func wants(_ what: String, _ found: Value, _ place: SourceSpan) -> Diagnostic {
    Diagnostic(
      .error, "`\(function)` wants \(what), found \(found.kindDescription)", at: place,
      help: found.isNumeric ? nil : hint(found))
  }

  private func hint(_ found: Value) -> String? {
    switch found {
    case .function(let f):
      let name = f.name ?? "f"
      return "call the function: `\(name)(\(f.parameterNames.joined(separator: ", ")))`"
    case .table: return "`matrix(t)` gives the numbers of a table, `t.name` one column"
    case .list: return "only numbers make a vector; a matrix is written `[1, 2; 3, 4]`"
    default: return nil
    }
  }

  private func described(_ value: Value) -> String {
    value.scalar.map { NumberFormat.short($0) } ?? value.kindDescription
  }
}
