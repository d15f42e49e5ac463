/// The best point that a run has seen: one rule says which of two points is better, one place
/// remembers it.
import OptNumerics

/// The best point of a run with what is known there.
package final class BestPoint {
  let x: UnsafeMutablePointer<Double>
  /// The gradient at `x`, if `knowsGradient`.
  let gradient: UnsafeMutablePointer<Double>
  /// The rows of the constraints at `x`.
  let rows: UnsafeMutablePointer<Double>
  @exclusivity(unchecked) private(set) var value = Double.infinity
  /// The largest violation of a row at `x`; 0 where there are none.
  @exclusivity(unchecked) private(set) var violation = Double.infinity
  /// The step in which it was found.
  @exclusivity(unchecked) private(set) var step = 0
  @exclusivity(unchecked) var knowsGradient = false
  private let dimension: Int
  private let rowCount: Int
  private let memory: Buffer

  /// Violations up to this are as good as none where points are compared.
  static let feasibility = 1e-8

  init(dimension: Int, rowCount: Int) {
    self.dimension = dimension
    self.rowCount = rowCount
    memory = Buffer(count: 2 * dimension + rowCount)
    x = memory.pointer
    gradient = x + dimension
    rows = gradient + dimension
  }

  /// Whether a point is better: of two that are feasible the one with the lower value, otherwise the
  /// one that violates less. A point without a value is no better than any.
  @inline(__always)
  func isBeaten(by newValue: Double, violation newViolation: Double) -> Bool {
    guard newValue < .infinity else { return false }
    if newViolation <= Self.feasibility, violation <= Self.feasibility { return newValue < value }
    return newViolation < violation
  }

  /// Remembers a point with what is known there.
  func take(
    _ point: UnsafePointer<Double>, value: Double, gradient slope: UnsafePointer<Double>?,
    rows c: UnsafePointer<Double>?, violation: Double, step: Int
  ) {
    self.value = value
    self.violation = violation
    self.step = step
    x.update(from: point, count: dimension)
    if let c { rows.update(from: c, count: rowCount) }
    knowsGradient = slope != nil
    if let slope { gradient.update(from: slope, count: dimension) }
  }

  func archive(_ archive: Archive) {
    archive.numbers("best", x, dimension)
    archive.number("bestValue", &value)
    archive.number("bestViolation", &violation)
    archive.count("bestStep", &step)
    archive.flag("knowsBestGradient", &knowsGradient)
    archive.numbers("bestGradient", gradient, dimension)
    if rowCount > 0 { archive.numbers("bestRows", rows, rowCount) }
  }
}
