/// Sums as lists of terms.

/// The terms of a sum, in order.
struct TermList {
  var terms: [Term] = []

  init() {}

  /// The sum of `parts`.
  init(_ parts: [Expression]) {
    for part in parts { add(part, 1) }
  }

  func rendered(in graph: Graph) -> Expression { Self.rendered(terms, in: graph) }

  /// Sums of more terms are not taken apart.
  private static let longest = 100

  /// Adds sign · expression, term by term.
  mutating func add(_ expression: Expression, _ sign: Double) {
    var stack = [(expression, sign)]
    while let (x, sign) = stack.popLast() {
      let node = x.node
      func operand(_ index: Int32) -> Expression { Expression(graph: x.graph, index: index) }
      if terms.count + stack.count < Self.longest {
        if node.isApply(.add) || node.isApply(.subtract) {
          stack.append((operand(node.b), node.isApply(.add) ? sign : -sign))
          stack.append((operand(node.a), sign))
          continue
        }
        if node.isApply(.negate) {
          stack.append((operand(node.a), -sign))
          continue
        }
      }
      insert(Term(of: x).scaled(sign))
    }
  }

  mutating func insert(_ term: Term) {
    if let place = terms.firstIndex(where: { $0.isLike(term) }) {
      terms[place].coefficient = terms[place].coefficient.plus(term.coefficient)
      if terms[place].coefficient.value == 0 { terms.remove(at: place) }
    } else if term.coefficient.value != 0 {
      terms.append(term)
    }
  }

  /// The sum in order; of two terms one without a sign leads.
  static func rendered(_ terms: [Term], in graph: Graph) -> Expression {
    var list = terms
    if list.count == 2, list[0].coefficient.value < 0, list[1].coefficient.value > 0 {
      list.swapAt(0, 1)
    }
    guard let first = list.first else { return graph.number(0) }
    var result = first.rendered(in: graph)
    for term in list.dropFirst() {
      if term.coefficient.value < 0 {
        result = result - term.scaled(-1).rendered(in: graph)
      } else {
        result = result + term.rendered(in: graph)
      }
    }
    return result
  }
}
