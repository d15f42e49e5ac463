/// The linear system of one Newton step, with its rank.
import OptNumerics

/// J p = −F, scaled by rows and columns so that units do not matter, by the singular value
/// decomposition: it tells how near to singular J is, and damped steps cost next to nothing more.
///
///     A = R J C = U S Vᵀ,   p(μ) = −C V S (S² + μ)⁻¹ Uᵀ R F
///
/// p(0) is Newton's step, p(μ) that of Levenberg and Marquardt. Moré 1978, "The Levenberg-Marquardt
/// algorithm: implementation and theory".
final class NewtonSystem {
  let n: Int
  private let memory: Buffer
  private let scaled: UnsafeMutablePointer<Double>
  private let state: UnsafeMutablePointer<Double>
  private let scratch: UnsafeMutablePointer<Double>
  private let values: UnsafeMutablePointer<Double>
  private let left: UnsafeMutablePointer<Double>
  private let right: UnsafeMutablePointer<Double>
  /// UᵀRF.
  private let turned: UnsafeMutablePointer<Double>
  /// R and C.
  private let rowScale: UnsafeMutablePointer<Double>
  private let columnScale: UnsafeMutablePointer<Double>

  /// Singular values below this part of the largest one are rounding.
  static func rankTolerance(_ n: Int) -> Double { 16 * Double(n) * .ulpOfOne }

  init(dimension n: Int) {
    self.n = n
    let stateSize = LinearAlgebra.stateSize(.svd, n, n)
    let scratchSize = LinearAlgebra.scratchSize(.svd, n, n, right: 1)
    memory = Buffer(count: 3 * n * n + 4 * n + stateSize + scratchSize)
    scaled = memory.pointer
    left = scaled + n * n
    right = left + n * n
    values = right + n * n
    turned = values + n
    rowScale = turned + n
    columnScale = rowScale + n
    state = columnScale + n
    scratch = state + stateSize
  }

  /// Scales and factorises J, and keeps F. False if something is not finite.
  func factorize(_ jacobian: UnsafePointer<Double>, _ residuals: UnsafePointer<Double>) -> Bool {
    for i in 0..<n {
      let largest = maximumNorm(jacobian + i * n, n)
      guard largest.isFinite, residuals[i].isFinite else { return false }
      rowScale[i] = largest > 1e-307 ? 1 / largest : 1
    }
    for j in 0..<n {
      var largest = 0.0
      for i in 0..<n { largest = max(largest, abs(rowScale[i] * jacobian[i * n + j])) }
      columnScale[j] = largest > 1e-307 ? 1 / largest : 1
    }
    for i in 0..<n {
      for j in 0..<n {
        scaled[i * n + j] = rowScale[i] * jacobian[i * n + j] * columnScale[j]
      }
    }
    LinearAlgebra.factor(.svd, scaled, n, n, into: state, scratch: scratch)
    LinearAlgebra.part(.svd, 0, of: state, n, n, into: values)
    LinearAlgebra.part(.svd, 1, of: state, n, n, into: left)
    LinearAlgebra.part(.svd, 2, of: state, n, n, into: right)
    guard allFinite(values, n) else { return false }
    for k in 0..<n {
      var sum = 0.0
      for i in 0..<n { sum += left[i * n + k] * rowScale[i] * residuals[i] }
      turned[k] = sum
    }
    return true
  }

  /// Whether J has no inverse to working precision.
  var isSingular: Bool {
    n > 0 && values[n - 1] <= Self.rankTolerance(n) * values[0]
  }

  /// p(μ); with μ = 0 directions in which J is singular are left out.
  func step(damping: Double, into p: UnsafeMutablePointer<Double>) {
    let cutoff = Self.rankTolerance(n) * values[0]
    for j in 0..<n { p[j] = 0 }
    for k in 0..<n {
      let s = values[k]
      guard damping > 0 || s > cutoff else { continue }
      let part = -turned[k] * s / (s * s + damping)
      guard part.isFinite else { continue }
      for j in 0..<n { p[j] += right[j * n + k] * part }
    }
    for j in 0..<n { p[j] *= columnScale[j] }
  }

  /// ‖RF‖² at the point, and after a step p(μ) if F were linear.
  func model(damping: Double) -> (now: Double, then: Double) {
    let cutoff = Self.rankTolerance(n) * values[0]
    var (now, then) = (0.0, 0.0)
    for k in 0..<n {
      let square = turned[k] * turned[k]
      let s = values[k]
      now += square
      guard damping > 0 || s > cutoff else {
        then += square
        continue
      }
      let rest = damping / (s * s + damping)
      then += square * (damping > 0 ? rest * rest : 0)
    }
    return (now, then)
  }

  /// ‖RF‖² of other residuals.
  func size(_ residuals: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for i in 0..<n {
      let scaled = rowScale[i] * residuals[i]
      sum += scaled * scaled
    }
    return sum
  }

  /// The change of the unknowns that J does not see, its largest element 1.
  func nullDirection() -> [Double] {
    guard n > 0 else { return [] }
    let direction = (0..<n).map { right[$0 * n + n - 1] * columnScale[$0] }
    let largest = direction.max { abs($0) < abs($1) } ?? 1
    return direction.map { abs($0 / largest) < 1e-9 ? 0 : $0 / largest }
  }
}
