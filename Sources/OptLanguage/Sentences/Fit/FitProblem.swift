/// One fit as a problem of the solvers: residuals, their weights, the loss.
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

final class FitProblem {
  let machine: Machine
  let names: [String]
  let templates: [Template]
  let leaves: [Leaf]
  let left: FitSide
  let right: FitSide
  let columns: FitColumns
  /// √weight or 1/σ of each row; nil where all count the same.
  let roots: Matrix?
  let isSigma: Bool
  /// What `subject to` says, for the report.
  var restrictions: ConstraintReport?
  let loss: Loss
  /// The scale of the loss, an input of the program.
  let scale = Buffer(count: 1, repeating: 1)
  let text: String
  let span: SourceSpan
  private(set) var objective: CostObjective

  init(
    _ machine: Machine, _ code: FitCode, _ starts: [Value], _ left: FitSide, _ right: FitSide,
    _ columns: FitColumns, _ roots: Matrix?, _ constraintSides: [Value]
  ) {
    self.machine = machine
    self.left = left
    self.right = right
    self.columns = columns
    self.roots = roots
    isSigma = code.weighting?.isSigma ?? false
    loss = code.loss.loss
    text = code.text
    span = code.span
    let names = code.bindings.map(\.name)
    self.names = names
    var leaves: [Leaf] = []
    let templates = zip(names, starts).map { Template.of($1, named: $0, &leaves) }
    self.templates = templates
    let variableCount = leaves.count
    if loss != .squares { leaves.append(Leaf(rows: 1, columns: 1, name: "scale")) }
    self.leaves = leaves
    let (loss, span) = (loss, span)
    let traced = TracedFunction(
      machine, leaves: leaves, variableCount: variableCount,
      hasConstraints: !constraintSides.isEmpty, at: span
    ) { [unowned machine] values in
      let parameters = templates.map { $0.value { values[$0] } }
      let difference = try machine.binary(
        .subtract, left.values(parameters, columns), right.values(parameters, columns), span)
      var r = try machine.expression(difference, span)
      r = r.broadcast(to: Shape(rows: columns.rowCount, columns: 1))
      if let roots { r = r * r.graph.array(roots.buffer, roots.shape) }
      let cost: Value
      if loss != .squares, let last = values.last {
        let c = try machine.expression(last, span)
        let u = r / c
        let z = u * u
        machine.tracer?.squares = SumOfSquares(residuals: r, roots: loss.root(z))
        cost = Value(c * c * loss.value(z).reduceElements(.sum))
      } else {
        machine.tracer?.squares = SumOfSquares(residuals: r, roots: nil)
        cost = Value((r * r).reduceElements(.sum))
      }
      if constraintSides.isEmpty { return cost }
      let spans = parameters.map { _ in span }
      let compared = try machine.compared(code.constraints, constraintSides, parameters, spans)
      return .list([cost] + compared)
    }
    if loss != .squares { traced.pointers[variableCount] = UnsafePointer(scale.pointer) }
    objective = CostObjective(traced, machine)
  }

  /// The parameters of a flat point, as the sides take them.
  func parameters(_ x: [Double]) -> [Value] {
    let point = x.withUnsafeBufferPointer { RunReport.structured($0, templates, names) }
    guard case .record(let record) = point else { return [] }
    return record.values
  }

  /// The numbers of a side at a flat point.
  func numbers(_ side: FitSide, _ x: [Double], _ columns: FitColumns) throws -> [Double] {
    let value = try side.values(parameters(x), columns)
    let all = value.numbers ?? []
    return all.count == 1
      ? Array(repeating: all[0], count: columns.rowCount) : all
  }

  /// Weighted residuals and their Jacobian at a point, whatever the loss; nil if something is not
  /// finite.
  func linearized(_ x: [Double]) -> (residuals: [Double], jacobian: [Double])? {
    // A wide scale makes squares of every loss.
    let before = scale[0]
    if loss != .squares { scale[0] = 1e150 }
    defer { scale[0] = before }
    let m = objective.residualCount
    let residuals = Buffer(count: m)
    let jacobian = Buffer(count: m * x.count)
    var answer = Answer()
    answer.residuals = residuals.pointer
    answer.jacobian = jacobian.pointer
    let outcome = x.withUnsafeBufferPointer { x -> Outcome in
      guard let base = x.baseAddress else { return .notFinite }
      return objective.evaluate([.residuals, .jacobian], at: base, along: nil, into: &answer)
    }
    return outcome == .done ? (residuals.numbers, jacobian.numbers) : nil
  }

  /// Finds the parameters from `start`. The scale of a loss that has none follows the residuals:
  /// their median absolute deviation, again until it stays.
  func solve(
    _ start: [Double], _ method: any Method, _ stops: Stops, isScaleGiven: Bool,
    _ progress: @escaping (StepInfo) -> Void
  ) throws -> Solution {
    func run(_ start: [Double]) -> Solution {
      OptSolvers.minimize(
        objective, from: start, using: method, until: stops, stop: machine.stop,
        progress: progress)
    }
    guard loss != .squares, !isScaleGiven else { return run(start) }
    // A wide scale makes squares of every loss.
    scale[0] = 1e4 * max(try weighted(start).map { abs($0) }.max() ?? 1, 1e-100)
    var solution = run(start)
    for _ in 0..<Self.largestRounds where solution.reason.isSuccess {
      let sizes = try weighted(solution.x).map { abs($0) }.sorted()
      let middle = sizes.count / 2
      let median =
        sizes.count % 2 == 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2
      let next = loss.tuning * median / 0.6745
      guard next > 1e-12 * (sizes.last ?? 0) else { break }
      let change = abs(next - scale[0]) / next
      scale[0] = next
      if change < 1e-8 { break }
      var further = run(solution.x)
      further.add(solution)
      solution = further
    }
    return solution
  }

  private static let largestRounds = 100

  /// Residuals times the roots of the weights, whatever the loss.
  func weighted(_ x: [Double]) throws -> [Double] {
    let (y, model) = (try numbers(left, x, columns), try numbers(right, x, columns))
    return zip(y, model).enumerated().map { k, pair in
      (pair.0 - pair.1) * (roots.map { $0.buffer[k] } ?? 1)
    }
  }
}

extension Solution {
  /// Takes the effort of an earlier run that this one goes on from.
  fileprivate mutating func add(_ earlier: Solution) {
    steps += earlier.steps
    seconds += earlier.seconds
    counts.evaluations += earlier.counts.evaluations
    counts.values += earlier.counts.values
    counts.gradients += earlier.counts.gradients
    counts.hessians += earlier.counts.hessians
    counts.products += earlier.counts.products
    start = earlier.start
  }
}
