/// The local search of the global methods: BFGS in a box.
import OptNumerics

/// Quasi-Newton steps with exact gradients, projected onto a box; scaled by the box, so that units
/// do not matter.
///
///     d = −H_FF g_F,   x(t) = P(x + t d),   F: variables that no bound holds
///
/// F is found anew in every step, and H stays that of BFGS on the face: D. P. Bertsekas, "Projected
/// Newton methods for optimization problems with simple constraints", SIAM J. Control Optim. 20
/// (1982). The line search asks for the weak Wolfe conditions only, by which BFGS also works where
/// the function has kinks: A. S. Lewis and M. L. Overton, "Nonsmooth optimization via quasi-Newton
/// methods", Math. Program. 141 (2013).
struct BoxDescent: Method {
  /// Ends when less than this part of the value is left to gain.
  var precision = 1e-9
  /// The length of the first step as part of the box.
  var firstStep = 0.02

  var name: String { "box_descent" }
  var options: [MethodOption] { [] }
  var needs: Ask { [.value, .gradient] }
  var honours: Restrictions { .bounds }
  var needsDeterministicCosts: Bool { true }

  func start(_ run: Run) -> any Iteration { State(run, self) }

  private final class State: Iteration {
    private let settings: BoxDescent
    private let n: Int
    private let memory: Buffer
    private let lower: UnsafeMutablePointer<Double>
    private let upper: UnsafeMutablePointer<Double>
    private let width: UnsafeMutablePointer<Double>
    private let inverse: UnsafeMutablePointer<Double>
    private let slope: UnsafeMutablePointer<Double>
    private let direction: UnsafeMutablePointer<Double>
    private let newGradient: UnsafeMutablePointer<Double>
    private let kept: UnsafeMutablePointer<Double>
    private let keptGradient: UnsafeMutablePointer<Double>
    private let change: UnsafeMutablePointer<Double>
    private let product: UnsafeMutablePointer<Double>
    private var hasCurvature = false
    private var idle = 0

    init(_ run: Run, _ settings: BoxDescent) {
      self.settings = settings
      n = run.dimension
      memory = Buffer(count: n * n + 10 * n)
      lower = memory.pointer
      upper = lower + n
      width = upper + n
      slope = width + n
      direction = slope + n
      newGradient = direction + n
      kept = newGradient + n
      keptGradient = kept + n
      change = keptGradient + n
      product = change + n
      inverse = product + n
      let box = run.objective.bounds ?? .none(n)
      for k in 0..<n {
        lower[k] = box.lower[k]
        upper[k] = box.upper[k]
        let size = box.upper[k] - box.lower[k]
        width[k] = size.isFinite ? size : max(1, abs(run.x[k]))
      }
    }

    private func reset() {
      hasCurvature = false
      inverse.update(repeating: 0, count: n * n)
      for k in 0..<n { inverse[k * n + k] = 1 }
    }

    func step(_ run: Run) -> Advance {
      if !hasCurvature { reset() }
      while true {
        let decrease = aim(run)
        if !(decrease > 0) || !decrease.isFinite { return .finished(.precisionFloor) }
        if hasCurvature, 0.5 * decrease <= settings.precision * abs(run.value) + 1e-18 {
          return .finished(.precisionFloor)
        }
        let before = run.value
        if let value = search(run, -decrease) {
          update(run)
          run.accept(kept, value: value, gradient: keptGradient)
          idle = before - value <= settings.precision * abs(value) ? idle + 1 : 0
          if idle >= 3 { return .finished(.precisionFloor) }
          return .moved
        }
        if run.halt != nil { return .halted }
        if !hasCurvature { return .finished(.lineSearchFailed) }
        reset()
      }
    }

    /// The direction of the next step; minus its slope.
    private func aim(_ run: Run) -> Double {
      for k in 0..<n {
        let g = run.gradient[k]
        let isHeld = g > 0 && run.x[k] <= lower[k] || g < 0 && run.x[k] >= upper[k]
        slope[k] = isHeld ? 0 : g * width[k]
      }
      var decrease = 0.0
      for i in 0..<n {
        direction[i] = slope[i] == 0 ? 0 : -dot(inverse + i * n, slope, n)
        decrease -= direction[i] * slope[i]
      }
      return decrease
    }

    /// A step with the weak Wolfe conditions; its point is left in `kept`.
    private func search(_ run: Run, _ slope0: Double) -> Double? {
      var (low, high) = (0.0, Double.infinity)
      var (lowValue, lowSlope) = (run.value, slope0)
      var found: Double?
      var t = hasCurvature ? 1 : settings.firstStep / max(maximumNorm(direction, n), 1e-300)
      for _ in 0..<30 {
        var expected = 0.0
        var moves = false
        for k in 0..<n {
          let target = run.x[k] + t * direction[k] * width[k]
          let point = min(max(target, lower[k]), upper[k])
          run.trial[k] = point
          if point != run.x[k] { moves = true }
          expected += run.gradient[k] * (point - run.x[k])
        }
        if !moves { return found }
        var answer = Answer()
        answer.gradient = newGradient
        let outcome = run.evaluate([.value, .gradient], at: run.trial, into: &answer)
        if outcome == .stopped { return nil }
        guard outcome == .done, allFinite(newGradient, n) else {
          high = t
          t = low + 0.2 * (t - low)
          continue
        }
        if answer.value > run.value + 1e-4 * min(expected, 0) || answer.value >= run.value {
          let width = t - low
          // The minimum of the parabola through both ends.
          var share = -0.5 * lowSlope * width / (answer.value - lowValue - lowSlope * width)
          if !share.isFinite { share = 0.5 }
          high = t
          t = low + min(max(share, 0.1), 0.6) * width
          continue
        }
        var slope = 0.0
        for k in 0..<n where run.trial[k] > lower[k] && run.trial[k] < upper[k] {
          slope += newGradient[k] * direction[k] * self.width[k]
        }
        kept.update(from: run.trial, count: n)
        keptGradient.update(from: newGradient, count: n)
        found = answer.value
        if slope >= 0.9 * slope0 { return found }
        var next = high.isFinite ? 0.5 * (t + high) : 4 * t
        if slope > lowSlope {
          let secant = t - slope * (t - low) / (slope - lowSlope)
          if secant.isFinite, secant > 1.1 * t, secant < next { next = secant }
        }
        (low, lowValue, lowSlope) = (t, answer.value, slope)
        t = next
        if !t.isFinite { return found }
      }
      return found
    }

    /// The BFGS formula for the inverse, with the step from `run.x` to `kept`.
    private func update(_ run: Run) {
      let (s, y) = (change, newGradient)
      for k in 0..<n {
        s[k] = (kept[k] - run.x[k]) / max(width[k], 1e-300)
        // A variable that stays at its bound says nothing about the face.
        y[k] = s[k] == 0 ? 0 : (keptGradient[k] - run.gradient[k]) * width[k]
      }
      let sy = dot(s, y, n)
      let yy = dot(y, y, n)
      guard sy > 1e-12 * (dot(s, s, n) * yy).squareRoot(), sy.isFinite, yy.isFinite, yy > 0 else {
        return
      }
      if !hasCurvature {
        for k in 0..<n { inverse[k * n + k] = sy / yy }
        hasCurvature = true
      }
      for i in 0..<n { product[i] = dot(inverse + i * n, y, n) }
      let factor = (1 + dot(product, y, n) / sy) / sy
      for i in 0..<n {
        for j in 0..<n {
          inverse[i * n + j] += factor * s[i] * s[j] - (product[i] * s[j] + s[i] * product[j]) / sy
        }
      }
    }
  }
}
