/// Nothing that is typed ends the process, keeps it busy for long, or harms what was defined before.
import Foundation
import OptLanguage
import OptSyntax
import Testing

@Suite struct RobustnessTests {
  /// A session that remembers what it told.
  private final class Witness {
    var shown: [String] = []
    var diagnostics: [Diagnostic] = []
    private(set) var session: Session?

    init(seconds: Double) {
      var options = SessionOptions()
      options.timeLimit = seconds
      session = Session(options) { [unowned self] event in
        switch event {
        case .shown(let text, _): shown.append(text)
        case .diagnostic(let diagnostic): diagnostics.append(diagnostic)
        case .printed, .progress: break
        }
      }
    }

    func run(_ text: String) -> RunStatus {
      (shown, diagnostics) = ([], [])
      return session?.run(text, name: "<program>") ?? .failed
    }
  }

  /// Runs one program and looks at what is left.
  private func survive(_ program: String, _ witness: Witness) {
    #expect(witness.run(RandomScripts.prelude + "\nkept = [1, 2, 3]") == .succeeded)
    let start = ContinuousClock.now
    let status = witness.run(program)
    let duration = ContinuousClock.now - start
    #expect(duration < .seconds(5), "\(program)")
    let errors = witness.diagnostics.filter { $0.severity == .error }
    #expect((status == .failed || status == .interrupted) == !errors.isEmpty, "\(program)")
    for error in errors {
      #expect(error.span.source != nil, "\(error.message) has no place: \(program)")
      #expect(!DiagnosticRenderer.render(error).isEmpty)
      for jargon in ["lane", "traced", "tracer", "nil", "Optional", "slot"] {
        #expect(!error.message.contains(" \(jargon)"), "\(error.message): \(program)")
      }
    }
    #expect(witness.run("kept[3] + 1") == .succeeded, "\(program)")
    #expect(witness.shown == ["4"], "\(program)")
  }

  @Test(arguments: 0..<12)
  func randomProgramsAreSurvived(part: Int) {
    let witness = Witness(seconds: 0.5)
    for k in 0..<200 {
      var scripts = RandomScripts(seed: UInt64(1 + part * 1000 + k))
      survive(k % 3 == 0 ? scripts.mutilated() : scripts.program(), witness)
      witness.session?.reset()
    }
  }

  @Test(arguments: [
    "while true {}", "f() = { while true {} }\nf()",
    "f(x) = { while true { x = x + 1 }; x }\nf'(1)",
    "sum(k for k in 1:1e12)", "[1 for k in 1:1e9]", "for k in 1:1e15 { k }",
    "while true { v = 1:1e5; w = sum(v.*v) }",
    "f(x) = f(x) + f(x)\ng(n) = if n == 0 then 0 else g(n - 1) + g(n - 1)\ng(60)",
    "g(x, n) = if n == 0 then x else g(x, n - 1) + g(x, n - 1)\ng'(1, n = 60)",
    "p = (a = 1)\nfor k in 1:20 { p = (a = p, b = p) }\nfor k in 1:1000 { p == (a = p.a, b = p.b) }",
    "v = 1:1e6\nwhile true { v = sort(v) }",
  ])
  func endlessProgramsAreStopped(_ program: String) {
    let witness = Witness(seconds: 0.3)
    let start = ContinuousClock.now
    #expect(witness.run(program) == .failed)
    #expect(ContinuousClock.now - start < .seconds(60))
    #expect(witness.run("1 + 1") == .succeeded)
  }

  @Test(arguments: [
    "f(x) = f(x + 1)\nf(0)", "f(x) = f(x + 1)\nf'(0)", "f(x) = g(x)\ng(x) = f(x)\nf(1)",
    // Large frames.
    "f(x) = sum(max(sum(k + (if x > 0 then f(x + 1) else 0) for k in 1:1) for j in 1:1) "
      + "for i in 1:1)\nf(1)",
    "f(v) = [f(v + 1) for i in 1:2]\nf([1])", "f(x) = { g(y) = f(y); (z -> g(z)).([x]) }\nf(1)",
    "f(x) = (minimize (y - 1)^2 + f(x) from y = 0).value\nf(1)",
    "f(x) = \"{f(x)}\"\nf(1)", "f(x) = (a = f(x))\nf(1)", "f(x, y = f(x)) = y\nf(1)",
    "p = (a = 1)\nfor k in 1:1e6 { p = (a = p) }", "l = [1, \"a\"]\nfor k in 1:1e6 { l = [l, l] }",
    "s = \"ab\"\nfor k in 1:60 { s = \"{s}{s}\" }", "f(x) = x\nfor k in 1:200 { f = f' }",
    "zeros(1e9, 1e9)", "1:1e15", "randn(1e6, 1e6)", "ones(1e15)", "outer(1:1e6, 1:1e6)",
    "kron(ones(1000, 1000), ones(1000, 1000))", "eye(1e8)", "fill(1, 1e7)[1:1e7, 1:1e7]",
  ])
  func boundlessProgramsAreRefused(_ program: String) {
    let witness = Witness(seconds: 20)
    #expect(witness.run(program) == .failed)
    #expect(witness.diagnostics.count == 1)
    #expect(witness.run("1 + 1") == .succeeded)
  }

  @Test func longChainsAreFreed() {
    let witness = Witness(seconds: 20)
    let program = """
      f = x -> x
      h() = { f = x -> x; for i in 1:200000 { g = f; f = x -> g(x) + 1 }; f }
      f = h()
      """
    #expect(witness.run(program) == .succeeded)
    witness.session?.reset()
    #expect(witness.run("1 + 1") == .succeeded)
  }
}
