/// What the clause `subject to` says about one traced cost: bounds of single variables, and rows of
/// constraints.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

/// The constraints of one sentence as the solvers see them, found on the traced graph.
struct ConstraintSet {
  /// Where an end of a bound comes from: a comparison, and the derivative of its left side minus its
  /// right side by the variable.
  struct BoundOrigin {
    let comparison: Int
    let slope: Double
  }

  private(set) var bounds: Bounds
  private(set) var lowerOrigins: [BoundOrigin?]
  private(set) var upperOrigins: [BoundOrigin?]
  /// Everything that is not a bound.
  private(set) var constraints: [Constraint] = []
  /// Which comparisons these are.
  private(set) var rows: [Int] = []
  /// Whether the cost is quadratic and all rows are affine.
  private(set) var isQuadratic = false
  /// Whether the cost and all rows are quadratic or affine.
  private(set) var hasQuadraticLagrangian = false

  /// Sorts the comparisons that `path` traced. Those whose rows took a decision of their own are rows
  /// of constraints, whatever this path looks like.
  init(
    _ codes: [ConstraintCode], _ path: TracedPath, _ leaves: [Leaf], _ machine: Machine
  ) throws {
    let decided = path.tracer.decidedComparisons
    let count = leaves.reduce(0) { $0 + $1.count }
    bounds = .none(count)
    lowerOrigins = Array(repeating: nil, count: count)
    upperOrigins = lowerOrigins
    try machine.tracing(path.tracer) {
      for (k, code) in codes.enumerated() {
        let rows = try machine.expression(path.constraints[k], code.span)
        // Nothing is left of `x <= inf`.
        guard rows.shape.count > 0 else { continue }
        let structure = RowStructure(of: rows, by: path.inputs)
        if !decided.contains(k), structure.dependents.allSatisfy({ $0 == .nothing }) {
          throw Diagnostic(
            .error, "`\(code.text)` does not depend on the variables", at: code.span,
            help: "a constraint restricts what stands after `from`: "
              + leaves.map(\.name).joined(separator: ", "))
        }
        if structure.isAffine, !decided.contains(k), code.comparison != .equal,
          addBounds(code, k, rows, structure, path)
        {
          continue
        }
        let isUpper = code.comparison == .less || code.comparison == .lessOrEqual
        let isEquation = code.comparison == .equal
        constraints.append(
          Constraint(
            label: code.label, count: rows.shape.count,
            lower: isUpper ? -.infinity : 0, upper: isUpper || isEquation ? 0 : .infinity,
            isLinear: structure.isAffine && !decided.contains(k)))
        self.rows.append(k)
      }
      guard path.tracer.guards.isEmpty else { return }
      let cost = try machine.expression(path.result, .none)
      guard RowStructure.isQuadratic(cost, by: path.inputs) else { return }
      isQuadratic = constraints.allSatisfy(\.isLinear)
      hasQuadraticLagrangian = try self.rows.allSatisfy { k in
        let rows = try machine.expression(path.constraints[k], .none)
        let weights = rows.graph.input(Input(name: "weights", role: .data, shape: rows.shape))
        return RowStructure.isQuadratic(
          (rows * weights).reduceElements(.sum), by: path.inputs)
      }
    }
    try refuseContradictions(codes, leaves)
  }

  /// Takes a comparison as bounds; false if some row of it is not one.
  private mutating func addBounds(
    _ code: ConstraintCode, _ k: Int, _ rows: Expression, _ structure: RowStructure,
    _ path: TracedPath
  ) -> Bool {
    var variables: [Int] = []
    for dependents in structure.dependents {
      guard case .one(let variable) = dependents else { return false }
      variables.append(variable)
    }
    let (constant, slope) = RowStructure.affine(rows, by: path.inputs)
    let constants = path.tracer.interpreter.value(of: constant)
    let slopes = path.tracer.interpreter.value(of: slope)
    for at in variables.indices {
      let end = -constants[at] / slopes[at]
      guard slopes[at] != 0, end.isFinite else { return false }
    }
    let isUpper = code.comparison == .less || code.comparison == .lessOrEqual
    for (at, variable) in variables.enumerated() {
      // 0 and not −0.
      let end = -constants[at] / slopes[at] + 0
      let origin = BoundOrigin(comparison: k, slope: slopes[at])
      if isUpper == (slopes[at] > 0) {
        if end < bounds.upper[variable] {
          bounds.upper[variable] = end
          upperOrigins[variable] = origin
        }
      } else if end > bounds.lower[variable] {
        bounds.lower[variable] = end
        lowerOrigins[variable] = origin
      }
    }
    return true
  }

  private func refuseContradictions(_ codes: [ConstraintCode], _ leaves: [Leaf]) throws {
    for k in bounds.lower.indices where bounds.lower[k] > bounds.upper[k] {
      guard let lower = lowerOrigins[k], let upper = upperOrigins[k] else { continue }
      let (a, b) = (codes[lower.comparison], codes[upper.comparison])
      throw Diagnostic(
        .error,
        "nothing satisfies both `\(a.text)` and `\(b.text)`: "
          + "\(leaves.map(\.block).name(ofComponent: k)) would be at least "
          + "\(NumberFormat.short(bounds.lower[k])) and at most "
          + "\(NumberFormat.short(bounds.upper[k]))", at: b.span)
    }
  }

  var hasBounds: Bool {
    lowerOrigins.contains { $0 != nil } || upperOrigins.contains { $0 != nil }
  }

  /// Moves a point inside the bounds; the components that moved, and where to.
  func move(inside point: inout [Double]) -> [(component: Int, to: Double)] {
    var moved: [(component: Int, to: Double)] = []
    for k in point.indices {
      let nearest = min(max(point[k], bounds.lower[k]), bounds.upper[k])
      if nearest != point[k] {
        point[k] = nearest
        moved.append((k, nearest))
      }
    }
    return moved
  }
}

extension Machine {
  /// The differences of both sides of every comparison at a point of the variables. The trace notes
  /// which of them took a decision on the way.
  func compared(
    _ codes: [ConstraintCode], _ sides: [Value], _ point: [Value], _ spans: [SourceSpan]
  ) throws -> [Value] {
    try codes.enumerated().map { k, code in
      let guards = tracer?.guards.count
      let both = try [sides[2 * k], sides[2 * k + 1]].map { side in
        let value = try apply(side, point, spans: spans, at: code.span, calleeSpan: code.span)
        guard value.isNumeric, !value.isMask else {
          throw Diagnostic(
            .error, "a constraint compares numbers, found \(value.kindDescription)",
            at: code.span,
            help: value.isMask ? "all constraints of the clause hold at once" : nil)
        }
        return value
      }
      let difference = try binary(.subtract, both[0], both[1], code.span)
      if tracer?.guards.count != guards { tracer?.decidedComparisons.insert(k) }
      return try restricting(difference, code, both)
    }
  }

  /// The rows of a comparison that restrict anything: `x <= inf` does not. A side that no number can be
  /// compared with is an error.
  private func restricting(
    _ difference: Value, _ code: ConstraintCode, _ both: [Value]
  ) throws -> Value {
    guard let size = difference.size else { return difference }
    let count = size.rows * size.columns
    var isOpen = Array(repeating: false, count: count)
    for (k, side) in both.enumerated() {
      guard let numbers = side.numbers, numbers.count == 1 || numbers.count == count else {
        continue
      }
      for row in 0..<count {
        let number = numbers.count == 1 ? numbers[0] : numbers[row]
        if number.isFinite { continue }
        let isBelow = code.comparison == .less || code.comparison == .lessOrEqual
        // Whether the side lies where everything satisfies the comparison.
        let isFar = (k == 1) == isBelow ? number == .infinity : number == -.infinity
        guard code.comparison != .equal, isFar else {
          throw Diagnostic(
            .error,
            number.isNaN
              ? "a side of `\(code.text)` is not a number" : "nothing satisfies `\(code.text)`",
            at: code.span)
        }
        isOpen[row] = true
      }
    }
    let kept = (0..<count).filter { !isOpen[$0] }
    if kept.count == count { return difference }
    if kept.isEmpty { return Value(Matrix([], rows: 0, columns: 1)) }
    let offsets = Matrix(kept.map(Double.init), rows: kept.count, columns: 1)
    let rows = try expression(difference, code.span)
    return Value(rows.gather(rows.graph.array(offsets.buffer, offsets.shape)))
  }

  /// Restricts an objective that is traced at `start` to what a sentence says, and moves the start
  /// inside of its bounds; nil if the sentence says nothing.
  func restrict(
    _ objective: CostObjective, to codes: [ConstraintCode], _ start: inout [Double]
  ) throws -> ConstraintReport? {
    guard let first = codes.first else { return nil }
    if objective.isRandom {
      throw Diagnostic(
        .error, "a cost or constraint that draws random numbers cannot be restricted",
        at: first.span, help: "draw the numbers once outside of the sentence")
    }
    let traced = objective.traced
    let set = try ConstraintSet(
      codes, traced.path(), Array(traced.leaves.prefix(traced.variableCount)), self)
    objective.restrict(set)
    return ConstraintReport(
      codes: codes, set: set, layout: objective.layout, moved: set.move(inside: &start))
  }
}
