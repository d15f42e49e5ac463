/// Which names without a value are vectors and matrices, from how they are used.
///
/// A name is a number unless something shows otherwise: `'`, `norm`, `sum`, `trace`, `det`, `\`,
/// an index, an elementwise operator, or a product or sum with what is shown to be more than a
/// number. Then a name in small letters is a column, one that begins with a capital a matrix,
/// except where only one of them fits: the operand of `det` is a matrix, a small letter in front
/// of a column a number.
import OptSyntax

struct NameKinds {
  let names: SymbolNames

  /// Looks through a text until it shows nothing new.
  func find(in place: FormulaPlace) {
    repeat {
      names.hasChanged = false
      look(place)
    } while names.hasChanged
  }

  // MARK: What a place is

  /// nil where it is not known, or not yet.
  func kind(_ place: FormulaPlace) -> SizeKind? {
    guard names.hasWork() else { return nil }
    switch place.node {
    case .number, .boolean: return .number
    case .name(let name):
      switch names.meaning(name, in: place.scope) {
      case .symbol(let index): return names.symbols[index].kind
      case .place(let other): return kind(other)
      case .known(let rows, let columns): return SizeKind(rows: rows, columns: columns)
      case .counter: return .number
      case .function, .other: return nil
      }
    case .prefix(_, let a): return kind(place.at(a))
    case .prime(let a), .transpose(let a): return kind(place.at(a))?.transposed
    case .infix(let op, let a, let b): return infix(op, place.at(a), place.at(b))
    case .call(let callee, let arguments): return call(callee, arguments, place)
    case .index(_, let indices): return index(indices, place)
    case .conditional(_, let a, let b):
      return kind(place.at(a)) ?? b.flatMap { kind(place.at($0)) }
    case .block(let statements):
      return names.steps(of: statements, place).last.flatMap { kind($0) }
    case .brackets(let rows): return rows.count > 1 ? .matrix : .column
    case .range: return .column
    case .comprehension(_, let generators, let inBrackets):
      return inBrackets ? (generators.count == 1 ? .column : .matrix) : .number
    default: return nil
    }
  }

  private func infix(_ op: InfixOperator, _ a: FormulaPlace, _ b: FormulaPlace) -> SizeKind? {
    switch op {
    case .multiply, .juxtapose:
      guard let x = kind(a) else {
        let y = kind(b)
        return y == .number || y == .row ? nil : y
      }
      if x == .number { return kind(b) }
      guard let y = kind(b) else { return nil }
      if y == .number { return x }
      switch (x, y) {
      case (.row, .column): return .number
      case (.row, .matrix): return .row
      case (.matrix, .column): return .column
      default: return .matrix
      }
    case .divide: return kind(a)
    case .solve: return kind(b)
    case .power: return kind(a)
    case .add, .subtract, .elementMultiply, .elementDivide, .elementPower:
      let (x, y) = (kind(a), kind(b))
      if x == .matrix || y == .matrix { return .matrix }
      if x == nil || x == .number { return y == .number ? x : y }
      return x
    default: return nil
    }
  }

  private func call(
    _ callee: NodeID, _ arguments: [Argument], _ place: FormulaPlace
  ) -> SizeKind? {
    guard let (function, given) = names.callee(callee, arguments, place) else { return nil }
    switch function.kind {
    case .closure: return names.body(of: function, given, from: place.scope).flatMap { kind($0) }
    case .elementary:
      let kinds = arguments.map { kind(place.at($0.value)) }
      return kinds.first { $0 != nil && $0 != .number } ?? kinds.first ?? nil
    case .builtin(let builtin):
      let first = arguments.first.map { place.at($0.value) }
      switch SizeRule.builtins[builtin.name] {
      case .fold:
        if arguments.count > 1, builtin.isElementwiseExtreme, given["axis"] == nil {
          let kinds = arguments.map { kind(place.at($0.value)) }
          return kinds.first { $0 != nil && $0 != .number } ?? kinds.first ?? nil
        }
        guard let axis = given["axis"] else { return .number }
        if case .number(let value, _) = axis.node { return value == 1 ? .row : .column }
        return nil
      case .same: return first.flatMap { kind($0) }
      case .ofSquare: return .number
      case .square: return .matrix
      case nil: break
      }
      switch builtin.name {
      case "dot", "rows_of", "columns_of": return .number
      case "outer", "eye": return .matrix
      case "ones", "zeros": return arguments.count == 1 ? .column : .matrix
      case "diag": return first.flatMap { kind($0) }.map { $0 == .matrix ? .column : .matrix }
      default: return nil
      }
    case .derived, .custom: return nil
    }
  }

  private func index(_ indices: [NodeID], _ place: FormulaPlace) -> SizeKind? {
    func isOne(_ id: NodeID) -> Bool {
      if case .endIndex = place.scope.tree[id] { return true }
      if case .wholeIndex = place.scope.tree[id] { return false }
      return kind(place.at(id)) ?? .number == .number
    }
    switch indices.count {
    case 1: return isOne(indices[0]) ? .number : .column
    case 2:
      switch (isOne(indices[0]), isOne(indices[1])) {
      case (true, true): return .number
      case (true, false): return .row
      case (false, true): return .column
      default: return .matrix
      }
    default: return nil
    }
  }
}
