/// The matrix of limited-memory BFGS in compact form, and its minimiser in a box.
import OptNumerics

/// B = θI − WMWᵀ with W = [Y θS], M⁻¹ = [−D Lᵀ; L θSᵀS].
///
/// Byrd, Nocedal & Schnabel 1994, Math. Program. 63, for the form; Byrd, Lu, Nocedal & Zhu 1995, SIAM
/// J. Sci. Comput. 16(5), Alg. CP and the direct primal method of section 5.1, for the minimiser. The
/// rows of W lie one after the other, so that all work is a pass over the variables.
final class CompactBFGS {
  let n: Int
  private let capacity: Int
  private(set) var count = 0
  private var theta = 1.0
  /// Changes of the point and of the gradient, the oldest first; `capacity` rows of n numbers.
  private let steps: UnsafeMutablePointer<Double>
  private let changes: UnsafeMutablePointer<Double>
  private let memory: Buffer
  private let small: Buffer
  private let middle: UnsafeMutablePointer<Double>
  private let work: UnsafeMutablePointer<Double>
  private let p: UnsafeMutablePointer<Double>
  private let c: UnsafeMutablePointer<Double>
  private let w: UnsafeMutablePointer<Double>
  private let v: UnsafeMutablePointer<Double>
  private let system: UnsafeMutablePointer<Double>
  private let d: UnsafeMutablePointer<Double>
  private let breaks: UnsafeMutablePointer<Double>
  private var order: [Int]

  init(dimension: Int, memory pairs: Int) {
    n = dimension
    capacity = pairs
    let k = 2 * pairs
    memory = Buffer(count: 2 * pairs * n + 2 * n)
    steps = memory.pointer
    changes = steps + pairs * n
    d = changes + pairs * n
    breaks = d + n
    small = Buffer(count: 3 * k * k + 4 * k)
    middle = small.pointer
    work = middle + k * k
    p = work + k * k
    c = p + k
    w = c + k
    v = w + k
    system = v + k
    order = Array(0..<n)
  }

  func forget() {
    count = 0
    theta = 1
  }

  /// Saves or restores the pairs.
  func archive(_ archive: Archive) {
    archive.count("count", &count, in: 0...capacity)
    archive.number("theta", &theta)
    archive.numbers("steps", steps, count * n)
    archive.numbers("changes", changes, count * n)
  }

  /// Stores the pair of the step from `run.x` to `run.trial`, if its curvature is positive.
  func remember(_ run: Run, _ newGradient: UnsafePointer<Double>) {
    if count == capacity {
      steps.update(from: steps + n, count: (count - 1) * n)
      changes.update(from: changes + n, count: (count - 1) * n)
      count -= 1
    }
    let s = steps + count * n
    let y = changes + count * n
    for index in 0..<n {
      s[index] = run.trial[index] - run.x[index]
      y[index] = newGradient[index] - run.gradient[index]
    }
    let sy = dot(s, y, n)
    let yy = dot(y, y, n)
    guard sy > 1e-14 * (dot(s, s, n) * yy).squareRoot(), sy.isFinite, yy.isFinite, yy > 0 else {
      return
    }
    theta = yy / sy
    count += 1
  }

  /// The row of W for a variable.
  private func row(_ index: Int, into result: UnsafeMutablePointer<Double>) {
    for pair in 0..<count {
      result[pair] = changes[pair * n + index]
      result[count + pair] = theta * steps[pair * n + index]
    }
  }

  /// Inverts the middle matrix M⁻¹ into `middle`; false if it is singular.
  private func makeMiddle() -> Bool {
    let k = 2 * count
    for i in 0..<count {
      for j in 0..<count {
        let sy = dot(steps + i * n, changes + j * n, n)
        work[i * k + j] = i == j ? -sy : 0
        work[(count + i) * k + j] = i > j ? sy : 0
        work[j * k + count + i] = i > j ? sy : 0
        work[(count + i) * k + count + j] = theta * dot(steps + i * n, steps + j * n, n)
      }
    }
    for i in 0..<k { for j in 0..<k { middle[i * k + j] = i == j ? 1 : 0 } }
    return eliminate(work, middle, size: k, columns: k)
  }

  /// Solves for several right sides in place, with partial pivoting.
  private func eliminate(
    _ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>, size k: Int,
    columns: Int
  ) -> Bool {
    for pivot in 0..<k {
      var best = pivot
      for row in pivot..<k where abs(a[row * k + pivot]) > abs(a[best * k + pivot]) { best = row }
      let value = a[best * k + pivot]
      guard value != 0, value.isFinite else { return false }
      if best != pivot {
        for column in 0..<k {
          (a[pivot * k + column], a[best * k + column]) =
            (a[best * k + column], a[pivot * k + column])
        }
        for column in 0..<columns {
          (b[pivot * columns + column], b[best * columns + column]) =
            (b[best * columns + column], b[pivot * columns + column])
        }
      }
      for row in 0..<k where row != pivot {
        let factor = a[row * k + pivot] / value
        if factor == 0 { continue }
        for column in pivot..<k { a[row * k + column] -= factor * a[pivot * k + column] }
        for column in 0..<columns {
          b[row * columns + column] -= factor * b[pivot * columns + column]
        }
      }
    }
    for row in 0..<k {
      let divisor = a[row * k + row]
      for column in 0..<columns { b[row * columns + column] /= divisor }
    }
    return true
  }

  private func timesMiddle(
    _ x: UnsafePointer<Double>, into result: UnsafeMutablePointer<Double>
  ) {
    let k = 2 * count
    for row in 0..<k { result[row] = dot(middle + row * k, x, k) }
  }

  /// The minimiser of gᵀ(z − x) + ½(z − x)ᵀB(z − x) over the box, approximately: the Cauchy point,
  /// then the free variables. False if the model is no good.
  func minimize(_ run: Run, into z: UnsafeMutablePointer<Double>) -> Bool {
    let k = 2 * count
    if count > 0, !makeMiddle() { return false }
    z.update(from: run.x, count: n)
    p.update(repeating: 0, count: k)
    c.update(repeating: 0, count: k)
    guard cauchy(run, z) else { return false }
    if count == 0 { return true }
    return subspace(run, z)
  }

  /// Alg. CP: the first local minimiser along the projected gradient. Leaves c = Wᵀ(z − x).
  private func cauchy(_ run: Run, _ z: UnsafeMutablePointer<Double>) -> Bool {
    let k = 2 * count
    let g = run.gradient
    var moving = 0
    var f1 = 0.0
    for index in 0..<n {
      breaks[index] = .infinity
      if let box = run.box {
        if g[index] < 0 {
          breaks[index] = (run.x[index] - box.upper[index]) / g[index]
        } else if g[index] > 0 {
          breaks[index] = (run.x[index] - box.lower[index]) / g[index]
        }
      }
      d[index] = breaks[index] <= 0 ? 0 : -g[index]
      if d[index] == 0 { continue }
      f1 -= d[index] * d[index]
      if breaks[index] < .infinity {
        order[moving] = index
        moving += 1
      }
      row(index, into: w)
      for j in 0..<k { p[j] += w[j] * d[index] }
    }
    if f1 == 0 { return true }
    order[0..<moving].sort { breaks[$0] < breaks[$1] }
    timesMiddle(p, into: v)
    var f2 = -theta * f1 - dot(p, v, k)
    let f2Origin = f2
    var time = 0.0
    var best = -f1 / f2
    var place = 0
    while place < moving {
      let index = order[place]
      let width = breaks[index] - time
      if best < width { break }
      guard let box = run.box else { return false }
      z[index] = d[index] > 0 ? box.upper[index] : box.lower[index]
      let reached = z[index] - run.x[index]
      for j in 0..<k { c[j] += width * p[j] }
      row(index, into: w)
      let slope = g[index]
      timesMiddle(w, into: v)
      f1 += width * f2 + slope * slope + theta * slope * reached - slope * dot(v, c, k)
      f2 -= theta * slope * slope + 2 * slope * dot(v, p, k) + slope * slope * dot(v, w, k)
      f2 = max(f2, Double.ulpOfOne * f2Origin)
      for j in 0..<k { p[j] += slope * w[j] }
      d[index] = 0
      best = -f1 / f2
      time = breaks[index]
      place += 1
    }
    best = max(best, 0)
    guard best.isFinite else { return false }
    time += best
    for index in 0..<n where d[index] != 0 { z[index] = run.x[index] + time * d[index] }
    for j in 0..<k { c[j] += best * p[j] }
    return true
  }

  /// The direct primal method: minimises in the variables that are free at the Cauchy point `z`.
  private func subspace(_ run: Run, _ z: UnsafeMutablePointer<Double>) -> Bool {
    let k = 2 * count
    timesMiddle(c, into: v)
    p.update(repeating: 0, count: k)
    work.update(repeating: 0, count: k * k)
    // r = g + θ(z − x) − WMc in `d`; p = WᵀZr; work = WᵀZZᵀW.
    for index in 0..<n {
      let isFree = run.box.map { z[index] > $0.lower[index] && z[index] < $0.upper[index] } ?? true
      if !isFree {
        d[index] = 0
        continue
      }
      row(index, into: w)
      d[index] = run.gradient[index] + theta * (z[index] - run.x[index]) - dot(w, v, k)
      for i in 0..<k {
        p[i] += w[i] * d[index]
        for j in 0..<k { work[i * k + j] += w[i] * w[j] }
      }
    }
    timesMiddle(p, into: v)
    // (I − MN/θ) v = Mp with N = WᵀZZᵀW.
    for i in 0..<k {
      for j in 0..<k {
        var sum = 0.0
        for l in 0..<k { sum += middle[i * k + l] * work[l * k + j] }
        system[i * k + j] = (i == j ? 1 : 0) - sum / theta
      }
    }
    guard eliminate(system, v, size: k, columns: 1) else { return false }
    for index in 0..<n where d[index] != 0 {
      row(index, into: w)
      let step = -d[index] / theta - dot(w, v, k) / (theta * theta)
      let place = z[index] + step
      guard place.isFinite else { return false }
      z[index] = run.box?.clamp(place, index) ?? place
    }
    return true
  }
}
