/// The problems 20 to 35 of Moré, Garbow & Hillstrom 1981, and extras of Moré & Wild 2009.
import Foundation

struct Watson: Residuals {
  let n: Int
  let minima: [Double]
  var name: String { "Watson \(n)" }
  var start: [Double] { [Double](repeating: 0, count: n) }
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    var list: [S] = []
    for i in 1...29 {
      let powers: [Double] = (0..<n).map { pow(Double(i) / 29, Double($0)) }
      var slope = S(0)
      var value = S(0)
      for j in 0..<n {
        if j > 0 { slope = slope + (Double(j) * powers[j - 1]) * x[j] }
        value = value + powers[j] * x[j]
      }
      let difference: S = slope - value.squared
      list.append(difference - 1)
    }
    list.append(x[0])
    let last: S = x[1] - x[0].squared
    list.append(last - 1)
    return list
  }
}

struct ExtendedRosenbrock: Residuals {
  let n: Int
  var name: String { "Extended Rosenbrock \(n)" }
  var start: [Double] { (0..<n).map { $0 % 2 == 0 ? -1.2 : 1 } }
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    var list: [S] = []
    for i in stride(from: 0, to: n, by: 2) {
      list.append(10 * (x[i + 1] - x[i].squared))
      list.append(1 - x[i])
    }
    return list
  }
}

struct PenaltyI: Residuals {
  let n: Int
  let minima: [Double]
  var name: String { "Penalty I \(n)" }
  var start: [Double] { (1...n).map(Double.init) }
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let a = 1e-5.squareRoot()
    var list: [S] = x.map { a * ($0 - 1) }
    let squares: S = sum(0...n - 1) { x[$0].squared }
    list.append(squares - 0.25)
    return list
  }
}

struct PenaltyII: Residuals {
  let n: Int
  let minima: [Double]
  var name: String { "Penalty II \(n)" }
  var start: [Double] { [Double](repeating: 0.5, count: n) }
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let a = 1e-5.squareRoot()
    var list = [x[0] - 0.2]
    for i in 1..<n {
      let y = Foundation.exp(Double(i + 1) / 10) + Foundation.exp(Double(i) / 10)
      list.append(a * (exp(x[i] / 10) + exp(x[i - 1] / 10) - y))
    }
    for i in 1..<n { list.append(a * (exp(x[i] / 10) - Foundation.exp(-0.1))) }
    list.append(sum(0...n - 1) { Double(n - $0) * x[$0].squared } - 1)
    return list
  }
}

struct VariablyDimensioned: Residuals {
  let n: Int
  var name: String { "Variably dimensioned \(n)" }
  var start: [Double] { (1...n).map { 1 - Double($0) / Double(n) } }
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    var list: [S] = x.map { $0 - 1 }
    let weighted: S = sum(1...n) { Double($0) * list[$0 - 1] }
    list.append(weighted)
    list.append(weighted.squared)
    return list
  }
}

struct Trigonometric: Residuals {
  let n: Int
  var name: String { "Trigonometric \(n)" }
  var start: [Double] { [Double](repeating: 1 / Double(n), count: n) }
  /// The second is published for n = 10; most methods end in the third for n = 20, where the
  /// Hessian is positive definite.
  let minima = [0, 2.79506e-5, 6.8618593e-6]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let cosines: S = sum(0...n - 1) { cos(x[$0]) }
    return (1...n).map { i in
      let own: S = Double(i) * (1 - cos(x[i - 1]))
      let rest: S = Double(n) - cosines
      return rest + own - sin(x[i - 1])
    }
  }
}

struct BrownAlmostLinear: Residuals {
  let n: Int
  var name: String { "Brown almost-linear \(n)" }
  var start: [Double] { [Double](repeating: 0.5, count: n) }
  let minima = [0.0, 1]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let total: S = sum(0...n - 1) { x[$0] }
    let shifted: S = total - Double(n + 1)
    var list: [S] = x.dropLast().map { $0 + shifted }
    let product: S = x.reduce(S(1)) { $0 * $1 }
    list.append(product - 1)
    return list
  }
}

struct DiscreteBoundary: Residuals {
  let n: Int
  var name: String { "Discrete boundary value \(n)" }
  var start: [Double] {
    (1...n).map { i in
      let t = Double(i) / Double(n + 1)
      return t * (t - 1)
    }
  }
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let h = 1 / Double(n + 1)
    return (0..<n).map { i in
      let left = i > 0 ? x[i - 1] : S(0)
      let right = i < n - 1 ? x[i + 1] : S(0)
      let inner: S = x[i] + (Double(i + 1) * h + 1)
      let cube: S = inner * inner * inner
      let second: S = 2 * x[i] - left - right
      return second + (h * h / 2) * cube
    }
  }
}

struct DiscreteIntegral: Residuals {
  let n: Int
  var name: String { "Discrete integral equation \(n)" }
  var start: [Double] { DiscreteBoundary(n: n).start }
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let h = 1 / Double(n + 1)
    let t: [Double] = (1...n).map { Double($0) * h }
    let cubes: [S] = (0..<n).map { j in
      let inner: S = x[j] + (t[j] + 1)
      return inner * inner * inner
    }
    return (0..<n).map { i in
      let before: S = sum(0...i) { t[$0] * cubes[$0] }
      var total: S = (1 - t[i]) * before
      if i < n - 1 {
        let after: S = sum(i + 1...n - 1) { (1 - t[$0]) * cubes[$0] }
        total = total + t[i] * after
      }
      return x[i] + (h / 2) * total
    }
  }
}

struct BroydenTridiagonal: Residuals {
  let n: Int
  var name: String { "Broyden tridiagonal \(n)" }
  var start: [Double] { [Double](repeating: -1, count: n) }
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (0..<n).map { i in
      let left = i > 0 ? x[i - 1] : S(0)
      let right = i < n - 1 ? x[i + 1] : S(0)
      let own: S = (3 - 2 * x[i]) * x[i]
      let neighbours: S = left + 2 * right
      return own - neighbours + 1
    }
  }
}

struct BroydenBanded: Residuals {
  let n: Int
  var name: String { "Broyden banded \(n)" }
  var start: [Double] { [Double](repeating: -1, count: n) }
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (0..<n).map { i in
      let band = (max(0, i - 5)...min(n - 1, i + 1)).filter { $0 != i }
      let own: S = x[i] * (2 + 5 * x[i].squared)
      let others: S = band.reduce(S(0)) { $0 + x[$1] * (1 + x[$1]) }
      return own - others + 1
    }
  }
}

struct Linear: Residuals {
  enum Kind: String { case fullRank, rankOne, rankOneZeros }
  let kind: Kind
  let n: Int
  let m: Int
  var name: String { "Linear \(kind.rawValue) \(n) \(m)" }
  var start: [Double] { [Double](repeating: 1, count: n) }
  var minima: [Double] {
    let size = Double(m)
    switch kind {
    case .fullRank: return [Double(m - n)]
    case .rankOne: return [size * (size - 1) / (2 * (2 * size + 1))]
    case .rankOneZeros: return [(size * size + 3 * size - 6) / (2 * (2 * size - 3))]
    }
  }
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    switch kind {
    case .fullRank:
      let total: S = sum(0...n - 1) { x[$0] }
      let shift: S = (2 / Double(m)) * total + 1
      return (0..<m).map { $0 < n ? x[$0] - shift : -shift }
    case .rankOne:
      let weighted: S = sum(1...n) { Double($0) * x[$0 - 1] }
      return (1...m).map { Double($0) * weighted - 1 }
    case .rankOneZeros:
      let weighted: S = sum(2...n - 1) { Double($0) * x[$0 - 1] }
      return (0..<m).map { $0 == m - 1 ? S(-1) : Double($0) * weighted - 1 }
    }
  }
}

struct Chebyquad: Residuals {
  let n: Int
  let minima: [Double]
  var name: String { "Chebyquad \(n)" }
  var start: [Double] { (1...n).map { Double($0) / Double(n + 1) } }
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    var totals = [S](repeating: S(0), count: n)
    for point in x {
      let y = 2 * point - 1
      var (before, now) = (S(1), y)
      for i in 0..<n {
        totals[i] = totals[i] + now
        (before, now) = (now, 2 * y * now - before)
      }
    }
    return (1...n).map { i in
      let integral: Double = i % 2 == 0 ? 1 / Double(i * i - 1) : 0
      return totals[i - 1] / Double(n) + integral
    }
  }
}

struct Bdqrtic: Residuals {
  let n = 8
  let name = "Bdqrtic 8"
  var start: [Double] { [Double](repeating: 1, count: n) }
  let minima = [10.238973421317437]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    var list: [S] = []
    for i in 0..<n - 4 {
      list.append(3 - 4 * x[i])
      var total: S = 5 * x[n - 1].squared
      for k in 0..<4 { total = total + Double(k + 1) * x[i + k].squared }
      list.append(total)
    }
    return list
  }
}

struct Cube: Residuals {
  let n: Int
  var name: String { "Cube \(n)" }
  var start: [Double] { [Double](repeating: 0.5, count: n) }
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    var list: [S] = [x[0] - 1]
    for i in 1..<n {
      let cube: S = x[i - 1] * x[i - 1].squared
      list.append(10 * (x[i] - cube))
    }
    return list
  }
}

struct Mancino: Residuals {
  let n: Int
  var name: String { "Mancino \(n)" }
  let start: [Double]
  let minima = [0.0]

  init(n: Int) {
    self.n = n
    start = (1...n).map { i in
      var total = pow(Double(i - 50), 3)
      for j in 1...n {
        let v: Double = (Double(i) / Double(j)).squareRoot()
        let angle: Double = Foundation.log(v)
        total += v * (pow(Foundation.sin(angle), 5) + pow(Foundation.cos(angle), 5))
      }
      return -8.710996e-4 * total
    }
  }

  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (1...n).map { i in
      var total = S(pow(Double(i - 50), 3))
      for j in 1...n {
        let ratio: Double = Double(i) / Double(j)
        let v: S = sqrt(x[i - 1].squared + ratio)
        let s: S = sin(log(v))
        let c: S = cos(log(v))
        let powers: S = s * s.squared.squared + c * c.squared.squared
        total = total + v * powers
      }
      return 1400 * x[i - 1] + total
    }
  }
}

struct Heart8: Residuals {
  let name = "Heart 8"
  let start = [-0.3, -0.39, 0.3, -0.344, -1.2, 2.69, 1.59, -1.5]
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    // The moments of two complex numbers: (a + ic)(t + iv)ᵏ + (b + id)(u + iw)ᵏ, k = 0…3.
    let targets: [(Double, Double)] = [(-0.69, -0.044), (-1.57, -1.31), (-2.65, 2), (-12.6, 9.48)]
    var first = (re: x[0], im: x[2])
    var second = (re: x[1], im: x[3])
    var list: [S] = []
    for target in targets {
      let re: S = first.re + second.re
      let im: S = first.im + second.im
      list.append(re - target.0)
      list.append(im - target.1)
      first = multiply(first, (x[4], x[6]))
      second = multiply(second, (x[5], x[7]))
    }
    return list
  }

  private func multiply<S: Scalar>(_ a: (re: S, im: S), _ b: (re: S, im: S)) -> (re: S, im: S) {
    let re: S = a.re * b.re - a.im * b.im
    let im: S = a.re * b.im + a.im * b.re
    return (re, im)
  }
}
