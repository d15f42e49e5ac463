/// Identities between functions, for sums that are multiplied out.

extension TermList {
  /// Other ways to write the sum: each with the same value wherever this one is defined.
  func rewritten(_ work: inout Int) -> [TermList] {
    let functions = Set(terms.flatMap { $0.factors.compactMap(\.function) })
    guard !functions.isDisjoint(with: Self.known) else { return [] }
    var result: [TermList] = []
    var plain = self
    let quotients: Set<FunctionID> = [.tan, .cot, .sec, .csc, .tanh]
    if !functions.isDisjoint(with: quotients) {
      plain = plain.mapped(&work) { $0.asQuotient } ?? plain
      result.append(plain)
    }
    let all = Set(plain.terms.flatMap { $0.factors.compactMap(\.function) })
    for (square, other, sign) in Self.squares where all.contains(square) {
      if let list = plain.mapped(&work, { $0.square(square, by: other, sign) }) {
        result.append(list)
      }
    }
    if functions.contains(.sigmoid), let list = mapped(&work, { $0.asComplement }) {
      result.append(list)
    }
    if functions.contains(.sinh) || functions.contains(.cosh),
      let list = mapped(&work, { $0.asExponentials })
    {
      result.append(list)
    }
    return result
  }

  private static let known: Set<FunctionID> = [
    .sin, .cos, .tan, .cot, .sec, .csc, .sinh, .cosh, .tanh, .sigmoid,
  ]

  /// square² = sign · (1 - other²) of what stands under the square.
  private static let squares: [(FunctionID, FunctionID, (one: Double, other: Double))] = [
    (.cos, .sin, (1, -1)), (.sin, .cos, (1, -1)), (.cosh, .sinh, (1, 1)), (.sinh, .cosh, (-1, 1)),
  ]

  /// Every factor replaced, and multiplied out; nil if nothing was replaced or it gets too long.
  private func mapped(
    _ work: inout Int, _ replacement: (Term.Factor) -> Term?
  ) -> TermList? {
    var changed = false
    var list = TermList()
    for term in terms {
      var result = Term(number: term.coefficient)
      for factor in term.factors {
        if let other = replacement(factor) {
          result.multiply(by: other)
          changed = true
        } else {
          result.insert(factor.base, factor.exponent)
        }
      }
      list.terms.append(result)
    }
    guard changed else { return nil }
    if let expanded = list.expanded(&work) { return expanded }
    var sum = TermSum()
    for term in list.terms { sum.add(term) }
    return work > 0 ? sum.list : nil
  }
}

extension Term.Factor {
  /// The function that the base is.
  var function: FunctionID? {
    let node = base.node
    return node.operation == .apply && node.b < 0 ? FunctionID(index: Int(node.payload)) : nil
  }

  var argument: Expression { Expression(graph: base.graph, index: base.node.a) }

  /// tan, cot, sec, csc and tanh by sine and cosine.
  fileprivate var asQuotient: Term? {
    guard let function, exponent.isWhole else { return nil }
    var term = Term()
    let x = argument
    switch function {
    case .tan:
      term.insert(x.apply(.sin), exponent)
      term.insert(x.apply(.cos), exponent.negated)
    case .cot:
      term.insert(x.apply(.cos), exponent)
      term.insert(x.apply(.sin), exponent.negated)
    case .sec: term.insert(x.apply(.cos), exponent.negated)
    case .csc: term.insert(x.apply(.sin), exponent.negated)
    case .tanh:
      term.insert(x.apply(.sinh), exponent)
      term.insert(x.apply(.cosh), exponent.negated)
    default: return nil
    }
    return term
  }

  /// f² as a + b g².
  fileprivate func square(
    _ f: FunctionID, by g: FunctionID, _ sign: (one: Double, other: Double)
  ) -> Term? {
    guard function == f, exponent.isWhole, exponent.above >= 2, exponent.above <= 16 else {
      return nil
    }
    let graph = base.graph
    let other = argument.apply(g).apply(.power, graph.number(2))
    let sum =
      sign.other < 0
      ? graph.number(sign.one) - other
      : sign.one < 0 ? other - graph.number(1) : graph.number(1) + other
    let half = (exponent.above / 2).rounded(.down)
    var term = Term()
    term.insert(sum, Ratio(half, over: 1))
    term.insert(base, Ratio(exponent.above - 2 * half, over: 1))
    return term
  }

  /// sigmoid(-x) as 1 - sigmoid(x).
  fileprivate var asComplement: Term? {
    guard function == .sigmoid, exponent.isWhole, exponent.above > 0,
      Term.split(argument).count.value < 0
    else { return nil }
    var term = Term()
    term.insert(1 - Term.multiple(argument, -1).apply(.sigmoid), exponent)
    return term
  }

  /// sinh and cosh by exponentials.
  fileprivate var asExponentials: Term? {
    guard let function, function == .sinh || function == .cosh, exponent.isWhole,
      exponent.above > 0, exponent.above <= 4
    else { return nil }
    let rising = Term(of: argument.apply(.exp)).rendered(in: base.graph)
    let falling = Term(of: Term.multiple(argument, -1).apply(.exp)).rendered(in: base.graph)
    var term = Term(number: Ratio(1, over: 2).raised(to: exponent.above))
    term.insert(function == .sinh ? rising - falling : rising + falling, exponent)
    return term
  }
}

extension Term {
  /// Ways to write the product with fewer functions: sin/cos as tan, sin cos as half of sin(2x),
  /// x sign(x) as |x|.
  var contracted: [Term] {
    var result: [Term] = []
    let pairs: [(FunctionID, FunctionID, FunctionID)] = [
      (.sin, .cos, .tan), (.cos, .sin, .cot), (.sinh, .cosh, .tanh),
    ]
    for (above, below, quotient) in pairs {
      for factor in factors where factor.function == above && factor.exponent.above > 0 {
        let x = factor.argument
        let other = exponent(of: x.apply(below))
        guard factor.exponent.isWhole, other.isWhole, other.above < 0 else { continue }
        let count = Ratio(min(factor.exponent.above, -other.above), over: 1)
        var term = self
        term.insert(factor.base, count.negated)
        term.insert(x.apply(below), count)
        term.insert(x.apply(quotient), count)
        result.append(term)
      }
    }
    for (sine, cosine) in [(FunctionID.sin, FunctionID.cos), (.sinh, .cosh)] {
      for factor in factors where factor.function == sine {
        let x = factor.argument
        let count = factor.exponent
        guard count.isWhole, exponent(of: x.apply(cosine)) == count else { continue }
        var term = self
        term.insert(factor.base, count.negated)
        term.insert(x.apply(cosine), count.negated)
        term.insert(Term.multiple(x, 2).apply(sine), count)
        term.coefficient = term.coefficient.times(Ratio(1, over: 2).raised(to: count.above))
        result.append(term)
      }
    }
    for factor in factors where factor.function == .sign && factor.exponent == 1 {
      let x = factor.argument
      // |x| sign(x) = x, x sign(x) = |x|.
      for (one, other) in [(x.apply(.abs), x), (x, x.apply(.abs))]
      where exponent(of: one).isWhole && exponent(of: one).above > 0 {
        var term = self
        term.insert(factor.base, -1)
        term.insert(one, -1)
        term.multiply(by: other, power: 1)
        result.append(term)
      }
    }
    return result
  }
}
