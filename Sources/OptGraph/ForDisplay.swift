/// The pass that makes formulas readable: what `differentiate` and `f'` show.
///
/// Sums keep the order of their terms; like terms are added. Products put the number first, then
/// names, brackets and functions; powers of one base are joined and cancel in quotients. Of scalar
/// sums and products the form with the fewest operations is taken (`ShortestForm`); of equals the
/// one nearest to what is written.
///
/// The value stays wherever the expression is defined as a function of real numbers: 0·x is 0,
/// x/x is 1. So the result may be defined at more points (`x/x` at 0, `√x·√x` below 0), and far from 1
/// it may overflow at others than before; it never has another value.
import OptNumerics

extension Graph {
  /// A new graph with the same inputs in the same order, and what became of the roots in it.
  /// Graphs too large to be read come back as they are, long chains of sums and products in part.
  package func forDisplay(_ roots: [Expression]) -> (graph: Graph, roots: [Expression]) {
    var pass = ForDisplay(self, roots, .reading)
    pass.run()
    return (pass.target, roots.map { pass.moved($0.index).broadcast(to: $0.shape) })
  }
}

extension Expression {
  /// Whether the pass for display leaves it as it is, because it is too large.
  package var isTooLargeForDisplay: Bool {
    graph.reachable(from: [index]).lazy.filter { $0 }.count > Effort.reading.nodes
  }

  /// This plus `number`, as the pass for display writes sums.
  package func increasedForDisplay(by number: Double) -> Expression {
    var list = TermList()
    list.add(self, 1)
    list.add(graph.number(number), 1)
    return TermList.rendered(list.terms, in: graph).broadcast(to: shape)
  }
}

struct ForDisplay {
  let source: Graph
  let target = Graph()
  private let live: [Bool]
  /// Nodes of factorisations whose inverse is wanted as such: their systems are products with it.
  let inverted: Set<Int32>
  let orders = ProductOrders()
  private var places: [Int32]
  /// Sums and products before their shortest form was looked for: they go on in larger ones.
  private var written: [Int32]
  /// Whether arithmetic is used by something else than sums and products around it.
  private let isOutermost: [Bool]
  private let isReadable: Bool
  private var lengths = ArithmeticLengths()
  /// Comparisons that sums and products may still take. One of n terms of n factors takes some n³,
  /// and a chain has n of them: beyond, nodes stay as they are.
  private var work = 2_000_000
  private var shortest: ShortestForm

  static let deepest = 20

  init(_ source: Graph, _ roots: [Expression], _ effort: Effort) {
    self.source = source
    live = source.reachable(from: roots.map(\.index))
    inverted = source.invertedFactors(live)
    places = [Int32](repeating: -1, count: live.count)
    written = places
    isOutermost = Self.outermost(source, live, roots)
    shortest = ShortestForm(target, effort)
    isReadable = live.lazy.filter { $0 }.count <= effort.nodes
    for (input, node) in zip(source.inputs, source.inputNodes) {
      let place = target.input(input).index
      if Int(node) < places.count { places[Int(node)] = place }
    }
  }

  /// Whether all was tried that is known.
  var isComplete: Bool { isReadable && work > 0 && shortest.work > 0 }

  func moved(_ index: Int32) -> Expression {
    Expression(graph: target, index: places[Int(index)])
  }

  mutating func run() {
    for index in live.indices where live[index] && places[index] < 0 {
      target.currentOrigin = source.origins[index]
      let shape = source.shape(of: Int32(index))
      let isRead = isReadable && work > 0
      var result = isRead ? rewrite(Int32(index)) : copied(Int32(index))
      written[index] = result.broadcast(to: shape).index
      if isRead { work -= lengths.work(for: Expression(graph: target, index: written[index])) }
      if isRead, isOutermost[index], shape.elements == 1 { result = shortest.of(result) }
      places[index] = result.broadcast(to: shape).index
    }
    target.currentOrigin = -1
  }

  enum Family { case sum, product }

  static func family(_ node: Node) -> Family? {
    guard node.operation == .apply else { return nil }
    switch FunctionID(index: Int(node.payload)) {
    case .add, .subtract: return .sum
    case .multiply, .divide, .negate: return .product
    default: return nil
    }
  }

  private static func outermost(
    _ graph: Graph, _ live: [Bool], _ roots: [Expression]
  ) -> [Bool] {
    var result = [Bool](repeating: false, count: live.count)
    func isArithmetic(_ node: Node) -> Bool {
      family(node) != nil || node.isApply(.power) || node.isApply(.sqrt)
    }
    for root in roots { result[Int(root.index)] = isArithmetic(root.node) }
    for index in live.indices where live[index] {
      let mine = family(graph.nodes[index])
      for operand in graph.operands(of: Int32(index)) {
        let node = graph.nodes[Int(operand)]
        if isArithmetic(node), mine == nil || mine == .product && family(node) == .sum {
          result[Int(operand)] = true
        }
      }
    }
    return result
  }

  /// An operand of a sum or product: as it was written if it goes on in it.
  private func operand(_ index: Int32, of node: Node) -> Expression {
    let family = Self.family(source.nodes[Int(index)])
    let goesOn =
      family != nil && (family == Self.family(node) || Self.family(node) == .sum)
      && written[Int(index)] >= 0
    return Expression(
      graph: target, index: goesOn ? written[Int(index)] : places[Int(index)]
    ).beforeRepeating
  }

  func copied(_ index: Int32) -> Expression {
    source.rebuild(index, in: target) { $0 < 0 ? $0 : places[Int($0)] }
  }

  private func rewrite(_ index: Int32) -> Expression {
    let node = source.nodes[Int(index)]
    switch node.operation {
    case .apply:
      let function = FunctionID(index: Int(node.payload))
      let a = operand(node.a, of: node)
      if node.b < 0 { return unary(function, a) }
      guard node.c < 0 else { return copied(index) }
      return binary(function, a, operand(node.b, of: node))
    case .select:
      // Formulas show what holds where there is a derivative.
      if Refusal(of: node, in: source) != nil { return moved(node.c) }
      if let rule = source.powerRule(node), moved(rule).isDefined {
        return moved(rule).beforeRepeating
      }
      return weighted(
        choice(
          moved(node.a).beforeRepeating, moved(node.b).beforeRepeating,
          moved(node.c).beforeRepeating))
    case .view:
      return matrixView(index, node)
    case .reduce: return reduction(index, node)
    case .product: return product(index, node)
    case .solve: return solution(index, node)
    case .array where Expression(graph: source, index: index).isIdentity:
      return target.identity(source.shape(of: index).rows)
    case .assemble: return onDiagonal(index, node) ?? copied(index)
    case .surrogate: return moved(node.a).beforeRepeating
    default: return copied(index)
    }
  }

  // MARK: Elementwise nodes

  func unary(_ function: FunctionID, _ x: Expression) -> Expression {
    let inner = x.node
    switch function {
    case .negate: return Term(of: x).scaled(-1).rendered(in: target)
    case .sqrt:
      if let value = x.constant, value >= 0 { return target.number(value).apply(.sqrt) }
      return Term(of: x, power: Ratio(1, over: 2)).rendered(in: target)
    case .exp: return exponential(x)
    case .not where inner.isApply(.not): return Expression(graph: target, index: inner.a)
    default: break
    }
    if let undone = Self.inverses[function], inner.isApply(undone) {
      return Expression(graph: target, index: inner.a)
    }
    if function == .abs, Sign.of(x) != .unknown { return x }
    guard Self.even.contains(function) || Self.odd.contains(function) else {
      return x.apply(function)
    }
    let (count, _) = Term.split(x)
    guard count.value < 0, !Term.isSum(x) || Self.even.contains(function) else {
      return x.apply(function)
    }
    let turned = Term.multiple(x, -1).apply(function)
    return Self.even.contains(function) ? turned : Term(of: turned).scaled(-1).rendered(in: target)
  }

  /// f(g(x)) = x wherever g(x) is defined.
  private static let inverses: [FunctionID: FunctionID] = [
    .log: .exp, .sin: .asin, .cos: .acos, .tan: .atan, .sinh: .asinh, .cosh: .acosh,
    .tanh: .atanh,
  ]
  private static let even: Set<FunctionID> = [.cos, .sec, .cosh, .abs]
  private static let odd: Set<FunctionID> = [
    .sin, .tan, .cot, .csc, .asin, .atan, .sinh, .tanh, .asinh, .atanh, .erf, .cbrt, .sign,
  ]

  /// exp(u log(x)) is x^u, also for the logarithms of small numbers.
  private func exponential(_ x: Expression) -> Expression {
    var exponent = Term(of: x)
    if let place = exponent.factors.firstIndex(where: {
      $0.exponent == 1 && $0.base.node.isApply(.log)
    }) {
      let base = Expression(graph: target, index: exponent.factors[place].base.node.a)
      exponent.factors.remove(at: place)
      return binary(.power, base, exponent.rendered(in: target))
    }
    if !exponent.coefficient.isExact, !exponent.factors.isEmpty {
      let value = exponent.coefficient.value
      for number in 2...10
      where value.magnitude == target.number(Double(number)).apply(.log).constant {
        exponent.coefficient = value < 0 ? -1 : 1
        return target.number(Double(number)).apply(.power, exponent.rendered(in: target))
      }
    }
    return x.apply(.exp)
  }

  /// `depth` counts the conditions passed through: sums and products go into conditions inside
  /// conditions only so far.
  func binary(
    _ function: FunctionID, _ a: Expression, _ b: Expression, depth: Int = 0
  ) -> Expression {
    switch function {
    case .add: return likeSum(a, b, 1) ?? sum([(a, 1), (b, 1)], depth)
    case .subtract: return likeSum(a, b, -1) ?? sum([(a, 1), (b, -1)], depth)
    case .multiply, .divide:
      if let inside = throughChoice(function, a, b, depth) { return inside }
      var product = Term(of: a)
      product.multiply(by: Term(of: b), power: function == .divide ? -1 : 1)
      if let multiplied = throughSum(product) ?? withSoftmax(product) { return multiplied }
      product.joinLogistic()
      return wholeSum(product) ?? product.rendered(in: target)
    case .power:
      guard let exponent = b.constant else { return a.apply(.power, b) }
      return Term(of: a, power: Ratio(exponent)).rendered(in: target)
    case .notEqual where b.constant == 0 && a.givesMask: return a
    case .equal where b.constant == 0 && a.isPositive: return target.number(0)
    case .min where a == b, .max where a == b: return a
    case .less where a == b, .greater where a == b: return target.number(0)
    case .lessOrEqual where a == b && a.node.operation == .input,
      .greaterOrEqual where a == b && a.node.operation == .input:
      return target.number(1)
    case .hypot where b.constant == 0: return unary(.abs, a)
    case .hypot where a.constant == 0: return unary(.abs, b)
    case .and, .or:
      return a == b && a.givesMask ? a : a.apply(function, b)
    default: return a.apply(function, b)
    }
  }

  /// `a + sign b` if they are the same but for numbers in front: sums in brackets stay together.
  private func likeSum(_ a: Expression, _ b: Expression, _ sign: Double) -> Expression? {
    var term = Term(of: a)
    let other = Term(of: b)
    guard !term.factors.isEmpty, term.isLike(other),
      !term.factors.contains(where: { $0.base.node.operation == .select })
    else { return nil }
    term.coefficient = term.coefficient.plus(other.scaled(sign).coefficient)
    return term.rendered(in: target)
  }

  /// A fraction of a sum whose terms it leaves whole: 0.5(2x + 4y) as x + 2y.
  private func wholeSum(_ product: Term) -> Expression? {
    let ratio = product.coefficient
    guard ratio.value != ratio.value.rounded(), product.factors.count == 1,
      product.factors[0].exponent == 1
    else { return nil }
    let base = product.factors[0].base
    guard base.node.isApply(.add) || base.node.isApply(.subtract) else { return nil }
    var list = TermList()
    list.add(base, 1)
    let terms = list.terms.map { term in
      var scaled = term
      scaled.coefficient = term.coefficient.times(ratio)
      return scaled
    }
    guard terms.allSatisfy({ $0.coefficient.value == $0.coefficient.value.rounded() }) else {
      return nil
    }
    return TermList.rendered(terms, in: target)
  }

  /// Σ sign · part with like terms added.
  func sum(_ parts: [(Expression, Double)], _ depth: Int) -> Expression {
    var list = TermList()
    for (part, sign) in parts { list.add(part, sign) }
    let joined = depth < Self.deepest ? joinedChoices(list.terms, depth) : list.terms
    return TermList.rendered(withCommonMatrix(joined), in: target)
  }

  private func reduction(_ index: Int32, _ node: Node) -> Expression {
    let kind = source.reductions[Int(node.payload)]
    let operand = moved(node.a)
    if let simpler = repeated(operand, kind) { return simpler }
    guard kind.kind == .sum else { return copied(index) }
    // What does not change along the sum goes in front of it.
    let (fixed, varying) = Term(of: operand).withSoftmax.apart(
      operand.shape, along: kind.dimensions)
    guard !varying.factors.isEmpty, fixed.coefficient != 0,
      fixed.coefficient != 1 || !fixed.factors.isEmpty
    else { return copied(index) }
    let inner = varying.rendered(in: target).broadcast(to: operand.shape)
    let reduced = repeated(inner, kind) ?? inner.reduce(.sum, kind.dimensions)
    return binary(.multiply, reduced, fixed.rendered(in: target))
  }

  /// A sum, maximum or minimum over dimensions along which `operand` only repeats a smaller value.
  private func repeated(_ operand: Expression, _ reduction: Reduction) -> Expression? {
    guard reduction.kind == .sum || reduction.kind == .maximum || reduction.kind == .minimum
    else { return nil }
    let small = operand.beforeRepeating
    guard small != operand else { return nil }
    let levels = operand.shape.lanes.count
    let (sizes, own) = (operand.shape.dimensions, small.shape.dimensions(levels: levels))
    let kept = reduction.dimensions.filter { own[$0] != 1 }
    guard kept.count < reduction.dimensions.count else { return nil }
    let repeats = reduction.dimensions.reduce(1.0) { own[$1] == 1 ? $0 * Double(sizes[$1]) : $0 }
    let missing = levels - small.shape.lanes.count
    let folded = kept.map { $0 < levels ? $0 : $0 - missing }
    let inner = folded.isEmpty ? small : small.reduce(reduction.kind, folded)
    return reduction.kind == .sum ? Term(of: inner).scaled(repeats).rendered(in: target) : inner
  }
}
