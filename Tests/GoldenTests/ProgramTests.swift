/// What comes with the program can be read: library, examples, transcripts without errors.
import OptSyntax
import Testing

@Suite struct ProgramTests {
  private static let readable =
    programs(in: "stdlib") + programs(in: "examples")
    + transcripts.filter { !$0.contains("/errors/") && !$0.contains("/files/") }

  @Test(arguments: readable)
  func parses(_ path: String) throws {
    let result = Parser.parse(SourceText(name: path, text: try text(of: path)))
    #expect(result.diagnostics.map { DiagnosticRenderer.render($0) } == [])
  }

  @Test(arguments: [
    ("a = 1\nb = 2", ["a = 1", "b = 2"]),
    ("f(x) = {\n  x\n}\n\nf(1)", ["f(x) = {\n  x\n}", "f(1)"]),
    ("minimize x^2\n  from x = 1\nx", ["minimize x^2\n  from x = 1", "x"]),
    ("## Help.\nf(x) = x", ["## Help.\nf(x) = x"]),
    ("[1,\n\n2]", ["[1,\n\n2]"]),
    ("sin(1", ["sin(1"]),
  ])
  func splitsWhereAPersonPressesEnter(program: String, expected: [String]) {
    #expect(Transcript.statements(of: program) == expected)
  }
}
