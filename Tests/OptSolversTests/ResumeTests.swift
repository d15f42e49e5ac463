/// Every method of the catalogue goes on from a saved state with the same bits.
import OptNumerics
import OptSolvers
import Testing

/// Residuals in a box and under constraints, with everything that a method may ask for:
///
///     r = [10(x₂ − x₁²), 1 − x₁, 3 sin 4x₂],  f = ‖r‖²,  x₁² + x₂² ≤ 2,  x₁ = x₂³ where constrained
///
/// With one variable, x₂ = 0.7.
private final class Everything: PlainObjective {
  private let n: Int
  let bounds: Bounds?
  let constraints: [Constraint]

  init(_ n: Int, isBounded: Bool, isConstrained: Bool) {
    self.n = n
    let box = Bounds(
      lower: Array(repeating: -2, count: n), upper: Array(repeating: 1.5, count: n))
    bounds = isBounded ? box : nil
    constraints =
      isConstrained
      ? [
        Constraint(label: "circle", count: 1, lower: -.infinity, upper: 0, isLinear: false),
        Constraint(label: "cubic", count: 1, lower: 0, upper: 0, isLinear: false),
      ] : []
  }

  var layout: [Block] { [Block(name: "x", rows: n, columns: 1)] }
  let residualCount = 3
  let isQuadratic = false
  var offers: Ask {
    constraints.isEmpty
      ? [.value, .gradient, .hessian, .product, .residuals, .jacobian]
      : [.value, .gradient, .hessian, .constraints, .constraintJacobian, .lagrangian]
  }

  private func jets(_ x: UnsafePointer<Double>, secondOrder: Bool) -> [Jet] {
    (0..<n).map { Jet(variable: $0, of: n, value: x[$0], secondOrder: secondOrder) }
  }

  private func residuals(_ x: [Jet]) -> [Jet] {
    let y = x.count > 1 ? x[1] : Jet(0.7)
    return [Jet(10) * (y - x[0] * x[0]), Jet(1) - x[0], Jet(3) * sin(Jet(4) * y)]
  }

  private func rows(_ x: [Jet]) -> [Jet] {
    constraints.isEmpty
      ? [] : [x[0] * x[0] + x[1] * x[1] - Jet(2), x[0] - x[1] * x[1] * x[1]]
  }

  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome {
    let second = !ask.isDisjoint(with: [.hessian, .product, .lagrangian])
    let point = jets(x, secondOrder: second)
    let r = residuals(point)
    let c = rows(point)
    let f = r.reduce(Jet(0)) { $0 + $1 * $1 }
    answer.value = f.number
    for k in 0..<n { answer.gradient?[k] = f.g[k] }
    for (row, jet) in r.enumerated() {
      answer.residuals?[row] = jet.number
      for k in 0..<n { answer.jacobian?[row * n + k] = jet.g.isEmpty ? 0 : jet.g[k] }
    }
    for (row, jet) in c.enumerated() {
      answer.constraints?[row] = jet.number
      for k in 0..<n { answer.constraintJacobian?[row * n + k] = jet.g[k] }
    }
    guard second else { return .done }
    for k in 0..<(n * n) {
      answer.hessian?[k] = f.h[k]
      guard let along, let lagrangian = answer.lagrangian else { continue }
      lagrangian[k] = c.indices.reduce(f.h[k]) {
        $0 + along[$1] * (c[$1].h.isEmpty ? 0 : c[$1].h[k])
      }
    }
    if let along, let product = answer.product {
      for i in 0..<n { product[i] = (0..<n).reduce(0) { $0 + f.h[i * n + $1] * along[$1] } }
    }
    return .done
  }

  func culprit(at x: UnsafePointer<Double>) -> Fault? { nil }
}

struct ResumeTests {
  static let methods: [any Method] =
    MethodCatalogue.entries.map { $0.make([:]) } + [
      Restarts(20, LBFGS()), Restarts(6, SQP()), CheckedLeastSquares(),
    ]

  private func objective(_ method: any Method, isConstrained: Bool) -> Everything {
    Everything(
      method.largestDimension > 1 ? 2 : 1, isBounded: method.honours.contains(.bounds),
      isConstrained: isConstrained)
  }

  private func run(
    _ method: any Method, _ objective: Everything, _ stops: Stops, seed: UInt64 = 5,
    _ checkpoint: Checkpoint = Checkpoint()
  ) -> Solution {
    let n = objective.dimension
    let box = Bounds(lower: Array(repeating: -2, count: n), upper: Array(repeating: 1.5, count: n))
    return minimize(
      objective, from: [-1.2, 1].suffix(n).map { $0 }, using: method, until: stops,
      checkpoint: checkpoint,
      region: SearchRegion(box: box, random: SearchRegion.Source(seed: seed)))
  }

  private func expectSame(_ rest: Solution, _ whole: Solution, _ name: String) {
    #expect(rest.x == whole.x, "\(name)")
    #expect(rest.value.bitPattern == whole.value.bitPattern, "\(name)")
    #expect(rest.counts == whole.counts, "\(name)")
    #expect(
      rest.trace.values.map(\.bitPattern) == whole.trace.values.map(\.bitPattern), "\(name)")
    #expect(rest.path == whole.path, "\(name)")
    #expect(rest.reason == whole.reason, "\(name)")
    #expect(rest.multipliers == whole.multipliers, "\(name)")
    #expect(rest.minima == whole.minima, "\(name)")
  }

  @Test(arguments: methods.indices)
  func aResumedRunGivesTheSameBits(_ index: Int) throws {
    let method = Self.methods[index]
    let kinds = method.honours.contains(.constraints) ? [false, true] : [false]
    for isConstrained in kinds {
      // A global search without a limit is long; its phases are met by then.
      let end = method.isGlobal ? Stops(evaluations: 6000) : Stops.standard
      let whole = run(method, objective(method, isConstrained: isConstrained), end)
      let cuts =
        [1, 2, 3, 5, 8].map { Stops(steps: $0) }
        + [4, 17, 1500, 4500].map { Stops(evaluations: $0) }
      for stops in cuts {
        var saved: [ArchiveRow] = []
        let first = run(
          method, objective(method, isConstrained: isConstrained), stops,
          Checkpoint(save: { saved = $0 }))
        // Stops of one's own do not end a run where the default ones do.
        if first.steps >= whole.steps { continue }
        // Stopped before there was anything to save.
        if saved.isEmpty, stops.evaluations != nil { continue }
        try #require(!saved.isEmpty, "\(method.name)")
        let rest = run(
          method, objective(method, isConstrained: isConstrained), end, seed: 99,
          Checkpoint(resumed: saved))
        expectSame(rest, whole, method.name)
      }
    }
  }

  /// What was saved may be damaged in any way: a reason, never a trap.
  @Test(arguments: methods.indices)
  func aDamagedStateIsRefused(_ index: Int) {
    let method = Self.methods[index]
    let isConstrained = method.honours.contains(.constraints)
    var saved: [ArchiveRow] = []
    _ = run(
      method, objective(method, isConstrained: isConstrained),
      method.isGlobal ? Stops(evaluations: 2500) : Stops(steps: 3),
      Checkpoint(save: { saved = $0 }))
    #expect(!saved.isEmpty)
    for row in saved.indices where !saved[row].name.hasPrefix("trace") {
      let numbers = saved[row].numbers
      for damaged in [[], numbers.map { _ in -7 }, numbers + [1], numbers.map { _ in 1e9 }] {
        if damaged == numbers { continue }
        var rows = saved
        rows[row].numbers = damaged
        _ = run(
          method, objective(method, isConstrained: isConstrained),
          method.isGlobal ? Stops(evaluations: 2600) : Stops(steps: 6),
          Checkpoint(resumed: rows))
      }
    }
  }

  /// Seconds are those of the whole run, and so is the budget of them.
  @Test func secondsGoOn() {
    var saved: [ArchiveRow] = []
    _ = run(
      BFGS(), objective(BFGS(), isConstrained: false), Stops(steps: 3),
      Checkpoint(save: { saved = $0 }))
    guard let row = saved.firstIndex(where: { $0.name == "run.seconds" }) else {
      Issue.record("the seconds are not saved")
      return
    }
    #expect(saved[row].numbers[0] > 0)
    saved[row].numbers = [1000]
    let rest = run(
      BFGS(), objective(BFGS(), isConstrained: false), Stops(seconds: 900),
      Checkpoint(resumed: saved))
    #expect(rest.seconds >= 1000)
    #expect(rest.reason == .timeLimit(900))
  }
}
