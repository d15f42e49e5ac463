/// Products as lists: the unit of the algebra of formulas.

/// A number times powers of expressions.
///
/// Exponentials and powers with symbols in the exponent are taken apart so that they meet:
/// `exp(2x)` is `exp(x)²`, `x^(n - 1)` is `xⁿ · x⁻¹`; `rendered` puts them together again.
struct Term {
  struct Factor: Hashable {
    var base: Expression
    var exponent: Ratio
  }

  var coefficient: Ratio = 1
  var factors: [Factor] = []

  init() {}

  /// `expression` to the power `power` taken apart.
  init(of expression: Expression, power: Ratio = 1) { multiply(by: expression, power: power) }

  /// Multiplies by `expression` to the power `power`. Under roots products are split only where
  /// that keeps the value: by what is above 0, and by squares as absolute values.
  mutating func multiply(by expression: Expression, power: Ratio) {
    let graph = expression.graph
    var stack = [(expression, power)]
    while let (x, exponent) = stack.popLast() {
      let node = x.node
      let isWhole = exponent.isWhole && exponent.above.magnitude <= 64
      func operand(_ index: Int32) -> Expression { Expression(graph: graph, index: index) }
      if let value = x.constant {
        if isWhole {
          coefficient = coefficient.times(Ratio(value).raised(to: exponent.above))
        } else if let exact = Ratio(value).exactPower(exponent) {
          coefficient = coefficient.times(exact)
        } else {
          let result = x.apply(.power, graph.number(exponent.value)).constant ?? .nan
          coefficient = coefficient.times(Ratio(result))
        }
        continue
      }
      guard node.operation == .apply else {
        insert(x, exponent)
        continue
      }
      switch FunctionID(index: Int(node.payload)) {
      case .multiply where isWhole:
        stack.append((operand(node.b), exponent))
        stack.append((operand(node.a), exponent))
      case .divide where isWhole:
        stack.append((operand(node.b), exponent.negated))
        stack.append((operand(node.a), exponent))
      case .negate where isWhole:
        if !exponent.isEven { coefficient = coefficient.negated }
        stack.append((operand(node.a), exponent))
      case .multiply, .divide: insertRoot(of: x, exponent)
      // A root or exponential of a number that stands there as such is shown as such.
      case .sqrt where operand(node.a).constant != nil && !exponent.isEven,
        .exp where operand(node.a).constant != nil:
        insert(x, exponent)
      case .sqrt: stack.append((operand(node.a), exponent.over(2)))
      case .power: insertPower(x, node, exponent, &stack)
      case .exp:
        let (count, unit) = Self.split(operand(node.a))
        insert(unit.apply(.exp), exponent.times(count))
      case .cbrt where exponent.isWhole && exponent.above.truncatingRemainder(dividingBy: 3) == 0:
        stack.append((operand(node.a), exponent.over(3)))
      case .abs where exponent.isEven: stack.append((operand(node.a), exponent))
      default: insert(x, exponent)
      }
    }
  }

  /// A power of a power.
  private mutating func insertPower(
    _ x: Expression, _ node: Node, _ exponent: Ratio, _ stack: inout [(Expression, Ratio)]
  ) {
    let graph = x.graph
    let (base, raised) = (
      Expression(graph: graph, index: node.a), Expression(graph: graph, index: node.b)
    )
    if let value = raised.constant {
      let inner = Ratio(value)
      // Where one of the two is a root, an odd power under it is defined for bases from 0 on alone.
      let isSquare = !exponent.isWhole && inner.isEven && !base.isPositive
      stack.append((isSquare ? base.apply(.abs) : base, inner.times(exponent)))
      return
    }
    guard exponent.isWhole || base.isPositive else {
      insert(x, exponent)
      return
    }
    var rest = raised
    if base.constant == nil, let (constant, others) = Self.constantTerm(of: raised) {
      rest = others
      stack.append((base, constant.times(exponent)))
    }
    let (count, unit) = Self.split(rest)
    insert(base.apply(.power, unit), exponent.times(count))
  }

  /// A product under a root.
  private mutating func insertRoot(of x: Expression, _ exponent: Ratio) {
    let inner = Term(of: x)
    var rest = Term()
    rest.coefficient = inner.coefficient
    if let number = inner.coefficient.exactPower(exponent) {
      coefficient = coefficient.times(number)
      rest.coefficient = 1
    }
    for factor in inner.factors {
      if factor.base.isPositive {
        insert(factor.base, factor.exponent.times(exponent))
      } else {
        rest.factors.append(factor)
      }
    }
    if rest.factors.isEmpty, rest.coefficient == 1 { return }
    if rest.coefficient == 1, rest.factors.count == 1 {
      let (base, inner) = (rest.factors[0].base, rest.factors[0].exponent)
      multiply(by: inner.isEven ? base.apply(.abs) : base, power: inner.times(exponent))
    } else if rest.coefficient == 1, exponent.below == 2,
      rest.factors.allSatisfy({ $0.exponent.isEven })
    {
      // √(a² b⁴) = |a b²|
      for place in rest.factors.indices {
        rest.factors[place].exponent = rest.factors[place].exponent.over(2)
      }
      multiply(by: rest.rendered(in: x.graph).apply(.abs), power: exponent.times(2))
    } else {
      insert(rest.rendered(in: x.graph), exponent)
    }
  }

  /// One more factor, joined with the power of the same base.
  mutating func insert(_ base: Expression, _ exponent: Ratio) {
    if let place = factors.firstIndex(where: { $0.base == base }) {
      factors[place].exponent = factors[place].exponent.plus(exponent)
      if factors[place].exponent == 0 { factors.remove(at: place) }
    } else if exponent != 0 {
      factors.append(Factor(base: base, exponent: exponent))
    }
  }

  /// Multiplies by `other` or, with `power` -1, divides by it.
  mutating func multiply(by other: Term, power: Ratio = 1) {
    coefficient = coefficient.times(other.coefficient.raised(to: power.value))
    for factor in other.factors { insert(factor.base, factor.exponent.times(power)) }
  }

  func scaled(_ number: Double) -> Term {
    var result = self
    result.coefficient = coefficient.times(Ratio(number))
    return result
  }

  /// Whether both are the same but for the number.
  func isLike(_ other: Term) -> Bool {
    guard factors.count == other.factors.count else { return false }
    // Sums compare many terms, nearly all of which differ here.
    var difference = 0
    for (mine, theirs) in zip(factors, other.factors) {
      difference += Int(mine.base.index) - Int(theirs.base.index)
    }
    return difference == 0 && factors.allSatisfy { other.factors.contains($0) }
  }
}
