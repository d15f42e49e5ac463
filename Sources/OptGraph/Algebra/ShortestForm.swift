/// The form of a scalar expression with the fewest operations.

/// How much is tried.
struct Effort {
  /// Graphs of more nodes stay as they are.
  var nodes: Int
  /// Steps that may be taken.
  var work: Int
  var pullsNamesOut: Bool

  /// For formulas that are shown: some milliseconds, and sums stay sums where a name is all that
  /// their terms have in common.
  static let reading = Effort(nodes: 600, work: 10_000, pullsNamesOut: false)
  /// For `simplify`.
  static let simplifying = Effort(nodes: 5_000, work: 300_000, pullsNamesOut: true)
}

/// Tries the forms of an expression that the algebra of terms knows, and takes the one with the
/// fewest operations; of equals the one nearest to what is written. The forms are
///
/// - as written, like terms added;
/// - sums multiplied out;
/// - common factors pulled out, with negative powers over a common denominator, and cancelled;
/// - rewritten by the identities of `rewritten` and `contracted`.
///
/// Each keeps the value wherever the expression is defined as a function of real numbers; it may
/// be defined at more points (`x/x` is 1). Work is bounded; beyond the expression stays as it is.
struct ShortestForm {
  let graph: Graph
  private var counts = OperationCounts()
  /// Steps that may still be taken.
  private(set) var work: Int
  /// Whether a power of a name is pulled out wherever that is shorter.
  private let pullsNamesOut: Bool
  private var best: Expression
  private var bestCount = 0
  private var seen = Set<Expression>()

  /// Expressions of more operations stay as they are.
  private static let longest = 400

  init(_ graph: Graph, _ effort: Effort) {
    self.graph = graph
    work = effort.work
    pullsNamesOut = effort.pullsNamesOut
    best = Expression(graph: graph, index: -1)
  }

  mutating func count(_ x: Expression) -> Int { counts.count(x) }

  /// The shortest form found for `x`.
  mutating func of(_ x: Expression) -> Expression {
    let count = counts.count(x)
    guard count > 1, count <= Self.longest, work > 0 else { return x }
    let list = TermList([x])
    var terms: [Expression] = []
    if list.terms.count > 1 { terms = list.terms.map { searched($0.rendered(in: graph), []) } }
    return searched(x, terms)
  }

  /// The shortest form of `x`, which is also the sum of `terms`, if there are any.
  private mutating func searched(_ x: Expression, _ terms: [Expression]) -> Expression {
    (best, bestCount, seen) = (x, counts.count(x), [])
    guard bestCount > 1 else { return x }
    search(TermList([x]), Term(), depth: 0)
    if !terms.isEmpty { search(TermList(terms), Term(), depth: 0) }
    return best
  }

  /// Tries forms of `outer` · `sum`.
  private mutating func search(_ sum: TermList, _ outer: Term, depth: Int) {
    var forms = [sum]
    if let cleared = cleared(sum) { forms.append(cleared) }
    let start = forms[forms.count - 1]
    let flat = start.expanded(&work)
    if let flat { forms.append(flat) }
    forms += (flat ?? start).rewritten(&work)
    var products: [(rest: TermList, factor: Term)] = []
    for form in forms {
      guard work > 0 else { return }
      let (rest, factor) = cancelled(form, outer)
      if offer(rest, factor) { products.append((rest, factor)) }
    }
    // Of equals a sum is nearer to what is written than a product.
    for (rest, factor) in products where depth < 3 {
      if let (common, inner) = rest.commonFactor() {
        var product = factor
        product.multiply(by: common)
        search(inner.sorted, product, depth: depth + 1)
      }
    }
  }

  /// Divides the sum by the brackets below the line.
  private mutating func cancelled(_ sum: TermList, _ outer: Term) -> (TermList, Term) {
    var (sum, result) = (sum, outer)
    guard sum.terms.count > 1 else { return (sum, result) }
    for factor in outer.factors where factor.exponent.above < 0 && Term.isSum(factor.base) {
      var divisor = TermList()
      divisor.add(factor.base, 1)
      for _ in 0..<8 {
        guard sum.terms.count > 1, let quotient = sum.divided(by: divisor, &work) else { break }
        sum = quotient
        result.insert(factor.base, 1)
      }
    }
    return (sum, result)
  }

  /// Brackets below the line freed of fractions inside: 1/(1 + x²/4) as 4/(4 + x²).
  private func cleared(_ sum: TermList) -> TermList? {
    var changed = false
    var result = TermList()
    for term in sum.terms {
      var product = Term(number: term.coefficient)
      for factor in term.factors {
        var inside = TermList()
        if Term.isSum(factor.base), factor.exponent.above < 0 || !factor.exponent.isWhole {
          inside.add(factor.base, 1)
        }
        guard let (common, rest) = inside.commonFactor(), rest.terms.count > 1,
          let outside = common.raised(factor.exponent)
        else {
          product.insert(factor.base, factor.exponent)
          continue
        }
        changed = true
        product.multiply(by: outside)
        product.insert(rest.rendered(in: graph), factor.exponent)
      }
      result.insert(product)
    }
    return changed ? result : nil
  }

  /// Offers `factor` · `sum` as a form; false if it was there already.
  private mutating func offer(_ sum: TermList, _ factor: Term) -> Bool {
    var term = factor
    work -= 4 + sum.terms.count
    switch sum.terms.count {
    case 0: term = Term(number: 0)
    case 1: term.multiply(by: sum.terms[0])
    default:
      let signs = sum.terms.map { $0.coefficient.value < 0 }
      if signs.count == 2, signs[0] != signs[1], factor.coefficient.value < 0 {
        // -2(3 - x) as 2(x - 3)
        term.coefficient = term.coefficient.negated
        term.insert(TermList.rendered(sum.terms.map { $0.scaled(-1) }, in: graph), 1)
      } else {
        term.insert(doubled(sum) ?? sum.rendered(in: graph), 1)
      }
    }
    let isPulledOut =
      !pullsNamesOut && sum.terms.count > 1 && !factor.factors.isEmpty && factor.isOfNames
    guard offer(term, isPulledOut) else { return false }
    if let joined = withJoinedBrackets(term) { _ = offer(joined, isPulledOut) }
    var waiting = term.contracted
    for _ in 0..<8 {
      guard let next = waiting.popLast() else { break }
      if offer(next, isPulledOut) { waiting += next.contracted }
    }
    return true
  }

  /// A power of names alone is pulled out only where that saves more than one operation:
  /// `3x² sin(x) + x³ cos(x)` stays.
  private mutating func offer(_ term: Term, _ isPulledOut: Bool) -> Bool {
    let form = term.rendered(in: graph)
    guard seen.insert(form).inserted else { return false }
    let count = counts.count(form)
    if count + (isPulledOut ? 1 : 0) < bestCount { (best, bestCount) = (form, count) }
    return true
  }

  /// 1 - 2sin² and 2cos² - 1 as the cosine of the double.
  private func doubled(_ sum: TermList) -> Expression? {
    guard sum.terms.count == 2, let one = sum.terms.first(where: \.factors.isEmpty),
      let square = sum.terms.first(where: { $0.factors.count == 1 }),
      square.factors[0].exponent == 2, let function = square.factors[0].function
    else { return nil }
    let ratio = square.coefficient.over(one.coefficient)
    let sign: Ratio
    switch function {
    case .sin where ratio == -2: sign = 1
    case .cos where ratio == -2: sign = -1
    default: return nil
    }
    var result = Term(number: one.coefficient.times(sign))
    result.insert(Term.multiple(square.factors[0].argument, 2).apply(.cos), 1)
    return result.rendered(in: graph)
  }

  /// Two brackets of the same whole power as one where that is shorter: (1 - x)(1 + x) as 1 - x².
  private mutating func withJoinedBrackets(_ term: Term) -> Term? {
    let brackets = term.factors.filter { $0.exponent.isWhole && Term.isSum($0.base) }
    for (k, one) in brackets.enumerated() {
      for other in brackets.dropFirst(k + 1) where one.exponent == other.exponent {
        var product = TermList()
        var pair = Term()
        pair.insert(one.base, 1)
        pair.insert(other.base, 1)
        product.terms = [pair]
        guard let sum = product.expanded(&work), sum.terms.count > 1 else { continue }
        let joined = sum.rendered(in: graph)
        guard counts.count(joined) <= counts.count(one.base) + counts.count(other.base) else {
          continue
        }
        var result = term
        result.insert(one.base, one.exponent.negated)
        result.insert(other.base, other.exponent.negated)
        result.insert(joined, one.exponent)
        return result
      }
    }
    return nil
  }
}

extension Term {
  /// The power, where it is one factor by factor: whole ones, and roots of what is above 0 if the
  /// number stays exact.
  fileprivate func raised(_ exponent: Ratio) -> Term? {
    var result = Term()
    if exponent.isWhole {
      result.multiply(by: self, power: exponent)
      return result
    }
    guard factors.allSatisfy(\.base.isPositive),
      let number = coefficient.exactPower(exponent)
    else { return nil }
    result.coefficient = number
    for factor in factors { result.insert(factor.base, factor.exponent.times(exponent)) }
    return result
  }
}
