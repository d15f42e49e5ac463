/// The trust-region subproblem within bounds.
import OptNumerics

/// Lowers q(p) = gᵀp + ½pᵀBp with x + p in the box: first to the Cauchy point of the projected path,
/// then face by face, with the exact subproblem in the variables that are free.
///
/// Lin & Moré 1999, "Newton's method for large bound-constrained optimization problems", SIAM J.
/// Optim. 9(4), Alg. 4.1 and 5.3, with exact steps in place of conjugate gradients and in the scale D
/// of `ExactSubproblem`. The step ends lower than the Cauchy point, which is what convergence rests
/// on.
final class BoxSubproblem {
  private let n: Int
  private let box: Box
  private let face: ExactSubproblem
  private let reduced: UnsafeMutablePointer<Double>
  private let slope: UnsafeMutablePointer<Double>
  private let part: UnsafeMutablePointer<Double>
  private let trial: UnsafeMutablePointer<Double>
  private let memory: Buffer

  /// Share of the promised decrease that a projected step must keep.
  private static let share = 0.01

  init(_ box: Box, dimension: Int) {
    self.box = box
    n = dimension
    face = ExactSubproblem(dimension: n)
    memory = Buffer(count: n * n + 3 * n)
    reduced = memory.pointer
    slope = reduced + n * n
    part = slope + n
    trial = part + n
  }

  /// The point, model and scale of one subproblem.
  struct Model {
    let x: UnsafePointer<Double>
    let gradient: UnsafePointer<Double>
    let matrix: UnsafePointer<Double>
    let scale: UnsafePointer<Double>
  }

  /// The step within `radius` into `step`: the decrease that the model predicts, and ‖Dp‖.
  func solve(
    _ model: Model, _ radius: Double, into step: UnsafeMutablePointer<Double>
  ) -> (decrease: Double, length: Double) {
    var value = cauchy(model, radius, into: step)
    for _ in 0...n {
      model.multiply(step, into: slope, n)
      for index in 0..<n { slope[index] += model.gradient[index] }
      var free = 0
      reduced.update(from: model.matrix, count: n * n)
      for index in 0..<n {
        let place = model.x[index] + step[index]
        if place > box.lower[index], place < box.upper[index] {
          free += 1
        } else {
          slope[index] = 0
          clear(index)
        }
      }
      guard free > 0, face.prepare(reduced, slope) else { break }
      let (decrease, _) = face.solve(radius, into: part)
      guard decrease > 1e-3 * -value || decrease > 0 && value == 0 else { break }
      guard let (next, isCut) = advance(model, from: value, step) else { break }
      value = next
      if !isCut { break }
    }
    var squared = 0.0
    for index in 0..<n {
      let length = model.scale[index] * step[index]
      squared += length * length
    }
    return (-value, squared.squareRoot())
  }

  /// Takes a variable out of the reduced model.
  private func clear(_ index: Int) {
    for other in 0..<n {
      reduced[index * n + other] = 0
      reduced[other * n + index] = 0
    }
    reduced[index * n + index] = 1
  }

  /// The Cauchy point on the projected path against the scaled gradient; q there.
  private func cauchy(
    _ model: Model, _ radius: Double, into step: UnsafeMutablePointer<Double>
  ) -> Double {
    var squared = 0.0
    for index in 0..<n {
      let part = model.gradient[index] / model.scale[index]
      squared += part * part
    }
    var rate = radius / max(squared.squareRoot(), .leastNormalMagnitude)
    step.update(repeating: 0, count: n)
    for _ in 0..<60 {
      var promised = 0.0
      var length = 0.0
      for index in 0..<n {
        let scale = model.scale[index]
        let place = box.clamp(
          model.x[index] - rate * model.gradient[index] / (scale * scale), index)
        trial[index] = place - model.x[index]
        promised += model.gradient[index] * trial[index]
        length += scale * scale * trial[index] * trial[index]
      }
      let value = quadratic(model, trial)
      if length.squareRoot() <= radius, value <= Self.share * promised {
        step.update(from: trial, count: n)
        return value
      }
      rate *= 0.4
    }
    return 0
  }

  /// The projected search from `step` along `part`; the new q and whether bounds cut it short. Nil if
  /// nothing is gained.
  private func advance(
    _ model: Model, from value: Double, _ step: UnsafeMutablePointer<Double>
  ) -> (Double, Bool)? {
    var rate = 1.0
    for _ in 0..<30 {
      var promised = 0.0
      var isCut = false
      for index in 0..<n {
        let wanted = model.x[index] + step[index] + rate * part[index]
        let place = box.clamp(wanted, index)
        if place != wanted { isCut = true }
        trial[index] = place - model.x[index]
        promised += slope[index] * (trial[index] - step[index])
      }
      let next = quadratic(model, trial)
      if next < value, next <= value + Self.share * min(promised, 0) {
        step.update(from: trial, count: n)
        return (next, isCut)
      }
      rate *= 0.5
    }
    return nil
  }

  /// q(p).
  private func quadratic(_ model: Model, _ p: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for row in 0..<n where p[row] != 0 {
      sum += p[row] * (model.gradient[row] + 0.5 * dot(model.matrix + row * n, p, n))
    }
    return sum
  }
}

extension BoxSubproblem.Model {
  /// Bp.
  fileprivate func multiply(
    _ p: UnsafePointer<Double>, into result: UnsafeMutablePointer<Double>, _ n: Int
  ) {
    for row in 0..<n { result[row] = dot(matrix + row * n, p, n) }
  }
}
