/// What uses of names without a value show of them.
import OptSyntax

extension NameKinds {
  /// Notes what the uses of names below a place show.
  func look(_ place: FormulaPlace) {
    guard names.hasWork() else { return }
    switch place.node {
    case .name:
      // Arguments and assignments are looked at where they stand.
      if let symbol = symbol(at: place) { names.noteElement(symbol, nil) }
    case .prime(let a), .transpose(let a):
      show(place.at(a), place)
      look(place.at(a))
    case .infix(let op, let a, let b):
      lookAtOperator(op, place.at(a), place.at(b), place)
      look(place.at(a))
      look(place.at(b))
    case .call(let callee, let arguments): lookAtCall(callee, arguments, place)
    case .index(let base, let indices):
      if case .name(let name) = place.scope.tree[base] {
        mark(name, in: place, as: indices.count == 1 ? .column : .matrix, place)
        if let symbol = symbol(at: place.at(base)) {
          var position: Int?
          if indices.count == 1, case .number(let value, _) = place.scope.tree[indices[0]] {
            position = Int(exactly: value)
          }
          names.noteElement(symbol, position)
        }
      } else {
        look(place.at(base))
      }
      for index in indices { look(place.at(index)) }
    case .block(let statements):
      for step in names.steps(of: statements, place) {
        if case .assignment(_, let value) = step.node { look(step.at(value)) } else { look(step) }
      }
    case .comprehension(let body, let generators, _):
      for generator in generators { look(place.at(generator.source)) }
      look(FormulaPlace(scope: names.inside(generators, place), id: body))
    default:
      for inner in place.scope.tree.inner(of: place.id) { look(place.at(inner)) }
    }
  }

  private func lookAtOperator(
    _ op: InfixOperator, _ a: FormulaPlace, _ b: FormulaPlace, _ use: FormulaPlace
  ) {
    switch op {
    case .elementMultiply, .elementDivide:
      if kind(a) != .number { show(a, use) }
      if kind(b) != .number { show(b, use) }
    case .elementPower: show(a, use)
    case .solve:
      showMatrix(a, use)
      show(b, use)
    case .add, .subtract:
      // Two numbers may have any names.
      if let x = kind(a), x != .number { show(b, use) }
      if let y = kind(b), y != .number { show(a, use) }
    case .multiply, .juxtapose:
      let factors = factors(of: use)
      if factors.contains(where: { kind($0) ?? .number != .number }) {
        showFactors(factors, use, isMore: false)
      }
    default: break
    }
  }

  private func lookAtCall(_ callee: NodeID, _ arguments: [Argument], _ place: FormulaPlace) {
    for argument in arguments { look(place.at(argument.value)) }
    guard let (function, given) = names.callee(callee, arguments, place) else { return }
    switch function.kind {
    case .closure:
      if let body = names.body(of: function, given, from: place.scope) { look(body) }
    case .builtin(let builtin):
      guard let first = arguments.first.map({ place.at($0.value) }) else { return }
      switch SizeRule.builtins[builtin.name] {
      case .fold, .same:
        let isOfOne = arguments.count == 1 || given["axis"] != nil || builtin.name == "norm"
        if isOfOne { show(first, place) }
      case .ofSquare, .square: showMatrix(first, place)
      case nil:
        switch builtin.name {
        case "dot", "diag", "rows_of", "columns_of":
          for argument in arguments { show(place.at(argument.value), place) }
        case "outer":
          for argument in arguments { showColumn(place.at(argument.value), place) }
        case "eig", "svd", "qr": showMatrix(first, place)
        default: break
        }
      }
    default: break
    }
  }

  /// The factors of a chain of products, from left to right.
  private func factors(of place: FormulaPlace) -> [FormulaPlace] {
    var result: [FormulaPlace] = []
    var pending = [place]
    while let next = pending.popLast() {
      switch next.node {
      case .infix(.multiply, let a, let b), .infix(.juxtapose, let a, let b):
        pending.append(next.at(b))
        pending.append(next.at(a))
      default: result.append(next)
      }
    }
    return result
  }

  // MARK: Notes

  /// `place` is more than a number.
  private func show(_ place: FormulaPlace, _ use: FormulaPlace) {
    guard names.hasWork(), kind(place) == nil else { return }
    switch place.node {
    case .name(let name): mark(name, in: place, as: nil, use)
    case .prefix(_, let a), .prime(let a), .transpose(let a): show(place.at(a), use)
    case .infix(let op, let a, let b):
      switch op {
      case .add, .subtract, .elementMultiply, .elementDivide:
        show(place.at(a), use)
        show(place.at(b), use)
      case .elementPower, .divide: show(place.at(a), use)
      case .multiply, .juxtapose: showFactors(factors(of: place), use, isMore: true)
      default: break
      }
    case .call(let callee, let arguments):
      guard let (function, given) = names.callee(callee, arguments, place) else { return }
      switch function.kind {
      case .closure:
        if let body = names.body(of: function, given, from: place.scope) { show(body, use) }
      case .elementary:
        for argument in arguments { show(place.at(argument.value), use) }
      case .builtin(let builtin):
        if case .same = SizeRule.builtins[builtin.name], let first = arguments.first {
          show(place.at(first.value), use)
        } else if builtin.isElementwiseExtreme, arguments.count > 1 {
          for argument in arguments { show(place.at(argument.value), use) }
        }
      default: break
      }
    case .conditional(_, let a, let b):
      show(place.at(a), use)
      if let b { show(place.at(b), use) }
    case .block(let statements):
      if let last = names.steps(of: statements, place).last { show(last, use) }
    default: break
    }
  }

  private func showMatrix(_ place: FormulaPlace, _ use: FormulaPlace) {
    if case .name(let name) = place.node {
      mark(name, in: place, as: .matrix, use)
    } else {
      show(place, use)
    }
  }

  private func showColumn(_ place: FormulaPlace, _ use: FormulaPlace) {
    if case .name(let name) = place.node {
      mark(name, in: place, as: .column, use)
    } else {
      show(place, use)
    }
  }

  /// A name is a column or a matrix: `kind`, or what its first letter says.
  private func mark(
    _ name: String, in place: FormulaPlace, as kind: SizeKind?, _ use: FormulaPlace
  ) {
    switch names.meaning(name, in: place.scope) {
    case .symbol(let index):
      names.note(index, kind ?? Self.usual(name), use.span)
    case .place(let other):
      guard kind != nil, case .name(let inner) = other.node else { return show(other, use) }
      mark(inner, in: other, as: kind, use)
    default: break
    }
  }

  private static func usual(_ name: String) -> SizeKind {
    name.first?.isUppercase == true ? .matrix : .column
  }

  /// The symbol that a place is.
  private func symbol(at place: FormulaPlace) -> Int? {
    guard case .name(let name) = place.node else { return nil }
    switch names.meaning(name, in: place.scope) {
    case .symbol(let index): return index
    case .place(let other): return symbol(at: other)
    default: return nil
    }
  }

  /// The factors of a product that has a vector or matrix in it, or with `isMore` is one.
  private func showFactors(_ factors: [FormulaPlace], _ use: FormulaPlace, isMore: Bool) {
    for (k, factor) in factors.enumerated() where kind(factor) == nil {
      guard let name = symbol(at: factor).map({ names.symbols[$0].name }) else {
        if isMore { show(factor, use) }
        continue
      }
      if Self.usual(name) == .matrix {
        show(factor, use)
      } else if k == factors.count - 1 {
        // `x a` with a column x is a multiple of it.
        let before = factors[..<k].last { kind($0) != .number }
        if before.flatMap({ kind($0) }) != .column { show(factor, use) }
      } else if kind(factors[k + 1]) == .row {
        show(factor, use)
      }
    }
  }
}
