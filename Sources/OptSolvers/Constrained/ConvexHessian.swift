/// A convex model of an indefinite Hessian that keeps Newton's step where constraints hold it.
import OptNumerics

/// Makes a Hessian of the Lagrangian positive definite: first by σaaᵀ for the normals a of active
/// constraints, which does not change steps along them (Nocedal & Wright 2006, section 18.4,
/// augmented Lagrangian Hessians), then by a multiple of the identity.
final class ConvexHessian {
  private let n: Int
  private let memory: Buffer
  private let factor: UnsafeMutablePointer<Double>
  private let base: UnsafeMutablePointer<Double>
  private let diagonal: UnsafeMutablePointer<Double>
  /// What was added to the diagonal beyond the normals, relative to the largest element.
  private(set) var shift = 0.0

  /// Pivots below this, relative to the largest element, count as flat.
  private static let least = 1e-8
  private static let flat = 1e-6

  init(dimension: Int) {
    n = dimension
    memory = Buffer(count: 2 * n * n + n)
    factor = memory.pointer
    base = factor + n * n
    diagonal = base + n * n
  }

  /// Changes `h` in place. `normals` holds `count` rows of length n, those of equations first;
  /// `affine` stands for the size of a Hessian that is 0.
  func convexify(
    _ h: UnsafeMutablePointer<Double>, normals: UnsafePointer<Double>, equations: Int, count: Int,
    affine: Double
  ) -> Bool {
    shift = 0
    var largest = 0.0
    for k in 0..<(n * n) {
      if !h[k].isFinite { return false }
      largest = max(largest, abs(h[k]))
    }
    if largest > 0, isPositive(h, floor: Self.least * largest) { return true }
    let size = largest > 0 ? max(largest, 1e-8) : affine
    if equations > 0 {
      add(normals, 0..<equations, size, to: h)
      if isPositive(h, floor: Self.least * size) { return true }
    }
    // Convex but flat along some directions.
    base.update(from: h, count: n * n)
    for i in 0..<n { h[i * n + i] += Self.flat * size }
    if isPositive(h, floor: 0.1 * Self.flat * size) { return true }
    h.update(from: base, count: n * n)
    if count > equations {
      add(normals, equations..<count, size, to: h)
      if isPositive(h, floor: Self.least * size) { return true }
    }
    base.update(from: h, count: n * n)
    var amount = Self.flat * size
    while amount < 1e4 * size {
      for i in 0..<n { h[i * n + i] = base[i * n + i] + amount }
      if isPositive(h, floor: 0.1 * amount) {
        shift = amount / size
        return true
      }
      amount *= 4
    }
    return false
  }

  private func add(
    _ normals: UnsafePointer<Double>, _ rows: Range<Int>, _ size: Double,
    to h: UnsafeMutablePointer<Double>
  ) {
    for row in rows {
      let a = normals + row * n
      let square = dot(a, a, n)
      guard square > 1e-300 else { continue }
      let weight = 10 * size / square
      for i in 0..<n where a[i] != 0 {
        for j in 0..<n { h[i * n + j] += weight * a[i] * a[j] }
      }
    }
  }

  /// Whether Cholesky's factorisation meets pivots above `floor` only.
  private func isPositive(_ h: UnsafePointer<Double>, floor: Double) -> Bool {
    factorCholesky(h, into: factor, n, floor: floor)
  }
}
