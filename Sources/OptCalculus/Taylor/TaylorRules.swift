/// How the series of each kind of node goes on.
import OptGraph

extension TaylorSeries {
  /// Computes the next coefficient of a node; false where it has to wait for others.
  mutating func extend(_ index: Int32) throws -> Bool {
    if let alias = aliases[index] {
      guard let other = series[alias], other.end > series[index]?.end ?? 0 || other.isConstant
      else { return false }
      series[index]?.low = other.low
      series[index]?.known = other.known
      series[index]?.isConstant = other.isConstant
      return true
    }
    let node = graph.nodes[Int(index)]
    switch node.operation {
    case .number: return constant(ring.number(graph.numbers[Int(node.payload)]), index)
    case .apply where isElementary(index):
      switch FunctionID(index: Int(node.payload)) {
      case .add: return sum(index, node, 1)
      case .subtract: return sum(index, node, -1)
      case .negate:
        guard let a = series[node.a] else { return false }
        return copy(a, index) { $0.times(-1) }
      case .multiply: return try product(index, node)
      case .divide: return try quotient(index, node)
      default: return try function(index, node)
      }
    case .select where isElementary(index): return try choice(index, node)
    default:
      if !dependsOnVariable(index) {
        let expression = Expression(graph: graph, index: index)
        let copied = graph.copy([expression], into: ring.graph, known: inputs)[0]
        return constant(ring.product(copied), index)
      }
      return try byDifferentiation(index)
    }
  }

  mutating func constant(_ value: Polynomial, _ index: Int32) -> Bool {
    series[index]?.known = [value]
    series[index]?.isConstant = true
    return true
  }

  mutating func append(_ value: Polynomial, _ index: Int32) -> Bool {
    series[index]?.known.append(value)
    return true
  }

  private mutating func copy(
    _ other: LaurentSeries, _ index: Int32, _ change: (Polynomial) -> Polynomial
  ) -> Bool {
    guard var own = series[index] else { return false }
    if own.known.isEmpty { own.low = other.low }
    guard other.known.count > own.known.count || other.isConstant else { return false }
    own.known += other.known[own.known.count...].map(change)
    own.isConstant = other.isConstant
    series[index] = own
    return true
  }

  // MARK: Arithmetic

  private mutating func sum(_ index: Int32, _ node: Node, _ sign: Int) -> Bool {
    guard let a = series[node.a], let b = series[node.b], var own = series[index],
      !a.known.isEmpty, !b.known.isEmpty
    else { return false }
    if own.known.isEmpty { own.low = min(a.low, b.low) }
    let k = own.low + own.known.count
    if a.isConstant, b.isConstant, k >= max(a.low + a.known.count, b.low + b.known.count) {
      own.isConstant = true
    } else {
      guard k < a.end, k < b.end else { return false }
      own.known.append(sign > 0 ? a[k].plus(b[k]) : a[k].minus(b[k]))
    }
    series[index] = own
    return true
  }

  private mutating func product(_ index: Int32, _ node: Node) throws -> Bool {
    guard let a = series[node.a], let b = series[node.b], var own = series[index],
      !a.known.isEmpty, !b.known.isEmpty
    else { return false }
    if own.known.isEmpty { own.low = a.low + b.low }
    let k = own.low + own.known.count
    if a.isConstant, b.isConstant, own.known.count >= a.known.count + b.known.count - 1 {
      own.isConstant = true
    } else {
      guard k - b.low < a.end, k - a.low < b.end else { return false }
      var sum = Polynomial.zero
      for i in a.low..<min(a.low + a.known.count, k - b.low + 1)
      where !a[i].isZero && !b[k - i].isZero {
        sum = sum.plus(try ring.product(a[i], b[k - i]))
      }
      own.known.append(sum)
    }
    series[index] = own
    return true
  }

  private mutating func quotient(_ index: Int32, _ node: Node) throws -> Bool {
    guard let a = series[node.a], let b = series[node.b], var own = series[index],
      !a.known.isEmpty
    else { return false }
    guard let first = b.valuation else {
      if b.isConstant { throw failure("divides by 0", index) }
      return false
    }
    if own.known.isEmpty { own.low = a.low - first }
    let k = own.low + own.known.count
    if a.isConstant, b.isConstant, b.known.count == first - b.low + 1,
      own.known.count >= a.known.count
    {
      own.isConstant = true
    } else {
      // b_v q_k = a_(k + v) - Σ b_(v + j) q_(k - j)
      guard k + first < a.end, first + k - own.low < b.end else { return false }
      var rest = a[k + first]
      for j in stride(from: 1, through: k - own.low, by: 1) {
        let (factor, before) = (b[first + j], own[k - j])
        if !factor.isZero, !before.isZero {
          rest = rest.minus(try ring.product(factor, before))
        }
      }
      guard let value = rest.isZero ? .zero : try ring.quotient(rest, b[first]) else {
        throw failure("divides by 0", index)
      }
      own.known.append(value)
    }
    series[index] = own
    return true
  }

  // MARK: Conditions and the rest

  /// The side that is taken at the point. A condition on unknown names stays.
  private mutating func choice(_ index: Int32, _ node: Node) throws -> Bool {
    guard let test = series[node.a], let condition = test.known.first else { return false }
    if let value = ring.value(of: condition, &values) {
      let side = value != 0 ? node.b : node.c
      aliases[index] = side
      return try extend(index)
    }
    guard let a = series[node.b], let b = series[node.c], var own = series[index] else {
      return false
    }
    if own.known.isEmpty { own.low = min(a.low, b.low) }
    let k = own.low + own.known.count
    guard k < a.end, k < b.end, !a.known.isEmpty, !b.known.isEmpty else { return false }
    if a[k] == b[k] {
      own.known.append(a[k])
    } else {
      let whole = ring.graph.select(
        ring.rendered(condition), ring.rendered(a[k]), ring.rendered(b[k]))
      own.known.append(ring.atom(whole))
    }
    series[index] = own
    return true
  }

  /// A node without a rule, a sum over data for instance: its derivatives one after the other, at
  /// the point.
  private mutating func byDifferentiation(_ index: Int32) throws -> Bool {
    let k = series[index]?.known.count ?? 0
    guard graph.count < 100_000 else { throw TooManyTerms() }
    let node = Expression(graph: graph, index: index)
    let one = graph.number(1)
    let derivative =
      k == 0
      ? node : pushforward([derivatives[index] ?? node], along: [(variable, tangent: one)])[0]
    derivatives[index] = derivative
    let here = graph.substitute([derivative], [variable.index: point])[0]
    let copied = graph.copy([here], into: ring.graph, known: inputs)[0]
    let (simpler, roots) = ring.graph.forDisplay([copied])
    let value: Polynomial
    if let number = roots[0].constant {
      guard number.isFinite else { throw failure("is not finite", index) }
      value = ring.number(number)
    } else {
      let back = Dictionary(
        zip(simpler.inputNodes, ring.graph.inputNodes).map {
          ($0, Expression(graph: ring.graph, index: $1))
        }, uniquingKeysWith: { first, _ in first })
      value = ring.product(simpler.copy(roots, into: ring.graph, known: back)[0])
    }
    var factorial = 1
    for j in stride(from: 2, through: min(k, 20), by: 1) { factorial *= j }
    return append(value.times(1, over: factorial), index)
  }
}
