/// A cost written in the language, as the solvers see it.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

final class CostObjective: Objective {
  let layout: [Block]
  private(set) var offers: Ask = [.value, .gradient, .product, .hessian]
  /// Parts of the cost, where it is a sum of squares.
  private(set) var residualCount = 0
  private(set) var bounds: Bounds?
  /// The bounds while nothing is held.
  private var free: Bounds?
  private(set) var constraints: [Constraint] = []
  private(set) var constraintCount = 0
  private(set) var isQuadratic = false
  private(set) var hasQuadraticLagrangian = false
  private(set) lazy var sparsity = findSparsity()
  let traced: TracedFunction
  let sign: Double
  /// An error of the program while it was evaluated; the run stops and it is told afterwards.
  var failure: (any Error)?
  /// Whether the cost draws random numbers.
  private(set) var isRandom = false
  private let offsets: [Int]
  private let counts: [Int]
  private let machine: Machine
  private var evaluations = 0.0
  /// The short way to value and gradient, and the definitions counter for which it is right.
  @exclusivity(unchecked) private var direct: DirectCost?
  @exclusivity(unchecked) private var directDefinitions = -1

  init(_ traced: TracedFunction, _ machine: Machine) {
    self.traced = traced
    self.machine = machine
    sign = traced.sign
    layout = traced.leaves.prefix(traced.variableCount).map(\.block)
    var offsets: [Int] = []
    var total = 0
    for leaf in traced.leaves.prefix(traced.variableCount) {
      offsets.append(total)
      total += leaf.count
    }
    self.offsets = offsets
    counts = traced.leaves.map(\.count)
  }

  /// Traces the cost at the start, where errors of the program are told with their place.
  func prepare(_ start: [Double]) throws {
    try start.withUnsafeBufferPointer { start in
      guard let base = start.baseAddress else { return }
      point(base)
      let path = try traced.path()
      isRandom = path.tracer.randomKey != nil
      // Where conditions choose between paths, the next one may have other parts, unless the cost
      // was made of them.
      let isOne = path.tracer.guards.allSatisfy { $0.predicate.constant != nil }
      if !isRandom, isOne || path.tracer.squares != nil, let count = try traced.squareCount(path) {
        residualCount = count
        offers.formUnion([.residuals, .jacobian])
      }
    }
    if isRandom {
      // Fresh numbers for every run, the same for the same seed.
      evaluations = Double(machine.random.seed % (1 << 20)) * 4_294_967_296
      evaluations += Double(machine.random.draw % (1 << 10)) * 4_194_304
    }
  }

  /// Restricts the variables.
  func restrict(_ set: ConstraintSet) {
    free = set.hasBounds ? set.bounds : nil
    bounds = free
    constraints = set.constraints
    constraintCount = constraints.reduce(0) { $0 + $1.count }
    isQuadratic = set.isQuadratic
    hasQuadraticLagrangian = set.hasQuadraticLagrangian
    traced.rows = set.rows
    if !constraints.isEmpty {
      offers.formUnion([.constraints, .constraintJacobian, .lagrangian])
    }
  }

  /// Holds one component at a value, or none of them.
  func hold(_ component: Int?, at value: Double) {
    guard let component else {
      bounds = free
      return
    }
    var box = free ?? .none(dimension)
    box.lower[component] = value
    box.upper[component] = value
    bounds = box
  }

  /// Which random numbers come next.
  func archive(_ archive: Archive) { archive.number("draws", &evaluations) }

  private func point(_ x: UnsafePointer<Double>) {
    for k in 0..<offsets.count { traced.pointers[k] = x + offsets[k] }
  }

  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome {
    if ask.rawValue == Self.both.rawValue, let target = answer.gradient,
      let (value, isFinite) = callDirectly(x, target)
    {
      answer.value = value
      return isFinite && value.isFinite ? .done : .notFinite
    }
    point(x)
    if isRandom {
      evaluations += 1
      traced.draw = evaluations
    }
    do {
      let isFinite = try fill(ask, along, &answer)
      guard let isFinite else { return .stopped }
      return isFinite ? .done : .notFinite
    } catch {
      failure = error
      return .stopped
    }
  }

  private static let both: Ask = [.value, .gradient]

  /// Value and gradient by the short way, if there is one and nothing was defined since.
  @inline(__always)
  func callDirectly(
    _ x: UnsafePointer<Double>, _ gradient: UnsafeMutablePointer<Double>
  ) -> (value: Double, isFinite: Bool)? {
    guard directDefinitions == machine.state.pointee.definitions, let direct else { return nil }
    return direct.run(x, gradient)
  }

  /// Whether everything is finite; nil when stopped.
  private func fill(
    _ ask: Ask, _ along: UnsafePointer<Double>?, _ answer: inout Answer
  ) throws -> Bool? {
    var isFinite = true
    if ask.asks(.sparse) { return try fillStored(ask, along, &answer) }
    if ask.asks([.constraints, .constraintJacobian, .lagrangian]) {
      return try fillConstraints(ask, along, &answer)
    }
    if ask.asks(.hessian), let target = answer.hessian {
      guard let run = try traced.run(.valueGradientHessian) else { return nil }
      answer.value = run.output(0).pointee
      isFinite = collect(run, 1, answer.gradient)
      let last = 1 + offsets.count
      isFinite = run.copy(last, to: target, count: run.shape(last).count) && isFinite
    } else if ask.asks(.gradient) {
      traced.target = answer.gradient
      guard let run = try traced.run(.valueAndGradient) else { return nil }
      answer.value = run.output(0).pointee
      isFinite = collect(run, 1, answer.gradient)
      if run.workspace.isDirect, traced.holdsWithoutQuestion(run, .valueAndGradient) {
        direct = DirectCost(run, offsets: offsets, counts: Array(counts.prefix(offsets.count)))
        directDefinitions = machine.state.pointee.definitions
      }
    } else if ask.asks(.value), !ask.asks(.residuals) {
      guard let run = try traced.run(.value) else { return nil }
      answer.value = run.output(0).pointee
    }
    if ask.asks(.residuals) || ask.asks(.jacobian) {
      guard let parts = try residuals(ask, &answer) else { return nil }
      isFinite = parts && isFinite
    }
    if ask.asks(.product), let target = answer.product, let along {
      let count = traced.leaves.count
      for k in 0..<offsets.count { traced.pointers[count + k] = along + offsets[k] }
      traced.target = target
      guard let run = try traced.run(.product) else { return nil }
      isFinite = collect(run, 0, target) && isFinite
    }
    if ask.asks(.value) || ask.asks(.gradient) || ask.asks(.hessian) {
      isFinite = isFinite && answer.value.isFinite
    }
    return isFinite
  }

  /// The parts of the cost and their derivatives; whether all are finite, nil when stopped.
  private func residuals(_ ask: Ask, _ answer: inout Answer) throws -> Bool? {
    let query: Query = ask.asks(.jacobian) ? .residualsAndJacobian : .residuals
    guard let run = try traced.run(query) else { return nil }
    answer.value = run.output(0).pointee
    // Another path of the program may have other parts.
    guard run.shape(1).count == residualCount else { return false }
    var isFinite = true
    if let target = answer.residuals { isFinite = run.copy(1, to: target, count: residualCount) }
    if query == .residualsAndJacobian, let target = answer.jacobian {
      isFinite = run.copy(2, to: target, count: run.shape(2).count) && isFinite
    }
    return isFinite
  }

  /// Fewer variables than this are not worth a pattern.
  private static let fewestSparse = 100

  private func findSparsity() -> Sparsity? {
    guard dimension >= Self.fewestSparse, let stored = try? traced.storedLagrangian() else {
      return nil
    }
    let none = SparsePattern(rows: 0, columns: dimension, starts: [0], indices: [])
    return Sparsity(
      jacobian: stored.jacobian?.pattern ?? none, lagrangian: stored.hessian.pattern)
  }

  /// Value, rows and derivatives as stored elements.
  private func fillStored(
    _ ask: Ask, _ along: UnsafePointer<Double>?, _ answer: inout Answer
  ) throws -> Bool? {
    if ask.asks([.lagrangian, .hessian]) {
      if let along { traced.pointers[traced.leaves.count] = along }
      guard let target = answer.lagrangian ?? answer.hessian,
        let run = try traced.run(.storedSecond)
      else { return nil }
      return run.copy(0, to: target, count: run.shape(0).count)
    }
    guard let run = try traced.run(.storedFirst) else { return nil }
    answer.value = run.output(0).pointee
    var (isFinite, output) = (answer.value.isFinite, 1)
    if !constraints.isEmpty {
      for target in [answer.constraints, answer.constraintJacobian] {
        if let target {
          isFinite = run.copy(output, to: target, count: run.shape(output).count) && isFinite
        }
        output += 1
      }
    }
    return collect(run, output, answer.gradient) && isFinite
  }

  /// Value, rows of constraints and their derivatives, as far as they are asked for.
  private func fillConstraints(
    _ ask: Ask, _ along: UnsafePointer<Double>?, _ answer: inout Answer
  ) throws -> Bool? {
    let query: Query =
      ask.asks(.lagrangian)
      ? .lagrangian
      : ask.asks([.gradient, .constraintJacobian]) ? .firstDerivatives : .valueAndRows
    if query == .lagrangian {
      guard let along else { return false }
      traced.pointers[traced.leaves.count] = along
    }
    guard let run = try traced.run(query) else { return nil }
    answer.value = run.output(0).pointee
    var isFinite = answer.value.isFinite
    func take(_ output: Int, _ target: UnsafeMutablePointer<Double>?) {
      guard let target else { return }
      isFinite = run.copy(output, to: target, count: run.shape(output).count) && isFinite
    }
    take(1, answer.constraints)
    guard query != .valueAndRows else { return isFinite }
    take(2, answer.constraintJacobian)
    isFinite = collect(run, 3, answer.gradient) && isFinite
    if query == .lagrangian { take(3 + offsets.count, answer.lagrangian) }
    return isFinite
  }

  /// Brings one array a leaf together, from output `first` on; whether all is finite.
  private func collect(
    _ run: Executable, _ first: Int, _ target: UnsafeMutablePointer<Double>?
  ) -> Bool {
    guard let target else { return true }
    var isFinite = true
    for k in 0..<offsets.count {
      isFinite =
        run.copy(first + k, to: target + offsets[k], count: counts[k]) && isFinite
    }
    return isFinite
  }

  /// The same cost for another thread, where its program decides nothing and draws nothing.
  func copy() -> (any Objective)? {
    guard constraints.isEmpty, let (value, gradient) = traced.copies() else { return nil }
    return CostCopy(
      value: value, gradient: gradient, layout: layout, bounds: bounds,
      definitions: machine.state.pointee.definitions, stop: machine.stop)
  }

  func culprit(at x: UnsafePointer<Double>) -> Fault? {
    point(x)
    return try? traced.culprit()
  }
}

extension Ask {
  /// `contains` without the detour through sets.
  @inline(__always) fileprivate func asks(_ other: Ask) -> Bool { rawValue & other.rawValue != 0 }
}
