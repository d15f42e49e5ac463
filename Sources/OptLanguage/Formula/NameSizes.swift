/// Sizes for names without a value that are vectors and matrices: which of them are equal.
///
/// The rows and columns of each such name are unknowns. The text is walked once; sums make sizes
/// equal, products the inner ones, `det` rows and columns. Unknowns that remain stand for any size.
import OptSyntax

struct NameSizes {
  /// Rows and columns, as places in `parents`.
  struct Size {
    var rows: Int
    var columns: Int
  }

  let names: SymbolNames
  /// The place of the text.
  let span: SourceSpan
  private var parents: [Int] = []
  /// Per root its number, if it is known.
  private var known: [Int?] = []
  private var ofSymbols: [Size] = []
  private let one: Int

  /// The names of a text and their sizes. Throws where two uses do not fit.
  init(_ names: SymbolNames, in place: FormulaPlace) throws {
    self.names = names
    span = place.span
    NameKinds(names: names).find(in: place)
    one = 0
    parents = [0]
    known = [1]
    for symbol in names.symbols {
      switch symbol.kind {
      case .column:
        // Of which only some elements are used is as long as it must be.
        let length = symbol.isWhole ? nil : symbol.largestIndex
        ofSymbols.append(Size(rows: unknown(length), columns: one))
      case .matrix: ofSymbols.append(Size(rows: unknown(), columns: unknown()))
      default: ofSymbols.append(Size(rows: one, columns: one))
      }
    }
    _ = try size(place)
  }

  /// The sizes as numbers: every unknown becomes another one; nothing for plain numbers.
  func concrete(_ number: (Int) -> Int) -> [String: OpenShape] {
    var chosen: [Int: Int] = [:]
    func value(_ dimension: Int) -> (Int, isOpen: Bool) {
      let root = root(dimension)
      if let value = known[root] { return (value, false) }
      let value = chosen[root] ?? number(chosen.count)
      chosen[root] = value
      return (value, true)
    }
    var result: [String: OpenShape] = [:]
    for (symbol, size) in zip(names.symbols, ofSymbols) where symbol.kind != nil {
      let (rows, columns) = (value(size.rows), value(size.columns))
      result[symbol.name] = OpenShape(
        rows: rows.0, columns: columns.0, isOpen: (rows.isOpen, columns.isOpen))
    }
    return result
  }

  /// Whether some name stands for a vector or matrix.
  var hasAny: Bool { names.symbols.contains { $0.kind != nil } }

  var symbolCount: Int { names.symbols.count }

  var openNames: [String] { names.symbols.filter { $0.kind != nil }.map(\.name) }

  // MARK: Unknowns

  private mutating func unknown(_ value: Int? = nil) -> Int {
    parents.append(parents.count)
    known.append(value)
    return parents.count - 1
  }

  private mutating func number(_ value: Int) -> Int { value == 1 ? one : unknown(value) }

  private func root(_ dimension: Int) -> Int {
    var current = dimension
    while parents[current] != current { current = parents[current] }
    return current
  }

  private func isOne(_ dimension: Int) -> Bool { known[root(dimension)] == 1 }
  private func isKnown(_ size: Size) -> Bool {
    known[root(size.rows)] != nil && known[root(size.columns)] != nil
  }
  private func isNumber(_ size: Size) -> Bool { isOne(size.rows) && isOne(size.columns) }

  /// Makes two sizes equal; false if they cannot be.
  private mutating func join(_ a: Int, _ b: Int) -> Bool {
    let (x, y) = (root(a), root(b))
    if x == y { return true }
    switch (known[x], known[y]) {
    case (let p?, let q?): return p == q
    // A vector is no number, so its length is not 1.
    case (1, nil), (nil, 1): return false
    case (nil, _): parents[x] = y
    default: parents[y] = x
    }
    return true
  }

  // MARK: The text

  private mutating func size(_ place: FormulaPlace) throws -> Size? {
    guard names.hasWork() else { return nil }
    switch place.node {
    case .number, .boolean: return Size(rows: one, columns: one)
    case .name(let name):
      switch names.meaning(name, in: place.scope) {
      case .symbol(let index):
        return index < ofSymbols.count ? ofSymbols[index] : Size(rows: one, columns: one)
      case .place(let other): return try size(other)
      case .known(let rows, let columns):
        return Size(rows: number(rows), columns: number(columns))
      case .counter: return Size(rows: one, columns: one)
      case .function, .other: return nil
      }
    case .prefix(.nabla, _): return nil
    case .prefix(_, let a): return try size(place.at(a))
    case .prime(let a), .transpose(let a):
      guard let inner = try size(place.at(a)) else { return nil }
      return Size(rows: inner.columns, columns: inner.rows)
    case .infix(let op, let a, let b): return try infix(op, place.at(a), place.at(b), place)
    case .comparison(let first, let links):
      var result = try size(place.at(first))
      for link in links {
        let next = try size(place.at(link.operand))
        if let a = result, let b = next { result = broadcast(a, b) }
      }
      return result
    case .call(let callee, let arguments): return try call(callee, arguments, place)
    case .conditional(let condition, let a, let b):
      _ = try size(place.at(condition))
      let yes = try size(place.at(a))
      guard let b, let no = try size(place.at(b)), let yes else { return yes }
      return broadcast(yes, no)
    case .block(let statements):
      var last: Size?
      for step in names.steps(of: statements, place) {
        if case .assignment(_, let value) = step.node {
          last = try size(step.at(value))
        } else {
          last = try size(step)
        }
      }
      return last
    case .index(let base, let indices):
      if let whole = try size(place.at(base)) {
        for (k, index) in indices.enumerated() where k < 2 {
          // An index that runs from 1 to a size shows that it is this one.
          guard let size = try running(place.at(index)) else { continue }
          _ = join(k == 0 ? whole.rows : whole.columns, size)
        }
      }
      for index in indices { _ = try size(place.at(index)) }
      return NameKinds(names: names).kind(place) == .number ? Size(rows: one, columns: one) : nil
    case .comprehension(let body, let generators, let inBrackets):
      for generator in generators { _ = try size(place.at(generator.source)) }
      let inner = try size(FormulaPlace(scope: names.inside(generators, place), id: body))
      return inBrackets ? nil : inner
    case .brackets(let rows):
      for element in rows.joined() { _ = try size(place.at(element)) }
      guard let first = rows.first else { return nil }
      return rows.count == 1
        ? Size(rows: number(first.count), columns: one)
        : Size(rows: number(rows.count), columns: number(first.count))
    default:
      for inner in place.scope.tree.inner(of: place.id) { _ = try size(place.at(inner)) }
      return nil
    }
  }

  private mutating func infix(
    _ op: InfixOperator, _ a: FormulaPlace, _ b: FormulaPlace, _ place: FormulaPlace
  ) throws -> Size? {
    let (left, right) = (try size(a), try size(b))
    guard let x = left, let y = right else {
      // The power of a number or matrix has its size.
      return op == .divide || op == .power || op == .elementPower ? left : nil
    }
    switch op {
    case .add, .subtract, .elementMultiply, .elementDivide, .elementPower:
      guard let result = broadcast(x, y) else { throw misfit(op, a, x, b, y, place) }
      return result
    case .multiply, .juxtapose:
      if isNumber(x) { return y }
      if isNumber(y) { return x }
      guard join(x.columns, y.rows) else { throw misfit(op, a, x, b, y, place) }
      return Size(rows: x.rows, columns: y.columns)
    case .divide, .power: return x
    case .solve:
      if isNumber(x) { return y }
      // Without a value the matrix of a system counts as square.
      guard join(x.rows, y.rows), isKnown(x) || join(x.rows, x.columns) else {
        throw misfit(op, a, x, b, y, place)
      }
      return Size(rows: x.columns, columns: y.columns)
    default: return nil
    }
  }

  /// The size of an elementwise result; nil where the sizes do not fit.
  private mutating func broadcast(_ x: Size, _ y: Size) -> Size? {
    func isWide(_ a: Int, _ b: Int) -> Bool { isOne(a) != isOne(b) }
    let rows = isOne(x.rows) ? y.rows : x.rows
    let columns = isOne(x.columns) ? y.columns : x.columns
    // A column and a row are two shapes that only look alike.
    if isWide(x.rows, y.rows), isWide(x.columns, y.columns), isOne(x.rows) == isOne(y.columns),
      !isNumber(x), !isNumber(y)
    {
      return nil
    }
    if !isWide(x.rows, y.rows), !join(x.rows, y.rows) { return nil }
    if !isWide(x.columns, y.columns), !join(x.columns, y.columns) { return nil }
    return Size(rows: rows, columns: columns)
  }

  private mutating func call(
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
  private mutating func running(_ place: FormulaPlace) throws -> Int? {
    guard case .name(let name) = place.node,
      case .counter(let source) = names.meaning(name, in: place.scope),
      case .range(let from, nil, let to) = source.node,
      case .number(1, _) = source.scope.tree[from]
    else { return nil }
    return try count(source.at(to))
  }

  // MARK: Errors

  private func description(_ size: Size) -> String {
    switch (isOne(size.rows), isOne(size.columns)) {
    case (true, true): "a number"
    case (false, true): "a vector"
    case (true, false): "a row"
    case (false, false): "a matrix"
    }
  }

  private func misfit(
    _ op: InfixOperator, _ a: FormulaPlace, _ x: Size, _ b: FormulaPlace, _ y: Size,
    _ place: FormulaPlace
  ) -> Diagnostic {
    let verbs: [InfixOperator: (String, String)] = [
      .add: ("add", "and"), .subtract: ("combine", "and"), .multiply: ("multiply", "by"),
      .juxtapose: ("multiply", "by"), .elementDivide: ("divide", "by"),
      .solve: ("solve with", "and"),
    ]
    let (verb, join) = verbs[op] ?? ("combine", "and")
    let isProduct = op == .multiply || op == .juxtapose
    var help: String?
    if isProduct, !isOne(x.rows), isOne(x.columns), isOne(y.columns) {
      help = "`\(a.span.text)'*\(b.span.text)` is the inner product, `.*` goes element by element"
    } else if !isProduct, isOne(x.rows) == isOne(y.columns) {
      help = "transpose one of them with `'`"
    }
    return Diagnostic(
      .error,
      "cannot \(verb) `\(a.span.text)`, \(description(x)), \(join) `\(b.span.text)`, "
        + description(y), at: place.span, notes: uses(below: place), help: help)
  }

  /// Why the names below a place count as vectors and matrices.
  private func uses(below place: FormulaPlace) -> [String] {
    names.symbols.compactMap { symbol in
      guard let kind = symbol.kind, let use = symbol.use,
        place.scope.tree.mentions(symbol.name, in: place.id)
      else { return nil }
      let what = kind == .matrix ? "a matrix" : "a vector"
      return "`\(symbol.name)` has no value and counts as \(what) because of `\(use.text)`"
    }
  }
}
