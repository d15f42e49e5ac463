/// Products, with and without a sign. Where people read a juxtaposition two ways it is refused
/// with both readings.

extension Parser {
  /// What is known of the last factor that was read.
  struct Factor {
    var id: NodeID
    /// Its text ends with a number, `)`, `]`, `'`, `ᵀ` or a superscript, so a touching name is a
    /// further factor.
    var admitsTouching: Bool
    /// A number, or a bracket that cannot be a function: `(` after it multiplies.
    var multipliesBracket: Bool
    /// Ends with a power whose exponent is a literal: `e^2x` is refused.
    var endsWithLiteralPower = false
    /// A root of a literal: `√2x` is refused.
    var isLiteralRoot = false
  }

  mutating func product() throws -> NodeID {
    var left = try juxtaposition(afterDivision: nil)
    while token.kind == .symbol {
      let op: InfixOperator
      switch token.text {
      case "*": op = .multiply
      case "/": op = .divide
      case "\\": op = .solve
      case ".*": op = .elementMultiply
      case "./": op = .elementDivide
      default: return left
      }
      let divides = op == .divide || op == .elementDivide || op == .solve
      advance()
      left = infix(op, left, try juxtaposition(afterDivision: divides ? left : nil))
    }
    return left
  }

  private mutating func juxtaposition(afterDivision numerator: NodeID?) throws -> NodeID {
    let sign = tokens[max(next - 1, 0)].text
    var factor = try signed()
    var left = factor.id
    while let touching = beginsFactor(after: factor) {
      if let numerator { throw refuseDivisor(numerator, sign, left) }
      if touching { try refuseTouching(factor) }
      if inBrackets, token.spaced { throw refuseElement(after: left) }
      factor = try powered()
      left = infix(.juxtapose, left, factor.id)
    }
    if case .number = token.kind { throw refuseNumber(after: left) }
    return left
  }

  /// Whether the next token begins a further factor; true if it touches the one before.
  private func beginsFactor(after factor: Factor) -> Bool? {
    let touching = !token.spaced
    switch token.kind {
    case .name: return touching && !factor.admitsTouching ? nil : touching
    case .symbol:
      switch token.text {
      case "∇": return touching
      case "√": return touching && !factor.admitsTouching ? nil : touching
      case "(": return factor.multipliesBracket ? touching : nil
      default: return nil
      }
    default: return nil
    }
  }

  private mutating func refuseDivisor(_ numerator: NodeID, _ sign: String, _ divisor: NodeID)
    -> Failed
  {
    let (top, bottom) = (excerpt(numerator), excerpt(divisor))
    let space = token.spaced ? " " : ""
    let next = token.text == "(" ? "(…)" : token.text
    return fail(
      "`\(top)\(sign)\(bottom)\(space)\(next)` can be read in two ways", token,
      help: "write `\(top)\(sign)(\(bottom)*\(next))` or `(\(top)\(sign)\(bottom))*\(next)`")
  }

  /// `e^2x` and `√2x`.
  private mutating func refuseTouching(_ factor: Factor) throws {
    let next = token.text == "(" ? "(…)" : token.text
    let text = excerpt(factor.id)
    if factor.endsWithLiteralPower, case .infix(let op, let base, let exponent) = tree[factor.id] {
      let power = "\(excerpt(base))\(op.rawValue)(\(excerpt(exponent))*\(next))"
      throw fail(
        "`\(text)\(next)` can be read in two ways", token,
        help: "write `\(power)` or `\(text) \(next)`")
    }
    if factor.isLiteralRoot, case .prefix(_, let operand) = tree[factor.id] {
      throw fail(
        "`\(text)\(next)` can be read in two ways", token,
        help: "write `√(\(excerpt(operand))*\(next))` or `\(text)*\(next)`")
    }
  }

  /// A factor with a space before it, directly in `[ ]`.
  private mutating func refuseElement(after left: NodeID) -> Failed {
    let text = excerpt(left)
    let next = token.text == "(" ? "(…)" : token.text
    return fail(
      "`\(text) \(next)` can be read in two ways", token,
      help: "`\(text), \(next)` are two elements, `\(text)*\(next)` is a product")
  }

  private mutating func refuseNumber(after left: NodeID) -> Failed {
    let text = excerpt(left)
    if inBrackets { return refuseElement(after: left) }
    return fail(
      "`\(text) \(token.text)` can be read in two ways", token,
      help: "`\(text)*\(token.text)` is a product, `\(text)(\(token.text))` a call")
  }

  /// `-x`; `not` is elsewhere.
  private mutating func signed() throws -> Factor {
    guard token.isSymbol("-") || token.isSymbol("+") else { return try powered() }
    let sign = token
    advance()
    var factor = try nested { try $0.signed() }
    factor.id = add(.prefix(sign.text == "-" ? .minus : .plus, factor.id), from: sign.start)
    factor.endsWithLiteralPower = false
    return factor
  }

  // MARK: Powers

  /// A factor with its powers: `x^2`, `x²`, `2^-x`, right to left.
  mutating func powered() throws -> Factor {
    var factor = try postfixed(try primary())
    while token.kind == .superscript, !token.spaced {
      factor = try postfixed(try superscripted(factor))
    }
    guard token.isSymbol("^") || token.isSymbol(".^") else { return factor }
    let op: InfixOperator = token.text == "^" ? .power : .elementPower
    let caret = token
    advance()
    if op == .power, token.kind == .name, token.text == "T", !following.isSymbol("(") {
      throw fail("`^T` is not known here", caret, help: "the transpose is written `A'` or `Aᵀ`")
    }
    if case .number(let value) = token.kind, value >= 0 {
      try refusePowerOfFunction(factor.id, token.text)
    }
    let exponent = try nested { try $0.exponent() }
    let isLiteral = isSignedNumber(exponent.id) && !source.endsWithBracket(exponent.id, tree)
    return Factor(
      id: infix(op, factor.id, exponent.id), admitsTouching: exponent.admitsTouching,
      multipliesBracket: exponent.multipliesBracket, endsWithLiteralPower: isLiteral)
  }

  private mutating func superscripted(_ base: Factor) throws -> Factor {
    let exponent = token
    let negative = exponent.text.hasPrefix("-")
    let digits = String(negative ? exponent.text.dropFirst() : exponent.text[...])
    guard let value = Double(digits) else { throw fail("this power is not a number", exponent) }
    try refusePowerOfFunction(base.id, exponent.text)
    advance()
    var power = add(.number(value, spelling: digits), at: exponent)
    if negative { power = add(.prefix(.minus, power), at: exponent) }
    return Factor(
      id: infix(.power, base.id, power), admitsTouching: true, multipliesBracket: true)
  }

  private mutating func exponent() throws -> Factor {
    guard token.isSymbol("-") || token.isSymbol("+") else { return try powered() }
    let sign = token
    advance()
    var factor = try nested { try $0.exponent() }
    factor.id = add(.prefix(sign.text == "-" ? .minus : .plus, factor.id), from: sign.start)
    return factor
  }

  /// `2`, `-2`
  private func isSignedNumber(_ id: NodeID) -> Bool {
    switch tree[id] {
    case .number: return true
    case .prefix(let op, let operand):
      if op == .minus || op == .plus, case .number = tree[operand] { return true }
      return false
    default: return false
    }
  }

  /// `sin²(x)` is not a power of a function.
  private mutating func refusePowerOfFunction(_ base: NodeID, _ exponent: String) throws {
    guard case .name(let name) = tree[base], Words.powerless.contains(name),
      following.isSymbol("(")
    else { return }
    throw fail(
      "a power of a function can be read in two ways", token,
      help: "`\(name)(x)^\(exponent)` is the power of its value")
  }
}

extension SourceText {
  /// Whether the text of a node ends with `)`.
  func endsWithBracket(_ id: NodeID, _ tree: SyntaxTree) -> Bool {
    let end = Int(tree.span(of: id).end)
    return end > 0 && end <= bytes.count && bytes[end - 1] == 0x29
  }
}

extension Parser.Factor {
  /// A factor after which `(` calls.
  init(_ id: NodeID, touching: Bool = false) {
    self.init(id: id, admitsTouching: touching, multipliesBracket: false)
  }
}
