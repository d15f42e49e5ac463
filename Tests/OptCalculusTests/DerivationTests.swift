/// Every step of a derivation claims a derivative; each claim is compared with differences.
import OptCalculus
import OptGraph
import OptNumerics
import Testing

struct DerivationTests {
  /// Claims of one derivation at the point that `reference` holds, along `direction`.
  private func check(
    _ derivation: Derivation, _ reference: Reference, along direction: [Double], _ name: String
  ) {
    var reference = reference
    let x = derivation.variable
    let start = reference.inputs[x.index] ?? []
    if derivation.tangent.constant == nil {
      reference.inputs[derivation.tangent.index] = direction
    }
    func moved(_ e: Expression, _ h: Double) -> [Double] {
      var there = reference
      there.inputs[x.index] = zip(start, direction).map { $0 + h * $1 }
      return there.value(e)
    }
    func slope(_ e: Expression, _ h: Double) -> [Double] {
      zip(moved(e, h), moved(e, -h)).map { ($0 - $1) / (2 * h) }
    }
    for (k, step) in derivation.steps.enumerated() {
      let e = step.expression
      let wanted = zip(slope(e, 5e-4), slope(e, 1e-3)).map { (4 * $0 - $1) / 3 }
      for claim in [step.combination, step.derivative] {
        close(
          reference.value(claim.broadcast(to: e.shape)), wanted, 1e-6,
          "\(name), step \(k): \(step.rule) of \(e.debugDescription)")
      }
      for part in step.parts { #expect(part < k, "\(name): parts come before") }
      if case .chain(let outer) = step.rule {
        reference.inputs[outer.variable.index] = [0.37]
        close(
          reference.value(outer.derivative),
          reference.differences(outer.function, by: outer.variable), 1e-6, "\(name), outer")
      }
    }
    #expect(derivation.steps.indices.contains(derivation.root))
  }

  /// A smooth expression of `x` and `y` with about `size` operations, of moderate values.
  private func expression(
    _ leaves: [Expression], _ size: Int, _ noise: inout Noise
  ) -> Expression {
    var pool = leaves
    func pick() -> Expression {
      if pool.count > leaves.count, noise.next() < 0.6 { return pool[pool.count - 1] }
      let k = Int(noise.next() * Double(pool.count + 1))
      return k < pool.count ? pool[k] : leaves[0].graph.number(Double(1 + k % 3))
    }
    let unary: [FunctionID] = [
      .sin, .cos, .tanh, .atan, .sigmoid, .negate, .softplus, .erf, .abs, .floor, .relu,
    ]
    for _ in 0..<size {
      let (a, b) = (pick(), pick())
      switch Int(noise.next() * 13) {
      case 0, 1: pool.append(a + b)
      case 2: pool.append(a - b)
      case 3, 4: pool.append(a * b)
      case 5: pool.append(a / (2 + b.apply(.power, b.graph.number(2))))
      case 6: pool.append(a.apply(.power, a.graph.number(Double(2 + Int(noise.next() * 3)))))
      case 7: pool.append((1 + a * a).apply(.power, b.apply(.sin)))
      case 8: pool.append(a.apply(.tanh).apply(.exp))
      case 9: pool.append((1 + a * a).apply(.sqrt).apply(.log))
      case 10: pool.append(a.apply(.max, b))
      case 11: pool.append(a.graph.select(a.apply(.less, b), a * b, b.apply(.sin)))
      default: pool.append(a.apply(unary[Int(noise.next() * Double(unary.count))]))
      }
    }
    return pool[pool.count - 1]
  }

  @Test(arguments: 0..<4) func stepsOfRandomExpressions(_ block: Int) {
    for k in 0..<50 {
      var noise = Noise(UInt64(50 * block + k) + 7)
      var sample = Sample()
      let (x, y) = (sample.input([0.6137]), sample.input([-0.4071]))
      let e = expression([x, y], 2 + k % 9, &noise)
      let derivation = Derivation(e, by: x, calls: [], letter: "u")
      #expect(!derivation.isCut)
      check(derivation, sample.reference, along: [1], "expression \(50 * block + k)")
    }
  }

  /// Forms with rules of their own, by a column.
  @Test func stepsOfMatrixForms() {
    var sample = Sample(3)
    let z = sample.input(3, 1)
    let a = sample.known([2, 1, 0.5, -1, 3, 1, 0.2, 0.4, 1], Shape(rows: 3, columns: 3))
    let b = sample.known([1, -2, 0.5], Shape(rows: 3, columns: 1))
    let two = sample.graph.number(2)
    let rest = a.product(z) - b
    let forms: [(String, Expression)] = [
      ("squared norm", (rest * rest).reduceElements(.sum)),
      ("norm", (rest * rest).reduceElements(.sum).apply(.sqrt)),
      ("power of a norm", (rest * rest).reduceElements(.sum).apply(.sqrt).apply(.power, two)),
      ("product with itself", rest.product(rest, transposeLeft: true)),
      ("quadratic form", z.product(a, transposeLeft: true).product(z)),
      ("quadratic form, bracketed", z.product(a.product(z), transposeLeft: true)),
      ("matrix product", z.product(z.apply(.sin), transposeRight: true)),
      ("sum", z.apply(.exp).reduceElements(.sum)),
      ("softmax", z.apply(.exp) / z.apply(.exp).reduceElements(.sum)),
      ("product of all", z.reduceElements(.product)),
      ("maximum", z.reduceElements(.maximum)),
      ("running sum", z.apply(.sin).scan(0)),
      ("a transpose", (z * z).transposed),
    ]
    for (name, form) in forms {
      let derivation = Derivation(form, by: z, calls: [], letter: "u")
      check(derivation, sample.reference, along: [0.3, -0.5, 0.8], name)
    }
  }

  @Test func namedFormsAreRecognised() {
    var sample = Sample(3)
    let z = sample.input(3, 1)
    func rule(_ e: Expression) -> DerivationRule {
      let derivation = Derivation(e, by: z, calls: [], letter: "u")
      return derivation.steps[derivation.root].rule
    }
    let square = (z * z).reduceElements(.sum)
    if case .squaredNorm = rule(square) {} else { Issue.record("sum(z.*z)") }
    if case .norm = rule(square.apply(.sqrt)) {} else { Issue.record("norm(z)") }
    if case .squaredNorm = rule(z.product(z, transposeLeft: true)) {
    } else {
      Issue.record("zᵀz")
    }
  }

  @Test func longDerivationsAreCut() {
    var sample = Sample()
    let x = sample.input([0.5])
    var e = x
    for k in 0..<200 { e = (e * e + Double(k)).apply(.tanh) }
    let derivation = Derivation(e, by: x, calls: [], letter: "u")
    #expect(derivation.isCut)
    #expect(derivation.steps.count <= 4 * Derivation.most)
    check(derivation, sample.reference, along: [1], "long")
    // A huge one is not derived step by step at all.
    for k in 0..<3000 { e = (e * e + Double(k)).apply(.sin) }
    let huge = Derivation(e, by: x, calls: [], letter: "u")
    #expect(huge.steps.count == 1)
  }

  /// A node used twice has one step.
  @Test func sharedStepsAreThereOnce() {
    var sample = Sample()
    let x = sample.input([0.5])
    let inner = x.apply(.sin) * x
    let derivation = Derivation(
      inner.apply(.exp) * inner.apply(.cos), by: x, calls: [], letter: "u")
    let steps = derivation.steps.filter { $0.expression == inner }
    #expect(steps.count == 1)
    #expect(derivation.steps.filter { $0.parts.count == 1 }.count >= 2)
  }

  @Test func errorSignalsAreDerivativesByNodes() {
    var sample = Sample(5)
    let (x, y) = (sample.input([0.7]), sample.input([1.3]))
    let inner = x * y
    let whole = inner.apply(.sin) + inner * x
    let signals = errorSignals(of: whole, by: [x, y])
    for e in [x, y, inner, inner.apply(.sin), whole] {
      guard let signal = signals[e.index] else {
        Issue.record("no signal of \(e.debugDescription)")
        continue
      }
      let wanted = gradient(of: whole, by: [e])[0]
      close(
        sample.reference.value(signal), sample.reference.value(wanted), 1e-15,
        e.debugDescription)
    }
  }
}
