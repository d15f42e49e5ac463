/// Strictly convex quadratic programs by a dual active-set method.
import OptNumerics

/// min ½dᵀBd + gᵀd subject to aᵢᵀd + bᵢ = 0 or ≥ 0.
///
/// The dual method of Goldfarb & Idnani 1983, "A numerically stable dual method for solving strictly
/// convex quadratic programs", section 4: it begins at the unconstrained minimum and adds violated
/// constraints one at a time, so it needs no feasible point and sees inconsistent constraints. Rows
/// of bounds are unit vectors and are not stored. Memory is allocated once.
final class DualQP {
  enum Outcome { case solved, inconsistent, notConvex, failed }

  let n: Int
  let capacity: Int
  private let memory: Buffer
  /// B on entry; its Cholesky factor afterwards.
  let matrix: UnsafeMutablePointer<Double>
  let gradient: UnsafeMutablePointer<Double>
  /// The solution.
  let d: UnsafeMutablePointer<Double>
  /// One for each constraint; for inequalities not negative. g + Bd = Σ uᵢaᵢ at the solution.
  let multipliers: UnsafeMutablePointer<Double>
  private let rows: UnsafeMutablePointer<Double>
  private let offsets: UnsafeMutablePointer<Double>
  private let lengths: UnsafeMutablePointer<Double>
  private let basis: UnsafeMutablePointer<Double>
  private let triangle: UnsafeMutablePointer<Double>
  private let z: UnsafeMutablePointer<Double>
  private let projected: UnsafeMutablePointer<Double>
  private let r: UnsafeMutablePointer<Double>
  private let u: UnsafeMutablePointer<Double>
  private let normal: UnsafeMutablePointer<Double>
  private var active: [Int] = []
  private var flipped: [Bool] = []
  private var isActive: [Bool]
  private var isEquation: [Bool]
  /// −1 for a dense row, else the variable of a bound.
  private var variable: [Int]
  private var sign: [Double]
  private(set) var count = 0
  private(set) var iterations = 0
  private let stop: Stop

  init(dimension: Int, capacity: Int, stop: Stop) {
    self.stop = stop
    n = dimension
    self.capacity = capacity
    memory = Buffer(count: 3 * n * n + capacity * n + 3 * capacity + 8 * (n + 1))
    var next = memory.pointer
    func take(_ count: Int) -> UnsafeMutablePointer<Double> {
      defer { next += count }
      return next
    }
    matrix = take(n * n)
    basis = take(n * n)
    triangle = take(n * n)
    rows = take(capacity * n)
    offsets = take(capacity)
    lengths = take(capacity)
    multipliers = take(capacity)
    gradient = take(n)
    d = take(n)
    z = take(n)
    projected = take(n)
    r = take(n + 1)
    u = take(n + 2)
    normal = take(n)
    isActive = Array(repeating: false, count: capacity)
    isEquation = isActive
    variable = Array(repeating: -1, count: capacity)
    sign = Array(repeating: 1, count: capacity)
  }

  func clear() { count = 0 }

  /// Adds sign·aᵀd + offset ≥ 0 (or = 0), scaled to unit length; false if `a` is zero.
  @discardableResult
  func add(
    _ a: UnsafePointer<Double>, sign: Double, offset: Double, isEquation: Bool
  ) -> Bool {
    let length = euclideanNorm(a, n)
    let row = rows + count * n
    let factor = length > 1e-300 ? 1 / length : 0
    for k in 0..<n { row[k] = sign * a[k] * factor }
    note(-1, 1, length: max(length, 1e-300), offset: factor > 0 ? offset * factor : offset)
    self.isEquation[count - 1] = isEquation
    return factor > 0
  }

  /// Adds sign·d[variable] + offset ≥ 0.
  func addBound(_ variable: Int, sign: Double, offset: Double) {
    note(variable, sign, length: 1, offset: offset)
    isEquation[count - 1] = false
  }

  private func note(_ variable: Int, _ sign: Double, length: Double, offset: Double) {
    self.variable[count] = variable
    self.sign[count] = sign
    lengths[count] = length
    offsets[count] = offset
    count += 1
  }

  /// Solves it; `multipliers` are those of the rows as they were added.
  func solve() -> Outcome {
    guard factorize() else { return .notConvex }
    iterations = 0
    for k in 0..<count {
      isActive[k] = false
      multipliers[k] = 0
    }
    active.removeAll(keepingCapacity: true)
    flipped.removeAll(keepingCapacity: true)
    start()
    for k in 0..<count where isEquation[k] {
      let outcome = activate(k, flips: value(k) > 0)
      if outcome != .solved { return outcome }
    }
    while true {
      var worst = -1
      var least = 0.0
      for k in 0..<count where !isEquation[k] && !isActive[k] {
        let s = value(k)
        if s < -1e-11 * (1 + abs(offsets[k])), s < least {
          least = s
          worst = k
        }
      }
      guard worst >= 0 else { break }
      iterations += 1
      if iterations > 20 * (n + count) + 50 || stop.isRequested { return .failed }
      let outcome = activate(worst, flips: false)
      if outcome != .solved { return outcome }
    }
    for (place, k) in active.enumerated() {
      multipliers[k] = (flipped[place] ? -u[place] : u[place]) / lengths[k]
    }
    return allFinite(d, n) ? .solved : .failed
  }

  /// B = LLᵀ, and the basis L⁻ᵀ.
  private func factorize() -> Bool {
    var largest = 0.0
    for k in 0..<n { largest = max(largest, abs(matrix[k * n + k])) }
    guard factorCholesky(matrix, into: matrix, n, floor: 1e-15 * largest) else { return false }
    // Column j of L⁻¹ is row j of its transpose.
    for j in 0..<n {
      for i in 0..<j { basis[j * n + i] = 0 }
      for i in j..<n {
        var sum = i == j ? 1.0 : 0.0
        for k in j..<max(i, j) { sum -= matrix[i * n + k] * basis[j * n + k] }
        basis[j * n + i] = sum / matrix[i * n + i]
      }
    }
    return true
  }

  /// The unconstrained minimum d = −B⁻¹g.
  private func start() {
    for j in 0..<n {
      var sum = 0.0
      for k in 0..<n { sum += basis[k * n + j] * gradient[k] }
      projected[j] = sum
    }
    for i in 0..<n {
      var sum = 0.0
      for j in 0..<n { sum += basis[i * n + j] * projected[j] }
      d[i] = -sum
    }
  }

  private func value(_ k: Int) -> Double {
    let index = variable[k]
    if index >= 0 { return sign[k] * d[index] + offsets[k] }
    return dot(rows + k * n, d, n) + offsets[k]
  }

  /// Makes constraint `p` hold with equality, dropping others where their multipliers would turn.
  private func activate(_ p: Int, flips: Bool) -> Outcome {
    let index = variable[p]
    let turn = flips ? -1.0 : 1.0
    if index >= 0 {
      for k in 0..<n { normal[k] = 0 }
      normal[index] = turn * sign[p]
    } else {
      for k in 0..<n { normal[k] = turn * rows[p * n + k] }
    }
    var own = 0.0
    while true {
      let q = active.count
      for j in 0..<n {
        var sum = 0.0
        for k in 0..<n { sum += basis[k * n + j] * normal[k] }
        projected[j] = sum
      }
      var curvature = 0.0
      var whole = 0.0
      for j in 0..<n {
        whole += projected[j] * projected[j]
        if j >= q { curvature += projected[j] * projected[j] }
      }
      let isDependent = curvature <= 1e-22 * whole || q >= n
      for i in 0..<n {
        var sum = 0.0
        for j in q..<max(n, q) { sum += basis[i * n + j] * projected[j] }
        z[i] = sum
      }
      for i in stride(from: q - 1, through: 0, by: -1) {
        var sum = projected[i]
        for j in (i + 1)..<max(q, i + 1) { sum -= triangle[i * n + j] * r[j] }
        r[i] = sum / triangle[i * n + i]
      }
      var blocking = -1
      var t1 = Double.infinity
      for j in 0..<q where !isEquation[active[j]] && r[j] > 0 {
        let ratio = u[j] / r[j]
        if ratio < t1 {
          t1 = ratio
          blocking = j
        }
      }
      let s = turn * value(p)
      let t2 = isDependent ? Double.infinity : max(0, -s / curvature)
      if t1 == .infinity, t2 == .infinity {
        // A row that the active ones imply needs no place of its own.
        return abs(s) <= 1e-8 * (1 + abs(offsets[p])) && isEquation[p] ? .solved : .inconsistent
      }
      let t = min(t1, t2)
      if t2 < .infinity {
        for k in 0..<n { d[k] += t * z[k] }
      }
      for j in 0..<q { u[j] -= t * r[j] }
      own += t
      if t2 <= t1 {
        return insert(p, own, flips) ? .solved : .failed
      }
      remove(blocking)
      iterations += 1
      if iterations > 20 * (n + count) + 50 || stop.isRequested { return .failed }
    }
  }

  /// Appends the projected normal to the triangle, and turns the rest of the basis to it.
  private func insert(_ p: Int, _ multiplier: Double, _ flips: Bool) -> Bool {
    let q = active.count
    for j in stride(from: n - 1, to: q, by: -1) {
      let (a, b) = (projected[j - 1], projected[j])
      guard b != 0 else { continue }
      let length = (a * a + b * b).squareRoot()
      let (c, s) = (a / length, b / length)
      projected[j - 1] = length
      projected[j] = 0
      rotate(j - 1, c, s)
    }
    for i in 0...q { triangle[i * n + q] = projected[i] }
    guard abs(triangle[q * n + q]) > 0 else { return false }
    u[q] = multiplier
    active.append(p)
    flipped.append(flips)
    isActive[p] = true
    return true
  }

  /// Columns k and k + 1 of the basis turned.
  private func rotate(_ k: Int, _ c: Double, _ s: Double) {
    for i in 0..<n {
      let (a, b) = (basis[i * n + k], basis[i * n + k + 1])
      basis[i * n + k] = c * a + s * b
      basis[i * n + k + 1] = c * b - s * a
    }
  }

  private func remove(_ place: Int) {
    let q = active.count
    isActive[active[place]] = false
    active.remove(at: place)
    flipped.remove(at: place)
    for j in place..<(q - 1) {
      u[j] = u[j + 1]
      for i in 0..<n { triangle[i * n + j] = triangle[i * n + j + 1] }
    }
    for j in place..<(q - 1) {
      let (a, b) = (triangle[j * n + j], triangle[(j + 1) * n + j])
      guard b != 0 else { continue }
      let length = (a * a + b * b).squareRoot()
      let (c, s) = (a / length, b / length)
      for k in j..<(q - 1) {
        let (x, y) = (triangle[j * n + k], triangle[(j + 1) * n + k])
        triangle[j * n + k] = c * x + s * y
        triangle[(j + 1) * n + k] = c * y - s * x
      }
      rotate(j, c, s)
    }
  }
}
