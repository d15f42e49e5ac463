/// The outer loop of trust regions with a plain radius.
import OptNumerics

/// A trust region around the current point, whatever solves the subproblem.
final class RadiusIteration: Iteration {
  /// Writes a step of at most that length, returns the predicted decrease; nil if there is none.
  typealias Solve = (Run, Double, UnsafeMutablePointer<Double>) -> Double?
  private let n: Int
  private let solve: Solve
  private let archiveModel: ((Archive) -> Void)?
  private let vectors: Buffer
  private let step: UnsafeMutablePointer<Double>
  private let newGradient: UnsafeMutablePointer<Double>
  private var radius = 0.0

  /// `archiveModel` saves or restores what `solve` remembers, where it remembers anything.
  init(_ run: Run, archiveModel: ((Archive) -> Void)? = nil, solve: @escaping Solve) {
    n = run.dimension
    self.solve = solve
    self.archiveModel = archiveModel
    vectors = Buffer(count: 2 * n)
    step = vectors.pointer
    newGradient = step + n
    radius = Self.firstRadius(run)
  }

  private static func firstRadius(_ run: Run) -> Double {
    max(1, 0.1 * euclideanNorm(run.x, run.dimension))
  }

  func step(_ run: Run) -> Advance {
    if run.requireGradient() != .done { return run.halt == nil ? .notFinite : .halted }
    for _ in 0..<100 {
      guard let predicted = solve(run, radius, step) else {
        return run.halt == nil ? .stuck(.degenerate) : .halted
      }
      let length = euclideanNorm(step, n)
      guard predicted > 0, length > 0, length.isFinite else { return .stuck(.degenerate) }
      move(run.x, 1, step, into: run.trial, n)
      var answer = Answer()
      answer.gradient = newGradient
      let outcome = run.evaluate([.value, .gradient], at: run.trial, into: &answer)
      if outcome == .stopped { return .halted }
      if outcome == .notFinite {
        radius = 0.1 * length
        continue
      }
      let slack = 8 * run.noise
      var ratio = (run.value - answer.value) / predicted
      if predicted <= slack {
        // Rounding hides the decrease: the gradient decides.
        let isBetter = euclideanNorm(newGradient, n) < 0.9 * euclideanNorm(run.gradient, n)
        ratio = isBetter && answer.value <= run.value + slack ? 1 : -1
        if ratio < 0 { return .stuck(.degenerate) }
      }
      if ratio < 0.25 {
        radius = 0.25 * length
      } else if ratio > 0.75, length > 0.8 * radius {
        radius = 2 * radius
      }
      if ratio > 1e-4 {
        run.accept(run.trial, value: answer.value, gradient: newGradient)
        return .moved
      }
      if radius < 1e-300 { break }
    }
    return .stuck(.degenerate)
  }

  func measures(_ run: Run) -> Measures { Measures(rate: radius) }

  func archive(_ archive: Archive, _ run: Run) {
    archive.number("radius", &radius)
    archiveModel?(archive)
  }

  func recover(_ run: Run) -> Bool {
    radius = Self.firstRadius(run)
    return true
  }

  func restart(_ run: Run) { radius = Self.firstRadius(run) }
}
