/// Random programs of the language: functions of a vector `x`, a number `s` and a matrix `A`.

/// Writes one program. Everything in it is smooth but for `max`, `min`, `abs` and conditions, and
/// stays of moderate size.
struct RandomText {
  private var dice: Dice
  /// The length of `x`; `A` has as many rows and columns.
  let size: Int
  /// Names of numbers, of vectors of length `size`, and of loop variables with a safe index range.
  private var numbers = ["s", "p.a"]
  private var vectors = ["x", "p.v"]
  private var positions: [String] = []
  private var counter = 0
  /// Whether `g` is defined above.
  private var mayCall = false

  /// The text that defines `f(x, s, A)`.
  private(set) var text = ""

  init(seed: UInt64) {
    dice = Dice(state: seed)
    size = Int.random(in: 3...9, using: &dice)
    text = definitions() + "\n" + body()
  }

  // MARK: Choosing

  private mutating func below(_ n: Int) -> Int { Int.random(in: 0..<n, using: &dice) }

  private mutating func pick(_ list: [String]) -> String {
    list.randomElement(using: &dice) ?? "1"
  }

  private mutating func fresh(_ stem: String) -> String {
    counter += 1
    return "\(stem)\(counter)"
  }

  // MARK: Parts

  private mutating func definitions() -> String {
    let outer = (numbers, vectors)
    defer { (numbers, vectors) = outer }
    (numbers, vectors) = (["a", "b"], [])
    let g = "g(a, b = 0.3) = \(number(2))"
    mayCall = true
    (numbers, vectors) = (["c"], ["v"])
    let h = """
      h(v, c) = {
        t = \(number(1))
        if t > c { t = t + \(number(1)) } else { t = 0.5*t }
        t*0.5 + \(number(1))
      }
      """
    return "n = \(size)\n" + g + "\n" + h
  }

  private mutating func body() -> String {
    var lines = ["f(x, s, A) = {", "  p = (a = sin(s) + x[1], v = cos(x))"]
    for _ in 0..<1 + below(4) { lines += statement().map { "  " + $0 } }
    lines.append("  " + number(3))
    lines.append("}")
    return lines.joined(separator: "\n")
  }

  private mutating func statement() -> [String] {
    switch below(8) {
    case 0, 1:
      let value = number(2)
      numbers.append(fresh("t"))
      return ["\(numbers[numbers.count - 1]) = \(value)"]
    case 2:
      let value = vector(2)
      vectors.append(fresh("v"))
      return ["\(vectors[vectors.count - 1]) = \(value)"]
    case 3:
      let (name, i) = (fresh("s"), fresh("k"))
      let start = number(1)
      numbers.append(name)
      positions.append(i)
      let step = number(2)
      positions.removeLast()
      return ["\(name) = \(start)", "for \(i) in 1:n { \(name) = 0.5*\(name) + \(step) }"]
    case 4:
      let (name, i) = (fresh("w"), fresh("k"))
      let start = vector(1)
      vectors.append(name)
      positions.append(i)
      let place = index()
      let value = number(2)
      positions.removeLast()
      return ["\(name) = \(start)", "for \(i) in 1:n { \(name)[\(place)] = 2*tanh(\(value)) }"]
    case 5:
      let (name, k) = (fresh("s"), fresh("k"))
      let start = number(1)
      numbers.append(name)
      let step = number(1)
      return [
        "\(name) = \(start)", "\(k) = 0",
        "while \(k) < 3 {", "  \(k) = \(k) + 1", "  \(name) = 0.4*\(name) + \(step)", "}",
      ]
    case 6:
      let name = fresh("t")
      let start = number(1)
      let test = condition(1)
      numbers.append(name)
      return ["\(name) = \(start)", "if \(test) { \(name) = \(number(1)) }"]
    default: return ["p.a = \(number(1))"]
    }
  }

  // MARK: Numbers

  /// A formula for one number.
  private mutating func number(_ depth: Int) -> String {
    if depth <= 0 { return leaf() }
    let d = depth - 1
    switch below(18) {
    case 0: return "\(number(d)) + \(number(d))"
    case 1: return "(\(number(d)) - \(number(d)))"
    case 2: return "(\(number(d)))*(\(number(d)))"
    case 3: return "(\(number(d)))/(2 + (\(number(d)))^2)"
    case 4: return "\(pick(["sin", "cos", "tanh", "sigmoid", "atan", "abs"]))(\(number(d)))"
    case 5: return "\(pick(["sqrt", "log"]))(1 + (\(number(d)))^2)"
    case 6: return "\(pick(["max", "min", "hypot"]))(\(number(d)), \(number(d)))"
    case 7: return "(if \(condition(d)) then \(number(d)) else \(number(d)))"
    case 8, 9, 10: return generator(d)
    case 11: return "exp(-(\(number(d)))^2)"
    case 12 where mayCall: return "g(\(number(d)), \(number(d)))"
    case 13 where !vectors.isEmpty: return reduction(d)
    case 14 where vectors.contains("x"): return "g(\(number(d)), b = \(number(d)))"
    case 15 where vectors.contains("x"): return "h(\(vector(d)), \(number(d)))"
    case 16 where vectors.contains("x"): return algebra(d)
    default: return leaf()
    }
  }

  private mutating func leaf() -> String {
    switch below(6) {
    case 0: return pick(["2", "0.5", "1.25", "-1", "3"])
    case 1 where !vectors.isEmpty, 2 where !vectors.isEmpty: return "\(pick(vectors))[\(index())]"
    case 3 where !positions.isEmpty: return "\(pick(positions))/n"
    default: return pick(numbers)
    }
  }

  /// A position in a vector of length n.
  private mutating func index() -> String {
    guard !positions.isEmpty else { return pick(["1", "n", "2", "end", "end - 1"]) }
    let i = pick(positions)
    return pick([
      i, i, "mod(\(i), n) + 1", "n + 1 - \(i)", "max(\(i) - 1, 1)", "mod(3*\(i), n) + 1",
      "(if \(i) > 2 then \(i) - 1 else 1)", "min(\(i) + 1, n)",
    ])
  }

  private mutating func condition(_ depth: Int) -> String {
    if !positions.isEmpty, below(3) == 0 { return "\(pick(positions)) > 2" }
    let sign = pick([">", "<", ">=", "<="])
    let simple = "\(number(depth - 1)) \(sign) \(number(depth - 1))"
    return below(4) == 0 ? "(\(simple) and \(leaf()) > -0.5)" : simple
  }

  private mutating func generator(_ depth: Int) -> String {
    let kind = pick(["sum", "sum", "sum", "mean", "max", "prod"])
    let i = fresh("i")
    var range = "1:n"
    if let outer = positions.last, below(3) == 0 { range = "1:\(outer)" }
    if kind == "sum" && below(6) == 0 { range = "2:n - 1" }
    positions.append(i)
    var clauses = "\(i) in \(range)"
    if below(5) == 0 {
      let j = fresh("j")
      clauses += ", \(j) in 1:\(pick(["n", "3", i]))"
      positions.append(j)
    }
    if kind == "sum" && below(4) == 0 {
      clauses += " if \(pick(["\(i) != 2", "mod(\(i), 2) == 0", condition(1)]))"
    }
    let item = number(depth)
    positions.removeAll { $0 == i || clauses.contains("\($0) in") }
    return kind == "prod"
      ? "prod(1 + 0.2*tanh(\(item)) for \(clauses))" : "\(kind)(\(item) for \(clauses))"
  }

  private mutating func reduction(_ depth: Int) -> String {
    let v = vector(depth)
    switch below(7) {
    case 0: return "sum(\(v))"
    case 1: return "mean(\(v))"
    case 2: return "max(\(v))"
    case 3: return "dot(\(v), cos(\(vector(depth))))"
    case 4: return "logsumexp(\(v))"
    case 5: return "sum(cumsum(\(v)))/n"
    default: return "norm([1; \(leaf())]) + sum((\(v)).^2)"
    }
  }

  private mutating func algebra(_ depth: Int) -> String {
    let v = vector(depth)
    switch below(5) {
    case 0: return "(\(v))'*A*(\(vector(depth)))"
    case 1: return "sum((A + 9*eye(n)) \\ (\(v)))"
    case 2: return "logdet(A'*A + eye(n))"
    case 3: return "trace(A*A)"
    default: return "sum(A[:, 2].*(\(v)))"
    }
  }

  // MARK: Vectors

  /// A formula for a vector of length n.
  private mutating func vector(_ depth: Int) -> String {
    if depth <= 0 || vectors.isEmpty { return vectors.isEmpty ? "fill(0.5, n)" : pick(vectors) }
    let d = depth - 1
    switch below(10) {
    case 0: return "(\(vector(d)) + \(vector(d)))"
    case 1: return "(\(vector(d))).*(\(vector(d)))"
    case 2: return "\(pick(["sin", "cos", "tanh"]))(\(vector(d)))"
    case 3, 4:
      let i = fresh("i")
      positions.append(i)
      let item = number(d)
      positions.removeAll { $0 == i }
      return "[\(item) for \(i) in 1:n]"
    case 5: return "(\(leaf()))*(\(vector(d)))"
    case 6 where vectors.contains("x"): return "g.(\(vector(d)))"
    case 7: return "(\(vector(d)))[n:-1:1]"
    case 8 where vectors.contains("x"): return "(A*\(pick(vectors)))"
    default: return pick(vectors)
    }
  }
}
