/// `optrepl reference`: writes the generated pages of the documentation, or checks them.

import ArgumentParser
import OptPrompt

/// Writes or checks the pages that follow from tables of the program.
struct Reference: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the generated pages of the documentation.", shouldDisplay: false)

  @Flag(help: "Write nothing; exit with 1 when a page is not what it should be.")
  var check = false

  @Argument(help: "The folder of the pages; the manual page goes beside it.")
  var folder: String

  func run() throws {
    let output = Output(json: false, color: .auto)
    var isFine = true
    for page in pages() {
      if check {
        if TextFile.read(page.file) != page.text {
          output.error("\(page.file) is not up to date", help: "run `make docs`")
          isFine = false
        }
        continue
      }
      if let slash = page.file.lastIndex(of: "/") {
        TextFile.makeDirectory(String(page.file[..<slash]))
      }
      if !TextFile.write(page.text, to: page.file) {
        output.error("cannot write \(page.file): \(TextFile.lastError)")
        isFine = false
      }
    }
    output.flush()
    if !isFine { throw ExitCode(ExitStatus.failed) }
  }

  /// All pages with their paths.
  private func pages() -> [(file: String, text: String)] {
    var folder = folder
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    let above = folder.lastIndex(of: "/").map { folder[..<$0] + "/" } ?? ""
    return ReferencePages.pages().map { (folder + "/" + $0.file, $0.text) }
      + [(above + "optrepl.1", ManualPage.text())]
  }
}
