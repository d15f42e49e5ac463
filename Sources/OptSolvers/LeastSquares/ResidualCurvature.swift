/// The part of second derivatives that the linear model of the residuals leaves out.
import OptNumerics

/// An estimate S of Σ rᵢ∇²rᵢ, so that half of the Hessian of ‖r‖² is JᵀJ + S.
///
/// Starts at zero and learns from each step s what the linear model got wrong, y♯ = (J₊ − J)ᵀr₊:
///
///     S₊ = τS + (w vᵀ + v wᵀ)/sᵀv − (sᵀw) v vᵀ/(sᵀv)²,  w = y♯ − τSs,  v = J₊ᵀr₊ − Jᵀr
///
/// with τ = min(1, |sᵀy♯|/|sᵀSs|), which makes S vanish where the residuals do. Dennis, Gay & Welsch
/// 1981, "An adaptive nonlinear least-squares algorithm", ACM TOMS 7(3), eq. 3.1 and 3.3.
final class ResidualCurvature {
  let model: ExactSubproblem
  /// `S` is that of the Hessian at the current point.
  @exclusivity(unchecked) private(set) var isExact = false
  /// A step has been learnt from.
  @exclusivity(unchecked) private(set) var isKnown = false
  private let n: Int
  private let memory: Buffer
  private let s: UnsafeMutablePointer<Double>
  private let matrix: UnsafeMutablePointer<Double>
  private let product: UnsafeMutablePointer<Double>
  /// Of the step that is to be learnt from: itself, half the gradient before it, and Jᵀr₊.
  private let step: UnsafeMutablePointer<Double>
  private let slope: UnsafeMutablePointer<Double>
  private let image: UnsafeMutablePointer<Double>
  @exclusivity(unchecked) private var hasStep = false

  init(dimension: Int) {
    n = dimension
    model = ExactSubproblem(dimension: n)
    memory = Buffer(count: 2 * n * n + 4 * n)
    s = memory.pointer
    matrix = s + n * n
    product = matrix + n * n
    step = product + n
    slope = step + n
    image = slope + n
  }

  func forget() {
    s.update(repeating: 0, count: n * n)
    (isExact, isKnown, hasStep) = (false, false, false)
  }

  /// Notes the step from `run.x` to `run.trial`, whose residuals are `after`.
  func prepareToLearn(_ run: Run, _ after: UnsafePointer<Double>) {
    image.update(repeating: 0, count: n)
    for row in 0..<run.objective.residualCount {
      addMultiple(after[row], run.residualJacobian + row * n, to: image, n)
    }
    for j in 0..<n {
      step[j] = run.trial[j] - run.x[j]
      slope[j] = 0.5 * run.gradient[j]
    }
    hasStep = true
  }

  /// Learns from the last step, whose end `run.x` is.
  func learn(_ run: Run) {
    guard hasStep else { return }
    hasStep = false
    isExact = false
    var (change, bend, own) = (0.0, 0.0, 0.0)
    for j in 0..<n {
      product[j] = dot(s + j * n, step, n)
      slope[j] = 0.5 * run.gradient[j] - slope[j]
      image[j] = 0.5 * run.gradient[j] - image[j]
      change += step[j] * slope[j]
      bend += step[j] * image[j]
      own += step[j] * product[j]
    }
    let size = dot(step, step, n) * dot(slope, slope, n)
    guard change > 1e-10 * size.squareRoot(), bend.isFinite else { return }
    let τ = own == 0 ? 1 : min(1, abs(bend / own))
    let rest = (bend - τ * own) / (change * change)
    for j in 0..<n { image[j] = (image[j] - τ * product[j]) / change }
    for row in 0..<n {
      for column in 0..<n {
        s[row * n + column] =
          τ * s[row * n + column] + image[row] * slope[column] + slope[row] * image[column]
          - rest * slope[row] * slope[column]
      }
    }
    isKnown = allFinite(s, n * n)
    if !isKnown { forget() }
  }

  /// pᵀSp for a step that is given times D.
  func curvature(_ scaled: UnsafePointer<Double>, _ scale: UnsafePointer<Double>) -> Double {
    for j in 0..<n { product[j] = scaled[j] / scale[j] }
    var sum = 0.0
    for j in 0..<n { sum += product[j] * dot(s + j * n, product, n) }
    return sum
  }

  /// What S adds to the scale of a variable.
  func size(_ j: Int) -> Double { abs(s[j * n + j]).squareRoot() }

  /// Takes S from the Hessian at the current point: false if that is not finite or refused.
  func evaluate(_ run: Run, _ qr: PivotedQR, _ scale: UnsafePointer<Double>) -> Bool {
    if isExact { return true }
    var answer = Answer()
    answer.hessian = matrix
    guard run.evaluate(.hessian, at: run.x, into: &answer) == .done, allFinite(matrix, n * n) else {
      return false
    }
    s.update(repeating: 0, count: n * n)
    qr.addSquare(scale, to: s)
    for place in 0..<n * n { s[place] = 0.5 * matrix[place] - s[place] }
    (isExact, isKnown) = (true, true)
    return true
  }

  /// Makes the model gᵀp + pᵀ(JᵀJ + S)p in the scale D.
  func prepare(_ run: Run, _ qr: PivotedQR, _ scale: UnsafePointer<Double>) -> Bool {
    matrix.update(from: s, count: n * n)
    qr.addSquare(scale, to: matrix)
    for place in 0..<n * n { matrix[place] *= 2 }
    return model.prepare(matrix, run.gradient, scale: scale)
  }

  func archive(_ archive: Archive) {
    archive.numbers("memory", memory.pointer, memory.count)
    archive.flag("isExact", &isExact)
    archive.flag("isKnown", &isKnown)
    archive.flag("hasStep", &hasStep)
  }
}
