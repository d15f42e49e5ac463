/// The program: its subcommands, its version, and what `--help` shows.

import ArgumentParser
import OptPrompt

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The command line. Everything but `check` goes to `Run`.
@main
struct OptRepl: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "optrepl",
    abstract: "Define, differentiate and minimize functions.",
    version: "optrepl \(version)",
    subcommands: [Run.self, Check.self, Reference.self],
    defaultSubcommand: Run.self)

  static func main() {
    Signals.useDefault(SIGPIPE)
    let arguments = Array(CommandLine.arguments.dropFirst())
    if [["-h"], ["--help"], ["help"]].contains(arguments) {
      print(help(columns: Terminal.size.columns))
      return
    }
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
      leave(0)
    } catch {
      // `run` is a name that nobody needs to type.
      let text = fullMessage(for: error).replacing("optrepl run", with: "optrepl")
      let status = exitCode(for: error)
      if !text.isEmpty { Terminal.write(text + "\n", to: status.isSuccess ? 1 : 2) }
      leave(status.rawValue)
    }
  }

  /// Ends the program without the libraries' farewells: OpenBLAS waits for its threads there.
  private static func leave(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
  }

  /// The whole help: `Run`'s, since it needs no name, and the subcommands.
  static func help(columns: Int) -> String {
    """
    \(Run.helpMessage(columns: columns))
    SUBCOMMANDS:
      check                   \(Check.configuration.abstract)

      See 'optrepl check --help'. At the prompt, ':help' explains the language.
    """
  }
}

/// How the program ends, beside 0 and what ArgumentParser uses itself (64: wrong usage).
enum ExitStatus {
  /// An error in the program.
  static let failed: Int32 = 1
  /// A sentence ended without having converged, or the time was up.
  static let unconverged: Int32 = 2
  /// A file cannot be read.
  static let noInput: Int32 = 66
  /// Ctrl-C.
  static let interrupted: Int32 = 130
}

/// What `check` and running have in common.
struct CommonOptions: ParsableArguments {
  @Option(help: "Use colours.")
  var color: ColorChoice = .auto

  @Flag(help: "Write one JSON object per shown value; errors too, on standard error.")
  var json = false
}
