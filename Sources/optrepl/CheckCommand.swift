/// `optrepl check`: reads files and looks their names up without running anything.

import ArgumentParser
import OptLanguage
import OptPrompt

/// Checks files.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read files and look their names up, running nothing.",
    discussion: "All errors are reported, not only the first. Exits with 1 when there is any.")

  @OptionGroup var common: CommonOptions

  @Argument(
    help: "The files to check; '-' is standard input.", completion: .file(extensions: ["opt"]))
  var files: [String]

  func run() throws {
    let output = Output(json: common.json, color: common.color)
    var status: Int32 = 0
    for file in files {
      guard let text = ScriptRunner.text(of: file, output) else {
        status = ExitStatus.noInput
        continue
      }
      let session = Session { output.receive($0) }
      let diagnostics = session.check(text, name: file == "-" ? "<stdin>" : file)
      for diagnostic in diagnostics { output.receive(.diagnostic(diagnostic)) }
      if diagnostics.contains(where: { $0.isError }) {
        status = max(status, ExitStatus.failed)
      } else if !common.json {
        output.line("\(file): ok")
      }
    }
    output.flush()
    if status != 0 { throw ExitCode(status) }
  }
}
