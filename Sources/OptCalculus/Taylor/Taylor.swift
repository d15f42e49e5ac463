/// Taylor polynomials by arithmetic of truncated power series.
import OptGraph

/// Why there is no Taylor polynomial.
package struct NoTaylorPolynomial: Error {
  /// What happens at the point: "is not finite".
  package var reason: String
  /// The part of the expression to which it happens.
  package var part: Expression
}

extension Expression {
  /// The Taylor polynomial of this number by `variable` at `point` up to `order`, lowest powers
  /// first. `point` does not depend on `variable`. Where the value of an unknown name decides whether
  /// the point is singular, it is taken for one that is not. Gaps that the series closes are no
  /// obstacle: `sin(x)/x` at 0.
  ///
  /// - Throws: `NoTaylorPolynomial` at poles and kinks, `TooManyTerms`.
  package func taylor(
    by variable: Expression, at point: Expression, to order: Int
  ) throws -> Expression {
    // Division by a series that begins with zeros costs orders; they are computed in addition.
    for further in [0, 2, 6, 20] {
      var series = TaylorSeries(self, by: variable, at: point, orders: order + further)
      if let result = try series.polynomial(to: order) { return result }
    }
    throw NoTaylorPolynomial(reason: "has no Taylor polynomial", part: self)
  }
}

/// The beginning of a Laurent series in t = x - a.
struct LaurentSeries {
  /// The power of the first coefficient.
  var low = 0
  var known: [Polynomial] = []
  /// Whether all coefficients beyond the known ones are 0.
  var isConstant = false
  /// The power up to which it is wanted.
  var wanted = 0

  /// The first power whose coefficient is not known.
  var end: Int { isConstant ? .max / 4 : low + known.count }
  /// The coefficient of a power below `end`.
  subscript(power: Int) -> Polynomial {
    power < low || power - low >= known.count ? .zero : known[power - low]
  }
  /// The first power with a coefficient that is not 0.
  var valuation: Int? { known.firstIndex { !$0.isZero }.map { low + $0 } }
}

/// The series of all nodes that a root needs.
///
/// Coefficients are computed power by power: sums, products and quotients by the usual recurrences,
/// a function y = f(u) from its derivative in the table, y′ = f′(u) u′, so that
/// k yₖ = Σ j uⱼ f′(u)ₖ₋ⱼ (Griewank and Walther, Evaluating Derivatives, 13.2). Nothing swells: what
/// does not depend on x is an atom of the coefficients, which are polynomials with exact numbers.
struct TaylorSeries {
  /// Partial derivatives of functions become further nodes.
  let graph: Graph
  let root: Expression
  let variable: Expression
  let point: Expression
  private let orders: Int
  var ring = PolynomialRing(Graph(), expands: false)
  /// Inputs of `graph` in the graph of the ring.
  var inputs: [Int32: Expression] = [:]
  var series: [Int32: LaurentSeries] = [:]
  /// The nodes that have a series, ascending.
  private var active: [Int32] = []
  private var dependence: Dependence
  /// Nodes whose series are those of others.
  var aliases: [Int32: Int32] = [:]
  /// Partial derivatives of functions by the operands that depend on the variable.
  var partials: [Int32: [(operand: Int32, partial: Int32)]] = [:]
  /// The nodes of partial derivatives, by the first of them, with the function that they belong to.
  var owners: [(first: Int32, function: Int32)] = []
  /// The next derivative of a node that has no rule here.
  var derivatives: [Int32: Expression] = [:]
  /// Values of atoms.
  var values: [Int32: Double] = [:]

  init(_ root: Expression, by variable: Expression, at point: Expression, orders: Int) {
    graph = root.graph
    (self.root, self.variable, self.point, self.orders) = (root, variable, point, orders)
    dependence = Dependence(root.graph, on: [variable])
    for (input, node) in zip(graph.inputs, graph.inputNodes) {
      inputs[node] = ring.graph.input(input)
    }
  }

  /// The polynomial; nil where too few coefficients of the root can be known with these orders.
  mutating func polynomial(to order: Int) throws -> Expression? {
    activate(point.index, 0)
    try run { $0.series[$0.point.index]?.known.isEmpty == false }
    guard let center = series[point.index]?[0], let x = inputs[variable.index] else { return nil }
    series[variable.index] = LaurentSeries(known: [center, .one], isConstant: true)
    activate(root.index, orders)
    try run { ($0.series[$0.root.index]?.end ?? 0) > order }
    guard let result = series[root.index], result.end > order else { return nil }
    try refusePole(of: root.index)
    guard (0...order).allSatisfy({ result[$0].isFinite }) else {
      throw failure("is not finite", root.index)
    }
    let terms = (0...order).map { (power: $0, factor: result[$0]) }
    return ring.series(terms, in: ring.distance(x, from: center))
  }

  /// Extends all series until `isDone`, or no one can be extended.
  private mutating func run(until isDone: (TaylorSeries) -> Bool) throws {
    var goesOn = true
    while goesOn, !isDone(self) {
      goesOn = false
      var position = 0
      while position < active.count {
        let node = active[position]
        position += 1
        guard let own = series[node], own.end <= own.wanted, try extend(node) else { continue }
        goesOn = true
      }
    }
  }

  // MARK: Nodes

  /// Wants the series of a node up to a power, and those of what it is made of.
  mutating func activate(_ node: Int32, _ wanted: Int) {
    var waiting = [node]
    while let index = waiting.popLast() {
      if let known = series[index], known.wanted >= wanted { continue }
      if series[index] == nil {
        series[index] = LaurentSeries()
        // Operands stand before what uses them.
        let place = active.firstIndex { $0 > index } ?? active.count
        active.insert(index, at: place)
      }
      series[index]?.wanted = wanted
      guard let alias = aliases[index] ?? rewritten(index) else {
        if isElementary(index) { waiting += graph.operands(of: index) }
        for (_, partial) in partials[index] ?? [] where wanted > 0 {
          activate(partial, wanted - 1)
        }
        continue
      }
      aliases[index] = alias
      waiting.append(alias)
    }
  }

  /// Whole powers are products and quotients.
  private mutating func rewritten(_ index: Int32) -> Int32? {
    let node = graph.nodes[Int(index)]
    guard node.operation == .apply, FunctionID(index: Int(node.payload)) == .power,
      dependsOnVariable(node.a)
    else { return nil }
    let base = Expression(graph: graph, index: node.a)
    guard let exponent = Expression(graph: graph, index: node.b).constant,
      exponent == exponent.rounded(), exponent.magnitude <= 64, exponent != 0
    else { return nil }
    let power = ElementaryFunctions.chain(base, Int(exponent.magnitude)) { $0 * $1 }
    return (exponent < 0 ? 1 / power : power).index
  }

  /// Whether a node is a function of numbers, which has a rule here.
  func isElementary(_ index: Int32) -> Bool {
    let node = graph.nodes[Int(index)]
    guard graph.shape(of: index).isScalar,
      node.operation == .apply || node.operation == .select
    else { return false }
    return graph.operands(of: index).allSatisfy { graph.shape(of: $0).isScalar }
  }

  mutating func dependsOnVariable(_ index: Int32) -> Bool { dependence.holds(for: index) }

  // MARK: Errors

  func failure(_ reason: String, _ index: Int32) -> NoTaylorPolynomial {
    var (part, reason) = (index, reason)
    while let owner = owners.last(where: { $0.first <= part }) {
      part = owner.function
      if reason == "changes" { reason = "is not smooth" }
    }
    return NoTaylorPolynomial(reason: reason, part: Expression(graph: graph, index: part))
  }

  /// Negative powers must have the coefficient 0.
  func refusePole(of index: Int32) throws {
    guard let valuation = series[index]?.valuation, valuation < 0 else { return }
    // The first part that has a pole is to blame.
    let first = active.first { (series[$0]?.valuation ?? 0) < 0 }
    throw failure("is not finite", first ?? index)
  }
}
