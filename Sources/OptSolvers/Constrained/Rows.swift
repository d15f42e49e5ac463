/// The rows of all constraints at the current point of a run.
import OptNumerics

/// Values, derivatives and multipliers of the rows lower ≤ c(x) ≤ upper, whose ends are 0 or ±∞.
package final class Rows {
  package let count: Int
  /// c(x), where the run knows its gradient.
  package let values: UnsafeMutablePointer<Double>
  /// Its derivatives, row by row: all count×n, or those that may differ from 0 where `isSparse`.
  package let jacobian: UnsafeMutablePointer<Double>
  /// Row `row` of the derivatives are the elements `starts[row]..<starts[row + 1]`.
  package let starts: UnsafeMutablePointer<Int>
  /// The variable of each of them.
  package let columns: UnsafeMutablePointer<Int32>
  package let isSparse: Bool
  /// λ of the Lagrangian f + Σ λᵢcᵢ: not negative for c ≤ 0, not positive for c ≥ 0.
  package let multipliers: UnsafeMutablePointer<Double>
  /// −1 for c ≤ 0, else 1.
  package let orientation: UnsafeMutablePointer<Double>
  package let isEquation: UnsafeMutablePointer<Bool>
  private let memory: Buffer

  /// `pattern` says which derivatives may differ from 0, if the method can do with these.
  init(_ objective: any Objective, dimension: Int, pattern: SparsePattern?) {
    let constraints = objective.constraints
    count = constraints.reduce(0) { $0 + $1.count }
    isSparse = pattern != nil
    let elements = pattern?.count ?? count * dimension
    memory = Buffer(count: elements + 3 * count)
    starts = .allocate(capacity: count + 1)
    columns = .allocate(capacity: max(elements, 1))
    for row in 0...count { starts[row] = pattern.map { Int($0.starts[row]) } ?? row * dimension }
    for k in 0..<elements {
      columns[k] = pattern?.indices[k] ?? Int32(truncatingIfNeeded: k % dimension)
    }
    values = memory.pointer
    multipliers = values + count
    orientation = values + 2 * count
    jacobian = values + 3 * count
    isEquation = .allocate(capacity: max(count, 1))
    var row = 0
    for constraint in constraints {
      for _ in 0..<constraint.count {
        isEquation[row] = constraint.isEquation
        orientation[row] = constraint.upper == 0 && constraint.lower < 0 ? -1 : 1
        row += 1
      }
    }
  }

  deinit {
    isEquation.deallocate()
    starts.deallocate()
    columns.deallocate()
  }

  /// How many derivatives are stored.
  var elementCount: Int { starts[count] }

  /// Adds Jᵀλ to `target`, n numbers; `elements` are those of J if not at the current point.
  package func addTransposed(
    _ factors: UnsafePointer<Double>, of elements: UnsafePointer<Double>? = nil,
    to target: UnsafeMutablePointer<Double>
  ) {
    let jacobian = elements ?? UnsafePointer(jacobian)
    for row in 0..<count {
      let factor = factors[row]
      if factor == 0 { continue }
      for k in starts[row]..<starts[row + 1] { target[Int(columns[k])] += factor * jacobian[k] }
    }
  }

  /// The derivatives of row `row` along `direction`.
  @inline(__always)
  package func slope(_ row: Int, along direction: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for k in starts[row]..<starts[row + 1] { sum += jacobian[k] * direction[Int(columns[k])] }
    return sum
  }

  /// The length of the gradient of a row.
  func length(_ row: Int) -> Double {
    euclideanNorm(jacobian + starts[row], starts[row + 1] - starts[row])
  }

  /// The largest derivative of a row.
  package func largestSlope(_ row: Int) -> Double {
    maximumNorm(jacobian + starts[row], starts[row + 1] - starts[row])
  }

  /// How far row `row` with value `c` is from being satisfied.
  @inline(__always)
  package func violation(_ c: Double, _ row: Int) -> Double {
    isEquation[row] ? abs(c) : max(0, -orientation[row] * c)
  }

  /// The largest violation of the rows with these values; NaN stays NaN.
  package func largestViolation(_ c: UnsafePointer<Double>) -> Double {
    var largest = 0.0
    for row in 0..<count {
      let amount = violation(c[row], row)
      if !(amount <= largest) { largest = amount }
      if c[row].isNaN { return .nan }
    }
    return largest
  }
}

/// How well the first-order conditions of Karush, Kuhn and Tucker hold at a point.
package struct KKT: Sendable, Equatable {
  /// ‖∇f + Jᵀλ‖∞ but for bounds, and what it is measured by: the size of the terms that cancel in
  /// it, at most ten times that of ∇f, since very large multipliers are the mark of constraints that
  /// are nearly degenerate.
  package var stationarity: Double
  package var scale: Double
  /// The largest violation of a row.
  package var violation: Double
  /// What rounding may make of the values of rows, and of the stationarity.
  package var rounding: Double
  package var slopeRounding = 0.0
  /// The largest min(‖∇c‖ |λ|, |c| / ‖∇c‖) of an inequality, the second in the unit of the cost.
  package var complementarity: Double
}

extension Run {
  package var rowCount: Int { rows.count }
  package var jacobian: UnsafeMutablePointer<Double> { rows.jacobian }
  package var orientation: UnsafeMutablePointer<Double> { rows.orientation }
  package var isEquation: UnsafeMutablePointer<Bool> { rows.isEquation }
  package var isConstrained: Bool { rows.count > 0 }

  /// Value, gradient, rows and their derivatives at the current point, in one evaluation.
  func requireDerivatives() -> Outcome {
    if knowsGradient { return knowsValue && value.isFinite ? .done : .notFinite }
    var answer = Answer()
    answer.gradient = gradient
    answer.constraints = rows.values
    answer.constraintJacobian = rows.jacobian
    var ask: Ask = [.gradient, .constraints, .constraintJacobian]
    if rows.isSparse { ask.insert(.sparse) }
    if !knowsValue { ask.insert(.value) }
    let outcome = evaluate(ask, at: x, into: &answer)
    if outcome == .stopped { return outcome }
    value = answer.value
    knowsValue = true
    knowsGradient = outcome == .done && allFinite(gradient, dimension)
    return knowsGradient ? .done : .notFinite
  }

  /// The first-order conditions at the current point with the multipliers of `rows`.
  package func kkt() -> KKT {
    let (n, m) = (dimension, rows.count)
    var result = KKT(
      stationarity: 0, scale: unit, violation: rows.largestViolation(rows.values),
      rounding: 0, complementarity: 0)
    for row in 0..<m {
      var size = 0.0
      for k in rows.starts[row]..<rows.starts[row + 1] {
        size += abs(rows.jacobian[k] * x[Int(rows.columns[k])])
      }
      result.rounding = max(result.rounding, 16 * Double.ulpOfOne * size)
    }
    let most = 10 * max(unit, maximumNorm(gradient, n))
    let memory = Buffer(uninitialized: 2 * n)
    let (sums, sizes) = (memory.pointer, memory.pointer + n)
    for k in 0..<n { (sums[k], sizes[k]) = (gradient[k], abs(gradient[k])) }
    for row in 0..<m {
      let multiplier = rows.multipliers[row]
      for k in rows.starts[row]..<rows.starts[row + 1] {
        let term = multiplier * rows.jacobian[k]
        sums[Int(rows.columns[k])] += term
        sizes[Int(rows.columns[k])] += abs(term)
      }
    }
    for k in 0..<n {
      let (sum, size) = (sums[k], sizes[k])
      var amount = abs(sum)
      if let box { amount = abs(x[k] - box.clamp(x[k] - sum, k)) }
      if !(amount <= result.stationarity) { result.stationarity = amount }
      result.scale = max(result.scale, min(size, most))
      result.slopeRounding = max(result.slopeRounding, 64 * Double.ulpOfOne * size)
    }
    for row in 0..<m where !rows.isEquation[row] {
      // In the length of a step to the row and the force against it, whatever its scale.
      let length = max(rows.length(row), .leastNormalMagnitude)
      let amount = min(
        length * abs(rows.multipliers[row]), unit * abs(rows.values[row]) / length)
      result.complementarity = max(result.complementarity, amount)
    }
    return result
  }
}
