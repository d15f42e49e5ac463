/// Traces follow what they read: other values, other sizes, other paths.
import OptLanguage
import Testing

struct PathTests {
  // MARK: What a function reads

  @Test func reassignedNamesAreSeen() throws {
    let lines = try Lines("a = 2; f(x) = a x^2")
    try lines.expect("∇f(1)", 4)
    try lines.run("a = 3")
    try lines.expect("∇f(1)", 6)
    try lines.expect("{ r = []; for k in 1:8 { a = k; r = join(r, ∇f(1)) }; r }", equals: "2*(1:8)")
    try lines.run("a = [1, 2]; g(x) = sum(a)*x^2")
    try lines.expect("g'(1)", 6)
    try lines.run("a[2] = 5")
    try lines.expect("g'(1)", 12)
    try lines.run("a = [1, 2, 3]")
    try lines.expect("g'(1)", 12)
    for k in 1...6 {
      try lines.run("a[1] = \(k)")
      try lines.expect("g'(1)", Double(2 * k + 10))
    }
  }

  @Test func redefinedFunctionsAreSeen() throws {
    let lines = try Lines("g(x) = x^2; f(x) = g(x) + sin(x)*0")
    try lines.expect("f'(3)", 6)
    try lines.run("g(x) = x^3")
    try lines.expect("f'(3)", 27)
    try lines.run("sin(x) = x/0.5; f(x) = sin(x)")
    try lines.expect("f'(3)", 2)
    try lines.run("h(x) = cos(x)")
    try lines.expect("h'(0)", 0)
    try lines.run("cos(x) = 7x")
    try lines.expect("h'(0)", 7)
  }

  @Test func printingHappensInEveryEvaluation() throws {
    var printed: [String] = []
    let session = Session { event in
      if case .printed(let text) = event { printed.append(text) }
    }
    _ = try session.evaluate("f(x) = { print(x); x^2 }; [f'(1), f'(2), f'(2)]")
    #expect(printed == ["1", "2", "2"])
  }

  @Test func namedDataOfOtherValuesAndSizes() throws {
    let lines = try Lines(
      "f(w, X = 1, y = 1, k = 1) = k*sum((X*w - y).^2); w = [1, 2]; X = [1, 2; 3, 4]; y = [1, 0]")
    for k in 1...9 {
      try lines.run("X[2, 1] = \(k); y = [\(k), \(k)^2]")
      try lines.expect("∇f(w, X = X, y = y, k = \(k))", equals: "2*\(k)*X'*(X*w - y)")
    }
    try lines.run("X = [1, 0; 2, 1; 5, 5]; y = [1, 2, 3]")
    try lines.expect("∇f(w, X = X, y = y)", equals: "2*X'*(X*w - y)")
  }

  @Test func namedMasksStayMasks() throws {
    let lines = try Lines("f(x, m = true) = sum(x[m].^2); x = [1, 2, 3]")
    try lines.expect("∇f(x, m = x > 1)", [0, 4, 6])
    try lines.expect("∇f(x, m = x < 3)", [2, 4, 0])
  }

  @Test func closuresHoldTheirValues() throws {
    let lines = try Lines("make(a) = x -> a x^2; fs = [make(k) for k in 1:5]")
    try lines.expect("[fs[k]'(3) for k in 1:5]", equals: "6*(1:5)")
    try lines.expect("∇(a -> make(a)'(3))(2)", 6)
  }

  // MARK: Paths

  @Test func changingTripCounts() throws {
    let lines = try Lines(
      """
      f(x) = { s = 0; k = 0; while s < x { s = s + 0.3; k = k + x }; k }
      g(x, n = 1) = { s = 0; for i in 1:n { s = s + x[mod(i, length(x)) + 1] }; s }
      """)
    try lines.expect(
      "[f'(mod(7*c, 31)/5 + 0.05) for c in 1:1000]",
      equals: "[ceil((mod(7*c, 31)/5 + 0.05)/0.3) for c in 1:1000]", within: 1e-9)
    try lines.expect(
      "[sum(∇g([1, 2, 3], n = mod(5*c, 23))) for c in 1:1000]",
      equals: "[mod(5*c, 23) for c in 1:1000]")
  }

  @Test func conditionsThatFlipInARun() throws {
    let lines = try Lines(
      """
      f(x) = if x[1] > 0 then (x[1] - 1)^2 + x[2]^2 else (x[1] - 2)^2 + 2x[2]^2 + 4
      m(x) = (x[argmax(x)] - 3)^2 + sum(x.^2)
      k(x) = sum(x[x > 0].^2) + sum((x - 1).^2)
      e(x) = if x[1] > 0 then x[3] else x[1]^2
      """)
    try lines.expect("(minimize f(x) from x = [-3, 2]).x", [1, 0], within: 1e-7)
    try lines.expect("(minimize m(x) from x = [1, 0.5, 0.2]).x", [1.5, 0, 0], within: 1e-7)
    try lines.expect("(minimize k(x) from x = [-1, 2, -3]).x", [0.5, 0.5, 0.5], within: 1e-7)
    for k in 1...20 {
      let x = k % 3 == 0 ? -1.5 : Double(k)
      try lines.expect("∇f([\(x), 1])", x > 0 ? [2 * x - 2, 2] : [2 * x - 4, 4])
      try lines.expect("∇m([\(x), 2.5])", x > 2.5 ? [4 * x - 6, 5] : [2 * x, 4])
      try lines.expect("∇k([\(x), 1])", [x > 0 ? 4 * x - 2 : 2 * x - 2, 2])
      if x < 0 { try lines.expect("∇e([\(x), 1])", [2 * x, 0]) }
    }
    for _ in 1...4 {
      #expect(try lines.error("∇e([1, 1])").contains("there is no element 3"))
      try lines.expect("∇e([-1, 1])", [-2, 0])
    }
  }

  @Test func recursion() throws {
    let lines = try Lines(
      """
      power(x, n = 1) = if n == 0 then 1 else x*power(x, n = n - 1)
      halve(x) = if x < 1 then x^2 else halve(x/2)
      """)
    try lines.expect(
      "[(x -> power(x, n = k))'(1.5) for k in 1:6]", equals: "[k*1.5^(k - 1) for k in 1:6]")
    try lines.expect("[halve'(x) for x in [0.5, 1.5, 3, 6]]", [1, 0.75, 0.375, 0.1875])
  }

  // MARK: Runs in runs

  @Test func aRunInsideARun() throws {
    let lines = try Lines(
      """
      f(t) = { r = minimize (y - 3)^2 from y = 0; r.y + t^2 }
      g(t) = { r = minimize (y - t)^2 from y = 0; r.y + t^2 }
      """)
    try lines.expect("(minimize f(t) from t = 1).value", 3, within: 1e-9)
    try lines.expect("f'(2)", 4)
    try lines.expect("(minimize g(t) from t = 1).value", -0.25, within: 1e-9)
    try lines.expect("g'(1)", 3, within: 1e-6)
    try lines.expect("g(2)", 6, within: 1e-9)
  }

  @Test func theElementThatIsNotANumberIsNamed() throws {
    let lines = try Lines(
      """
      f(x) = sum(log(x[i]) for i in 1:1000)
      x0 = ones(1000); x0[731] = -1
      """)
    let error = try lines.error("minimize f(x) from x = x0")
    #expect(error.contains("not finite"))
    #expect(error.contains("element 731") && error.contains("log(x[i])"), "\(error)")
  }

  @Test func matricesWithoutRoomAreRefused() throws {
    let lines = try Lines("f(x) = sum(x.^2); g(x) = sum(x)^2; x = ones(1000000)")
    #expect(try lines.error("hessian(g)(x)").contains("TB"))
    try lines.expect("nnz(hessian(f)(x))", 1_000_000)
    #expect(try lines.error("minimize f(x) from x = x using newton").contains("TB"))
    #expect(try lines.error("minimize f(x) from x = x using bfgs").contains("TB"))
    #expect(try lines.error("minimize f(x) from x = x using nelder_mead").contains("TB"))
    try lines.expect("(minimize f(x) from x = x).value", 0, within: 1e-9)
  }
}
