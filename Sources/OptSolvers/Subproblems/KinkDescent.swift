/// Descent from a point where the gradient jumps, or the proof that there is none.
import OptNumerics

/// Works with the gradients found within a small distance δ of a point instead of with one of them.
///
///     v = argmin ‖v‖ over the convex hull of the gradients;  y = x − δv/‖v‖
///
/// Either the value at y is lower by a share of δ‖v‖, and the way goes on in that direction, or the
/// gradient between x and y does not belong to the hull yet and is added. Where v is zero the point is
/// stationary to within δ; then a smaller δ decides. A. A. Goldstein 1977, "Optimization of Lipschitz
/// continuous functions", Math. Program. 13; P. Wolfe 1975, Math. Program. Study 3.
struct KinkDescent {
  enum Finding {
    /// A lower point was accepted.
    case moved
    /// Zero is in the hull at the smallest distance.
    case stationary
    case nothing
    case halted
  }

  /// The largest number of variables for which it is worth its gradients.
  static let largestDimension = 20

  private let n: Int
  private let capacity: Int
  private var count = 0
  private let memory: Buffer
  private let gradients: UnsafeMutablePointer<Double>
  private let weights: UnsafeMutablePointer<Double>
  private let v: UnsafeMutablePointer<Double>
  private let newGradient: UnsafeMutablePointer<Double>

  /// Distances, relative to the variables, from the first to the last.
  private static let distances = [1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12]
  /// ‖v‖ that counts as zero, relative to the gradients.
  private static let zero = 1e-6
  /// The share of the decrease δ‖v‖ that is asked for.
  private static let share = 1e-2

  /// How often the distance is doubled along one direction.
  private static let doublings = 50

  private init(_ run: Run) {
    n = run.dimension
    capacity = 3 * n + 10
    memory = Buffer(count: capacity * (n + 1) + 2 * n)
    gradients = memory.pointer
    weights = gradients + capacity * n
    v = weights + capacity
    newGradient = v + n
  }

  /// Looks around the current point of a run without bounds or constraints.
  static func look(_ run: Run) -> Finding {
    var search = KinkDescent(run)
    return search.look(run)
  }

  private mutating func look(_ run: Run) -> Finding {
    let size = max(1, maximumNorm(run.x, n))
    for distance in Self.distances {
      switch descend(run, distance * size) {
      case .stationary: continue
      case let finding: return finding
      }
    }
    return .stationary
  }

  private mutating func descend(_ run: Run, _ distance: Double) -> Finding {
    guard run.requireGradient() == .done else { return run.halt == nil ? .nothing : .halted }
    count = 0
    add(run.gradient)
    while true {
      findShortest()
      let norm = euclideanNorm(v, n)
      var largest = 0.0
      for k in 0..<count { largest = max(largest, euclideanNorm(gradients + k * n, n)) }
      guard norm.isFinite, largest > 0 else { return .nothing }
      if norm <= Self.zero * largest { return .stationary }
      guard count < capacity else { return .nothing }
      var (low, high) = (0.0, distance / norm)
      var step = high
      var isCut = false
      // On the way back to x there is a gradient that cuts v off, unless the value falls.
      for _ in 0..<30 {
        guard let value = evaluate(run, step) else { return run.halt == nil ? .nothing : .halted }
        if value < run.value - max(Self.share * step * norm * norm, 4 * run.noise) {
          return advance(run, step, norm)
        }
        let along = dot(newGradient, v, n)
        if along < 0.5 * norm * norm {
          add(newGradient)
          isCut = true
          break
        }
        if value < run.value - Self.share * step * norm * norm { low = step } else { high = step }
        step = 0.5 * (low + high)
      }
      if !isCut { return .nothing }
    }
  }

  /// Goes on in the direction −v while the value falls.
  private func advance(_ run: Run, _ first: Double, _ norm: Double) -> Finding {
    var (step, lowest) = (first, Double.infinity)
    var doublings = 0
    while doublings < Self.doublings, let value = evaluate(run, step),
      value < min(lowest, run.value - Self.share * step * norm * norm)
    {
      lowest = value
      step *= 2
      doublings += 1
    }
    if run.halt != nil { return .halted }
    guard lowest < .infinity, let value = evaluate(run, 0.5 * step) else {
      return run.halt == nil ? .nothing : .halted
    }
    run.accept(run.trial, value: value, gradient: newGradient)
    return .moved
  }

  /// Value and gradient at x − step·v; nil where they are not finite or refused.
  private func evaluate(_ run: Run, _ step: Double) -> Double? {
    move(run.x, -step, v, into: run.trial, n)
    var answer = Answer()
    answer.gradient = newGradient
    guard run.evaluate([.value, .gradient], at: run.trial, into: &answer) == .done,
      allFinite(newGradient, n)
    else { return nil }
    return answer.value
  }

  private mutating func add(_ gradient: UnsafePointer<Double>) {
    (gradients + count * n).update(from: gradient, count: n)
    weights[count] = count == 0 ? 1 : 0
    count += 1
  }

  /// The shortest vector of the hull: weight goes from the gradient with the largest to that with
  /// the smallest product with v. B. F. Mitchell, V. F. Dem'yanov & V. N. Malozemov 1974, SIAM J.
  /// Control 12(1).
  private func findShortest() {
    for _ in 0..<(100 + 20 * count) {
      for i in 0..<n { v[i] = 0 }
      for k in 0..<count where weights[k] > 0 {
        addMultiple(weights[k], gradients + k * n, to: v, n)
      }
      var (from, most) = (0, -Double.infinity)
      var (to, least) = (0, Double.infinity)
      for k in 0..<count {
        let product = dot(gradients + k * n, v, n)
        if weights[k] > 0, product > most { (from, most) = (k, product) }
        if product < least { (to, least) = (k, product) }
      }
      var squared = 0.0
      for i in 0..<n {
        let difference = gradients[from * n + i] - gradients[to * n + i]
        squared += difference * difference
      }
      guard most - least > 1e-14 * squared, squared > 0 else { return }
      let part = min(weights[from], (most - least) / squared)
      weights[from] -= part
      weights[to] += part
    }
  }
}
