/// Operators: where a product needs a sign, where brackets, where a power is a superscript.

extension SyntaxPrinter {
  /// How two factors without a sign stand beside each other.
  enum Juxtaposition { case touching, spaced }

  /// How `left right` is written as a product without a sign; nil where it would read otherwise.
  func juxtaposition(_ left: NodeID, _ right: NodeID) -> Juxtaposition? {
    switch beginning(right) {
    case .name(let name):
      return endsWithDigit(left) && !continuesNumber(name) ? .touching : .spaced
    case .sign: return .spaced
    case .digit, .other:
      if style != .source { return nil }
      fallthrough
    case .bracket:
      guard multipliesBracket(left) else { return nil }
      return endsWithCaretPower(left) ? .spaced : .touching
    }
  }

  /// Whether a touching name would be read as part of a number: `2e3`, `2_1`.
  private func continuesNumber(_ name: String) -> Bool {
    name.hasPrefix("_") || name.hasPrefix("e")
  }

  /// The factor that a product ends with; nil if it ends with a bracket around arithmetic.
  private func lastFactor(_ id: NodeID) -> NodeID? {
    var current = id
    while true {
      switch tree[current] {
      case .infix(.juxtapose, _, let right), .infix(.multiply, _, let right):
        guard current == id || style != .source else { return nil }
        if style == .source, case .infix(.multiply, _, _) = tree[current] { return nil }
        if level(right) < .power {
          if style != .source, isProduct(right) {
            current = right
            continue
          }
          return tree[right].isArithmetic ? nil : right
        }
        return right
      case .prefix(.minus, let operand), .prefix(.plus, let operand):
        if isFormulaProduct(operand) {
          current = operand
          continue
        }
        if level(operand) < .sign { return tree[operand].isArithmetic ? nil : operand }
        return lastSigned(operand)
      default:
        if level(current) < .juxtaposition {
          return tree[current].isArithmetic ? nil : current
        }
        return current
      }
    }
  }

  private func lastSigned(_ id: NodeID) -> NodeID {
    var current = id
    while true {
      switch tree[current] {
      case .prefix(.minus, let operand), .prefix(.plus, let operand): current = operand
      default: return current
      }
    }
  }

  private func endsWithDigit(_ left: NodeID) -> Bool {
    guard let last = lastFactor(left), case .number = tree[last] else { return false }
    if case .digit = beginning(last) { return true }
    return false
  }

  private func endsWithCaretPower(_ left: NodeID) -> Bool {
    guard let last = lastFactor(left) else { return false }
    guard case .infix(let op, _, let exponent) = tree[last], op == .power || op == .elementPower
    else { return false }
    if superscript(last) != nil { return false }
    if case .number = tree[exponent] { return true }
    return false
  }

  /// Whether `(` after it multiplies. A product that cannot do without its sign stands in brackets,
  /// which multiply.
  private func multipliesBracket(_ left: NodeID) -> Bool {
    var current = left
    var result = true
    while style == .source, case .infix(.juxtapose, let before, let last) = tree[current] {
      if lastMultipliesBracket(current) { return result }
      switch beginning(last) {
      case .name, .sign: return !result
      default:
        result.toggle()
        current = before
      }
    }
    return lastMultipliesBracket(current) == result
  }

  private func lastMultipliesBracket(_ left: NodeID) -> Bool {
    guard var current = lastFactor(left) else { return true }
    while true {
      switch tree[current] {
      case .number(_, let spelling):
        guard let first = spelling.unicodeScalars.first else { return false }
        return !first.beginsName
      case .transpose: return true
      case .prefix(.squareRoot, let operand):
        // `√5(x)` could be read in two ways.
        return level(operand) < .power && tree[operand].isArithmetic
      case .prefix(.minus, let operand), .prefix(.plus, let operand): current = operand
      case .infix(.power, let base, let exponent), .infix(.elementPower, let base, let exponent):
        if case .name(let name) = tree[base], Words.powerless.contains(name) { return false }
        if superscript(current) != nil { return true }
        if level(exponent) < .power, !isSigned(exponent) { return tree[exponent].isArithmetic }
        current = exponent
      default: return false
      }
    }
  }

  private func isSigned(_ id: NodeID) -> Bool {
    if case .prefix(.minus, _) = tree[id] { return true }
    return false
  }

  // MARK: Operators

  func infix(
    _ id: NodeID, _ op: InfixOperator, _ left: NodeID, _ right: NodeID, _ inBrackets: Bool
  ) -> [Piece] {
    switch op {
    case .power, .elementPower: return power(id, op, left, right)
    case .juxtapose where style == .source: return juxtaposed(id, left, right, inBrackets)
    case .juxtapose, .multiply, .divide, .solve, .elementMultiply, .elementDivide:
      if style != .source { return formulaProduct(op, left, right, inBrackets) }
      return product(op, left, right, inBrackets)
    case .isIn:
      return [
        .node(left, .range, inBrackets: inBrackets), .text(" in "),
        .node(right, .range, inBrackets: inBrackets),
      ]
    default:
      let mine = level(id)
      var least = mine.next
      if style != .source, op == .add, case .infix(.add, _, _) = tree[right] { least = mine }
      return [
        .node(left, mine, inBrackets: inBrackets), .text(" \(op.rawValue) "),
        .node(right, least, inBrackets: inBrackets),
      ]
    }
  }

  private func product(
    _ op: InfixOperator, _ left: NodeID, _ right: NodeID, _ inBrackets: Bool
  ) -> [Piece] {
    let divides = op == .divide || op == .elementDivide || op == .solve
    return [
      .node(left, .product, inBrackets: inBrackets), .text(op.rawValue),
      .node(right, divides ? .sign : .juxtaposition, inBrackets: inBrackets),
    ]
  }

  /// A product that was typed without a sign.
  private func juxtaposed(
    _ id: NodeID, _ left: NodeID, _ right: NodeID, _ inBrackets: Bool
  ) -> [Piece] {
    guard let kind = juxtaposition(left, right) else {
      return product(.multiply, left, right, inBrackets)
    }
    if inBrackets, hasSpace(id) { return [.bracketed(id)] }
    var result: [Piece] = [.node(left, .juxtaposition)]
    if kind == .spaced { result.append(.text(" ")) }
    switch beginning(right) {
    case .digit, .other: result.append(.bracketed(right))
    default: result.append(.node(right, .power))
    }
    return result
  }

  private func hasSpace(_ id: NodeID) -> Bool {
    var current = id
    while case .infix(.juxtapose, let left, let right) = tree[current] {
      switch juxtaposition(left, right) {
      case .spaced: return true
      case .touching: current = left
      case nil: return false
      }
    }
    return false
  }

  private func power(_ id: NodeID, _ op: InfixOperator, _ base: NodeID, _ exponent: NodeID)
    -> [Piece]
  {
    if let superscript = superscript(id) { return [.node(base, .postfix), .text(superscript)] }
    if case .prefix(.minus, let inner) = tree[exponent] {
      return [.node(base, .postfix), .text(op.rawValue + "-"), .node(inner, .power)]
    }
    return [.node(base, .postfix), .text(op.rawValue), .node(exponent, .power)]
  }

  func prefix(_ op: PrefixOperator, _ operand: NodeID, _ inBrackets: Bool) -> [Piece] {
    switch op {
    case .minus, .plus:
      if isFormulaProduct(operand) {
        return [.text(op.rawValue), .node(operand, .product, inBrackets: inBrackets)]
      }
      switch tree[operand] {
      case .prefix(.minus, _), .prefix(.plus, _): return [.text(op.rawValue), .bracketed(operand)]
      default: return [.text(op.rawValue), .node(operand, .power, inBrackets: inBrackets)]
      }
    case .not: return [.text("not "), .node(operand, .not, inBrackets: inBrackets)]
    case .squareRoot: return [.text("√"), .node(operand, .power)]
    case .nabla:
      if case .name(let name) = tree[operand] { return [.text("∇\(name)")] }
      return [.text("∇"), .bracketed(operand)]
    }
  }
}
