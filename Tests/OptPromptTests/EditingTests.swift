/// Typing at the prompt: moving, deleting, several lines, undo, colours, paste.

import Testing

@Suite("Editing at the prompt")
struct EditingTests {
  @Test("A greeting, then the prompt; Ctrl-D and quit leave")
  func startAndEnd() throws {
    let terminal = try PseudoTerminal()
    #expect(terminal.screen.text.hasPrefix("optrepl "))
    terminal.type(Key.control("D"))
    #expect(terminal.waitForEnd() == 0)
    for word in ["quit", "exit", ":quit", ":q"] {
      let terminal = try PseudoTerminal(["--quiet"])
      #expect(terminal.screen.text.hasPrefix("opt>"))
      terminal.type(word + "\r")
      #expect(terminal.waitForEnd() == 0)
    }
  }

  @Test("Moving and deleting")
  func movingAndDeleting() throws {
    let terminal = try PseudoTerminal()
    terminal.type("alpha beta gamma")
    terminal.type(Key.control("A") + "x = ")
    try terminal.wait(line: "opt> x = alpha beta gamma")
    terminal.type(Key.control("E") + Key.control("W"))
    try terminal.wait(line: "opt> x = alpha beta")
    terminal.type(Key.control("Y") + Key.left + Key.backspace)
    try terminal.wait(line: "opt> x = alpha beta gama")
    terminal.type(Key.control("U"))
    try terminal.wait(line: "opt> a")
    terminal.type(Key.control("K"))
    try terminal.wait(line: "opt>")
    terminal.type(Key.control("Y") + Key.control("_"))
    try terminal.wait(line: "opt>")
    terminal.type(Key.control("_"))
    try terminal.wait(line: "opt> a")
  }

  @Test("Characters beyond ASCII; a combining mark is deleted with its letter")
  func unicode() throws {
    let terminal = try PseudoTerminal()
    terminal.type("θ₁ = √2 ∇f z̄")
    try terminal.wait(line: "opt> θ₁ = √2 ∇f z̄")
    terminal.type(Key.backspace + "y")
    try terminal.wait(line: "opt> θ₁ = √2 ∇f y")
  }

  @Test("Several lines are one statement that arrows move in")
  func severalLines() throws {
    let terminal = try PseudoTerminal()
    terminal.type("a = 1" + Key.altEnter + "b = 2")
    try terminal.wait(for: "   … b = 2")
    terminal.type(Key.up + "0")
    try terminal.wait(line: "opt> a = 10")
    terminal.type(Key.down + "0")
    try terminal.wait(line: "   … b = 20")
    terminal.type(Key.control("A") + Key.backspace)
    try terminal.wait(line: "opt> a = 10b = 20")
  }

  @Test("Ctrl-C gives the line up and leaves it visible")
  func cancel() throws {
    let terminal = try PseudoTerminal()
    terminal.type("some words")
    try terminal.wait(line: "opt> some words")
    terminal.type(Key.control("C"))
    try terminal.waitForPrompt()
    #expect(terminal.screen.text.contains("opt> some words^C"))
  }

  @Test("Words are coloured while they are typed, not with --color never")
  func colors() throws {
    let terminal = try PseudoTerminal()
    terminal.type("minimize 12 # note")
    try terminal.wait { $0.style(of: "# note") == "2" }
    #expect(terminal.screen.style(of: "minimize") == "1;35")
    #expect(terminal.screen.style(of: "12") == "36")
    let plain = try PseudoTerminal(["--color", "never"])
    plain.type("minimize 12 # note")
    try plain.wait(line: "opt> minimize 12 # note")
    #expect(plain.screen.style(of: "minimize") == "")
  }

  @Test("A paste is one block; nothing runs before Enter; prompts and controls are taken off")
  func paste() throws {
    let terminal = try PseudoTerminal()
    terminal.type(Key.paste(":set digits 40\n:set digits 50\n"))
    try terminal.wait(for: ":set digits 50")
    #expect(!terminal.screen.text.contains("error"))
    terminal.type(Key.control("C"))
    try terminal.waitForPrompt()
    terminal.type(Key.paste("opt> f(x) = {\r\n   …   x\u{7}\r\n   … }\r\n4\r\n"))
    try terminal.wait(line: "   … }")
    #expect(terminal.screen.text.contains("opt> f(x) = {\n   …   x\n   … }"))
  }

  @Test("A resize leaves one copy of the text")
  func resize() throws {
    let terminal = try PseudoTerminal()
    terminal.type("some words")
    try terminal.wait(line: "opt> some words")
    terminal.resize(rows: 30, columns: 60)
    terminal.type(" more")
    try terminal.wait(line: "opt> some words more")
    #expect(terminal.screen.text.components(of: "some words") == 1)
  }

  @Test("Without control sequences: plain lines, joined until complete")
  func dumbTerminal() throws {
    let terminal = try PseudoTerminal(environment: ["TERM": "dumb"])
    try terminal.enter(":set digits 9")
    terminal.type(":set digits\r")
    try terminal.wait(for: "\n9\nopt>")
    terminal.type(Key.control("D"))
    #expect(terminal.waitForEnd() == 0)
  }
}

extension String {
  /// How often another text occurs.
  func components(of text: String) -> Int { ranges(of: text).count }
}
