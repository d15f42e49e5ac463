/// Sizes of calls, in terms of the sizes of their arguments.
import OptSyntax

extension NameSizes {
  mutating func call(
    _ callee: NodeID, _ arguments: [Argument], _ place: FormulaPlace
  ) throws -> Size? {
    var sizes: [Size?] = []
    for argument in arguments { sizes.append(try size(place.at(argument.value))) }
    guard let (function, given) = names.callee(callee, arguments, place) else { return nil }
    let number = Size(rows: one, columns: one)
    switch function.kind {
    case .closure:
      guard let body = names.body(of: function, given, from: place.scope) else { return nil }
      return try size(body)
    case .elementary: return joined(sizes)
    case .builtin(let builtin):
      guard let first = sizes.first else { return nil }
      switch SizeRule.builtins[builtin.name] {
      case .fold:
        if arguments.count > 1, builtin.isElementwiseExtreme, given["axis"] == nil {
          return joined(sizes)
        }
        guard let axis = given["axis"] else { return number }
        guard let first, case .number(let value, _) = axis.node else { return nil }
        return value == 1
          ? Size(rows: one, columns: first.columns) : Size(rows: first.rows, columns: one)
      case .same: return first
      case .ofSquare, .square:
        guard let first else { return nil }
        guard join(first.rows, first.columns) else {
          throw Diagnostic(
            .error, "`\(builtin.name)` wants a square matrix, found \(description(first))",
            at: place.at(arguments[0].value).span)
        }
        if case .square = SizeRule.builtins[builtin.name] { return first }
        return number
      case nil: return try other(builtin.name, arguments, sizes, place)
      }
    case .derived, .custom: return nil
    }
  }

  /// The size of an elementwise result.
  private mutating func joined(_ sizes: [Size?]) -> Size? {
    guard var result = sizes.first ?? nil else { return nil }
    for next in sizes.dropFirst() {
      guard let next, let joined = broadcast(result, next) else { return nil }
      result = joined
    }
    return result
  }

  private mutating func other(
    _ name: String, _ arguments: [Argument], _ sizes: [Size?], _ place: FormulaPlace
  ) throws -> Size? {
    let first = sizes.first ?? nil
    switch name {
    case "rows_of", "columns_of": return Size(rows: one, columns: one)
    case "dot":
      if sizes.count == 2, let x = first, let y = sizes[1], broadcast(x, y) == nil {
        throw misfit(
          .elementMultiply, place.at(arguments[0].value), x, place.at(arguments[1].value), y, place)
      }
      return Size(rows: one, columns: one)
    case "outer":
      guard sizes.count == 2, let x = first, let y = sizes[1] else { return nil }
      return Size(rows: x.rows, columns: y.rows)
    case "diag":
      guard let first else { return nil }
      if isOne(first.columns) { return Size(rows: first.rows, columns: first.rows) }
      return join(first.rows, first.columns) ? Size(rows: first.rows, columns: one) : nil
    case "ones", "zeros", "eye":
      // `ones(length(x))` is as long as x.
      let counts = try arguments.map { try count(place.at($0.value)) }
      guard let rows = counts.first ?? nil else { return nil }
      if counts.count == 1 { return Size(rows: rows, columns: name == "eye" ? rows : one) }
      return counts[1].map { Size(rows: rows, columns: $0) }
    default: return nil
    }
  }

  /// A number that is itself a size: `length(x)`, `rows_of(A)`, a literal.
  private mutating func count(_ place: FormulaPlace) throws -> Int? {
    switch place.node {
    case .number(let value, _): return Int(exactly: value).map { number($0) }
    case .name(let name):
      switch names.meaning(name, in: place.scope) {
      case .place(let other): return try count(other)
      default: return nil
      }
    case .call(let callee, let arguments):
      guard let (function, _) = names.callee(callee, arguments, place),
        let first = arguments.first, let size = try size(place.at(first.value))
      else { return nil }
      switch function.name {
      case "length": return isOne(size.columns) ? size.rows : nil
      case "rows_of": return size.rows
      case "columns_of": return size.columns
      default: return nil
      }
    default: return nil
    }
  }

  /// If a place is the counter of `for i in 1:n`: n.
  mutating func running(_ place: FormulaPlace) throws -> Int? {
    guard case .name(let name) = place.node,
      case .counter(let source) = names.meaning(name, in: place.scope),
      case .range(let from, nil, let to) = source.node,
      case .number(1, _) = source.scope.tree[from]
    else { return nil }
    return try count(source.at(to))
  }
}
