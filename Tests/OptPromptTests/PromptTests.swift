/// What the prompt offers beside typing: completion, history, commands, Ctrl-C in a run.

import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite("The prompt")
struct PromptTests {
  // MARK: Completion

  @Test("Tab completes what is certain and lists the rest with descriptions")
  func commandCompletion() throws {
    let terminal = try PseudoTerminal()
    terminal.type(":sav" + Key.tab)
    try terminal.wait(line: "opt> :save")
    terminal.type(Key.control("U") + ":re" + Key.tab)
    try terminal.wait(line: "opt> :reset")
    terminal.type(Key.control("U") + ":s" + Key.tab)
    try terminal.wait(for: ":show  show a value with all its digits")
    try terminal.wait(line: "opt> :s")
  }

  @Test("A symbol's name becomes the symbol")
  func symbolCompletion() throws {
    let terminal = try PseudoTerminal()
    terminal.type("\\alpha" + Key.tab + " \\in" + Key.tab + " x\\^2" + Key.tab)
    try terminal.wait(line: "opt> α ∈ x²")
    terminal.type(Key.control("U") + "\\lamb" + Key.tab)
    try terminal.wait(line: "opt> λ")
  }

  @Test("Files are completed where files stand")
  func fileCompletion() throws {
    let terminal = try PseudoTerminal()
    terminal.folder.write("data-points.csv", "a\n1\n")
    terminal.type("t = read(\"\(terminal.folder.path)/data" + Key.tab)
    try terminal.wait(for: "/data-points.csv")
    terminal.type(Key.control("U") + ":load \(terminal.folder.path)/da" + Key.tab)
    try terminal.wait { $0.currentLine.hasSuffix("/data-points.csv") }
  }

  @Test("Names of the language are completed", .enabled(if: Program.hasSentences))
  func nameCompletion() throws {
    let terminal = try PseudoTerminal()
    terminal.type("minim" + Key.tab)
    try terminal.wait { $0.currentLine.hasPrefix("opt> minimize") }
    terminal.type(Key.control("U"))
    try terminal.enter("quokkas = 3;")
    terminal.type("2quok" + Key.tab)
    try terminal.wait(line: "opt> 2quokkas")
  }

  // MARK: History

  @Test("Up recalls what begins so; a statement of several lines comes back whole")
  func history() throws {
    let terminal = try PseudoTerminal()
    try terminal.enter(":set digits 7")
    terminal.type("u = 1" + Key.altEnter + "v = 2")
    try terminal.wait(line: "   … v = 2")
    terminal.type("\r")
    try terminal.waitForPrompt()
    try terminal.enter(":set")
    terminal.type(Key.up + Key.up)
    try terminal.wait(line: "   … v = 2")
    #expect(terminal.screen.text.components(of: "opt> u = 1\n   … v = 2") == 2)
    terminal.type(Key.control("C"))
    try terminal.waitForPrompt()
    terminal.type(":set d" + Key.up)
    try terminal.wait(line: "opt> :set digits 7")
    terminal.type(Key.down)
    try terminal.wait { $0.currentLine.hasPrefix("opt> :set d") }
  }

  @Test("Ctrl-R searches; Right takes the hint")
  func searchAndHint() throws {
    let terminal = try PseudoTerminal()
    try terminal.enter(":set digits 8")
    terminal.type(Key.control("R") + "digi")
    try terminal.wait(for: "bck:digi")
    try terminal.wait(line: "opt> :set digits 8", pressing: Key.escape)
    terminal.type(Key.control("C"))
    try terminal.waitForPrompt()
    terminal.type(":set d")
    try terminal.wait(line: "opt> :set digits 8")
    #expect(terminal.screen.style(of: "igits 8") == "2")
    terminal.type(Key.right + "9")
    try terminal.wait(line: "opt> :set digits 89")
  }

  @Test("The history is kept in a file, private, and read by the next session")
  func historyFile() throws {
    let folder = TemporaryFolder()
    let first = try PseudoTerminal(folder: folder)
    try first.enter(":set digits 5")
    try first.enter(" :set digits 6")
    // Another session at the same time adds to the file.
    let second = try PseudoTerminal(folder: folder)
    try second.enter(":set hints off")
    try first.enter(":names")
    let third = try PseudoTerminal(folder: folder)
    try third.enter(":history")
    let text = third.screen.text
    #expect(text.contains("\n:set digits 5\n:set hints off\n:names\n"))
    #expect(!text.contains(":set digits 6"))
    var status = stat()
    #expect(stat(folder.path + "/state/optrepl/history", &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test("An empty OPTREPL_HISTORY keeps none")
  func noHistory() throws {
    let terminal = try PseudoTerminal(environment: ["OPTREPL_HISTORY": ""])
    try terminal.enter(":set digits 5")
    #expect(access(terminal.folder.path + "/state", F_OK) != 0)
  }

  // MARK: Commands

  @Test("Commands are found by a beginning; a wrong one is answered with the right one")
  func commands() throws {
    let terminal = try PseudoTerminal()
    try terminal.enter(":h")
    #expect(terminal.screen.text.contains(":load file"))
    try terminal.enter(":hsitory")
    #expect(terminal.screen.text.contains("did you mean `:history`?"))
    try terminal.enter(":se")
    #expect(terminal.screen.text.contains("digits    6"))
    try terminal.enter(":set digits 0")
    #expect(terminal.screen.text.contains("`digits` cannot be `0`"))
    try terminal.enter(":help :save")
    #expect(terminal.screen.text.contains("write the statements that ran"))
  }

  @Test("Values, names, save and load", .enabled(if: Program.hasSentences))
  func values() throws {
    let terminal = try PseudoTerminal()
    try terminal.enter("1 + 1")
    #expect(terminal.screen.text.contains("opt> 1 + 1\n2\nopt>"))
    try terminal.enter("width = 2.5")
    try terminal.enter(":names")
    try terminal.wait { $0.text.contains("width  2.5") }
    try terminal.enter(":save \(terminal.folder.path)/all")
    #expect(terminal.folder.read("all.opt").contains("width = 2.5"))
    try terminal.enter(":reset")
    try terminal.enter("width")
    #expect(terminal.screen.text.contains("error: "))
    try terminal.enter(":load \(terminal.folder.path)/all.opt")
    try terminal.enter("4width")
    #expect(terminal.screen.text.contains("\n10\n"))
    try terminal.enter(":time 3 + 4")
    try terminal.wait { $0.text.contains("\n7\n") && $0.text.contains("s\nopt>") }
  }

  @Test("Enter goes on in a new line while a bracket is open", .enabled(if: Program.hasLanguage))
  func incomplete() throws {
    let terminal = try PseudoTerminal()
    terminal.type("g(x) = {\rx + 1\r}\rg(4)")
    try terminal.wait(line: "opt> g(4)")
    terminal.type("\r")
    try terminal.wait(for: "\n5\n")
    // Two blank lines run it anyway.
    terminal.type("h = (1 +\r\r\r")
    try terminal.wait(for: "error: ")
    try terminal.waitForPrompt()
  }

  // MARK: Ctrl-C in a run

  @Test("Ctrl-C stops a run, and the session goes on", .enabled(if: Program.hasPrint))
  func interrupt() throws {
    let terminal = try PseudoTerminal()
    terminal.type("print(\"started\"); while true { }\r")
    try terminal.wait(for: "\nstarted\n")
    terminal.type(Key.control("C"))
    try terminal.waitForPrompt()
    try terminal.enter("20 + 3")
    #expect(terminal.screen.text.contains("\n23\n"))
  }

  @Test("A stopped minimization keeps its best point", .enabled(if: Program.hasSentences))
  func interruptedMinimization() throws {
    let terminal = try PseudoTerminal()
    terminal.type(
      "print(\"started\"); r = minimize x^4 from x = 1 using gd(rate = 1e-12) until steps = 1e12\r")
    // The line of progress tells that steps are being made.
    try terminal.wait(for: "· value")
    terminal.type(Key.control("C"))
    try terminal.waitForPrompt()
    try terminal.enter("r.status")
    try terminal.wait(for: "interrupted")
    try terminal.enter("r.x <= 1")
    try terminal.wait(for: "\ntrue\n")
  }

  @Test("A script that is stopped dies of the signal", .enabled(if: Program.hasPrint))
  func interruptedScript() throws {
    let terminal = try PseudoTerminal(
      ["-e", "print(\"started\"); while true { }"], awaitsPrompt: false)
    try terminal.wait(for: "started")
    terminal.type(Key.control("C"))
    #expect(terminal.waitForEnd() == -SIGINT)
  }
}
