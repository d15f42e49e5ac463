/// The trust-region subproblem solved exactly, with the eigenvalues of the scaled Hessian.
import OptNumerics

/// Minimises gᵀp + ½pᵀBp over ‖Dp‖ ≤ Δ, where D is given or holds the roots of the diagonal of |B|.
///
/// With D⁻¹BD⁻¹ = ZΛZᵀ and c = ZᵀD⁻¹g the step is Dp = −Σ zᵢcᵢ/(λᵢ + σ), where σ ≥ max(0, −λ₁) is
/// the root of ‖Dp‖ = Δ, or 0 if that step is inside. Where c has no part along λ₁ < 0, a multiple of
/// z₁ is added: the hard case. Moré & Sorensen 1983, SIAM J. Sci. Stat. Comput. 4(3); Nocedal &
/// Wright 2006, section 4.3. In this scale Δ² has the unit of the value, whatever the units of the
/// variables.
final class ExactSubproblem {
  let n: Int
  /// The diagonal of D.
  let scale: UnsafeMutablePointer<Double>
  /// Curvature along each eigenvector, in the scale D.
  var values: UnsafeMutablePointer<Double> { eigen.values }
  /// Smallest curvature.
  @exclusivity(unchecked) private(set) var lowest = 0.0
  /// Where the model has a minimum: the decrease down to it.
  @exclusivity(unchecked) private(set) var expectedDecrease: Double?
  /// There is no curvature at all.
  @exclusivity(unchecked) private(set) var isFlat = false
  /// Length of the step to the model's minimum, every curvature taken as positive.
  @exclusivity(unchecked) private(set) var fullLength = 0.0
  private let eigen: SymmetricEigen
  private let scaled: UnsafeMutablePointer<Double>
  private let c: UnsafeMutablePointer<Double>
  private let memory: Buffer

  /// Curvature that counts as none, relative to the largest.
  static let flatness = 1e-11

  init(dimension: Int) {
    n = dimension
    eigen = SymmetricEigen(dimension: n)
    memory = Buffer(count: n * n + 2 * n)
    scaled = memory.pointer
    scale = scaled + n * n
    c = scale + n
  }

  /// Takes in matrix, gradient and the diagonal of D; false if they are not finite.
  func prepare(
    _ matrix: UnsafePointer<Double>, _ gradient: UnsafePointer<Double>,
    scale given: UnsafePointer<Double>? = nil
  ) -> Bool {
    if let given { scale.update(from: given, count: n) } else { setScale(matrix) }
    for row in 0..<n {
      for column in 0..<n {
        let mean = 0.5 * (matrix[row * n + column] + matrix[column * n + row])
        scaled[row * n + column] = mean / (scale[row] * scale[column])
      }
    }
    guard eigen.decompose(scaled) else { return false }
    turn(gradient)
    var largest = 0.0
    lowest = .infinity
    for k in 0..<n {
      largest = max(largest, abs(values[k]))
      lowest = min(lowest, values[k])
    }
    isFlat = largest == 0
    let flat = Self.flatness * largest
    var (decrease, squared, isConvex) = (0.0, 0.0, true)
    for k in 0..<n {
      let curvature = max(abs(values[k]), flat)
      if curvature > 0 {
        squared += (c[k] / curvature) * (c[k] / curvature)
        decrease += 0.5 * c[k] * c[k] / curvature
      }
      if values[k] < -flat || curvature == 0 && c[k] != 0 { isConvex = false }
    }
    fullLength = squared.squareRoot()
    if fullLength == 0, isFlat { fullLength = euclideanNorm(c, n) }
    expectedDecrease = isConvex ? decrease : nil
    return fullLength.isFinite
  }

  private func setScale(_ matrix: UnsafePointer<Double>) {
    var largest = 0.0
    for row in 0..<n { largest = max(largest, abs(matrix[row * n + row])) }
    for row in 0..<n {
      var size = abs(matrix[row * n + row])
      if size < 1e-12 * largest || size == 0 {
        for column in 0..<n { size = max(size, abs(matrix[row * n + column])) }
        size = max(size, 1e-12 * largest)
      }
      scale[row] = size > 0 ? size.squareRoot() : 1
    }
  }

  private func turn(_ gradient: UnsafePointer<Double>) {
    for k in 0..<n { c[k] = 0 }
    for row in 0..<n {
      let part = gradient[row] / scale[row]
      let line = eigen.vectors + row * n
      for k in 0..<n { c[k] += line[k] * part }
    }
  }

  /// The step for `radius` into `step`: the decrease that the model predicts, and the length ‖Dp‖.
  func solve(
    _ radius: Double, into step: UnsafeMutablePointer<Double>
  ) -> (decrease: Double, length: Double) {
    let largest = max(abs(lowest), maximumNorm(values, n))
    let flat = max(Self.flatness * largest, .leastNormalMagnitude)
    var shift = 0.0
    var extra = 0.0
    var length = lowest > flat ? self.length(shift) : .infinity
    if lowest <= flat, lowest >= -flat, expectedDecrease != nil {
      shift = flat - lowest
      length = self.length(shift)
    }
    if length > radius {
      let least = max(0, -lowest) + flat
      let shortest = self.length(least)
      if shortest <= radius {
        shift = least
        length = shortest
        // The hard case: the rest of the radius goes along the lowest curvature.
        if lowest < -flat {
          extra = max(radius * radius - shortest * shortest, 0).squareRoot()
          length = radius
        }
      } else {
        shift = root(radius, from: least)
        length = radius
      }
    }
    return (assemble(shift, extra, into: step), length)
  }

  /// ‖Dp‖ for a shift.
  private func length(_ shift: Double) -> Double {
    var sum = 0.0
    for k in 0..<n where c[k] != 0 {
      let part = c[k] / (values[k] + shift)
      sum += part * part
    }
    return sum.squareRoot()
  }

  /// The shift at which the step has the length `radius`: Newton's steps on 1/‖Dp‖, safeguarded.
  private func root(_ radius: Double, from least: Double) -> Double {
    var low = least
    var high = max(euclideanNorm(c, n) / radius - lowest, 2 * least)
    var shift = max(low, 1e-3 * high)
    for _ in 0..<60 {
      var (squared, cubed) = (0.0, 0.0)
      for k in 0..<n where c[k] != 0 {
        let divisor = values[k] + shift
        let part = c[k] / divisor
        squared += part * part
        cubed += part * part / divisor
      }
      let length = squared.squareRoot()
      if abs(length - radius) <= 1e-3 * radius { break }
      if length > radius { low = shift } else { high = shift }
      var next = shift + squared / cubed * (length - radius) / radius
      if !(next > low && next < high) { next = (max(low, 1e-6 * high) * high).squareRoot() }
      if !(next > low && next < high) { next = 0.5 * (low + high) }
      if next == shift { break }
      shift = next
    }
    return shift
  }

  /// Writes p and returns the predicted decrease.
  private func assemble(
    _ shift: Double, _ extra: Double, into step: UnsafeMutablePointer<Double>
  ) -> Double {
    var decrease = 0.0
    step.update(repeating: 0, count: n)
    var lowestPlace = 0
    for k in 0..<n where values[k] < values[lowestPlace] { lowestPlace = k }
    for k in 0..<n {
      var part = c[k] == 0 ? 0 : -c[k] / (values[k] + shift)
      if k == lowestPlace, extra > 0 { part += c[k] > 0 ? -extra : extra }
      if part == 0 { continue }
      decrease -= c[k] * part + 0.5 * values[k] * part * part
      for row in 0..<n { step[row] += eigen.vectors[row * n + k] * part }
    }
    for row in 0..<n { step[row] /= scale[row] }
    return decrease
  }

  /// The direction of eigenvector `k` in the variables themselves.
  func direction(_ k: Int, into d: UnsafeMutablePointer<Double>) {
    for row in 0..<n { d[row] = eigen.vectors[row * n + k] / scale[row] }
  }
}
