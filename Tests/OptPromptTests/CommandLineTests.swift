/// The command line: where programs come from, what is written where, exit statuses.

import Testing

@Suite("The command line")
struct CommandLineTests {
  @Test("Versions and help")
  func versionAndHelp() {
    let version = Program.run(["--version"])
    #expect(version.output.hasPrefix("optrepl "))
    #expect(version.status == 0)
    let help = Program.run(["--help"])
    #expect(help.output.contains("--eval"))
    #expect(help.output.contains("check"))
    #expect(help.status == 0)
  }

  @Test("Wrong usage is 64 and names no subcommand that nobody typed")
  func wrongUsage() {
    for arguments in [["--frobnicate"], ["--timeout", "-1"], ["--color", "pink"], ["check"]] {
      let outcome = Program.run(arguments)
      #expect(outcome.status == 64, "\(arguments)")
      #expect(outcome.output.isEmpty)
      #expect(!outcome.errors.contains("optrepl run"))
    }
  }

  @Test("A file that cannot be read is 66; a misspelt command is suggested")
  func missingFile() {
    let missing = Program.run(["no-such-file.opt"])
    #expect(missing.status == 66)
    #expect(missing.errors.contains("no-such-file.opt"))
    #expect(Program.run(["chekc"]).errors.contains("check"))
    #expect(Program.run(["check", "no-such-file.opt"]).status == 66)
    #expect(Program.run(["/"]).status == 66)
  }

  @Test("Standard input, -, files and -e run", .enabled(if: Program.hasLanguage))
  func sources() {
    let folder = TemporaryFolder()
    let file = folder.write("a.opt", "#!/usr/bin/env optrepl\nx = 20\nx + 1\n")
    #expect(Program.run([], input: "1 + 2\n") == Outcome(output: "3\n", errors: "", status: 0))
    #expect(Program.run(["-"], input: "1 + 3").output == "4\n")
    #expect(Program.run([file]).output == "21\n")
    #expect(Program.run(["-e", "x = 4", "-e", "x + 1"]).output == "5\n")
    #expect(Program.run(["-e", "-1"]).output == "-1\n")
    #expect(Program.run(["-i", file], input: "x + 2").output == "21\n22\n")
  }

  @Test(
    "An error is 1 and stops the program; values before it are shown",
    .enabled(if: Program.hasLanguage))
  func failure() {
    let outcome = Program.run([], input: "7\nfoo(\n")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("error: "))
    let run = Program.run([], input: "7\nunknown_name\n8\n")
    #expect(run.output == "7\n")
    #expect(run.status == 1)
    #expect(run.errors.contains("error: "))
    #expect(run.errors.contains("unknown_name"))
    #expect(Program.run(["-e", "1", "-e", "unknown_name", "-e", "3"]).output == "1\n")
  }

  @Test("Not having converged is 2", .enabled(if: Program.hasSentences))
  func unconverged() {
    let text = "minimize sin(x) + x/10 from x = 0 using gd(rate = 1e9)"
    #expect(Program.run(["-e", text]).status == 2)
    #expect(Program.run(["-e", "minimize x^2 from x = 1"]).status == 0)
  }

  @Test("check reads and runs nothing", .enabled(if: Program.hasSentences))
  func check() {
    let folder = TemporaryFolder()
    let good = folder.write("good.opt", "f(x) = x^2\nprint(f(2))\n")
    let bad = folder.write("bad.opt", "a = (1 +\n")
    let unknown = folder.write("unknown.opt", "b = 1\nunknown_one + b\nunknown_two\n")
    #expect(
      Program.run(["check", good]) == Outcome(output: "\(good): ok\n", errors: "", status: 0))
    #expect(Program.run(["check", good, bad]).status == 1)
    let both = Program.run(["check", unknown])
    #expect(both.status == 1)
    #expect(both.errors.contains("unknown_one") && both.errors.contains("unknown_two"))
  }

  @Test(
    "With --json there is one object a value, and errors are objects",
    .enabled(if: Program.hasPrint))
  func json() {
    let outcome = Program.run(["--json"], input: "1 + 1\nprint(\"hi\")\nunknown_name\n")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 1)
    #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    let error = outcome.errors.split(separator: "\n").last ?? ""
    #expect(error.hasPrefix("{\"schema\":1,\"severity\":\"error\""))
    #expect(error.contains("\"line\":3,\"column\":1"))
  }

  @Test("The init file defines names, unless --no-init", .enabled(if: Program.hasLanguage))
  func initFile() {
    let folder = TemporaryFolder()
    folder.write("config/optrepl/init.opt", "mine = 42;\n")
    #expect(Program.run(["-e", "mine"], home: folder.path).output == "42\n")
    #expect(Program.run(["--no-init", "-e", "mine"], home: folder.path).status == 1)
  }

  @Test("A time limit ends a program that would not", .enabled(if: Program.hasLanguage))
  func timeout() {
    let outcome = Program.run(["--timeout", "0.2", "-e", "while true { }"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("time limit of 0.2 s"))
    let endless = "minimize x^4 from x = 1 using gd(rate = 1e-12) until steps = 1e12"
    let run = Program.run(["--timeout", "0.3", "-e", endless])
    #expect(run.status == 2)
    #expect(run.output.contains("interrupted: best value"))
  }

  @Test("Colours only where they are wanted", .enabled(if: Program.hasLanguage))
  func colors() {
    let escape = "\u{1B}["
    #expect(!Program.run(["-e", "unknown_name"]).errors.contains(escape))
    #expect(Program.run(["--color", "always", "-e", "unknown_name"]).errors.contains(escape))
    let forced = ["CLICOLOR_FORCE": "1"]
    #expect(Program.run(["-e", "unknown_name"], environment: forced).errors.contains(escape))
    let both = ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"]
    #expect(!Program.run(["-e", "unknown_name"], environment: both).errors.contains(escape))
  }

  @Test("Reference pages are written, and found to be fresh or stale")
  func reference() {
    let folder = TemporaryFolder()
    let pages = folder.path + "/docs/reference"
    #expect(Program.run(["reference", pages]).status == 0)
    #expect(folder.read("docs/reference/commands.md").contains(":help [topic]"))
    #expect(folder.read("docs/optrepl.1").hasPrefix(".TH OPTREPL 1"))
    #expect(Program.run(["reference", "--check", pages]).status == 0)
    folder.write("docs/reference/commands.md", "old\n")
    let stale = Program.run(["reference", "--check", pages])
    #expect(stale.status == 1)
    #expect(stale.errors.contains("make docs"))
  }
}
