/// Derivations: how a derivative comes about, rule by rule, as data. The text is made elsewhere.
import OptGraph

/// What was done to differentiate one expression. Its `operands` are called u, v, w in the rules.
package enum DerivationRule: Sendable {
  /// What does not depend on the variable.
  case constant
  /// The variable itself.
  case variable
  /// The derivative does not depend on the variable.
  case linear
  /// (u + v)' = u' + v'
  case sum
  /// (c u)' = c u'
  case constantMultiple(Expression)
  /// (u v)' = u' v + u v', of two factors or more
  case product
  /// (c/u)' = -c u'/u², with the constant c
  case reciprocal(Expression)
  /// (u/v)' = (u' v - u v')/v²
  case quotient
  /// (xⁿ)' = n xⁿ⁻¹
  case power
  /// (aˣ)' = aˣ log(a)
  case exponential
  /// (u^v)' = u^v (v' log(u) + v u'/u)
  case variablePower
  /// A row of the function table, of the variable itself or of several operands.
  case function(FunctionID)
  /// f(u)' = f'(u) u'
  case chain(OuterFunction)
  /// The value of the one operand that is taken: `max`, `min`, of two or of all elements.
  case extreme
  /// Constant between its jumps: `floor`, comparisons.
  case stepwise
  /// Each side of a condition for itself.
  case condition(Expression)
  /// A sum over elements or turns, term by term.
  case termByTerm
  /// A product over elements or turns.
  case productOfAll
  /// Elements are taken, moved or laid beside each other.
  case rearrangement
  /// (u v)' = u' v + u v' of matrices
  case matrixProduct
  /// d(uᵀu) = 2uᵀ du, and the same of matrices
  case squaredNorm
  /// d norm(u) = uᵀ du/norm(u)
  case norm
  /// d(uᵀ A u) = uᵀ(A + Aᵀ) du, with the constant A
  case quadraticForm(Expression)
  /// d(u \ v) = u \ (dv - du (u \ v))
  case linearSystem
  /// A result of a factorisation: determinant, eigenvalues, …
  case factorization(Factorization, part: Int)
  /// The expression is a call, which stands for the body of a function.
  case definition
  /// Differentiated in one go, because the derivation is long enough.
  case atOnce
}

/// The outer function of the chain rule.
package struct OuterFunction: Sendable {
  /// What stands for the inner expression.
  package let variable: Expression
  /// f(u)
  package let function: Expression
  /// f'(u)
  package let derivative: Expression
  /// The rule that gives it: `power`, `exponential` or `function`.
  package let id: FunctionID
}

/// One step: an expression, the rule, and the derivative.
package struct DerivationStep: Sendable {
  /// What is differentiated.
  package let expression: Expression
  package let rule: DerivationRule
  /// The sub-expressions that the rule names, in its order.
  package let operands: [Expression]
  /// The steps of those sub-expressions that had to be differentiated, in order.
  package let parts: [Int]
  /// The derivative as the rule puts it together from those of the parts.
  package let combination: Expression
  /// The same, simplified.
  package let derivative: Expression
}

/// All steps, each after those that it rests on.
package struct Derivation: Sendable {
  package fileprivate(set) var steps: [DerivationStep] = []
  /// The step of the whole expression.
  package fileprivate(set) var root = 0
  /// Whether some expressions were differentiated `atOnce`.
  package fileprivate(set) var isCut = false
  /// What the derivative is taken by.
  package let variable: Expression
  /// The change of the variable that derivatives are taken along: 1 for a number, an input `dx` of
  /// its size for an array; the derivatives are differentials then.
  package let tangent: Expression

  /// Steps beyond this many are not followed.
  package static let most = 60
  /// Terms and factors of one step.
  static let widest = 12
  /// Formulas of more operations are differentiated at once.
  private static let largest = 2000

  /// Derives `expression` by `variable`.
  /// - Parameters:
  ///   - calls: nodes that are results of functions of the user; a step says so.
  ///   - letter: the name of the inner expression in the chain rule.
  package init(
    _ expression: Expression, by variable: Expression, calls: Set<Int32>, letter: String
  ) {
    let graph = expression.graph
    self.variable = variable
    if variable.shape.isScalar {
      tangent = graph.number(1)
    } else {
      let own = graph.inputs[Int(variable.node.payload)]
      var change = Input(name: "d\(own.name)", role: .variable, shape: variable.shape)
      change.isOpen = own.isOpen
      tangent = graph.input(change)
    }
    let size = graph.reachable(from: [expression.index]).lazy.filter { $0 }.count
    var builder = DerivationBuilder(
      variable, tangent, calls, letter, most: size > Self.largest ? 0 : Self.most)
    root = builder.derive(expression)
    steps = builder.steps
    isCut = builder.isCut
  }
}
