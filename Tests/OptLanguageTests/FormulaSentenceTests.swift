/// Formula sentences keep values: random expressions before and after, at random and edge points.
import OptLanguage
import OptSyntax
import Testing

struct FormulaSentenceTests {
  /// Numbers that are the same in every run (Steele, Lea and Flood, 2014).
  private struct Dice {
    var state: UInt64

    mutating func below(_ count: Int) -> Int {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((z ^ (z >> 31)) % UInt64(count))
    }

    mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }

    /// A sum with small whole coefficients.
    mutating func sum(_ names: [String], degree: Int) -> String {
      let terms = (0...1 + below(2)).map { _ -> String in
        let number = "\(1 + below(4))"
        let factors = (0..<below(degree + 1)).map { _ in pick(names) }
        return ([number] + factors).joined(separator: "*")
      }
      return "(" + terms.joined(separator: pick([" + ", " - "])) + " - \(below(5)))"
    }

    /// Products, powers, quotients and functions of such sums.
    mutating func polynomial(_ names: [String]) -> String {
      (0...below(3)).map { _ -> String in
        let power = pick(["", "", "^2", "^3"])
        let factor = sum(names, degree: 2) + power
        switch below(8) {
        case 0: return "\(factor)/\(pick(names))"
        case 1: return "sin(\(factor))"
        case 2: return "sqrt(\(pick(names))^2 + 1)*\(factor)"
        case 3: return "\(factor)/\(sum(names, degree: 1))"
        case 4: return "\(factor)*0.5"
        default: return factor
        }
      }.joined(separator: pick(["*", " + ", " - "]))
    }

    /// An expression that is smooth everywhere.
    mutating func smooth(_ depth: Int) -> String {
      if depth == 0 { return pick(["x", "x", "x^2", "0.5x", "2", "1.5"]) }
      let a = smooth(depth - 1)
      switch below(12) {
      case 0: return "sin(\(a))"
      case 1: return "cos(\(a))"
      case 2: return "tanh(\(a))"
      case 3: return "atan(\(a))"
      case 4: return "exp(sin(\(a)))"
      case 5: return "sigmoid(\(a))"
      case 6: return "1/(2 + (\(a))^2)"
      case 7: return "sqrt(2 + (\(a))^2)"
      case 8: return "log(3 + (\(a))^2)"
      case 9: return "(\(a))*(\(smooth(depth - 1)))"
      case 10: return "erf(\(a))"
      default: return "(\(a)) + (\(smooth(depth - 1)))"
      }
    }
  }

  private static let points: [(Double, Double)] = [
    (0.7, -1.3), (2.5, 0.4), (-1.1, 3.2), (0, 0), (1, 1), (-1, 1), (0, 2), (3, 0), (-2, -2),
    (4, -3),
  ]

  private func number(_ session: Session, _ text: String) throws -> Double {
    do {
      return try session.evaluate(text).numbers?.first ?? .nan
    } catch let error as Diagnostic {
      Issue.record("\(error.message) in \(text)")
      throw error
    }
  }

  /// Runs a text; the text that it ends with.
  private func evaluate(_ session: Session, _ text: String) throws -> String {
    do {
      if case .text(let result) = try session.evaluate(text) { return result.string }
      return ""
    } catch let error as Diagnostic {
      Issue.record("\(error.message) in \(text)")
      throw error
    }
  }

  @Test(arguments: ["expand", "factor", "simplify", "collect"])
  func keepsValues(_ verb: String) throws {
    var dice = Dice(state: 7)
    let session = Session { _ in }
    for _ in 0..<150 {
      let text = dice.polynomial(["x", "y"]) + " + 0*x + 0*y"
      let by = verb == "collect" ? " by x" : ""
      _ = try evaluate(session, "f(x, y) = \(text)")
      let shown = try evaluate(session, "d = \(verb) \(text)\(by); \"{d}\"")
      for (x, y) in Self.points {
        let expected = try number(session, "f(\(x), \(y))")
        guard expected.isFinite else { continue }
        let got = try number(session, "d(x = \(x), y = \(y))")
        let scale = max(1, abs(expected), x * x)
        #expect(
          abs(got - expected) <= 1e-8 * scale,
          "\(verb) \(text) gives \(shown), at (\(x), \(y)) \(got), not \(expected)")
      }
    }
  }

  @Test func substitutionKeepsValues() throws {
    var dice = Dice(state: 11)
    let session = Session { _ in }
    for _ in 0..<60 {
      let (text, inner) = (
        dice.polynomial(["x", "y"]) + " + 0*x", dice.sum(["x", "y"], degree: 1)
      )
      _ = try evaluate(session, "f(x, y) = \(text)\ng(x, y) = \(inner) + 0*x + 0*y")
      _ = try evaluate(session, "d = substitute \(text) + 0*y with x = \(inner) + 0*x + 0*y, y = x")
      for (x, y) in Self.points {
        let expected = try number(session, "f(g(\(x), \(y)), \(x))")
        guard expected.isFinite else { continue }
        let got = try number(session, "d(x = \(x), y = \(y))")
        #expect(abs(got - expected) <= 1e-8 * max(1, abs(expected)), "\(text), x = \(inner)")
      }
    }
  }

  @Test func factorsMultiplyBack() throws {
    var dice = Dice(state: 3)
    let session = Session { _ in }
    for round in 0..<60 {
      let names = round % 3 == 2 ? ["x", "y"] : ["x"]
      let product = (0..<2 + dice.below(2)).map { _ in
        dice.sum(names, degree: names.count == 1 ? 3 : 1)
      }.joined(separator: "*")
      let factored = try evaluate(session, "p = expand \(product); q = factor p; \"{q}\"")
      let rest = try evaluate(session, "r = expand \(product) - (\(factored)); \"{r}\"")
      #expect(rest == "0", "\(product): \(factored)")
    }
  }

  @Test func linearFactorsAreFound() throws {
    var dice = Dice(state: 13)
    let session = Session { _ in }
    for _ in 0..<40 {
      let product = (0..<2 + dice.below(5)).map { _ in
        "(\(1 + dice.below(6))*x - \(dice.below(9)) + 0.5)"
      }.joined(separator: "*")
      let factored = try evaluate(session, "p = expand \(product); q = factor p; \"{q}\"")
      #expect(!["x²", "x³", "x⁴", "x⁵", "x⁶"].contains { factored.contains($0) }, "\(factored)")
    }
  }

  @Test func taylorAgreesWithDerivatives() throws {
    var dice = Dice(state: 5)
    let session = Session { _ in }
    for _ in 0..<80 {
      let text = dice.smooth(3)
      guard hasVariable(text) else { continue }
      let point = dice.pick(["0", "1", "-0.5", "0.3"])
      _ = try evaluate(session, "f(x) = \(text)\np = taylor \(text) by x at \(point) to 4")
      for order in 0...4 {
        let primes = String(repeating: "'", count: order)
        let expected = try number(session, "f\(primes)(\(point))")
        let got = try number(session, "p\(primes)(\(point))")
        #expect(
          abs(got - expected) <= 1e-9 * max(1, abs(expected)),
          "\(order). derivative of \(text) at \(point): \(got), not \(expected)")
      }
    }
  }

  @Test func taylorWithSymbolsAgreesWithDerivatives() throws {
    var dice = Dice(state: 9)
    let session = Session { _ in }
    for _ in 0..<40 {
      let text = dice.smooth(2).replacing("2 +", with: "b^2 + 1 +")
      guard hasVariable(text) else { continue }
      _ = try evaluate(session, "f(x, b) = \(text)\np = taylor \(text) + 0*b by x at a to 3")
      for order in 0...3 {
        let primes = String(repeating: "'", count: order)
        let expected = try number(session, "(x -> f(x, 1.7))\(primes)(0.6)")
        let got = try number(session, "(x -> p(x = x, a = 0.6, b = 1.7))\(primes)(0.6)")
        #expect(
          abs(got - expected) <= 1e-9 * max(1, abs(expected)),
          "\(order). derivative of \(text): \(got), not \(expected)")
      }
    }
  }

  private func hasVariable(_ text: String) -> Bool {
    text.split { !$0.isLetter }.contains("x")
  }

  /// What is large is refused or shown as it is, soon.
  @Test(arguments: [
    "expand (a + b + c + d + x + y)^30", "factor (a + b + c + d)^40 - 1",
    "factor x^200 - 1", "collect (a x + b)^300 by x", "expand ((x + 1)^50 + y)^50",
    "taylor exp(exp(exp(sin(a x + b)))) by x at c to 40", "expand sum((x + k)^9 for k in 1:2000)",
    "taylor gamma(x) by x at 3 to 40", "factor x^48 + x^47*y^3 - 7", "expand (x + 1e200)^9",
    "taylor x^x^x by x at 2 to 20", "simplify (x + 1)^(2^60)", "expand x^1e9 (x + 1)",
  ])
  func largeOnesEnd(_ text: String) {
    let session = Session { _ in }
    _ = try? session.evaluate(text)
  }
}
