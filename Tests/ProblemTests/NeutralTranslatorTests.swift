/// The translator writes what a person would, and everything it writes can be read.
import OptSyntax
import Testing

@Suite struct NeutralTranslatorTests {
  @Test(arguments: [
    ("-x^2 + 3*y", "-(x^2) + 3*y"),
    ("2^-x", "2^(-x)"),
    ("a/b/c*d", "a/b/c*d"),
    ("a/(b*c)", "a/(b*c)"),
    ("a - (b - c)", "a - (b - c)"),
    ("(x^2)^3", "(x^2)^3"),
    ("x*-1", "x*(-1)"),
    ("sum(i,1,n-1,x[i]*x[i+1])", "sum(x[i]*x[i + 1] for i in 1:n - 1)"),
    ("maxof(i,1,3,abs(x[i]))", "max(abs(x[i]) for i in 1:3)"),
    ("if(x < 0, -x, exp(x))", "(if x < 0 then -x else exp(x))"),
    ("if(and(x > -1, x < 1), 1, 0)", "(if (x > -1 and x < 1) then 1 else 0)"),
    ("to + at", "to_ + at_"),
    ("1E6 + .5", "1e6 + .5"),
  ])
  func translates(neutral: String, expected: String) throws {
    #expect(try NeutralTranslator().translate(neutral) == expected)
  }

  @Test func recursiveDefinitions() throws {
    let definition = NeutralTranslator.Definition(
      name: "T", index: ["i", "j"], expr: "if(i == 0, 1, x[j]*T[i-1,j])")
    let translator = NeutralTranslator(definitions: [definition])
    let text = try translator.function(
      "f", of: ["x"], definitions: [definition], formula: "T[3,1]")
    #expect(
      text == "f(x) = {\n  T(i, j) = (if i == 0 then 1 else x[j]*T(i - 1, j))\n  T(3, 1)\n}")
  }

  @Test func everythingCanBeRead() throws {
    var texts = try DifferentiationCase.all.map { try $0.program() }
    texts += try MinimizationCase.all.map { try $0.program() }
    texts += try TrajectoryCase.all.map { try $0.program() + "\nm = \($0.method)" }
    texts += NetworkCase.all.map(\.program)
    texts += RegressionCase.all.map(\.program)
    for text in texts {
      let result = Parser.parse(SourceText(name: "<translated>", text: text))
      #expect(result.diagnostics.map { DiagnosticRenderer.render($0) } == [], "\(text)")
    }
  }
}
