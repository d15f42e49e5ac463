/// Functions that Swift programs compile and call, and data that they give.
import OptLanguage
import OptSyntax
import Testing

@Suite struct CompiledTests {
  private static let chained =
    "f(x) = sum(100(x[i+1] - x[i]^2)^2 + (1 - x[i])^2 for i in 1:length(x)-1)"

  private func session(_ text: String) -> Session {
    let session = Session { event in
      if case .diagnostic(let diagnostic) = event {
        Issue.record(Comment(rawValue: DiagnosticRenderer.render(diagnostic)))
      }
    }
    #expect(session.run(text, name: "<test>") == .succeeded)
    return session
  }

  @Test func aCostGivesValueGradientAndMinimum() throws {
    let cost = try CompiledCost(session(Self.chained), "f", at: ["[-1.2, 1]"])
    let x = [-1.2, 1]
    var gradient = [0.0, 0]
    #expect(cost.count == 2)
    #expect(abs(cost.value(at: x, gradient: &gradient) - 24.2) < 1e-12)
    #expect(abs(gradient[0] + 215.6) < 1e-12 && abs(gradient[1] + 88) < 1e-12)
    #expect(cost.compile().planning > 0)
    #expect(cost.value(at: x) == cost.value(at: x, gradient: &gradient))
    let minimum = cost.minimize(from: x, untilGradientBelow: 1e-8)
    #expect(minimum.hasConverged && minimum.gradientNorm < 1e-8 && minimum.evaluations > 10)
    #expect(abs(minimum.point[0] - 1) < 1e-7 && abs(minimum.point[1] - 1) < 1e-7)
  }

  /// The Hessian of a sum of neighbours, dense for few variables and sparse for many.
  @Test(arguments: [3, 2000]) func aHessianComesDenseOrWithPlaces(n: Int) throws {
    let hessian = try CompiledFunction(
      session(Self.chained), "hessian(f)", at: ["zeros(\(n))"])
    #expect(hessian.rows == n && hessian.columns == n && hessian.count == n)
    let x = (0..<n).map { Double($0 % 7) - 2 }
    let numbers = try #require(hessian.result(at: x))
    var count = 0
    func check(_ i: Int, _ j: Int, _ found: Double) {
      var expected = 0.0
      if i == j, i < n - 1 { expected += 1200 * x[i] * x[i] - 400 * x[i + 1] + 2 }
      if i == j, i > 0 { expected += 200 }
      if abs(i - j) == 1 { expected = -400 * x[min(i, j)] }
      if found != expected { Issue.record("\(i), \(j): \(found), not \(expected)") }
      count += abs(i - j) < 2 ? 1 : 0
    }
    for i in 0..<n {
      if let places = hessian.places {
        for k in Int(places.starts[i])..<Int(places.starts[i + 1]) {
          check(i, Int(places.columns[k]), numbers[k])
        }
      } else {
        for j in 0..<n { check(i, j, numbers[i * n + j]) }
      }
    }
    #expect(count == 3 * n - 2)
    #expect((hessian.places == nil) == (n == 3))
  }

  /// The short way to machine code is left when a name that the cost reads changes.
  @Test func aChangedNameIsSeen() throws {
    let session = session("a = 2\ng(x) = a x^2")
    let cost = try CompiledCost(session, "g", at: ["0"])
    cost.compile()
    var (x, slope) = (3.0, 0.0)
    #expect(cost.value(at: &x, gradient: &slope) == 18 && slope == 12)
    for a in 3..<9 {
      #expect(session.run("a = \(a)", name: "<test>") == .succeeded)
      for _ in 0..<2 {
        #expect(cost.value(at: &x, gradient: &slope) == Double(9 * a) && slope == Double(6 * a))
      }
      cost.compile()
    }
    #expect(session.run("g(x) = -x", name: "<test>") == .succeeded)
    x = .infinity
    #expect(cost.value(at: &x, gradient: &slope) == .infinity)
  }

  @Test func dataAreGivenRowByRow() throws {
    let session = session("")
    let numbers = [1.0, 2, 3, 4, 5, 6]
    try numbers.withUnsafeBufferPointer { try session.define("A", rows: 2, columns: 3, $0) }
    let cost = try CompiledCost(session, "x -> x*A[2, 1] + A[1, 3]", at: ["0"])
    var two = 2.0
    #expect(cost.value(at: &two) == 11)
    #expect(throws: Diagnostic.self) {
      try numbers.withUnsafeBufferPointer { try session.define("A", rows: 2, columns: 2, $0) }
    }
    #expect(throws: Diagnostic.self) { try CompiledCost(session, "x -> 1", at: ["\"a\""]) }
  }
}
