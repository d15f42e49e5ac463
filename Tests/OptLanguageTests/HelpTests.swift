/// Help on every topic, its examples, search, and the generated reference.
import OptGraph
import OptLanguage
import OptSolvers
import Testing

struct HelpTests {
  @Test(arguments: HelpTopic.all.map { $0.names[0] })
  func examplesRun(_ name: String) throws {
    let topic = try #require(HelpTopic.find(name))
    let lines = Listener().lines(topic.example)
    let errors = lines.filter { $0.hasPrefix("error") }
    // Verbs that are still to come say so.
    #expect(errors.allSatisfy { $0.contains("not available yet") }, "\(errors)")
  }

  @Test func overviewFitsOnAScreen() {
    let lines = HelpTopic.overview.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count <= 20)
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(Session { _ in }.help("") == HelpTopic.overview)
  }

  @Test func everyNameHasHelp() throws {
    let session = Session { _ in }
    for info in session.allNames() {
      let text = session.help(info.name)
      // Words that only join others have no topic of their own.
      if info.kind == .keyword, text == nil { continue }
      #expect(text?.isEmpty == false, "\(info.name)")
      if info.kind != .keyword { #expect(!info.summary.isEmpty, "\(info.name)") }
    }
    #expect(session.help("no_such_name") == nil)
  }

  @Test func everyWordOfASentenceHasATopic() {
    for word in ["minimize", "plot", "subject", "from", "until", "if", "while", "use", "∇", "'"] {
      #expect(HelpTopic.find(word) != nil, "\(word)")
    }
  }

  @Test func kindsOfNames() throws {
    let listener = Listener()
    _ = listener.lines("## Twice its argument.\n## More.\ntwice(x) = 2x\nv = [1, 2]")
    let session = listener.session
    #expect(
      session.help("twice") == "twice(x)\n  Twice its argument.\n  More.\n\n  twice(x) = 2x")
    #expect(session.help("v") == "v\n  a 2×1 vector\n\n  [1, 2]")
    #expect(
      session.names() == [
        NameInfo(name: "twice", kind: .function, summary: "Twice its argument."),
        NameInfo(name: "v", kind: .variable, summary: "[1, 2]"),
      ])
    #expect(session.help("tanh")?.contains("derivative  1 - tanh(x)²") == true)
    #expect(session.help("tanh")?.contains("> tanh(0)\n  0") == true)
    #expect(session.help("lbfgs")?.contains("memory = 10") == true)
    #expect(session.help("huber")?.contains("huber(predicted, truth, delta = 1)") == true)
    #expect(session.help("sum")?.contains("> sum([1, 2, 3])\n  6") == true)
  }

  @Test func theStatement() {
    #expect(Listener().lines("help tanh").first?.hasPrefix("tanh(x)") == true)
    #expect(Listener().lines("help \"natural logarithm\"").first?.contains("log") == true)
    #expect(Listener().lines("help tanhh") == ["error: there is no help on `tanhh`"])
    #expect(Listener().lines("help").first == HelpTopic.overview)
  }

  @Test func searchRanksNamesFirst() {
    let session = Session { _ in }
    #expect(session.search("log").first?.name == "log")
    #expect(session.search("hyperbolic tangent").map(\.name).contains("tanh"))
    #expect(session.search("xyzzy").isEmpty)
    #expect(session.search("").isEmpty)
  }

  @Test func derivativeFormulasExist() {
    for row in ElementaryFunctions.table where !row.isOperator {
      #expect(row.derivativeFormulas.count == row.arity, "\(row.name)")
    }
  }

  @Test func referenceNamesEverything() {
    let pages = ReferenceText.pages()
    let all = pages.map(\.text).joined()
    for builtin in Builtins.list { #expect(all.contains("### `\(builtin.signature)`")) }
    for entry in MethodCatalogue.entries { #expect(all.contains("## `\(entry.name)")) }
    for entry in LibraryEntry.all { #expect(all.contains("## `\(entry.signature)`")) }
  }
}
