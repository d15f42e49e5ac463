/// Running: the prompt, files, `-e` and standard input.

import ArgumentParser
import OptLanguage
import OptPrompt

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `optrepl [file] [arguments]`: what the program does unless told otherwise.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Define, differentiate and minimize functions.",
    usage: "optrepl [<options>] [<file.opt>] [<arguments> ...]",
    discussion: """
      Without a file the program reads from the prompt, or from standard input when that is not \
      a terminal.

      EXAMPLES:
        optrepl
        optrepl model.opt data.csv
        optrepl -e 'minimize (x - 3)^2 from x = 0'
      """,
    shouldDisplay: false)

  @Option(
    name: [.customShort("e"), .long], parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Run this text instead of a file; may be repeated.", valueName: "text"))
  var eval: [String] = []

  @Flag(name: [.short, .long], help: "Stay at the prompt afterwards.")
  var interactive = false

  @Flag(name: [.short, .long], help: "Begin without a greeting.")
  var quiet = false

  @OptionGroup var common: CommonOptions

  @Option(
    help: "What computes: native code where the machine allows it, or the portable machine (vm).")
  var engine: EngineChoice?

  @Option(
    help: ArgumentHelp("Threads to use; this changes no number.", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("Start of the random numbers.", valueName: "n"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Stop after this time.", valueName: "seconds"))
  var timeout: Double?

  @Flag(help: "Do not run the init file.")
  var noInit = false

  @Argument(
    help: "The file to run; '-' is standard input.", completion: .file(extensions: ["opt"]))
  var file: String?

  @Argument(
    parsing: .captureForPassthrough, help: "What the program finds in 'arguments'.")
  var arguments: [String] = []

  func validate() throws {
    if let threads, !(1...Session.largestThreads).contains(threads) {
      throw ValidationError(
        "'--threads' takes a whole number from 1 to \(Session.largestThreads), not \(threads)")
    }
    if let timeout, !(timeout > 0) {
      throw ValidationError("'--timeout' takes a number of seconds above 0, not \(timeout)")
    }
  }

  func run() throws {
    if let threads { Session.threads = threads }
    if let engine { Session.engine = engine.rawValue }
    var options = SessionOptions()
    options.json = common.json
    if let seed { options.seed = seed }
    options.timeLimit = timeout
    options.arguments = arguments.first == "--" ? Array(arguments.dropFirst()) : arguments
    var source = Source.prompt
    if !eval.isEmpty {
      source = .texts(eval)
      if let file { options.arguments.insert(file, at: 0) }
    } else if let file {
      source = file == "-" ? .input : .file(file)
    } else if !Terminal.isInteractive {
      source = .input
    }
    let output = Output(json: common.json, color: common.color)
    let session = Session(options) { output.receive($0) }
    let status = ScriptRunner(session: session, output: output).run(
      source, isInteractive: interactive, isQuiet: quiet, withInit: !noInit)
    output.flush()
    if status != 0 { throw ExitCode(status) }
  }
}

/// What computes.
enum EngineChoice: String, CaseIterable, ExpressibleByArgument {
  case native, vm
}
