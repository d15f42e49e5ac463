/// One fit as a problem of the solvers: residuals, their weights, the loss.
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

/// What all problems of one sentence have in common.
struct FitParts {
  let code: FitCode
  let starts: [Value]
  let left: FitSide
  let right: FitSide
  let columns: FitColumns
  /// √weight or 1/σ of each row; nil where all count the same.
  let roots: Matrix?
  /// Weights or standard deviations.
  let weighting: FitSide?
  /// The sides of `subject to`.
  let constraintSides: [Value]

  /// Which rows count at all.
  var counts: [Bool] {
    (0..<columns.rowCount).map { row in roots.map { $0.buffer[row] > 0 } ?? true }
  }
}

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
  /// Weights or standard deviations.
  let weighting: FitSide?
  /// What `subject to` says, for the report.
  var restrictions: ConstraintReport?
  let loss: Loss
  /// The scale of the loss, an input of the program.
  let scale = Buffer(count: 1, repeating: 1)
  /// The scale comes from the residuals.
  let findsScale: Bool
  /// More than half of the rows are fitted exactly: the residuals have no scale.
  var isMajorityExact = false
  /// Which rows count at all.
  let counts: [Bool]
  let text: String
  let span: SourceSpan
  private(set) var objective: CostObjective

  /// The problem with another loss than that of the sentence if `loss` is given.
  init(_ machine: Machine, _ parts: FitParts, loss other: Loss? = nil) {
    let (code, left, right) = (parts.code, parts.left, parts.right)
    let (columns, roots, constraintSides) = (parts.columns, parts.roots, parts.constraintSides)
    self.machine = machine
    self.left = left
    self.right = right
    self.columns = columns
    self.roots = roots
    counts = parts.counts
    weighting = parts.weighting
    isSigma = code.weighting?.isSigma ?? false
    loss = other ?? code.loss.loss
    findsScale = code.loss.scale == nil
    text = code.text
    span = code.span
    let names = code.bindings.map(\.name)
    self.names = names
    var leaves: [Leaf] = []
    let templates = zip(names, parts.starts).map { Template.of($1, named: $0, &leaves) }
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

  /// Residuals times the roots of the weights, whatever the loss.
  func weighted(_ x: [Double]) throws -> [Double] {
    let (y, model) = (try numbers(left, x, columns), try numbers(right, x, columns))
    return zip(y, model).enumerated().map { k, pair in
      (pair.0 - pair.1) * (roots.map { $0.buffer[k] } ?? 1)
    }
  }
}
