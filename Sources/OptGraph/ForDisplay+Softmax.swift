/// Quotients of exponentials and their sums in the pass for display: softmax, and masks as factors.

extension ForDisplay {
  /// One number where a mask holds and 0 elsewhere: the number times the mask.
  func weighted(_ choice: Expression) -> Expression {
    let node = choice.node
    func operand(_ index: Int32) -> Expression { Expression(graph: target, index: index) }
    guard node.operation == .select, operand(node.a).shape.elements != 1,
      operand(node.a).givesMask, operand(node.b).shape.isScalar, operand(node.c).constant == 0
    else { return choice }
    return binary(.multiply, operand(node.a), operand(node.b))
  }

  /// A product of matrices with exp(z) and 1/sum(exp(z)) in front.
  func withSoftmax(_ product: Term) -> Expression? {
    guard let matrices = product.asMatrixProduct(in: target),
      matrices.withSoftmax.factors != matrices.factors
    else { return nil }
    return matrices.rendered(product.shape, in: target)
  }

  /// (a/s - b/e) e as a e/s - b, where a factor cancels in a sum of matrices.
  func throughSum(_ product: Term) -> Expression? {
    guard product.factors.count > 1, product.factors.count <= 4 else { return nil }
    for (k, factor) in product.factors.enumerated() where factor.exponent == 1 {
      let node = factor.base.node
      guard node.isApply(.add) || node.isApply(.subtract), factor.base.shape.elements != 1
      else { continue }
      var list = TermList()
      list.add(factor.base, 1)
      var others = product
      others.factors.remove(at: k)
      let cancels = list.terms.contains { term in
        term.factors.contains { inner in
          inner.exponent.value < 0
            && others.factors.contains {
              $0.exponent.value > 0 && $0.base.shape.elements != 1
                && ($0.base == inner.base || $0.base.isSummed(by: inner.base))
            }
        }
      }
      guard cancels else { continue }
      return sum(
        list.terms.map { term in
          var result = term
          result.multiply(by: others, power: 1)
          return (result.rendered(in: target), 1)
        }, Self.deepest)
    }
    return nil
  }
}

extension Term {
  /// exp(z)/sum(exp(z)) as one factor, which is softmax(z).
  var withSoftmax: Term {
    guard factors.count > 1 else { return self }
    var result = self
    for k in factors.indices where factors[k].exponent.value <= -1 {
      let total = factors[k]
      guard total.base.node.operation == .reduce,
        let place = factors.firstIndex(where: {
          $0.exponent.value >= 1 && $0.base.isSummed(by: total.base)
        })
      else { continue }
      let quotient = factors[place].base.apply(.divide, total.base)
      guard quotient.softmaxOperand != nil else { continue }
      let isLess = factors[place].exponent.value < -total.exponent.value
      let power = isLess ? factors[place].exponent : total.exponent.negated
      result.factors[place].exponent = factors[place].exponent.minus(power)
      result.factors[k].exponent = total.exponent.plus(power)
      result.factors.append(Factor(base: quotient, exponent: power))
    }
    result.factors.removeAll { $0.exponent == 0 }
    return result
  }

  /// exp(-u)/(1 + exp(-u)) as 1/(1 + exp(u)).
  mutating func joinLogistic() {
    for (k, factor) in factors.enumerated()
    where factor.exponent == -1 && factor.base.node.isApply(.exp) {
      let graph = factor.base.graph
      let opposite = Term(of: factor.base, power: -1)
      guard
        let place = factors.firstIndex(where: { other in
          let node = other.base.node
          guard other.exponent == -1, node.isApply(.add),
            Expression(graph: graph, index: node.a).constant == 1
          else { return false }
          let term = Term(of: Expression(graph: graph, index: node.b))
          return term.coefficient == 1 && term.isLike(opposite)
        })
      else { continue }
      factors[place].base = 1 + factor.base
      factors.remove(at: k)
      return
    }
  }

  /// The factors that do not change along `dimensions` of `shape`, and those that do.
  func apart(_ shape: Shape, along dimensions: [Int]) -> (fixed: Term, varying: Term) {
    var (fixed, varying) = (self, self)
    varying.coefficient = Ratio(1)
    func isFixed(_ x: Expression) -> Bool {
      // x^i/x is x^(i - 1), which is defined at 0.
      if factors.contains(where: { $0.base.node.isApply(.power) && $0.base.node.a == x.index }) {
        return false
      }
      let own = x.shape.dimensions(levels: shape.lanes.count)
      return x.shape.lanes.count <= shape.lanes.count && dimensions.allSatisfy { own[$0] == 1 }
    }
    fixed.factors = factors.filter { isFixed($0.base) }
    varying.factors = factors.filter { !isFixed($0.base) }
    return (fixed, varying)
  }

  /// The size of the product.
  var shape: Shape {
    factors.reduce(.scalar) { $0.broadcast(with: $1.base.shape) ?? $0 }
  }
}

extension Expression {
  /// Whether this is some exp(z) and `total` its sum.
  fileprivate func isSummed(by total: Expression) -> Bool {
    node.isApply(.exp) && total.node.operation == .reduce && total.node.a == index
  }

  /// If this is exp(z) over its sum: z, and what the sum is over, 1 down the columns, 2 along the
  /// rows, nil both.
  package var softmaxOperand: (operand: Expression, axis: Int?)? {
    let n = node
    guard n.isApply(.divide), Expression(graph: graph, index: n.a).node.isApply(.exp) else {
      return nil
    }
    let total = graph.nodes[Int(n.b)]
    guard total.operation == .reduce, total.a == n.a,
      graph.reductions[Int(total.payload)].kind == .sum
    else { return nil }
    let operand = Expression(graph: graph, index: graph.nodes[Int(n.a)].a)
    let shape = operand.shape
    guard shape.lanes.isEmpty else { return nil }
    let dimensions = graph.reductions[Int(total.payload)].dimensions
    if dimensions.count == 2 || shape.rows == 1 || shape.columns == 1 { return (operand, nil) }
    return (operand, dimensions[0] + 1)
  }
}
