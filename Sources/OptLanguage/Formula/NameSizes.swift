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
  let one: Int

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

  mutating func number(_ value: Int) -> Int { value == 1 ? one : unknown(value) }

  private func root(_ dimension: Int) -> Int {
    var current = dimension
    while parents[current] != current { current = parents[current] }
    return current
  }

  func isOne(_ dimension: Int) -> Bool { known[root(dimension)] == 1 }
  private func isKnown(_ size: Size) -> Bool {
    known[root(size.rows)] != nil && known[root(size.columns)] != nil
  }
  func isNumber(_ size: Size) -> Bool { isOne(size.rows) && isOne(size.columns) }

  /// Makes two sizes equal; false if they cannot be.
  mutating func join(_ a: Int, _ b: Int) -> Bool {
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

  mutating func size(_ place: FormulaPlace) throws -> Size? {
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
  mutating func broadcast(_ x: Size, _ y: Size) -> Size? {
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
}
