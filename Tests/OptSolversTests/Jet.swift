/// Numbers that carry gradient and Hessian, so that test problems are written once as formulas.
import Foundation

/// What a test problem may do with a number.
protocol Scalar {
  init(_ value: Double)
  var number: Double { get }
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  /// The function with value, first and second derivative at this number applied.
  func applying(_ f: Double, _ df: Double, _ ddf: Double) -> Self
}

extension Scalar {
  static func + (a: Self, b: Double) -> Self { a + Self(b) }
  static func + (a: Double, b: Self) -> Self { Self(a) + b }
  static func - (a: Self, b: Double) -> Self { a - Self(b) }
  static func - (a: Double, b: Self) -> Self { Self(a) - b }
  static func * (a: Double, b: Self) -> Self { Self(a) * b }
  static func / (a: Self, b: Double) -> Self { a * Self(1 / b) }
  static func / (a: Self, b: Self) -> Self {
    let v = b.number
    return a * b.applying(1 / v, -1 / (v * v), 2 / (v * v * v))
  }
  static prefix func - (a: Self) -> Self { -1.0 * a }
  var squared: Self { self * self }
}

func exp<S: Scalar>(_ x: S) -> S {
  let e = Foundation.exp(x.number)
  return x.applying(e, e, e)
}
func log<S: Scalar>(_ x: S) -> S {
  let v = x.number
  return x.applying(Foundation.log(v), 1 / v, -1 / (v * v))
}
func sin<S: Scalar>(_ x: S) -> S {
  let (s, c) = (Foundation.sin(x.number), Foundation.cos(x.number))
  return x.applying(s, c, -s)
}
func cos<S: Scalar>(_ x: S) -> S {
  let (s, c) = (Foundation.sin(x.number), Foundation.cos(x.number))
  return x.applying(c, -s, -c)
}
func sqrt<S: Scalar>(_ x: S) -> S {
  let r = x.number.squareRoot()
  return x.applying(r, 0.5 / r, -0.25 / (r * x.number))
}
func atan<S: Scalar>(_ x: S) -> S {
  let v = x.number
  let d = 1 / (1 + v * v)
  return x.applying(Foundation.atan(v), d, -2 * v * d * d)
}
func abs<S: Scalar>(_ x: S) -> S { x.number < 0 ? -x : x }
func sum<S: Scalar>(_ range: ClosedRange<Int>, _ term: (Int) -> S) -> S {
  range.reduce(S(0)) { $0 + term($1) }
}

extension Double: Scalar {
  var number: Double { self }
  func applying(_ f: Double, _ df: Double, _ ddf: Double) -> Double { f }
}

/// A value with gradient and, if `h` is not empty, Hessian; a constant has neither.
struct Jet: Scalar {
  var number: Double
  var g: [Double] = []
  var h: [Double] = []

  init(_ value: Double) { number = value }

  /// The variable `index` of `n`.
  init(variable index: Int, of n: Int, value: Double, secondOrder: Bool) {
    number = value
    g = [Double](repeating: 0, count: n)
    g[index] = 1
    if secondOrder { h = [Double](repeating: 0, count: n * n) }
  }

  static func + (a: Jet, b: Jet) -> Jet { combine(a, b, a.number + b.number, 1, 1, 0) }
  static func - (a: Jet, b: Jet) -> Jet { combine(a, b, a.number - b.number, 1, -1, 0) }
  static func * (a: Jet, b: Jet) -> Jet {
    combine(a, b, a.number * b.number, b.number, a.number, 1)
  }

  private static func combine(
    _ a: Jet, _ b: Jet, _ value: Double, _ fa: Double, _ fb: Double, _ mixed: Double
  ) -> Jet {
    if a.g.isEmpty { return b.scaled(fb, value) }
    if b.g.isEmpty { return a.scaled(fa, value) }
    var result = Jet(value)
    let n = a.g.count
    result.g = [Double](unsafeUninitializedCapacity: n) { buffer, count in
      for i in 0..<n { buffer[i] = fa * a.g[i] + fb * b.g[i] }
      count = n
    }
    if a.h.isEmpty { return result }
    result.h = [Double](unsafeUninitializedCapacity: n * n) { buffer, count in
      for i in 0..<n {
        for j in 0..<n {
          let k = i * n + j
          buffer[k] = fa * a.h[k] + fb * b.h[k]
          if mixed != 0 { buffer[k] += mixed * (a.g[i] * b.g[j] + a.g[j] * b.g[i]) }
        }
      }
      count = n * n
    }
    return result
  }

  private func scaled(_ factor: Double, _ value: Double) -> Jet {
    var result = Jet(value)
    result.g = g.map { factor * $0 }
    result.h = h.map { factor * $0 }
    return result
  }

  func applying(_ f: Double, _ df: Double, _ ddf: Double) -> Jet {
    var result = scaled(df, f)
    if !h.isEmpty {
      let n = g.count
      for i in 0..<n {
        for j in 0..<n { result.h[i * n + j] += ddf * g[i] * g[j] }
      }
    }
    return result
  }
}
