/// The BFGS quasi-Newton method with a dense inverse Hessian.
import OptNumerics

/// Learns the curvature from the changes of the gradient: the method of choice for smooth
/// functions of up to a few hundred variables.
///
///     p = −H ∇f,  x ← x + αp,  H ← (I − ρsyᵀ) H (I − ρysᵀ) + ρssᵀ,  ρ = 1/sᵀy
///
/// α satisfies the strong Wolfe conditions, so that sᵀy > 0 and H stays positive definite. Choose
/// it when a gradient is offered and n² numbers are affordable. Nocedal & Wright 2006, Alg. 6.1;
/// initial scaling eq. 6.20.
package struct BFGS: Method {
  /// How the step length is found.
  package var search: any LineSearch

  package init(search: any LineSearch = StrongWolfe()) { self.search = search }

  package static let entry = MethodEntry(
    name: "bfgs", summary: "quasi-Newton, dense; up to a few hundred variables",
    help: """
      Builds an approximation of the inverse Hessian from the changes of the gradient and searches
      along the quasi-Newton direction.
      """,
    options: [LineSearchCatalogue.option("strong_wolfe")], needs: .gradient,
    make: { BFGS(search: $0.search("search") ?? StrongWolfe()) },
    keepsMatrix: true)

  package var name: String { "bfgs" }
  package var options: [MethodOption] {
    [MethodOption(name: "search", value: search.label)]
  }
  package var needs: Ask { .gradient }
  package var needsDeterministicCosts: Bool { true }

  package func start(_ run: Run) -> any Iteration { State(run, search) }

  private final class State: Iteration {
    private let n: Int
    private let matrix: Buffer
    private let memory: Buffer
    private let inverse: UnsafeMutablePointer<Double>
    private let direction: UnsafeMutablePointer<Double>
    private let newGradient: UnsafeMutablePointer<Double>
    private let s: UnsafeMutablePointer<Double>
    private let y: UnsafeMutablePointer<Double>
    private let hy: UnsafeMutablePointer<Double>
    private let search: any LineSearch
    private var slope = 0.0
    private var length = 0.0
    /// H is still the identity.
    private var isFresh = true
    /// What the model expected at this point before it was given up.
    private var lastDecrease: Double?

    init(_ run: Run, _ search: any LineSearch) {
      self.search = search
      n = run.dimension
      matrix = Buffer(uninitialized: n * n)
      memory = Buffer(count: 5 * n)
      inverse = matrix.pointer
      direction = memory.pointer
      newGradient = memory.pointer + n
      s = memory.pointer + 2 * n
      y = memory.pointer + 3 * n
      hy = memory.pointer + 4 * n
      reset(run)
    }

    func step(_ run: Run) -> Advance {
      while true {
        let first = isFresh ? firstStep(run) : 1
        if let found = search.search(
          run, along: direction, slope: slope, first: first, gradient: newGradient)
        {
          update(run, found.step, found.value)
          return .moved
        }
        if run.halt != nil { return .halted }
        if isFresh { return .stuck(.lineSearch) }
        let decrease = -0.5 * slope
        reset(run)
        lastDecrease = decrease
      }
    }

    func measures(_ run: Run) -> Measures {
      Measures(expectedDecrease: isFresh ? lastDecrease : -0.5 * slope, rate: length)
    }

    func recover(_ run: Run) -> Bool {
      if isFresh { return false }
      reset(run)
      run.note("bfgs restarted from steepest descent")
      return true
    }

    func restart(_ run: Run) { reset(run) }

    func archive(_ archive: Archive, _ run: Run) {
      archive.numbers("matrix", matrix.pointer, n * n)
      archive.numbers("vectors", memory.pointer, 5 * n)
      archive.number("slope", &slope)
      archive.number("length", &length)
      archive.flag("isFresh", &isFresh)
      archive.optional("lastDecrease", &lastDecrease)
    }

    private func reset(_ run: Run) {
      inverse.update(repeating: 0, count: n * n)
      for index in 0..<n {
        inverse[index * n + index] = 1
        direction[index] = -run.gradient[index]
      }
      slope = -dot(run.gradient, run.gradient, n)
      isFresh = true
      lastDecrease = nil
    }

    /// A step that changes the variables by about their own size at most.
    private func firstStep(_ run: Run) -> Double {
      let norm = euclideanNorm(run.gradient, n)
      let scale = max(1, 0.1 * maximumNorm(run.x, n))
      return norm > scale ? scale / norm : 1
    }

    private func update(_ run: Run, _ step: Double, _ value: Double) {
      length = step
      lastDecrease = nil
      for index in 0..<n {
        s[index] = run.trial[index] - run.x[index]
        y[index] = newGradient[index] - run.gradient[index]
      }
      run.accept(run.trial, value: value, gradient: newGradient)
      let sy = dot(s, y, n)
      let yy = dot(y, y, n)
      if sy > 1e-14 * (dot(s, s, n) * yy).squareRoot(), sy.isFinite, yy.isFinite, yy > 0 {
        if isFresh {
          let scale = sy / yy
          for index in 0..<n { inverse[index * n + index] = scale }
          isFresh = false
        }
        updateInverse(sy)
      }
      multiply(run.gradient, into: direction)
      for index in 0..<n { direction[index] = -direction[index] }
      slope = dot(run.gradient, direction, n)
      if !(slope < 0), maximumNorm(run.gradient, n) > 0 { reset(run) }
    }

    private func updateInverse(_ sy: Double) {
      multiply(y, into: hy)
      let rho = 1 / sy
      let factor = (1 + dot(y, hy, n) * rho) * rho
      for row in 0..<n {
        let line = inverse + row * n
        let a = factor * s[row] - rho * hy[row]
        let b = -rho * s[row]
        for column in 0..<n { line[column] += a * s[column] + b * hy[column] }
      }
    }

    private func multiply(
      _ vector: UnsafePointer<Double>, into result: UnsafeMutablePointer<Double>
    ) {
      for row in 0..<n { result[row] = dot(inverse + row * n, vector, n) }
    }
  }
}
