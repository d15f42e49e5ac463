/// Where the programs and transcripts are, and reading them.
import Foundation

/// The root of the source tree; file names in transcripts are relative to it.
let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// The paths, relative to the root, of the `.opt` files in a folder and those inside it, sorted.
func programs(in folder: String) -> [String] {
  let base = root.appending(path: folder).path()
  let files = FileManager.default.enumerator(atPath: base)?.allObjects as? [String] ?? []
  return files.filter { $0.hasSuffix(".opt") }.map { "\(folder)/\($0)" }.sorted()
}

/// The text of a file named relative to the root.
func text(of path: String) throws -> String {
  try String(contentsOf: root.appending(path: path), encoding: .utf8)
}

/// The root as the current folder, so that relative names mean the same everywhere.
func enterRoot() {
  _ = FileManager.default.changeCurrentDirectoryPath(root.path())
}

/// The programs whose transcripts are kept.
let transcripts = programs(in: "Tests/GoldenTests/Transcripts").filter { !$0.contains("/data/") }
