/// The problems 1 to 19 of Moré, Garbow & Hillstrom 1981, ACM TOMS 7(1), 17–41.
import Foundation

struct Rosenbrock: Residuals {
  let name = "Rosenbrock"
  let start = [-1.2, 1]
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] { [10 * (x[1] - x[0].squared), 1 - x[0]] }
}

struct FreudensteinRoth: Residuals {
  let name = "Freudenstein and Roth"
  let start = [0.5, -2]
  let minima = [0, 48.98425367924]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let first: S = ((5 - x[1]) * x[1] - 2) * x[1]
    let second: S = ((x[1] + 1) * x[1] - 14) * x[1]
    return [x[0] + first - 13, x[0] + second - 29]
  }
}

struct PowellBadlyScaled: Residuals {
  let name = "Powell badly scaled"
  let start = [0.0, 1]
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    [1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001]
  }
}

struct BrownBadlyScaled: Residuals {
  let name = "Brown badly scaled"
  let start = [1.0, 1]
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] { [x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2] }
}

struct Beale: Residuals {
  let name = "Beale"
  let start = [1.0, 1]
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let powers: [S] = [x[1], x[1].squared, x[1] * x[1].squared]
    let targets = [1.5, 2.25, 2.625]
    return (0..<3).map { targets[$0] - x[0] * (1 - powers[$0]) }
  }
}

struct JennrichSampson: Residuals {
  let name = "Jennrich and Sampson"
  let start = [0.3, 0.4]
  let minima = [124.362182355615]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (1...10).map { i in
      let t = Double(i)
      let total: S = exp(t * x[0]) + exp(t * x[1])
      return (2 + 2 * t) - total
    }
  }
}

struct HelicalValley: Residuals {
  let name = "Helical valley"
  let start = [-1.0, 0, 0]
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let turn: Double = x[0].number > 0 ? 0 : 0.5
    let theta: S = atan(x[1] / x[0]) / (2 * Double.pi) + turn
    let radius: S = sqrt(x[0].squared + x[1].squared)
    return [10 * (x[2] - 10 * theta), 10 * (radius - 1), x[2]]
  }
}

struct Bard: Residuals {
  let name = "Bard"
  let start = [1.0, 1, 1]
  let minima = [8.214877306578963e-3, 17.4286]
  static let y = [
    0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39,
  ]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (1...15).map { i in
      let (u, v) = (Double(i), Double(16 - i))
      let denominator: S = v * x[1] + min(u, v) * x[2]
      return Self.y[i - 1] - (x[0] + S(u) / denominator)
    }
  }
}

struct Gaussian: Residuals {
  let name = "Gaussian"
  let start = [0.4, 1, 0]
  let minima = [1.127932769618727e-8]
  static let y = [
    0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989, 0.3521, 0.2420, 0.1295,
    0.0540, 0.0175, 0.0044, 0.0009,
  ]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (1...15).map { i in
      let t = Double(8 - i) / 2
      let shifted: S = t - x[2]
      let exponent: S = -0.5 * x[1] * shifted.squared
      return x[0] * exp(exponent) - Self.y[i - 1]
    }
  }
}

struct Meyer: Residuals {
  let name = "Meyer"
  let start = [0.02, 4000, 250]
  let minima = [87.94585517018512]
  static let y: [Double] = [
    34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820,
    3307, 2872,
  ]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (1...16).map { i in
      let temperature: S = Double(45 + 5 * i) + x[2]
      return x[0] * exp(x[1] / temperature) - Self.y[i - 1]
    }
  }
}

struct Gulf: Residuals {
  let name = "Gulf research"
  let start = [5, 2.5, 0.15]
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (1...99).map { i in
      let t = Double(i) / 100
      let y = 25 + pow(-50 * Foundation.log(t), 2.0 / 3)
      let distance: S = abs(y - x[1])
      let power: S = exp(x[2] * log(distance))
      return exp(-power / x[0]) - t
    }
  }
}

struct Box3D: Residuals {
  let name = "Box three-dimensional"
  let start = [0.0, 10, 20]
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (1...10).map { i in
      let t = 0.1 * Double(i)
      let factor: Double = Foundation.exp(-t) - Foundation.exp(-10 * t)
      let difference: S = exp(-t * x[0]) - exp(-t * x[1])
      return difference - factor * x[2]
    }
  }
}

struct PowellSingular: Residuals {
  var n = 4
  var name: String { "Powell singular \(n)" }
  var start: [Double] { (0..<n).map { [3, -1, 0, 1][$0 % 4] } }
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    var list: [S] = []
    for i in stride(from: 0, to: n, by: 4) {
      list.append(x[i] + 10 * x[i + 1])
      list.append(5.0.squareRoot() * (x[i + 2] - x[i + 3]))
      let third: S = x[i + 1] - 2 * x[i + 2]
      let fourth: S = x[i] - x[i + 3]
      list.append(third.squared)
      list.append(10.0.squareRoot() * fourth.squared)
    }
    return list
  }
}

struct Wood: Residuals {
  let name = "Wood"
  let start = [-3.0, -1, -3, -1]
  let minima = [0.0]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    let first: S = 10 * (x[1] - x[0].squared)
    let third: S = 90.0.squareRoot() * (x[3] - x[2].squared)
    let fifth: S = 10.0.squareRoot() * (x[1] + x[3] - 2)
    let sixth: S = 0.1.squareRoot() * (x[1] - x[3])
    return [first, 1 - x[0], third, 1 - x[2], fifth, sixth]
  }
}

struct KowalikOsborne: Residuals {
  let name = "Kowalik and Osborne"
  let start = [0.25, 0.39, 0.415, 0.39]
  let minima = [3.075056038492372e-4, 1.02734e-3]
  static let y = [
    0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246,
  ]
  static let u = [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (0..<11).map { i in
      let u = Self.u[i]
      let above: S = x[0] * (u * u + u * x[1])
      let below: S = u * u + u * x[2] + x[3]
      return Self.y[i] - above / below
    }
  }
}

struct BrownDennis: Residuals {
  let name = "Brown and Dennis"
  let start = [25.0, 5, -5, -1]
  let minima = [85822.2016263564]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (1...20).map { i in
      let t = Double(i) / 5
      let (e, s, c) = (Foundation.exp(t), Foundation.sin(t), Foundation.cos(t))
      let first: S = x[0] + t * x[1] - e
      let second: S = x[2] + s * x[3] - c
      return first.squared + second.squared
    }
  }
}

struct Osborne1: Residuals {
  let name = "Osborne 1"
  let start = [0.5, 1.5, -1, 0.01, 0.02]
  let minima = [5.464894697482e-5]
  static let y = [
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685,
    0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448,
    0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406,
  ]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (0..<33).map { i in
      let t = 10 * Double(i)
      let first: S = x[1] * exp(-t * x[3])
      let second: S = x[2] * exp(-t * x[4])
      return Self.y[i] - (x[0] + first + second)
    }
  }
}

struct BiggsEXP6: Residuals {
  let name = "Biggs EXP6"
  let start = [1.0, 2, 1, 1, 1, 1]
  let minima = [0, 5.65565e-3]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (1...13).map { i in
      let t = 0.1 * Double(i)
      let (a, b, c) = (Foundation.exp(-t), Foundation.exp(-10 * t), Foundation.exp(-4 * t))
      let first: S = x[2] * exp(-t * x[0])
      let second: S = x[3] * exp(-t * x[1])
      let third: S = x[5] * exp(-t * x[4])
      return first - second + third - (a - 5 * b + 3 * c)
    }
  }
}

struct Osborne2: Residuals {
  let name = "Osborne 2"
  let start = [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5]
  let minima = [0.04013773629354772]
  static let y = [
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608,
    0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661,
    0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428,
    0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559,
    0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
  ]
  func residuals<S: Scalar>(_ x: [S]) -> [S] {
    (0..<65).map { i in
      let t = Double(i) / 10
      var model: S = x[0] * exp(-t * x[4])
      for k in 1...3 {
        let distance: S = t - x[k + 7]
        model = model + x[k] * exp(-(distance.squared * x[k + 4]))
      }
      return Self.y[i] - model
    }
  }
}
