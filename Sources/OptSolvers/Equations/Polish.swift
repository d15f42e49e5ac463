/// Newton steps from a point that is already near a root, down to the precision floor.
import OptNumerics

/// How the steps of `polish` ended.
package enum Polish: Sendable, Equatable {
  /// At the precision floor, the Jacobian being regular.
  case done
  /// The Jacobian has no inverse: nothing changes in this direction.
  case singular([Double])
  /// The steps shrink slowly: the Jacobian becomes singular in the limit.
  case degenerate
  /// There is no root near the point.
  case far
  case notFinite
  case stopped
}

/// Moves `x` to the root of `equations` nearby, by at most `reach` relative to max(1, |x|). Where the
/// outcome is not `.done`, `x` stays.
///
/// Newton's steps double the number of right digits until rounding makes them all alike; the last
/// one is not taken. A Jacobian that becomes singular at the root shows in steps that shrink by a
/// constant factor only: Griewank 1985, "On solving nonlinear equations with simple singularities or
/// nearly singular solutions".
package func polish(
  _ equations: any Equations, _ x: inout [Double], reach: Double
) -> Polish {
  let n = equations.dimension
  guard n == x.count else { return .far }
  if n == 0 { return .done }
  let memory = Buffer(count: n * n + 3 * n)
  let (point, residuals, step) = (memory.pointer, memory.pointer + n, memory.pointer + 2 * n)
  let jacobian = memory.pointer + 3 * n
  for k in 0..<n { point[k] = x[k] }
  let system = NewtonSystem(dimension: n)
  var previous = Double.infinity
  var slow = 0
  for _ in 0..<largestPolish {
    switch equations.evaluate(at: point, residuals: residuals, jacobian: jacobian) {
    case .stopped: return .stopped
    case .notFinite: return .notFinite
    case .done: break
    }
    guard system.factorize(jacobian, residuals) else { return .notFinite }
    if system.isSingular { return .singular(system.nullDirection()) }
    system.step(damping: 0, into: step)
    let size = maximumNorm(step, n) / max(1, maximumNorm(point, n))
    guard size.isFinite else { return .notFinite }
    var distance = 0.0
    for k in 0..<n { distance = max(distance, abs(point[k] + step[k] - x[k])) }
    if distance > reach * max(1, maximumNorm(point, n)) { return .far }
    let isSlow = size > 0.3 * previous
    if size <= 4 * .ulpOfOne || isSlow && size < 1e-9 {
      for k in 0..<n { x[k] = point[k] }
      return .done
    }
    slow = isSlow ? slow + 1 : 0
    if slow == 3 { return .degenerate }
    previous = size
    addMultiple(1, step, to: point, n)
  }
  return .far
}

private let largestPolish = 25
