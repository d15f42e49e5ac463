/// A trust region with Powell's dogleg.
import OptNumerics

/// Goes against the gradient, then bends towards Newton's point, up to the boundary of the region.
///
///     p = τ p_C for the Cauchy step p_C, then p_C + (τ − 1)(p_N − p_C), with ‖p‖ ≤ Δ
///
/// One factorisation for any number of radii. Where the Hessian is not positive definite, p_N belongs
/// to the modified one. Choose it to learn; trust_region solves the subproblem exactly. Powell 1970,
/// in Rabinowitz (ed.), Numerical Methods for Nonlinear Algebraic Equations; Nocedal & Wright 2006,
/// section 4.1.
package struct Dogleg: Method {
  package init() {}

  package static let entry = MethodEntry(
    name: "dogleg", summary: "trust region along Powell's dogleg; few variables",
    help: """
      Steps along a path of two legs, against the gradient and then towards Newton's point, as far as
      the trusted radius allows.
      """,
    options: [], needs: [.gradient, .hessian], make: { _ in Dogleg() }, keepsMatrix: true)

  package var name: String { "dogleg" }
  package var options: [MethodOption] { [] }
  package var needs: Ask { [.gradient, .hessian] }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration {
    let path = DoglegPath(dimension: run.dimension)
    return RadiusIteration(run, archiveModel: path.archive) { run, radius, step in
      path.solve(run, radius, into: step)
    }
  }
}

/// Both legs at one point.
private final class DoglegPath {
  private let n: Int
  private let memory: Buffer
  private let hessian: UnsafeMutablePointer<Double>
  private let newton: UnsafeMutablePointer<Double>
  private let point: UnsafeMutablePointer<Double>
  private let factorization: ModifiedCholesky
  private var isMade = false

  init(dimension: Int) {
    n = dimension
    memory = Buffer(count: n * n + 2 * n, repeating: .nan)
    hessian = memory.pointer
    newton = hessian + n * n
    point = newton + n
    factorization = ModifiedCholesky(dimension: n)
  }

  func archive(_ archive: Archive) {
    archive.numbers("memory", memory.pointer, memory.count)
    archive.flag("isMade", &isMade)
  }

  /// The step into `step` and the predicted decrease; nil if the Hessian is not finite or refused.
  func solve(_ run: Run, _ radius: Double, into step: UnsafeMutablePointer<Double>) -> Double? {
    guard prepare(run) else { return nil }
    let g = run.gradient
    let squared = dot(g, g, n)
    var curvature = 0.0
    for row in 0..<n { curvature += g[row] * dot(hessian + row * n, g, n) }
    let norm = squared.squareRoot()
    let cauchy = curvature > 0 ? squared / curvature : .infinity
    if cauchy * norm >= radius || !cauchy.isFinite {
      for index in 0..<n { step[index] = -radius / norm * g[index] }
      return decrease(g, step)
    }
    if euclideanNorm(newton, n) <= radius {
      step.update(from: newton, count: n)
    } else {
      // Where the second leg meets the boundary.
      var (a, b, c) = (0.0, 0.0, -radius * radius)
      for index in 0..<n {
        let start = -cauchy * g[index]
        let leg = newton[index] - start
        a += leg * leg
        b += start * leg
        c += start * start
      }
      let root = max(b * b - a * c, 0).squareRoot()
      let share = b > 0 ? -c / (b + root) : (root - b) / a
      for index in 0..<n {
        let start = -cauchy * g[index]
        step[index] = start + share * (newton[index] - start)
      }
    }
    let predicted = decrease(g, step)
    if predicted > 0 { return predicted }
    // Newton's point of a modified Hessian need not lower the model: the first leg does.
    let length = min(cauchy, radius / norm)
    for index in 0..<n { step[index] = -length * g[index] }
    return decrease(g, step)
  }

  private func decrease(_ g: UnsafePointer<Double>, _ step: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for row in 0..<n { sum -= step[row] * (g[row] + 0.5 * dot(hessian + row * n, step, n)) }
    return sum
  }

  /// Hessian and Newton's point at `run.x`, once for each point.
  private func prepare(_ run: Run) -> Bool {
    if isMade, (0..<n).allSatisfy({ point[$0] == run.x[$0] }) { return true }
    isMade = false
    var answer = Answer()
    answer.hessian = hessian
    guard run.evaluate(.hessian, at: run.x, into: &answer) == .done,
      factorization.factorize(hessian)
    else { return false }
    _ = factorization.solve(run.gradient, into: newton)
    for index in 0..<n { newton[index] = -newton[index] }
    point.update(from: run.x, count: n)
    isMade = allFinite(newton, n)
    return isMade
  }
}
