/// Conjugate gradients on the quadratic model, stopped early, with products instead of a matrix.
import OptNumerics

/// Lowers gᵀp + ½pᵀ∇²f p by conjugate gradients until the residual is small, the curvature is
/// negative, or ‖p‖ reaches the radius.
///
/// Steihaug 1983, SIAM J. Numer. Anal. 20(3); Nocedal & Wright 2006, Alg. 7.1 and 7.2. The residual
/// may be min(0.5, √‖g‖)·‖g‖, which makes the outer method converge superlinearly.
final class TruncatedCG {
  let n: Int
  private let memory: Buffer
  private let residual: UnsafeMutablePointer<Double>
  private let direction: UnsafeMutablePointer<Double>
  private let product: UnsafeMutablePointer<Double>

  /// How the steps ended.
  enum End: Equatable {
    case solved
    case negativeCurvature
    case boundary
    case notFinite
    case halted
  }

  init(dimension: Int) {
    n = dimension
    memory = Buffer(count: 3 * n)
    residual = memory.pointer
    direction = residual + n
    product = direction + n
  }

  /// The step for `radius` into `step`, with the decrease that the model predicts.
  func solve(
    _ run: Run, radius: Double, into step: UnsafeMutablePointer<Double>
  ) -> (end: End, decrease: Double) {
    step.update(repeating: 0, count: n)
    for index in 0..<n {
      residual[index] = run.gradient[index]
      direction[index] = -run.gradient[index]
    }
    var squared = dot(residual, residual, n)
    let start = squared.squareRoot()
    let tolerance = min(0.5, start.squareRoot()) * start
    var decrease = 0.0
    for round in 0..<max(2 * n, 10) {
      var answer = Answer()
      answer.product = product
      switch run.evaluate(.product, at: run.x, along: direction, into: &answer) {
      case .stopped: return (.halted, decrease)
      case .notFinite: return (.notFinite, decrease)
      case .done: break
      }
      let curvature = dot(direction, product, n)
      let slope = dot(residual, direction, n)
      guard curvature.isFinite else { return (.notFinite, decrease) }
      if curvature <= 1e-14 * dot(direction, direction, n) {
        if radius.isFinite {
          let length = toBoundary(step, radius)
          addMultiple(length, direction, to: step, n)
          return (.boundary, decrease - length * slope - 0.5 * length * length * curvature)
        }
        if round == 0 { step.update(from: direction, count: n) }
        return (.negativeCurvature, decrease)
      }
      let length = squared / curvature
      if radius.isFinite {
        let largest = toBoundary(step, radius)
        if length >= largest {
          addMultiple(largest, direction, to: step, n)
          return (.boundary, decrease - largest * slope - 0.5 * largest * largest * curvature)
        }
      }
      addMultiple(length, direction, to: step, n)
      addMultiple(length, product, to: residual, n)
      decrease += 0.5 * length * squared
      let next = dot(residual, residual, n)
      if next.squareRoot() <= tolerance { return (.solved, decrease) }
      let beta = next / squared
      for index in 0..<n { direction[index] = beta * direction[index] - residual[index] }
      squared = next
    }
    return (.solved, decrease)
  }

  /// The multiple of `direction` that leads from `step` to the boundary.
  private func toBoundary(_ step: UnsafePointer<Double>, _ radius: Double) -> Double {
    let a = dot(direction, direction, n)
    let b = dot(step, direction, n)
    let c = radius * radius - dot(step, step, n)
    let root = max(b * b + a * c, 0).squareRoot()
    // The form without cancellation.
    return b > 0 ? c / (b + root) : (root - b) / a
  }
}
